"""`feedsvc digest export`: a day's digest as a file."""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feedsvc.cli import main
from feedsvc.store import open_store
from tests.builders import make_announcement, make_batch, make_digest, make_paper

ASKED = ("digest", "export", "--date", "2026-01-05", "--feed", "cs.AI+cs.LG")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a working folder whose store knows of a day."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FEEDSVC_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FEEDSVC_LANGUAGES", "en,zh")
    (tmp_path / "feeds").mkdir()
    assert run("migrate").exit_code == 0
    rows = [make_announcement()]
    with closing(open_store("sqlite:///var/feedsvc.sqlite3")) as store:
        store.ledger.record_batch(make_batch(rows), [make_paper()], rows)
        store.digests.save([make_digest(), make_digest(language="zh", method="a model", title="关于此事")])
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def test_a_digest_is_written_to_standard_output() -> None:
    result = run(*ASKED)

    assert result.exit_code == 0
    assert result.stdout.startswith(
        "# Artificial Intelligence (cs.AI) + Machine Learning (cs.LG): 5 January 2026\n"
    )
    assert "**Innovation**: Nothing is found." in result.stdout


def test_a_digest_is_written_to_a_file_in_another_language(folder: Path) -> None:
    result = run(*ASKED, "--language", "zh", "--output", "day.md")

    assert (result.exit_code, result.stdout) == (0, "")
    assert "1. 关于此事\n" in (folder / "day.md").read_text("utf-8")


def test_a_file_that_cannot_be_written_is_told_in_one_line() -> None:
    result = run(*ASKED, "--output", "nowhere/day.md")

    assert result.exit_code == 1
    assert result.stderr == "feedsvc: nowhere/day.md cannot be written: No such file or directory\n"


def test_no_store_is_made_where_there_is_none(folder: Path) -> None:
    shutil.rmtree(folder / "var")

    result = run(*ASKED)

    assert result.exit_code == 1
    assert "expected a store's file" in result.stderr
    assert not list(folder.glob("var/*.sqlite3"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--date", "2026-01-06"), "nothing is known of 2026-01-06 here: expected a day such as 2026-01-05"),
        (("--feed", "cs.XY"), "no feed is called 'cs.XY'"),
        (("--feed", "daily/cs.AI"), "expected it without 'daily/'"),
        (("--language", "fr"), "'fr' is no language here: expected one of en, zh"),
    ],
)
def test_what_cannot_be_written_is_said_in_one_line(folder: Path, words: tuple[str, str], told: str) -> None:
    result = run(*ASKED, *words, "--output", "day.md")

    assert result.exit_code == 1
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (folder / "day.md").exists()


def test_a_date_that_is_none_is_refused() -> None:
    assert run(*ASKED, "--date", "2026-02-30").exit_code == 2
