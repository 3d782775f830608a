"""A round of building: every document that is kept ready is brought up to the store's newest change."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from feedsvc.coding import tag_body
from feedsvc.feed import Feed
from feedsvc.paper import DocumentKey, Entry
from feedsvc.pipeline.contents import Contents
from feedsvc.pipeline.days import group_by_day
from feedsvc.pipeline.press import Press
from feedsvc.pipeline.recipes import Recipes
from feedsvc.pipeline.states import Built, mark_day, mark_entry
from feedsvc.query.registry import Registry
from feedsvc.store import Store
from feedsvc.store.documents import Stamp

log = logging.getLogger(__name__)

# Above so many changed rows it is quicker to build every document than to ask which are touched.
MANY_CHANGES = 20_000


@dataclass(frozen=True, slots=True)
class Round:
    """What one round of building goes by: a revision of the store, the documents' stamps, feeds' recipes."""

    revision: int
    stamps: Mapping[DocumentKey, Stamp]
    recipes: Mapping[str, str]


class Rounds:
    """Runs one round after another; no two at once."""

    def __init__(self, store: Store, contents: Contents, press: Press, recipes: Recipes) -> None:
        self._store = store
        self._contents = contents
        self._press = press
        self._recipes = recipes
        self._registry: Registry[str] | None = None

    def build_documents(self, feeds: Mapping[str, Feed], keys: Sequence[DocumentKey]) -> Built:
        """Bring these documents of these feeds up to the store's newest change, and drop all others.

        The same store gives the same bytes. A document that cannot be made, or that would lose all its
        entries, keeps what it was.
        """
        revision = self._store.revision()
        stamps = self._store.documents.stamps()
        recipes = {name: self._recipes.write_recipe(feed) for name, feed in feeds.items()}
        round_ = Round(revision, stamps, recipes)
        due, untouched = self._sort_by_need(feeds, keys, round_)
        outcomes = list(self._build_due(feeds, due, round_))
        self._store.documents.note_untouched(untouched, revision)
        self._store.documents.keep_only(set(keys))
        return Built(
            changed=outcomes.count("changed"),
            same=outcomes.count("same"),
            untouched=len(keys) - len(due),
            refused=outcomes.count("refused"),
        )

    def _sort_by_need(
        self, feeds: Mapping[str, Feed], keys: Iterable[DocumentKey], round_: Round
    ) -> tuple[list[DocumentKey], list[DocumentKey]]:
        stamps = round_.stamps
        due: list[DocumentKey] = []
        behind: list[DocumentKey] = []
        for key in keys:
            stamp = stamps.get(key)
            if stamp is None or stamp.recipe != round_.recipes[key[0]]:
                due.append(key)
            elif stamp.revision < round_.revision:
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
        self, feeds: Mapping[str, Feed], due: Iterable[DocumentKey], round_: Round
    ) -> Iterator[str]:
        """Build documents, each feed's entries put together once for all formats of a language."""
        groups: dict[tuple[str, str], list[str]] = {}
        for name, format_, language in due:
            groups.setdefault((name, language), []).append(format_)
        for (name, language), formats in groups.items():
            feed = feeds[name]
            try:
                entries = self._contents.compose_feed(feed, language)
            except Exception:
                log.exception("feed %s not put together, it stays", name, extra={"action": "refuse"})
                yield from ["refused"] * len(formats)
                continue
            for format_ in formats:
                yield self._build(feed, (name, format_, language), entries, round_)

    def _build(self, feed: Feed, key: DocumentKey, entries: Sequence[Entry], round_: Round) -> str:
        name, format_, language = key
        recipe, known = round_.recipes[name], round_.stamps.get(key)
        try:
            body = self._press.write_body(feed, format_, language, entries)
            self._press.check_body(format_, body)
        except Exception:
            # Whatever it is that one paper brings, the other documents must not wait for it.
            log.exception("document %s not built, the former one stays", key, extra={"action": "refuse"})
            return "refused"
        if not entries and known is not None and known.entries and known.recipe == recipe:
            log.error("document %s would be empty, the former one stays", key, extra={"action": "refuse"})
            return "refused"
        stamp = Stamp(recipe, round_.revision, len(entries))
        papers = [entry.paper.id for entry in entries]
        # Packing costs more than putting a document together: it is left until the bytes are known to differ.
        if known is not None and self._store.documents.confirm(key, tag_body(body), stamp, papers):
            return "same"
        # An entry of a daily feed is a day.
        days = (mark_day(*each) for each in group_by_day(entries))
        marks = list(days if feed.is_daily else map(mark_entry, entries))
        changed = self._store.documents.save(self._press.finish_document(key, body), stamp, papers, marks)
        return "changed" if changed else "same"
