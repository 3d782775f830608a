"""What may stand after each prefix of the keyword language, and what it means."""

from __future__ import annotations

import re
from collections.abc import Callable

from feedsvc.errors import InvalidIdError
from feedsvc.paper import ArxivId, Kind
from feedsvc.query.ast import (
    EVERYTHING,
    AnnouncedIn,
    AnnouncedOn,
    AnnouncedWithin,
    AuthorTerm,
    Field,
    HasId,
    IsPrimary,
    LikePaper,
    ListedIn,
    OfKind,
    Prefix,
    Query,
    Stemmed,
    Term,
)
from feedsvc.query.dates import DateError, read_age, read_span
from feedsvc.query.mistakes import TermError, explain_place, refuse_names, refuse_signs
from feedsvc.query.stems import stem_word
from feedsvc.query.words import fold, is_character, is_letter, tokenise
from feedsvc.taxonomy import load_taxonomy
from feedsvc.told import Told, tell

__all__ = ["PREFIXES", "TermError", "find_place", "read_author", "read_place", "read_term", "read_words"]

_PIECES = re.compile("(?:[^\\W_]|[\u0300-\u036f])+|\\*+|.", re.DOTALL)
_GAPS = ("", " ", "-", '"', "(", "/")
_PARTED = re.compile(r"(?<![^\W_])([^\W\d_])['’](?=[^\W\d_])")


def read_term(prefix: str, value: str, *, is_quoted: bool) -> Query:
    """Give the node for a value after a prefix such as `ti:`, or after none. Raises TermError."""
    if value == "*" and not is_quoted and prefix in ("", "all:"):
        return EVERYTHING
    if not is_quoted and prefix not in _TAKEN_LITERALLY:
        refuse_signs(value, PREFIXES)
        if prefix in _FIELDS:
            refuse_names(value)
    if prefix in _FIELDS:
        return read_words(_FIELDS[prefix], value, is_quoted=is_quoted)
    return _READERS[prefix](value)


def read_words(field: Field, value: str, *, is_quoted: bool = False) -> Term | Prefix | Stemmed:
    """Read a word or phrase, the beginning of one (`transform*`), or a word to be stemmed (`~networks`).

    Where the star follows a single letter (A*, C*-algebra) or a Chinese, Japanese or Korean character,
    it says nothing: those are words by themselves.
    """
    if value[:1] == "~":
        if is_quoted:
            raise TermError(tell("expected '~' in front of a single word, without quotation marks"))
        return _read_stem(field, value)
    tokens = _tokens(value)
    is_beginning = "*" in value and _is_beginning(value, is_quoted)
    is_whole = is_letter(tokens[-1]) or is_character(tokens[-1])
    return Prefix(field, tokens) if is_beginning and not is_whole else Term(field, tokens)


def _is_beginning(value: str, is_quoted: bool) -> bool:
    """Tell whether a star behind the last word asks for all that begins with it. Raises TermError."""
    pieces = [("", 0), *((piece[0], piece.start()) for piece in _PIECES.finditer(value)), ("", 0)]
    last_word = max((at for piece, at in pieces if tokenise(piece)), default=0)
    found = False
    for (before, _), (piece, at), (after, _) in zip(pieces, pieces[1:], pieces[2:], strict=False):
        if piece[0] != "*":
            continue
        if tokenise(after) and (tokenise(before) or before in _GAPS):
            raise TermError(tell("expected '*' only at the end of a word"), at)
        if _is_cut_short(before):
            if at < last_word:
                raise TermError(tell("expected '*' only behind the last word of a phrase"), at)
            found = True
        elif not tokenise(before) and not is_quoted:
            raise TermError(tell("expected a letter or digit directly before '*'"), at)
    return found


def _is_cut_short(word: str) -> bool:
    """Tell whether the last word is more than a single character, and so may go on behind it."""
    return tokenise(fold(word)[-1:]) != tokenise(word)[-1:]


def _read_stem(field: Field, value: str) -> Term | Stemmed:
    is_stem = value.startswith("~~")  # how a stem is written of which no word can be told
    tokens = tokenise(value)
    if "*" in value:
        raise TermError(tell("expected either '~' or '*', not both"), value.index("*"))
    if len(tokens) != 1 or tokens[0].isdecimal():
        raise TermError(tell("expected a single word directly behind '~'"))
    if is_character(tokens[0]):
        return Term(field, tokens)
    return Stemmed(field, tokens[0] if is_stem else stem_word(tokens[0]))


