"""The figures at `/metrics`, read back by Prometheus' own parser, are those of the store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event, text

from feedsvc.paper import BatchState
from feedsvc.standin.faults import Fault, FaultKind
from feedsvc.steps import Step
from tests.builders import make_digest, make_note
from tests.hub_rows import subscribe
from tests.standin_papers import small_corpus
from tests.web_house import DAY, NOON, PAPERS, House, announce, make_paper, open_house
from tests.world import run_world

Figures = dict[tuple[str, ...], float]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Give a house in which math.NA was never asked for, twelve hours after the switch."""
    with open_house(tmp_path) as opened:
        yield opened


def read_figures(exposition: str) -> Figures:
    """Give every sample by its name and its labels' values, in the order of the labels' names."""
    samples = [sample for family in text_string_to_metric_families(exposition) for sample in family.samples]
    figures = {(s.name, *(value for _, value in sorted(s.labels.items()))): s.value for s in samples}
    assert len(figures) == len(samples)
    return figures


def figures_of(house: House) -> Figures:
    response = house.client.get("/metrics")
    assert response.status_code == 200
    return read_figures(response.text)


def test_it_speaks_the_text_format_and_may_not_be_kept(house: House) -> None:
    response = house.client.get("/metrics")

    assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"


def test_every_figure_says_what_it_is(house: House) -> None:
    families = list(text_string_to_metric_families(house.client.get("/metrics").text))

    assert len({family.name for family in families}) == len(families) > 12
    assert all(f.documentation and f.type in ("gauge", "counter") for f in families)
    assert all(family.name.startswith("feedsvc_") for family in families)


def test_lateness_is_a_flag_and_a_number(house: House) -> None:
    late = figures_of(house)
    house.store.ledger.note_batch(make_note(BatchState.QUIET, category="math.NA", day=DAY))
    fine = figures_of(house)

    assert (late["feedsvc_late",], late["feedsvc_late_batches",]) == (1, 1)
    assert (fine["feedsvc_late",], fine["feedsvc_late_batches",]) == (0, 0)


def test_ages_count_from_the_announcement_of_the_day(house: House) -> None:
    before = figures_of(house)
    house.store.ledger.note_batch(make_note(BatchState.QUIET, category="math.NA", day=DAY))
    age = (house.clock.now() - datetime.fromisoformat("2026-01-13T20:00:00-05:00")).total_seconds()

    assert before["feedsvc_newest_batch_age_seconds",] == age
    assert ("feedsvc_complete_day_age_seconds",) not in before
    assert figures_of(house)["feedsvc_complete_day_age_seconds",] == age


def test_batches_are_counted_by_state_and_days_back(house: House) -> None:
    figures = figures_of(house)

    newest = {key[2]: value for key, value in figures.items() if key[:2] == ("feedsvc_batches", "0")}
    assert newest == {"ok": 3, "quiet": 0, "stale": 0, "partial": 0, "failed": 0, "awaited": 1}


def test_announcements_are_counted_by_kind_and_days_back(house: House) -> None:
    announce(house.store, "cs.AI", make_paper(9, "Earlier", "cs.AI"), day=DAY - timedelta(days=1))
    figures = figures_of(house)

    assert figures["feedsvc_batch_announcements", "0", "new"] == 4
    assert figures["feedsvc_batch_announcements", "0", "cross"] == 1
    assert figures["feedsvc_batch_announcements", "1", "new"] == 1


def test_a_year_of_days_makes_no_more_series(house: House) -> None:
    for days in range(1, 300):
        day = DAY - timedelta(days=days)
        house.store.ledger.note_batch(make_note(BatchState.QUIET, day=day))

    assert {key[1] for key in figures_of(house) if key[0] == "feedsvc_batches"} == set("01234")


def test_papers_and_announcements_are_counted(house: House) -> None:
    figures = figures_of(house)

    assert figures["feedsvc_papers",] == len(PAPERS)
    assert figures["feedsvc_announcements",] == 5


def test_what_waits_is_counted(house: House) -> None:
    house.store.digests.save([make_digest("2601.00001")])
    figures = figures_of(house)

    assert figures["feedsvc_papers_incomplete",] == 4
    assert figures["feedsvc_papers_undigested",] == 3
    assert figures["feedsvc_documents_behind", "xml"] > 0
    house.publisher.build_documents()
    assert figures_of(house)["feedsvc_documents_behind", "xml"] == 0


