"""A day's digest as a file, for those who do not ask over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from urllib.parse import parse_qsl

from feedsvc.feed import MARKDOWN
from feedsvc.feed.address import resolve
from feedsvc.feed.catalogue import Catalogue
from feedsvc.pipeline.publish import Publisher


def export_digest(
    publisher: Publisher,
    catalogue: Catalogue,
    languages: Sequence[str],
    feed: str,
    day: date,
    language: str | None = None,
) -> bytes:
    """Give the Markdown digest of a feed's day, the same bytes that its address has.

    `feed` is what stands in its address between the language and the format, parameters behind a question
    mark: `cs.AI+cs.CL?announce=new`. The first of `languages` is the default. Raises AddressError, of which
    UnknownFeedError and UnknownDayError are kinds, and QueryError.
    """
    place, _, params = feed.partition("?")
    path = f"{language or languages[0]}/{place}/{day}.{MARKDOWN}"
    parameters = parse_qsl(params, keep_blank_values=True)
    address = resolve(path, parameters, catalogue, languages, (MARKDOWN,))
    return publisher.find_document(address.feed, MARKDOWN, address.language).body
