"""How long a serving process may keep the interpreter from threads that wait for it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# Python's own five milliseconds are fifty times what an answer takes whose bytes are ready: while one thread
# makes a page, the others would answer two hundred requests a second.
TURN_SECONDS = 0.0005
# While Python looks for garbage in cycles nobody has a turn: for a fifth of a second where a million objects
# are kept, and by its own rule every few seconds while documents are made. There is little of it, some twenty
# objects a request, most found among the young. All are looked through after ten million new ones.
OBJECTS_A_SEARCH = (5_000, 10, 200)


def shorten_turns() -> Callable[[], None]:
    """Have threads take short turns from now on, seldom interrupted; gives what ends that."""
    seconds, objects = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(TURN_SECONDS)
    gc.set_threshold(*OBJECTS_A_SEARCH)
    # What is there by now, modules above all, stays.
    gc.freeze()

    def end() -> None:
        gc.unfreeze()
        gc.set_threshold(*objects)
        sys.setswitchinterval(seconds)

    return end


@contextmanager
def short_turns() -> Iterator[None]:
    """Have threads take short turns while the context lasts."""
    end = shorten_turns()
    try:
        yield
    finally:
        end()
