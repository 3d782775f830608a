"""What a subject has or has not, as plain values: the words, places and names by which queries are found.

A trait is a tuple of strings: one to three words that stand side by side, `("deep", "learning")`, each with
a prefix if they are looked for in one field only, `("ti:deep", "ti:learning")`; or a prefix and a value, as
`("in:", "cs.AI")` and `("begins:", "tran")`, which says how some word begins. What a kind of node asks for is
written in `trait_of` and `traits_required`, nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations
from typing import Final, TypeAlias

from feedsvc.paper import Kind
from feedsvc.query.ast import (
    AnnouncedIn,
    AuthorTerm,
    Field,
    HasId,
    IsPrimary,
    ListedIn,
    OfKind,
    Or,
    Prefix,
    Query,
    Stemmed,
    Term,
    members_of,
)
from feedsvc.query.subject import Subject
from feedsvc.taxonomy import load_taxonomy

Trait: TypeAlias = tuple[str, ...]

ALWAYS: Final = ("always:",)
LONGEST: Final = 3  # words side by side; of a longer phrase the first and the last ones are looked for
BEGINNING: Final = 4  # letters by which a word with an open end is found
# In which field the words with a prefix are found.
FIELDS: Final = {"" if field is Field.ALL else f"{field}:": field for field in Field}
_ANYWHERE = Field.ALL


def trait_of(node: Query) -> Trait | None:
    """Give the trait that a subject has exactly where a node holds, or None where no single trait says it."""
    match node:
        case Term():
            return _phrase(node.field, node.tokens) if len(node.tokens) <= LONGEST else None
        case AuthorTerm():
            return ("au:", node.words[0]) if len(node.words) == 1 and not node.initials else None
        case ListedIn():
            return ("cat:", node.place)
        case AnnouncedIn():
            return ("in:", node.place)
        case OfKind():
            return ("kind:", node.kind)
        case IsPrimary():
            return ("is:", "primary")
        case HasId():
            return ("id:", node.paper, "" if node.version is None else str(node.version))
        case Or():
            return _any_kind(node)
        case _:
            return None


def traits_required(node: Query) -> tuple[Trait, ...]:
    """Give traits that a subject must have where a node holds of which no single trait says all."""
    match node:
        case Term(field, tokens) if len(tokens) > LONGEST:
            ends = (_phrase(field, tokens[:LONGEST]), _phrase(field, tokens[-LONGEST:]))
            return tuple(trait for trait in ends if trait is not None)
        case Prefix(field, (*before, open_word)):
            whole = _phrase(field, tuple(before[-LONGEST:]))
            return (_beginning(open_word),) if whole is None else (whole, _beginning(open_word))
        case Stemmed():
            return (_beginning(node.candidate_prefix()),)
        case AuthorTerm(words):
            return tuple(("au:", word) for word in words)
        case _:
            return ()


def traits_of(subject: Subject, prefix: str) -> Iterator[Trait]:
    """Give the traits with a prefix that a subject has, all but phrases."""
    return iter(_READERS[prefix](subject))


def prefix_of(trait: Trait) -> str:
    """Give a trait's prefix, "" for words in any field."""
    prefix, colon, _ = trait[0].rpartition(":")
    return prefix + colon


def shorten(trait: Trait) -> Trait | None:
    """Give a phrase without its first word, None for a single word and what is no phrase."""
    return None if len(trait) == 1 or trait[0].endswith(":") else trait[1:]


def _phrase(field: Field, tokens: tuple[str, ...]) -> Trait | None:
    if not "".join(tokens).isalnum():  # no words: they would not be met when a field is taken apart
        return None
    return tokens if field is _ANYWHERE else tuple(f"{field}:{token}" for token in tokens)


def _beginning(word: str) -> Trait:
    return ("begins:", word[:BEGINNING])


def _read_beginnings(subject: Subject) -> Iterator[Trait]:
    words = subject.wording.words
    beginnings = {word[:length] for word in words for length in range(1, BEGINNING + 1)}
    return (("begins:", beginning) for beginning in beginnings)


def _any_kind(node: Or) -> Trait | None:
    kinds = [part.kind for part in node.operands if isinstance(part, OfKind)]
    return ("kind:", *sorted(kinds)) if len(kinds) == len(node.operands) else None


def _read_ids(subject: Subject) -> Iterator[Trait]:
    announced = subject.announcement
    yield ("id:", announced.paper, "")
    yield ("id:", announced.paper, str(announced.version))


@cache
def _kinds_with(kind: Kind) -> tuple[Trait, ...]:
    """Give every choice of kinds that a kind is in."""
    choices = (choice for size in range(1, len(Kind) + 1) for choice in combinations(sorted(Kind), size))
    return tuple(("kind:", *choice) for choice in choices if kind in choice)


@cache
def places_of(category: str) -> tuple[str, ...]:
    """Give every place of which a category is a member: itself and its archives, in both spellings."""
    names = sorted({category, *load_taxonomy().archives})
    return tuple(place for name in names for place in (name, f"{name}.*") if category in members_of(place))


_READERS: dict[str, Callable[[Subject], tuple[Trait, ...] | Iterator[Trait]]] = {
    ALWAYS[0]: lambda subject: (ALWAYS,),
    "au:": lambda subject: (("au:", word) for name in subject.wording.names for word in name),
    "cat:": lambda subject: (
        ("cat:", place) for category in subject.wording.categories for place in places_of(category)
    ),
    "in:": lambda subject: (("in:", place) for place in places_of(subject.category)),
    "kind:": lambda subject: _kinds_with(subject.announcement.kind),
    "is:": lambda subject: (("is:", "primary"),) if subject.is_primary else (),
    "id:": _read_ids,
    "begins:": _read_beginnings,
}
