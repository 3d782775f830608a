"""The URL grammar of feeds: every spelling of an address leads to the one canonical address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from urllib.parse import parse_qsl, unquote, urlsplit

from feedsvc.errors import AddressError, InvalidIdError, UnknownParameterError
from feedsvc.feed import (
    DAILY,
    LIMIT,
    MARKDOWN,
    PAGE,
    Definition,
    Feed,
    Options,
    default_kinds,
    join_definitions,
)
from feedsvc.feed.catalogue import RESERVED, Catalogue, define_category
from feedsvc.paper import ArxivId, Kind
from feedsvc.query import Query, parse
from feedsvc.query.ast import AnnouncedIn, AuthorTerm, LikePaper, ListedIn, Or, Term, any_of
from feedsvc.query.ast import Field as QueryField
from feedsvc.query.parser import MAX_CHARACTERS
from feedsvc.query.terms import TermError, read_author, read_words
from feedsvc.query.words import spell
from feedsvc.taxonomy import load_taxonomy
from feedsvc.told import tell

Parameters = Sequence[tuple[str, str]]

MOST_GIVEN = 20
"""So many papers can be given in one address."""
NAMED = 3

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*", re.IGNORECASE)
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
# Behind these words a slash may be part of what is asked for; behind a name only a day can stand.
_WITH_SLASHES = frozenset({"keyword", "author", "like"})
_OPTIONS = frozenset({"announce", "limit", "primary"})


@dataclass(frozen=True, slots=True)
class Address:
    """A feed in a format and a language (None is the default one), and its canonical path and parameters.

    `is_canonical` tells whether that is what was asked for, however it was percent-encoded.
    """

    feed: Feed
    format: str
    language: str | None
    url: str
    is_canonical: bool = field(compare=False)


def resolve(
    path: str, params: Parameters, catalogue: Catalogue, languages: Sequence[str], formats: Sequence[str]
) -> Address:
    """Find what an address asks for.

    `path` is what follows `/feeds/`, percent-decoded; the default language is the first of `languages`. What
    ends with a slash is meant without.
    Raises UnknownFeedError, AddressError and QueryError.
    """
    language, rest = _split_language(path.rstrip("/") or path, catalogue, languages)
    whole, format = _split_format(rest, formats)
    place, day_text, is_daily = _split_day(whole)
    values = _collect(params)
    query = _read_query(place, values)
    options = _read_options(values)
    if query is None:
        definition = join_definitions(map(catalogue.define, place.split("+")))
    else:
        definition = define_query(query, catalogue)
        options = _fix_defaults(options, query)
    feed = definition.make_feed(options)
    if day_text is not None:
        feed = feed.on_day(read_day(day_text))
    feed = feed.as_daily() if is_daily else feed
    _check_format(feed, format)
    url = feed.path(format, language)
    parts = urlsplit(url)
    asked = (f"/feeds/{path}", list(params))
    found = (unquote(parts.path), parse_qsl(parts.query))
    return Address(feed, format, language, url, asked == found)


def define_query(query: Query, catalogue: Catalogue) -> Definition:
    """Give the feed of a query under its first name of: category, defined, keyword, author, like, search."""
    if isinstance(query, ListedIn | AnnouncedIn) and (category := define_category(query.place)):
        return category
    if definition := catalogue.find(query):
        return definition
    parts = ((query, default_kinds(query)),)
    match query:
        case Term(QueryField.ALL, tokens):
            return Definition(f"keyword/{spell(tokens, '-')}", spell(tokens), parts)
        case AuthorTerm():
            return Definition(f"author/{query.slug}", f"Papers by {query.slug}", parts)
        case LikePaper() | Or() if given := _read_given(query):
            return Definition(f"like/{'+'.join(given)}", f"Papers like {_name_some(given)}", parts)
    return Definition("search", str(query), parts, parameters=(("q", str(query)),))


def _split_language(path: str, catalogue: Catalogue, languages: Sequence[str]) -> tuple[str | None, str]:
    first, slash, rest = path.partition("/")
    if not slash or _is_place(first, catalogue) or _DATE.match(rest):
        return None, path
    known = {language.lower(): language for language in languages}
    if first.lower() in known:
        language = known[first.lower()]
        return (None if language == languages[0] else language), rest
    if _LANGUAGE.fullmatch(first):
        pattern = "{text!r} is no language here: expected one of {languages}"
        raise AddressError(tell(pattern, text=first, languages=", ".join(languages)))
    return None, path


def _is_place(first: str, catalogue: Catalogue) -> bool:
    return (
        first.lower() in RESERVED
        or first.lower() in catalogue.definitions
        or define_category(first) is not None
    )


def _split_format(path: str, formats: Sequence[str]) -> tuple[str, str]:
    place, dot, suffix = path.rpartition(".")
    format = "xml" if suffix.lower() == "atom" else suffix.lower()
    if dot and format in formats:
        return place, format
    if _is_unknown_format(place, suffix):
        pattern = "{text!r} is no format: expected one of {formats}"
        raise AddressError(tell(pattern, text=suffix, formats=", ".join(formats)))
    if PAGE not in formats:
        pattern = "{path!r} names no format: expected one of {formats} behind a full stop"
        raise AddressError(tell(pattern, path=path, formats=", ".join(formats)))
    return path, PAGE


def _is_unknown_format(place: str, suffix: str) -> bool:
    """Tell a format nobody knows (`cs.AI.pdf`) from a category (`cs.AI`) and a number (`gpt-3.5`)."""
    last = place.rpartition("/")[2].rpartition("+")[2]
    is_like_category = len(suffix) == 2 and last.lower() in load_taxonomy().archives
    return (
        bool(last) and suffix.isalpha() and not is_like_category and not define_category(f"{last}.{suffix}")
    )


def _split_day(path: str) -> tuple[str, str | None, bool]:
    """Split a path into the feed's place, what stands where a day would, and whether it is a daily feed."""
    first, _, rest = path.partition("/")
    is_daily = first.lower() == DAILY
    _check_joined(rest if is_daily else path)
    place, text = _split_date(rest if is_daily else path)
    if is_daily and not place:
        raise AddressError(
            tell("{path!r} names no feed: expected one behind it, as in daily/cs.AI", path=path)
        )
    is_day = text is not None and (_DATE.fullmatch(text) or define_category(place))
    if is_daily and text is not None and _LANGUAGE.fullmatch(place) and not is_day:
        pattern = "{path!r} has its language in the middle: expected {better!r}"
        raise AddressError(tell(pattern, path=path, better=f"{place}/{DAILY}/{text}"))
    if is_daily and text is not None:
        raise AddressError(tell("{path!r} is a day of a daily feed: expected it without 'daily/'", path=path))
    return place, text, is_daily


