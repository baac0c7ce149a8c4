"""A folder's tensors as bytes in its files: what is cut from a checkpoint is
copied, not loaded, so that a model of any size takes no memory and keeps its bits."""

import hashlib
import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

CHUNK_BYTES = 1 << 24
LENGTH_BYTES = 8  # of the number that a safetensors file begins with: the header's length


@dataclass(frozen=True)
class Stored:
    """One tensor."""

    dtype: str  # safetensors' name
    shape: list[int]
    file: Path
    runs: list[tuple[int, int]]  # first byte and the one past the last, in the file

    @property
    def num_bytes(self) -> int:
        return sum(end - begin for begin, end in self.runs)

    def rows(self, ids: list[int]) -> "Stored":
        """The rows `ids` (ascending) of a tensor that lies in one run."""
        [(begin, _)] = self.runs
        size = self.num_bytes // self.shape[0]
        runs: list[tuple[int, int]] = []
        for i in ids:
            if runs and runs[-1][1] == begin + i * size:
                runs[-1] = runs[-1][0], runs[-1][1] + size
            else:
                runs.append((begin + i * size, begin + (i + 1) * size))
        return replace(self, shape=[len(ids), *self.shape[1:]], runs=runs)


def read(folder: Path) -> dict[str, Stored]:
    """All tensors."""
    return {name: tensor for path in files(folder) for name, tensor in _read_file(path).items()}


def files(folder: Path) -> list[Path]:
    """model.safetensors; where it is not there, the shards that an index names. As the library chooses."""
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.exists() or not index.exists():
        return [single]
    return [folder / file for file in sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))]


def digest(paths: list[Path]) -> bytes:
    """Of the files' bytes, one after the other: whether they are what they were, whatever their names."""
    whole = hashlib.blake2b()
    for path in paths:
        with open(path, "rb") as file:
            hashlib.file_digest(file, lambda: whole)
    return whole.digest()


def _read_file(path: Path) -> dict[str, Stored]:
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(LENGTH_BYTES), "little")
        header = json.loads(file.read(length))
    header.pop("__metadata__", None)
    start = LENGTH_BYTES + length
    return {
        name: Stored(row["dtype"], row["shape"], path, [tuple(start + offset for offset in row["data_offsets"])])
        for name, row in header.items()
    }


def write(path: Path, tensors: dict[str, Stored]) -> None:
    """Widest elements first, as safetensors does, so that each tensor is aligned."""
    width = lambda tensor: tensor.num_bytes / max(1, math.prod(tensor.shape))
    ordered = sorted(tensors.items(), key=lambda item: -width(item[1]))
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in ordered:
        begin, end = end, end + tensor.num_bytes
        header[name] = {"dtype": tensor.dtype, "shape": tensor.shape, "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(len(text).to_bytes(LENGTH_BYTES, "little") + text)
        for _, tensor in ordered:
            _copy(tensor, out)


def _copy(tensor: Stored, out: BinaryIO) -> None:
    with open(tensor.file, "rb") as file:
        for begin, end in tensor.runs:
            file.seek(begin)
            for position in range(begin, end, CHUNK_BYTES):
                out.write(file.read(min(CHUNK_BYTES, end - position)))
