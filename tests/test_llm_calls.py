"""Calls of which nobody waits for the end once it is time to stop."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from feedsvc.digest.llm.calls import Abandoned, Calls


@pytest.fixture
def released() -> Iterator[threading.Event]:
    """Give an event that calls may wait for, and that comes at the end at the latest."""
    event = threading.Event()
    yield event
    event.set()


def test_a_call_gives_its_value() -> None:
    assert Calls().make(lambda: 7) == 7


def test_a_call_raises_its_own_error() -> None:
    with pytest.raises(ZeroDivisionError):
        Calls().make(lambda: 1 // 0)


def test_a_call_under_way_is_abandoned_at_the_stop(released: threading.Event) -> None:
    calls, begun, outcome = Calls(), threading.Event(), []

    def wait() -> None:
        begun.set()
        released.wait(60)

    def make() -> None:
        try:
            calls.make(wait)
        except Abandoned as error:
            outcome.append(error)

    waiting = threading.Thread(target=make, daemon=True)
    waiting.start()
    assert begun.wait(10)
    calls.stop()
    waiting.join(10)

    assert len(outcome) == 1
    assert not released.is_set()


def test_no_call_is_made_after_the_stop() -> None:
    calls, made = Calls(), []
    calls.stop()
    with pytest.raises(Abandoned):
        calls.make(lambda: made.append(1))

    assert made == []
