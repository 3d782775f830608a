"""Handing out documents: one answer for all who ask alike, whichever way a request came in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from feedsvc.web.delivery import Answer, Asked, Ready, answer, date_surely, show_in_browser
from feedsvc.web.freshness import max_age
from feedsvc.web.packing import Packings
from feedsvc.web.pulse import Beat

VARY = "Accept-Encoding, Sec-Fetch-Dest"


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
        """Answer a request for a document at a moment; the same within one second and one beat."""
        moment = now.replace(microsecond=0)
        seconds = _seconds(handout, moment, beat)
        headers = {"Cache-Control": f"public, max-age={seconds}", "Vary": VARY, **handout.headers}
        ready = date_surely(show_in_browser(handout.ready, asked), moment)
        return answer(ready, asked, headers, self._packings)


def _seconds(handout: Handout, now: datetime, beat: Beat) -> int:
    if handout.lasts is not None:
        return int(handout.lasts.total_seconds())
    return max_age(handout.feed, now, beat.find_completion(handout.language))
