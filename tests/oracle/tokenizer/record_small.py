#!/usr/bin/env python3
"""Trains the small tokenizers of tests/text/data and records what `tokenizers` makes of awkward
texts with each: ids, ids with special tokens plain, and where pretokens end.

    pip install tokenizers==0.23.3
    python record_small.py ../../text/data
"""
import argparse
import collections
import itertools
import json
import pathlib

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

import awkward_text
from make_gpt2_tokenizer import NEW_TOKENS
from make_llama3_tokenizer import REGEX

# Written for this purpose.
TEXT = """
The bees dance in the hive and tell the others where the flowers are. They don't read maps; they've
learned the way, and it's said that they'll find it again. We're told that she'd seen 12 of them, or
perhaps 1234, at 7 in the morning. What is the question? The passage answers the question: how do
bees talk? The protein of the passage is 46 grams per day, and the question is how much one should eat.
  for (int i = 0; i < 10; i++) { sum += values[i]; }
Die Bienen tanzen im Stock und sagen den anderen, wo die Blumen stehen. Sch\u00f6ne Gr\u00fc\u00dfe aus M\u00fcnchen.
Mehil\u00e4iset tanssivat pes\u00e4ss\u00e4 ja kertovat toisille, miss\u00e4 kukat ovat. Hyv\u00e4\u00e4 y\u00f6t\u00e4.
\u041f\u0447\u0451\u043b\u044b \u0442\u0430\u043d\u0446\u0443\u044e\u0442 \u0432 \u0443\u043b\u044c\u0435 \u0438 \u0433\u043e\u0432\u043e\u0440\u044f\u0442, \u0433\u0434\u0435 \u0446\u0432\u0435\u0442\u044b.
\u4f60\u597d\uff0c\u4e16\u754c\u3002\u871c\u8702\u5728\u8df3\u821e\u3002\u4f60\u597d\uff0c\u871c\u8702\u3002
"""

TEXTS = [
    "", "a", " ", "  ", "\n", "\r\n", "\0", "a\0b", "\ufeff", "bees", " bees", "the question: how do bees talk?",
    " \n \n", " \n \n passage:", "a \n  b", "a\n \n  b", "\n  b", "a\r\n\r\n b", "\t\tif x", "x \n", "x  ",
    "\n\n\n", " \n\n  \n x", "\u2028a", "\u00a0a", "\u00a0 a", "a\u0085b", "\u3000\u3000a",
    "don't", "DON'T", "they'VE", "it'\u017f", "we'Re", "'ll'LL'lL", "''s", "'sa", "'", "' s", "x'y", "I'm", "'d", "'r", "'v",
    "1", "12", "123", "1234", "1234567", "a1b22c333", " 12", "\u0664\u0662", "\u00bd\u00b2\u2167", "\uff11\uff12\uff13\uff14", "\u3007\u4e00",
    "!?...", " !?", "!\n\n", " !\r\n x", "a!b", "--\n", "e\u0301", "\u0301a", " \u0301", "\u0e19\u0e49\u0e33", "\u200da",
    "\U0001F999", "\U0001F468\u200d\U0001F469", "\u4f60\u597d", "\u4f60\u597d\uff0c\u4e16\u754c\u3002", "Gr\u00fc\u00dfe", "\u0393\u03b5\u03b9\u03b1", "\U00020000", "\U0010ffff",
    "<|eot|>", "a<|eot|>b", " <|eot|> ", "<|eot|", "<|<|eot|>|>", "<|eot|><|eot|>", "<|eot|>x<|eot_more|>",
    "<left>", "a  <left>  b", "a \u3000<right> \t b", " <both> ", "<both>  <both>", "a word, words sword word",
    "\u00e9t\u00e9 \u00e9t\u00e9s", "<norm>al  x", "<norm><no<n", "a   b", "\u0004\u0006a", "\u0004",
    "a" * 40, "ab" * 40, " " * 70, "\n" * 40 + "x", "=" * 90, "\u4f60" * 30, "thequestion" * 9,
]


def train(pre_tokenizer, vocab_size, alphabet):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer
    trainer = trainers.BpeTrainer(vocab_size=vocab_size, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(TEXT.splitlines(keepends=True), trainer)
    return tokenizer


def byte_level(**options):
    return pre_tokenizers.ByteLevel(**{"add_prefix_space": False, "trim_offsets": True, **options})


def whole_alphabet():
    return pre_tokenizers.ByteLevel.alphabet()


def llama3():
    split = pre_tokenizers.Split(Regex(REGEX), "isolated")
    pre = pre_tokenizers.Sequence([split, byte_level(use_regex=False)])
    tokenizer = train(pre, 420, whole_alphabet())
    tokenizer.add_special_tokens(["<|begin|>", "<|eot|>", "<|eot_more|>"])
    template = processors.TemplateProcessing(
        single="<|begin|> $A <|eot|>", pair="<|begin|> $A <|eot|> $B",
        special_tokens=[(t, tokenizer.token_to_id(t)) for t in ("<|begin|>", "<|eot|>")])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), template])
    return tokenizer


def smollm2():
    """Without the whole alphabet: bytes that the text above lacks are no tokens."""
    pre = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level()])
    tokenizer = train(pre, 300, [])
    tokenizer.add_special_tokens(["<|eot|>"])
    return tokenizer


