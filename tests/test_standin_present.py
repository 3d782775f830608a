"""A corpus moved into the present keeps its weekdays and arXiv's times of day, and is announced this week."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import feedparser
import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.calendar import eastern_date, is_weekday, newest_day, switches_at
from feedsvc.standin.clock import StandinClock
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.present import move_corpus
from feedsvc.standin.sample import load_sample
from feedsvc.standin.server import open_standin
from tests.standin_papers import MONDAY, TUESDAY, WEDNESDAY, small_corpus

CORPUS: Corpus = small_corpus()
SAMPLE = load_sample()
JULY = datetime(2026, 7, 15, 16, 0, tzinfo=UTC)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=3650)).map(lambda span: SAMPLE.timeline[0].at + span)


@given(MOMENTS)
def test_on_every_weekday_the_sample_carries_that_very_day(now: datetime) -> None:
    clock = StandinClock(move_corpus(SAMPLE, now).timeline)

    assert clock.day_at(now) == newest_day(now) or not is_weekday(eastern_date(now))


@given(MOMENTS)
def test_a_day_is_switched_to_at_midnight_of_arxivs_clock_in_summer_too(now: datetime) -> None:
    moved = move_corpus(SAMPLE, now)

    assert [step.at for step in moved.timeline] == [switches_at(step.day) for step in moved.timeline]
    assert [step.day.weekday() for step in moved.timeline] == [0, 1, 2, 3, 4]


def test_everything_that_is_dated_moves_alike() -> None:
    corpus = replace(CORPUS, removed={"2601.90002": WEDNESDAY}, touched={"2601.90005": (TUESDAY,)})
    moved = move_corpus(corpus, JULY)
    span = date(2026, 7, 13) - MONDAY

    assert moved.timeline[0].day == date(2026, 7, 13)
    assert moved.pages == {day + span: page for day, page in corpus.pages.items()}
    assert moved.removed == {"2601.90002": WEDNESDAY + span}
    assert moved.touched == {"2601.90005": (TUESDAY + span,)}


def test_papers_keep_the_hour_at_which_arxivs_clock_saw_them_come() -> None:
    moved = move_corpus(CORPUS, JULY).papers["2601.90002", 2]

    # 10:11 and 12:00 in UTC are an hour earlier on the clock in winter than in summer.
    assert moved.submitted == datetime(2026, 7, 10, 9, 11, 2, tzinfo=UTC)
    assert moved.revised == datetime(2026, 7, 13, 11, 0, tzinfo=UTC)
    assert replace(moved, submitted=None, revised=None) == replace(
        CORPUS.papers["2601.90002", 2], submitted=None, revised=None
    )


@pytest.mark.parametrize("before", [timedelta(0), timedelta(days=400)])
def test_a_corpus_that_begins_now_or_later_stays_as_it_is(before: timedelta) -> None:
    assert move_corpus(CORPUS, CORPUS.timeline[0].at - before) == CORPUS


def test_a_standin_of_the_present_lists_todays_papers_at_once() -> None:
    with open_standin(now=JULY) as standin, urllib3.PoolManager() as http:
        listing = feedparser.parse(http.request("GET", f"{standin.url}/rss/cs.AI").data)
        state = http.request("GET", f"{standin.url}/control").json()

    assert (listing.feed.published[:16], len(listing.entries) > 0) == ("Wed, 15 Jul 2026", True)
    assert (state["day"], state["steps_left"]) == ("2026-07-15", 2)
