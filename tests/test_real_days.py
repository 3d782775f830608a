"""Seven real days of listings, one by one: the ledger and every document hold exactly what they should."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import feedparser
import pytest

from feedsvc.feed import Feed
from feedsvc.paper import Announcement, Kind
from feedsvc.pipeline.ingest import Fetched
from feedsvc.query import Subject
from feedsvc.query.subject import Wording
from feedsvc.standin.crawl import load_crawl
from tests.validity import find_faults
from tests.world import World, run_world

CATEGORIES = ("cs.AI", "cs.CL", "cs.CV", "cs.LG", "cs.SE")
WEEKEND = (date(2026, 1, 10), date(2026, 1, 11), date(2026, 1, 12))
FEEDS_OF_SHAPES = (
    *("daily/cs.SE", "cs.AI+cs.CL", "keyword/diffusion-models", "author/zhang_y"),
    *("like/2601.06098", "cs.LG?announce=new,cross,replace,replace-cross", "cs.CV?limit=7"),
)

Documents = dict[tuple[str, str, str], bytes]


@dataclass
class Week:
    """A service that has lived through the seven crawls, and what each of them brought."""

    world: World
    brought: list[list[Fetched]]

    @property
    def days(self) -> list[date]:
        return sorted(self.world.corpus.pages)

    def documents(self) -> Documents:
        store = self.world.service.store.documents
        return {key: found.body for key in store.stamps() if (found := store.find(key))}


def live_one_crawl(world: World) -> list[Fetched]:
    """Fetch every category, due or not, as the crawler did; then digest and build."""
    pipeline = world.service.pipeline
    brought = list(pipeline.ingest.fetch_batches())
    pipeline.ingest.fill_papers()
    pipeline.digester.digest_papers()
    pipeline.publisher.build_documents()
    return brought


@pytest.fixture(scope="module")
def week(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    corpus = load_crawl(shared / "data" / "arxiv_days")
    with run_world(tmp_path_factory.mktemp("week"), corpus, CATEGORIES) as world:
        brought = [live_one_crawl(world)]
        while world.time.steps_left():
            world.time.advance()
            brought.append(live_one_crawl(world))
        yield Week(world, brought)


def test_the_ledger_holds_exactly_each_pages_ids_and_kinds(week: Week) -> None:
    ledger = week.world.service.store.ledger
    for day in week.days:
        for category in CATEGORIES:
            page = week.world.corpus.page(day, category)
            recorded = {(a.paper, a.version, a.kind) for a in ledger.announcements_of(category, day)}
            assert recorded == {(row.paper, row.version, row.kind) for row in page}, (category, day)


def test_each_paper_version_is_stored_once(week: Week) -> None:
    pages = [page for topics in week.world.corpus.pages.values() for page in topics.values()]
    announced = {(row.paper, row.version) for page in pages for row in page}

    assert week.world.service.store.papers.load(announced).keys() == announced


def test_the_repeated_weekend_pages_are_seen_as_such(week: Week) -> None:
    assert len(week.brought) == 7
    for number, brought in enumerate(week.brought):
        assert all(fetched.repeated == (number in (3, 4)) for fetched in brought), number
        assert all((fetched.added == 0) == (number in (3, 4)) for fetched in brought), number


def read_subjects(week: Week) -> list[Subject]:
    """Give every crawled announcement with its paper, from the pages."""
    pages = week.world.corpus.pages
    rows = [(day, c, row) for day in week.days for c in CATEGORIES for row in pages[day].get(c, ())]
    papers = week.world.service.store.papers.load({(row.paper, row.version) for _, _, row in rows})
    wordings = {key: Wording(paper) for key, paper in papers.items()}
    return [
        Subject(
            papers[row.paper, row.version],
            Announcement(day, category, row.paper, row.version, row.kind, day),
            wordings[row.paper, row.version],
        )
        for day, category, row in rows
    ]


def expected_entries(feed: Feed, subjects: list[Subject]) -> list[str]:
    """Work the content of a document out from the crawled pages alone, by the contract's words.

    The store took each day in on that day, so release days are days; the two newest are whole, then
    earlier announcements come in while there are fewer than 200 entries.
    """
    taken = [s.announcement for s in subjects if feed.query.matches(s)]
    newest = sorted({a.day for a in taken})[-2:]
    chosen = {a.paper for a in taken if a.day in newest}
    for earlier in sorted(taken, key=lambda a: (a.day, -a.kind.rank, a.paper), reverse=True):
        if len(chosen) >= 200:
            break
        chosen.add(earlier.paper)
    return sorted(chosen)


def test_each_document_holds_exactly_what_window_and_kinds_select(week: Week) -> None:
    feeds = {feed.name: feed for feed in week.world.service.publisher.ready_feeds()}
    subjects = read_subjects(week)
    for (name, format_, _), body in week.documents().items():
        shown = sorted(id_.removeprefix("https://arxiv.org/abs/") for id_ in list_ids(format_, body))
        assert shown == expected_entries(feeds[name], subjects), (name, format_)


def list_ids(format_: str, body: bytes) -> list[str]:
    """Give the ids of a document's entries as a reader finds them, which must have nothing to complain of."""
    if format_ == "json":
        return [item["id"] for item in json.loads(body)["items"]]
    parsed = feedparser.parse(body)
    assert not parsed.bozo
    return [entry.id for entry in parsed.entries]


