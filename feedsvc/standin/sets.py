"""OAI-PMH's sets: groups, archives and categories, as `math`, `math:math` and `math:math:NA`."""

from __future__ import annotations

from collections.abc import Iterable

from feedsvc.paper import Paper
from feedsvc.standin.markup import spell_categories
from feedsvc.standin.refusals import Code, Refusal
from feedsvc.taxonomy import Archive, load_taxonomy

GROUPS = ("physics", "math", "q-bio", "cs", "q-fin", "stat", "eess", "econ")
"""In arXiv's order. Each has one archive of its own name, but for physics, which has all the others too."""


def list_sets() -> tuple[tuple[str, str], ...]:
    """Give every set and its name: groups, archives, categories, those with two names under both."""
    taxonomy = load_taxonomy()
    groups = [(group, taxonomy.archives[group].group) for group in GROUPS]
    archives = [(_spell_archive(archive), archive.name) for archive in taxonomy.archives.values()]
    categories = [(spell_set(name), taxonomy.name_of(name)) for name in _list_names()]
    return (*groups, *archives, *categories)


def spell_set(category: str) -> str:
    """Give a category's own set."""
    return f"{_find_group(category.partition('.')[0])}:{category.replace('.', ':')}"


def spell_sets(paper: Paper) -> list[str]:
    """Give the sets of a paper's categories, the primary one's first."""
    return [spell_set(category) for category in spell_categories(paper)]


def check_set(text: str) -> str:
    """Give a set back if there is one like it. Raises Refusal in arXiv's words."""
    if text.count(":") > 2:
        raise Refusal(Code.BAD_ARGUMENT, "Set has too many levels")
    if text not in dict(list_sets()):
        raise Refusal(Code.BAD_ARGUMENT, "Set does not exist")
    return text


def is_within(sets: Iterable[str], wanted: str) -> bool:
    """Tell whether any of the sets is the wanted one or inside it."""
    return any(name == wanted or name.startswith(f"{wanted}:") for name in sets)


def read_category(text: str) -> str:
    """Give the category or archive that a set stands for: `cs:cs:AI` is cs.AI."""
    return ".".join(text.split(":")[1:])


def _spell_archive(archive: Archive) -> str:
    return f"{_find_group(archive.id)}:{archive.id}"


def _find_group(archive: str) -> str:
    return archive if archive in GROUPS else "physics"


def _list_names() -> list[str]:
    categories = load_taxonomy().categories.values()
    return sorted(name for category in categories for name in (category.id, *category.aliases))
