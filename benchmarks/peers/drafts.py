"""Keeps conversions: made once, and whole or not at all."""

import contextlib
import pathlib
import shutil
from typing import Callable


@contextlib.contextmanager
def draft_of(folder: pathlib.Path):
    """An empty folder to fill, which takes the name `folder` if nothing goes wrong."""
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    yield draft
    draft.rename(folder)


def make(fp32: pathlib.Path, wanted: pathlib.Path, export: Callable, quantise: Callable):
    """`wanted`, where it is not there yet: by export(draft) if it is `fp32`, else from that by quantise(draft)."""
    if wanted.exists():
        return
    if not fp32.exists():
        with draft_of(fp32) as draft:
            export(draft)
    if wanted != fp32:
        with draft_of(wanted) as draft:
            quantise(draft)
