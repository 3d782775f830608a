"""Documents made on demand, kept until something changes that touches them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from feedsvc.coding import GZIP, pack, tag_body
from feedsvc.feed import Feed
from feedsvc.http import Clock
from feedsvc.paper import Document, DocumentKey, Entry
from feedsvc.pipeline.chronicle import Chronicle
from feedsvc.pipeline.contents import Contents
from feedsvc.pipeline.days import limit_query
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

    def find_document(self, wanted: Commission, begin: Callable[[], None] = lambda: None) -> Document:
        """Give a document as the store would have it made now; `begin` is called before one is made.

        Raises UnknownPaperError and UnknownDayError, see `Contents.check_given`.
        """
        revision = self._store.revision()
        # Who asks for what another is having made waits for it.
        with self._shelf.turn(wanted.key):
            made = self._shelf.find(wanted.key)
            if made is not None and made.revision >= revision:
                return made.document
            if made is None or not self._is_untouched(made, wanted, revision):
                begin()
                self._contents.check_given(wanted.feed)
                made = self._make(wanted, revision, None if made is None else made.document)
            return self._shelf.keep(wanted.key, replace(made, revision=revision)).document

    def _is_untouched(self, made: Made, wanted: Commission, revision: int) -> bool:
        """Tell whether nothing that changed since a document was made could change it.

        As in a round of building: neither what it is made by, nor a paper in it, nor one that it takes in.
        """
        if made.recipe != self._recipes.write_recipe(wanted.feed):
            return False
        changes = self._chronicle.find_changes(made.revision, revision)
        if changes is None:
            return False
        query = self._store.announcements.resolve(wanted.feed.query)
        query = limit_query(query, wanted.feed.day, alone=wanted.alone)
        return not any(each.paper.id in made.papers or query.matches(each) for each in changes)

    def _make(self, wanted: Commission, revision: int, former: Document | None) -> Made:
        # Written before the rows are read: a day that begins in between is then noticed.
        recipe = self._recipes.write_recipe(wanted.feed)
        entries = self._contents.compose_feed(wanted.feed, wanted.language, alone=wanted.alone)
        body = wanted.write(entries)
        papers = frozenset(entry.paper.id for entry in entries)
        etag = tag_body(body)
        # Packing costs more than putting a document together, and the time of the last change is to stay.
        same = former is not None and former.etag == etag
        document = former if former and same else self._finish(wanted, body, etag)
        return Made(document, revision, recipe, papers)

    def _finish(self, wanted: Commission, body: bytes, etag: str) -> Document:
        now = self._clock.now().replace(microsecond=0)
        return Document(*wanted.key, wanted.content_type, body, pack(body, GZIP), etag, now)
