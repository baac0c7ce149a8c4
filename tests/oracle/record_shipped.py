"""Records transformers' fp32 logits of the models that ship, for tests/cli/test_reference.py.

    python record_shipped.py    # writes recorded/shipped.json

Of the demo's questions with their first passages each, cut at the model's window.
"""

import functools
import json
import pathlib

import torch

import bert
import reference

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = ("small", "minilm", "small-llama")
NUM_PASSAGES = 2


def logit_of(folder: pathlib.Path):
    """A function from (query, passage) to the logit."""
    config = json.loads((folder / "config.json").read_text())
    if config["model_type"] == "bert":
        return bert.Reference(folder).logit
    return functools.partial(reference.Reference(folder).logit, max_tokens=config["max_position_embeddings"])


def record(model: str, questions: list[dict]) -> list[list[float]]:
    logit = logit_of(ROOT / "models" / model)
    return [[logit(question["query"], passage) for passage in question["passages"][:NUM_PASSAGES]]
            for question in questions]


def main():
    torch.set_num_threads(1)
    lines = (ROOT / "examples" / "data" / "questions.jsonl").read_text().splitlines()
    questions = [json.loads(line) for line in lines]
    logits = {model: record(model, questions) for model in MODELS}
    (pathlib.Path(__file__).parent / "recorded" / "shipped.json").write_text(json.dumps(logits, indent=1) + "\n")


if __name__ == "__main__":
    main()
