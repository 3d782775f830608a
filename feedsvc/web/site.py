"""Where the service is: links below the public address, whatever proxy or path prefix stands before it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Response

from feedsvc.feed import Feed

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ATOM = "xml"
"""The canonical format."""
LABELS = {ATOM: "Atom", "rss": "RSS", "json": "JSON"}
"""What formats are called on pages; one without a name is not offered there."""


@dataclass(frozen=True, slots=True)
class Site:
    """The public address, without a slash at its end; the only source of hosts and prefixes in answers."""

    base: str

    @property
    def origin(self) -> str:
        """The address's scheme, host and port."""
        parts = urlsplit(self.base)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def prefix(self) -> str:
        """The path under which the service lives; empty at the root of a host."""
        return urlsplit(self.base).path

    def link(self, feed: Feed, format: str, language: str | None = None) -> str:
        """Give a link to a document for our own pages: a path, prefix included."""
        return self.prefix + feed.path(format, language)

    def address(self, feed: Feed, format: str, language: str | None = None) -> str:
        """Give the public address of a document."""
        return self.base + feed.path(format, language)

    @property
    def protections(self) -> dict[str, str]:
        """The headers that forbid whatever a page of ours or a feed's markup has no need of."""
        policy = f"default-src 'none'; style-src 'self' {self.origin}; img-src 'self'; script-src 'self'"
        asks = "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        return {
            "Content-Security-Policy": f"{policy}; {asks}",
            "X-Content-Type-Options": "nosniff",
        }

    def protect(self, response: Response) -> Response:
        """Add these headers to an answer."""
        response.headers.update(self.protections)
        return response


class UnderPrefix:
    """Makes a WSGI application live under a path prefix, whether the proxy before it strips that or not."""

    def __init__(self, app: WSGIApplication, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        path = environ.get("PATH_INFO", "")
        if f"{path}/".startswith(f"{self._prefix}/"):
            path = path.removeprefix(self._prefix)
        return self._app({**environ, "SCRIPT_NAME": self._prefix, "PATH_INFO": path or "/"}, start_response)
