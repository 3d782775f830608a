"""Days on which nobody was listening, and what listings left out, made whole from OAI-PMH over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import feedparser
import pytest

from feedsvc.calendar import eastern_date, switches_at
from feedsvc.errors import AnswerError, BrokenAnswer, TokenExpired
from feedsvc.paper import BatchState, Kind, Origin
from feedsvc.pipeline.catchup import AUDIT_EVERY, RESUME_WITHIN, TRY_AGAIN, CatchUp, CaughtUp
from feedsvc.pipeline.harvest import Harvester, Told, ToldPage
from feedsvc.service import make_record_source
from feedsvc.standin.faults import Fault, FaultKind
from feedsvc.standin.synthetic import make_corpus
from tests.campaign_truth import Figures, compare_ledger, find_unsettled
from tests.world import World, run_world

FIRST_DAY = date(2026, 3, 2)
CATEGORIES = ("cs.AI", "cs.LG", "stat.ML", "cs.GL")
MORNING = timedelta(hours=7)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Give a service that has seen the first of ten days."""
    corpus = make_corpus(3, FIRST_DAY, 14, CATEGORIES, 15)
    with run_world(tmp_path, corpus, CATEGORIES) as running:
        running.service.pipeline.run_due()
        yield running


def truth(world: World, day: date, category: str) -> set[tuple[str, int, Kind]]:
    return {(row.paper, row.version, row.kind) for row in world.corpus.page(day, category)}


def recorded(world: World, day: date, category: str) -> dict[tuple[str, int, Kind], Origin]:
    rows = world.service.store.ledger.announcements_of(category, day)
    return {(a.paper, a.version, a.kind): a.origin for a in rows}


def sleep_until_morning(world: World, day: date) -> None:
    world.time.move_to(switches_at(day) + MORNING)


def days_until(world: World, last: date) -> list[date]:
    return [day for day in sorted(world.corpus.pages) if day <= last]


def test_after_a_week_without_anybody_every_missed_day_is_whole(world: World) -> None:
    friday = FIRST_DAY + timedelta(days=4)
    sleep_until_morning(world, friday)

    world.service.pipeline.run_due()

    missed = [day for day in days_until(world, friday) if day > FIRST_DAY]
    assert len(missed) == 4
    for day in missed:
        for category in CATEGORIES:
            listed, rows = truth(world, day, category), recorded(world, day, category)
            exact = {row for row, origin in rows.items() if origin is not Origin.ESTIMATED}
            assert exact <= listed, (day, category)
            batch = world.service.store.ledger.find_batch(category, day)
            assert batch is not None
            assert batch.state in (BatchState.OK, BatchState.QUIET)


def test_a_single_missed_day_is_exact(world: World) -> None:
    tuesday, wednesday = FIRST_DAY + timedelta(days=1), FIRST_DAY + timedelta(days=2)
    sleep_until_morning(world, wednesday)

    world.service.pipeline.run_due()

    for category in CATEGORIES:
        new = {row for row in truth(world, tuesday, category) if row[2] is Kind.NEW}
        assert new <= recorded(world, tuesday, category).keys(), category
        assert all(recorded(world, tuesday, category)[row] is Origin.REBUILT for row in new)


def test_after_two_months_without_anybody_the_ledger_is_true_or_says_where_it_guesses(tmp_path: Path) -> None:
    corpus = make_corpus(5, FIRST_DAY, 42, CATEGORIES, 6)
    with run_world(tmp_path, corpus, CATEGORIES) as world:
        world.service.pipeline.run_due()
        sleep_until_morning(world, max(corpus.pages))
        world.service.pipeline.run_due()

        figures, store = Figures(), world.service.store
        compare_ledger(figures, corpus, store, CATEGORIES)
        assert figures.wrong == []
        assert figures.exact > 0.9 * figures.announcements > 300
        assert list(find_unsettled(corpus, store)) == []


def test_what_was_rebuilt_is_in_the_feeds_by_the_day_it_was_recorded(world: World) -> None:
    friday = FIRST_DAY + timedelta(days=4)
    sleep_until_morning(world, friday)
    world.service.pipeline.run_due()

    rows = world.service.store.ledger.announcements_of("cs.AI", FIRST_DAY + timedelta(days=1))
    assert rows
    assert {row.released for row in rows} == {eastern_date(world.time.now())}
    shown = {e.id.rpartition("/")[2] for e in feedparser.parse(world.get("/feeds/cs.AI.xml")).entries}
    assert {row.paper for row in rows if row.kind in (Kind.NEW, Kind.CROSS)} <= shown


