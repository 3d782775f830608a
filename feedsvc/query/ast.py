"""The nodes of a query. Few and frozen; what a node matches is written here and nowhere else.

`all_of`, `any_of` and `negate` build simplified queries: spellings of one query become equal values with
one text. Every walk over a query is a `match` over the union `Query`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from feedsvc.paper import Kind
from feedsvc.query.words import spell
from feedsvc.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from feedsvc.query.subject import Subject

OPERATORS = frozenset({"and", "or", "not", "andnot"})
_AFTER_FAMILY_NAME = frozenset({"jr", "sr", "ii", "iii", "iv"})


class Field(StrEnum):
    """Where a term's words are looked for, by the prefix that says so."""

    ALL = "all"
    TITLE = "ti"
    ABSTRACT = "abs"
    COMMENTS = "co"
    JOURNAL = "jr"


@dataclass(frozen=True, slots=True)
class Everything:
    """Matches every announcement."""

    def matches(self, subject: Subject) -> bool:
        """Hold always."""
        return True

    def __str__(self) -> str:
        return "*"


@dataclass(frozen=True, slots=True)
class Term:
    """Words standing side by side in a field; a single word is a phrase of one token."""

    field: Field
    tokens: tuple[str, ...]

    def matches(self, subject: Subject) -> bool:
        """Hold where the words stand in the field one after another."""
        wording = subject.wording
        return (
            wording.words.issuperset(self.tokens)
            and f" {' '.join(self.tokens)} " in wording.fields[self.field]
        )

    def __str__(self) -> str:
        prefix = "" if self.field is Field.ALL else f"{self.field}:"
        return prefix + quote(spell(self.tokens))


@dataclass(frozen=True, slots=True)
class AuthorTerm:
    """Words, sorted, that one author's name holds, and the initials of their other names, in order."""

    words: tuple[str, ...]
    initials: tuple[str, ...] = ()

    def matches(self, subject: Subject) -> bool:
        """Hold where one author is so called."""
        wording = subject.wording
        return wording.words.issuperset(self.words) and any(map(self.is_name, wording.names))

    def is_name(self, name: tuple[str, ...]) -> bool:
        """Tell whether a name holds every word and its others begin with the initials.

        With initials, the name must end in one of the words (or its initial): "Hinton Gray" is no hinton_g.
        """
        others = list(reversed(name))
        for word in self.words:
            if word not in others:
                return False
            others.remove(word)
        if not self.initials:
            return True
        others.reverse()
        last = next((word for word in reversed(name) if word not in _AFTER_FAMILY_NAME), name[-1])
        return (
            last in self.words + self.initials
            and len(others) >= len(self.initials)
            and all(other.startswith(initial) for other, initial in zip(others, self.initials, strict=False))
        )

    @property
    def slug(self) -> str:
        """The author as arXiv writes them: `hinton_g`."""
        return "_".join(self.words + self.initials)

    def __str__(self) -> str:
        return f"au:{quote(self.slug)}"


@dataclass(frozen=True, slots=True)
class ListedIn:
    """The paper is listed in a category, or in any of an archive's (`cs.*`), whoever announced it."""

    place: str

    def matches(self, subject: Subject) -> bool:
        """Hold where one of the paper's categories is meant."""
        return not members_of(self.place).isdisjoint(subject.wording.categories)

    def __str__(self) -> str:
        return f"cat:{self.place}"


@dataclass(frozen=True, slots=True)
class AnnouncedIn:
    """The announcement was made in a category, or in any of an archive's (`cs.*`)."""

    place: str

    def matches(self, subject: Subject) -> bool:
        """Hold where the announcement's category is meant."""
        return subject.category in members_of(self.place)

    def __str__(self) -> str:
        return f"in:{self.place}"


@dataclass(frozen=True, slots=True)
class OfKind:
    """The announcement is of a kind."""

    kind: Kind

    def matches(self, subject: Subject) -> bool:
        """Hold where the announcement is of this kind."""
        return subject.announcement.kind is self.kind

    def __str__(self) -> str:
        return f"kind:{self.kind}"