def add_tokens(tokenizer):
    for given in NEW_TOKENS:
        options = {name: given.get(name, False) for name in ("single_word", "lstrip", "rstrip", "normalized")}
        add = tokenizer.add_special_tokens if given.get("special") else tokenizer.add_tokens
        add([AddedToken(given["content"], **options)])


def gpt2(add_prefix_space):
    tokenizer = train(byte_level(add_prefix_space=add_prefix_space), 380, whole_alphabet())
    tokenizer.add_special_tokens(["<|eot|>", "<|eot_more|>"])
    add_tokens(tokenizer)
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def word_pieces(words, size):
    """The commonest pieces of words, all single characters among them. Not WordPieceTrainer's: it
    gives other ones each time."""
    counts = collections.Counter()
    for word in words:
        for begin, end in itertools.combinations(range(len(word) + 1), 2):
            piece = ("##" if begin else "") + word[begin:end]
            counts[piece] += 1000 if end - begin == 1 else end - begin
    return sorted(counts, key=lambda piece: (-counts[piece], piece))[:size]


def bert(normalizer, size):
    pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words = [word for word, _ in pre_tokenizer.pre_tokenize_str(normalizer.normalize_str(TEXT))]
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocab = {token: i for i, token in enumerate(specials + word_pieces(words, size))}
    tokenizer = Tokenizer(models.WordPiece(vocab, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer, tokenizer.pre_tokenizer = normalizer, pre_tokenizer
    tokenizer.add_special_tokens(specials)
    return tokenizer


def bert_uncased():
    tokenizer = bert(normalizers.BertNormalizer(), 400)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(t, tokenizer.token_to_id(t)) for t in ("[CLS]", "[SEP]")])
    return tokenizer


def bert_cased():
    """Letters keep their case and lose their accents; with added tokens of every kind."""
    tokenizer = bert(normalizers.BertNormalizer(lowercase=False, strip_accents=True), 400)
    add_tokens(tokenizer)
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", tokenizer.token_to_id("[SEP]")), ("[CLS]", tokenizer.token_to_id("[CLS]")))
    return tokenizer


def ends(text, encoding):
    """[end byte, end token] of each pretoken that has tokens."""
    offsets = [(word, end) for word, (_, end) in zip(encoding.word_ids, encoding.offsets)]
    token = 0
    for _, group in itertools.groupby(offsets, key=lambda item: item[0]):
        group = list(group)
        token += len(group)
        yield [len(text[:group[-1][1]].encode()), token]


def record(tokenizer, text):
    tokenizer.encode_special_tokens = False
    matched = tokenizer.encode(text, add_special_tokens=False)
    tokenizer.encode_special_tokens = True
    plain = tokenizer.encode(text, add_special_tokens=False)
    tokenizer.encode_special_tokens = False
    return {"text": text, "ids": matched.ids, "plain": plain.ids, "ends": list(ends(text, matched))}


def record_pair(tokenizer, first, second):
    """The pair's ids, and how many of them, at the end, are of token type 1."""
    encoding = tokenizer.encode(first, second)
    assert encoding.type_ids == sorted(encoding.type_ids)
    return {"first": first, "second": second, "ids": encoding.ids, "type_1": sum(encoding.type_ids)}


def random_texts(count, extra=()):
    texts = awkward_text.mixtures(1, count, extra)
    return [text.decode("utf-8", "replace") for text in texts]


def write_lines(path, values):
    lines = [json.dumps(value, separators=(",", ":")) for value in values]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_byte_level(folder, name, tokenizer, as_strings=False, ignore_merges=False):
    described = json.loads(tokenizer.to_str())
    if as_strings:
        described["model"]["merges"] = [" ".join(merge) for merge in described["model"]["merges"]]
    described["model"]["ignore_merges"] = ignore_merges
    write(folder, name, described, TEXTS + random_texts(60))


def write_bert(folder, name, tokenizer, in_sequences=False):
    described = json.loads(tokenizer.to_str())
    if in_sequences:
        normalizer, pre_tokenizer = described["normalizer"], described["pre_tokenizer"]
        described["normalizer"] = {"type": "Sequence", "normalizers": [normalizer]}
        described["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [pre_tokenizer]}
    texts = TEXTS + awkward_text.BERT + random_texts(60, awkward_text.BERT)
    tokenizer = write(folder, name, described, texts)
    pairs = zip(texts[::3], texts[1::3])
    write_lines(folder / f"{name}.pairs.jsonl", (record_pair(tokenizer, *pair) for pair in pairs))


def write(folder, name, described, texts):
    text = json.dumps(described, ensure_ascii=False, separators=(",", ":"))
    (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    tokenizer = Tokenizer.from_str(text)
    write_lines(folder / f"{name}.expected.jsonl", (record(tokenizer, t) for t in texts))
    return tokenizer


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    write_byte_level(folder, "llama3", llama3(), as_strings=True, ignore_merges=True)
    write_byte_level(folder, "smollm2", smollm2())
    write_byte_level(folder, "gpt2", gpt2(add_prefix_space=False))
    write_byte_level(folder, "gpt2_prefix_space", gpt2(add_prefix_space=True))
    write_bert(folder, "bert", bert_uncased())
    write_bert(folder, "bert_cased", bert_cased(), in_sequences=True)


if __name__ == "__main__":
    main()
