"""A toy set and tiny random models of both families, for the tests."""

import gzip
import json
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer, ByteLevel
from tokenizers.processors import TemplateProcessing

import bert
import llama
import pair_cosine
import vocabulary
from plan import Plan, Stage

COLOURS = ["red", "green", "blue", "black", "white", "yellow", "purple", "orange"]
ANIMALS = ["cat", "dog", "bee", "cow", "hen", "pig", "owl", "ant"]
PLAN = Plan(learning_rate=5e-4, head_learning_rate=1e-3, stages=[
    Stage("words", 16, window=4, max_tokens=64, negatives=3, random_first=1.0, random_last=0.5, plain_weight=1.0),
    Stage("passages", 16, window=0, max_tokens=64, negatives=3, random_first=0.5, random_last=0.0, plain_weight=0.5),
])


def write_set(path: Path) -> Path:
    """A set of 64 passages, one for each colour of animal; half the queries are for dev."""
    (path / "qrels").mkdir(parents=True)
    pairs = [(c, a) for c in COLOURS for a in ANIMALS]
    lines = lambda rows: "".join(json.dumps(row) + "\n" for row in rows)
    write = lambda name, text: (path / name).write_bytes(gzip.compress(text.encode()))
    write("corpus.jsonl.gz", lines(
        {"_id": f"p{i}", "title": a, "text": f"a {c} {a} lives here"} for i, (c, a) in enumerate(pairs)))
    write("queries.jsonl.gz", lines({"_id": f"q{i}", "text": f"where is the {c} {a}"} for i, (c, a) in enumerate(pairs)))
    for split, ids in (("train", range(0, 64, 2)), ("dev", range(1, 64, 2))):
        write(f"qrels/{split}.tsv.gz", "query-id\tcorpus-id\tscore\n" + "".join(f"q{i}\tp{i}\t1\n" for i in ids))
    write("bm25.dev.tsv.gz", "q1\tp1\t1\t3.5\nq1\tp9\t2\t1.25\n")
    return path


def byte_tokenizer() -> Tokenizer:
    tokens = vocabulary.SPECIAL_TOKENS + sorted(ByteLevel.alphabet())
    return vocabulary.build_tokenizer(tokens, [])


def word_tokenizer() -> Tokenizer:
    """The toy set's words, and letters for all others; [CLS] query [SEP] passage [SEP]."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *COLOURS, *ANIMALS, *letters, *(f"##{c}" for c in letters)]
    tokenizer = Tokenizer(WordPiece({token: i for i, token in enumerate(tokens)}, unk_token="[UNK]"))
    tokenizer.add_special_tokens(tokens[:4])
    tokenizer.normalizer, tokenizer.pre_tokenizer = BertNormalizer(), BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    return tokenizer


def tiny_llama() -> tuple[llama.CrossEncoder, Tokenizer]:
    torch.manual_seed(1)
    tokenizer = byte_tokenizer()
    return llama.CrossEncoder(llama.Shape(
        vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=512, num_hidden_layers=2, hidden_size=48,
        intermediate_size=80, num_attention_heads=3, num_key_value_heads=1, head_dim=16, rope_theta=1e4,
        rms_norm_eps=1e-5)), tokenizer


def tiny_bert() -> tuple[bert.CrossEncoder, Tokenizer]:
    return _tiny(bert)


def tiny_pair_cosine() -> tuple[pair_cosine.CrossEncoder, Tokenizer]:
    return _tiny(pair_cosine)


def _tiny(family) -> tuple[bert.PairEncoder, Tokenizer]:
    torch.manual_seed(1)
    tokenizer = word_tokenizer()
    return family.CrossEncoder(family.Shape(
        vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=512, type_vocab_size=2, num_hidden_layers=2,
        hidden_size=48, intermediate_size=80, num_attention_heads=3, layer_norm_eps=1e-12)), tokenizer
