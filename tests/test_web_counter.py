"""Handing out documents: how long they may be kept, and what goes with them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from feedsvc.web.counter import Counter, Handout
from feedsvc.web.delivery import Asked, make_ready
from feedsvc.web.packing import Packings
from feedsvc.web.pulse import Beat
from tests.builders import NOON

READY = make_ready(b"<feed/>", "application/atom+xml")
COUNTER = Counter(Packings())


def keep(handout: Handout, *, is_complete: bool = True, microsecond: int = 0) -> str:
    now = NOON.replace(microsecond=microsecond)
    complete = frozenset({"en"}) if is_complete else frozenset({"zh"})
    return COUNTER.answer(handout, Asked(), now, Beat(1, complete, NOON, NOON)).headers["Cache-Control"]


def test_a_document_waits_for_the_next_announcement_while_nothing_is_awaited() -> None:
    handout = Handout("cs.AI", "en", READY, {})

    assert keep(handout, is_complete=False) == "public, max-age=900"
    assert int(keep(handout).partition("max-age=")[2]) > 900


def test_what_is_closed_lasts_as_long_as_is_said() -> None:
    handout = Handout("cs.AI", "en", READY, {}, lasts=timedelta(days=1))

    assert {keep(handout, is_complete=state) for state in (True, False)} == {"public, max-age=86400"}


@pytest.mark.parametrize("microsecond", [1, 500_000, 999_999])
def test_within_one_second_the_answer_stays(microsecond: int) -> None:
    handout = Handout("cs.AI", "en", READY, {})

    assert keep(handout, microsecond=microsecond) == keep(handout)


def test_what_goes_with_a_document_is_sent_with_it_and_with_a_304() -> None:
    handout = Handout("cs.AI", "en", READY, {"Link": "<x>; rel=self"})
    for asked in (Asked(), Asked(if_none_match="*")):
        answer = COUNTER.answer(handout, asked, NOON, Beat(1, frozenset({"en"}), NOON, NOON))
        assert answer.headers["Link"] == "<x>; rel=self"
