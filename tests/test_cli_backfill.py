"""`feedsvc import` and `feedsvc backfill`: history by one command, and wrong words refused in one line."""

from __future__ import annotations

import os
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feedsvc.cli import main
from feedsvc.standin.server import open_standin
from feedsvc.store import open_store
from tests.dumps import make_records, write_dump


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a working folder with nothing in it, and nothing set."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FEEDSVC_")]:
        monkeypatch.delenv(name)
    (tmp_path / "feeds").mkdir()
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def count_announcements(category: str, day: date) -> int:
    with closing(open_store("sqlite:///var/feedsvc.sqlite3")) as store:
        return len(store.ledger.announcements_of(category, day))


def test_import_takes_in_a_dump_and_says_what_it_brought(folder: Path) -> None:
    write_dump(folder / "dump.json", make_records(10))
    result = run("import", "dump.json")

    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("10 records: 10 new papers, ")
    assert "100%" not in result.stdout
    assert "10 records" in result.stderr
    assert count_announcements("hep-ph", date(2007, 4, 4)) == 2


def test_import_follows_the_settings_categories(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_CATEGORIES", "quant-ph")
    write_dump(folder / "dump.json", make_records(10))
    result = run("import", "dump.json")

    assert result.stdout.startswith("10 records: 2 new papers, 2 new announcements")
    assert count_announcements("hep-ph", date(2007, 4, 4)) == 0


def test_import_of_another_file_is_an_error_in_one_line(folder: Path) -> None:
    (folder / "notes.txt").write_text("one\ntwo\n")
    result = run("import", "notes.txt")

    assert result.exit_code == 1
    assert "not one of 2 lines can be read" in result.stderr
    assert "Traceback" not in result.stderr


def test_backfill_takes_in_what_changed_in_a_span(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_standin(ticking=False) as standin:
        for name in ("FEED_URL", "API_URL", "OAI_URL"):
            monkeypatch.setenv(f"FEEDSVC_ARXIV__{name}", f"{standin.url}/oai")
        monkeypatch.setenv("FEEDSVC_ARXIV__INTERVAL_SECONDS", "0")
        result = run("backfill", "--from", "2026-01-01", "--until", "2026-01-05", "--set", "cs.AI")

    assert result.exit_code == 0, result.stderr
    records = int(result.stdout.split()[0])
    assert records > 0
    assert f"{records} new papers" in result.stdout


def test_arxivs_wish_for_a_contact_is_told_only_where_arxiv_is_asked(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_dump(folder / "dump.json", make_records(1))
    with open_standin(ticking=False) as standin:
        # The listings' address, which is not asked here, stays arXiv's own.
        monkeypatch.setenv("FEEDSVC_ARXIV__OAI_URL", f"{standin.url}/oai")
        run("backfill", "--from", "2026-01-05", "--until", "2026-01-05", "--set", "cs.AI")
    asking = caplog.text
    caplog.clear()
    others = [run(*words) for words in (["import", "dump.json"], ["digest"], ["build"])]

    assert asking.count("set FEEDSVC_ARXIV__CONTACT") == 1
    assert [result.exit_code for result in others] == [0] * 3
    assert "CONTACT" not in caplog.text


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--from", "2026-01-02", "--until", "2026-01-01"], "--until 2026-01-01 is before --from 2026-01-02"),
        (["--from", "2026-01-02", "--set", "cs.XX"], "'cs.XX' is no category or archive"),
        (["--from", "2999-01-01"], "--from 2999-01-01 is in the future"),
        (["--from", "yesterday"], "'yesterday' does not match the format"),
        ([], "Missing option '--from'"),
    ],
)
def test_backfill_refuses_what_it_cannot_mean(folder: Path, words: list[str], reason: str) -> None:
    result = run("backfill", *words)

    assert result.exit_code == 2
    assert reason in result.stderr
