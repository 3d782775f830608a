"""Outbound HTTP, in one place: polite to arXiv, bounded in size and time, tried again where that helps."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from random import Random
from typing import Protocol, TypeVar
from urllib.parse import urlencode, urljoin

from urllib3.exceptions import HTTPError
from urllib3.util import Url, parse_url

from feedsvc.errors import BrokenAnswer, SettingsError, StoppedError, UpstreamError
from feedsvc.exchange import Deadline, FailedExchange, Reply, Wire
from feedsvc.settings import ARXIV_INTERVAL_SECONDS

MAX_REDIRECTS = 3
FIRST_DELAY_SECONDS = 5.0
LAST_DELAY_SECONDS = 300.0
LONGEST_RETRY_AFTER_SECONDS = 3600.0

_RETRIED = frozenset({406, 429})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})

Value = TypeVar("Value")

log = logging.getLogger(__name__)


class Clock(Protocol):
    """What time it is, in UTC, and how to wait."""

    def now(self) -> datetime:
        """Give the present instant, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own clock. Once `stopped` is set nobody waits any more."""

    def __init__(self, stopped: threading.Event | None = None) -> None:
        self._stopped = stopped or threading.Event()

    def now(self) -> datetime:
        """Give the present instant, in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Wait, at most until the stop; raises StoppedError then, so that no request follows unwaited."""
        if self._stopped.wait(seconds):
            raise StoppedError(f"stopped while waiting {seconds:.0f} s for the next request")


class Pace(Protocol):
    """Who may send a request, and when."""

    def turn(self, lose: Callable[[], None]) -> AbstractContextManager[None]:
        """Wait for a turn and hold it while the request lasts.

        `lose` is called, in whatever thread, where it cannot be held any longer: it has to end the request.
        """

    def postpone(self, seconds: float) -> None:
        """Give nobody a turn for a while: arXiv asked for that."""


class IntervalPace:
    """One turn at a time, each beginning an interval after the end of the one before; within one process."""

    def __init__(self, interval_seconds: float, clock: Clock) -> None:
        self._interval = interval_seconds
        self._clock = clock
        # Whoever holds the turn may still postpone the next one.
        self._lock = threading.RLock()
        self._pause = 0.0
        self._since: datetime | None = None

    @contextmanager
    def turn(self, lose: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Wait for a turn and hold it while the request lasts; it is never lost."""
        with self._lock:
            if (wait := self._left()) > 0:
                self._clock.sleep(wait)
            self._pause = 0.0
            try:
                yield
            finally:
                self._begin_pause(max(self._interval, self._left()))

    def postpone(self, seconds: float) -> None:
        """Give nobody a turn for a while: arXiv asked for that."""
        with self._lock:
            self._begin_pause(max(seconds, self._interval))

    def _left(self) -> float:
        if self._since is None:
            return 0.0
        # A clock set back must not make anybody wait longer than the pause.
        return self._pause - max(0.0, (self._clock.now() - self._since).total_seconds())

    def _begin_pause(self, seconds: float) -> None:
        self._pause, self._since = seconds, self._clock.now()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, unpacked; `url` is where it came from after redirects, `date` its Date header."""

    status: int
    content_type: str
    body: bytes
    url: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one request went, for logs and metrics: it has a status, or an error."""

    url: str
    attempt: int
    seconds: float
    status: int | None = None
    error: str | None = None


