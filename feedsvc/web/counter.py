"""Handing out documents: one answer for all who ask alike, whichever way a request came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from feedsvc.web.delivery import Answer, Asked, Ready, answer, show_in_browser
from feedsvc.web.freshness import max_age
from feedsvc.web.packing import Packings
from feedsvc.web.pulse import Beat

VARY = "Accept-Encoding, Sec-Fetch-Dest"
# A date tells states apart by the second only, and processes learn of a change within a part of one.
DATED_AFTER = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Handout:
    """A feed's document, ready to be sent, and what goes with it.

    `lasts` is how long it may be kept whatever is announced; None is until the next announcement.
    """

    feed: str
    language: str
    ready: Ready
    headers: Mapping[str, str]
    lasts: timedelta | None = None


class Counter:
    """Answers requests for documents."""

    def __init__(self, packings: Packings) -> None:
        self._packings = packings

    def answer(self, handout: Handout, asked: Asked, now: datetime, beat: Beat) -> Answer:
        """Answer a request for a document at a moment; the same within one second and one beat.

        What changed just now has no date yet: another state might share it, and who asks by date alone would
        keep the wrong one (RFC 9110, 8.8.2.2).
        """
        moment = now.replace(microsecond=0)
        seconds = _seconds(handout, moment, beat)
        headers = {"Cache-Control": f"public, max-age={seconds}", "Vary": VARY, **handout.headers}
        ready = show_in_browser(handout.ready, asked)
        if ready.changed_at is not None and moment - ready.changed_at < DATED_AFTER:
            ready = replace(ready, changed_at=None)
        return answer(ready, asked, headers, self._packings)


def _seconds(handout: Handout, now: datetime, beat: Beat) -> int:
    if handout.lasts is not None:
        return int(handout.lasts.total_seconds())
    return max_age(handout.feed, now, is_complete=handout.language in beat.complete)
