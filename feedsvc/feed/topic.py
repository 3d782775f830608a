"""Topics: documents of ours that can be subscribed to, by their public address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from feedsvc.errors import AddressError
from feedsvc.feed import Feed, write_path
from feedsvc.feed.address import resolve
from feedsvc.feed.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Topic:
    """A feed in a format and a language; `url` is the document's canonical public address."""

    url: str
    feed: Feed
    format: str
    language: str

    @property
    def document(self) -> tuple[str, str, str]:
        """The key under which the document is stored."""
        return (self.feed.name, self.format, self.language)


@dataclass(frozen=True, slots=True)
class Topics:
    """All documents that are or can be built here; the default language is the first."""

    base: str
    catalogue: Catalogue
    languages: Sequence[str]
    formats: Sequence[str]

    def find(self, url: str) -> Topic:
        """Give the topic at an address, which has to be the document's own.

        Raises AddressError, UnknownFeedError and QueryError.
        """
        start = f"{self.base}/feeds/"
        if not url.startswith(start):
            raise AddressError(f"{url!r} is no topic of this hub: expected one that starts with {start}")
        parts = urlsplit(url.removeprefix(start))
        params = parse_qsl(parts.query, keep_blank_values=True)
        address = resolve(unquote(parts.path), params, self.catalogue, self.languages, self.formats)
        if address.feed.day is not None:
            raise AddressError(f"{url!r} is no topic: expected a feed, a day of one does not go on")
        self.catalogue.check_followed(address.feed.place)
        if f"{self.base}{address.url}" != url:
            own = f"{self.base}{address.url}"
            raise AddressError(f"{url!r} is no topic: expected the document's own address, {own}")
        return Topic(url, address.feed, address.format, address.language or self.languages[0])

    def write_url(self, document: tuple[str, str, str]) -> str:
        """Give the address of a stored document by its key."""
        name, format_, language = document
        return self.base + write_path(name, format_, None if language == self.languages[0] else language)
