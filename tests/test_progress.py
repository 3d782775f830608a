"""Progress: kept with the rows, and counted from where a harvest was taken up."""

from __future__ import annotations

from datetime import datetime, timedelta

from feedsvc.pipeline.progress import Progress, Recorder, Step
from feedsvc.store import Store
from feedsvc.store.bulk import NOTHING, make_chunk
from tests.builders import NOON, make_paper


class Clock:
    """A clock that goes on by ten seconds whenever it is looked at."""

    def __init__(self) -> None:
        self._now = NOON

    def now(self) -> datetime:
        """Give the time."""
        self._now += timedelta(seconds=10)
        return self._now

    def sleep(self, seconds: float) -> None:
        """Wait for nothing."""


def take_up(store: Store, told: list[Progress], name: str = "history") -> Recorder:
    return Recorder(store, Clock(), name, told.append)


def test_each_step_is_told_with_what_it_stored(store: Store) -> None:
    told: list[Progress] = []
    recorder = take_up(store, told)
    recorder.record(
        make_chunk([make_paper()], [], store.bulk.backend), Step(records=1, skipped=2, share=0.5, token="a")
    )
    recorder.record(
        make_chunk([make_paper(version=2)], [], store.bulk.backend), Step(records=1, share=1.0, is_last=True)
    )

    assert [(p.records, p.papers, p.skipped, p.share) for p in told] == [(1, 1, 2, 0.5), (2, 2, 2, 1.0)]
    assert recorder.progress == told[-1]


def test_the_place_is_kept_for_who_takes_it_up(store: Store) -> None:
    take_up(store, []).record(NOTHING, Step(records=7, token="there"))
    recorder = take_up(store, [])

    assert (recorder.token, recorder.progress.records) == ("there", 7)


def test_another_harvest_has_another_place(store: Store) -> None:
    take_up(store, []).record(NOTHING, Step(records=7, token="there"))

    assert take_up(store, [], "another").token is None


def test_a_harvest_that_came_to_its_end_begins_anew(store: Store) -> None:
    take_up(store, []).record(NOTHING, Step(records=7, token="there", is_last=True))
    recorder = take_up(store, [])

    assert (recorder.token, recorder.progress.records) == (None, 0)


def test_rate_and_time_left_count_from_where_it_was_taken_up(store: Store) -> None:
    take_up(store, []).record(NOTHING, Step(records=1000, share=0.5, token="half"))
    told: list[Progress] = []
    recorder = take_up(store, told)
    recorder.record(NOTHING, Step(records=100, share=0.5, token="half and a bit"))
    recorder.record(NOTHING, Step(records=300, share=0.6, token="more"))
    recorder.record(NOTHING, Step(records=0, share=1.0, is_last=True))

    # Ten seconds for each look at the clock: two of them a step.
    assert [p.rate for p in told] == [100 / 20, 400 / 40, 400 / 60]
    assert [p.left for p in told] == [None, timedelta(seconds=160), timedelta(0)]
