"""Compares the library's fp32 logits on BERT cross-encoders with transformers' own
BertForSequenceClassification, or with the pair-cosine head on transformers' BertModel, one pair at a time, on texts in
many scripts.

    python bert.py --bin build/release/bin/rerank                     # random weights: tiny, minilm, bert-large
    python bert.py --bin build/release/bin/rerank --head pair-cosine  # the same with that head
    python bert.py --bin build/release/bin/rerank --int8              # the same as int8 codes
    python bert.py --bin build/release/bin/rerank --model DIR         # a real folder, with its own head

Exit status 1 where a logit differs by more than 1e-4, or where one of the wrong variants would have passed.
Random folders get `--tokenizer`, by default the small vocabulary of tests/text/data.
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile

import torch
from tokenizers import Tokenizer
from transformers import BertConfig
from transformers.activations import ACT2FN

from bert_heads import HEADS
from cli import Rerank
from codes import decode, has_codes, make_codes
from pairs import make_pair
from parity import largest_gap

BOUND = 1e-4
SHIFT = 5 * BOUND  # that a wrong variant shows at the least, by its largest gap
# hidden, layers, heads, ffn
SHAPES = {"tiny": (96, 2, 3, 160), "minilm": (384, 6, 12, 1536), "bert-large": (1024, 24, 16, 4096)}
SMALL_TOKENIZER = pathlib.Path(__file__).parents[1] / "text" / "data" / "bert.json"
WRONG = ("one_type", "tanh_gelu", "positions_from_1")  # of the body; a head has its own
ARCHITECTURES = dict(zip(("pooled", "pair-cosine"), HEADS, strict=True))
COSINE_SCALE = 40.0


def gain(name: str) -> float:
    """Sharp attention and weak branches, or a deep network makes all tokens one; large arguments of gelu, or its tanh
    form would hide."""
    gains = {"query": 1.8, "key": 1.8, "output.dense": 0.5, "intermediate": 2.0, "classifier": 8.0}
    return next((value for part, value in gains.items() if part in name), 1.0)


def make_folder(folder: pathlib.Path, shape: str, tokenizer: pathlib.Path, architecture: str) -> pathlib.Path:
    """Random weights, larger than at the start of a training, so that every part of the network moves logits."""
    hidden, layers, heads, ffn = SHAPES[shape]
    vocab = Tokenizer.from_file(str(tokenizer)).get_vocab_size()
    config = BertConfig(vocab_size=vocab, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
                        intermediate_size=ffn, num_labels=1)
    torch.manual_seed(20241126)
    model = HEADS[architecture][0](config)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name == "cosine_scale":
                weight.fill_(COSINE_SCALE)
            elif "LayerNorm.weight" in name:
                weight.normal_(1.0, 0.2)
            elif weight.ndim == 1:
                weight.normal_(0.0, 0.1)
            elif "embeddings" in name:
                weight.normal_(0.0, 0.5)
            else:
                weight.normal_(0.0, gain(name) / weight.shape[1] ** 0.5)
    model.save_pretrained(folder)
    shutil.copyfile(tokenizer, folder / "tokenizer.json")
    return folder


class Reference:
    """transformers' model, ids by `tokenizers`, the passage's tail cut at the window."""

    def __init__(self, folder: pathlib.Path):
        architecture, = json.loads((folder / "config.json").read_text())["architectures"]
        model, self._head, wrong = HEADS[architecture]
        self.wrong = WRONG + wrong
        self.model = model.from_pretrained(folder, dtype=torch.float32).eval()
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.window = self.model.config.max_position_embeddings
        self._act = ACT2FN["gelu_new"]

    def count(self, query: str, passage: str) -> int:
        return len(self.tokenizer.encode(query, passage).ids)

    def inputs(self, query: str, passage: str):
        """(ids, types); what is too long loses tokens in front of the last one, which ends the passage."""
        encoded = self.tokenizer.encode(query, passage)
        ids, types = encoded.ids, encoded.type_ids
        if len(ids) > self.window:
            ids, types = ids[: self.window - 1] + ids[-1:], types[: self.window - 1] + types[-1:]
        return torch.tensor([ids]), torch.tensor([types])

    @torch.inference_mode()
    def logit(self, query: str, passage: str, variant: str = "right") -> float:
        ids, types = self.inputs(query, passage)
        if variant == "right":
            return self.model(input_ids=ids, token_type_ids=types).logits.item()
        return self._wrong(ids, types, variant)

    def _wrong(self, ids, types, variant: str) -> float:
        bert, layers = self.model.bert, self.model.bert.encoder.layer
        right = layers[0].intermediate.intermediate_act_fn
        for layer in layers:
            layer.intermediate.intermediate_act_fn = self._act if variant == "tanh_gelu" else right
        positions = torch.arange(ids.shape[1])[None]
        if variant == "positions_from_1":
            positions = (positions + 1).clamp(max=self.window - 1)
        states = bert(input_ids=ids, position_ids=positions,
                      token_type_ids=types * 0 if variant == "one_type" else types).last_hidden_state[0]
        for layer in layers:
            layer.intermediate.intermediate_act_fn = right
        return self._head(self.model, states, types[0], variant).item()


def check(title: str, folder: pathlib.Path, args) -> bool:
    with tempfile.TemporaryDirectory() as work:
        reference = Reference(decode(folder, pathlib.Path(work) / "decoded") if has_codes(folder) else folder)
    texts = [make_pair("short", index, reference.count) for index in range(args.pairs)]
    wanted = [reference.logit(*pair) for pair in texts]
    with Rerank(args.bin, folder, "--precision", "fp32", "--device", args.device, *args.options.split()) as rerank:
        found = [rerank.scores(query, [passage])[0] for query, passage in texts]
    gap = largest_gap(found, wanted)
    good = gap <= BOUND
    print(f"{title:<12} {len(texts):>4} pairs   logits {min(wanted):8.3f} to {max(wanted):8.3f}   max |delta| {gap:.2e}   "
          + ("ok" if good else f"FAIL, more than {BOUND}"), flush=True)
    return good & check_wrong(title, reference, texts[1::7], wanted[1::7])


def check_wrong(title: str, reference: Reference, texts, right) -> bool:
    """Shows that each wrong variant would fail; true if all would."""
    good = True
    for variant in reference.wrong:
        shift = max(abs(reference.logit(*pair, variant) - b) for pair, b in zip(texts, right))
        good &= shift >= SHIFT
        print(f"{title:<12} {variant:<18} largest shift {shift:8.4f}   "
              + ("rejected, as it must be" if shift >= SHIFT else "FAIL: would pass"))
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True, help="the `rerank` program")
    parser.add_argument("--model", type=pathlib.Path, help="a folder, in place of random ones")
    parser.add_argument("--head", choices=ARCHITECTURES, default="pooled", help="of random folders")
    parser.add_argument("--shape", nargs="+", choices=SHAPES, default=list(SHAPES))
    parser.add_argument("--int8", action="store_true", help="random folders as int8 codes")
    parser.add_argument("--tokenizer", type=pathlib.Path, default=SMALL_TOKENIZER)
    parser.add_argument("--pairs", type=int, default=190)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--options", default="", help="further options of `rerank score`, in one string")
    args = parser.parse_args()
    if args.model:
        sys.exit(0 if check(args.model.name, args.model, args) else 1)
    with tempfile.TemporaryDirectory() as work:
        folders = [make_folder(pathlib.Path(work) / shape, shape, args.tokenizer, ARCHITECTURES[args.head])
                   for shape in args.shape]
        good = [check(folder.name, make_codes(folder) if args.int8 else folder, args) for folder in folders]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