def _check_joined(path: str) -> None:
    """Raise AddressError where a keyword, an author or papers' like stand among joined feeds."""
    kind = path.partition("/")[0].rpartition("+")
    if kind[1] and "/" in path and kind[2].lower() in _WITH_SLASHES:
        pattern = "'{kind}/…' cannot be joined with '+': expected feeds with a name, or one search with OR"
        raise AddressError(tell(pattern, kind=kind[2]))


def _split_date(path: str) -> tuple[str, str | None]:
    before, _, last = path.rpartition("/")
    if before and _DATE.fullmatch(last) and before.lower() != "keyword":
        return before, last
    first, slash, rest = path.partition("/")
    return (first, rest) if slash and first.lower() not in _WITH_SLASHES else (path, None)


def read_day(text: str) -> date:
    """Read a day of an address; zeros may be left out. Raises AddressError."""
    found = _DATE.fullmatch(text)
    try:
        if found is None:
            raise ValueError(text)
        return date(*map(int, found.groups()))
    except ValueError as error:
        raise AddressError(
            tell("{text!r} is no day: expected a date such as 2026-01-14", text=text)
        ) from error


def _check_format(feed: Feed, format: str) -> None:
    if format == MARKDOWN and feed.day is None:
        pattern = "'{format}' is the digest of one day: expected it behind a date, as in {example}"
        example = f"{feed.place}/2026-01-14.{MARKDOWN}"
        raise AddressError(tell(pattern, format=MARKDOWN, example=example))


