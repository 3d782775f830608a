"""A model writes what was ordered, over real HTTP, and the feeds never wait longer than they should."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import feedparser
import pytest
from pydantic import HttpUrl, SecretStr

from feedsvc.digest.extractive import ExtractiveSummarizer
from feedsvc.digest.llm.purse import Spent
from feedsvc.paper import Announcement, Kind, Paper
from feedsvc.pipeline.digests import Digester
from feedsvc.pipeline.writing import DailyPurse, Writing
from feedsvc.service import make_writer
from feedsvc.settings import LlmSettings
from feedsvc.store.orders import OrderState
from tests.builders import make_batch
from tests.fake_model import (
    CHINESE,
    ENGLISH,
    FakeModel,
    answer_well,
    hang,
    refuse,
    run_model,
    say,
    say_json,
)
from tests.standin_papers import small_corpus
from tests.web_house import DAY, NOON, PAPERS, House, announce, open_house, settle_day
from tests.world import run_world

WRONG = say_json(**ENGLISH | {"background": "It took 250M walkers."})


@dataclass
class Desk:
    """A house with a model."""

    house: House
    model: FakeModel
    writing: Writing

    def build(self) -> None:
        """Do what a sweep does, but for arXiv, and give the web the moment until it looks at the store."""
        Digester(self.house.store, ExtractiveSummarizer(), ("en", "zh")).digest_papers()
        self.writing.release_overdue()
        assert not self.house.publisher.build_documents().refused
        self.wait(seconds=1)

    def write(self) -> dict[OrderState, int]:
        return dict(self.writing.write_digests().counts)

    def wait(self, **passing: float) -> None:
        self.house.clock.moment += timedelta(**passing)

    def read(self, path: str) -> feedparser.FeedParserDict:
        response = self.house.client.get(path)
        assert response.status_code == 200
        return feedparser.parse(response.data)

    def titles(self, path: str = "/feeds/zh/cs.AI.xml") -> list[str]:
        return [entry.title for entry in self.read(path).entries]

    def max_age(self, path: str) -> int:
        return int(self.house.client.get(path).headers["Cache-Control"].partition("max-age=")[2])


def open_desk(stack: ExitStack, folder: Path, **changes: object) -> Desk:
    model = stack.enter_context(run_model())
    values: dict[str, object] = {
        "base_url": HttpUrl(model.url),
        "model": "fake",
        "attempts": 1,
        "concurrency": 2,
    }
    llm = LlmSettings.model_validate(values | changes)
    house = stack.enter_context(open_house(folder, llm=llm))
    writing = Writing(house.store, make_writer(house.settings, house.store, house.clock), house.clock, 2)
    stack.callback(writing.close)
    return Desk(house, model, writing)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Give what closes all that a test opened."""
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def desk(tmp_path: Path, stack: ExitStack) -> Desk:
    """Give a desk whose model answers well; four papers are announced."""
    return open_desk(stack, tmp_path)


def test_the_original_is_in_its_feed_at_once_and_the_models_digest_comes_later(desk: Desk) -> None:
    desk.build()
    before = desk.read("/feeds/cs.AI.xml")
    assert desk.write() == {OrderState.MADE: 8}
    desk.build()
    after = desk.read("/feeds/cs.AI.xml")

    assert [e.id for e in before.entries] == [e.id for e in after.entries]
    assert len(before.entries) == 3
    assert "Summarised" not in before.entries[0].content[0].value
    assert "Summarised from the abstract by fake." in after.entries[0].content[0].value
    assert ENGLISH["innovation"] in after.entries[0].content[0].value


def test_a_digest_that_comes_later_does_not_move_updated(desk: Desk) -> None:
    desk.build()
    before = desk.read("/feeds/cs.AI.xml")
    desk.write()
    desk.build()
    after = desk.read("/feeds/cs.AI.xml")

    assert before.feed.updated == after.feed.updated
    assert [e.updated for e in before.entries] == [e.updated for e in after.entries]


def test_a_translated_feed_holds_entries_back_until_they_are_translated(desk: Desk) -> None:
    desk.build()
    before = desk.titles()
    desk.write()
    desk.build()

    assert before == []
    assert desk.titles() == [CHINESE["title"]] * 3


