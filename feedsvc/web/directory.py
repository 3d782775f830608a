"""What the subscription index lists: keyword feeds first, then the followed categories by archive."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from feedsvc.feed import Definition, Feed
from feedsvc.feed.catalogue import Catalogue
from feedsvc.query import Query
from feedsvc.query.ast import any_of
from feedsvc.render.phrases import Phrases
from feedsvc.taxonomy import Archive, Category, load_taxonomy

KEYWORD_FEEDS = "Keyword feeds"
SAVED_FEEDS = "Saved feeds"


@dataclass(frozen=True, slots=True)
class Listing:
    """One feed as the index lists it; `note` is what else there is to say, `query` what it looks for.

    `aliases` are other ids of a category; `is_keyword` tells that the feed is neither category nor archive.
    """

    feed: Feed
    title: str
    query: Query
    note: str = ""
    aliases: str = ""
    is_archive: bool = False
    is_keyword: bool = False

    def is_called(self, words: Sequence[str]) -> bool:
        """Tell whether every word, in small letters, stands in what the index says of the feed.

        In whatever language that is: a feed's own title and description are in English.
        """
        feed = self.feed
        said = (
            feed.title,
            feed.description,
            feed.place,
            self.title,
            self.note,
            self.aliases,
            str(self.query),
        )
        text = " ".join(said).lower()
        return all(word in text for word in words)

    @property
    def anchor(self) -> str:
        """The place of the feed on the index page."""
        return f"feed-{self.feed.name}"


@dataclass(frozen=True, slots=True)
class Group:
    """Feeds under one heading; `archive` is empty for those that belong to none."""

    title: str
    listings: tuple[Listing, ...]
    archive: str = ""

    @property
    def anchor(self) -> str:
        """The place of the group on the index page: that of its archive's feed."""
        return f"feed-{self.archive}" if self.archive else self.title.lower().replace(" ", "-")


@dataclass(frozen=True)
class Directory:
    """Everything that is listed."""

    groups: tuple[Group, ...]
    catalogue: Catalogue

    def with_saved(self, definitions: Iterable[Definition]) -> Directory:
        """Give the directory with saved feeds behind the keyword feeds."""
        saved = Group(SAVED_FEEDS, tuple(_list_keyword(each) for each in definitions))
        first, *others = self.groups
        return replace(self, groups=(first, saved, *others)) if saved.listings else self

    @cached_property
    def anchors(self) -> dict[str, str]:
        """The anchor of each listed feed by its name."""
        return {listing.feed.name: listing.anchor for group in self.groups for listing in group.listings}

    @property
    def discoverable(self) -> tuple[Feed, ...]:
        """The few feeds that a reader should find by the index page's address: keyword feeds and archives."""
        places = ((group.archive, listing.feed) for group in self.groups for listing in group.listings)
        return tuple(feed for archive, feed in places if archive in ("", feed.place))

    def pick(self, names: Sequence[str]) -> tuple[Group, ...]:
        """Give the groups with only the named feeds, which need not be listed. Raises UnknownFeedError."""
        wanted = {definition.place: definition for definition in map(self.catalogue.define, names)}
        for place in wanted:
            self.catalogue.check_followed(place)
        chosen = [replace(group, listings=_keep(group.listings, wanted)) for group in self.groups]
        unlisted = [wanted[name] for name in sorted(wanted.keys() - self.anchors.keys())]
        others = Group("Other feeds", tuple(_list_keyword(each) for each in unlisted))
        return tuple(group for group in (*chosen, others) if group.listings)


def make_directory(catalogue: Catalogue, categories: Collection[str]) -> Directory:
    """List the defined feeds and the followed categories of each archive."""
    taxonomy = load_taxonomy()
    followed = [taxonomy.categories[category] for category in sorted(set(categories))]
    defined = (catalogue.definitions[name] for name in catalogue.feeds)
    keyword = Group(KEYWORD_FEEDS, tuple(map(_list_keyword, defined)))
    archives = (
        Group(archive.name, tuple(_list_archive(catalogue, archive, followed)), archive.id)
        for archive in taxonomy.archives.values()
    )
    listed = (keyword, *(group for group in archives if group.listings))
    return Directory(listed, catalogue)


def name_groups(groups: Iterable[Group], phrases: Phrases) -> tuple[Group, ...]:
    """Give groups with categories, archives and translated feeds named in a language."""
    return tuple(
        replace(
            group,
            title=phrases.name_place(group.archive) if group.archive else group.title,
            listings=tuple(_name_listing(listing, phrases) for listing in group.listings),
        )
        for group in groups
    )


def _name_listing(listing: Listing, phrases: Phrases) -> Listing:
    if listing.is_keyword:
        said = listing.feed.name_in(phrases.language)
        return replace(listing, title=said.title, note=said.description)
    return replace(listing, title=phrases.name_place(listing.feed.place))


def _list_archive(catalogue: Catalogue, archive: Archive, followed: Iterable[Category]) -> Iterator[Listing]:
    own = [category for category in followed if category.archive == archive.id]
    if own and own[0].id != archive.id:
        definition = catalogue.define(archive.id)
        yield Listing(definition.make_feed(), archive.name, _query_of(definition), is_archive=True)
    for category in own:
        definition = catalogue.define(category.id)
        aliases = ", ".join(category.aliases)
        yield Listing(definition.make_feed(), category.name, _query_of(definition), aliases=aliases)


def _list_keyword(definition: Definition) -> Listing:
    query, note = _query_of(definition), definition.description
    return Listing(definition.make_feed(), definition.title, query, note, is_keyword=True)


def _query_of(definition: Definition) -> Query:
    return any_of(query for query, _ in definition.parts)


def _keep(listings: Iterable[Listing], names: Collection[str]) -> tuple[Listing, ...]:
    return tuple(listing for listing in listings if listing.feed.name in names)
