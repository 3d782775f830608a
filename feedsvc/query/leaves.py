"""The nodes of a query that stand alone: what a word, a name, a category, a date takes in is written here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TypeAlias

from feedsvc.paper import Kind
from feedsvc.query.dates import Unit, count_back, spell_span
from feedsvc.query.stems import find_candidate_prefix, find_word, stem_word
from feedsvc.query.subject import Field, Subject
from feedsvc.query.words import is_letter, spell
from feedsvc.taxonomy import load_taxonomy

OPERATORS = frozenset({"and", "or", "not", "andnot"})
_AFTER_FAMILY_NAME = frozenset({"jr", "sr", "ii", "iii", "iv"})


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
        return _write_field(self.field) + quote(spell(self.tokens))


@dataclass(frozen=True, slots=True)
class Prefix:
    """Words standing side by side in a field, of the last of which only the beginning is given.

    It has two letters or digits at least, and does not end in a Chinese, Japanese or Korean character:
    those are words by themselves.
    """

    field: Field
    tokens: tuple[str, ...]

    def matches(self, subject: Subject) -> bool:
        """Hold where the words stand in the field one after another, the last one however it goes on."""
        wording = subject.wording
        return (
            wording.words.issuperset(self.tokens[:-1])
            and f" {' '.join(self.tokens)}" in wording.fields[self.field]
        )

    def __str__(self) -> str:
        return _write_field(self.field) + quote(f"{spell(self.tokens)}*")


@dataclass(frozen=True, slots=True)
class Stemmed:
    """A word of this stem, as the English Snowball stemmer has it, stands in the field."""

    field: Field
    stem: str

    def matches(self, subject: Subject) -> bool:
        """Hold where any of the field's words has this stem."""
        prefix = self.candidate_prefix()
        text = subject.wording.fields[self.field]
        return f" {prefix}" in text and any(
            stem_word(word) == self.stem for word in text.split() if word.startswith(prefix)
        )

    def candidate_prefix(self) -> str:
        """Give a beginning, never empty, that every word with this stem has."""
        return find_candidate_prefix(self.stem)

    def __str__(self) -> str:
        return f"{_write_field(self.field)}~{find_word(self.stem) or f'~{self.stem}'}"


@dataclass(frozen=True, slots=True)
class AuthorTerm:
    """Words, sorted, that one author's name holds, and the initials of their other names, in order.

    A single letter is a word where it is part of a family name: the O of O'Neil.
    """

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
        """The author as arXiv writes them: `hinton_g`; what an apostrophe parted comes first: `o_neil_p`."""
        words = sorted(self.words, key=lambda word: (not is_letter(word), word))
        return "_".join((*words, *self.initials))

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
class AnnouncedOn:
    """The announcement's day is one of these, both ends taken in; an open end is date.min or date.max."""

    first: date
    last: date

    def matches(self, subject: Subject) -> bool:
        """Hold where the announcement's day lies between the ends."""
        return self.first <= subject.announcement.day <= self.last

    def __str__(self) -> str:
        return f"announced:{spell_span(self.first, self.last)}"


@dataclass(frozen=True, slots=True)
class AnnouncedWithin:
    """The announcement is so young, counted from the newest day in the ledger: `resolve_dates` says when."""

    count: int
    unit: Unit

    def matches(self, subject: Subject) -> bool:
        """Raise ValueError: without the ledger's newest day nobody can tell."""
        raise ValueError(f"{self} counts from the newest day: expected resolve_dates() before matches()")

    def resolve(self, newest: date) -> AnnouncedOn:
        """Give the days that are meant while this is the ledger's newest day."""
        return AnnouncedOn(count_back(newest, self.count, self.unit), date.max)

    def __str__(self) -> str:
        return f"announced:{self.count}{self.unit}"


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
class AnyId:
    """The paper is one of these. It cannot be written in the language: `resolve_likeness` makes it."""

    papers: frozenset[str]

    def matches(self, subject: Subject) -> bool:
        """Hold for the papers named."""
        return subject.announcement.paper in self.papers

    def __str__(self) -> str:
        return f"id:{','.join(sorted(self.papers))}"


@dataclass(frozen=True, slots=True)
class LikePaper:
    """The paper is like another one: `resolve_likeness` says which are, among those that are stored."""

    paper: str

    def matches(self, subject: Subject) -> bool:
        """Raise ValueError: without the other papers nobody can tell."""
        raise ValueError(f"{self} depends on what is stored: expected resolve_likeness() before matches()")

    def __str__(self) -> str:
        return f"like:{self.paper}"


Leaf: TypeAlias = (
    Everything
    | Term
    | Prefix
    | Stemmed
    | AuthorTerm
    | ListedIn
    | AnnouncedIn
    | AnnouncedOn
    | AnnouncedWithin
    | OfKind
    | IsPrimary
    | HasId
    | AnyId
    | LikePaper
)


def quote(text: str) -> str:
    """Put a word or phrase in quotation marks where it would be read as something else without."""
    return f'"{text}"' if " " in text or text in OPERATORS else text


@cache
def members_of(place: str) -> frozenset[str]:
    """Give the canonical categories that `cs.AI` or `cs.*` stands for, an archive's bare id included."""
    archive = place.removesuffix(".*")
    return frozenset({archive, *load_taxonomy().members(archive)})


def _write_field(field: Field) -> str:
    return "" if field is Field.ALL else f"{field}:"
