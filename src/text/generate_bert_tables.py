#!/usr/bin/env python3
"""Writes bert_tables.inc: what BERT's normalizer and pre-tokenizer make of every code point, asked
of the `tokenizers` package, whose parts follow several versions of Unicode.

    pip install tokenizers==0.23.3
    python generate_bert_tables.py > bert_tables.inc
"""
from tokenizers import normalizers, pre_tokenizers

from generate_class_tables import CODE_POINTS, PINNED, check_version, runs

# The flags of bert_characters.hpp; those of ranks and mappings follow from their tables.
REMOVED, SPACE, CHINESE, MARK, WHITE_SPACE, PUNCTUATION = (1 << i for i in range(6))
HANGUL = range(0xAC00, 0xD7A4)


def bert(**options):
    off = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    return normalizers.BertNormalizer(**{**off, **options}).normalize_str


def all_flags():
    clean, chinese, strip = bert(clean_text=True), bert(handle_chinese_chars=True), bert(strip_accents=True)
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    flags = {}
    for c in CODE_POINTS:
        text = chr(c)
        cleaned = clean(text)
        assert cleaned in ("", " ", text) and chinese(text) in (text, f" {text} "), hex(c)
        flags[c] = ((cleaned == "") * REMOVED | (cleaned == " ") * SPACE
                    | (chinese(text) != text) * CHINESE | (strip(text) == "") * MARK
                    | {1: 0, 2: WHITE_SPACE, 3: PUNCTUATION}[len(split(f"a{text}a"))])
    return flags


def ranks():
    """Code point to a number that orders it among those that follow a character: the canonical
    combining classes, numbered from 1. Without those that no class moves."""
    nfd = normalizers.NFD().normalize_str
    last = "\u0345"  # of the highest class, so that every other one goes before it
    moved = [c for c in CODE_POINTS if nfd(last + chr(c)) != last + nfd(chr(c)) and nfd(chr(c)) == chr(c)]
    ordered = nfd("a" + "".join(map(chr, moved)) + last)[1:]
    assert len(ordered) == len(moved) + 1
    found, rank = {}, 0
    for before, c in zip("\0" + ordered, ordered):
        rank += before == "\0" or nfd("a" + c + before) != "a" + c + before
        found[ord(c)] = rank
    return found


def check_ranks(found):
    """What is not in the table is no mark that waits: it stays where it is."""
    nfd = normalizers.NFD().normalize_str
    high, low = "\u0345", next(chr(c) for c in found if found[c] == 1)
    for c in CODE_POINTS:
        parts = nfd(chr(c))
        if c not in found and ord(parts[0]) not in found:
            assert nfd(high + chr(c)) == high + parts, hex(c)
        if ord(parts[-1]) not in found:
            assert nfd(chr(c) + low) == parts + low, hex(c)


def decompositions():
    nfd = normalizers.NFD().normalize_str
    for c in HANGUL:  # Unicode 3.12
        lead, vowel, tail = (c - 0xAC00) // 588, (c - 0xAC00) % 588 // 28, (c - 0xAC00) % 28
        jamo = [0x1100 + lead, 0x1161 + vowel] + [0x11A7 + tail] * (tail > 0)
        assert nfd(chr(c)) == "".join(map(chr, jamo)), hex(c)
    return {c: nfd(chr(c)) for c in CODE_POINTS if c not in HANGUL and nfd(chr(c)) != chr(c)}


def check_strip(flags, decomposed):
    """strip_accents is NFD without marks."""
    strip, nfd = bert(strip_accents=True), normalizers.NFD().normalize_str
    for c in CODE_POINTS:
        kept = [d for d in nfd(chr(c)) if not flags[ord(d)] & MARK]
        assert strip(chr(c)) == "".join(kept), hex(c)


def lowercase():
    lower = bert(lowercase=True)
    return {c: lower(chr(c)) for c in CODE_POINTS if lower(chr(c)) != chr(c)}


def write(declaration, entries):
    entries = list(entries)
    print(f"constexpr {declaration}[] = {{")
    for i in range(0, len(entries), 12):
        print("".join(entries[i:i + 12]))
    print("};")


def write_mapping(name, mapping):
    """Rows of a code point and where its characters begin; the characters, end to end."""
    begins, characters = [], []
    for c in sorted(mapping):
        begins.append(f"{{0x{c:X},{len(characters)}}},")
        characters += [f"0x{ord(d):X}," for d in mapping[c]]
    begins.append(f"{{0x110000,{len(characters)}}},")
    write(f"MappingRow k{name}Rows", begins)
    write(f"char32_t k{name}", characters)


def main():
    check_version()
    flags, found, decomposed = all_flags(), ranks(), decompositions()
    check_ranks(found)
    check_strip(flags, decomposed)
    print(f"// Made by generate_bert_tables.py from tokenizers {PINNED}.")
    write("Run kFlagRuns", (f"{{0x{c:X},{f}}}," for c, f in runs(flags)))
    write("Run kRankRuns", (f"{{0x{c:X},{r}}}," for c, r in runs({c: found.get(c, 0) for c in CODE_POINTS})))
    write_mapping("Decomposed", decomposed)
    write_mapping("Lowercase", lowercase())


if __name__ == "__main__":
    main()
