"""arXiv's archives, categories, aliases and their names: facts from arXiv's own taxonomy, read once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class Category:
    """A category under its canonical id; `aliases` are other ids of the same one."""

    id: str
    name: str
    archive: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive and the ids of its active categories, in alphabetical order.

    An alias counts in its own archive too: `cs` holds math.NA, which is cs.NA.
    """

    id: str
    name: str
    group: str
    categories: tuple[str, ...]


@dataclass(frozen=True)
class Taxonomy:
    """The active categories by canonical id, the archives, and what all 155 active ids stand for."""

    categories: dict[str, Category]
    archives: dict[str, Archive]
    names: dict[str, str]
    canonical: dict[str, str]

    def resolve(self, category: str) -> str | None:
        """Give the canonical id of a category or alias in any letter case; None if there is none."""
        return self.canonical.get(category.lower())

    def name_of(self, category: str) -> str:
        """Give the English name of any category or archive, closed ones too; the id itself if unknown."""
        archive = self.archives.get(category)
        return archive.name if archive else self.names.get(category, category)

    def members(self, place: str) -> tuple[str, ...]:
        """Give the categories that a category or archive stands for; empty if it is neither."""
        if place in self.categories:
            return (place,)
        archive = self.archives.get(place)
        return archive.categories if archive else ()


def write_label(name: str, place: str) -> str:
    """Write the name of a category or an archive with its id, which tells those of one name apart."""
    return f"{name} ({place})"


@cache
def load_taxonomy() -> Taxonomy:
    """Read the table that ships with the package."""
    rows = json.loads(resources.files("feedsvc").joinpath("data/taxonomy.json").read_text("utf-8"))
    active = [row for row in rows if row["active"]]
    aliases = {row["id"]: row["alias_of"] for row in active if row["alias_of"]}
    categories = {
        row["id"]: Category(row["id"], row["name"], row["archive"], tuple(_aliases_of(row["id"], aliases)))
        for row in active
        if row["id"] not in aliases
    }
    archives: dict[str, Archive] = {}
    for row in sorted(active, key=lambda row: str(row["archive"])):
        if row["archive"] not in archives:
            members = sorted(
                {aliases.get(r["id"], r["id"]) for r in active if r["archive"] == row["archive"]}
            )
            archives[row["archive"]] = Archive(
                row["archive"], row["archive_name"], row["group_name"], tuple(members)
            )
    canonical = {row["id"].lower(): aliases.get(row["id"], row["id"]) for row in active}
    return Taxonomy(categories, archives, {row["id"]: row["name"] for row in rows}, canonical)


def _aliases_of(category: str, aliases: dict[str, str]) -> Iterator[str]:
    return (alias for alias, target in sorted(aliases.items()) if target == category)
