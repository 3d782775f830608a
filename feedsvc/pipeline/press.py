"""Entries become documents: the bytes of a feed in a format and a language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from feedsvc.calendar import announced_at
from feedsvc.coding import GZIP, pack, tag_body
from feedsvc.feed import MARKDOWN, PAGE, Feed
from feedsvc.http import Clock
from feedsvc.paper import Document, DocumentKey, Entry
from feedsvc.pipeline.days import describe_entry_of, group_by_day, link_archives, name_feed, write_markdown
from feedsvc.pipeline.fragments import Fragments
from feedsvc.render import Format, Head
from feedsvc.render.markdown import CONTENT_TYPE
from feedsvc.store import Store

BRIEF_ABOVE_BYTES = 3_000_000
# An empty feed has no newest entry, and nothing may say "now": arXiv's first day stands in.
BEFORE_ALL = datetime(1991, 8, 14, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Site:
    """What stands in every document: where the site is, its languages (the default first), hubs, release."""

    base: str
    languages: tuple[str, ...]
    hubs: tuple[str, ...]
    release: str

    def shown(self, language: str) -> str | None:
        """Give a language as addresses name it: the default one not at all."""
        return None if language == self.languages[0] else language


class Press:
    """Writes documents of entries; threads may share it."""

    def __init__(self, store: Store, formats: Mapping[str, Format], clock: Clock, site: Site) -> None:
        self._store = store
        self._formats = formats
        self._clock = clock
        self._site = site
        self._fragments = Fragments(formats)

    def check_body(self, format_: str, body: bytes) -> None:
        """Raise an exception of whatever kind if a body is no whole document of a format."""
        self._formats[format_].check(body)

    def name_type(self, format_: str) -> str:
        """Give the content type of a format."""
        return CONTENT_TYPE if format_ == MARKDOWN else self._formats[format_].content_type

    def write_body(self, feed: Feed, format_: str, language: str, entries: Sequence[Entry]) -> bytes:
        """Write a document whole or, where that is too much, with the first sentence of each section."""
        write = self._choose_writer(feed, format_, language, entries)
        body = write(brief=False)
        return body if len(body) <= BRIEF_ABOVE_BYTES else write(brief=True)

    def _choose_writer(
        self, feed: Feed, format_: str, language: str, entries: Sequence[Entry]
    ) -> Callable[..., bytes]:
        site = self._site.base, language, self._site.shown(language)
        if feed.day is not None and format_ == MARKDOWN:
            return partial(write_markdown, feed, feed.day, entries, site)
        renderer = self._formats[format_]
        head = self._head(feed, renderer, entries, language)
        if feed.is_daily:
            return partial(self._assemble_days, renderer, head, feed, entries, site)
        return partial(self._fragments.assemble, format_, head, entries, language)

    def finish_document(self, key: DocumentKey, body: bytes) -> Document:
        """Make a document of finished bytes, changed now."""
        return finish_document(key, self.name_type(key[1]), body, self._clock.now())

    def _head(self, feed: Feed, renderer: Format, entries: Sequence[Entry], language: str) -> Head:
        shown = self._site.shown(language)
        links = link_archives(self._store, feed, renderer.suffix, shown, entries)
        nothing_since = announced_at(feed.day) if feed.day else BEFORE_ALL
        return Head(
            id=feed.id,
            title=name_feed(feed, language, is_default=shown is None),
            subtitle=feed.name_in(language).description,
            updated=max((entry.updated for entry in entries), default=nothing_since),
            self_url=self._site.base + feed.path(renderer.suffix, shown),
            page_url=self._site.base + feed.path(PAGE, shown),
            language=language,
            generator_version=self._site.release,
            hub_urls=() if feed.day else self._site.hubs,
            stylesheet_url=f"{self._site.base}/static/feed.css",
            **{name: self._site.base + path for name, path in links.items()},
        )

    def _assemble_days(
        self,
        renderer: Format,
        head: Head,
        feed: Feed,
        entries: Sequence[Entry],
        site: tuple[str, str, str | None],
        *,
        brief: bool,
    ) -> bytes:
        _, language, _ = site
        views = (describe_entry_of(feed, day, told, site, brief=brief) for day, told in group_by_day(entries))
        return renderer.assemble(head, [renderer.render_view(view, language) for view in views])


def finish_document(key: DocumentKey, content_type: str, body: bytes, now: datetime) -> Document:
    """Make a document of finished bytes, changed now; packing takes longer than putting it together."""
    return Document(*key, content_type, pack(body, GZIP), tag_body(body), now.replace(microsecond=0))
