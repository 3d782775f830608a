"""The listings at rss.arxiv.org, RSS 2.0 and Atom: one day's announcements of a category or archive."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any

import feedparser

from feedsvc.arxiv.authors import split_authors
from feedsvc.arxiv.wire import check_xml, fold_text, read_time
from feedsvc.calendar import eastern_date
from feedsvc.errors import BrokenAnswer, ErrorAnswer, InvalidIdError
from feedsvc.paper import ArxivId, Kind, Paper

_SOURCES = {"rss20": "rss", "atom10": "atom"}
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"
_TITLE = re.compile(r"(?P<places>\S.*) updates on arXiv\.org")
_ERROR_TITLE = "Feed error for query"
_PREFIX = re.compile(r"\s*arXiv:(?P<id>\S+)\s+Announce Type:\s*(?P<kind>\S+)\s+(?:Abstract:)?\s*")


@dataclass(frozen=True, slots=True)
class ListedPaper:
    """One paper of a listing and how it is announced there."""

    paper: Paper
    kind: Kind


@dataclass(frozen=True, slots=True)
class Listing:
    """All that one listing says, in its order, a paper once.

    `day` is the Eastern date announced; `place` what was asked for, as in the address (`cs.AI`,
    `math+hep-th`). `built_at` proves nothing: a stale listing can carry a fresh one. `skipped` holds a reason
    for each item that could not be read: the day is then incomplete.
    """

    day: date
    place: str
    title: str
    source: str
    built_at: datetime | None
    items: tuple[ListedPaper, ...]
    skipped: tuple[str, ...] = ()


class _UnreadableItem(Exception):
    """One item lacks what a paper cannot do without; the text says what."""


def parse_listing(body: bytes) -> Listing:
    """Read the bytes of a listing.

    An item that cannot be read costs none of the others (see `Listing.skipped`). Raises ErrorAnswer with
    arXiv's own sentence where it answers one, BrokenAnswer for what is no whole listing.
    """
    feed = _read_feed(body)
    day = _find_day(feed)
    items: dict[str, ListedPaper] = {}
    skipped: list[str] = []
    for entry in feed.entries:
        try:
            item = _read_item(entry, day)
        except _UnreadableItem as reason:
            skipped.append(f"{entry.get('id') or entry.get('title') or 'an item'}: {reason}")
            continue
        known = items.get(item.paper.id)
        if known is None or item.kind.rank < known.kind.rank:
            items[item.paper.id] = item
    return Listing(
        day=day,
        place=_find_place(feed.feed),
        title=fold_text(feed.feed.get("title")),
        source=_SOURCES[feed.version],
        built_at=read_time(_updated(feed.feed)),
        items=tuple(items.values()),
        skipped=tuple(skipped),
    )


def _read_feed(body: bytes) -> Any:
    root = check_xml(body)
    if root == _RDF:
        raise BrokenAnswer(
            "an RSS 1.0 listing came, a format that arXiv retired in 2024: expected RSS 2.0 or Atom"
        )
    try:
        feed = feedparser.parse(BytesIO(body), sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:
        # feedparser stumbles over some documents that are sound XML and no sound feed.
        raise BrokenAnswer(f"the listing cannot be read: {type(error).__name__}: {error}") from error
    if feed.version not in _SOURCES:
        raise BrokenAnswer(f"a document with the root {root!r} came: expected an RSS 2.0 or Atom listing")
    if feed.bozo:
        raise BrokenAnswer(f"the listing cannot be read: {feed.bozo_exception}")
    if "opensearch_totalresults" in feed.feed:
        raise BrokenAnswer("an answer of the query API came: expected a listing")
    if str(feed.feed.get("title", "")).startswith(_ERROR_TITLE):
        raise ErrorAnswer(fold_text(feed.feed.get("subtitle")) or fold_text(feed.feed.title))
    return feed


def _find_day(feed: Any) -> date:
    """Give the day of an RSS channel's pubDate, else of most Atom entries, else of the Atom feed's making."""
    if _SOURCES[feed.version] == "rss":
        days = [_read_day(feed.feed.get("published"))]
    else:
        days = [_read_day(entry.get("published")) for entry in feed.entries]
        days = days if any(days) else [_read_day(_updated(feed.feed))]
    counted = Counter(day for day in days if day)
    if not counted:
        raise BrokenAnswer(f"the listing {feed.feed.get('title')!r} does not say which day it is of")
    return max(counted, key=lambda day: (counted[day], day))


def _updated(channel: Any) -> str | None:
    # Where this is absent feedparser's own look-up warns, and gives the date of publication instead.
    value: str | None = dict.get(channel, "updated")
    return value


def _find_place(channel: Any) -> str:
    named = _TITLE.fullmatch(fold_text(channel.get("title")))
    return "+".join(named["places"].split(", ")) if named else ""


def _read_item(entry: Any, day: date) -> ListedPaper:
    prefix = _PREFIX.match(entry.get("summary", ""))
    announced = _read_day(entry.get("published"))
    if announced not in (day, None):
        raise _UnreadableItem(f"announced on {announced}, in a listing of {day}")
    arxiv_id = _read_id(entry, prefix)
    return ListedPaper(_read_paper(entry, arxiv_id, prefix), _read_kind(entry, prefix))


def _read_id(entry: Any, prefix: re.Match[str] | None) -> ArxivId:
    """Give the identifier and version of the guid, else of the description."""
    texts = [entry.get("id"), prefix and prefix["id"]]
    for text in filter(None, texts):
        try:
            arxiv_id = ArxivId.parse(text)
        except InvalidIdError:
            continue
        if arxiv_id.version is not None:
            return arxiv_id
    raise _UnreadableItem(f"no identifier with a version in {texts!r}")


def _read_kind(entry: Any, prefix: re.Match[str] | None) -> Kind:
    text = entry.get("arxiv_announce_type") or (prefix["kind"] if prefix else "")
    try:
        return Kind(text)
    except ValueError as error:
        raise _UnreadableItem(f"the announce type {text!r}, expected one of {', '.join(Kind)}") from error


def _read_paper(entry: Any, arxiv_id: ArxivId, prefix: re.Match[str] | None) -> Paper:
    summary = entry.get("summary", "")
    paper = Paper(
        id=arxiv_id.paper,
        version=arxiv_id.version or 1,
        title=fold_text(entry.get("title")),
        abstract=fold_text(summary[prefix.end() :] if prefix else summary),
        authors=split_authors(_read_creators(entry)),
        categories=tuple(dict.fromkeys(tag.term for tag in entry.get("tags", ()) if tag.term)),
        doi=fold_text(entry.get("arxiv_doi")) or None,
        journal_ref=fold_text(entry.get("arxiv_journal_reference")) or None,
        license=fold_text(entry.get("rights")) or None,
    )
    if not (paper.title and paper.categories):
        raise _UnreadableItem("no title" if paper.categories else "no category")
    return paper


def _read_creators(entry: Any) -> str:
    """Give the one line of authors; several `dc:creator` are joined to one."""
    names = [author.get("name", "") for author in entry.get("authors", ())]
    return ", ".join(names) if len(names) > 1 else entry.get("author", "")


def _read_day(text: str | None) -> date | None:
    moment = read_time(text)
    return eastern_date(moment) if moment else None