def test_a_translated_daily_feed_holds_its_newest_day_back_until_all_of_it_is_translated(desk: Desk) -> None:
    path = "/feeds/zh/daily/cs.AI.xml"
    settle_day(desk.house)
    orders = desk.house.store.orders.take(desk.house.clock.now(), timedelta(minutes=15), 8)
    waiting = [order for order in orders if order.language == "zh" and order.paper != "2601.00004"]
    for order in waiting[1:]:
        desk.house.store.orders.close(order, OrderState.REFUSED)
    assert len(desk.titles("/feeds/zh/cs.AI/2026-01-14.xml")) == 2
    assert desk.titles(path) == []

    desk.house.store.orders.close(waiting[0], OrderState.REFUSED)

    (entry,) = desk.read(path).entries
    assert all(f"2601.0000{number}" in entry.content[0].value for number in (1, 2, 3))


def test_a_feed_made_on_demand_holds_them_back_as_well(desk: Desk) -> None:
    path = "/feeds/zh/keyword/library.xml"
    before = desk.titles(path)
    desk.write()

    assert before == []
    assert desk.titles(path) == [CHINESE["title"]]


def test_after_its_time_an_entry_goes_out_in_the_original(desk: Desk) -> None:
    desk.build()
    desk.wait(minutes=89)
    desk.build()
    held = desk.titles()
    desk.wait(minutes=1)
    desk.build()

    assert held == []
    assert len(desk.titles()) == 3
    assert CHINESE["title"] not in desk.titles()


def test_a_translation_that_comes_too_late_still_comes(desk: Desk) -> None:
    desk.wait(minutes=90)
    desk.build()
    desk.write()
    desk.build()

    assert desk.titles() == [CHINESE["title"]] * 3


def test_a_translation_stands_above_the_original(desk: Desk) -> None:
    desk.write()
    desk.build()
    entry = desk.read("/feeds/zh/hep-th.xml").entries[0]
    text = entry.content[0].value

    places = [
        text.index(part)
        for part in (CHINESE["conclusion"], "由 fake 根据摘要概括。", PAPERS[3].title, PAPERS[3].abstract)
    ]
    assert places == sorted(places)


def test_how_long_entries_are_held_back_is_a_setting(tmp_path: Path, stack: ExitStack) -> None:
    desk = open_desk(stack, tmp_path, hold_minutes=5)
    desk.wait(minutes=5)
    desk.build()

    assert len(desk.titles()) == 3


def test_the_same_store_gives_the_same_bytes_while_entries_are_held_back(desk: Desk) -> None:
    desk.build()
    before = desk.house.client.get("/feeds/zh/cs.AI.xml").data
    desk.wait(minutes=60)
    desk.build()

    assert desk.house.client.get("/feeds/zh/cs.AI.xml").data == before


def test_documents_may_be_kept_a_quarter_of_an_hour_while_digests_are_awaited(desk: Desk) -> None:
    announce(desk.house.store, "math.NA", PAPERS[0])
    desk.wait(hours=1)
    desk.build()
    awaiting = desk.max_age("/feeds/cs.AI.xml"), desk.max_age("/feeds/zh/cs.AI.xml")
    desk.write()
    desk.build()
    desk.wait(seconds=2)

    assert awaiting == (900, 900)
    assert desk.max_age("/feeds/cs.AI.xml") > 900
    assert desk.max_age("/feeds/zh/cs.AI.xml") > 900


def test_only_languages_of_the_models_are_written_and_held_back(tmp_path: Path, stack: ExitStack) -> None:
    desk = open_desk(stack, tmp_path, languages=("en",))
    desk.build()

    assert len(desk.titles()) == 3
    assert desk.write() == {OrderState.MADE: 4}


def test_a_digest_that_fails_twice_leaves_the_extractive_one(desk: Desk) -> None:
    desk.model.always = WRONG
    desk.build()
    counts = desk.write()
    desk.build()

    assert counts == {OrderState.REFUSED: 8}
    assert len(desk.titles()) == len(desk.titles("/feeds/cs.AI.xml")) == 3
    assert "Summarised" not in desk.read("/feeds/cs.AI.xml").entries[0].content[0].value


def test_what_was_found_is_stored_and_counted(desk: Desk) -> None:
    desk.model.always = WRONG
    desk.write()
    found = desk.house.store.findings.of_paper((PAPERS[0].id, 1))

    assert ("en", 1, "quantity", "background") in [row[:4] for row in found]
    assert ("en", 2, "quantity", "background") in [row[:4] for row in found]
    assert desk.house.store.findings.count()["quantity"] >= 16


