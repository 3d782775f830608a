"""Chooses what a listing shows: the papers of categories and archives on one day, each paper once."""

from __future__ import annotations

from dataclasses import dataclass

from feedsvc.errors import AddressError
from feedsvc.paper import Kind, Paper
from feedsvc.standin.corpus import Moment, Row, sort_rows
from feedsvc.taxonomy import Archive, Taxonomy, load_taxonomy

MAX_ITEMS = 2000


@dataclass(frozen=True, slots=True)
class Item:
    """A paper as a listing shows it."""

    paper: Paper
    kind: Kind


@dataclass(frozen=True, slots=True)
class Listing:
    """What was asked for, in arXiv's spelling with archives first, and the papers found."""

    places: tuple[str, ...]
    items: tuple[Item, ...]


def select_listing(query: str, moment: Moment) -> Listing:
    """Answer a query like `cs.AI+hep-th`. Raises AddressError in arXiv's words.

    A paper listed in several of the categories is shown under the kind that ranks first. Past 2000 items
    those at the start are left out: new papers go first.
    """
    places = read_places(query)
    if moment.shown is None:
        return Listing(places, ())
    rows = _merge_rows([row for c in list_members(places) for row in moment.corpus.page(moment.shown, c)])
    day = moment.shown
    items = (
        Item(moment.corpus.paper_on((row.paper, row.version), day), row.kind) for row in rows[-MAX_ITEMS:]
    )
    return Listing(places, tuple(items))


def read_places(query: str) -> tuple[str, ...]:
    """Give the archives, then the categories, that a query names. Raises AddressError."""
    parts = [_read_place(part, query) for part in query.split("+")]
    return tuple(sorted(parts, key=lambda part: "." in part))


def list_members(places: tuple[str, ...]) -> frozenset[str]:
    """Give the canonical categories that places stand for."""
    taxonomy = load_taxonomy()
    return frozenset(
        member
        for place in places
        for member in (
            [taxonomy.canonical[place.lower()]] if "." in place else taxonomy.archives[place].categories
        )
    )


def _merge_rows(rows: list[Row]) -> tuple[Row, ...]:
    first: dict[str, Row] = {}
    for row in sort_rows(rows):
        first.setdefault(row.paper, row)
    return tuple(first.values())


def _read_place(part: str, query: str) -> str:
    taxonomy = load_taxonomy()
    if not part.strip():
        raise AddressError(
            f"Invalid archive specification '{query}'. Expected archives or categories joined by '+',"
            " such as 'math+cs.CG'."
        )
    archive, *classes = part.split(".")
    if len(classes) > 1:
        raise AddressError(f"Bad archive/subject class structure '{part}'. Expected one period at most.")
    known = taxonomy.archives.get(archive.lower())
    if known is None:
        names = ", ".join([*sorted(taxonomy.archives), "test"])
        raise AddressError(f"Bad archive '{archive.lower()}'. Valid archive names are: {names}.")
    return _read_class(classes[0], known, taxonomy) if classes else known.id


def _read_class(name: str, archive: Archive, taxonomy: Taxonomy) -> str:
    named = {c.lower(): c for c in _list_names(archive, taxonomy)}
    wanted = f"{archive.id}.{name}".lower()
    if wanted not in named:
        raise AddressError(
            f"Bad subject class '{name}'. Valid subject classes for the archive '{archive.id}' are: "
            f"{', '.join(sorted(named.values()))}."
        )
    return named[wanted]


def _list_names(archive: Archive, taxonomy: Taxonomy) -> list[str]:
    """Give an archive's categories under the names they have in it."""
    members = [taxonomy.categories[category] for category in archive.categories]
    prefix = f"{archive.id}."
    return [next((n for n in (m.id, *m.aliases) if n.startswith(prefix)), m.id) for m in members]
