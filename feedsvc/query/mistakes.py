"""What visitors write where this language has something else, and how they are told."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches

from feedsvc.errors import InvalidIdError
from feedsvc.paper import ArxivId
from feedsvc.taxonomy import load_taxonomy


class TermError(ValueError):
    """A term's value cannot be used; the message says what was expected, `offset` where in the value."""

    def __init__(self, expected: str, offset: int = 0) -> None:
        super().__init__(expected)
        self.offset = offset


WORD_OR_PHRASE = "a word or a quoted phrase"
_VALUES = {
    "au:": "an author's name",
    "cat:": "a category such as cs.AI",
    "in:": "a category such as cs.AI",
    "kind:": "a kind of announcement, such as new,",
    "is:": "'primary'",
    "id:": "an arXiv identifier",
    "announced:": "a date such as 2026-01-14",
}
_SYNONYMS = {
    "title": "ti:",
    "abstract": "abs:",
    "author": "au:",
    "authors": "au:",
    "comment": "co:",
    "comments": "co:",
    "journal": "jr:",
    "journal_ref": "jr:",
    "category": "cat:",
    "categories": "cat:",
    "subject": "cat:",
    "type": "kind:",
    "announce": "kind:",
    "date": "announced:",
    "day": "announced:",
    "year": "announced:",
    "since": "announced:",
    "after": "announced:",
    "before": "announced:",
    "published": "announced:",
    "updated": "announced:",
    "submitted": "announced:",
    "text": "all:",
    "any": "all:",
    "id_list": "id:",
}
_DATES_OF_ARXIV = ("submitteddate", "lastupdateddate")
_NOT_KEPT = {"rn": "report numbers", "doi": "DOIs", "msc": "MSC classes", "acm": "ACM classes"}
_SPAN = re.compile(r"\s*\[(\d{4})(\d\d)(\d\d)\d*[\s+]+TO[\s+]+(\d{4})(\d\d)(\d\d)\d*\]", re.IGNORECASE)
_DASHES = "-−–—"
_OPERATORS = {
    "&": "AND, or nothing,",
    "&&": "AND, or nothing,",
    "|": "OR",
    "||": "OR",
    "!": "NOT",
    "+": "AND",
}
_LETTER_SIGN = re.compile(r"(?<=[^\W_])\?(?=[^\W_])")
_INNER_TILDE = re.compile(r"(?<=[^\\~])~")
_SEVERAL = re.compile(r"[^\W_][,;|+/][^\W_]")
_ASSIGNMENT = re.compile(r"([a-z_]+)=", re.IGNORECASE)
_PAPER = re.compile(r"\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[a-z]{2})?/\d{7}(?:v\d+)?", re.IGNORECASE)


def explain_gap(before: str, after: str) -> str:
    """Say what was expected between two tokens; an empty one is the beginning or the end of the query."""
    value = _VALUES.get(before.lower(), WORD_OR_PHRASE)
    if before.endswith(":") and after == "(":
        return f"expected {value} after {before!r}, and parentheses around both: ({before}… OR {before}…)"
    if before.endswith(":") and after and after in _DASHES:
        return f"expected '-' in front of {before!r}, to exclude it"
    if before == "(":
        return f"expected {value} in the parentheses"
    place = f" after {before!r}" if before else f" before {after!r}" if after else ""
    if after.isalpha():
        return f'expected {value}{place}; the word itself is written "{after}"'
    return f"expected {value}{place or ', with or without a prefix such as ti:'}"


def explain_prefix(name: str, rest: str, prefixes: Collection[str]) -> str:
    """Say what was expected where `name:` is none of the prefixes; `rest` is what follows it."""
    plain, listed = name.lower(), ", ".join(prefixes)
    if plain in _DATES_OF_ARXIV:
        span = _SPAN.match(rest)
        days = "{}-{}-{}..{}-{}-{}".format(*span.groups()) if span else "2026-01..2026-02"
        return f"expected announced:{days} in place of {name}: what counts is the day of announcement"
    if plain in _NOT_KEPT:
        return f"expected another prefix, {_NOT_KEPT[plain]} are not looked at: {listed}"
    if plain in ("http", "https", "arxiv") and (paper := _find_paper(f"{name}:{rest}")):
        return f"expected id:{paper} for the paper"
    known = {prefix[:-1]: prefix for prefix in prefixes} | _SYNONYMS
    near = get_close_matches(plain, known, n=1, cutoff=0.75)
    if near:
        return f"expected {known[near[0]]} in place of {name}:, or quotation marks around what is text"
    return f"expected one of {listed}, or quotation marks around what is text"


def _find_paper(text: str) -> ArxivId | None:
    try:
        return ArxivId.parse(text.split()[0])
    except InvalidIdError:
        return None


def explain_place(value: str) -> str:
    """Say what was expected where a value is neither category nor archive."""
    if _SEVERAL.search(value):
        return "expected one category or archive: several are joined by OR, as in cat:cs.AI OR cat:cs.LG"
    wanted = value.strip().lower().removesuffix("*").removesuffix(".")
    categories = load_taxonomy().categories
    known = {id_.lower(): id_ for id_ in categories}
    spoken = {category.name.lower().replace(" ", "-"): id_ for id_, category in reversed(categories.items())}
    spoken |= {id_.partition(".")[2].lower(): id_ for id_ in reversed(categories)}
    near = get_close_matches(wanted, known, n=1, cutoff=0.8)
    example = spoken.get(wanted.replace(" ", "-")) or (known[near[0]] if near else "cs.AI")
    return f"expected a category such as {example} or an archive such as {example.partition('.')[0]}.*"


def refuse_signs(value: str, prefixes: Collection[str]) -> None:
    """Raise TermError for what stands in a word without quotation marks and is meant as something else."""
    if value in _DASHES:
        raise TermError(f"expected a word directly behind the {value!r}")
    if value in _OPERATORS:
        raise TermError(f"expected {_OPERATORS[value]} in place of {value!r}")
    if value[0] == "!":
        raise TermError("expected '-' or NOT in place of '!'")
    if value[0] == ":":
        raise TermError("expected a prefix such as ti: with its ':' directly behind it")
    if value[:2] == "..":
        raise TermError("expected a date directly before the '..', without a space")
    if len(value) > 2 and value[0] == value[-1] == "/":
        raise TermError("expected words: regular expressions are not understood")
    if found := _LETTER_SIGN.search(value):
        raise TermError("expected a word, or its beginning and '*': '?' stands for no letter", found.start())
    if found := _INNER_TILDE.search(value):
        raise TermError("expected '~' only in front of a word", found.start())
    named = _ASSIGNMENT.match(value)
    if named and (prefix := _SYNONYMS.get(named[1].lower(), f"{named[1].lower()}:")) in prefixes:
        raise TermError(f"expected {prefix} in place of {named[0]!r}")


def refuse_names(value: str) -> None:
    """Raise TermError for a paper's identifier or a category that stands where words are looked for."""
    if _PAPER.fullmatch(value) and (paper := _find_paper(value)):
        raise TermError(f'expected id:{paper} for the paper, or as text "{value}"')
    taxonomy = load_taxonomy()
    archive, dot, _ = value.lower().partition(".")
    if dot and (taxonomy.resolve(value.lower()) or (value[-2:] == ".*" and archive in taxonomy.archives)):
        raise TermError(f'expected cat:{value} for what is listed there, or as text "{value.strip("*.")}"')
