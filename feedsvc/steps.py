"""The steps of the service by name: which goes first, and which must not run beside which. Pure."""

from __future__ import annotations

from enum import StrEnum


class Step(StrEnum):
    """A step; each does whatever the store's rows say is due, and may be run again at any time."""

    VERIFY = "verify"
    DELIVER = "deliver"
    FETCH = "fetch"
    DIGEST = "digest"
    BUILD = "build"
    SKETCH = "sketch"
    COMPLETE = "complete"
    CATCH_UP = "catch-up"
    WRITE = "write"

    @property
    def priority(self) -> int:
        """Which waiting step goes first: the one with the highest.

        Subscribers are never kept waiting by the others, announcements go before gaps of the ledger, and
        what takes hours comes last.
        """
        return PRIORITIES[self]

    @property
    def lock(self) -> str:
        """What only one step at a time may hold, over all workers.

        Those that ask arXiv share one: it is asked one request at a time anyway, and a harvest beside the
        listings could record an announcement on another day than the listing does.
        """
        return "arxiv" if self in ASKING else self.value


PRIORITIES = {step: 10 * (len(Step) - place) for place, step in enumerate(Step)}
ASKING = frozenset({Step.FETCH, Step.COMPLETE, Step.CATCH_UP})
HUB = frozenset({Step.VERIFY, Step.DELIVER})
CONTENT = (Step.DIGEST, Step.SKETCH, Step.BUILD)
"""What follows from papers and announcements that changed."""
