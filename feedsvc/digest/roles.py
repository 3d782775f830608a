"""Judges which role each sentence of an abstract plays, by points for its cues, its place and its heading."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from feedsvc.digest.cues import CUES, FLOW, HEADINGS, PLACES, Role

_TOKEN = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*|[%©]")
_HEADING = re.compile(rf"\W*(?:\\\w+\{{)?(?=[A-Z])(?i:({'|'.join(HEADINGS)}))\W*[.:]")
_HEADING_POINTS = 60
_TINY_WORDS, _SHORT_WORDS = 6, 12
_ROLES = tuple(Role)


def judge_roles(sentences: Sequence[str]) -> tuple[Role, ...]:
    """Judge which role each sentence of one abstract plays, in the sentences' order."""
    points = [_add_up(marks) for marks in _find_marks(sentences)]
    for row, role in zip(points, _follow_headings(sentences), strict=True):
        if role:
            row[_ROLES.index(role)] += _HEADING_POINTS
    return _find_best_path(points)


def find_cues(sentence: str) -> set[str]:
    """Name the cues that stand in a sentence."""
    index, tokens = _index_phrases(), ["^", *_TOKEN.findall(sentence.lower())]
    return {
        cue
        for at, token in enumerate(tokens)
        for rest, cue in index.get(token, ())
        if rest == tokens[at + 1 : at + 1 + len(rest)]
    }


def _find_marks(sentences: Sequence[str]) -> list[set[str]]:
    """Name the cues and the places of each sentence."""
    cues = [find_cues(sentence) for sentence in sentences]
    announced = next((at for at, found in enumerate(cues) if _announces(found)), None)
    return [
        found | _find_places(at, len(cues), announced, len(sentence.split()))
        for at, (sentence, found) in enumerate(zip(sentences, cues, strict=True))
    ]


@cache
def _index_phrases() -> dict[str, list[tuple[list[str], str]]]:
    """File the rest of each phrase, and its cue, under the phrase's first word."""
    index: dict[str, list[tuple[list[str], str]]] = {}
    for cue, (phrases, _) in CUES.items():
        for phrase in phrases.split(", "):
            first, *rest = phrase.split()
            index.setdefault(first, []).append((rest, cue))
    return index


def _announces(cues: set[str]) -> bool:
    """Tell whether a sentence says what the paper does."""
    return bool(cues & {"this paper", "intent"} or ("we" in cues and cues & {"propose", "present", "study"}))


def _find_places(at: int, count: int, announced: int | None, words: int) -> set[str]:
    places = {"any", f"quarter {1 + 4 * at // count}"}
    places.update(name for name, place in (("first", 0), ("second", 1), ("last", count - 1)) if at == place)
    if announced is not None:
        places.add("before" if at < announced else "after" if at > announced else "announces")
    if words < _SHORT_WORDS:
        places.add("tiny" if words < _TINY_WORDS else "short")
    return places


def _add_up(marks: set[str]) -> list[int]:
    rows = (PLACES[mark] if mark in PLACES else CUES[mark][1] for mark in marks)
    return [sum(column) for column in zip(*rows, strict=True)]


def _follow_headings(sentences: Sequence[str]) -> list[Role | None]:
    """Give each sentence the role its heading names; among several headings each holds until the next one."""
    found = (_HEADING.match(sentence) for sentence in sentences)
    roles = [HEADINGS[heading[1].lower()] if heading else None for heading in found]
    if len(roles) - roles.count(None) > 1:
        for at in range(1, len(roles)):
            roles[at] = roles[at] or roles[at - 1]
    return roles


def _find_best_path(points: Sequence[Sequence[int]]) -> tuple[Role, ...]:
    """Choose the roles whose points, with those of the flow from each to the next, add up to the most."""
    if not points:
        return ()
    paths: list[tuple[int, tuple[Role, ...]]] = [
        (own, (role,)) for own, role in zip(points[0], _ROLES, strict=True)
    ]
    for row in points[1:]:
        paths = [
            max((total + FLOW[path[-1]][column] + own, (*path, _ROLES[column])) for total, path in paths)
            for column, own in enumerate(row)
        ]
    return max(paths)[1]
