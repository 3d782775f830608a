"""From entries to the bytes of a feed: a fragment an entry, a document a feed, in every format.

A format is one module of this package with a `FORMAT`. What an entry says is decided once, in `entry`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Protocol

from feedsvc.paper import Entry

if TYPE_CHECKING:
    from feedsvc.render.entry import EntryView

__all__ = ["Format", "Head", "load_formats"]


@dataclass(frozen=True, slots=True)
class Head:
    """What a document says of its feed.

    `id` is a URN, `self_url` the document's own address, `page_url` the feed's page for people.
    `stylesheet_url` names a CSS file for people who open the document itself in a browser. The others are
    the links of RFC 5005, section 4: what came before is at `previous_url`; a document that has a
    `current_url` is itself an archive, with what came after it at `next_url`.
    """

    id: str
    title: str
    subtitle: str
    updated: datetime
    self_url: str
    page_url: str
    language: str
    generator_version: str
    hub_url: str | None = None
    stylesheet_url: str | None = None
    author: str = "feedsvc"
    current_url: str | None = None
    previous_url: str | None = None
    next_url: str | None = None

    @property
    def archive_links(self) -> dict[str, str]:
        """The addresses of RFC 5005 that there are, by relation."""
        links = {
            "current": self.current_url,
            "prev-archive": self.previous_url,
            "next-archive": self.next_url,
        }
        return {relation: url for relation, url in links.items() if url}


class Format(Protocol):
    """One way to write a feed. The same values give the same bytes, on any machine and at any time."""

    @property
    def suffix(self) -> str:
        """The end of a document's address, without the dot."""
        ...

    @property
    def content_type(self) -> str:
        """The media type that a document is served under."""
        ...

    def render_fragment(self, entry: Entry, language: str, *, brief: bool = False) -> bytes:
        """Write one entry; `brief` keeps only the first sentence of each section."""
        ...

    def render_view(self, view: EntryView, language: str) -> bytes:
        """Write what was described already, be it no paper, as an entry."""
        ...

    def assemble(self, head: Head, fragments: Sequence[bytes]) -> bytes:
        """Put a document together from its entries' fragments, in their order."""
        ...

    def check(self, document: bytes) -> None:
        """Raise ValueError for bytes that are no document of this format, or name an entry twice."""
        ...


def load_formats() -> dict[str, Format]:
    """Find the formats by their suffix."""
    modules = (import_module(f"{__name__}.{found.name}") for found in iter_modules(__path__))
    formats: list[Format] = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return {format_.suffix: format_ for format_ in sorted(formats, key=lambda format_: format_.suffix)}
