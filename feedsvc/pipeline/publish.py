"""Building documents: those that are kept ready, and any other on demand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from importlib.metadata import version

from feedsvc.calendar import newest_day
from feedsvc.feed import MARKDOWN, Definition, Feed
from feedsvc.feed.catalogue import Catalogue
from feedsvc.feed.topic import Topic
from feedsvc.http import Clock
from feedsvc.paper import Document, Entry
from feedsvc.pipeline.chronicle import Chronicle
from feedsvc.pipeline.contents import Contents
from feedsvc.pipeline.days import is_closed, is_settled
from feedsvc.pipeline.press import Press, Site
from feedsvc.pipeline.recipes import Recipes
from feedsvc.pipeline.rounds import Rounds
from feedsvc.pipeline.shelf import MOST_BYTES, Shelf
from feedsvc.pipeline.states import Built
from feedsvc.pipeline.workshop import AtHand, Commission, Workshop
from feedsvc.render import Format
from feedsvc.render.entry import ORIGINAL_LANGUAGE
from feedsvc.render.phrases import choose_language
from feedsvc.store import Store
from feedsvc.taxonomy import load_taxonomy

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
        self._languages = tuple(languages)
        self._categories = tuple(categories)
        self._saved = saved
        self._subscribed = subscribed
        site = Site(base, self._languages, tuple(hubs), version("feedsvc"))
        self._contents = Contents(store, self._categories)
        self._press = Press(store, formats, clock, site)
        self._recipes = Recipes(store, site, self._categories)
        self._rounds = Rounds(store, self._contents, self._press, self._recipes)
        self._chronicle = Chronicle(store.announcements.find_changes)
        self._workshop = self.open_workshop()
        self._complete_day: date | None = None

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

    def find_document(
        self, feed: Feed, format_: str, language: str | None = None, begin: Callable[[], None] = lambda: None
    ) -> Document:
        """Give a feed's document: the ready one, or one made now and kept for a while.

        `language` None means the default one; `begin` is called before one is made. Raises UnknownPaperError
        if it is about papers like one that is not stored, and UnknownDayError for a day of which nothing is
        known.
        """
        wanted = self._commission(feed, format_, language)
        ready = self._store.documents.find(wanted.key)
        return self._workshop.find_document(wanted, begin) if ready is None else ready

    def find_at_hand(
        self, feed: Feed, format_: str, language: str | None = None, begin: Callable[[], None] = lambda: None
    ) -> AtHand:
        """Give the same, but do not wait for what another is having made anew, see `Workshop`."""
        wanted = self._commission(feed, format_, language)
        ready = self._store.documents.find(wanted.key)
        return self._workshop.find_at_hand(wanted, begin) if ready is None else AtHand(ready)

    def _commission(self, feed: Feed, format_: str, language: str | None) -> Commission:
        key = (feed.name, format_, language or self._languages[0])
        write = partial(self._press.write_body, feed, format_, key[2])
        type_, alone = self._press.name_type(format_), format_ == MARKDOWN
        return Commission(key, feed, key[2], type_, write, alone)

    def open_workshop(self, most_bytes: int = MOST_BYTES) -> Workshop:
        """Give what makes documents on demand, and keeps so many bytes of them."""
        shelf = Shelf(most_bytes)
        return Workshop(self._store, self._contents, self._recipes, self._chronicle, self._clock, shelf)

    def check_given(self, feed: Feed) -> None:
        """Raise UnknownPaperError if a feed is about papers like one that is not stored.

        Raises UnknownDayError for a day of which nothing is known.
        """
        self._contents.check_given(feed)

    def compose_feed(self, feed: Feed, language: str) -> tuple[Entry, ...]:
        """Give the entries of a feed's document, newest first."""
        return self._contents.compose_feed(feed, language)

    def build_documents(self) -> Built:
        """Bring every ready document up to the store's newest change; the same store gives the same bytes.

        Ready are the documents of the ready feeds, and whatever else has a subscription.
        A document that cannot be made, or that would lose all its entries, keeps what it was.
        """
        feeds = {feed.name: feed for feed in self.ready_feeds()}
        keys = [(name, f, language) for name in feeds for f in self._formats for language in self._languages]
        for topic in self._subscribed():
            feeds.setdefault(topic.feed.name, topic.feed)
            keys.append(topic.document)
        return self._rounds.build_documents(feeds, tuple(dict.fromkeys(keys)))

    def choose_language(self, wanted: str) -> str:
        """Give the language of digests that comes nearest to a wanted one; the default where none does."""
        return choose_language(self._languages, wanted)

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