class Client:
    """Sends GET requests one at a time, keeps its connections, and asks again where that helps.

    Asked again are 406, 429 and 5xx, time-outs, broken connections and cut-off bodies, after a pause that
    doubles each time, or as long as Retry-After says. `timeout_seconds` bounds the silence between packets,
    PATIENCE times that a whole request, `max_bytes` the unpacked body. Hosts of arXiv's get no two requests
    within three seconds, whatever the pace allows.
    """

    def __init__(
        self,
        pace: Pace,
        clock: Clock,
        *,
        user_agent: str,
        accept: str,
        timeout_seconds: float,
        attempts: int,
        max_bytes: int,
        random: Random | None = None,
        observer: Callable[[Outcome], None] | None = None,
    ) -> None:
        self._pace = pace
        self._arxiv_pace = IntervalPace(ARXIV_INTERVAL_SECONDS, clock)
        self._clock = clock
        self._headers = {"User-Agent": user_agent, "Accept": accept, "Accept-Encoding": "gzip"}
        self._attempts = attempts
        self._random = random or Random()
        self._observer = observer
        self._wire = Wire(timeout_seconds, max_bytes)
        _check_headers(self._headers)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the kept connections; a later request opens new ones."""
        self._wire.close()

    def get(self, url: str, params: Mapping[str, str] | None = None) -> Answer:
        """Give the answer, whatever its status unless one that is asked again. Raises UpstreamError."""
        return self.read(url, params, lambda answer: answer)

    def read(self, url: str, params: Mapping[str, str] | None, parse: Callable[[Answer], Value]) -> Value:
        """Give what `parse` makes of the answer; where it raises BrokenAnswer, ask again.

        Raises UpstreamError, or the BrokenAnswer of the last attempt, or whatever else `parse` raises.
        """
        target = _join_params(url, params)
        attempt = 1
        while True:
            try:
                return parse(self._ask(target, attempt))
            except BrokenAnswer as error:
                if attempt >= self._attempts:
                    raise
                reason, retry_after = str(error), 0.0
            except FailedExchange as failure:
                if attempt >= self._attempts:
                    raise UpstreamError(f"{target} failed {attempt} times, last: {failure}") from failure
                reason, retry_after = f"{target}: {failure}", failure.retry_after
            seconds = max(retry_after, self._back_off(attempt))
            log.info("asked again in %.0f s: %s", seconds, reason, extra={"action": "retry"})
            self._clock.sleep(seconds)
            attempt += 1

    def _back_off(self, attempt: int) -> float:
        longest = min(FIRST_DELAY_SECONDS * 2.0 ** (attempt - 1), LAST_DELAY_SECONDS)
        return longest * self._random.uniform(0.5, 1.0)

    def _ask(self, target: str, attempt: int) -> Answer:
        """Send one request and those its redirects ask for."""
        for _ in range(MAX_REDIRECTS + 1):
            reply = self._send(target, attempt)
            location = reply.headers.get("Location")
            if reply.status in _REDIRECTS and location:
                target = _join_location(target, location)
                continue
            if _is_refusal(reply):
                raise FailedExchange(f"HTTP {reply.status}", self._read_wait(reply))
            content_type, date = (reply.headers.get(name, "") for name in ("Content-Type", "Date"))
            return Answer(reply.status, content_type, reply.body, target, date)
        raise UpstreamError(f"more than {MAX_REDIRECTS} redirects, the last to {target}")

    def _send(self, target: str, attempt: int) -> Reply:
        url = _parse_address(target)
        with self._turn(url.host or "") as deadline:
            started = self._clock.now()
            try:
                reply = self._wire.exchange(url, self._headers, deadline)
            except (FailedExchange, UpstreamError) as error:
                self._report(Outcome(target, attempt, self._seconds_since(started), error=str(error)))
                raise
            # While the turn is held: a process killed behind it must not let another ask too soon.
            if _is_refusal(reply) and (wait := self._read_wait(reply)):
                self._pace.postpone(wait)
            self._report(Outcome(target, attempt, self._seconds_since(started), status=reply.status))
            return reply

    def _read_wait(self, reply: Reply) -> float:
        return read_retry_after(reply.headers.get("Retry-After"), self._clock.now())

    @contextmanager
    def _turn(self, host: str) -> Iterator[Deadline]:
        deadline = self._wire.limit()
        with ExitStack() as turns:
            # From now on, though the request may have to wait: a lease can be lost before it is sent.
            turns.enter_context(self._pace.turn(partial(deadline.cut, "the turn to ask was lost meanwhile")))
            if is_arxiv(host):
                turns.enter_context(self._arxiv_pace.turn())
            yield deadline

    def _seconds_since(self, started: datetime) -> float:
        return max(0.0, (self._clock.now() - started).total_seconds())

    def _report(self, outcome: Outcome) -> None:
        if self._observer:
            self._observer(outcome)


def is_arxiv(host: str) -> bool:
    """Tell whether a host is one of arXiv's own."""
    return f".{host.lower().rstrip('.')}".endswith(".arxiv.org")


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, text in headers.items():
        if not (text.isascii() and text.isprintable()):
            raise SettingsError(f"{text!r} cannot be sent as {name}: expected printable ASCII")


def _join_params(url: str, params: Mapping[str, str] | None) -> str:
    if not params:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(params, safe=',/:')}"


def _join_location(target: str, location: str) -> str:
    try:
        return urljoin(target, location)
    except ValueError as error:
        raise UpstreamError(f"{target} redirects to {location!r}, which is no web address") from error


def _parse_address(target: str) -> Url:
    try:
        url = parse_url(target)
    except HTTPError as error:
        raise UpstreamError(f"{target!r} is no web address: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise UpstreamError(f"{target!r} is no web address: expected one that starts with http or https")
    return url


def _is_refusal(reply: Reply) -> bool:
    return reply.status in _RETRIED or reply.status >= 500


def read_retry_after(text: str | None, now: datetime) -> float:
    """Give the seconds to wait, of a number or an HTTP date, within bounds; 0 for none and for nonsense.

    Source: RFC 9110, section 10.2.3
    """
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            seconds = (parsedate_to_datetime(text) - now).total_seconds()
        except (ValueError, TypeError, IndexError, OverflowError):
            seconds = 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)
