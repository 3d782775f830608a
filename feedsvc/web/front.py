"""A short way in front of the web framework for documents it has answered with before.

The framework finds out what an address means and where its document is; from then on the front answers the
same address from memory, byte for byte as the framework would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING

from feedsvc.errors import StoreError
from feedsvc.http import Clock
from feedsvc.paper import DocumentKey
from feedsvc.web.counter import Counter, Handout
from feedsvc.web.delivery import Asked
from feedsvc.web.freshness import tell_expiry
from feedsvc.web.pulse import INTERVAL, Beat, Pulse

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST_BYTES = 64_000_000
MOST_PREPARED = 256
# Now and then the framework sees every address again, since it knows more than bytes: who is still asked for.
KNOWN_FOR = timedelta(hours=1)
SECOND = timedelta(seconds=1)

Page = tuple[str, str]
"""Path, as in PATH_INFO, and parameters, as in QUERY_STRING."""

Headers = tuple[str | None, str | None, str | None, str | None]
"""The values of an `Asked`."""

Sent = tuple[str, list[tuple[str, str]], bytes]
"""Status line, headers and body."""


@dataclass(frozen=True, slots=True)
class Known:
    """A stored document that an address leads to, as it was in an edition, and when it was learned."""

    key: DocumentKey
    handout: Handout
    edition: int
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class Prepared:
    """Whole answers by address and request headers, good within one second and one beat."""

    since: datetime
    until: datetime
    beat: Beat
    answers: dict[tuple[Page, Headers], Sent]


class Front:
    """Keeps at most 64 MB of packed documents; what it does not know goes to the application behind it.

    `note` is told of the document and the User-Agent wherever that speaks of subscribers.
    """

    def __init__(
        self,
        counter: Counter,
        pulse: Pulse,
        clock: Clock,
        find_tag: Callable[[DocumentKey], str | None],
        protections: Mapping[str, str],
        note: Callable[[DocumentKey, str], None] = lambda key, agent: None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._counter = counter
        self._pulse = pulse
        self._clock = clock
        self._find_tag = find_tag
        self._protections = protections
        self._note = note
        self._most_bytes = most_bytes
        self._bytes = 0
        self._known: dict[Page, Known] = {}
        self._prepared: Prepared | None = None
        self._lock = Lock()

    def learn(self, page: Page, key: DocumentKey, handout: Handout, edition: int) -> None:
        """Keep what an address leads to, if it is a stored document.

        The edition is one that was read before the document was.
        """
        if self._find_tag(key) != handout.ready.etag:
            return
        with self._lock:
            self._forget(page)
            self._known[page] = Known(key, handout, edition, self._clock.now())
            self._bytes += len(handout.ready.kept)
            while self._bytes > self._most_bytes:
                self._forget(next(iter(self._known)))

    def knows(self, page: Page) -> bool:
        """Tell whether an address is answered here."""
        return page in self._known

    def wrap(self, app: WSGIApplication) -> WSGIApplication:
        """Put the front before an application."""

        def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            sent = self._answer(environ) if environ["REQUEST_METHOD"] in ("GET", "HEAD") else None
            if sent is None:
                return app(environ, start_response)
            status, headers, body = sent
            start_response(status, headers.copy())
            return () if environ["REQUEST_METHOD"] == "HEAD" else (body,)

        return serve

    def _answer(self, environ: WSGIEnvironment) -> Sent | None:
        find = environ.get
        page = find("PATH_INFO", ""), find("QUERY_STRING", "")
        known = self._known.get(page)
        if known is None:
            return None
        headers = (
            find("HTTP_ACCEPT_ENCODING"),
            find("HTTP_IF_NONE_MATCH"),
            find("HTTP_IF_MODIFIED_SINCE"),
            find("HTTP_SEC_FETCH_DEST"),
        )
        now = self._clock.now()
        prepared = self._prepared
        if prepared is None or not prepared.since <= now < prepared.until:
            prepared = self._prepared = self._begin(now)
        sent = prepared.answers.get((page, headers))
        if sent is None and self._is_current(page, known, now, prepared.beat):
            sent = self._make(known.handout, Asked(*headers), now, prepared.beat)
            if len(prepared.answers) < MOST_PREPARED:
                prepared.answers[page, headers] = sent
        # Aggregators tell how many subscribers they have; see `subscribers`.
        if sent is not None and "subscriber" in (agent := find("HTTP_USER_AGENT", "")):
            self._note(known.key, agent)
        return sent

    def _begin(self, now: datetime) -> Prepared:
        beat = self._pulse.beat(now)
        second = now.replace(microsecond=0)
        return Prepared(now, min(second + SECOND, beat.asked_at + INTERVAL), beat, {})

    def _is_current(self, page: Page, known: Known, now: datetime, beat: Beat) -> bool:
        """Tell whether a document is still the stored one; forget it if not."""
        is_current = abs(now - known.learned_at) < KNOWN_FOR and (
            known.edition == beat.edition or self._has_stayed(known)
        )
        with self._lock:
            if not is_current:
                self._forget(page)
            elif self._known.get(page) is known and known.edition != beat.edition:
                self._known[page] = replace(known, edition=beat.edition)
        return is_current

    def _has_stayed(self, known: Known) -> bool:
        try:
            return self._find_tag(known.key) == known.handout.ready.etag
        except StoreError:
            return True

    def _make(self, handout: Handout, asked: Asked, now: datetime, beat: Beat) -> Sent:
        given = self._counter.answer(handout, asked, now, beat)
        headers = {**given.headers, **tell_expiry(given.headers, now), **self._protections}
        return f"{given.status} {HTTPStatus(given.status).phrase.upper()}", list(headers.items()), given.body

    def _forget(self, page: Page) -> None:
        gone = self._known.pop(page, None)
        if gone is not None:
            self._bytes -= len(gone.handout.ready.kept)
