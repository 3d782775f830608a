"""What two papers have in common, for people to read."""

from __future__ import annotations

from math import log

import numpy as np

from feedsvc.likeness.weights import Tally, key_of
from feedsvc.likeness.words import count_stems, spell_stems
from feedsvc.paper import Paper

MOST_NAMED = 4
# A word of more than one in ten papers says little by itself; it is named where there is no better one.
_TELLING = log(10)


def name_shared(given: Paper, other: Paper, tally: Tally) -> tuple[str, ...]:
    """Give the few words that say most of what two papers share, as the other spells them, the best first."""
    theirs, ours = count_stems(given), count_stems(other)
    shared = sorted(theirs.keys() & ours.keys())
    weights = dict(zip(shared, tally.weigh(_number(shared)).tolist(), strict=True))
    telling = [stem for stem in shared if weights[stem] >= _TELLING] or shared
    value = {stem: (1 + log(theirs[stem])) * (1 + log(ours[stem])) * weights[stem] ** 2 for stem in telling}
    spelt = spell_stems(other)
    return tuple(spelt[stem] for stem in sorted(telling, key=lambda stem: (-value[stem], stem))[:MOST_NAMED])


def _number(stems: list[str]) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    return np.array([key_of(stem) for stem in stems], np.uint32)
