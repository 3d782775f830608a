"""Documents made on demand, kept until something changes that touches them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from feedsvc.coding import tag_body
from feedsvc.feed import Feed
from feedsvc.http import Clock
from feedsvc.paper import Document, DocumentKey, Entry
from feedsvc.pipeline.chronicle import Chronicle
from feedsvc.pipeline.contents import Contents
from feedsvc.pipeline.press import finish_document
from feedsvc.pipeline.recipes import Recipes
from feedsvc.pipeline.shelf import Made, Shelf
from feedsvc.store import Store


@dataclass(frozen=True, slots=True)
class Commission:
    """What is to be made: a document of a feed's entries in a language, and how it is written.

    With `alone`, a day's document has only what was announced on it.
    """

    key: DocumentKey
    feed: Feed
    language: str
    content_type: str
    write: Callable[[Sequence[Entry]], bytes]
    alone: bool = False


@dataclass(frozen=True, slots=True)
class AtHand:
    """A document that can be given at once; `is_former` if a newer one is being made."""

    document: Document
    is_former: bool = False


# So many threads may be busy with documents whose former states can be given meanwhile, and those so long.
PLACES = 3
GOOD_FOR = timedelta(minutes=1)


class Workshop:
    """Makes documents, each once for all who ask for it at the same time."""

    def __init__(
        self,
        store: Store,
        contents: Contents,
        recipes: Recipes,
        chronicle: Chronicle,
        clock: Clock,
        shelf: Shelf,
    ) -> None:
        self._store = store
        self._contents = contents
        self._recipes = recipes
        self._chronicle = chronicle
        self._clock = clock
        self._shelf = shelf
        self._making: set[DocumentKey] = set()

    def find_document(self, wanted: Commission, begin: Callable[[], None] = lambda: None) -> Document:
        """Give a document as the store would have it made now; `begin` is called before one is made.

        Raises UnknownPaperError and UnknownDayError, see `Contents.check_given`.
        """
        made, revision = self._look(wanted.key)
        if made is not None and made.revision == revision:
            return made.document
        return self._have_made(wanted, begin)

    def _have_made(self, wanted: Commission, begin: Callable[[], None]) -> Document:
        with self._shelf.turn(wanted.key):
            self._making.add(wanted.key)
            try:
                return self._bring_up(wanted, begin).document
            finally:
                self._making.discard(wanted.key)

    def find_at_hand(self, wanted: Commission, begin: Callable[[], None] = lambda: None) -> AtHand:
        """Give the same, but the former one while another has it made, or others have several made.

        It has to be of the same definition, and good a minute ago.
        """
        made, revision = self._look(wanted.key)
        if made is not None and made.revision == revision:
            return AtHand(made.document)
        if made is not None and self._is_busy(wanted.key) and self._is_good(made, wanted):
            return AtHand(made.document, True)
        return AtHand(self._have_made(wanted, begin))

    def _is_good(self, made: Made, wanted: Commission) -> bool:
        return made.feed == wanted.feed and self._clock.now() - made.checked_at < GOOD_FOR

    def _is_busy(self, key: DocumentKey) -> bool:
        return key in self._making or len(self._making) >= PLACES

    def _look(self, key: DocumentKey) -> tuple[Made | None, int]:
        """Give what is kept, and the store's revision, which is never the smaller one."""
        revision = self._store.revision()
        made = self._shelf.find(key)
        if made is not None and made.revision > revision:
            # Another thread knew more; or another store was put in the place of this one.
            revision = self._store.revision()
            if made.revision > revision:
                self._chronicle.forget()
                return None, revision
        return made, revision

    def _bring_up(self, wanted: Commission, begin: Callable[[], None]) -> Made:
        made, revision = self._look(wanted.key)
        if made is not None and made.revision == revision:
            return made
        if made is None or not self._is_untouched(made, wanted, revision):
            begin()
            self._contents.check_given(wanted.feed)
            made = self._make(wanted, revision, None if made is None else made.document)
        return self._shelf.keep(wanted.key, replace(made, revision=revision, checked_at=self._clock.now()))

    def _is_untouched(self, made: Made, wanted: Commission, revision: int) -> bool:
        """Tell whether nothing that changed since a document was made could change it.

        As in a round of building: neither what it is made by, nor a paper in it, nor one that it takes in.
        """
        feed = wanted.feed
        if made.recipe != self._recipes.write_recipe(feed) or made.days != self._list_days(wanted):
            return False
        changes = self._chronicle.find_changes(made.revision, revision)
        if changes is None:
            return False
        query = self._store.announcements.resolve(feed.query)
        return not any(
            each.paper.id in made.papers or query.matches(each)
            for each in changes
            if _tells_of(feed, made.days, each.announcement.day)
        )

    def _make(self, wanted: Commission, revision: int, former: Document | None) -> Made:
        self._chronicle.begin_chapter(revision)
        # Written before the rows are read: a day that begins in between is then noticed.
        recipe, days = self._recipes.write_recipe(wanted.feed), self._list_days(wanted)
        entries = self._contents.compose_feed(wanted.feed, wanted.language, alone=wanted.alone)
        body = wanted.write(entries)
        papers = frozenset(entry.paper.id for entry in entries)
        # Packing costs more than putting a document together, and the time of the last change is to stay.
        if former is None or former.etag != tag_body(body):
            former = finish_document(wanted.key, wanted.content_type, body, self._clock.now())
        return Made(former, wanted.feed, revision, self._clock.now(), recipe, papers, days)

    def _list_days(self, wanted: Commission) -> frozenset[date] | None:
        days = self._contents.list_days(wanted.feed, wanted.language, alone=wanted.alone)
        return None if days is None else frozenset(days)


def _tells_of(feed: Feed, days: frozenset[date] | None, day: date) -> bool:
    """Tell whether a document of a feed may tell of a day's announcements: one of a day of no later ones."""
    return day in days if days is not None else feed.day is None or day <= feed.day
