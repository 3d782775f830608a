"""The query API's search language: fields, phrases, dates of submission, AND, OR, ANDNOT, parentheses."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase

from feedsvc.errors import AddressError
from feedsvc.paper import Paper
from feedsvc.standin.markup import spell_categories

Test = Callable[[Paper], bool]

FIELDS = ("all", "ti", "au", "abs", "co", "jr", "cat", "submittedDate")
MAX_PARENTHESES = 50
_TOKEN = re.compile(r'\s*(?:(?P<sign>[()])|(?P<term>(?:\w+:)?(?:"[^"]*"|\[[^]]*\]|[^\s()"\[]+)))')
_SPAN = re.compile(r"\[(\d{8,14}) TO (\d{8,14})\]")
_WORD = re.compile(r"\w+")


def parse_search(text: str) -> Test:
    """Read a search query as a test of papers. Raises AddressError.

    Operators have equal rank and are taken from left to right, terms side by side are joined by OR, and a
    term without a field looks in all of them.
    """
    if text.count("(") > MAX_PARENTHESES:
        raise AddressError(f"too many parentheses in search_query: expected at most {MAX_PARENTHESES}")
    parser = _Parser(list(_split(text)))
    test = parser.read_terms()
    if parser.tokens:
        raise AddressError(f"unexpected {parser.tokens[0]!r} in search_query")
    return test


def spell_search(text: str) -> str:
    """Give a query as arXiv echoes it: bare words with the field `all`."""
    spelled = [t if t in _SIGNS or _has_field(t) else f"all:{t}" for t in _split(text)]
    return " ".join(spelled).replace("( ", "(").replace(" )", ")")


def _split(text: str) -> Iterator[str]:
    position = 0
    while text[position:].strip():
        found = _TOKEN.match(text, position)
        if found is None:
            raise AddressError(f"unbalanced sign in search_query at {text[position:].strip()!r}")
        yield found["sign"] or found["term"]
        position = found.end()


def _has_field(token: str) -> bool:
    return re.match(r"[A-Za-z]+:", token) is not None


_OPERATORS: dict[str, Callable[[Test, Test], Test]] = {
    "AND": lambda one, two: lambda paper: one(paper) and two(paper),
    "OR": lambda one, two: lambda paper: one(paper) or two(paper),
    "ANDNOT": lambda one, two: lambda paper: one(paper) and not two(paper),
}
_SIGNS = {"(", ")", *_OPERATORS}


@dataclass
class _Parser:
    tokens: list[str]

    def read_terms(self) -> Test:
        test = self._read_term()
        while self.tokens and self.tokens[0] != ")":
            operator = self.tokens.pop(0) if self.tokens[0] in _OPERATORS else "OR"
            test = _OPERATORS[operator](test, self._read_term())
        return test

    def _read_term(self) -> Test:
        token = self.tokens.pop(0) if self.tokens else "the end"
        if token == "(":
            test = self.read_terms()
            if not self.tokens:
                raise AddressError("unbalanced parenthesis in search_query")
            self.tokens.pop(0)
            return test
        if token in _SIGNS or token == "the end":
            raise AddressError(f"expected a term before {token!r} in search_query")
        return _read_field(token if _has_field(token) else f"all:{token}")


def _read_field(term: str) -> Test:
    field, _, value = term.partition(":")
    words = fold_words(value)
    if field not in FIELDS:
        raise AddressError(f"unknown field {field!r} in search_query: expected one of {', '.join(FIELDS)}")
    if not words and (field != "cat" or not value):
        raise AddressError(f"expected a value after {term!r} in search_query")
    if field == "cat":
        pattern = value.strip('"').lower()
        return lambda paper: any(fnmatchcase(name.lower(), pattern) for name in spell_categories(paper))
    if field == "submittedDate":
        return _read_span(value)
    if field == "au":
        return lambda paper: _is_by(paper, words)
    return lambda paper: any(_has_phrase(fold_words(text), words) for text in _read_texts(paper, field))


def _read_span(value: str) -> Test:
    """Read `[202601050000 TO 202601060000]`, in UTC and with both ends."""
    span = _SPAN.fullmatch(value)
    if span is None:
        raise AddressError(f"expected a span like [202601050000 TO 202601060000], not {value!r}")
    try:
        first, last = (
            datetime.strptime(text.ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
            for text in span.groups()
        )
    except ValueError as error:
        raise AddressError(f"no such date in {value!r}") from error
    return lambda paper: paper.submitted is not None and first <= paper.submitted <= last


def _read_texts(paper: Paper, field: str) -> list[str]:
    texts = {
        "ti": paper.title,
        "abs": paper.abstract,
        "co": paper.comments or "",
        "jr": paper.journal_ref or "",
        "au": ", ".join(author.name for author in paper.authors),
    }
    return list(texts.values()) if field == "all" else [texts[field]]


def _is_by(paper: Paper, words: list[str]) -> bool:
    """Tell whether an author has every word as a part of the name, or as the first letter of one."""
    names = (fold_words(author.name) for author in paper.authors)
    return any(
        all(w in name or (len(w) == 1 and any(n[0] == w for n in name)) for w in words) for name in names
    )


def _has_phrase(words: list[str], phrase: list[str]) -> bool:
    starts = (i for i, word in enumerate(words) if word == phrase[0])
    return any(words[i : i + len(phrase)] == phrase for i in starts)


def fold_words(text: str) -> list[str]:
    """Split text into words in lower case without accents; an underscore parts words too."""
    plain = unicodedata.normalize("NFKD", text.lower().replace("_", " "))
    return _WORD.findall("".join(c for c in plain if not unicodedata.combining(c)))
