"""Watching over the ledger: the survey of a real store, and the counting of requests."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text

from feedsvc.http import Outcome
from feedsvc.lateness import Overall
from feedsvc.paper import BatchState
from feedsvc.pipeline.watch import Watch, count_request
from feedsvc.settings import load_settings
from feedsvc.store import Store
from tests.builders import MONDAY, make_note
from tests.web_house import StoppedClock

MIDNIGHT = datetime(2026, 1, 5, 5, 0, tzinfo=UTC)


def watch_at(store: Store, moment: datetime, *categories: str) -> Watch:
    return Watch(store, StoppedClock(moment), categories or ("cs.AI",), timedelta(hours=6))


def test_a_survey_is_of_what_the_store_holds_now(store: Store) -> None:
    watch = watch_at(store, MIDNIGHT + timedelta(hours=7))
    before = watch.survey().overall
    store.ledger.note_batch(make_note(BatchState.QUIET, day=MONDAY))

    assert (before, watch.survey().overall) == (Overall.LATE, Overall.FINE)


def test_the_ledger_owes_from_its_first_day_on_however_long_ago(store: Store) -> None:
    store.ledger.note_batch(make_note(BatchState.QUIET, day=MONDAY - timedelta(days=60)))
    survey = watch_at(store, MIDNIGHT, "cs.AI", "cs.LG").survey(days=4)

    assert [cell.category for cell in survey.owed(MONDAY)] == ["cs.AI", "cs.LG"]
    assert len(survey.late) == 0
    assert len(watch_at(store, MIDNIGHT + timedelta(hours=6)).survey(days=4).late) == 1


def test_a_survey_asks_the_store_twice_whatever_is_followed(store: Store) -> None:
    asked: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    watch_at(store, MIDNIGHT, *load_settings(categories="").categories).survey(days=60)

    assert len([statement for statement in asked if "SELECT" in statement]) == 2


@pytest.mark.parametrize(
    ("outcome", "label"),
    [
        (Outcome("http://rss.arxiv.org:80/rss/cs.AI?x=1", 1, 0.5, status=200), "200"),
        (Outcome("http://rss.arxiv.org/rss/cs.AI", 4, 0.5, status=503), "503"),
        (Outcome("http://rss.arxiv.org/rss/cs.AI", 1, 60.0, error="nothing came for 60 s"), "error"),
    ],
)
def test_a_request_is_counted_by_host_and_status(store: Store, outcome: Outcome, label: str) -> None:
    count_request(store, StoppedClock(), outcome)

    assert store.requests.requests_by_outcome() == {("rss.arxiv.org", label): 1}


@pytest.mark.usefixtures("sqlite_only")
def test_a_request_that_cannot_be_counted_breaks_nothing(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    with store.engine.connect() as connection, connection.begin():
        connection.execute(text("DROP TABLE requests"))

    with caplog.at_level(logging.WARNING):
        count_request(store, StoppedClock(), Outcome("http://rss.arxiv.org/", 1, 0.1, status=200))

    assert "rss.arxiv.org" in caplog.text
