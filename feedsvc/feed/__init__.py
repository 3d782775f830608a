"""A feed: a name, a title, a query and options. Categories, keywords, authors and searches are all feeds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from urllib.parse import quote, quote_plus
from uuid import UUID, uuid5

from feedsvc.paper import Kind
from feedsvc.query import Query
from feedsvc.query.ast import IsPrimary, OfKind, all_of, any_of, walk_leaves

NAMESPACE = UUID("96279dda-349a-4df0-b10d-423fe019fae7")
LIMIT = 200
KINDS = (Kind.NEW, Kind.CROSS)
PAGE = "html"
DAILY = "daily"
MARKDOWN = "md"
"""The format that only a feed's days have."""


@dataclass(frozen=True, slots=True)
class Naming:
    """What a feed is called in a language (BCP 47, in small letters), and what is said of it."""

    language: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """What a reader may choose for any feed; None leaves it as the feed is defined."""

    kinds: tuple[Kind, ...] | None = None
    primary: bool = False
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """Everything that decides which entries a feed holds.

    `place` is the path below `/feeds/` without format, language and day, decoded; `options` the parameters
    in canonical order, percent-encoded, without those at their default, of which `chosen` are what the title
    does not tell. `query` is the whole selection, kinds and all, but for the day: where there is one, this is
    what the feed takes in on that day alone. A daily feed has an entry a day, the digest of what it takes in
    on it.
    """

    place: str
    options: str
    title: str
    query: Query
    limit: int = LIMIT
    description: str = ""
    day: date | None = None
    is_daily: bool = False
    namings: tuple[Naming, ...] = ()
    chosen: Options = Options()

    def name_in(self, language: str) -> Naming:
        """Give the feed's title and description in a language; as they are where it has none in it."""
        return _find_naming(self, language)

    @property
    def name(self) -> str:
        """The canonical name: two feeds are one exactly if this is equal."""
        return f"{self._full_place}?{self.options}" if self.options else self._full_place

    @property
    def id(self) -> str:
        """The feed's own id, the same in every format and language, on every host, for all its days."""
        return f"urn:uuid:{uuid5(NAMESPACE, replace(self, day=None).name)}"

    def entry_id(self, day: date) -> str:
        """Give the id of a day's entry in a daily feed."""
        return f"urn:uuid:{uuid5(NAMESPACE, f'{self.name} {day}')}"

    def on_day(self, day: date | None) -> Feed:
        """Give one day of the feed; the feed itself for None."""
        return replace(self, day=day, is_daily=False)

    def as_daily(self) -> Feed:
        """Give the feed with an entry a day."""
        return replace(self, is_daily=True, day=None)

    @property
    def badge_path(self) -> str:
        """The path of the feed's badge, the same for all its days: how many read it, as a picture."""
        path, mark, options = replace(self, day=None, is_daily=False).path(PAGE).partition("?")
        return f"{path}/badge.svg{mark}{options}"

    @property
    def _full_place(self) -> str:
        place = f"{DAILY}/{self.place}" if self.is_daily else self.place
        return f"{place}/{self.day}" if self.day else place

    def path(self, format: str, language: str | None = None) -> str:
        """Give the canonical path and parameters of a document; the page for people has no suffix."""
        return write_path(self.name, format, language)


def write_path(name: str, format: str, language: str | None = None) -> str:
    """Give the canonical path and parameters of a document of the feed with a name."""
    place, _, options = name.partition("?")
    folder = f"/feeds/{language}/" if language else "/feeds/"
    suffix = "" if format == PAGE else f".{format}"
    return folder + quote(place, safe="/+") + suffix + (f"?{options}" if options else "")


@dataclass(frozen=True, slots=True)
class Definition:
    """A feed before options. `parts` are the queries it joins, each with the kinds it takes in by default."""

    place: str
    title: str
    parts: tuple[tuple[Query, tuple[Kind, ...]], ...]
    limit: int = LIMIT
    description: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    namings: tuple[Naming, ...] = ()

    @property
    def kinds(self) -> tuple[Kind, ...] | None:
        """The kinds taken in by default; None where the parts differ."""
        kinds = {kinds for _, kinds in self.parts}
        return kinds.pop() if len(kinds) == 1 else None

    def make_feed(self, options: Options | None = None) -> Feed:
        """Give the feed under options; those that change nothing do not appear in its name."""
        chosen = self._drop_defaults(options or Options())
        parameters = [*self.parameters, *_name_options(chosen)]
        return Feed(
            place=self.place,
            options="&".join(f"{name}={quote_plus(value, safe=':*,')}" for name, value in sorted(parameters)),
            title=self.title,
            query=self._select(chosen),
            limit=chosen.limit or self.limit,
            description=self.description,
            namings=self.namings,
            chosen=chosen,
        )

    def _drop_defaults(self, options: Options) -> Options:
        return replace(
            options,
            kinds=None if options.kinds == self.kinds else options.kinds,
            limit=None if options.limit == self.limit else options.limit,
        )

    def _select(self, options: Options) -> Query:
        queries: dict[tuple[Kind, ...], list[Query]] = {}
        for query, kinds in self.parts:
            queries.setdefault(options.kinds or kinds, []).append(query)
        selection = any_of(all_of((any_of(same), _any_kind(kinds))) for kinds, same in queries.items())
        return all_of((selection, IsPrimary())) if options.primary else selection


def default_kinds(query: Query) -> tuple[Kind, ...]:
    """Give the kinds a feed takes in where nothing else is said: all, if its query speaks of kinds itself."""
    return tuple(Kind) if any(isinstance(leaf, OfKind) for leaf in walk_leaves(query)) else KINDS


def join_definitions(definitions: Iterable[Definition]) -> Definition:
    """Give the feed that takes in what any of these does; order and repeats do not matter."""
    parts = sorted({part.place: part for part in definitions}.values(), key=lambda part: part.place)
    if len(parts) == 1:
        return parts[0]
    languages = sorted({naming.language for part in parts for naming in part.namings})
    return Definition(
        place="+".join(part.place for part in parts),
        title=_join_titles(part.title for part in parts),
        parts=tuple(selection for part in parts for selection in part.parts),
        namings=tuple(
            Naming(language, _join_titles(_find_naming(part, language).title for part in parts))
            for language in languages
        ),
    )


def _join_titles(titles: Iterable[str]) -> str:
    return " + ".join(titles)


def _find_naming(named: Feed | Definition, language: str) -> Naming:
    """Find what is called so in a language, or in the nearest wider one; else what it is called anyway."""
    known = {naming.language: naming for naming in named.namings}
    tag = language.lower()
    while tag and tag not in known:
        tag = tag.rpartition("-")[0]
    return known.get(tag) or Naming(language.lower(), named.title, named.description)


def _name_options(options: Options) -> list[tuple[str, str]]:
    values = {
        "announce": ",".join(options.kinds or ()),
        "limit": str(options.limit or ""),
        "primary": "1" if options.primary else "",
    }
    return [(name, value) for name, value in values.items() if value]


def _any_kind(kinds: tuple[Kind, ...]) -> Query:
    return all_of(()) if set(kinds) == set(Kind) else any_of(map(OfKind, kinds))
