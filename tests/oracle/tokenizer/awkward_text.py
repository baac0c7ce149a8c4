"""Texts that are hard to tokenise, as bytes: every code point, and random mixtures from a seed."""
import random

CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]

# Where a class decides: next to letters, digits, spaces, marks, apostrophes, line ends.
CONTEXTS = ["{}", "a{}", "{}a", " {}", "{} ", "1{}2", "12{}", "!{}", "'{}", "\n{}", "{}\n", "  {}x",
            " {}'s", "{0}{0}", "{0}a{0}1", "\u4f60{}\u597d", "\t{}\t"]

CONTRACTIONS = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'T", "'RE", "'rE", "'Ve", "'VE",
                "'M", "'LL", "'lL", "'D", "'\u017f", "'r", "'v", "'l", "''s", "\u2019s", "'sa", "' s"]
NEWLINES = ["\n", "\r", "\r\n", "\n\n", " \n", "\n ", " \n \n ", "\t\n", "\n\t", "\u2028", "\u0085"]
SPACES = [" ", "  ", "   ", "\t", "\u00a0", "\u3000", "\u2003", "\u1680", "\u202f", "\u200b", "\v", "\f"]
SPECIAL = ["<|begin_of_text|>", "<|eot_id|>", "<|endoftext|>", "<|im_start|>", "<repo_name>",
           "<|reserved_special_token_1", "<|reserved_special_token_17|>", "<|", "|>", "<|eot_id|",
           "<|<|eot_id|>|>", "<left>", "<right>", "<both>", "word", "<norm>", "<norm>al", "<no", "<n",
           "\u00e9t\u00e9", "\u00e9t\u00e9s", "words", "sword"]
MARKS = list("!?.,;:-_()[]{}<>/\\|@#$%^&*+=~`\"'") + ["...", "--", "\u2014", "\u3002", "\u0964", "\u00bf"]
EMOJI = ["\U0001F999", "\U0001F468\u200d\U0001F469\u200d\U0001F467", "\u2764\ufe0f", "\U0001F1E9\U0001F1EA",
         "\U0001F44D\U0001F3FD"]
COMBINING = ["e\u0301", "n\u0303", "\u0301", "\u0e33", "\u0e48", "\u093f", "\u094d", "\u200d", "\ufe0f", "\u05b0"]
DIGITS = ["0", "7", "12", "345", "1234", "1234567", "\u0664\u0662", "\u096a\u0968\u0966", "\u2167", "\u00bd",
          "\u00b2", "\uff11\uff12", "\u3007", "\u4e00", "\U0001D7D8", "\u0bf0", "\u2460"]
BROKEN = [b"\x80", b"\xc0\xaf", b"\xc3", b"\xe2\x82", b"\xf0\x9f\xa6", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff",
          b"\xe0\x80\x80", b"\xf0\x80\x80", b"\xc3(", b"\xe2\x82a", b"\xf8\x88\x80\x80\x80"]
# What BERT's normalizer and WordPiece are touchy about: tokens of its own, characters that decompose,
# that change places, that fall away, that grow in lower case; words near the longest that are read.
BERT = ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "[cls]", "[MASK", "##", "##ing", "[SEP][SEP]", " [MASK] ",
        "\u0130", "\u0131", "\u1e9e", "\u00df", "\u03a3\u03c2", "\u212a", "\u212b", "\ufb01", "\u01c5", "\u1f88",
        "\u0344", "\u0f73", "\u0f71\u0f72", "a\u302e\u0301", "\u302e\u302f", "\u1d165\u302e", "\U0001d15e\U0001d165",
        "\u0345\u0301\u302e", "\u1b44\u302e", "\u0e31\u302e", "o\u0328\u0304", "\u01ed", "\u1eb1", "\u2260", "\u037e",
        "\u1fef", "\uac00", "\uac01\ud7a3", "\u1112\u1161\u11ab", "\u00ad", "\u200b", "\ufeff", "\u2028", "\u0085",
        "\ufffd", "\0", "\u007f", "\ue000", "\uf900", "\u9fff", "\u2f800", "\U0002a6df", "\U0002b820", "\u3007", "\u30ab\u3099",
        "x" * 99, "x" * 100, "x" * 101, "\u0449" * 100, "\u0451" * 101, "\u4f60" * 3, "-" * 5, "unaffable", "EMBEDDINGS"]
# First and last code point of letters that a script's words are drawn from.
SCRIPTS = [(0x61, 0x7A), (0x61, 0x7A), (0x41, 0x5A), (0xC0, 0x17F), (0x370, 0x3FF), (0x400, 0x4FF),
           (0x531, 0x587), (0x5D0, 0x5EA), (0x620, 0x64A), (0x905, 0x94D), (0x995, 0x9CD), (0xB85, 0xBCD),
           (0xE01, 0xE4E), (0x10A0, 0x10FF), (0x1200, 0x135A), (0x1780, 0x17D2), (0x3041, 0x30FF),
           (0x4E00, 0x9FFF), (0x4E00, 0x56FF), (0xAC00, 0xD7A3), (0x10400, 0x1044F), (0x20000, 0x2A6DF)]


def every_code_point(seed, per_text=64):
    """Texts that between them hold every code point, each in a context drawn at random."""
    rng = random.Random(seed)
    for first in range(0, len(CODE_POINTS), per_text):
        part = CODE_POINTS[first:first + per_text]
        yield "".join(rng.choice(CONTEXTS).format(chr(c)) for c in part).encode()


def word(rng):
    first, last = rng.choice(SCRIPTS)
    return "".join(chr(rng.randint(first, last)) for _ in range(min(60, int(rng.expovariate(0.2)) + 1)))


def anything(rng):
    return chr(rng.choice(CODE_POINTS))


def repeated(rng):
    return rng.choice(["a", " ", "\n", "\r\n", "!", "7", "=", "-", "\u3042", " \n", "ab"]) * rng.randint(2, 90)


def text_piece(rng, extra):
    if extra and rng.random() < 0.25:
        return rng.choice(extra)
    kind = rng.random()
    if kind < 0.35:
        return word(rng)
    lists = [SPACES, NEWLINES, CONTRACTIONS, MARKS, DIGITS, SPECIAL, EMOJI, COMBINING]
    if kind < 0.85:
        return rng.choice(rng.choices(lists, weights=[10, 5, 5, 6, 5, 3, 2, 3])[0])
    if kind < 0.95:
        return anything(rng)
    return chr(rng.randint(0, 0x9F)) if kind < 0.98 else repeated(rng)


def mixture(rng, extra=()):
    """A text of a few pieces, a quarter of them `extra`; one in twenty is broken somewhere."""
    pieces = [text_piece(rng, extra).encode() for _ in range(rng.randint(1, 14))]
    if rng.random() < 0.05:
        pieces.insert(rng.randint(0, len(pieces)), rng.choice(BROKEN))
        if rng.random() < 0.5:
            pieces[-1] = pieces[-1][:-1]
    return b"".join(pieces)


def mixtures(seed, count, extra=()):
    rng = random.Random(seed)
    for _ in range(count):
        yield mixture(rng, extra)
