"""Moves a corpus into the present: a service that lives by the real clock finds it announced this week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from feedsvc.calendar import EASTERN
from feedsvc.paper import Paper
from feedsvc.standin.corpus import Corpus, Step

WEEK = timedelta(weeks=1)


def move_corpus(corpus: Corpus, now: datetime) -> Corpus:
    """Give a corpus with every date so many whole weeks later that its first step is the newest possible.

    Weekdays and times of day on arXiv's clock stay; identifiers do too. A corpus that begins later than
    `now` is left as it is.
    """
    weeks = (_read_wall(now) - _read_wall(corpus.timeline[0].at)) // WEEK
    return _Move(WEEK * max(0, weeks)).move(corpus)


@dataclass(frozen=True, slots=True)
class _Move:
    span: timedelta

    def move(self, corpus: Corpus) -> Corpus:
        return Corpus(
            papers={key: self._move_paper(paper) for key, paper in corpus.papers.items()},
            timeline=tuple(
                Step(self._move_instant(step.at), step.day + self.span) for step in corpus.timeline
            ),
            pages={day + self.span: page for day, page in corpus.pages.items()},
            touched=self._move_days(corpus.touched),
            removed={paper: day + self.span for paper, day in corpus.removed.items()},
        )

    def _move_paper(self, paper: Paper) -> Paper:
        submitted, revised = paper.submitted, paper.revised
        return replace(
            paper,
            submitted=submitted and self._move_instant(submitted),
            revised=revised and self._move_instant(revised),
        )

    def _move_days(self, days: Mapping[str, tuple[date, ...]]) -> dict[str, tuple[date, ...]]:
        return {paper: tuple(day + self.span for day in some) for paper, some in days.items()}

    def _move_instant(self, moment: datetime) -> datetime:
        return (_read_wall(moment) + self.span).replace(tzinfo=EASTERN).astimezone(UTC)


def _read_wall(moment: datetime) -> datetime:
    """Give what arXiv's clock shows at an instant, without its zone, so that summer time moves nothing."""
    return moment.astimezone(EASTERN).replace(tzinfo=None)
