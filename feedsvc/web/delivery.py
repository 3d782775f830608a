"""Answering with bytes that are ready: coding, conditions and caching. Pure, without a web framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from feedsvc.coding import CODINGS, GZIP, IDENTITY, pack, tag_body, unpack_gzip
from feedsvc.paper import Document
from feedsvc.web.negotiation import (
    PLAIN,
    acceptable_codings,
    find_known_tag,
    is_unmodified,
    write_http_date,
)
from feedsvc.web.packing import Packings

BROWSER_XML = "application/xml; charset=utf-8"
MARKDOWN = "text/markdown"
# A date tells states apart by the second only, and processes learn of a change within a part of one.
DATED_AFTER = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Asked:
    """The request headers that decide how something ready is sent; None where one is absent.

    `destination` is Sec-Fetch-Dest: what a browser wants the answer for.
    """

    accept_encoding: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    destination: str | None = None

    @classmethod
    def read(cls, header: Callable[[str], str | None]) -> Asked:
        """Take what matters from a look-up of request headers by name."""
        return cls(
            header("Accept-Encoding"),
            header("If-None-Match"),
            header("If-Modified-Since"),
            header("Sec-Fetch-Dest"),
        )


@dataclass(frozen=True, slots=True)
class Ready:
    """Something that can be sent: its bytes under one coding, from which the others are made when asked for.

    `etag` is that of the plain ones, without quotes.
    """

    content_type: str
    kept: bytes
    etag: str
    changed_at: datetime | None = None
    kept_as: str = IDENTITY

    def in_coding(self, coding: str, packings: Packings) -> bytes:
        """Give the bytes in a coding, made at most once as long as there is room for them."""
        if coding == self.kept_as:
            return self.kept
        return packings.find(self.etag, coding, lambda: pack(self._unpack(), coding))

    def _unpack(self) -> bytes:
        return unpack_gzip(self.kept) if self.kept_as == GZIP else self.kept


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""


def take_document(document: Document) -> Ready:
    """Give a feed's document as something ready to send."""
    return Ready(document.content_type, document.packed, document.etag, document.changed_at, GZIP)


def make_ready(body: bytes, content_type: str) -> Ready:
    """Give bytes that were just made as something ready to send."""
    return Ready(content_type, body, tag_body(body))


def show_in_browser(ready: Ready, asked: Asked) -> Ready:
    """Give the same bytes under a type that browsers show, if a person opened them: a feed is styled XML."""
    if asked.destination != "document":
        return ready
    type_ = ready.content_type.partition(";")[0]
    shown = (
        BROWSER_XML
        if type_.endswith("+xml")
        else f"{PLAIN}; charset=utf-8"
        if type_ == MARKDOWN
        else ready.content_type
    )
    return replace(ready, content_type=shown)


def date_surely(ready: Ready, now: datetime) -> Ready:
    """Give the same without a date if it changed just now.

    Another state might share that date, and who asks by it alone would keep the wrong one (RFC 9110,
    8.8.2.2).
    """
    is_new = ready.changed_at is not None and now.replace(microsecond=0) - ready.changed_at < DATED_AFTER
    return replace(ready, changed_at=None) if is_new else ready


def answer(ready: Ready, asked: Asked, headers: dict[str, str], packings: Packings) -> Answer:
    """Answer a GET: 200, 304 for what the client holds already, 406 where no coding of ours is accepted.

    `headers` and an ETag go with 200 and 304 alike. A HEAD has the same answer, its body left out by the
    server.
    """
    codings = acceptable_codings(asked.accept_encoding, CODINGS)
    if not codings:
        text = f"expected Accept-Encoding to allow one of {', '.join(CODINGS)}\n".encode()
        told = {"Content-Type": PLAIN, "Cache-Control": "no-store", "Content-Length": str(len(text))}
        return Answer(406, headers | told, text)
    tags = {tag_of(ready.etag, coding): coding for coding in codings}
    held = _find_held(ready, asked, tuple(tags))
    tag = held or next(iter(tags))
    common = {**headers, "ETag": f'"{tag}"'}
    return Answer(304, common) if held else _answer_whole(ready, tags[tag], common, packings)


def tag_of(etag: str, coding: str) -> str:
    """Give the strong entity tag, without quotes, of a body in a coding: other bytes, another tag."""
    return etag if coding == IDENTITY else f"{etag}-{coding}"


def _find_held(ready: Ready, asked: Asked, tags: tuple[str, ...]) -> str | None:
    """Give the tag of what the client holds, if still good; If-None-Match, where given, alone decides."""
    if asked.if_none_match is not None:
        return find_known_tag(asked.if_none_match, tags)
    if asked.if_modified_since is None or ready.changed_at is None:
        return None
    return tags[0] if is_unmodified(asked.if_modified_since, ready.changed_at) else None


def _answer_whole(ready: Ready, coding: str, common: Mapping[str, str], packings: Packings) -> Answer:
    body = ready.in_coding(coding, packings)
    headers = {**common, "Content-Type": ready.content_type, "Content-Length": str(len(body))}
    if coding != IDENTITY:
        headers["Content-Encoding"] = coding
    if ready.changed_at is not None:
        headers["Last-Modified"] = write_http_date(ready.changed_at)
    return Answer(200, headers, body)
