"""Stops and resumes a run: everything that the next step depends on.

The frozen embeddings are not kept: they are the start's.
"""

import os
from pathlib import Path

import torch


def trained_state(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}


def save(path: Path, model, fusion, optimizer, position: int, run: dict) -> None:
    """Replaces `path` at once, so that a kill leaves the old file or the new. `run` is what run_of gives back."""
    part = path.with_suffix(".part")
    torch.save({
        "model": trained_state(model),
        "fusion": fusion.state_dict(),
        "optimizer": optimizer.state_dict(),
        "rng": torch.get_rng_state(),
        "position": position,
        "run": run,
    }, part)
    os.replace(part, path)


def run_of(path: Path) -> dict:
    return torch.load(path, map_location="cpu", weights_only=True, mmap=True)["run"]


def load(path: Path, model, fusion, optimizer=None) -> int:
    """The position to go on from: the number of lists read."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    missing, unexpected = model.load_state_dict(state["model"], strict=False)
    wanted = {name for name, p in model.named_parameters() if not p.requires_grad}
    assert set(missing) == wanted and not unexpected, (missing, unexpected)
    fusion.load_state_dict(state["fusion"])
    if optimizer is not None:
        optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["rng"])
    return state["position"]
