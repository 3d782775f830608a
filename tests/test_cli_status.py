"""`feedsvc status`: the ledger as a table or JSON, and an exit status that cron can go by."""

from __future__ import annotations

import json
import os
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feedsvc.calendar import announced_day, is_announcement_expected
from feedsvc.cli import main
from feedsvc.lateness import write_day
from feedsvc.paper import BatchState
from feedsvc.store import open_store
from tests.builders import make_note


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a working folder with an empty store that follows one category."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FEEDSVC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FEEDSVC_CATEGORIES", "cs.AI")
    assert run("migrate").exit_code == 0
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def note(state: BatchState, reason: str = "", days_ago: int = 0) -> date:
    """Note that a day of the real calendar with announcements, so long ago, was asked for; give it."""
    now = datetime.now(UTC)
    day = announced_day(now) - timedelta(days=days_ago)
    while days_ago and not is_announcement_expected(day):
        day -= timedelta(days=1)
    with closing(open_store("sqlite:///var/feedsvc.sqlite3")) as store:
        store.ledger.note_batch(make_note(state, day=day, first_seen=now, last_seen=now, reason=reason))
    return day


def test_a_ledger_that_has_everything_exits_with_0(folder: Path) -> None:
    note(BatchState.QUIET)
    result = run("status")

    assert (result.exit_code, result.stderr) == (0, "")
    assert "cs.AI" in result.stdout
    assert "fine: " in result.stdout


def test_a_late_batch_exits_with_1_and_is_told(folder: Path) -> None:
    day = note(BatchState.FAILED, "HTTP 503", days_ago=3)
    result = run("status")

    assert result.exit_code == 1
    assert f"cs.AI of {write_day(day)} is " in result.stdout
    assert " late: HTTP 503; asked once, next at " in result.stdout
    assert "late: " in result.stdout.splitlines()[-1]


def test_json_tells_the_same_facts_and_has_the_same_exit_status(folder: Path) -> None:
    day = note(BatchState.FAILED, "HTTP 503", days_ago=3)
    result = run("status", "--json")

    facts = json.loads(result.stdout)
    assert (result.exit_code, facts["verdict"]) == (1, "late")
    assert (facts["late"][-1]["day"], facts["late"][-1]["reason"]) == (day.isoformat(), "HTTP 503")


def test_when_it_is_late_is_a_setting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note(BatchState.FAILED, days_ago=3)
    monkeypatch.setenv("FEEDSVC_LATE_AFTER_HOURS", "8760")

    assert run("status").exit_code == 0


def test_days_says_how_far_to_look_back(folder: Path) -> None:
    note(BatchState.QUIET)

    assert len(json.loads(run("status", "--json", "--days", "1").stdout)["days"]) == 1
    assert len(json.loads(run("status", "--json").stdout)["days"]) == 10


def test_the_table_is_whole_in_a_pipe(folder: Path) -> None:
    note(BatchState.QUIET)
    header = run("status", "--days", "60").stdout.splitlines()[0]

    assert len(header.split()) > 40


@pytest.mark.parametrize("days", ["0", "-3", "many"])
def test_days_must_be_a_number_of_days(folder: Path, days: str) -> None:
    assert run("status", "--days", days).exit_code == 2


def test_a_store_that_is_not_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("status")

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "feedsvc migrate" in result.stderr
