"""What visitors write where this language has something else, and how they are told."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from difflib import get_close_matches

from feedsvc.errors import InvalidIdError
from feedsvc.paper import ArxivId
from feedsvc.taxonomy import load_taxonomy
from feedsvc.told import Told, tell


class TermError(ValueError):
    """A term's value cannot be used; `expected` says what could be, `offset` where it is wrong."""

    def __init__(self, expected: str, offset: int = 0) -> None:
        super().__init__(expected)
        self.expected = expected
        self.offset = offset


WORD_OR_PHRASE = tell("a word or a quoted phrase")
_VALUES = {
    "au:": tell("an author's name"),
    "cat:": tell("a category such as cs.AI"),
    "in:": tell("a category such as cs.AI"),
    "kind:": tell("a kind of announcement, such as new,"),
    "is:": tell("'primary'"),
    "id:": tell("an arXiv identifier"),
    "like:": tell("an arXiv identifier"),
    "announced:": tell("a date such as 2026-01-14"),
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
_NOT_KEPT = {
    "rn": tell("report numbers"),
    "doi": tell("DOIs"),
    "msc": tell("MSC classes"),
    "acm": tell("ACM classes"),
}
_SPAN = re.compile(r"\s*\[(\d{4})(\d\d)(\d\d)\d*[\s+]+TO[\s+]+(\d{4})(\d\d)(\d\d)\d*\]", re.IGNORECASE)
_DASHES = "-−–—"
_AND_OR_NOTHING = tell("AND, or nothing,")
_OPERATORS: Mapping[str, str] = {
    "&": _AND_OR_NOTHING,
    "&&": _AND_OR_NOTHING,
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


def explain_gap(before: str, after: str) -> Told:
    """Say what was expected between two tokens; an empty one is the beginning or the end of the query."""
    value = _VALUES.get(before.lower(), WORD_OR_PHRASE)
    if before.endswith(":") and after == "(":
        pattern = "expected {value} after {before!r}, and parentheses around both: ({before}… OR {before}…)"
        return tell(pattern, value=value, before=before)
    if before.endswith(":") and after and after in _DASHES:
        return tell("expected '-' in front of {before!r}, to exclude it", before=before)
    if before == "(":
        return tell("expected {value} in the parentheses", value=value)
    if before:
        gap = tell("expected {value} after {before!r}", value=value, before=before)
    elif after:
        gap = tell("expected {value} before {after!r}", value=value, after=after)
    else:
        gap = tell("expected {value}, with or without a prefix such as ti:", value=value)
    return (
        tell('{gap}; the word itself is written "{after}"', gap=gap, after=after) if after.isalpha() else gap
    )


def explain_prefix(name: str, rest: str, prefixes: Collection[str]) -> Told:
    """Say what was expected where `name:` is none of the prefixes; `rest` is what follows it."""
    plain, listed = name.lower(), ", ".join(prefixes)
    if plain in _DATES_OF_ARXIV:
        span = _SPAN.match(rest)
        days = "{}-{}-{}..{}-{}-{}".format(*span.groups()) if span else "2026-01..2026-02"
        pattern = "expected announced:{days} in place of {name}: what counts is the day of announcement"
        return tell(pattern, days=days, name=name)
    if plain in _NOT_KEPT:
        pattern = "expected another prefix, {what} are not looked at: {listed}"
        return tell(pattern, what=_NOT_KEPT[plain], listed=listed)
    if plain in ("http", "https", "arxiv") and (paper := _find_paper(f"{name}:{rest}")):
        return tell("expected id:{paper} for the paper", paper=paper)
    known = {prefix[:-1]: prefix for prefix in prefixes} | _SYNONYMS
    near = get_close_matches(plain, known, n=1, cutoff=0.75)
    if near:
        pattern = "expected {near} in place of {name}:, or quotation marks around what is text"
        return tell(pattern, near=known[near[0]], name=name)
    return tell("expected one of {listed}, or quotation marks around what is text", listed=listed)


def _find_paper(text: str) -> ArxivId | None:
    try:
        return ArxivId.parse(text.split()[0])
    except InvalidIdError:
        return None


def explain_place(value: str) -> Told:
    """Say what was expected where a value is neither category nor archive."""
    if _SEVERAL.search(value):
        return tell(
            "expected one category or archive: several are joined by OR, as in cat:cs.AI OR cat:cs.LG"
        )
    wanted = value.strip().lower().removesuffix("*").removesuffix(".")
    categories = load_taxonomy().categories
    known = {id_.lower(): id_ for id_ in categories}
    spoken = {category.name.lower().replace(" ", "-"): id_ for id_, category in reversed(categories.items())}
    spoken |= {id_.partition(".")[2].lower(): id_ for id_ in reversed(categories)}
    near = get_close_matches(wanted, known, n=1, cutoff=0.8)
    example = spoken.get(wanted.replace(" ", "-")) or (known[near[0]] if near else "cs.AI")
    archive = f"{example.partition('.')[0]}.*"
    pattern = "expected a category such as {category} or an archive such as {archive}"
    return tell(pattern, category=example, archive=archive)


def refuse_signs(value: str, prefixes: Collection[str]) -> None:
    """Raise TermError for what stands in a word without quotation marks and is meant as something else."""
    if value in _DASHES:
        raise TermError(tell("expected a word directly behind the {sign!r}", sign=value))
    if value in _OPERATORS:
        raise TermError(tell("expected {right} in place of {wrong!r}", right=_OPERATORS[value], wrong=value))
    if value[0] == "!":
        raise TermError(tell("expected '-' or NOT in place of '!'"))
    if value[0] == ":":
        raise TermError(tell("expected a prefix such as ti: with its ':' directly behind it"))
    if value[:2] == "..":
        raise TermError(tell("expected a date directly before the '..', without a space"))
    if len(value) > 2 and value[0] == value[-1] == "/":
        raise TermError(tell("expected words: regular expressions are not understood"))
    if found := _LETTER_SIGN.search(value):
        told = tell("expected a word, or its beginning and '*': '?' stands for no letter")
        raise TermError(told, found.start())
    if found := _INNER_TILDE.search(value):
        raise TermError(tell("expected '~' only in front of a word"), found.start())
    named = _ASSIGNMENT.match(value)
    if named and (prefix := _SYNONYMS.get(named[1].lower(), f"{named[1].lower()}:")) in prefixes:
        raise TermError(tell("expected {right} in place of {wrong!r}", right=prefix, wrong=named[0]))


def refuse_names(value: str) -> None:
    """Raise TermError for a paper's identifier or a category that stands where words are looked for."""
    if _PAPER.fullmatch(value) and (paper := _find_paper(value)):
        raise TermError(
            tell('expected id:{paper} for the paper, or as text "{value}"', paper=paper, value=value)
        )
    taxonomy = load_taxonomy()
    archive, dot, _ = value.lower().partition(".")
    if dot and (taxonomy.resolve(value.lower()) or (value[-2:] == ".*" and archive in taxonomy.archives)):
        told = tell(
            'expected cat:{value} for what is listed there, or as text "{text}"',
            value=value,
            text=value.strip("*."),
        )
        raise TermError(told)
