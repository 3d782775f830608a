"""Each rule finds what it is for, and nothing where all is well."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feedsvc import doctor
from feedsvc.cli import main
from feedsvc.commands.checking import measure_skew
from feedsvc.doctor import Facts, Finding, Weight, examine
from feedsvc.lateness import Survey, survey_ledger
from feedsvc.settings import ArxivSettings, LlmSettings, Settings, load_settings
from feedsvc.standin.sample import load_sample
from feedsvc.store.figures import DocumentFigures
from feedsvc.store.jobs import JobFigures
from feedsvc.store.orders import OrderState
from feedsvc.store.subscriptions import HubFigures
from tests.world import run_world

NOW = datetime(2026, 1, 14, 17, 0, tzinfo=UTC)
HUB = HubFigures(10, 2, 0, 0, 0, None, {})


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("FEEDSVC_") and "_TEST_" not in name]:
        monkeypatch.delenv(name)


def make_settings(**values: object) -> Settings:
    chosen: dict[str, object] = {
        "base_url": "https://feeds.example.org",
        "arxiv": ArxivSettings(contact="a@example.org"),
    }
    return load_settings(**(chosen | values))


def make_facts(**fields: object) -> Facts:
    """Give facts with which nothing is wrong, but for these."""
    well = Facts(NOW, make_settings(), free_bytes=10**12, store_bytes=10**9, skew=timedelta(0), hub=HUB)
    return replace(well, **fields)  # type: ignore[arg-type]


def only(rule: doctor.Rule, facts: Facts) -> Finding:
    """Give the one thing that a rule finds, and expect the others to find nothing."""
    (found,) = rule(facts)
    assert examine(facts) == [found]
    return found


def make_survey(*, days_ago: int) -> Survey:
    first = date(2026, 1, 14) - timedelta(days=days_ago)
    return survey_ledger([], first, ("cs.AI",), NOW, timedelta(hours=6), 14)


def make_documents(behind: int) -> tuple[DocumentFigures, ...]:
    return (DocumentFigures("xml", 10, behind, 1, 1, 1, 1),)


def test_where_all_is_well_nothing_is_found() -> None:
    assert examine(make_facts(documents=make_documents(0))) == []


def test_settings_that_cannot_be_read_are_told() -> None:
    found = only(doctor.judge_settings, Facts(NOW, settings_error="nonsense: no such setting"))

    assert (found.weight, found.what) == (Weight.WRONG, "nonsense: no such setting")


@pytest.mark.parametrize("url", [None, "http://localhost:8080", "http://127.9.9.9/x", "http://[::1]/"])
def test_a_public_address_on_this_machine_is_told(url: str | None) -> None:
    assert only(doctor.judge_base_url, make_facts(settings=make_settings(base_url=url))).subject == "base_url"


@pytest.mark.parametrize(
    ("host", "weight"),
    [("127.0.0.1", Weight.NOTE), ("localhost", Weight.NOTE), ("0.0.0.0", Weight.WRONG), ("::", Weight.WRONG)],
)
def test_it_is_no_fault_where_nobody_else_can_reach_the_server(host: str, weight: Weight) -> None:
    settings = make_settings(base_url="http://localhost:8080", host=host)

    assert only(doctor.judge_base_url, make_facts(settings=settings)).weight is weight


def test_a_server_that_listens_on_this_machine_may_have_a_public_address() -> None:
    settings = make_settings(base_url="https://feeds.example.org", host="127.0.0.1")

    assert list(doctor.judge_base_url(make_facts(settings=settings))) == []


def test_a_missing_contact_is_told() -> None:
    settings = make_settings(arxiv=ArxivSettings())

    assert "FEEDSVC_ARXIV__CONTACT" in only(doctor.judge_contact, make_facts(settings=settings)).todo


def test_without_arxiv_no_contact_is_needed() -> None:
    arxiv = ArxivSettings.model_validate({"feed_url": "http://127.0.0.1:8100"})

    assert list(doctor.judge_contact(make_facts(settings=make_settings(arxiv=arxiv)))) == []


def test_a_language_without_phrases_and_one_that_no_model_writes_are_noted() -> None:
    model = LlmSettings.model_validate({"base_url": "http://127.0.0.1:1/v1", "model": "a model"})
    french = make_facts(settings=make_settings(languages="en,fr-CA", llm=model))
    chinese = make_facts(settings=make_settings(languages="en,zh-Hans"))

    assert "no phrases" in only(doctor.judge_languages, french).what
    assert "no model" in only(doctor.judge_languages, chinese).what
    assert (
        list(doctor.judge_languages(make_facts(settings=make_settings(languages="en,zh", llm=model)))) == []
    )


def test_a_wrong_feed_definition_is_told() -> None:
    assert (
        only(doctor.judge_feeds, make_facts(feed_problems=("a.toml: no title",))).what == "a.toml: no title"
    )


def test_a_store_that_does_not_answer_is_told() -> None:
    found = only(doctor.judge_store, make_facts(store_error="the schema is number 1, expected 5"))

    assert "feedsvc migrate" in found.todo


@pytest.mark.parametrize(("free", "weight"), [(999_999_999, Weight.WRONG), (1_500_000_000, Weight.NOTE)])
def test_little_room_is_told(free: int, weight: Weight) -> None:
    facts = make_facts(free_bytes=free, store_bytes=2_000_000_000)

    assert only(doctor.judge_disk, facts).weight is weight


@pytest.mark.parametrize(("minutes", "way"), [(6, "ahead of"), (-6, "behind")])
def test_a_clock_that_is_wrong_is_told_with_its_direction(minutes: int, way: str) -> None:
    facts = make_facts(skew=timedelta(minutes=minutes))

    assert f"0:06:00 {way} arXiv's" in only(doctor.judge_clock, facts).what


def test_an_arxiv_that_cannot_be_asked_is_told() -> None:
    assert only(doctor.judge_upstream, make_facts(upstream_error="HTTP 503")).what == "HTTP 503"


def test_late_batches_are_told() -> None:
    found = only(doctor.judge_batches, make_facts(survey=make_survey(days_ago=3)))

    assert found.what == "3 batches are late, the oldest by 2 days."


def test_a_batch_that_is_not_late_yet_is_no_matter() -> None:
    facts = make_facts(survey=survey_ledger([], None, ("cs.AI",), NOW, timedelta(hours=18), 14))

    assert list(doctor.judge_batches(facts)) == []


def test_documents_behind_are_noted() -> None:
    found = only(doctor.judge_documents, make_facts(documents=make_documents(3)))

    assert (found.weight, found.what) == (
        Weight.NOTE,
        "3 of 10 documents were built before the newest change",
    )


@pytest.mark.parametrize(("field", "subject"), [("incomplete", "papers"), ("undigested", "digests")])
def test_papers_that_wait_are_noted(field: str, subject: str) -> None:
    assert only(doctor.judge_papers, make_facts(**{field: 1_001})).subject == subject


@pytest.mark.parametrize(
    ("state", "number", "weight"),
    [
        (OrderState.FAILED, 1, Weight.WRONG),
        (OrderState.UNPAID, 1, Weight.NOTE),
        (OrderState.REFUSED, 1, Weight.NOTE),
        (OrderState.AWAITED, 2_001, Weight.NOTE),
    ],
)
def test_a_models_digests_that_are_not_made_are_told(state: OrderState, number: int, weight: Weight) -> None:
    assert only(doctor.judge_orders, make_facts(orders=(("zh", state, number),))).weight is weight


def test_a_models_digests_that_are_made_or_soon_are_no_matter() -> None:
    facts = make_facts(orders=(("zh", OrderState.MADE, 9_999), ("zh", OrderState.AWAITED, 2_000)))

    assert examine(facts) == []


def test_deliveries_that_nobody_makes_are_told() -> None:
    hub = replace(HUB, deliveries=2, oldest=0.0)

    assert only(doctor.judge_queue, make_facts(hub=hub)).subject == "deliveries"


def test_deliveries_of_just_now_are_no_matter() -> None:
    hub = replace(HUB, deliveries=2, oldest=NOW.timestamp() - 3_600)

    assert examine(make_facts(hub=hub)) == []


@pytest.mark.parametrize(("failing", "weight"), [(1, Weight.NOTE), (5, Weight.NOTE), (6, Weight.WRONG)])
def test_failing_subscriptions_are_noted_and_most_of_them_are_wrong(failing: int, weight: Weight) -> None:
    assert only(doctor.judge_subscribers, make_facts(hub=replace(HUB, failing=failing))).weight is weight


def test_a_queue_of_requests_that_is_half_full_is_told() -> None:
    assert only(doctor.judge_intents, make_facts(hub=replace(HUB, intents=5_001))).subject == "hub"


def test_what_has_to_be_done_comes_first() -> None:
    facts = make_facts(documents=make_documents(1), hub=replace(HUB, intents=5_001))

    assert [finding.weight for finding in examine(facts)] == [Weight.WRONG, Weight.NOTE]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a working folder with good settings, feeds and an empty store."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FEEDSVC_BASE_URL", "https://feeds.example.org")
    monkeypatch.setenv("FEEDSVC_ARXIV__CONTACT", "a@example.org")
    monkeypatch.setenv("FEEDSVC_LATE_AFTER_HOURS", "8760")
    (tmp_path / "feeds").mkdir()
    assert run("migrate").exit_code == 0
    monkeypatch.setattr("feedsvc.doctor.FREE_BYTES", 0)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def test_the_command_ends_with_0_where_nothing_is_wrong(folder: Path) -> None:
    result = run("doctor")

    assert (result.exit_code, result.stdout) == (0, "nothing is wrong\n")


def test_the_command_ends_with_1_and_prints_a_table(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEEDSVC_ARXIV__CONTACT")
    result = run("doctor")

    assert result.exit_code == 1
    assert "wrong contact" in result.stdout


def test_json_has_an_object_a_finding(folder: Path) -> None:
    (folder / "feeds").rmdir()
    result = run("doctor", "--json")

    assert [json.loads(line)["subject"] for line in result.stdout.splitlines()] == ["feeds_dir"]


def test_an_unknown_setting_is_a_finding_and_no_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_NONSENSE", "1")
    result = run("doctor", "--json")

    assert (result.exit_code, result.stderr) == (1, "")
    assert "FEEDSVC_NONSENSE" in json.loads(result.stdout)["what"]


def test_a_store_without_a_schema_is_a_finding_and_no_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEEDSVC_DATABASE_URL", f"sqlite:///{folder}/other.sqlite3")
    (finding,) = map(json.loads, run("doctor", "--json").stdout.splitlines())

    assert finding["subject"] == "store"


def test_the_clock_is_compared_with_an_answer_of_arxivs(tmp_path: Path) -> None:
    with run_world(tmp_path, load_sample(), ("cs.AI",)) as world:
        skew = measure_skew(world.service.settings, world.service.store)

    assert skew is not None
    assert abs(skew) < timedelta(minutes=5)


def test_jobs_that_dead_workers_hold_are_told() -> None:
    found = only(doctor.judge_jobs, make_facts(jobs=JobFigures(1, 2, 2, 0, 1)))

    assert (found.weight, found.what) == (Weight.WRONG, "2 jobs are held by workers that are dead")


def test_jobs_that_nobody_is_there_to_run_are_noted() -> None:
    found = only(doctor.judge_jobs, make_facts(jobs=JobFigures(3, 0, 0, 0, 0)))

    assert (found.weight, found.what) == (Weight.NOTE, "3 jobs wait, and no worker is there")


def test_jobs_that_failed_are_noted() -> None:
    found = only(doctor.judge_jobs, make_facts(jobs=JobFigures(0, 0, 0, 4, 1)))

    assert (found.weight, found.what) == (Weight.NOTE, "4 jobs failed in the last day")


def test_jobs_that_workers_run_are_well() -> None:
    assert examine(make_facts(jobs=JobFigures(5, 3, 0, 0, 2))) == []
