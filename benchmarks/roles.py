"""Measures how well and how fast roles are judged: roles.py FILE (JSON lines: `sentences`, `labels`)."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from rich.console import Console

from feedsvc.digest.evaluation import LabelledAbstract, evaluate_roles, read_abstracts
from feedsvc.digest.roles import judge_roles, load_model
from feedsvc.terminal import print_evaluation

ROUNDS = 5


def main(path: Path) -> None:
    """Print the figures for one file, and how many of its abstracts one core judges in a second."""
    abstracts = read_abstracts(path)
    print_evaluation(evaluate_roles(abstracts), Console(highlight=False))
    load_model()
    best = min(measure_seconds(abstracts) for _ in range(ROUNDS))
    print(f"{len(abstracts) / best:.0f} abstracts a second of processor time, the best of {ROUNDS} rounds")


def measure_seconds(abstracts: list[LabelledAbstract]) -> float:
    """Give the processor time that judging takes."""
    start = time.process_time()
    for abstract in abstracts:
        judge_roles(abstract.sentences)
    return time.process_time() - start


if __name__ == "__main__":
    main(Path(sys.argv[1]))
