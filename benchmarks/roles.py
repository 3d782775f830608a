"""Measures how well and how fast roles are judged: roles.py FILE, JSON lines with `sentences` and `labels`.

Its figures: accuracy and macro F1 over the five roles, F1 of each, accuracy over the three sections (those of
a digest made from the labels against those made from the judgement), abstracts a second.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from feedsvc.digest.extractive import assign_sections
from feedsvc.digest.headings import Role
from feedsvc.digest.roles import judge_roles


def main(path: Path) -> None:
    """Print the figures for one file."""
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    gold = [tuple(Role(label) for label in row["labels"]) for row in rows]
    start = time.process_time()
    judged = [judge_roles(row["sentences"]) for row in rows]
    seconds = time.process_time() - start
    pairs = [pair for g, j in zip(gold, judged, strict=True) for pair in zip(g, j, strict=True)]
    sections = [
        pair
        for g, j in zip(gold, judged, strict=True)
        for pair in zip(assign_sections(g), assign_sections(j), strict=True)
    ]
    scores = {role: measure_f1(pairs, role) for role in Role}
    print(f"sentences       {len(pairs)}")
    print(f"accuracy        {sum(g is j for g, j in pairs) / len(pairs):.3f}")
    print(f"macro F1        {sum(scores.values()) / len(scores):.3f}")
    print("F1              " + ", ".join(f"{role} {score:.3f}" for role, score in scores.items()))
    print(f"three sections  {sum(g is j for g, j in sections) / len(sections):.3f}")
    print(f"abstracts/s     {len(rows) / seconds:.0f}")


def measure_f1(pairs: Sequence[tuple[Role, Role]], role: Role) -> float:
    """Give the F1 of one role; a pair is the true role and the judged one."""
    hits = sum(g is j is role for g, j in pairs)
    return 2 * hits / max(1, sum((g is role) + (j is role) for g, j in pairs))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