def test_past_the_budget_digests_are_extractive_and_no_paper_is_lost(
    tmp_path: Path, stack: ExitStack
) -> None:
    desk = open_desk(stack, tmp_path, tokens_per_day=3500, concurrency=1)
    counts = desk.write()
    desk.build()

    assert counts[OrderState.UNPAID] > 0
    assert counts[OrderState.MADE] > 0
    assert sum(counts.values()) == 8
    assert len(desk.titles()) == len(desk.titles("/feeds/cs.AI.xml")) == 3


def test_money_is_a_budget_as_well(tmp_path: Path, stack: ExitStack) -> None:
    desk = open_desk(stack, tmp_path, money_per_day=0.01, reading_price=1.0, writing_price=10.0)
    counts = desk.write()

    assert counts == {OrderState.UNPAID: 8}
    assert desk.model.requests == []


def test_a_new_day_has_a_new_budget(desk: Desk) -> None:
    purse = DailyPurse(desk.house.store, desk.house.clock, "fake", 1000, None)
    assert purse.reserve(Spent(1000, 0)) == NOON.date()
    assert purse.reserve(Spent(1, 0)) is None
    desk.wait(days=1)
    assert purse.reserve(Spent(1000, 0)) == NOON.date() + timedelta(days=1)


def test_a_model_that_is_away_is_asked_again_later(desk: Desk) -> None:
    desk.model.always = refuse(503)
    away = desk.write()
    desk.model.always = answer_well
    desk.wait(minutes=5)
    back = desk.write()

    assert away == {OrderState.AWAITED: 2}
    assert back == {OrderState.MADE: 8}


def test_a_model_that_asks_to_be_left_alone_is(desk: Desk) -> None:
    desk.model.always = refuse(429, Retry_After="600")
    desk.write()
    asked = len(desk.model.requests)
    desk.wait(minutes=9)
    desk.write()
    rested = len(desk.model.requests)
    desk.wait(minutes=2)
    desk.write()

    assert asked == rested <= 2
    assert len(desk.model.requests) > rested


def test_a_model_that_is_away_for_a_day_is_no_longer_asked(desk: Desk) -> None:
    desk.model.always = refuse(503)
    for _ in range(60):
        desk.wait(hours=1)
        desk.write()
    counts = desk.house.store.orders.count()

    assert counts == {("en", OrderState.FAILED): 4, ("zh", OrderState.FAILED): 4}
    assert "zh" not in desk.house.store.orders.awaited_languages()


def test_a_hanging_model_keeps_nothing_from_being_published(tmp_path: Path, stack: ExitStack) -> None:
    desk = open_desk(stack, tmp_path, timeout_seconds=0.2)
    desk.model.always = hang
    counts = desk.write()
    desk.build()

    assert counts == {OrderState.AWAITED: 2}
    assert len(desk.titles("/feeds/cs.AI.xml")) == 3


def test_no_more_is_asked_at_once_than_is_set(desk: Desk) -> None:
    desk.write()

    assert 1 <= desk.model.most_at_once <= 2


def test_a_paper_that_brings_an_error_of_ours_does_not_stop_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = desk.house.store.papers.find

    def fail(paper: str, version: int) -> object:
        if paper == PAPERS[0].id:
            raise RuntimeError("a fault")
        return find(paper, version)

    monkeypatch.setattr(desk.house.store.papers, "find", fail)

    assert desk.write() == {OrderState.MADE: 6, OrderState.REFUSED: 2}


def test_a_second_worker_finds_nothing_left_to_pay_for(desk: Desk) -> None:
    desk.write()
    asked = len(desk.model.requests)
    house = desk.house
    other = Writing(house.store, make_writer(house.settings, house.store, house.clock), house.clock)
    other.write_digests()
    other.close()

    assert len(desk.model.requests) == asked == 8


def replace_paper(desk: Desk, paper: Paper) -> dict[OrderState, int]:
    """Have a replacement announced; give what became of its orders."""
    announcement = Announcement(DAY, "cs.CL", paper.id, paper.version, Kind.REPLACE_CROSS, DAY)
    desk.house.store.ledger.record_batch(make_batch([announcement]), [paper], [announcement])
    return desk.write()


def test_a_replacement_with_the_same_abstract_has_its_digest_for_nothing(desk: Desk) -> None:
    desk.write()
    asked = len(desk.model.requests)
    counts = replace_paper(desk, replace(PAPERS[0], version=2))
    key = (PAPERS[0].id, 2)
    digest = desk.house.store.digests.load([key], ["zh"])[key]

    assert counts == {OrderState.MADE: 2}
    assert (digest.method, digest.title) == ("fake", CHINESE["title"])
    assert len(desk.model.requests) == asked


