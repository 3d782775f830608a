"""A feed's days: archives that a reader can walk, digests, and daily feeds."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import feedparser
import pytest

from feedsvc.errors import AddressError, UnknownDayError
from feedsvc.feed import Feed, Options
from feedsvc.feed.address import resolve
from feedsvc.feed.catalogue import Catalogue, load_catalogue
from feedsvc.paper import BatchState, Kind
from feedsvc.pipeline.export import export_digest
from feedsvc.pipeline.publish import Publisher
from feedsvc.render import load_formats
from feedsvc.store import Store
from tests.builders import MONDAY, make_announcement, make_batch, make_digest, make_paper

TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + timedelta(days=n) for n in (1, 2, 3))
SITE = "https://feeds.example.org"
LANGUAGES = ("en", "zh")
CATEGORIES = ("cs.AI", "cs.LG")

Ask = Callable[[str], bytes]


class StandingClock:
    """A clock that stands still."""

    def now(self) -> datetime:
        return datetime(2026, 1, 8, 12, tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        raise AssertionError("building never waits")


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    folder = tmp_path / "feeds"
    folder.mkdir()
    (folder / "counting.toml").write_text('title = "Counting"\nquery = "counting"\n')
    return load_catalogue(folder)


@pytest.fixture
def publisher(store: Store, catalogue: Catalogue) -> Publisher:
    return Publisher(
        store,
        catalogue,
        load_formats(),
        StandingClock(),
        base=SITE,
        languages=LANGUAGES,
        categories=CATEGORIES,
    )


@pytest.fixture
def ask(publisher: Publisher, catalogue: Catalogue) -> Ask:
    """Give what answers an address with the bytes of its document."""

    def answer(url: str) -> bytes:
        path, _, params = url.removeprefix(SITE).removeprefix("/feeds/").partition("?")
        formats = ("xml", "rss", "json", "md")
        address = resolve(path, parse_qsl(params), catalogue, LANGUAGES, formats)
        return publisher.find_document(address.feed, address.format, address.language).body

    return answer


def announce(
    store: Store,
    day: date,
    *papers: str,
    category: str = "cs.AI",
    kind: Kind = Kind.NEW,
    version: int = 1,
    released: date | None = None,
    is_whole: bool = True,
) -> None:
    """Record a batch, and that there is nothing in the others, if the day is whole with it."""
    rows = [
        make_announcement(paper, category, day, kind, version, released=released or day) for paper in papers
    ]
    store.ledger.record_batch(make_batch(rows), [make_paper(paper, version) for paper in papers], rows)
    for other in CATEGORIES if is_whole else ():
        if store.ledger.find_batch(other, day) is None:
            quiet = make_batch(category=other, day=day, state=BatchState.QUIET)
            store.ledger.record_batch(quiet, (), ())


def ids(document: bytes) -> list[str]:
    return [entry.id.rpartition("/")[2] for entry in feedparser.parse(document).entries]


def links(document: bytes) -> dict[str, str]:
    return {link.rel: link.href for link in feedparser.parse(document).feed.links}


def test_a_day_holds_all_of_the_day_and_nothing_else(store: Store, ask: Ask) -> None:
    papers = [f"2601.{number:05}" for number in range(1, 211)]
    announce(store, MONDAY, "2601.00900")
    announce(store, TUESDAY, *papers)
    announce(store, WEDNESDAY, "2601.00901")

    assert sorted(ids(ask("/feeds/cs.AI/2026-01-06.xml"))) == papers


def test_a_reader_that_walks_back_from_the_feed_finds_every_day(store: Store, ask: Ask) -> None:
    for number, day in enumerate((MONDAY, TUESDAY, THURSDAY), start=1):
        announce(store, day, f"2601.0000{number}")

    walked = []
    url = links(ask("/feeds/cs.AI.xml"))["prev-archive"]
    while url:
        document = ask(url)
        walked.append((url.removeprefix(SITE), ids(document)))
        assert links(document)["current"] == f"{SITE}/feeds/cs.AI.xml"
        url = links(document).get("prev-archive", "")

    assert walked == [
        ("/feeds/cs.AI/2026-01-08.xml", ["2601.00003"]),
        ("/feeds/cs.AI/2026-01-06.xml", ["2601.00002"]),
        ("/feeds/cs.AI/2026-01-05.xml", ["2601.00001"]),
    ]


def test_neighbours_are_the_nearest_days_in_the_ledger_whoever_announced(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001", category="cs.LG")
    announce(store, WEDNESDAY, "2601.00002")
    announce(store, THURSDAY, "2601.00003", category="math.NA")

    found = links(ask("/feeds/zh/cs.AI/2026-01-07.rss?announce=new"))

    assert found["prev-archive"] == f"{SITE}/feeds/zh/cs.AI/2026-01-05.rss?announce=new"
    assert found["next-archive"] == f"{SITE}/feeds/zh/cs.AI/2026-01-08.rss?announce=new"
    assert found["current"] == f"{SITE}/feeds/zh/cs.AI.rss?announce=new"


def test_a_day_on_which_a_feed_took_in_nothing_leaves_the_feeds_bytes_alone(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001")
    before = ask("/feeds/cs.AI.xml?limit=9")
    announce(store, TUESDAY, "2601.00002", category="cs.LG")

    assert ask("/feeds/cs.AI.xml?limit=9") == before
    assert links(before)["prev-archive"] == f"{SITE}/feeds/cs.AI/2026-01-05.xml?limit=9"


def test_documents_that_are_kept_ready_name_their_archive_too(store: Store, publisher: Publisher) -> None:
    announce(store, MONDAY, "2601.00001")
    publisher.build_documents()

    document = store.documents.find(("cs.AI", "xml", "en"))
    assert document is not None
    assert links(document.body)["prev-archive"] == f"{SITE}/feeds/cs.AI/2026-01-05.xml"


def test_an_empty_feed_names_no_archive(store: Store, ask: Ask) -> None:
    assert "prev-archive" not in links(ask("/feeds/cs.LG.xml?limit=9"))


def test_archives_share_their_feeds_id_and_tell_the_day_in_the_title(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001")
    feed, day, chinese = (
        feedparser.parse(ask(f"/feeds/{place}.xml")).feed
        for place in ("cs.AI", "cs.AI/2026-01-05", "zh/cs.AI/2026-01-05")
    )

    assert feed.id == day.id == chinese.id
    assert day.title == "Artificial Intelligence (cs.AI) · 5 January 2026"
    assert chinese.title == "人工智能 (cs.AI) · 中文 · 2026年1月5日"


def test_a_title_says_in_the_feeds_language_what_was_chosen_for_it(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001")
    english, chinese = (
        feedparser.parse(ask(f"/feeds/{place}.xml?limit=9&primary=1")).feed for place in ("cs.AI", "zh/cs.AI")
    )

    assert english.title == "Artificial Intelligence (cs.AI), primary category only, newest 9"
    assert chinese.title == "人工智能 (cs.AI)，仅主分类，最新 9 篇 · 中文"


def test_an_entry_says_in_an_archive_what_the_feed_said_of_it_on_that_day(store: Store, ask: Ask) -> None:
    options = "?announce=new,cross,replace"
    announce(store, MONDAY, "2601.00001")
    announce(store, WEDNESDAY, "2601.00001", kind=Kind.REPLACE, version=2)
    then = feedparser.parse(ask(f"/feeds/cs.AI/2026-01-07.xml{options}")).entries[0]
    announce(store, THURSDAY, "2601.00001", kind=Kind.REPLACE, version=3)

    first, second = (
        feedparser.parse(ask(f"/feeds/cs.AI/2026-01-0{day}.xml{options}")).entries[0] for day in (5, 7)
    )
    assert (first.arxiv_version, first.published, first.updated[:10]) == ("1", first.updated, "2026-01-05")
    assert (second.arxiv_version, second.arxiv_announce_type) == ("2", "new")
    assert (second.published, second.updated[:10]) == (first.published, "2026-01-07")
    assert second == then


def test_a_repair_comes_into_the_archive_of_its_day(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001")
    announce(store, TUESDAY, "2601.00002")
    assert ids(ask("/feeds/cs.AI/2026-01-05.xml")) == ["2601.00001"]
    announce(store, MONDAY, "2601.00003", released=WEDNESDAY)

    assert ids(ask("/feeds/cs.AI/2026-01-05.xml")) == ["2601.00003", "2601.00001"]


def test_a_json_feed_leads_on_by_next_url(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001")
    announce(store, TUESDAY, "2601.00002")

    feed = json.loads(ask("/feeds/cs.AI.json?limit=9"))
    day = json.loads(ask(feed["next_url"]))
    assert [item["id"] for item in day["items"]] == ["https://arxiv.org/abs/2601.00002"]
    assert day["next_url"] == f"{SITE}/feeds/cs.AI/2026-01-05.json?limit=9"
    assert "next_url" not in json.loads(ask(day["next_url"]))


@pytest.mark.parametrize("suffix", ["xml", "rss", "json"])
def test_a_day_without_entries_is_a_valid_document_of_that_day(store: Store, ask: Ask, suffix: str) -> None:
    announce(store, MONDAY, "2601.00001")
    document = ask(f"/feeds/cs.LG/2026-01-05.{suffix}")

    load_formats()[suffix].check(document)
    assert b"2601.00001" not in document
    if suffix == "xml":
        assert feedparser.parse(document).feed.updated == "2026-01-05T01:00:00+00:00"


def test_a_quiet_day_is_known_and_empty(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001")
    store.ledger.note_batch(make_batch(day=TUESDAY, state=BatchState.QUIET))

    assert ids(ask("/feeds/cs.AI/2026-01-06.xml")) == []


@pytest.mark.parametrize("suffix", ["xml", "md"])
def test_a_day_of_which_nothing_is_known_is_refused_and_near_ones_named(
    store: Store, ask: Ask, suffix: str
) -> None:
    announce(store, MONDAY, "2601.00001")
    announce(store, WEDNESDAY, "2601.00002")
    store.ledger.note_batch(make_batch(day=TUESDAY, state=BatchState.FAILED))

    with pytest.raises(UnknownDayError, match="such as 2026-01-05 or 2026-01-07") as caught:
        ask(f"/feeds/cs.AI/2026-01-06.{suffix}")
    assert caught.value.near == (MONDAY, WEDNESDAY)
    with pytest.raises(UnknownDayError, match="of 0001-01-01 here: expected a day such as 2026-01-05"):
        ask("/feeds/cs.AI/0001-01-01.xml")


def test_an_empty_ledger_knows_of_no_day(ask: Ask) -> None:
    with pytest.raises(UnknownDayError, match=r"nothing is known of 2026-01-06 here$"):
        ask("/feeds/cs.AI/2026-01-06.xml")


def test_a_day_is_closed_when_a_later_one_has_begun(store: Store, publisher: Publisher) -> None:
    assert not publisher.is_closed(MONDAY)
    announce(store, MONDAY, "2601.00001")
    assert not publisher.is_closed(MONDAY)
    announce(store, TUESDAY, "2601.00002", category="math.NA")

    assert publisher.is_closed(MONDAY)
    assert not publisher.is_closed(TUESDAY)


def test_a_digest_tells_of_the_day_alone_a_paper_once(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001")
    announce(store, TUESDAY, "2601.00002", "2601.00003")
    announce(store, TUESDAY, "2601.00002", "2601.00003", category="cs.LG", kind=Kind.CROSS)
    announce(store, TUESDAY, "2601.00004", category="cs.LG", kind=Kind.CROSS)
    announce(store, TUESDAY, "2601.00001", category="cs.LG", kind=Kind.REPLACE, version=2)

    text = ask("/feeds/cs.AI+cs.LG/2026-01-06.md").decode()
    assert text.splitlines()[4] == "Papers: 3 · New papers: 2 · Cross-lists: 1"
    assert [line.partition("</a>")[2] for line in text.splitlines() if line.startswith("### ")] == [
        "1. On the matter of 2601.00003",
        "2. On the matter of 2601.00002",
        "3. On the matter of 2601.00004",
    ]


def test_replacements_are_in_a_digest_when_asked_for(store: Store, ask: Ask) -> None:
    """A paper that is replaced is not new again, although its entry in the feed says that it was."""
    announce(store, MONDAY, "2601.00001")
    announce(store, TUESDAY, "2601.00001", kind=Kind.REPLACE, version=2)

    asked = ask("/feeds/cs.AI/2026-01-06.md?announce=new,cross,replace,replace-cross").decode()
    assert "Papers: 1 · Replacements: 1" in asked
    assert "arxiv.org/pdf/2601.00001v2" in asked
    assert "no papers on this day" in ask("/feeds/cs.AI/2026-01-06.md").decode()


def test_a_digest_leads_to_its_feeds_page_in_its_language(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001")

    for place in ("cs.AI", "zh/cs.AI"):
        assert f"({SITE}/feeds/{place})" in ask(f"/feeds/{place}/2026-01-05.md").decode()


def test_a_limit_cuts_a_day_as_it_cuts_the_feed(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001", "2601.00002", "2601.00003")

    assert ids(ask("/feeds/cs.AI/2026-01-05.xml?limit=2")) == ["2601.00003", "2601.00002"]
    assert "Papers: 2" in ask("/feeds/cs.AI/2026-01-05.md?limit=2").decode()


def test_a_daily_feed_has_an_entry_for_each_day_with_papers(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001")
    announce(store, TUESDAY, "2601.00002", category="cs.LG")
    announce(store, WEDNESDAY, "2601.00003", "2601.00004")

    feed = feedparser.parse(ask("/feeds/daily/cs.AI.xml"))

    assert [(entry.title.partition(": ")[2], entry.updated) for entry in feed.entries] == [
        ("7 January 2026", "2026-01-07T01:00:00+00:00"),
        ("5 January 2026", "2026-01-05T01:00:00+00:00"),
    ]
    assert "2. " in feed.entries[0].content[0].value
    assert (feed.feed.title, feed.feed.updated) == (
        "Artificial Intelligence (cs.AI) · daily digest",
        "2026-01-07T01:00:00+00:00",
    )
    assert feed.entries[0].link == f"{SITE}/feeds/cs.AI/2026-01-07"
    assert "prev-archive" not in {link.rel for link in feed.feed.links}


def test_the_entries_of_a_daily_feed_are_each_days_own(
    store: Store, publisher: Publisher, catalogue: Catalogue
) -> None:
    announce(store, MONDAY, "2601.00001")
    announce(store, WEDNESDAY, "2601.00001", kind=Kind.REPLACE, version=2)
    feed = catalogue.define("cs.AI").make_feed(Options(kinds=(Kind.NEW, Kind.REPLACE)))

    entries = publisher.compose_feed(feed.as_daily(), "en")

    assert [(entry.kind, entry.paper.version, entry.updated.day) for entry in entries] == [
        (Kind.REPLACE, 2, 7),
        (Kind.NEW, 1, 5),
    ]


def test_what_comes_late_changes_the_content_of_a_daily_entry_and_nothing_else(
    store: Store, ask: Ask
) -> None:
    announce(store, MONDAY, "2601.00001")
    before = feedparser.parse(ask("/feeds/daily/cs.AI.xml")).entries[0]
    store.digests.save([make_digest(method="a model", innovation=("This is new.",))])
    announce(store, MONDAY, "2601.00002", released=THURSDAY)
    after = feedparser.parse(ask("/feeds/daily/cs.AI.xml")).entries[0]

    assert "This is new." in after.content[0].value
    assert (after.id, after.updated, after.published, after.title) == (
        before.id,
        before.updated,
        before.published,
        before.title,
    )


def test_a_daily_feed_waits_until_its_newest_day_is_there_in_every_category(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001")
    announce(store, TUESDAY, "2601.00002", is_whole=False)
    waiting = ask("/feeds/daily/cs.xml")
    announce(store, TUESDAY, "2601.00003", category="cs.LG", is_whole=False)
    told = ask("/feeds/daily/cs.xml")

    assert [entry.published[:10] for entry in feedparser.parse(waiting).entries] == ["2026-01-05"]
    assert [entry.published[:10] for entry in feedparser.parse(told).entries] == ["2026-01-06", "2026-01-05"]


def test_a_daily_feed_learns_that_a_day_is_whole_though_nothing_was_added(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001", is_whole=False)
    assert feedparser.parse(ask("/feeds/daily/cs.AI.xml")).entries == []

    store.ledger.record_batch(make_batch(category="cs.LG", state=BatchState.QUIET), (), ())

    assert len(feedparser.parse(ask("/feeds/daily/cs.AI.xml")).entries) == 1


def test_a_day_that_is_never_whole_is_told_when_the_next_begins(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001", is_whole=False)
    announce(store, TUESDAY, "2601.00002", is_whole=False)

    days = [entry.published[:10] for entry in feedparser.parse(ask("/feeds/daily/cs.AI.xml")).entries]
    assert days == ["2026-01-05"]


def test_daily_entries_have_one_id_in_every_format_and_language(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001")
    found = {
        entry.id
        for path in ("daily/cs.AI.xml", "daily/cs.AI.rss", "zh/daily/cs.AI.xml")
        for entry in feedparser.parse(ask(f"/feeds/{path}")).entries
    } | {item["id"] for item in json.loads(ask("/feeds/daily/cs.AI.json"))["items"]}

    assert len(found) == 1


def test_a_document_of_a_huge_day_keeps_to_first_sentences(
    store: Store, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feedsvc.pipeline.press.BRIEF_ABOVE_BYTES", 30_000)
    papers = [f"2601.{number:05}" for number in range(1, 11)]
    announce(store, MONDAY, *papers)
    long = tuple(f"Sentence {number} of many that follow." for number in range(100))
    store.digests.save([make_digest(paper, background=long) for paper in papers])

    for path in ("daily/cs.AI.xml", "cs.AI/2026-01-05.md", "cs.AI/2026-01-05.xml"):
        document = ask(f"/feeds/{path}")
        assert len(document) <= 30_000
        assert b"Sentence 0 of many" in document
        assert b"Sentence 1 of many" not in document


def test_keywords_joined_feeds_and_definitions_have_days(store: Store, ask: Ask) -> None:
    announce(store, MONDAY, "2601.00001")
    announce(store, TUESDAY, "2601.00002")

    for place in ("keyword/more-work", "counting+cs.AI", "author/lovelace_a", "cs"):
        assert ids(ask(f"/feeds/{place}/2026-01-05.xml")) == ["2601.00001"], place
        assert len(ids(ask(f"/feeds/daily/{place}.xml"))) == 2, place
    assert ids(ask("/feeds/search/2026-01-05.xml?q=nothing+-graphs")) == ["2601.00001"]


def test_a_file_has_the_bytes_of_the_address(
    store: Store, publisher: Publisher, catalogue: Catalogue, ask: Ask
) -> None:
    announce(store, MONDAY, "2601.00001")
    export = [
        export_digest(publisher, catalogue, LANGUAGES, "cs.LG+cs.ai?announce=cross,new", MONDAY, language)
        for language in (None, "en", "zh")
    ]

    assert export[0] == export[1] == ask("/feeds/cs.AI+cs.LG/2026-01-05.md")
    assert export[2] == ask("/feeds/zh/cs.AI+cs.LG/2026-01-05.md")
    with pytest.raises(AddressError, match="'fr' is no language here"):
        export_digest(publisher, catalogue, LANGUAGES, "cs.AI", MONDAY, "fr")


def test_days_are_made_once_until_something_changes(
    store: Store, publisher: Publisher, catalogue: Catalogue
) -> None:
    announce(store, MONDAY, "2601.00001")
    feed: Feed = catalogue.define("cs.AI").make_feed()
    for asked, format_ in (
        (feed.on_day(MONDAY), "md"),
        (feed.on_day(MONDAY), "xml"),
        (feed.as_daily(), "xml"),
    ):
        made = publisher.find_document(asked, format_)
        assert publisher.find_document(asked, format_) is made
    announce(store, MONDAY, "2601.00002")

    assert len(ids(publisher.find_document(feed.on_day(MONDAY), "xml").body)) == 2


def test_days_are_not_built_ahead(store: Store, publisher: Publisher) -> None:
    announce(store, MONDAY, "2601.00001")
    publisher.build_documents()

    assert {name for name, _, _ in store.documents.stamps()} == {"cs", "cs.AI", "cs.LG", "counting"}
