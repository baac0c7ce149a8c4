"""Keeps conversions: made once, and whole or not at all."""

import contextlib
import pathlib
import shutil


@contextlib.contextmanager
def draft_of(folder: pathlib.Path):
    """An empty folder to fill, which takes the name `folder` if nothing goes wrong."""
    draft = folder.with_name(folder.name + ".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    yield draft
    draft.rename(folder)