def read_author(value: str) -> AuthorTerm:
    """Read an author: `hinton`, `Geoffrey Hinton`, `G. Hinton`, `Hinton, Geoffrey` or arXiv's `hinton_g`.

    Single letters are initials, but for those of O'Neil and d'Angelo. The number at the end of an arXiv
    author identifier (`hinton_g_1`) tells namesakes apart in a register that papers do not carry: it is
    left out. Raises TermError.
    """
    if (sign := value[:1] if value[:1] == "~" else "*") in value:
        raise TermError(tell("expected a whole name, without {sign!r}", sign=sign), value.index(sign))
    if value[-1:] == ",":
        pattern = 'expected quotation marks around a name with commas: "{value} …"'
        raise TermError(tell(pattern, value=value))
    tokens = [token for token in _tokens(value) if not token.isdecimal()]
    if not tokens:
        raise TermError(tell("expected an author's name"))
    words = [token for token in tokens if not is_letter(token)]
    initials = [token for token in tokens if is_letter(token)]
    is_family_first = "," in value or "_" in value
    if not words:
        return AuthorTerm((initials.pop(0 if is_family_first else -1),), tuple(initials))
    parted = [letter for letter in _PARTED.findall(fold(value)) if letter in initials]
    if is_family_first:
        parted = tokens[: tokens.index(words[0])] or parted
    for letter in parted:
        initials.remove(letter)
    return AuthorTerm(tuple(sorted(words + parted)), tuple(initials))


def read_place(value: str) -> str:
    """Read a category, an alias of one, or an archive, `cs` or `cs.*`, in any letter case."""
    place = find_place(value)
    if place is None:
        raise TermError(explain_place(value))
    return place


def find_place(value: str) -> str | None:
    """Give the category or archive, as `cs.*`, that a value names in any letter case; None if it is none."""
    archive = value.strip().lower().removesuffix(".*")
    canonical = load_taxonomy().resolve(archive)
    if canonical is None and archive in load_taxonomy().archives:
        return f"{archive}.*"
    return canonical


def _tokens(value: str) -> tuple[str, ...]:
    tokens = tokenise(value)
    if not tokens:
        raise TermError(tell("expected a word with letters or digits"))
    return tokens


def _read_days(value: str) -> AnnouncedOn | AnnouncedWithin:
    text = value.strip().lower()
    try:
        age = read_age(text)
        return AnnouncedWithin(*age) if age else AnnouncedOn(*read_span(text))
    except DateError as error:
        raise TermError(error.expected) from error


def _read_kind(value: str) -> OfKind:
    try:
        return OfKind(Kind(value.strip().lower()))
    except ValueError as error:
        raise TermError(_say_one(tell("expected one of {kinds}", kinds=", ".join(Kind)), value)) from error


def _read_claim(value: str) -> IsPrimary:
    claim = value.strip().lower()
    if claim in list(Kind):
        raise TermError(tell("expected 'primary' after 'is:', or kind:{kind}", kind=claim))
    if claim != "primary":
        raise TermError(tell("expected 'primary' after 'is:'"))
    return IsPrimary()


def _read_id(value: str) -> HasId:
    try:
        named = ArxivId.parse(value)
    except InvalidIdError as error:
        told = tell("expected one arXiv identifier such as 2601.06098 or hep-th/9901001")
        raise TermError(_say_one(told, value)) from error
    return HasId(named.paper, named.version)


def _say_one(expected: Told, value: str) -> Told:
    """Add how several values are asked for, where somebody gave them at once."""
    return (
        tell("{expected}: several are joined by OR", expected=expected)
        if set(value) & set(",;")
        else expected
    )


_FIELDS = {
    "": Field.ALL,
    "ti:": Field.TITLE,
    "abs:": Field.ABSTRACT,
    "co:": Field.COMMENTS,
    "jr:": Field.JOURNAL,
    "all:": Field.ALL,
}
_READERS: dict[str, Callable[[str], Query]] = {
    "au:": read_author,
    "cat:": lambda value: ListedIn(read_place(value)),
    "in:": lambda value: AnnouncedIn(read_place(value)),
    "kind:": _read_kind,
    "is:": _read_claim,
    "id:": _read_id,
    "like:": lambda value: LikePaper(_read_id(value).paper),
    "announced:": _read_days,
}
# Values whose signs are read, and explained, by what knows their meaning.
_TAKEN_LITERALLY = _READERS.keys()

PREFIXES = tuple(prefix for prefix in (*_FIELDS, *_READERS) if prefix)
