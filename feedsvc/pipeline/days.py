"""One day of a feed: whether there is such a day, its place among the others, and its digest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import groupby

from feedsvc.calendar import day_announced_at
from feedsvc.errors import UnknownDayError
from feedsvc.feed import MARKDOWN, PAGE, Feed
from feedsvc.feed.window import select_days, select_papers
from feedsvc.ledger import SETTLED
from feedsvc.paper import Entry
from feedsvc.query import Query
from feedsvc.query.ast import AnnouncedOn, all_of
from feedsvc.render.day import collect_day, describe_day
from feedsvc.render.entry import EntryView, Link
from feedsvc.render.markdown import render_day
from feedsvc.render.phrases import load_phrases, name_language
from feedsvc.store import Store


def check_day(store: Store, day: date) -> None:
    """Raise UnknownDayError for a day of which the ledger knows nothing, not even that it was quiet."""
    if not store.ledger.knows_day(day):
        around = store.announcements.days_around(day)
        raise UnknownDayError(day, tuple(near for near in around if near))


def is_closed(store: Store, day: date) -> bool:
    """Tell whether a later day has begun, so that only a repair changes this one."""
    newest = store.ledger.newest_day()
    return newest is not None and day < newest


def choose_papers(store: Store, query: Query, day: date | None) -> frozenset[str]:
    """Choose the papers of a feed's document, or of its document of a day: all of them."""
    rows = store.announcements
    if day is not None:
        return frozenset(announcement.paper for announcement in rows.matching_on(query, day))
    with rows.search(query) as search:
        return select_papers(search.by_release(), search.by_day())


def is_settled(store: Store, day: date, categories: Iterable[str]) -> bool:
    """Tell whether a day's batch of each of some categories is there whole."""
    batches = store.ledger.batches_of(day)
    return all(category in batches and batches[category].state in SETTLED for category in categories)


def choose_days(store: Store, feed: Feed, language: str, categories: Iterable[str]) -> tuple[date, ...]:
    """Choose the days of a daily feed, newest first.

    The ledger's newest has to wait until it is there in every followed category, and nothing of it is held
    back from the language: most readers never show an entry anew, so one that tells of half a day would be
    all that they ever tell.
    """
    days = select_days(store.announcements.matching(feed.query, by_release=False))
    if not days or days[0] != store.ledger.newest_day():
        return days
    is_whole = is_settled(store, days[0], categories)
    return days if is_whole and not _holds_back(store, feed.query, days[0], language) else days[1:]


def _holds_back(store: Store, query: Query, day: date, language: str) -> bool:
    announced = {(each.paper, each.version) for each in store.announcements.matching_on(query, day)}
    held = store.orders.held({paper for paper, _ in announced}, language)
    return not held.isdisjoint(announced)


def limit_query(query: Query, day: date | None, *, alone: bool) -> Query:
    """Give what a document of a day takes in of its papers: up to the day, or what was announced on it alone.

    So an entry in an archive says what the feed itself said of the paper at the end of the day.
    """
    return query if day is None else all_of((query, AnnouncedOn(day if alone else date.min, day)))


def group_by_day(entries: Iterable[Entry]) -> Iterator[tuple[date, tuple[Entry, ...]]]:
    """Give the entries of a daily feed, newest day first, day by day."""
    for moment, told in groupby(entries, lambda entry: entry.updated):
        yield day_announced_at(moment), tuple(told)


def name_feed(feed: Feed, language: str, *, is_default: bool) -> str:
    """Give a document's title: the feed's, then what tells it from the feed's other documents."""
    phrases = load_phrases(language)
    parts = [_title_feed(feed, language)]
    if feed.is_daily:
        parts.append(phrases.daily)
    if not is_default:
        parts.append(name_language(language))
    if feed.day is not None:
        parts.append(phrases.format_date(feed.day))
    return " · ".join(parts)


def _title_feed(feed: Feed, language: str) -> str:
    phrases = load_phrases(language)
    title = phrases.title_feed(feed.name_in(language).title, feed.place)
    return phrases.comma.join((title, *phrases.label_options(feed.chosen)))


def write_markdown(
    feed: Feed, day: date, entries: Iterable[Entry], site: tuple[str, str, str | None], *, brief: bool
) -> bytes:
    """Write the digest of a feed's day, of entries that tell of the day alone, under the feed's badge.

    `site` is as with `describe_entry_of`.
    """
    base, language, shown = site
    badge = base + feed.badge_path, base + feed.on_day(None).path(PAGE, shown)
    return render_day(collect_day(_title_feed(feed, language), day, entries, language, brief=brief), badge)


def describe_entry_of(
    feed: Feed, day: date, entries: Iterable[Entry], site: tuple[str, str, str | None], *, brief: bool
) -> EntryView:
    """Describe a day as an entry of a daily feed.

    `site` is the base address, the language, and the same as addresses name it.
    """
    base, language, shown = site
    dated = feed.on_day(day)
    links = (
        Link(base + dated.path(PAGE, shown), "alternate", "text/html"),
        Link(base + dated.path(MARKDOWN, shown), "alternate", "text/markdown"),
    )
    digest = collect_day(_title_feed(feed, language), day, entries, language, brief=brief)
    return describe_day(digest, feed.entry_id(day), links)


def link_archives(
    store: Store, feed: Feed, format: str, language: str | None, entries: Iterable[Entry]
) -> dict[str, str]:
    """Give the paths of RFC 5005 by the names that a document's head has for them.

    A feed links to the day of its newest entry, which tells without the ledger: a new day of which the feed
    takes in nothing leaves its bytes alone.
    """
    if feed.is_daily:
        return {}
    if feed.day is None:
        newest = max((day_announced_at(entry.updated) for entry in entries), default=None)
        days = {"previous_url": newest}
        paths = {}
    else:
        days = dict(zip(("previous_url", "next_url"), store.announcements.days_around(feed.day), strict=True))
        paths = {"current_url": feed.on_day(None).path(format, language)}
    return paths | {name: feed.on_day(day).path(format, language) for name, day in days.items() if day}
