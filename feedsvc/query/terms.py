"""What may stand after each prefix of the keyword language, and what it means."""

from __future__ import annotations

from collections.abc import Callable

from feedsvc.errors import InvalidIdError
from feedsvc.paper import ArxivId, Kind
from feedsvc.query.ast import (
    EVERYTHING,
    AnnouncedIn,
    AuthorTerm,
    Field,
    HasId,
    IsPrimary,
    ListedIn,
    OfKind,
    Query,
    Term,
)
from feedsvc.query.words import is_character, tokenise
from feedsvc.taxonomy import load_taxonomy


class TermError(ValueError):
    """A term's value cannot be used; the message says what was expected, `offset` where in the value."""

    def __init__(self, expected: str, offset: int = 0) -> None:
        super().__init__(expected)
        self.offset = offset


def read_term(prefix: str, value: str, is_quoted: bool) -> Query:
    """Give the node for a value after a prefix such as `ti:`, or after none. Raises TermError."""
    if not is_quoted and prefix not in ("cat:", "in:"):
        if value == "*" and not prefix:
            return EVERYTHING
        for reserved in "*~":
            if reserved in value:
                raise TermError(f"expected a whole word without {reserved!r}", value.index(reserved))
    return _READERS[prefix](value)


def read_words(field: Field, value: str) -> Term:
    """Read a word or phrase."""
    return Term(field, _tokens(value))


def read_author(value: str) -> AuthorTerm:
    """Read an author: `hinton`, `Geoffrey Hinton`, `G. Hinton`, `Hinton, Geoffrey` or arXiv's `hinton_g`.

    Single letters are initials. The number at the end of an arXiv author identifier (`hinton_g_1`) tells
    namesakes apart in a register that papers do not carry: it is left out.
    """
    tokens = [token for token in _tokens(value) if not token.isdecimal()]
    if not tokens:
        raise TermError("expected an author's name")
    words = [token for token in tokens if not _is_initial(token)]
    initials = [token for token in tokens if _is_initial(token)]
    is_family_first = "," in value or "_" in value
    if not words:
        words = [initials.pop(0 if is_family_first else -1)]
    elif is_family_first:  # an O' or d' before the family name says nothing
        initials = initials[tokens.index(words[0]) :]
    return AuthorTerm(tuple(sorted(words)), tuple(initials))


def read_place(value: str) -> str:
    """Read a category, an alias of one, or an archive, `cs` or `cs.*`, in any letter case."""
    wanted = value.strip().lower()
    archive = wanted.removesuffix(".*")
    canonical = load_taxonomy().resolve(archive)
    if canonical is not None:
        return canonical
    if archive in load_taxonomy().archives:
        return f"{archive}.*"
    raise TermError("expected a category such as cs.AI or an archive such as cs.*")


def _tokens(value: str) -> tuple[str, ...]:
    tokens = tokenise(value)
    if not tokens:
        raise TermError("expected a word with letters or digits")
    return tokens


def _is_initial(token: str) -> bool:
    return len(token) == 1 and not is_character(token)


def _read_kind(value: str) -> OfKind:
    try:
        return OfKind(Kind(value.strip().lower()))
    except ValueError as error:
        raise TermError(f"expected one of {', '.join(Kind)}") from error


def _read_claim(value: str) -> IsPrimary:
    if value.strip().lower() != "primary":
        raise TermError("expected 'primary' after 'is:'")
    return IsPrimary()


def _read_id(value: str) -> HasId:
    try:
        named = ArxivId.parse(value)
    except InvalidIdError as error:
        raise TermError("expected an arXiv identifier such as 2601.06098 or hep-th/9901001") from error
    return HasId(named.paper, named.version)


_READERS: dict[str, Callable[[str], Query]] = {
    "": lambda value: read_words(Field.ALL, value),
    "ti:": lambda value: read_words(Field.TITLE, value),
    "abs:": lambda value: read_words(Field.ABSTRACT, value),
    "au:": read_author,
    "cat:": lambda value: ListedIn(read_place(value)),
    "in:": lambda value: AnnouncedIn(read_place(value)),
    "kind:": _read_kind,
    "is:": _read_claim,
    "co:": lambda value: read_words(Field.COMMENTS, value),
    "jr:": lambda value: read_words(Field.JOURNAL, value),
    "id:": _read_id,
    "all:": lambda value: read_words(Field.ALL, value),
}

PREFIXES = tuple(prefix for prefix in _READERS if prefix)
