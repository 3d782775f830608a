"""Measures how well roles are judged, on abstracts whose sentences somebody labelled."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

from feedsvc.digest.extractive import Section, assign_sections
from feedsvc.digest.headings import HEADINGS, Role
from feedsvc.digest.roles import judge_roles
from feedsvc.errors import FeedsvcError

# What labels are called besides the roles' own names and the headings of structured abstracts.
_SYNONYMS = {
    "challenge": Role.BACKGROUND,
    "backgrounds": Role.BACKGROUND,
    "others": Role.OTHER,
    "none": Role.OTHER,
    "outcome": Role.RESULT,
    "finding": Role.RESULT,
    "approaches": Role.METHOD,
}
_Label = TypeVar("_Label", Role, Section)
_LABELS: dict[str, Role] = {**HEADINGS, **_SYNONYMS, **{role.value: role for role in Role}}


@dataclass(frozen=True, slots=True)
class LabelledAbstract:
    """The sentences of an abstract and the true role of each."""

    sentences: tuple[str, ...]
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How judged roles agree with the true ones.

    `confusion` counts sentences by (true, judged); `section_accuracy` is the share of sentences that get
    the section which the true roles would give them.
    """

    abstracts: int
    confusion: dict[tuple[Role, Role], int]
    section_accuracy: float

    @property
    def sentences(self) -> int:
        """The number of sentences judged."""
        return sum(self.confusion.values())

    @property
    def accuracy(self) -> float:
        """The share of sentences whose role is the true one."""
        return sum(self.confusion[role, role] for role in Role) / self.sentences

    @property
    def macro_f1(self) -> float:
        """The mean of the F1 of the roles that occur, as true or as judged ones."""
        scores = [score for role in Role if (score := self.measure_f1(role)) is not None]
        return sum(scores) / len(scores)

    def measure_f1(self, role: Role) -> float | None:
        """Give the F1 of one role; None if it neither is nor was judged to be anywhere."""
        true = sum(self.confusion[role, other] for other in Role)
        judged = sum(self.confusion[other, role] for other in Role)
        return 2 * self.confusion[role, role] / (true + judged) if true + judged else None


def read_abstracts(path: Path) -> list[LabelledAbstract]:
    """Read JSON lines with `sentences` and as many `labels`; raises FeedsvcError that names the line."""
    read: list[LabelledAbstract] = []
    for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
        try:
            if line.strip():
                read.append(_read_abstract(json.loads(line)))
        except json.JSONDecodeError as error:
            raise FeedsvcError(f"{path}, line {number}: no JSON, {error.msg} at {error.colno}") from error
        except ValueError as error:
            raise FeedsvcError(f"{path}, line {number}: {error}") from error
    if not any(abstract.sentences for abstract in read):
        raise FeedsvcError(f"{path}: no labelled sentence, expected JSON lines with `sentences` and `labels`")
    return read


def read_label(label: str) -> Role:
    """Give the role that a label names, in one of the known ways; raises ValueError."""
    role = _LABELS.get(" ".join(label.lower().replace("_", " ").split()))
    if role is None:
        raise ValueError(f"{label!r} names no role: expected one like {', '.join(Role)}")
    return role


def _read_abstract(record: object) -> LabelledAbstract:
    sentences, labels = (_read_texts(record, key) for key in ("sentences", "labels"))
    if len(sentences) != len(labels):
        raise ValueError(f"{len(sentences)} sentences but {len(labels)} labels: expected one a sentence")
    return LabelledAbstract(tuple(sentences), tuple(map(read_label, labels)))


def _read_texts(record: object, key: str) -> list[str]:
    texts = record.get(key) if isinstance(record, dict) else None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("expected an object whose `sentences` and `labels` are lists of text")
    return texts


def list_figures(evaluation: Evaluation) -> dict[str, Any]:
    """Give the figures as values for JSON; a confusion row is a true role, its columns the judged ones."""
    return {
        "accuracy": evaluation.accuracy,
        "macro_f1": evaluation.macro_f1,
        "section_accuracy": evaluation.section_accuracy,
        "f1": {role.value: evaluation.measure_f1(role) for role in Role},
        "confusion": {
            true.value: {own.value: evaluation.confusion[true, own] for own in Role} for true in Role
        },
        "abstracts": evaluation.abstracts,
        "sentences": evaluation.sentences,
    }


def evaluate_roles(
    abstracts: Sequence[LabelledAbstract],
    judge: Callable[[Sequence[str]], Sequence[Role]] = judge_roles,
) -> Evaluation:
    """Judge the roles in abstracts that have a sentence between them, and hold them against the true ones."""
    judged = [judge(abstract.sentences) for abstract in abstracts]
    rows = list(zip((abstract.roles for abstract in abstracts), judged, strict=True))
    pairs = Counter(_pair(rows))
    agreed = [a is b for a, b in _pair((assign_sections(true), assign_sections(own)) for true, own in rows)]
    confusion = {(true, own): pairs[true, own] for true in Role for own in Role}
    return Evaluation(len(abstracts), confusion, sum(agreed) / len(agreed))


def _pair(rows: Iterable[tuple[Sequence[_Label], Sequence[_Label]]]) -> Iterable[tuple[_Label, _Label]]:
    return chain.from_iterable(zip(true, own, strict=True) for true, own in rows)
