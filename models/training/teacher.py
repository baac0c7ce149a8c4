"""What the bi-encoder that training starts from says of each passage that a plan reads.

    python teacher.py --lists lists --start start --plan plan-pair.toml

Writes teacher.npz beside the lists: the cosine of query and passage, each encoded
alone, list by list of the plan. Each text is encoded once. The plan's rates and
weights may change afterwards, what it reads may not.
"""

import argparse
import hashlib
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Encoding, Tokenizer
from tqdm import tqdm

import folder
from bert import PairEncoder
from inputs import Inputs, pack
from lists import Lists
from pair_cosine import mean_states
from plan import Plan, read_plan
from scoring import batches

MAX_TOKENS = 128  # as the bi-encoder was trained
LISTS_AT_ONCE = 64


class BiEncoder:
    """A BERT body that encodes texts alone; the mean of all states, of length 1."""

    def __init__(self, model: PairEncoder, tokenizer: Tokenizer, bfloat16: bool, max_tokens: int = MAX_TOKENS):
        self.model, self.tokenizer, self.bfloat16, self.max_tokens = model, tokenizer, bfloat16, max_tokens
        self.vectors: dict[str, torch.Tensor] = {}

    def cosines(self, query: str, passages: list[str]) -> torch.Tensor:
        """Of texts that encode() has met."""
        return torch.stack([self.vectors[p] for p in passages]) @ self.vectors[query]

    def encode(self, texts: list[str]) -> None:
        new = list(dict.fromkeys(t for t in texts if t not in self.vectors))
        if not new:
            return
        self.tokenizer.enable_truncation(self.max_tokens)
        sequences = self.tokenizer.encode_batch_fast(new)
        self.tokenizer.no_truncation()
        for batch in batches(sequences):
            for i, vector in zip(batch, self._vectors([sequences[i] for i in batch])):
                self.vectors[new[i]] = vector

    @torch.inference_mode()
    def _vectors(self, sequences: list[Encoding]) -> torch.Tensor:
        inputs = Inputs.of(pack(sequences), self.model.word_embeddings.weight.device)
        with torch.autocast(inputs.ids.device.type, torch.bfloat16, enabled=self.bfloat16):
            states = self.model.bert(inputs)
        return F.normalize(mean_states(states.float(), inputs), dim=1)


def read_as(plan: Plan, seed: int, lists: Path) -> str:
    """All that says which texts a plan reads, and of which lists the teacher is asked."""
    stages = [asdict(s) | {"plain_weight": 0, "teacher_weight": s.teacher_weight > 0} for s in plan.stages]
    files = [lists / name for name in ("train.jsonl", "pseudo.jsonl", "texts.jsonl")]
    hashes = [hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest() for path in files if path.exists()]
    return json.dumps([seed, plan.first, stages, hashes])


def teach(lists: Lists, plan: Plan, seed: int, encoder: BiEncoder) -> list[torch.Tensor]:
    """The cosines of each of the plan's lists; zeros where no loss asks for them."""
    result = []
    for start in tqdm(range(0, len(plan), LISTS_AT_ONCE), unit_scale=LISTS_AT_ONCE, unit="list", mininterval=20):
        read = [lists.read(plan, i, seed) for i in range(start, min(start + LISTS_AT_ONCE, len(plan)))]
        encoder.encode([text for r in read if r.taught for text in (r.row["query"], *r.texts)])
        result += [encoder.cosines(r.row["query"], r.texts) if r.taught else torch.zeros(len(r.texts)) for r in read]
    return result


def save(path: Path, cosines: list[torch.Tensor], plan: Plan, seed: int) -> None:
    np.savez(path, read_as=read_as(plan, seed, path.parent), sizes=[len(c) for c in cosines], cosines=torch.cat(cosines).numpy())


def load(path: Path, plan: Plan, seed: int) -> list[torch.Tensor]:
    saved = np.load(path)
    if str(saved["read_as"]) != read_as(plan, seed, path.parent):
        raise ValueError(f"{path} is for another plan, seed or other lists: run teacher.py again")
    return list(torch.from_numpy(saved["cosines"]).split(saved["sizes"].tolist()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lists", type=Path, required=True)
    parser.add_argument("--start", type=Path, required=True, help="the folder that start.py pair-cosine wrote")
    parser.add_argument("--plan", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bfloat16", action="store_true")
    args = parser.parse_args()

    torch.set_num_threads(1)
    plan, (model, tokenizer, _) = read_plan(args.plan), folder.load(args.start)
    lists = Lists(args.lists, "train")
    cosines = teach(lists, plan, args.seed, BiEncoder(model, tokenizer, args.bfloat16))
    save(args.lists / "teacher.npz", cosines, plan, args.seed)


if __name__ == "__main__":
    main()
