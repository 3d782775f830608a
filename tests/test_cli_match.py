"""`feedsvc feeds match`: what a query would have caught."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from feedsvc.cli import main
from feedsvc.paper import Kind, Paper
from feedsvc.store import open_store
from tests.builders import MONDAY, make_announcement, make_batch, make_paper

OLD = MONDAY - timedelta(days=60)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a working folder whose store knows of some walks."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FEEDSVC_")]:
        monkeypatch.delenv(name)
    (tmp_path / "feeds").mkdir()
    assert run("migrate").exit_code == 0
    announce([make_paper("2511.00001", title="A walk of old")], OLD)
    papers = [
        make_paper(
            "2601.00001", title="Random walks", abstract="It was hard. We walk at random. Now it ends."
        ),
        make_paper("2601.00002", title="On graphs", abstract="Nothing here."),
    ]
    announce(papers, MONDAY)
    announce(
        [make_paper("2601.00001", version=2, title="Random walks")], MONDAY + timedelta(days=1), Kind.REPLACE
    )
    return tmp_path


def announce(papers: Sequence[Paper], day: object, kind: Kind = Kind.NEW) -> None:
    rows = [make_announcement(p.id, day=day, kind=kind, version=p.version) for p in papers]  # type: ignore[arg-type]
    with closing(open_store("sqlite:///var/feedsvc.sqlite3")) as store:
        store.ledger.record_batch(make_batch(rows), papers, rows)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


@pytest.mark.usefixtures("folder")
def test_what_a_query_would_have_caught_is_shown_with_its_words_marked() -> None:
    shown = run("feeds", "match", "walk* random").stdout.splitlines()

    assert shown[0].split("  ")[0] == "2026-01-05"
    assert shown[0].endswith("*Random walks*") or shown[0].endswith("*Random* *walks*")
    assert shown[1].strip() == "We *walk* at *random*."
    assert shown[-1] == "1 paper on 1 day"


@pytest.mark.usefixtures("folder")
def test_days_count_back_from_the_newest_announcement() -> None:
    assert "2511.00001" not in run("feeds", "match", "walk*").stdout
    assert "2511.00001" in run("feeds", "match", "walk*", "--since", "90d").stdout
    assert "2511.00001" in run("feeds", "match", "walk*", "--since", "2025-11").stdout


@pytest.mark.usefixtures("folder")
def test_kinds_are_those_that_the_feed_would_take_in() -> None:
    assert "2 papers" not in run("feeds", "match", "walk*").stdout
    assert "replace" in run("feeds", "match", "kind:replace").stdout


@pytest.mark.usefixtures("folder")
def test_that_nothing_was_caught_is_said() -> None:
    assert run("feeds", "match", "unheard").stdout == "nothing was caught\n"


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("words", [("walk (",), ("walk", "--since", "soon"), ("walk", "--since", "")])
def test_what_cannot_be_read_is_said_in_one_line(words: tuple[str, ...]) -> None:
    result = run("feeds", "match", *words)

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "expected" in result.stderr
    assert ("--since" in result.stderr) == ("--since" in words)