def test_a_harvest_that_fails_leaves_the_gap_and_is_tried_again_later(world: World) -> None:
    tuesday, wednesday = FIRST_DAY + timedelta(days=1), FIRST_DAY + timedelta(days=2)
    sleep_until_morning(world, wednesday)
    world.faults.add([Fault(FaultKind.UNAVAILABLE, path="/oai", count=4)])
    world.service.pipeline.run_due()
    assert world.service.store.ledger.find_batch("cs.AI", tuesday) is None

    world.service.pipeline.run_due()
    assert world.service.store.ledger.find_batch("cs.AI", tuesday) is None
    world.time.advance_by(TRY_AGAIN)
    world.service.pipeline.run_due()

    batch = world.service.store.ledger.find_batch("cs.AI", tuesday)
    assert batch is not None
    assert (batch.state, batch.source) == (BatchState.OK, "oai")


def test_a_harvest_that_tells_of_nothing_at_all_settles_no_day(world: World) -> None:
    class Silence:
        def harvest_papers(self, since: date) -> Iterator[ToldPage]:
            yield ToldPage(())

        def resume(self, token: str) -> Iterator[ToldPage]:
            yield ToldPage(())

    tuesday = FIRST_DAY + timedelta(days=1)
    sleep_until_morning(world, FIRST_DAY + timedelta(days=11))
    store = world.service.store

    caught_up = CatchUp(store, Silence(), world.clock, CATEGORIES).run_due()

    assert caught_up == CaughtUp(whole=False)
    assert store.ledger.find_batch("cs.AI", tuesday) is None


class Broken:
    """OAI-PMH that answers in pages of a few papers, and a given number of pages, then no more."""

    def __init__(self, told: Sequence[Told], pages: int, error: AnswerError) -> None:
        self.asked: list[str] = []
        self.pages = pages
        self.expired = False
        self._told = tuple(told)
        self._error = error

    def harvest_papers(self, since: date) -> Iterator[ToldPage]:
        self.asked.append("anew")
        return self._list(0)

    def resume(self, token: str) -> Iterator[ToldPage]:
        if self.expired:
            raise TokenExpired(token)
        self.asked.append(token)
        return self._list(int(token))

    def _list(self, start: int) -> Iterator[ToldPage]:
        for at in range(start, len(self._told), 10):
            if self.pages == 0:
                raise self._error
            self.pages -= 1
            following = at + 10
            token = str(following) if following < len(self._told) else None
            yield ToldPage(self._told[at:following], token)


def everything_told(world: World, since: date) -> list[Told]:
    service = world.service
    source = make_record_source(service.settings, service.store, world.clock)
    return [told for page in Harvester(source).harvest_papers(since) for told in page.told]


@pytest.fixture
def broken(world: World) -> tuple[CatchUp, Broken]:
    """Give a catch-up of two missed days that broke off behind three pages."""
    sleep_until_morning(world, FIRST_DAY + timedelta(days=2))
    source = Broken(everything_told(world, FIRST_DAY), 3, BrokenAnswer("cut off"))
    catch_up = CatchUp(world.service.store, source, world.clock, CATEGORIES)
    assert catch_up.run_due() == CaughtUp(whole=False)
    source.pages = 1000
    return catch_up, source


def test_a_harvest_that_was_cut_short_goes_on_behind_its_last_page(
    world: World, broken: tuple[CatchUp, Broken]
) -> None:
    catch_up, source = broken
    world.time.advance_by(TRY_AGAIN)

    caught_up = catch_up.run_due()

    assert source.asked == ["anew", "30"]
    assert caught_up is not None
    assert caught_up.whole
    for day in (FIRST_DAY + timedelta(days=1), FIRST_DAY + timedelta(days=2)):
        new = {row for row in truth(world, day, "cs.AI") if row[2] is Kind.NEW}
        assert new <= recorded(world, day, "cs.AI").keys()


def test_a_harvest_whose_token_expired_is_begun_anew(world: World, broken: tuple[CatchUp, Broken]) -> None:
    catch_up, source = broken
    world.time.advance_by(TRY_AGAIN)
    source.expired = True

    caught_up = catch_up.run_due()

    assert source.asked == ["anew", "anew"]
    assert caught_up is not None
    assert caught_up.whole


