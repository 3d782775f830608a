"""Which requests reached the stand-in, and when, so that a test can judge how politely they came."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING, Any

from feedsvc.standin.connections import find_connection, is_gone

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FAULT = "standin.fault"
"""Where a request's environment holds the name of the fault that it met."""

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request, from its head read to the last byte of its answer sent, or to the end of the connection.

    `started` and `ended` are real instants, the others the stand-in's own, all in UTC. `is_whole` tells that
    the client stayed for the whole answer: without it the client may have gone before the end that is noted.
    """

    started: datetime
    ended: datetime
    clock_started: datetime
    clock_ended: datetime
    method: str
    path: str
    query: str
    status: int
    user_agent: str
    retry_after: float | None = None
    fault: str | None = None
    is_whole: bool = True


class RequestLog:
    """Every request so far, in the order of their ends; may be used from many threads."""

    def __init__(self) -> None:
        self._records: list[RequestRecord] = []
        self._lock = Lock()

    def add(self, record: RequestRecord) -> None:
        """Note one request."""
        with self._lock:
            self._records.append(record)

    def records(self) -> tuple[RequestRecord, ...]:
        """Give all records."""
        with self._lock:
            return tuple(self._records)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Notes the requests that pass through it to an app, but for those under a path that is none of arXiv's.

    A request is noted before the last byte of its answer leaves, so that who has read the answer finds it on
    record, with an end that is no later than the next request's start.
    """

    log: RequestLog
    wall: Clock
    clock: Clock
    spared: str

    def pass_on(
        self, app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """Let the app answer, and note the request when its answer has been sent."""
        if environ["PATH_INFO"].startswith(self.spared):
            return app(environ, start_response)
        visit = _Visit(environ, self.wall(), self.clock())
        return self._relay(app(environ, visit.watch(start_response)), visit)

    def _relay(self, body: Iterable[bytes], visit: _Visit) -> Iterator[bytes]:
        is_noted, held = False, b""
        try:
            for piece in filter(None, body):
                yield held + piece[:-1]
                held = piece[-1:]
            self._note(visit, is_whole=not is_gone(find_connection(visit.environ)))
            is_noted = True
            if held:
                yield held
        finally:
            if not is_noted:
                self._note(visit, is_whole=False)
            close = getattr(body, "close", None)
            if close:
                close()

    def _note(self, visit: _Visit, *, is_whole: bool) -> None:
        self.log.add(
            RequestRecord(
                started=visit.started,
                ended=self.wall(),
                clock_started=visit.clock_started,
                clock_ended=self.clock(),
                method=visit.environ["REQUEST_METHOD"],
                path=visit.environ["PATH_INFO"],
                query=visit.environ["QUERY_STRING"],
                status=visit.status,
                user_agent=visit.environ.get("HTTP_USER_AGENT", ""),
                retry_after=visit.retry_after,
                fault=visit.environ.get(FAULT),
                is_whole=is_whole,
            )
        )


@dataclass(slots=True)
class _Visit:
    """A request that is being answered."""

    environ: WSGIEnvironment
    started: datetime
    clock_started: datetime
    status: int = 0
    retry_after: float | None = None

    def watch(self, start_response: StartResponse) -> StartResponse:
        """Give what starts the response, noting its status and what it says in Retry-After."""

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], Any]:
            self.status = int(status.split()[0])
            waits = [float(value) for name, value in headers if name.lower() == "retry-after"]
            self.retry_after = waits[0] if waits else None
            return start_response(status, headers, exc_info)

        return start
