"""Building documents: those that are kept ready, and any other on demand."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from importlib.metadata import version

from feedsvc.calendar import announced_at, newest_day
from feedsvc.coding import GZIP, pack, tag_body
from feedsvc.errors import UnknownPaperError
from feedsvc.feed import MARKDOWN, PAGE, Definition, Feed
from feedsvc.feed.catalogue import Catalogue
from feedsvc.feed.topic import Topic
from feedsvc.feed.window import compose_entries, stand_papers
from feedsvc.http import Clock
from feedsvc.paper import Announcement, Document, DocumentKey, Entry
from feedsvc.pipeline.days import (
    check_day,
    choose_days,
    choose_papers,
    describe_entry_of,
    group_by_day,
    is_closed,
    is_settled,
    limit_query,
    link_archives,
    name_feed,
    write_markdown,
)
from feedsvc.pipeline.fragments import Fragments
from feedsvc.pipeline.shelf import Shelf
from feedsvc.pipeline.states import Built, mark_day, mark_entry
from feedsvc.query import Query
from feedsvc.query.ast import given_papers
from feedsvc.query.registry import Registry
from feedsvc.render import Format, Head
from feedsvc.render.markdown import CONTENT_TYPE
from feedsvc.store import Store
from feedsvc.store.documents import Stamp
from feedsvc.taxonomy import load_taxonomy

log = logging.getLogger(__name__)

ORIGINAL_LANGUAGE = "en"
BRIEF_ABOVE_BYTES = 3_000_000
# To be raised when documents of the same entries come out otherwise, so that each is built anew.
LAYOUT = "3"
# An empty feed has no newest entry, and nothing may say "now": arXiv's first day stands in.
BEFORE_ALL = datetime(1991, 8, 14, tzinfo=UTC)
# Above so many changed rows it is quicker to build every document than to ask which are touched.
MANY_CHANGES = 20_000
# From a day's last batch to its documents, papers completed and digests made.
BUILDING_TIME = timedelta(minutes=15)


class Publisher:
    """Turns the store's rows into documents."""

    def __init__(
        self,
        store: Store,
        catalogue: Catalogue,
        formats: Mapping[str, Format],
        clock: Clock,
        *,
        base: str,
        languages: Sequence[str],
        categories: Sequence[str],
        saved: Callable[[], Iterable[Definition]] = tuple,
        hubs: Sequence[str] = (),
        subscribed: Callable[[], Iterable[Topic]] = tuple,
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._formats = formats
        self._clock = clock
        self._base = base
        self._languages = tuple(languages)
        self._categories = tuple(categories)
        self._saved = saved
        self._hubs = tuple(hubs)
        self._subscribed = subscribed
        self._shelf = Shelf()
        self._complete_day: date | None = None
        self._registry: Registry[str] | None = None
        self._fragments = Fragments(formats)

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The formats of the documents, by the ends of their addresses."""
        return tuple(self._formats)

    def ready_feeds(self) -> tuple[Feed, ...]:
        """Give the feeds whose documents are kept ready: of categories, archives, definitions, saved ones."""
        followed = set(self._categories)
        archives = load_taxonomy().archives
        places = followed | {name for name, a in archives.items() if not followed.isdisjoint(a.categories)}
        return (
            *map(self._catalogue.category_feed, sorted(places)),
            *self._catalogue.feeds.values(),
            *(definition.make_feed() for definition in self._saved()),
        )

    def find_document(self, feed: Feed, format_: str, language: str | None = None) -> Document:
        """Give a feed's document: the ready one, or one made now and kept for a while.

        `language` None means the default one. Raises UnknownPaperError if it is about papers like one that
        is not stored, and UnknownDayError for a day of which nothing is known.
        """
        key = (feed.name, format_, language or self._languages[0])
        ready = self._store.documents.find(key)
        if ready is not None:
            return ready
        revision = self._store.revision()
        kept = self._shelf.find(key, revision)
        if kept is not None:
            return kept
        self.check_given(feed)
        entries = self.compose_feed(feed, key[2], alone=format_ == MARKDOWN)
        return self._shelf.keep(key, revision, self._make_document(feed, format_, key[2], entries))

    def choose_language(self, wanted: str) -> str:
        """Give the language of digests that comes nearest to a wanted one; the default where none does."""
        return next((own for own in self._languages if own.partition("-")[0] == wanted), self._languages[0])

    def check_given(self, feed: Feed) -> None:
        """Raise UnknownPaperError if a feed is about papers like one that is not stored.

        Raises UnknownDayError for a day of which nothing is known.
        """
        if feed.day is not None:
            check_day(self._store, feed.day)
        given = sorted(given_papers(feed.query))
        if given and (unknown := self._store.likeness.find_unknown(given)):
            raise UnknownPaperError(unknown[0])

    def is_closed(self, day: date) -> bool:
        """Tell whether a later day has begun, so that only a repair changes this one."""
        return is_closed(self._store, day)

    def is_complete(self, now: datetime) -> bool:
        """Tell whether the newest day is there in every followed category, and its documents had time.

        Then nothing changes before the next announcement, but for what a repair brings.
        """
        day = newest_day(now)
        if self._complete_day != day:
            seen = [batch.last_seen for batch in self._store.ledger.batches_of(day).values()]
            is_whole = bool(seen) and is_settled(self._store, day, self._categories)
            if is_whole and now - max(seen) >= BUILDING_TIME:
                self._complete_day = day
        return self._complete_day == day

    def complete_languages(self, now: datetime) -> frozenset[str]:
        """Give the languages whose documents lack nothing of the newest day, nor any digest of a model's."""
        if not self.is_complete(now):
            return frozenset()
        awaited = self._store.orders.awaited_languages()
        return frozenset() if ORIGINAL_LANGUAGE in awaited else frozenset(self._languages) - awaited

    def build_documents(self) -> Built:
        """Bring every ready document up to the store's newest change; the same store gives the same bytes.

        Ready are the documents of the ready feeds, and whatever else has a subscription.
        A document that cannot be made, or that would lose all its entries, keeps what it was.
        """
        revision = self._store.revision()
        stamps = self._store.documents.stamps()
        feeds = {feed.name: feed for feed in self.ready_feeds()}
        keys = [(name, f, language) for name in feeds for f in self._formats for language in self._languages]
        for topic in self._subscribed():
            feeds.setdefault(topic.feed.name, topic.feed)
            keys.append(topic.document)
        keys = list(dict.fromkeys(keys))
        due, untouched = self._sort_by_need(feeds, keys, stamps, revision)
        outcomes = list(self._build_due(feeds, due, stamps, revision))
        self._store.documents.note_untouched(untouched, revision)
        self._store.documents.keep_only(set(keys))
        return Built(
            changed=outcomes.count("changed"),
            same=outcomes.count("same"),
            untouched=len(keys) - len(due),
            refused=outcomes.count("refused"),
        )

    def _sort_by_need(
        self,
        feeds: Mapping[str, Feed],
        keys: Iterable[DocumentKey],
        stamps: Mapping[DocumentKey, Stamp],
        revision: int,
    ) -> tuple[list[DocumentKey], list[DocumentKey]]:
        recipes = {name: self._recipe(feed) for name, feed in feeds.items()}
        due: list[DocumentKey] = []
        behind: list[DocumentKey] = []
        for key in keys:
            stamp = stamps.get(key)
            if stamp is None or stamp.recipe != recipes[key[0]]:
                due.append(key)
            elif stamp.revision < revision:
                behind.append(key)
        touched = self._touched_feeds(feeds, [stamps[key].revision for key in behind])
        due += [key for key in behind if key[0] in touched]
        return due, [key for key in behind if key[0] not in touched]

    def _touched_feeds(self, feeds: Mapping[str, Feed], built_at: Sequence[int]) -> set[str]:
        if not built_at:
            return set()
        changes = self._store.announcements.changed_since(min(built_at), MANY_CHANGES)
        if len(changes) >= MANY_CHANGES:
            return set(feeds)
        # What no longer matches leaves the documents that hold it.
        holders = self._store.documents.find_holders({subject.paper.id for subject in changes})
        return holders.union(self._register(feeds).match_any(changes))

    def _register(self, feeds: Mapping[str, Feed]) -> Registry[str]:
        """Give the registry of the feeds there are now, as of the ledger's newest day."""
        queries = {name: self._store.announcements.resolve(feed.query) for name, feed in feeds.items()}
        if self._registry is None:
            self._registry = Registry(queries)
        self._registry.keep_only(queries)
        return self._registry

    def _build_due(
        self,
        feeds: Mapping[str, Feed],
        due: Iterable[DocumentKey],
        stamps: Mapping[DocumentKey, Stamp],
        revision: int,
    ) -> Iterator[str]:
        """Build documents, each feed's entries put together once for all formats of a language."""
        groups: dict[tuple[str, str], list[str]] = {}
        for name, format_, language in due:
            groups.setdefault((name, language), []).append(format_)
        for (name, language), formats in groups.items():
            feed = feeds[name]
            try:
                entries = self.compose_feed(feed, language)
            except Exception:
                log.exception("feed %s not put together, it stays", name, extra={"action": "refuse"})
                yield from ["refused"] * len(formats)
                continue
            for format_ in formats:
                key = (name, format_, language)
                yield self._build(feed, key, entries, revision, stamps.get(key))

    def _build(
        self, feed: Feed, key: DocumentKey, entries: Sequence[Entry], revision: int, known: Stamp | None
    ) -> str:
        _, format_, language = key
        recipe = self._recipe(feed)
        try:
            body = self._make_body(feed, format_, language, entries)
            self._formats[format_].check(body)
        except Exception:
            # Whatever it is that one paper brings, the other documents must not wait for it.
            log.exception("document %s not built, the former one stays", key, extra={"action": "refuse"})
            return "refused"
        if not entries and known is not None and known.entries and known.recipe == recipe:
            log.error("document %s would be empty, the former one stays", key, extra={"action": "refuse"})
            return "refused"
        stamp = Stamp(recipe, revision, len(entries))
        papers = [entry.paper.id for entry in entries]
        # Packing costs more than putting a document together: it is left until the bytes are known to differ.
        if known is not None and self._store.documents.confirm(key, tag_body(body), stamp, papers):
            return "same"
        # An entry of a daily feed is a day.
        days = (mark_day(*each) for each in group_by_day(entries))
        marks = list(days if feed.is_daily else map(mark_entry, entries))
        changed = self._store.documents.save(self._finish_document(key, body), stamp, papers, marks)
        return "changed" if changed else "same"

    def _recipe(self, feed: Feed) -> str:
        # A new day in the ledger moves relative dates on: entries fall out although no row of theirs changed.
        query = self._store.announcements.resolve(feed.query)
        # Nor did any when a day became whole.
        newest = self._store.ledger.newest_day() if feed.is_daily else None
        whole = newest is not None and is_settled(self._store, newest, self._categories)
        parts = (
            feed.name,
            feed.title,
            feed.description,
            str(query),
            str(feed.limit),
            self._base,
            *self._hubs,
            *(["whole"] if whole else []),
        )
        return hashlib.sha256("\0".join((*parts, version("feedsvc"), LAYOUT)).encode()).hexdigest()

    def _make_document(self, feed: Feed, format_: str, language: str, entries: Sequence[Entry]) -> Document:
        body = self._make_body(feed, format_, language, entries)
        return self._finish_document((feed.name, format_, language), body)

    def _make_body(self, feed: Feed, format_: str, language: str, entries: Sequence[Entry]) -> bytes:
        """Write a document whole or, where that is too much, with the first sentence of each section."""
        write = self._choose_writer(feed, format_, language, entries)
        body = write(brief=False)
        return body if len(body) <= BRIEF_ABOVE_BYTES else write(brief=True)

    def _choose_writer(
        self, feed: Feed, format_: str, language: str, entries: Sequence[Entry]
    ) -> Callable[..., bytes]:
        if feed.day is not None and format_ == MARKDOWN:
            return partial(write_markdown, feed, feed.day, entries, language, self._base)
        renderer = self._formats[format_]
        head = self._head(feed, renderer, entries, language)
        if feed.is_daily:
            return partial(self._assemble_days, renderer, head, feed, entries, language)
        return partial(self._fragments.assemble, format_, head, entries, language)

    def _finish_document(self, key: DocumentKey, body: bytes) -> Document:
        feed, format_, language = key
        return Document(
            feed=feed,
            format=format_,
            language=language,
            content_type=CONTENT_TYPE if format_ == MARKDOWN else self._formats[format_].content_type,
            body=body,
            packed=pack(body, GZIP),
            etag=tag_body(body),
            changed_at=self._clock.now().replace(microsecond=0),
        )

    def _head(self, feed: Feed, renderer: Format, entries: Sequence[Entry], language: str) -> Head:
        shown = self._shown(language)
        links = link_archives(self._store, feed, renderer.suffix, shown, entries)
        nothing_since = announced_at(feed.day) if feed.day else BEFORE_ALL
        return Head(
            id=feed.id,
            title=name_feed(feed, language, is_default=shown is None),
            subtitle=feed.description,
            updated=max((entry.updated for entry in entries), default=nothing_since),
            self_url=self._base + feed.path(renderer.suffix, shown),
            page_url=self._base + feed.path(PAGE, shown),
            language=language,
            generator_version=version("feedsvc"),
            hub_urls=() if feed.day else self._hubs,
            stylesheet_url=f"{self._base}/static/feed.css",
            **{name: self._base + path for name, path in links.items()},
        )

    def _shown(self, language: str) -> str | None:
        """Give a language as addresses name it: the default one not at all."""
        return None if language == self._languages[0] else language

    def compose_feed(self, feed: Feed, language: str, *, alone: bool = False) -> tuple[Entry, ...]:
        """Give the entries of a feed's document, newest first; a daily feed's are those of its days.

        Those of a day tell how papers stood at its end; with `alone`, only what was announced on it.
        """
        if feed.is_daily:
            days = map(feed.on_day, choose_days(self._store, feed, language, self._categories))
            return tuple(entry for day in days for entry in self.compose_feed(day, language, alone=True))
        query = self._store.announcements.resolve(feed.query)
        chosen = choose_papers(self._store, query, feed.day)
        taken_in = limit_query(query, feed.day, alone=alone)
        standings = stand_papers(self._taken_in(taken_in, chosen, language))[
            : feed.limit if feed.limit < 200 else None
        ]
        keys = [standing.key for standing in standings]
        languages = tuple(dict.fromkeys((language, ORIGINAL_LANGUAGE)))
        papers = self._store.papers.load(keys)
        entries = compose_entries(standings, papers, self._store.digests.load(keys, languages))
        return self._give_reasons(entries, given_papers(feed.query))

    def _give_reasons(self, entries: tuple[Entry, ...], given: frozenset[str]) -> tuple[Entry, ...]:
        """Say of each entry what it is like, where a feed asks for papers like others."""
        if not given:
            return entries
        reasons = self._store.likeness.explain(given, [entry.paper for entry in entries])
        return tuple(replace(entry, likeness=reasons.get(entry.paper.id)) for entry in entries)

    def _taken_in(self, query: Query, papers: Iterable[str], language: str) -> list[Announcement]:
        """Give what a query takes in of some papers, but for what is held back from a language."""
        wanted = list(papers)
        held = self._store.orders.held(wanted, language) if language != ORIGINAL_LANGUAGE else frozenset()
        taken = (s.announcement for s in self._store.announcements.of_papers(wanted) if query.matches(s))
        return [each for each in taken if (each.paper, each.version) not in held]

    def _assemble_days(
        self,
        renderer: Format,
        head: Head,
        feed: Feed,
        entries: Sequence[Entry],
        language: str,
        *,
        brief: bool,
    ) -> bytes:
        site = self._base, language, self._shown(language)
        views = (describe_entry_of(feed, day, told, site, brief=brief) for day, told in group_by_day(entries))
        return renderer.assemble(head, [renderer.render_view(view, language) for view in views])
