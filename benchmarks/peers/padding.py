"""Id lists of unequal lengths as one rectangle, for the engines that read nothing else."""

import numpy as np

PAD = 128001


def padded(ids: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Ids and a mask of ones on what is real, (pairs, longest) each; padded on the left, as the model card does it."""
    longest = max(map(len, ids))
    tokens, mask = np.full((len(ids), longest), PAD, np.int64), np.zeros((len(ids), longest), np.float32)
    for i, row in enumerate(ids):
        tokens[i, longest - len(row) :] = row
        mask[i, longest - len(row) :] = 1
    return tokens, mask
