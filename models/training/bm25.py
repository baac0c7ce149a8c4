"""BM25 over one set: the first stage whose candidates the reranker must sort."""

import re

import bm25s
import numpy as np

# The usual values for short passages (Anserini's). Only the shape of a list's
# scores matters later: the fusion normalises them per list.
K1, B = 0.9, 0.4


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


class Bm25:
    """An index of one set's passages. Document frequencies serve windows.py."""

    def __init__(self, passages: dict[str, str]):
        self.ids = list(passages)
        tokens = [words(text) for text in passages.values()]
        self._index = bm25s.BM25(k1=K1, b=B, method="lucene")
        self._index.index(tokens, show_progress=False)

    def top(self, query: str, count: int) -> list[tuple[str, float]]:
        """Up to `count` (passage id, score) pairs, best first, none at zero."""
        known = [word for word in words(query) if word in self._index.vocab_dict]
        if not known:
            return []
        scores = self._index.get_scores(known)
        count = min(count, len(scores))
        best = np.argpartition(-scores, count - 1)[:count]
        best = best[np.argsort(-scores[best], kind="stable")]
        return [(self.ids[i], float(scores[i])) for i in best if scores[i] > 0]
