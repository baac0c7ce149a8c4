"""What several test files start from."""

from pathlib import Path

import pytest

import mine
from toy import write_set


@pytest.fixture
def lists(tmp_path: Path, monkeypatch) -> Path:
    """The mined folder of the toy set."""
    write_set(tmp_path / "data" / "toy")
    monkeypatch.setattr(mine, "QUERIES", {"toy": 32})
    monkeypatch.setattr(mine, "HELD", 4)
    monkeypatch.setattr("sys.argv", ["mine.py", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "lists")])
    mine.main()
    return tmp_path / "lists"
