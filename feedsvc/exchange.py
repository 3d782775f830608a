"""One request and its answer over a kept connection, within bounds of time and size."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError
from urllib3.util import Url

from feedsvc.errors import UpstreamError

PATIENCE = 5
"""A whole request may take so many times the time-out between two packets."""

CONNECT_SECONDS = 20.0

_CHUNK = 1 << 16
# What a broken or misspoken connection raises.
_BREAKS = (HTTPError, OSError, http.client.HTTPException, UnicodeError)


class FailedExchange(Exception):
    """One request failed in a way that asking again may mend."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; the body is unpacked and whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """The kept connections, one a host, and one exchange over them within its bounds."""

    def __init__(self, timeout_seconds: float, max_bytes: int) -> None:
        self._timeout = timeout_seconds
        self._max_bytes = max_bytes
        self._kept: dict[tuple[str | None, str | None, int | None], HTTPConnection] = {}

    def limit(self) -> Deadline:
        """Give what bounds one exchange; another thread may end it by that before it begins, too."""
        return Deadline(PATIENCE * self._timeout)

    def close(self) -> None:
        """Close the kept connections; a later exchange opens new ones."""
        while self._kept:
            self._kept.popitem()[1].close()

    def exchange(self, url: Url, headers: Mapping[str, str], deadline: Deadline) -> Reply:
        """Send one request and read its answer; its deadline is one that `limit` gave.

        Raises FailedExchange, or UpstreamError where asking again is vain.
        """
        whole = False
        try:
            deadline.check()
            reply = self._converse(url, headers, deadline)
            deadline.check()
            whole = True
            return reply
        except ssl.SSLCertVerificationError as error:
            raise UpstreamError(
                f"{url} shows a certificate that is not trusted: {error.verify_message}"
            ) from error
        except _BREAKS as error:
            deadline.check()
            raise FailedExchange(self._describe(error)) from error
        finally:
            if not whole:
                self.close()

    def _converse(self, url: Url, headers: Mapping[str, str], deadline: Deadline) -> Reply:
        connection = self._connect(url)
        with deadline.over(connection.sock):
            connection.request("GET", url.request_uri, headers=headers, preload_content=False)
            response = connection.getresponse()
            return Reply(response.status, response.headers, self._read_body(url, response))

    def _connect(self, url: Url) -> HTTPConnection:
        key = (url.scheme, url.host, url.port)
        kept = self._kept.get(key)
        if kept is not None and kept.is_connected:
            return kept
        if kept is not None:
            kept.close()
        kind = HTTPSConnection if url.scheme == "https" else HTTPConnection
        host = (url.host or "").strip("[]")
        connection = kind(host, url.port, timeout=min(CONNECT_SECONDS, self._timeout))
        self._kept[key] = connection
        connection.connect()
        connection.timeout = self._timeout
        return connection

    def _read_body(self, url: Url, response: HTTPResponse) -> bytes:
        body = bytearray()
        for part in response.stream(_CHUNK):
            body += part
            if len(body) > self._max_bytes:
                raise UpstreamError(f"{url} sent more than {self._max_bytes} bytes, unpacked")
        return bytes(body)

    def _describe(self, error: BaseException) -> str:
        if isinstance(error, TimeoutError | ReadTimeoutError):
            return f"nothing came for {self._timeout:g} s"
        text = error.args[0] if isinstance(error, ProtocolError) and error.args else error
        return f"{type(error).__name__}: {text}"[:300]


class Deadline:
    """Ends a request that goes on for too long, however slowly it drips, by shutting its socket."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._sock: socket.socket | None = None
        self._reason: str | None = None

    @contextmanager
    def over(self, sock: socket.socket | None) -> Iterator[None]:
        """Watch over a socket's exchange."""
        # Whoever cut it off before there was a socket is found by the check.
        self._sock = sock
        self.check()
        timer = threading.Timer(self._seconds, self.cut, (f"the answer took over {self._seconds:g} s",))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            # Whoever cuts it too late leaves the connection to the next exchange.
            self._sock = None

    def check(self) -> None:
        """Raise FailedExchange if it was cut off: a body that ends with its connection only seems whole."""
        if self._reason is not None:
            raise FailedExchange(self._reason)

    def cut(self, reason: str) -> None:
        """End the request now."""
        self._reason = reason
        if (sock := self._sock) is not None:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
