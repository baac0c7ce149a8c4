#!/usr/bin/env python3
"""Writes class_runs.inc: the class of every code point, asked of the `tokenizers` package.

Its components use different engines with different Unicode versions, so nothing is taken from a
standard: each class is what the component does with each code point.

    pip install tokenizers==0.23.3
    python generate_class_tables.py > class_runs.inc
"""
import sys

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers

PINNED = "0.23.3"
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
LETTER, NUMBER, SPACE = 1, 2, 3
LLAMA3_CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)"


def matched_by(pattern):
    """The code points which a Split pattern matches: those that it removes."""
    split = pre_tokenizers.Split(Regex(pattern), "removed", False)
    return {c for c in CODE_POINTS if not split.pre_tokenize_str(chr(c))}


def split_classes():
    classes = {}
    for pattern, value in ((r"\p{L}", LETTER), (r"\p{N}", NUMBER), (r"\s", SPACE)):
        for c in matched_by(pattern):
            assert c not in classes, f"U+{c:04X} is in two classes of Split"
            classes[c] = value
    return classes


def byte_level_class(joins, c):
    """`joins` tells whether ByteLevel leaves two characters in one pretoken."""
    if joins("a", c):
        return LETTER
    if joins("1", c):
        return NUMBER
    return 0 if joins("!", c) else SPACE


def byte_level_classes():
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)

    def joins(before, c):
        return len(byte_level.pre_tokenize_str(before + chr(c))) == 1

    return {c: byte_level_class(joins, c) for c in CODE_POINTS}


def numeric():
    digits = pre_tokenizers.Digits(individual_digits=True)
    return {c for c in CODE_POINTS if len(digits.pre_tokenize_str("a" + chr(c))) == 2}


def added_token_sees(**options):
    """Whether an added token with these options is found between two of a code point."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.add_tokens([AddedToken("<T>", normalized=False, **options)])
    return lambda text: tokenizer.encode(text).offsets


def word():
    find = added_token_sees(single_word=True)
    before = {c for c in CODE_POINTS if not find(chr(c) + "<T>")}
    after = {c for c in CODE_POINTS if not find("<T>" + chr(c))}
    assert before == after
    return before


def check_stripped(spaces):
    """lstrip and rstrip take the same white space as the Split patterns."""
    for side, text in (("lstrip", "{}<T>"), ("rstrip", "<T>{}")):
        find = added_token_sees(**{side: True})
        for c in CODE_POINTS:
            whole = text.format(chr(c))
            assert (find(whole) == [(0, len(whole))]) == (c in spaces), f"{side} U+{c:04X}"


def check_contractions():
    """Ignoring case, a contraction takes ASCII in either case, the long s for s, and no more."""
    split = pre_tokenizers.Split(Regex(LLAMA3_CONTRACTIONS), "removed", False)

    def taken(head, tail):
        return {c for c in CODE_POINTS if not split.pre_tokenize_str(head + chr(c) + tail)}

    assert taken("'", "") == {ord(c) for c in "sStTmMdD\u017f"}
    assert taken("'", "e") == {ord(c) for c in "rRvV"} and taken("'", "E") == taken("'", "e")
    assert taken("'", "l") == taken("'l", "") == {ord(c) for c in "lL"}
    assert taken("'r", "") == taken("'v", "") == {ord(c) for c in "eE"}
    assert taken("", "s") == taken("", "re") == {ord("'")}


def runs(flags):
    """(first code point, flags) wherever the flags change; surrogates follow their neighbour."""
    last = None
    for c in CODE_POINTS:
        if flags[c] != last:
            last = flags[c]
            yield c, last


def check_version():
    if tokenizers.__version__ != PINNED:
        sys.exit(f"tokenizers is {tokenizers.__version__}, wanted {PINNED}")


def main():
    check_version()
    check_contractions()
    split, byte_level, numbers, words = split_classes(), byte_level_classes(), numeric(), word()
    check_stripped({c for c in split if split[c] == SPACE})
    flags = {
        c: split.get(c, 0) | byte_level[c] << 2 | (c in numbers) << 4 | (c in words) << 5
        for c in CODE_POINTS
    }
    entries = [f"{{0x{c:X},{f}}}," for c, f in runs(flags)]
    print(f"// Made by generate_class_tables.py from tokenizers {PINNED}. The flags: code_point_classes.hpp.")
    for i in range(0, len(entries), 8):
        print("".join(entries[i:i + 8]))


if __name__ == "__main__":
    main()