@dataclass(frozen=True, slots=True)
class IsPrimary:
    """The announcement was made in the paper's primary category."""

    def matches(self, subject: Subject) -> bool:
        """Hold where the announcement's category is the paper's first."""
        return subject.is_primary

    def __str__(self) -> str:
        return "is:primary"


@dataclass(frozen=True, slots=True)
class HasId:
    """The paper has this identifier, in this version where one is given."""

    paper: str
    version: int | None = None

    def matches(self, subject: Subject) -> bool:
        """Hold for the paper named."""
        announced = subject.announcement
        return self.paper == announced.paper and self.version in (None, announced.version)

    def __str__(self) -> str:
        return f"id:{self.paper}" + ("" if self.version is None else f"v{self.version}")


@dataclass(frozen=True, slots=True)
class And:
    """Every operand holds. Built by `all_of`."""

    operands: tuple[Query, ...]

    def matches(self, subject: Subject) -> bool:
        """Hold where every operand does."""
        return all(operand.matches(subject) for operand in self.operands)

    def __str__(self) -> str:
        return " ".join(f"({part})" if isinstance(part, Or) else str(part) for part in self.operands)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one operand holds. Built by `any_of`."""

    operands: tuple[Query, ...]

    def matches(self, subject: Subject) -> bool:
        """Hold where any operand does."""
        return any(operand.matches(subject) for operand in self.operands)

    def __str__(self) -> str:
        return " OR ".join(map(str, self.operands))


@dataclass(frozen=True, slots=True)
class Not:
    """The operand does not hold. Built by `negate`."""

    operand: Query

    def matches(self, subject: Subject) -> bool:
        """Hold where the operand does not."""
        return not self.operand.matches(subject)

    def __str__(self) -> str:
        return f"-({self.operand})" if isinstance(self.operand, And | Or) else f"-{self.operand}"


Query: TypeAlias = (
    Everything | Term | AuthorTerm | ListedIn | AnnouncedIn | OfKind | IsPrimary | HasId | And | Or | Not
)

EVERYTHING = Everything()
NOTHING = Not(EVERYTHING)


def all_of(queries: Iterable[Query]) -> Query:
    """Give the query that holds where all do; everything, if there are none."""
    parts = {
        part for query in queries for part in (query.operands if isinstance(query, And) else (query,))
    } - {EVERYTHING}
    if NOTHING in parts:
        return NOTHING
    operands = sorted(parts, key=_order)
    return And(tuple(operands)) if len(operands) > 1 else operands[0] if operands else EVERYTHING


def any_of(queries: Iterable[Query]) -> Query:
    """Give the query that holds where any does; nothing, if there are none."""
    parts = {
        part for query in queries for part in (query.operands if isinstance(query, Or) else (query,))
    } - {NOTHING}
    if EVERYTHING in parts:
        return EVERYTHING
    operands = sorted(parts, key=_order)
    return Or(tuple(operands)) if len(operands) > 1 else operands[0] if operands else NOTHING


def negate(query: Query) -> Query:
    """Give the query that holds where this one does not."""
    return query.operand if isinstance(query, Not) else Not(query)


def walk_leaves(query: Query) -> Iterator[Query]:
    """Give every node of a query that has no operands."""
    match query:
        case And(operands) | Or(operands):
            for operand in operands:
                yield from walk_leaves(operand)
        case Not(operand):
            yield from walk_leaves(operand)
        case _:
            yield query


def is_selective(query: Query) -> bool:
    """Tell whether a query asks for something: it, and each side of its ORs, does more than exclude."""
    match query:
        case And(operands):
            return any(map(is_selective, operands))
        case Or(operands):
            return all(map(is_selective, operands))
        case Not():
            return False
        case _:
            return True


def quote(text: str) -> str:
    """Put a word or phrase in quotation marks where it would be read as something else without."""
    return f'"{text}"' if " " in text or text in OPERATORS else text


@cache
def members_of(place: str) -> frozenset[str]:
    """Give the canonical categories that `cs.AI` or `cs.*` stands for, an archive's bare id included."""
    archive = place.removesuffix(".*")
    return frozenset({archive, *load_taxonomy().members(archive)})


def _order(query: Query) -> tuple[bool, str]:
    return isinstance(query, Not), str(query)
