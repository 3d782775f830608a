"""Infers where the sections of a crawled page end: new, cross-lists, replacements, cross-listed replacements.

A page runs through its sections in this order, each may be absent, and identifiers rise inside each. Every
reading that keeps the order has a cost, the sum over its rows, and the cheapest is taken; of equals, the one
that stays longest in the earlier section. What a row costs, and why, is said where the costs are named. What
other topics' pages show of a paper counts: so the clearest page of a day is read first, the one in which
identifiers fall back most often, and all are read again until nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from statistics import median_low

from feedsvc.paper import Kind, order_id

FALLS = 10  # after a later identifier in the same section: identifiers rise
TOO_EARLY = 5  # replaced, but its identifier is of the day's own, or another topic shows it as new
TOO_LATE = 5  # new, but it was announced on an earlier day, or another topic shows it as replaced
AGAIN = 5  # cross-listed, but this very topic showed it on an earlier day
SECOND_PRIMARY = 3  # new or replaced in a second topic: both are said by the one primary category
NO_PRIMARY = 3  # cross-listed replacement, in the topic that is known to be the primary one
MISSED = 4  # replaced, but a topic that showed it on an earlier day does not: all categories show it
REPLACED_CROSS = 4  # cross-listed on the very day on which another topic shows it as replaced: rare
OLD = 1  # new or cross-listed, but its identifier is older than the day's own: put on hold, or years later
ROUNDS = 5

KINDS = tuple(Kind)
REPLACEMENTS = frozenset({Kind.REPLACE, Kind.REPLACE_CROSS})

Pages = Mapping[str, Sequence[str]]
Order = tuple[int, int]
Costs = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class History:
    """The topics that showed a paper on earlier days, and its primary one where a page told."""

    topics: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    primaries: Mapping[str, str] = field(default_factory=dict)

    def extend(self, pages: Pages, kinds: Mapping[str, Sequence[Kind]]) -> History:
        """Add what the pages of one more day showed."""
        topics, primaries = dict(self.topics), dict(self.primaries)
        for topic, papers in pages.items():
            for paper, kind in zip(papers, kinds[topic], strict=True):
                topics[paper] = tuple(dict.fromkeys((*topics.get(paper, ()), topic)))
                if kind in {Kind.NEW, Kind.REPLACE}:
                    primaries.setdefault(paper, topic)
        return History(topics, primaries)


def read_sections(pages: Pages, earliest: Order, history: History) -> dict[str, tuple[Kind, ...]]:
    """Give the kind of every row of a day's pages; no identifier before `earliest` is the day's own."""
    day = _Day(pages, _find_floor(pages, earliest, history), history)
    clearest_first = sorted(pages, key=lambda topic: _measure_clarity(pages[topic]), reverse=True)
    kinds: dict[str, tuple[Kind, ...]] = {topic: () for topic in pages}
    for _ in range(ROUNDS):
        before = dict(kinds)
        for topic in clearest_first:
            elsewhere = _collect_kinds(pages, kinds, topic)
            costs = [day.weigh(paper, topic, elsewhere.get(paper, frozenset())) for paper in pages[topic]]
            kinds[topic] = _choose_kinds(pages[topic], costs)
        if kinds == before:
            break
    return kinds


def _find_floor(pages: Pages, earliest: Order, history: History) -> Order:
    """Give the first identifier of the day's own: past all earlier ones, else that which pages begin with."""
    if history.topics:
        months, number = max(order_id(paper) for paper in history.topics)
        return max(earliest, (months, number + 1))
    firsts = [order_id(papers[0]) for papers in pages.values() if papers]
    return max(earliest, median_low(firsts)) if firsts else earliest


def _measure_clarity(papers: Sequence[str]) -> tuple[int, int]:
    return sum(after <= before for before, after in pairwise(papers)), len(papers)


def _collect_kinds(
    pages: Pages, kinds: Mapping[str, Sequence[Kind]], apart_from: str
) -> dict[str, AbstractSet[Kind]]:
    found: dict[str, AbstractSet[Kind]] = {}
    for topic in pages.keys() - {apart_from}:
        for paper, kind in zip(pages[topic], kinds[topic], strict=False):
            found[paper] = found.get(paper, frozenset()) | {kind}
    return found


@dataclass(frozen=True)
class _Day:
    pages: Pages
    floor: Order
    history: History

    def weigh(self, paper: str, topic: str, elsewhere: AbstractSet[Kind]) -> Costs:
        """Give the cost of a row as new, cross, replace and replace-cross."""
        is_old = order_id(paper) < self.floor
        replaced = bool(elsewhere & REPLACEMENTS)
        primary = self.history.primaries.get(paper, topic)
        earlier = self.history.topics.get(paper, ())
        late = TOO_LATE * (replaced or bool(earlier))
        early = TOO_EARLY * (not is_old or Kind.NEW in elsewhere) + MISSED * self._is_missed(paper, earlier)
        return (
            late + OLD * is_old + SECOND_PRIMARY * (Kind.NEW in elsewhere),
            REPLACED_CROSS * replaced + OLD * is_old + AGAIN * (topic in earlier),
            early + SECOND_PRIMARY * (Kind.REPLACE in elsewhere or primary != topic),
            early + NO_PRIMARY * (paper in self.history.primaries and primary == topic),
        )

    def _is_missed(self, paper: str, earlier: tuple[str, ...]) -> bool:
        """Tell whether a page of the day lacks a paper that its topic showed earlier."""
        return any(paper not in self._shown[topic] for topic in self._shown.keys() & earlier)

    @cached_property
    def _shown(self) -> dict[str, frozenset[str]]:
        return {topic: frozenset(papers) for topic, papers in self.pages.items()}


def _choose_kinds(papers: Sequence[str], costs: Sequence[Costs]) -> tuple[Kind, ...]:
    """Find the cheapest reading: for each kind, the best way to have come to it at each row."""
    if not papers:
        return ()
    totals = list(costs[0])
    origins: list[tuple[int, ...]] = []
    for (before, paper), row in zip(pairwise(papers), costs[1:], strict=True):
        fall = FALLS if paper <= before else 0
        steps = [
            min((totals[old] + (fall if old == new else 0), old) for old in range(new + 1))
            for new in range(len(KINDS))
        ]
        origins.append(tuple(origin for _, origin in steps))
        totals = [cost + total for cost, (total, _) in zip(row, steps, strict=True)]
    return _trace(totals, origins)


def _trace(totals: Sequence[int], origins: Sequence[tuple[int, ...]]) -> tuple[Kind, ...]:
    index = totals.index(min(totals))
    path = [index]
    for choice in reversed(origins):
        index = choice[index]
        path.append(index)
    return tuple(KINDS[index] for index in reversed(path))
