"""Which traits any query asks for, by number, and which of them a subject has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from operator import itemgetter

import numpy as np
from numpy.typing import NDArray

from feedsvc.query.numbering import LAST, Numbering
from feedsvc.query.subject import Subject
from feedsvc.query.traits import ALWAYS, FIELDS, Trait, prefix_of, shorten, traits_of

_BETWEEN = "|"  # no word


class Lexicon(Numbering[Trait]):
    """Numbers traits, ALWAYS with 0. With a phrase, its last words have numbers too.

    So a subject is read word by word: where no trait ends in a word, none ends in it and the one before.
    """

    def __init__(self) -> None:
        super().__init__(part=itemgetter(-1))
        self._prefixes: Counter[str] = Counter()
        self.take(ALWAYS)

    def find_in(self, subject: Subject) -> NDArray[np.intp]:
        """Give the numbers of the traits that a subject has, each once."""
        found: set[int] = set()
        for prefix in self._prefixes:
            if prefix in FIELDS:
                self._find_phrases(prefix, subject.wording.phrases[FIELDS[prefix]], found)
            else:
                found |= {n for trait in traits_of(subject, prefix) if (n := self.find(trait)) is not None}
        return np.fromiter(found, np.intp, len(found))

    def _find_phrases(self, prefix: str, phrases: Iterable[Iterable[str]], found: set[int]) -> None:
        shards, last, add = self._shards, LAST, found.add
        tokens = [_BETWEEN, _BETWEEN]
        for phrase in phrases:
            tokens += [prefix + word for word in phrase] if prefix else phrase
            tokens.append(_BETWEEN)
        for first, second, third in zip(tokens, tokens[1:], tokens[2:], strict=False):
            shard = shards[hash(third) & last]
            number = shard.get((third,))
            if number is None:
                continue
            add(number)
            number = shard.get((second, third))
            if number is None:
                continue
            add(number)
            number = shard.get((first, second, third))
            if number is not None:
                add(number)

    def _enter(self, items: Iterable[Trait]) -> None:
        for item in items:
            self._prefixes[prefix_of(item)] += 1
            ending = shorten(item)
            if ending is not None:
                self.take(ending)

    def _leave(self, item: Trait) -> None:
        prefix = prefix_of(item)
        self._prefixes[prefix] -= 1
        if not self._prefixes[prefix]:
            del self._prefixes[prefix]
        ending = shorten(item)
        if ending is not None:
            self.let_go(ending)