def test_documents_are_summed_by_format(house: House) -> None:
    stored = [house.store.documents.find(key) for key in house.store.documents.stamps() if key[1] == "xml"]
    sizes = [len(document.body) for document in stored if document is not None]
    figures = figures_of(house)

    assert figures["feedsvc_documents", "xml"] == len(sizes)
    assert figures["feedsvc_documents_bytes", "xml"] == sum(sizes)
    assert figures["feedsvc_largest_document_bytes", "xml"] == max(sizes)
    assert figures["feedsvc_fullest_document_entries", "xml"] == 3


def test_requests_to_arxiv_are_counted_by_what_came_of_them(tmp_path: Path) -> None:
    with run_world(tmp_path, small_corpus(), ("cs.AI", "cs.LG")) as world:
        world.faults.add([Fault(FaultKind.UNAVAILABLE, path="/rss/cs.AI", count=2)])
        world.service.pipeline.run_due()
        sent = len(world.log.records())
        figures = read_figures(world.get("/metrics").decode())

    requests = {key[1:]: value for key, value in figures.items() if key[0] == "feedsvc_requests_total"}
    assert requests["127.0.0.1", "503"] == 2
    assert sum(requests.values()) == sent


def test_the_store_is_asked_a_fixed_number_of_times(tmp_path: Path) -> None:
    asked: list[str] = []
    with open_house(tmp_path, categories="", languages="en") as house:
        event.listen(house.store.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
        house.client.get("/metrics")

    assert len([statement for statement in asked if "SELECT" in statement]) <= 14


def test_two_applications_in_one_process_do_not_share_their_figures(house: House, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with open_house(other, categories="hep-th") as small:
        assert figures_of(small)["feedsvc_batches", "0", "awaited"] == 0
    assert figures_of(house)["feedsvc_batches", "0", "awaited"] == 1


def test_a_store_that_cannot_be_read_is_a_failed_scrape(house: House) -> None:
    with house.store.engine.connect() as connection, connection.begin():
        connection.execute(text("DROP TABLE requests"))

    assert house.client.get("/metrics").status_code == 503


def test_the_hub_is_told_of_in_numbers(house: House) -> None:
    subscribe(house.store, now=NOON, topic="https://feeds.example.org/feeds/cs.AI.xml")
    announce(house.store, "cs.AI", make_paper(10, "News of walks", "cs.AI"))
    house.publisher.build_documents()
    for key in house.store.deliveries.noticed():
        house.store.deliveries.spread(key, NOON)
    house.clock.moment = NOON + timedelta(seconds=90)

    figures = figures_of(house)

    assert figures["feedsvc_subscriptions",] == figures["feedsvc_subscribed_topics",] == 1
    assert figures["feedsvc_subscriptions_failing",] == figures["feedsvc_intents_waiting",] == 0
    assert figures["feedsvc_deliveries_waiting",] == 1
    assert figures["feedsvc_deliveries_oldest_seconds",] == 90
    assert figures["feedsvc_hub_requests_total", "confirmed", "verification"] == 1


def test_jobs_are_counted_where_there_is_an_engine(postgres_url: str, tmp_path: Path) -> None:
    with run_world(tmp_path, small_corpus(), ("cs.AI",), database_url=postgres_url) as world:
        world.service.store.jobs.wake([Step.FETCH, Step.BUILD])
        figures = read_figures(world.get("/metrics").decode())

    assert figures["feedsvc_jobs", "waiting"] == 2
    assert [figures["feedsvc_jobs", state] for state in ("running", "stalled", "failed")] == [0, 0, 0]
    assert figures["feedsvc_workers",] == 0


def test_sqlite_has_no_figures_of_jobs(tmp_path: Path, sqlite_only: None) -> None:
    with run_world(tmp_path, small_corpus(), ("cs.AI",)) as world:
        figures = read_figures(world.get("/metrics").decode())

    assert not {"feedsvc_jobs", "feedsvc_workers"} & {key[0] for key in figures}
