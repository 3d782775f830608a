"""arXiv's recorded answers that the fixture `shared` finds, and how many records their README counts."""

from __future__ import annotations

import re
from pathlib import Path

_ROW = re.compile(r"^\| `(?P<path>[^`]+)` \|.*\| (?P<records>\d+|cut off) \|[^|]*\|$", re.MULTILINE)


def list_recordings(shared: Path, *folders: str) -> list[Path]:
    """Give the recorded files of the named folders (`rss`, `atom`, `api`), in order."""
    found = [path for folder in folders for path in (shared / "samples" / "arxiv" / folder).glob("*.xml")]
    assert found, f"no recorded answers in {folders!r}"
    return sorted(found)


def count_records(shared: Path) -> dict[str, int | None]:
    """Give the number of records of each file by its name; None for one that is cut off."""
    text = (shared / "samples" / "arxiv" / "README.md").read_text("utf-8")
    rows = {Path(row["path"]).name: row["records"] for row in _ROW.finditer(text)}
    return {name: int(records) if records.isdigit() else None for name, records in rows.items()}
