"""Working ahead in a process of its own, so that reading and storing do not take turns."""

from __future__ import annotations

import gc
import multiprocessing
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from feedsvc.errors import FeedsvcError

# A search for cycles, of which values have none, at every 700th object takes a sixth of all the time.
OBJECTS_A_SEARCH = 100_000

Value = TypeVar("Value")


@contextmanager
def work_ahead(make: Callable[..., Iterator[Value]], *args: object) -> Iterator[Iterator[Value]]:
    """Give the values of `make(*args)`, made in another process while the caller works on the one before.

    Arguments and values are pickled, and no more than two values wait. The process ends with the context, or
    when its owner dies. The iterator raises what `make` raises of the service's errors and of the system's,
    and FeedsvcError where the process ended untimely.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send_values, args=(sender, make, args), daemon=True)
    process.start()
    # Only the process has this end now: its death is seen here as an end of file, and ours there as a break.
    sender.close()
    try:
        with _search_seldom():
            yield _receive_values(receiver)
    finally:
        receiver.close()
        process.join()


def _receive_values(receiver: Connection) -> Iterator[Any]:
    while (value := _receive(receiver)) is not None:
        if isinstance(value, Exception):
            raise value
        yield value


def _receive(receiver: Connection) -> object:
    try:
        return receiver.recv()
    except EOFError as error:
        raise FeedsvcError("the process that worked ahead ended before its work was done") from error


def _send_values(sender: Connection, make: Callable[..., Iterator[Any]], args: tuple[object, ...]) -> None:
    # Ctrl+C reaches both processes, and the other one decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(BrokenPipeError), _search_seldom():
        for value in _end_well(make(*args)):
            sender.send(value)


def _end_well(values: Iterator[Any]) -> Iterator[Any]:
    """Give the values, then None, or the error that ended them."""
    try:
        yield from values
    except (FeedsvcError, OSError) as error:
        yield error
    else:
        yield None


@contextmanager
def _search_seldom() -> Iterator[None]:
    usual = gc.get_threshold()
    gc.set_threshold(OBJECTS_A_SEARCH)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