def test_a_large_day_is_whole_in_its_document(week: Week) -> None:
    entries = feedparser.parse(week.documents()["cs.AI", "xml", "en"]).entries
    last_two = {
        row.paper
        for day in week.days[-2:]
        for row in week.world.corpus.page(day, "cs.AI")
        if row.kind in (Kind.NEW, Kind.CROSS)
    }

    assert len(last_two) > 200
    assert {e.id.removeprefix("https://arxiv.org/abs/") for e in entries} == last_two


def test_every_document_is_read_whole_and_no_id_stands_twice(week: Week) -> None:
    documents = week.documents()
    assert len(documents) >= 3 * (len(CATEGORIES) + 1 + 14)
    for (name, format_, _), body in documents.items():
        ids = list_ids(format_, body)
        assert len(set(ids)) == len(ids), (name, format_)


def test_every_ready_document_is_valid_by_the_rules_of_its_format(week: Week) -> None:
    for key, body in week.documents().items():
        assert find_faults(key[1], body) == [], key


@pytest.mark.parametrize("suffix", ["xml", "rss", "json", "md"])
@pytest.mark.parametrize("feed", ["cs.SE", "cs+large-language-models"])
def test_a_day_of_a_feed_is_valid_in_every_format(week: Week, feed: str, suffix: str) -> None:
    assert find_faults(suffix, week.world.get(f"/feeds/{feed}/{week.days[-1]}.{suffix}")) == []


@pytest.mark.slow
def test_every_day_of_every_feed_is_valid_in_every_format(week: Week) -> None:
    for feed in week.world.service.publisher.ready_feeds():
        for day in week.days:
            for suffix in ("xml", "rss", "json", "md"):
                path = f"/feeds/{feed.name}/{day}.{suffix}"
                assert find_faults(suffix, week.world.get(path)) == [], path


@pytest.mark.parametrize("suffix", ["xml", "rss", "json"])
@pytest.mark.parametrize("feed", FEEDS_OF_SHAPES)
def test_a_feed_of_every_shape_is_valid_in_every_format(week: Week, feed: str, suffix: str) -> None:
    path, _, options = feed.partition("?")
    assert find_faults(suffix, week.world.get(f"/feeds/{path}.{suffix}?{options}")) == []


def test_the_list_of_feeds_is_valid(week: Week) -> None:
    assert find_faults("opml", week.world.get("/subscriptions.opml")) == []


def taken_in(week: Week, category: str, day: date) -> list[str]:
    """Give what a category's page of a day shows as new or cross-listed."""
    page = week.world.corpus.page(day, category)
    return sorted(row.paper for row in page if row.kind in (Kind.NEW, Kind.CROSS))


def test_a_reader_that_walks_the_archives_finds_every_page(week: Week) -> None:
    found, url = {}, "/feeds/cs.SE.xml"
    while url:
        document = week.world.get(url.removeprefix("https://feeds.example.org"))
        assert find_faults("xml", document) == [], url
        if url.count("/") > 2:
            day = date.fromisoformat(url.rpartition("/")[2].removesuffix(".xml"))
            found[day] = sorted(
                id_.removeprefix("https://arxiv.org/abs/") for id_ in list_ids("xml", document)
            )
        links = feedparser.parse(document).feed.links
        url = next((link.href for link in links if link.rel == "prev-archive"), "")

    announced = [day for day in week.days if taken_in(week, "cs.SE", day)]
    assert found == {day: taken_in(week, "cs.SE", day) for day in announced}


def test_a_digest_of_a_real_day_has_every_paper_once(week: Week) -> None:
    day = week.days[-1]
    text = week.world.get(f"/feeds/cs.AI+cs.SE/{day}.md").decode()
    papers = set(taken_in(week, "cs.AI", day)) | set(taken_in(week, "cs.SE", day))

    assert sorted(re.findall(r'^### <a id="([^"]+)"></a>\d+\. \S', text, re.MULTILINE)) == sorted(papers)
    assert f"Papers: {len(papers)} · " in text


def test_a_daily_feed_has_an_entry_for_each_real_day(week: Week) -> None:
    document = week.world.get("/feeds/daily/cs.SE.xml")
    entries = feedparser.parse(document).entries

    assert [entry.updated[:10] for entry in entries] == sorted(
        (str(day) for day in week.days if taken_in(week, "cs.SE", day)), reverse=True
    )


def test_no_digest_of_a_real_abstract_has_an_empty_section(week: Week) -> None:
    page = {(row.paper, row.version) for row in week.world.corpus.page(week.days[-1], "cs.LG")}
    digests = week.world.service.store.digests.load(page, ["en"])

    assert digests.keys() == page
    short = [d for d in digests.values() if len(d.background + d.innovation + d.conclusion) >= 3]
    assert all(d.background and d.innovation and d.conclusion for d in short)


def test_replaying_all_days_changes_no_byte_of_any_document(
    week: Week, tmp_path_factory: pytest.TempPathFactory
) -> None:
    before = week.documents()
    revision = week.world.service.store.revision()

    url = week.world.service.settings.database_url
    folder = tmp_path_factory.mktemp("again")
    with run_world(folder, week.world.corpus, CATEGORIES, database_url=url) as again:
        live_one_crawl(again)
        while again.time.steps_left():
            again.time.advance()
            live_one_crawl(again)
        assert again.service.store.revision() == revision
    assert week.documents() == before


def test_a_page_of_200_real_papers_is_light(week: Week) -> None:
    page = week.world.service.app.test_client().get("/feeds/cs.SE", headers={"Accept-Encoding": "gzip"})
    cards = gzip.decompress(page.data).count(b'<article class="card')

    assert cards >= 100
    assert len(page.data) * 200 / cards < 200_000
