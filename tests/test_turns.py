"""Threads of a serving process take short turns, and are seldom interrupted."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from feedsvc.serve import serve_app
from feedsvc.turns import OBJECTS_A_SEARCH, TURN_SECONDS, short_turns
from feedsvc.wsgi import make_app


@pytest.fixture(autouse=True)
def former() -> Iterator[float]:
    """Give how long turns were, and will be again."""
    seconds, objects = sys.getswitchinterval(), gc.get_threshold()
    yield seconds
    gc.unfreeze()
    gc.set_threshold(*objects)
    sys.setswitchinterval(seconds)


def test_turns_are_short_in_the_context_and_as_before_after_it(former: float) -> None:
    with short_turns():
        assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS)
    assert sys.getswitchinterval() == pytest.approx(former)


def test_garbage_is_looked_for_seldom_in_the_context_and_as_before_after_it() -> None:
    usual = gc.get_threshold()
    with short_turns():
        assert gc.get_threshold()[:2] == OBJECTS_A_SEARCH[:2]
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == usual
    assert gc.get_freeze_count() == 0


def test_a_server_of_ours_has_short_turns_while_it_serves(former: float) -> None:
    with serve_app(lambda _environ, _start: [], "127.0.0.1", 0, threads=1):
        assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS)
    assert sys.getswitchinterval() == pytest.approx(former)


@pytest.mark.usefixtures("former")
def test_a_process_of_another_server_has_short_turns_from_its_application_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDSVC_DATABASE_URL", f"sqlite:///{tmp_path}/store.sqlite3")

    make_app()

    assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS)
