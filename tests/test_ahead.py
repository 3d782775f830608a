"""Work in another process: its values in their order, its errors raised here, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from feedsvc.errors import BrokenAnswer, FeedsvcError
from feedsvc.pipeline.ahead import work_ahead

KILLED = """
import os, signal
from feedsvc.pipeline.ahead import work_ahead
from tests.test_ahead import tell_process

if __name__ == "__main__":
    with work_ahead(tell_process) as values:
        print(next(values), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


def count(to: int) -> Iterator[int]:
    yield from range(to)


def break_off(after: int, error: Exception) -> Iterator[int]:
    yield from range(after)
    raise error


def tell_process() -> Iterator[int]:
    while True:
        yield os.getpid()


def end_untimely() -> Iterator[int]:
    yield 1
    os.kill(os.getpid(), signal.SIGKILL)


def is_alive(process: int) -> bool:
    """Tell whether a process is there, and no mere remnant of one."""
    with suppress(FileNotFoundError, ProcessLookupError), open(f"/proc/{process}/stat") as stat:
        return stat.read().rpartition(")")[2].split()[0] != "Z"
    return False


def wait_for_end(process: int) -> bool:
    until = time.monotonic() + 60
    while is_alive(process) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_alive(process)


def test_values_come_in_their_order() -> None:
    with work_ahead(count, 1000) as values:
        assert list(values) == list(range(1000))


def test_they_are_made_in_another_process_that_ends_when_nobody_wants_more() -> None:
    with work_ahead(tell_process) as values:
        process = next(values)

    assert process != os.getpid()
    assert wait_for_end(process)


@pytest.mark.parametrize("error", [BrokenAnswer("no dump"), OSError("no disk")])
def test_an_error_is_raised_here_behind_the_values_before_it(error: Exception) -> None:
    with work_ahead(break_off, 2, error) as values:
        assert [next(values), next(values)] == [0, 1]
        with pytest.raises(type(error), match=str(error)):
            next(values)


def test_a_process_that_dies_is_an_error() -> None:
    with work_ahead(end_untimely) as values:
        assert next(values) == 1
        with pytest.raises(FeedsvcError, match="before its work was done"):
            next(values)


def test_the_process_ends_when_its_owner_is_killed() -> None:
    owner = subprocess.run([sys.executable, "-c", KILLED], stdout=subprocess.PIPE, text=True, check=False)

    assert owner.returncode == -signal.SIGKILL
    assert wait_for_end(int(owner.stdout))
