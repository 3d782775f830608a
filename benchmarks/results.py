"""The record of what was measured: a file of JSON lines for each benchmark and each curve, a head first.

The head says when, how large and on what machine, which has no name here, and how busy it was.
"""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.table import Point, Row

FOLDER = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a file holds: its head, and rows or points."""

    head: Mapping[str, Any]
    lines: tuple[Mapping[str, Any], ...]

    @property
    def rows(self) -> tuple[Row, ...]:
        """Give the lines of a benchmark's file."""
        return tuple(Row(**line) for line in self.lines)

    @property
    def points(self) -> tuple[Point, ...]:
        """Give the lines of a curve's file."""
        return tuple(Point(**line) for line in self.lines)


def describe_machine() -> dict[str, Any]:
    """Tell what the figures depend on, without saying whose machine it is."""
    return {
        "cores": os.cpu_count(),
        "processor": _find_line("/proc/cpuinfo", r"model name\s*:\s*(.+)") or platform.machine(),
        "memory_gb": round(int(_find_line("/proc/meminfo", r"MemTotal:\s*(\d+)") or 0) / 1e6),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def read_load() -> float:
    """Give how many processes ran or waited on the average of the last minute."""
    return round(os.getloadavg()[0], 1)


def _find_line(path: str, pattern: str) -> str | None:
    try:
        found = re.search(pattern, Path(path).read_text("utf-8"))
    except OSError:
        return None
    return found[1].strip() if found else None


def save(
    folder: Path, name: str, lines: Iterable[Row | Point], load_before: float, **head: object
) -> Recorded:
    """Write a file anew, and give what it holds."""
    told = {
        "name": name,
        "date": str(datetime.now(UTC).date()),
        **head,
        "machine": describe_machine(),
        "load": [load_before, read_load()],
    }
    recorded = Recorded(told, tuple(asdict(line) for line in lines))
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in (told, *recorded.lines))
    (folder / f"{name}.json").write_text(text, "utf-8")
    return recorded


def load(folder: Path, name: str) -> Recorded | None:
    """Read a file; None where there is none."""
    path = folder / f"{name}.json"
    if not path.exists():
        return None
    head, *lines = map(json.loads, path.read_text("utf-8").splitlines())
    return Recorded(head, tuple(lines))
