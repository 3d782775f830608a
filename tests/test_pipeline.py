"""From arXiv's answers to documents, over real HTTP and a real store, in fair weather and foul."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import feedparser
import pytest

from feedsvc.errors import StoppedError
from feedsvc.paper import BatchState, Kind
from feedsvc.pipeline import ingest
from feedsvc.pipeline.ingest import API_REST
from feedsvc.standin.faults import Fault, FaultKind
from tests.standin_papers import MONDAY, TUESDAY, small_corpus
from tests.world import World, run_world

CATEGORIES = ("cs.AI", "cs.LG", "math.NA", "stat.ML")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with run_world(tmp_path, small_corpus(), CATEGORIES) as running:
        yield running


def all_documents(world: World) -> dict[tuple[str, str, str], bytes]:
    documents = world.service.store.documents
    return {key: found.body for key in documents.stamps() if (found := documents.find(key))}


def listed(world: World, category: str, day: date) -> set[tuple[str, int, Kind]]:
    return {(a.paper, a.version, a.kind) for a in world.service.store.ledger.announcements_of(category, day)}


def served(world: World, category: str, day: date) -> set[tuple[str, int, Kind]]:
    return {(row.paper, row.version, row.kind) for row in world.corpus.page(day, category)}


def test_the_ledger_holds_exactly_what_was_listed(world: World) -> None:
    world.service.pipeline.run_due()

    for category in CATEGORIES:
        assert listed(world, category, MONDAY) == served(world, category, MONDAY)


def test_a_second_run_asks_for_nothing_and_changes_nothing(world: World) -> None:
    pipeline = world.service.pipeline
    pipeline.run_due()
    before, requests = all_documents(world), len(world.log.records())
    revision = world.service.store.revision()

    pipeline.run_due()

    assert len(world.log.records()) == requests
    assert (all_documents(world), world.service.store.revision()) == (before, revision)


def test_the_same_batches_fetched_again_are_known_as_such(world: World) -> None:
    pipeline = world.service.pipeline
    pipeline.run_due()
    before = all_documents(world)

    again = list(pipeline.ingest.fetch_batches())
    pipeline.publisher.build_documents()

    assert all(fetched.repeated and not fetched.added for fetched in again)
    assert all_documents(world) == before


def test_who_is_told_to_stop_before_arxiv_was_asked_again_notes_no_failure(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(seconds: float) -> None:
        raise StoppedError(f"stopped in {seconds} s")

    world.faults.add([Fault(kind=FaultKind.UNAVAILABLE)])
    monkeypatch.setattr(world.clock, "sleep", stop)

    assert list(world.service.pipeline.ingest.fetch_batches()) == []
    assert world.service.store.ledger.batches_of(MONDAY) == {}


def test_a_paper_has_its_comments_from_the_api(world: World) -> None:
    world.service.pipeline.run_due()

    paper = world.service.store.papers.find("2601.90003", 1)
    assert paper is not None
    assert (paper.complete, paper.doi, paper.journal_ref) == (True, "10.1/x", "J. Num. 1 (2026)")


def test_every_entry_of_every_document_has_its_digest(world: World) -> None:
    world.service.pipeline.run_due()

    for key, body in all_documents(world).items():
        for content in list_contents(key[1], body):
            assert any(word in content for word in ("Background", "Innovation", "Conclusion")), key


def list_contents(format_: str, body: bytes) -> list[str]:
    """Give what each entry of a document shows."""
    if format_ == "json":
        return [item["content_html"] for item in json.loads(body)["items"]]
    parsed = feedparser.parse(body)
    assert not parsed.bozo, format_
    return [entry.content[0].value for entry in parsed.entries]


def test_a_later_cross_list_comes_into_the_feed_on_its_own_day(world: World) -> None:
    world.service.pipeline.run_due()
    world.time.advance()
    world.service.pipeline.run_due()

    crossed = [row for row in listed(world, "stat.ML", TUESDAY) if row[2] is Kind.CROSS]
    assert crossed
    entries = {e.id: e for e in feedparser.parse(world.get("/feeds/stat.ML.xml")).entries}
    entry = entries[f"https://arxiv.org/abs/{crossed[0][0]}"]
    assert entry.published.startswith("2026-01-06T01:00:00")


def test_a_replacement_does_not_move_a_feed_that_leaves_replacements_out(world: World) -> None:
    world.service.pipeline.run_due()
    first = {e.id: e.updated for e in feedparser.parse(world.get("/feeds/cs.LG.xml")).entries}
    world.time.advance()
    world.service.pipeline.run_due()

    assert (("2601.90002", 2, Kind.REPLACE)) in listed(world, "cs.LG", TUESDAY)
    second = {e.id: e.updated for e in feedparser.parse(world.get("/feeds/cs.LG.xml")).entries}
    assert {id_: second[id_] for id_ in first} == first


def test_a_feed_that_takes_replacements_in_shows_the_new_version(world: World) -> None:
    world.service.pipeline.run_due()
    world.time.advance()
    world.service.pipeline.run_due()

    path = "/feeds/cs.LG.xml?announce=new,cross,replace,replace-cross"
    entries = {e.id: e for e in feedparser.parse(world.get(path)).entries}
    entry = entries["https://arxiv.org/abs/2601.90002"]
    assert entry.updated > entry.published
    assert entry.arxiv_version == "2"


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (FaultKind.HTML_PAGE, BatchState.FAILED),
        (FaultKind.CUT_OFF, BatchState.FAILED),
        (FaultKind.TRUNCATED, BatchState.FAILED),
        (FaultKind.UNAVAILABLE, BatchState.FAILED),
        (FaultKind.RESET, BatchState.FAILED),
        (FaultKind.BROKEN_OFF, BatchState.FAILED),
        (FaultKind.STALE_BATCH, BatchState.STALE),
        (FaultKind.ABSURD_DATE, BatchState.FAILED),
    ],
)
def test_a_bad_answer_is_noted_and_what_was_served_stays(
    world: World, kind: FaultKind, state: BatchState
) -> None:
    pipeline = world.service.pipeline
    pipeline.run_due()
    before = world.get("/feeds/cs.AI.xml")
    world.time.advance()
    world.faults.add([Fault(kind, path="/rss/cs.AI", count=10)])

    pipeline.run_due()

    batch = world.service.store.ledger.find_batch("cs.AI", TUESDAY)
    assert batch is not None
    assert (batch.state, bool(batch.reason)) == (state, True)
    kept = {e.id for e in feedparser.parse(before).entries}
    assert kept <= {e.id for e in feedparser.parse(world.get("/feeds/cs.AI.xml")).entries}
    assert listed(world, "cs.LG", TUESDAY) == served(world, "cs.LG", TUESDAY)


def levels_of(caplog: pytest.LogCaptureFixture, reason: str) -> list[str]:
    """Give the levels at which batches were logged for a reason."""
    noted = (record for record in caplog.records if record.name == ingest.__name__)
    return [record.levelname for record in noted if reason in record.getMessage()]


def test_that_a_new_store_does_not_know_what_is_usual_is_no_warning(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.faults.add([Fault(FaultKind.EMPTY_PAGE, path="/rss/cs.AI", count=2)])
    with caplog.at_level(logging.INFO):
        for _ in range(2):
            list(world.service.pipeline.ingest.fetch_batches(["cs.AI"]))

    assert levels_of(caplog, "it is not known yet what is usual") == ["INFO", "INFO"]


def test_an_empty_listing_behind_an_earlier_day_is_a_warning(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    list(world.service.pipeline.ingest.fetch_batches(["cs.AI"]))
    world.time.advance()
    world.faults.add([Fault(FaultKind.EMPTY_PAGE, path="/rss/cs.AI")])
    with caplog.at_level(logging.INFO):
        list(world.service.pipeline.ingest.fetch_batches(["cs.AI"]))

    assert levels_of(caplog, "it is not known yet what is usual") == ["WARNING"]


def test_an_answer_that_cannot_be_used_is_a_warning_on_a_new_store_too(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.faults.add([Fault(FaultKind.HTML_PAGE, path="/rss/cs.AI", count=4)])
    with caplog.at_level(logging.INFO):
        (fetched,) = world.service.pipeline.ingest.fetch_batches(["cs.AI"])

    assert levels_of(caplog, fetched.batch.reason) == ["WARNING"]


def test_a_batch_that_failed_is_fetched_again_and_made_whole(world: World) -> None:
    pipeline = world.service.pipeline
    world.faults.add([Fault(FaultKind.HTML_PAGE, path="/rss/cs.AI", count=4)])
    pipeline.run_due()
    assert ("2601.90001", 1, Kind.NEW) not in listed(world, "cs.AI", MONDAY)

    list(pipeline.ingest.fetch_batches(["cs.AI"]))

    batch = world.service.store.ledger.find_batch("cs.AI", MONDAY)
    assert batch is not None
    assert (batch.state, batch.attempts) == (BatchState.OK, 2)
    assert listed(world, "cs.AI", MONDAY) == served(world, "cs.AI", MONDAY)


def test_papers_wait_when_the_api_fails_and_are_completed_later(world: World) -> None:
    world.faults.add([Fault(FaultKind.HTML_PAGE, path="/api/query", count=20)])
    world.service.pipeline.run_due()
    paper = world.service.store.papers.find("2601.90003", 1)
    assert paper is not None
    assert not paper.complete
    world.faults.clear()

    world.time.advance_by(API_REST)
    world.service.pipeline.run_due()

    completed = world.service.store.papers.find("2601.90003", 1)
    assert completed is not None
    assert completed.complete


def test_one_category_that_fails_does_not_hold_up_the_others(world: World) -> None:
    world.faults.add([Fault(FaultKind.RESET, path="/rss/cs.AI", count=20)])

    world.service.pipeline.run_due()

    assert listed(world, "math.NA", MONDAY) == served(world, "math.NA", MONDAY)
    assert feedparser.parse(world.get("/feeds/math.NA.xml")).entries


def test_a_fresh_store_gives_the_same_bytes(world: World, tmp_path: Path) -> None:
    def live(there: World) -> dict[tuple[str, str, str], bytes]:
        there.service.pipeline.run_due()
        while there.time.steps_left():
            there.time.advance()
            there.service.pipeline.run_due()
        return all_documents(there)

    other = tmp_path / "other"
    other.mkdir()
    with run_world(other, small_corpus(), CATEGORIES) as fresh:
        assert live(fresh) == live(world)


def test_an_arxiv_that_does_not_answer_is_left_in_peace_after_three_categories(world: World) -> None:
    world.faults.add([Fault(FaultKind.RESET, path="/rss", count=100)])

    world.service.pipeline.run_due()

    asked = {record.path for record in world.log.records()}
    assert len(asked) == 3 < len(CATEGORIES)


def test_a_run_that_is_told_to_stop_leaves_the_rest_due(world: World) -> None:
    world.service.pipeline.stop()

    world.service.pipeline.run_due()

    assert len(world.service.pipeline.ingest.due_categories()) == len(CATEGORIES) - 1