def _collect(params: Parameters) -> dict[str, str]:
    values = dict(params)
    if len(values) < len(params):
        raise AddressError(tell("a parameter is given twice: expected each once"))
    return values


def _read_query(place: str, values: dict[str, str]) -> Query | None:
    """Give the query that an address carries; None where it names categories, archives and definitions."""
    first, _, rest = place.partition("/")
    match first.lower():
        case "keyword":
            return _read_slug(rest)
        case "author":
            return _read_slug(rest, is_author=True)
        case "search" if not rest:
            return _read_search(values)
        case "like":
            return _read_papers(rest)
    return None


def _read_slug(text: str, is_author: bool = False) -> Query:
    if len(text) > MAX_CHARACTERS:
        raise _say_too_long(text)
    try:
        query = read_author(text) if is_author else read_words(QueryField.ALL, text)
    except TermError as error:
        raise AddressError(
            tell("{text!r} in the address: {expected}", text=text, expected=error.expected)
        ) from error
    if len(str(query)) > MAX_CHARACTERS:
        raise _say_too_long(text)
    return query


def _say_too_long(text: str) -> AddressError:
    pattern = "{begun!r}… is too long: expected no more than {most} characters"
    return AddressError(tell(pattern, begun=text[:20], most=MAX_CHARACTERS))


def _read_papers(text: str) -> Query:
    papers = [part for part in re.split(r"[+,\s]+", text) if part]
    try:
        given = {ArxivId.parse(paper).paper for paper in papers}
    except InvalidIdError as error:
        raise AddressError(tell("{problem}, several of them joined with '+'", problem=error.told)) from error
    if not 1 <= len(given) <= MOST_GIVEN:
        pattern = "{count} papers are given: expected from 1 to {most}"
        raise AddressError(tell(pattern, count=len(given), most=MOST_GIVEN))
    return any_of(map(LikePaper, given))


def _read_given(query: Query) -> list[str] | None:
    """Give the papers of a query that asks for the like of some, and for nothing else."""
    parts = query.operands if isinstance(query, Or) else (query,)
    given = [part.paper for part in parts if isinstance(part, LikePaper)]
    return given if len(given) == len(parts) and len(given) <= MOST_GIVEN else None


def _name_some(papers: Sequence[str]) -> str:
    more = len(papers) - NAMED
    return f"{', '.join(papers[:NAMED])} and {more} more" if more > 0 else " or ".join(papers)


def _read_search(values: dict[str, str]) -> Query:
    if "q" not in values:
        raise AddressError(tell("a search has no query: expected the parameter q"))
    return parse(values.pop("q"))


def _read_options(values: dict[str, str]) -> Options:
    unknown = sorted(set(values) - _OPTIONS)
    if unknown:
        raise UnknownParameterError(unknown[0], sorted(_OPTIONS))
    return Options(
        kinds=_read_kinds(values["announce"]) if "announce" in values else None,
        primary=_read_flag(values.get("primary", "0")),
        limit=_read_limit(values["limit"]) if "limit" in values else None,
    )


def _read_kinds(text: str) -> tuple[Kind, ...]:
    try:
        kinds = {Kind(part.strip().lower()) for part in text.split(",")}
    except ValueError as error:
        raise AddressError(
            tell("announce={text!r}: expected some of {kinds}", text=text, kinds=",".join(Kind))
        ) from error
    return tuple(sorted(kinds, key=lambda kind: kind.rank))


def _read_flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise AddressError(tell("primary={text!r}: expected 1 or 0", text=text))
    return text == "1"


def _read_limit(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= LIMIT:
        raise AddressError(tell("limit={text!r}: expected a number from 1 to {most}", text=text, most=LIMIT))
    return int(text)


def _fix_defaults(options: Options, query: Query) -> Options:
    """Say out loud what a query leaves to defaults: those of the feed it turns out to be may differ."""
    return replace(options, kinds=options.kinds or default_kinds(query), limit=options.limit or LIMIT)
