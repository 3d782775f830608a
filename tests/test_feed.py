"""A feed's name, id, address and selection."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from feedsvc.feed import Definition, Feed, Naming, Options, default_kinds, join_definitions
from feedsvc.paper import Announcement, Author, Kind, Paper
from feedsvc.query import Subject, parse

NEW_AND_CROSS = (Kind.NEW, Kind.CROSS)
AI = Definition("cs.AI", "Artificial Intelligence (cs.AI)", ((parse("in:cs.AI"), NEW_AND_CROSS),))
CL = Definition("cs.CL", "Computation and Language (cs.CL)", ((parse("in:cs.CL"), NEW_AND_CROSS),))
REVISED = Definition("revised", "Revised", ((parse("graphs"), (Kind.REPLACE,)),), limit=50)
PAPER = Paper("2601.06098", 1, "Graphs", "Abstract.", (Author("Ada Lovelace"),), ("cs.AI", "cs.CL"))


def takes_in(feed: Feed, category: str, kind: Kind) -> bool:
    announcement = Announcement(date(2026, 1, 14), category, PAPER.id, PAPER.version, kind)
    return feed.query.matches(Subject(PAPER, announcement))


def test_a_feed_takes_in_new_papers_and_cross_lists_by_default() -> None:
    feed = AI.make_feed()

    assert [kind for kind in Kind if takes_in(feed, "cs.AI", kind)] == [Kind.NEW, Kind.CROSS]
    assert not takes_in(feed, "cs.CL", Kind.NEW)


def test_options_are_part_of_the_one_query() -> None:
    feed = CL.make_feed(Options(kinds=(Kind.NEW, Kind.CROSS, Kind.REPLACE), primary=True))

    assert str(feed.query) == "in:cs.CL is:primary (kind:cross OR kind:new OR kind:replace)"
    assert not takes_in(feed, "cs.CL", Kind.CROSS)


def test_the_name_is_the_place_and_what_differs_from_the_default() -> None:
    chosen = Options(kinds=(Kind.NEW,), primary=True, limit=10)

    assert AI.make_feed().name == "cs.AI"
    assert AI.make_feed(Options(kinds=NEW_AND_CROSS, limit=200)).name == "cs.AI"
    assert AI.make_feed(chosen).name == "cs.AI?announce=new&limit=10&primary=1"
    assert REVISED.make_feed(Options(kinds=(Kind.REPLACE,), limit=50)).name == "revised"
    assert (
        REVISED.make_feed(Options(kinds=NEW_AND_CROSS, limit=200)).name
        == "revised?announce=new,cross&limit=200"
    )


def test_a_feed_tells_what_was_chosen_for_it_but_for_defaults() -> None:
    chosen = Options(kinds=(Kind.NEW,), primary=True, limit=10)

    assert AI.make_feed(chosen).chosen == chosen
    assert AI.make_feed(Options(kinds=NEW_AND_CROSS, limit=200)).chosen == Options()
    assert AI.make_feed(chosen).title == AI.title


def test_titles_in_a_language_are_joined_as_others_are() -> None:
    named = replace(REVISED, namings=(Naming("zh", "改过的", "改过的论文。"),))

    assert named.make_feed(Options(limit=7)).name_in("zh") == Naming("zh", "改过的", "改过的论文。")
    joined = join_definitions((AI, named)).make_feed()
    assert joined.name_in("zh").title == f"{AI.title} + 改过的"
    assert joined.name_in("en").title == f"{AI.title} + {REVISED.title}"


def test_the_limit_is_the_readers_or_the_feeds() -> None:
    assert AI.make_feed().limit == 200
    assert REVISED.make_feed().limit == 50
    assert REVISED.make_feed(Options(limit=7)).limit == 7


def test_the_id_hangs_on_the_name_alone() -> None:
    feed = AI.make_feed()
    renamed = Feed(feed.place, feed.options, "Another title", parse("*"), 3)

    assert renamed.id == feed.id
    assert AI.make_feed(Options(limit=3)).id != feed.id


def test_a_day_has_a_name_of_its_own_and_its_feeds_id() -> None:
    feed = AI.make_feed(Options(limit=3))
    dated = feed.on_day(date(2026, 1, 14))

    assert dated.name == "cs.AI/2026-01-14?limit=3"
    assert dated.path("md", "zh") == "/feeds/zh/cs.AI/2026-01-14.md?limit=3"
    assert dated.id == feed.id
    assert dated.on_day(None) == feed


def test_a_daily_feed_has_a_name_and_an_id_of_its_own_and_an_id_for_each_day() -> None:
    feed = AI.make_feed()
    daily = feed.as_daily()

    assert (daily.name, daily.path("rss")) == ("daily/cs.AI", "/feeds/daily/cs.AI.rss")
    assert daily.on_day(date(2026, 1, 14)) == feed.on_day(date(2026, 1, 14))
    ids = {feed.id, daily.id, *(daily.entry_id(date(2026, 1, day)) for day in (13, 14))}
    assert len(ids) == 4


def test_the_id_of_a_day_in_a_daily_feed_never_changes() -> None:
    """Readers know an entry by it: this value is a promise."""
    entry_id = AI.make_feed().as_daily().entry_id(date(2026, 1, 14))

    assert entry_id == "urn:uuid:33cf8044-f046-5f43-a875-eb1042811d33"


def test_the_id_of_a_feed_never_changes() -> None:
    """Readers know a feed by it: this value is a promise."""
    assert AI.make_feed().id == "urn:uuid:37f8e14c-78ff-5045-8bf6-e2d1d3707b6d"


@pytest.mark.parametrize(
    ("place", "options", "path"),
    [
        ("cs.AI", "", "/feeds/zh/cs.AI.xml"),
        ("cs.AI+rlhf", "announce=new", "/feeds/zh/cs.AI+rlhf.xml?announce=new"),
        ("keyword/扩散", "", "/feeds/zh/keyword/%E6%89%A9%E6%95%A3.xml"),
        ("search", "q=a+OR+b", "/feeds/zh/search.xml?q=a+OR+b"),
    ],
)
def test_the_path_is_percent_encoded(place: str, options: str, path: str) -> None:
    assert Feed(place, options, "Title", parse("*")).path("xml", "zh") == path


def test_the_default_language_and_the_page_leave_no_mark_in_the_path() -> None:
    assert AI.make_feed().path("rss") == "/feeds/cs.AI.rss"
    assert AI.make_feed(Options(limit=9)).path("html") == "/feeds/cs.AI?limit=9"


def test_parameters_are_encoded_in_order() -> None:
    query = parse('"a b" OR ti:é')
    search = Definition("search", str(query), ((query, NEW_AND_CROSS),), parameters=(("q", str(query)),))

    assert search.make_feed(Options(primary=True)).options == "primary=1&q=%22a+b%22+OR+ti:e"


def test_a_query_that_speaks_of_kinds_decides_them_itself() -> None:
    assert default_kinds(parse("graphs")) == NEW_AND_CROSS
    assert set(default_kinds(parse("graphs OR (kind:replace trees)"))) == set(Kind)


def test_a_join_has_its_parts_sorted_and_once() -> None:
    joined = join_definitions([CL, AI, CL])

    assert joined.place == "cs.AI+cs.CL"
    assert joined == join_definitions([AI, CL])
    assert join_definitions([AI, AI]) == AI


def test_a_join_takes_in_what_any_part_does() -> None:
    feed = join_definitions([AI, REVISED]).make_feed()

    assert takes_in(feed, "cs.AI", Kind.NEW)
    assert takes_in(feed, "cs.CL", Kind.REPLACE)
    assert not takes_in(feed, "cs.CL", Kind.NEW)


def test_kinds_asked_for_hold_for_every_part_of_a_join() -> None:
    feed = join_definitions([AI, REVISED]).make_feed(Options(kinds=(Kind.CROSS,)))

    assert feed.name == "cs.AI+revised?announce=cross"
    assert takes_in(feed, "cs.CL", Kind.CROSS)
    assert not takes_in(feed, "cs.CL", Kind.REPLACE)