def test_a_harvest_that_was_cut_short_hours_ago_is_begun_anew(
    world: World, broken: tuple[CatchUp, Broken]
) -> None:
    catch_up, source = broken
    world.time.advance_by(RESUME_WITHIN + timedelta(minutes=1))

    catch_up.run_due()

    assert source.asked == ["anew", "anew"]


def test_an_old_batch_is_known_although_half_of_it_was_never_seen(world: World) -> None:
    tuesday, wednesday = FIRST_DAY + timedelta(days=1), FIRST_DAY + timedelta(days=2)
    world.time.move_to(switches_at(tuesday) + timedelta(minutes=5))
    world.faults.add([Fault(FaultKind.MISSING_ROWS, path="/rss/cs.AI", share=0.6)])
    world.service.pipeline.run_due()
    half = recorded(world, tuesday, "cs.AI")
    assert 0 < 2 * len(half) < len(truth(world, tuesday, "cs.AI"))

    world.time.move_to(switches_at(wednesday) + timedelta(minutes=5))
    world.faults.add([Fault(FaultKind.STALE_BATCH, path="/rss/cs.AI")])
    world.service.pipeline.run_due()

    batch = world.service.store.ledger.find_batch("cs.AI", wednesday)
    assert batch is not None
    assert batch.state is BatchState.STALE
    assert not truth(world, tuesday, "cs.AI") & recorded(world, wednesday, "cs.AI").keys()


def test_what_a_listing_left_out_is_found_within_a_day(world: World) -> None:
    tuesday, wednesday = FIRST_DAY + timedelta(days=1), FIRST_DAY + timedelta(days=2)
    world.time.move_to(switches_at(tuesday) + timedelta(minutes=5))
    world.faults.add([Fault(FaultKind.MISSING_ROWS, path="/rss/cs.AI", share=0.3)])
    world.service.pipeline.run_due()
    new = {row for row in truth(world, tuesday, "cs.AI") if row[2] is Kind.NEW}
    assert not new <= recorded(world, tuesday, "cs.AI").keys()

    sleep_until_morning(world, wednesday)
    world.time.advance_by(AUDIT_EVERY)
    world.service.pipeline.run_due()

    assert new <= recorded(world, tuesday, "cs.AI").keys()


def test_nothing_is_harvested_again_within_a_day_without_a_gap(world: World) -> None:
    tuesday = FIRST_DAY + timedelta(days=1)
    world.time.move_to(switches_at(tuesday) + timedelta(minutes=5))
    world.service.pipeline.run_due()
    sleep_until_morning(world, tuesday)
    world.service.pipeline.run_due()
    asked = sum(record.path.startswith("/oai") for record in world.log.records())

    world.time.advance_by(timedelta(hours=2))
    world.service.pipeline.run_due()

    assert sum(record.path.startswith("/oai") for record in world.log.records()) == asked


def test_catching_up_twice_changes_nothing(world: World) -> None:
    sleep_until_morning(world, FIRST_DAY + timedelta(days=3))
    world.service.pipeline.run_due()
    revision = world.service.store.revision()

    world.time.advance_by(AUDIT_EVERY - timedelta(hours=12))
    world.service.pipeline.catch_up.run_due()

    assert world.service.store.revision() == revision


def test_a_batch_that_failed_is_settled_by_the_harvest_whatever_rows_it_has(world: World) -> None:
    tuesday, wednesday = FIRST_DAY + timedelta(days=1), FIRST_DAY + timedelta(days=2)
    world.time.move_to(switches_at(tuesday) + timedelta(minutes=5))
    world.faults.add([Fault(FaultKind.HTML_PAGE, path="/rss/cs.AI", count=4)])
    world.service.pipeline.run_due()
    sleep_until_morning(world, wednesday)

    world.service.pipeline.run_due()

    batch = world.service.store.ledger.find_batch("cs.AI", tuesday)
    assert batch is not None
    assert (batch.state, batch.source) == (BatchState.OK, "oai")


def test_an_old_batch_under_a_new_date_is_known_though_its_day_was_missed(world: World) -> None:
    wednesday = FIRST_DAY + timedelta(days=2)
    world.time.move_to(switches_at(wednesday) + timedelta(minutes=5))
    world.faults.add([Fault(FaultKind.STALE_BATCH, path="/rss/cs.AI")])

    world.service.pipeline.run_due()

    batch = world.service.store.ledger.find_batch("cs.AI", wednesday)
    assert batch is not None
    assert batch.state is BatchState.STALE
    assert (
        not truth(world, FIRST_DAY + timedelta(days=1), "cs.AI") & recorded(world, wednesday, "cs.AI").keys()
    )
