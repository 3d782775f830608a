"""Feeds that visitors save: a query under a name. Pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from feedsvc.errors import SavedFeedError
from feedsvc.feed import Definition, default_kinds
from feedsvc.feed.catalogue import Catalogue, check_name
from feedsvc.query import parse
from feedsvc.told import Told, tell

LONGEST_NAME = 60
LONGEST_TITLE = 120
KEPT_DEFINITIONS = 10_000
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class SavedFeed:
    """A saved feed. `query` is canonical; `asked_at` is when somebody last asked for it, to the day."""

    name: str
    title: str
    query: str
    saved_at: datetime
    asked_at: datetime


def check_saved_name(text: str, catalogue: Catalogue) -> str:
    """Give a name for a saved feed as it is kept. Raises SavedFeedError for one that cannot be had."""
    name = text.strip().lower()
    problems = check_name(name)
    if problems:
        raise SavedFeedError("name", problems[0])
    if len(name) > LONGEST_NAME:
        raise SavedFeedError("name", _say_too_long(name, LONGEST_NAME))
    if name in catalogue.definitions:
        raise SavedFeedError("name", tell("{name!r} is a feed already: expected another name", name=name))
    return name


def check_saved_query(text: str) -> str:
    """Give a query in its canonical text. Raises QueryError, and SavedFeedError for none."""
    if not text.strip():
        raise SavedFeedError("query", tell("no query: expected what the feed is to look for"))
    return str(parse(text))


def check_saved_title(text: str, query: str) -> str:
    """Give a title in one line; the query where there is none. Raises SavedFeedError for one too long."""
    visible = "".join(c for c in text if unicodedata.category(c)[0] != "C" or c.isspace())
    title = _SPACE.sub(" ", visible).strip() or query[:LONGEST_TITLE]
    if len(title) > LONGEST_TITLE:
        raise SavedFeedError("title", _say_too_long(title, LONGEST_TITLE))
    return title


def _say_too_long(text: str, most: int) -> Told:
    return tell("{begun!r}… is too long: expected at most {most} letters", begun=text[:20], most=most)


def define_saved(feed: SavedFeed) -> Definition:
    """Give the definition of a saved feed, which takes in what a search for its query would."""
    return _define(feed.name, feed.title, feed.query)


@lru_cache(KEPT_DEFINITIONS)
def _define(name: str, title: str, text: str) -> Definition:
    query = parse(text)
    description = "" if title == str(query) else str(query)
    return Definition(name, title, ((query, default_kinds(query)),), description=description)
