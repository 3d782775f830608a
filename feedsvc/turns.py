"""How long a thread of a serving process may keep the interpreter while others wait for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Python's own five milliseconds are fifty times what an answer takes whose bytes are ready: while one thread
# makes a page, the others would answer two hundred requests a second.
TURN_SECONDS = 0.0005


def shorten_turns() -> None:
    """Have threads take short turns, for as long as the process lives."""
    sys.setswitchinterval(TURN_SECONDS)


@contextmanager
def short_turns() -> Iterator[None]:
    """Have threads take short turns while the context lasts."""
    former = sys.getswitchinterval()
    shorten_turns()
    try:
        yield
    finally:
        sys.setswitchinterval(former)
