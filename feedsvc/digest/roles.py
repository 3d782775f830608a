"""Judges which role each sentence of an abstract plays, by a model that was trained on labelled abstracts.

Two classifiers stand one on the other, as in stacked generalization (Wolpert 1992): the first judges a
sentence by its words, its neighbours' words and its place, the second by what the first thinks of all around
it, by the cues that stand there, and by what the sentence looks like. `training/roles.py` makes the weights
from CSAbstruct (Cohan et al., EMNLP 2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from feedsvc.digest.cues import load_cues
from feedsvc.digest.features import (
    Floats,
    Grams,
    describe_surroundings,
    hash_grams,
    look_up,
    mark_places,
    stack_neighbours,
)
from feedsvc.digest.headings import Role, follow_headings

_ROLES = tuple(Role)
WEIGHTS = "data/roles.npz"


@dataclass(frozen=True, slots=True, eq=False)
class RoleModel:
    """The weights of the two classifiers; columns are the roles in the order of Role.

    `vocabulary` holds the hashes of the features that are known, ascending; `grams` for each of them whole
    numbers, to be multiplied by `scale`, a number a column: five for the sentence itself, five for the one
    after it, five for the one before it. `places` are the first classifier's weights of a sentence's place,
    `surroundings` the second's, of its surroundings and its place.
    """

    vocabulary: NDArray[np.uint32]
    grams: NDArray[np.int8]
    scale: Floats
    places: Floats
    surroundings: Floats

    def weigh(self, sentences: Sequence[str]) -> Floats:
        """Give the probability of each role, a row for each sentence of one abstract."""
        grams = hash_grams(sentences)
        return _normalize(self.look_around(self.weigh_words(grams), grams) @ self.surroundings)

    def look_around(self, chances: Floats, grams: Grams) -> Floats:
        """Give what the second classifier looks at, when the first thinks so of each sentence."""
        cues = load_cues().mark_cues(grams)
        return np.hstack([describe_surroundings(chances), cues, grams.shapes, mark_places(len(chances))])

    def weigh_words(self, grams: Grams) -> Floats:
        """Give what the first classifier thinks of each sentence, by what its features are."""
        rows, known = look_up(self.vocabulary, grams.hashes)
        sums, counts = _sum_by_sentence(self.grams[rows[known]], grams, known)
        weighed: Floats = (sums * (self.scale / np.sqrt(np.maximum(1, counts))[:, None])).astype(np.float32)
        own, following, preceding = np.split(weighed, 3, axis=1)
        points = own + stack_neighbours(following)[0] + stack_neighbours(preceding)[1]
        return _normalize(points + mark_places(len(grams.lengths)) @ self.places)


@cache
def load_model() -> RoleModel:
    """Give the model that comes with the package."""
    with resources.files("feedsvc").joinpath(WEIGHTS).open("rb") as file, np.load(file) as arrays:
        return RoleModel(**{name: arrays[name] for name in RoleModel.__slots__})


def judge_roles(sentences: Sequence[str], model: RoleModel | None = None) -> tuple[Role, ...]:
    """Judge which role each sentence of one abstract plays, in the sentences' order.

    Where headings say it they are believed. Of equal probabilities the first in the order of Role counts.
    """
    if not sentences:
        return ()
    best = (model or load_model()).weigh(sentences).argmax(axis=1)
    return tuple(
        heading or _ROLES[own] for heading, own in zip(follow_headings(sentences), best, strict=True)
    )


def find_sure(sentences: Sequence[str], role: Role, least: float) -> tuple[bool, ...]:
    """Tell of each sentence of one abstract whether it plays a role with so much probability at least."""
    if not sentences:
        return ()
    chances = load_model().weigh(sentences)[:, _ROLES.index(role)]
    return tuple(bool(chance >= least) for chance in chances)


def _sum_by_sentence(
    rows: NDArray[np.int8], grams: Grams, known: NDArray[np.bool_]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Add up the rows of each sentence's known features; give how many these are as well."""
    counts = np.add.reduceat(known, grams.starts, dtype=np.int64)
    running = np.zeros((len(rows) + 1, rows.shape[1]), dtype=np.int32)
    np.cumsum(rows, axis=0, dtype=np.int32, out=running[1:])
    ends = running[counts.cumsum()]
    return np.diff(ends, axis=0, prepend=running[:1]), counts


def _normalize(points: Floats) -> Floats:
    """Turn points into probabilities, row by row."""
    powers = np.exp(points - points.max(axis=1, keepdims=True))
    shares: Floats = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares
