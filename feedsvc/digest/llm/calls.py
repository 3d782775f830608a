"""Calls that take long and that nobody waits for to the end once it is time to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Any, TypeVar

Value = TypeVar("Value")


class Abandoned(Exception):
    """The call was not waited for to its end."""


class Calls:
    """Makes calls, each on a thread of its own. Safe to use from threads.

    A thread in the middle of a request cannot be ended; it is left behind, and ends with the process if it
    must. For that its threads are not a pool's, which Python joins at the end.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: set[Future[Any]] = set()
        self._is_stopped = False

    def make(self, call: Callable[[], Value]) -> Value:
        """Give what the call gives, or raise what it raises; Abandoned if `stop` comes before."""
        future: Future[Value] = Future()
        with self._lock:
            if self._is_stopped:
                raise Abandoned
            self._under_way.add(future)
        try:
            threading.Thread(target=_settle, args=(future, call), name="asking", daemon=True).start()
            return future.result()
        finally:
            with self._lock:
                self._under_way.discard(future)

    def stop(self) -> None:
        """Wait for no call any more, nor make another."""
        with self._lock:
            self._is_stopped = True
            for future in self._under_way:
                _abandon(future)


def _settle(future: Future[Value], call: Callable[[], Value]) -> None:
    # Whoever waited may be gone.
    with suppress(InvalidStateError):
        try:
            value = call()
        except Exception as error:
            future.set_exception(error)
        else:
            future.set_result(value)


def _abandon(future: Future[Any]) -> None:
    with suppress(InvalidStateError):
        future.set_exception(Abandoned())
