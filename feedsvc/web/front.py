"""A short way in front of the web framework for documents it has answered with before.

The framework finds out what an address means and where its document is; from then on the front answers the
same address from memory, byte for byte as the framework would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from threading import Lock
from typing import TYPE_CHECKING, Protocol

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


class Documents(Protocol):
    """What is asked about stored documents, see `DocumentStore`."""

    def find_tag(self, key: DocumentKey) -> str | None:
        """Give a document's entity tag."""
        ...

    def find_changed(self, edition: int) -> frozenset[DocumentKey] | None:
        """Give the documents that changed since an edition; None if any may have."""
        ...

    def tags(self) -> dict[DocumentKey, str]:
        """Give the entity tags of all."""
        ...


@dataclass(frozen=True, slots=True)
class Known:
    """A stored document that an address leads to, and when it was learned."""

    key: DocumentKey
    handout: Handout
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
        documents: Documents,
        protections: Mapping[str, str],
        note: Callable[[DocumentKey, str], None] = lambda key, agent: None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._counter = counter
        self._pulse = pulse
        self._clock = clock
        self._documents = documents
        self._protections = protections
        self._note = note
        self._most_bytes = most_bytes
        self._bytes = 0
        self._known: dict[Page, Known] = {}
        self._prepared: Prepared | None = None
        # All that is known was so in this edition: None until something is.
        self._edition: int | None = None
        self._lock, self._looking = Lock(), Lock()

    def learn(self, page: Page, key: DocumentKey, handout: Handout, edition: int) -> None:
        """Keep what an address leads to, if it is a stored document.

        The edition is one that was read before the document was.
        """
        seen = self._edition
        if not self._is_stored(key, handout):
            return
        with self._lock:
            # Who looked for changes in between did not look at this one.
            if self._edition != seen:
                return
            self._edition = edition if seen is None else seen
            self._forget(page)
            self._known[page] = Known(key, handout, self._clock.now())
            self._bytes += len(handout.ready.kept)
            while self._bytes > self._most_bytes:
                self._forget(next(iter(self._known)))

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
            prepared = self._begin(now)
        sent = prepared.answers.get((page, headers))
        if sent is None and self._is_known(page, known, now):
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
        prepared = Prepared(now, min(second + SECOND, beat.asked_at + INTERVAL), beat, {})
        if self._follow(beat.edition):
            self._prepared = prepared
        return prepared

    def _follow(self, edition: int) -> bool:
        """Forget what changed up to an edition; tells whether that is done, which nobody waits for.

        While the store is gone, what is known is the newest.
        """
        if not self._looking.acquire(blocking=False):
            return False
        try:
            former = self._edition
            if former not in (None, edition):
                self._forget_changed(former, edition)
            return True
        finally:
            self._looking.release()

    def _forget_changed(self, former: int, edition: int) -> None:
        with self._lock:
            # First of all: what is learned from here on was read after these changes.
            self._edition = edition
        try:
            gone = self._list_changed(former)
        except StoreError:
            with self._lock:
                self._edition = former
            return
        with self._lock:
            for page in gone:
                self._forget(page)

    def _list_changed(self, edition: int) -> list[Page]:
        changed = self._documents.find_changed(edition)
        tags = self._documents.tags() if changed is None else {}
        return [
            page
            for page, known in list(self._known.items())
            if (tags.get(known.key) != known.handout.ready.etag if changed is None else known.key in changed)
        ]

    def _is_stored(self, key: DocumentKey, handout: Handout) -> bool:
        return self._documents.find_tag(key) == handout.ready.etag

    def _is_known(self, page: Page, known: Known, now: datetime) -> bool:
        """Tell whether a document is still the stored one; forget what was learned long ago."""
        with self._lock:
            if abs(now - known.learned_at) >= KNOWN_FOR:
                self._forget(page)
            return self._known.get(page) is known

    def _make(self, handout: Handout, asked: Asked, now: datetime, beat: Beat) -> Sent:
        given = self._counter.answer(handout, asked, now, beat)
        headers = {**given.headers, **tell_expiry(given.headers, now), **self._protections}
        return f"{given.status} {HTTPStatus(given.status).phrase.upper()}", list(headers.items()), given.body

    def _forget(self, page: Page) -> None:
        gone = self._known.pop(page, None)
        if gone is not None:
            self._bytes -= len(gone.handout.ready.kept)
