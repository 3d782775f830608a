"""Text to query, and mistakes to plain words.

    query    = side { OR side }
    side     = clause { [ AND ] clause | ANDNOT clause }
    clause   = { NOT | "-" } ( "(" query ")" | [ prefix ] value )
    value    = word | '"' phrase '"'

AND binds tighter than OR; words side by side are joined by AND; operators count in any letter case. What may
stand after a prefix such as `cat:` is read in `terms.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from feedsvc.errors import QueryError
from feedsvc.query.ast import Query, all_of, any_of, is_selective, negate
from feedsvc.query.mistakes import TermError, explain_gap, explain_prefix
from feedsvc.query.pasted import decode_pasted
from feedsvc.query.scan import Sign, Token, scan_token
from feedsvc.query.terms import PREFIXES, read_term
from feedsvc.told import tell

MAX_CHARACTERS = 256
MAX_TERMS = 24
# Keyboards for Chinese and Japanese put in signs as wide as a character: each is read as the narrow one.
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def parse(text: str) -> Query:
    """Read a query; its text, `str(query)`, reads back as an equal one. Raises QueryError, nothing else.

    What was copied from an address of arXiv's API is read as it was meant; an error then shows it decoded.
    """
    if len(text) > MAX_CHARACTERS:
        told = tell(
            "expected no more than {most} characters, not {length}", most=MAX_CHARACTERS, length=len(text)
        )
        raise QueryError(text, MAX_CHARACTERS, told)
    text = _decode(text)
    part = _Reader(text).read()
    if not is_selective(part.query):
        start = _locate_exclusion(part)
        raise QueryError(text, start, tell("expected something to look for besides what is excluded"))
    if len(str(part.query)) > MAX_CHARACTERS:
        told = tell("expected no more than {most} characters once spelt out", most=MAX_CHARACTERS)
        raise QueryError(text, 0, told)
    return part.query


def point_at(text: str, term: Query, expected: str) -> QueryError:
    """Give the mistake that a term of a query is, though the query can be read: what it names is not here."""
    reader = _Reader(_decode(text))
    reader.read()
    return QueryError(reader.text, reader.places.get(term, 0), expected)


def _decode(text: str) -> str:
    return decode_pasted(text.translate(_NARROW))


@dataclass(frozen=True, slots=True)
class _Part:
    """A query and where its text begins; `sides` are those of an OR."""

    query: Query
    start: int
    sides: Sequence[_Part] = ()


@dataclass(slots=True)
class _Group:
    """What has been read of the whole, or between parentheses.

    `signs` are the negations that the next operand stands under, `sign` is the first of them.
    """

    start: int = 0
    sides: list[_Part] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=list)
    signs: int = 0
    sign: Token | None = None

    def add_sign(self, token: Token) -> None:
        """Negate what comes next."""
        self.signs += 1
        self.sign = self.sign or token

    def add_part(self, part: _Part) -> None:
        """Take in an operand under the signs before it."""
        if self.sign:
            part = _Part(negate(part.query) if self.signs % 2 else part.query, self.sign.start)
        self.parts.append(part)
        self.signs, self.sign = 0, None

    def end_side(self) -> None:
        """Begin the next side of an OR."""
        query = all_of(part.query for part in self.parts)
        self.sides.append(self.parts[0] if len(self.parts) == 1 else _Part(query, self.parts[0].start))
        self.parts = []

    def close(self) -> _Part:
        """Give all of it as one operand."""
        self.end_side()
        if len(self.sides) == 1:
            return self.sides[0]
        return _Part(any_of(side.query for side in self.sides), self.sides[0].start, self.sides)


class _Reader:
    """Reads a query from left to right, a token at a time. Nothing calls itself: depth costs no stack.

    `places` tells where the value of each term begins that was read, of equal ones the first.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.places: dict[Query, int] = {}
        self._groups = [_Group()]
        self._terms = 0
        self._prefix: Token | None = None
        # The token behind which an operand has to stand; None where one is complete.
        self._open: Token | None = Token(Sign.SPACE, "", 0)

    def read(self) -> _Part:
        """Give the whole query."""
        position = 0
        while position < len(self.text):
            token = scan_token(self.text, position, is_value=self._prefix is not None)
            if token is None:
                raise self._error(position, tell("expected a second quotation mark for this one"))
            if token.sign is not Sign.SPACE:
                self._take(token)
            position = token.end
        self._check_operand(Token(Sign.SPACE, "", len(self.text)))
        if len(self._groups) > 1:
            raise self._error(self._groups[-1].start, tell("expected a closing parenthesis for this one"))
        return self._groups[-1].close()

    def _take(self, token: Token) -> None:
        if self._prefix and token.sign not in (Sign.WORD, Sign.PHRASE):
            raise self._error(token.start, explain_gap(self._prefix.text, token.text))
        match token.sign:
            case Sign.WORD | Sign.PHRASE:
                self._take_value(token)
            case Sign.PREFIX:
                self._take_prefix(token)
            case Sign.OPEN:
                self._groups.append(_Group(token.start))
                self._open = token
            case Sign.CLOSE:
                self._close_group(token)
            case _:
                self._take_operator(token)

    def _take_value(self, token: Token) -> None:
        self._terms += 1
        start = (self._prefix or token).start
        if self._terms > MAX_TERMS:
            raise self._error(start, tell("expected no more than {most} words and phrases", most=MAX_TERMS))
        prefix = self._prefix.text.lower() if self._prefix else ""
        if prefix and prefix != "id:" and token.text.lower().startswith(PREFIXES):
            expected = tell("{expected}, not a second prefix", expected=explain_gap(prefix, ""))
            raise self._error(token.start, expected)
        is_quoted = token.sign is Sign.PHRASE
        value = token.text.rstrip("*")[1:-1] + "*" * token.text.endswith("*") if is_quoted else token.text
        try:
            query = read_term(prefix, value, is_quoted=is_quoted)
        except TermError as error:
            inside = error.offset and error.offset + is_quoted
            raise self._error(token.start + inside, error.expected) from error
        self.places.setdefault(query, token.start)
        self._complete(_Part(query, start))

    def _take_prefix(self, token: Token) -> None:
        if token.text.lower() not in PREFIXES:
            expected = explain_prefix(token.text[:-1], self.text[token.end :], PREFIXES)
            raise self._error(token.start, expected)
        self._prefix = self._open = token

    def _take_operator(self, token: Token) -> None:
        group = self._groups[-1]
        if token.sign in (Sign.AND, Sign.OR, Sign.ANDNOT):
            self._check_operand(token)
        if token.sign is Sign.OR:
            group.end_side()
        elif token.sign is not Sign.AND:
            group.add_sign(token)
        self._open = token

    def _close_group(self, token: Token) -> None:
        if len(self._groups) == 1:
            raise self._error(token.start, tell("expected an opening parenthesis before this one"))
        self._check_operand(token)
        self._complete(self._groups.pop().close())

    def _complete(self, part: _Part) -> None:
        self._groups[-1].add_part(part)
        self._prefix = self._open = None

    def _check_operand(self, token: Token) -> None:
        """Raise QueryError if an operand is missing before a token."""
        if self._open is None:
            return
        raise self._error(token.start, explain_gap(self._open.text, token.text))

    def _error(self, position: int, expected: str) -> QueryError:
        return QueryError(self.text, position, expected)


def _locate_exclusion(part: _Part) -> int:
    while wrong := next((side for side in part.sides if not is_selective(side.query)), None):
        part = wrong
    return part.start
