"""The part of a passage that says most about the query.

Short windows are what made training start at all: with whole passages the first
hundreds of lists teach nothing (the mean over all tokens drowns the few words
that matter).
"""

import re

WORD = re.compile(r"\w+")


def best_window(query: str, text: str, num_words: int, idf: dict[str, float]) -> str:
    """The run of `num_words` space-separated words with the largest idf sum of
    distinct query words; the first such run."""
    pieces = text.split()
    if len(pieces) <= num_words:
        return text
    wanted = {w for w in WORD.findall(query.lower()) if w in idf}
    hits = [[w for w in WORD.findall(piece.lower()) if w in wanted] for piece in pieces]
    best, start = -1.0, 0
    counts: dict[str, int] = {}
    for end, words in enumerate(hits):
        for word in words:
            counts[word] = counts.get(word, 0) + 1
        if end >= num_words:
            for word in hits[end - num_words]:
                counts[word] -= 1
        value = sum(idf[word] for word, count in counts.items() if count)
        if end >= num_words - 1 and value > best + 1e-9:
            best, start = value, end - num_words + 1
    return " ".join(pieces[start : start + num_words])