def test_a_replacement_with_another_abstract_is_not_asked_for(desk: Desk) -> None:
    desk.write()
    asked = len(desk.model.requests)
    counts = replace_paper(desk, replace(PAPERS[0], version=2, abstract="It is other. Now. Really."))

    assert counts == {OrderState.LEFT: 2}
    assert len(desk.model.requests) == asked


def test_a_stopped_writing_takes_no_further_order(desk: Desk) -> None:
    desk.writing.stop()

    assert desk.write() == {}
    assert desk.model.requests == []


def test_a_stop_waits_for_no_answer_and_the_order_is_due_again_at_once(
    tmp_path: Path, stack: ExitStack
) -> None:
    desk = open_desk(stack, tmp_path, timeout_seconds=600)
    asked, counts = Event(), []

    def hang_and_tell(model: FakeModel, said: dict[str, object]) -> None:
        asked.set()
        hang(model, said)

    desk.model.always = hang_and_tell
    writing = Thread(target=lambda: counts.append(desk.write()), daemon=True)
    writing.start()
    assert asked.wait(10)
    desk.writing.stop()
    writing.join(10)

    assert not desk.model.released.is_set()
    assert [set(states) for states in counts] == [{OrderState.AWAITED}]
    assert len(desk.house.store.orders.take(desk.house.clock.now(), timedelta(minutes=1), 100)) == 8


def test_without_a_model_held_entries_are_let_go_all_the_same(desk: Desk) -> None:
    desk.wait(minutes=90)
    writing = Writing(desk.house.store, None, desk.house.clock)

    assert writing.release_overdue() == 4
    assert dict(writing.write_digests().counts) == {}


def test_what_a_model_that_is_no_more_was_to_write_is_awaited_for_a_day(desk: Desk) -> None:
    writing = Writing(desk.house.store, None, desk.house.clock)
    desk.wait(hours=24)
    writing.release_overdue()
    assert desk.house.store.orders.awaited_languages() == {"en", "zh"}

    desk.wait(minutes=1)
    writing.release_overdue()

    assert desk.house.store.orders.awaited_languages() == frozenset()


def test_without_a_model_nothing_is_ordered(tmp_path: Path) -> None:
    with open_house(tmp_path) as house:
        assert make_writer(house.settings, house.store, house.clock) is None
        assert house.store.orders.count() == {}


def test_the_key_is_sent_and_never_shown(tmp_path: Path, stack: ExitStack) -> None:
    desk = open_desk(stack, tmp_path, key=SecretStr("sesame"))
    desk.model.moves = [say("no")]
    desk.write()

    assert desk.model.keys[0] == "Bearer sesame"
    assert "sesame" not in desk.house.settings.model_dump_json()
    assert "sesame" not in repr(desk.house.settings)


def test_status_and_metrics_tell_what_was_made_found_and_spent(desk: Desk) -> None:
    desk.model.moves = [WRONG]
    desk.write()
    facts = desk.house.client.get("/status.json").json
    assert facts is not None
    page = desk.house.client.get("/status").text
    metrics = desk.house.client.get("/metrics").text

    assert facts["digests"]["orders"] == {"en": {"made": 4}, "zh": {"made": 4}}
    assert facts["digests"]["findings"]["quantity"] >= 1
    assert facts["digests"]["spent_today"]["fake"]["tokens"] == 400 * len(desk.model.requests)
    assert "Digests by a model in en, last 60 days: 4 made." in page
    assert 'feedsvc_model_digests{language="zh",state="made"} 4.0' in metrics
    assert 'feedsvc_findings_total{rule="quantity"}' in metrics
    assert f'feedsvc_model_tokens_today{{model="fake"}} {400.0 * len(desk.model.requests)}' in metrics


def test_a_run_by_cron_fetches_digests_and_publishes(tmp_path: Path, stack: ExitStack) -> None:
    model = stack.enter_context(run_model())
    llm = LlmSettings(base_url=HttpUrl(model.url), model="fake")
    world = stack.enter_context(
        run_world(tmp_path, small_corpus(), ("cs.AI",), languages=("en", "zh"), llm=llm)
    )
    world.service.pipeline.run_once()
    original, translated = (
        feedparser.parse(world.get(path)).entries for path in ("/feeds/cs.AI.xml", "/feeds/zh/cs.AI.xml")
    )

    assert {entry.id for entry in original} == {entry.id for entry in translated} != set()
    assert model.requests
    assert "zh" not in world.service.store.orders.awaited_languages()
