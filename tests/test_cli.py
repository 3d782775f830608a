"""The commands: each does one thing, says errors in one line on stderr, and exits with 1 after one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import feedparser
import pytest
from click.testing import CliRunner, Result

from feedsvc.cli import main
from feedsvc.errors import SettingsError
from feedsvc.standin.server import RunningStandin, open_standin

Found = TypeVar("Found")

ROOT = Path(__file__).resolve().parents[1]
LISTING = """<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">
  <channel>
    <title>cs.AI updates on arXiv.org</title>
    <link>http://rss.arxiv.org/rss/cs.AI</link>
    <description>cs.AI updates on the arXiv.org e-print archive.</description>
    <pubDate>Mon, 05 Jan 2026 00:00:00 -0500</pubDate>
    <item>
      <title>On counting</title>
      <link>https://arxiv.org/abs/2601.90001</link>
      <description>arXiv:2601.90001v1 Announce Type: new
Abstract: We count.</description>
      <guid isPermaLink="false">oai:arXiv.org:2601.90001v1</guid>
      <category>cs.AI</category>
      <arxiv:announce_type>new</arxiv:announce_type>
      <dc:creator>Ada Lovelace (Somerville), Kurt G\\"odel</dc:creator>
    </item>
  </channel>
</rss>"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a working folder with one feed definition, and nothing set but the store's place."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FEEDSVC_")]:
        monkeypatch.delenv(name)
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    (feeds / "counting.toml").write_text('title = "Counting"\nquery = "counting OR numbers"\n')
    return tmp_path


@pytest.fixture
def standin(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningStandin]:
    """Give a stand-in that the settings lead to."""
    with open_standin() as running:
        monkeypatch.setenv("FEEDSVC_ARXIV__FEED_URL", running.url)
        monkeypatch.setenv("FEEDSVC_ARXIV__API_URL", f"{running.url}/api/query")
        monkeypatch.setenv("FEEDSVC_ARXIV__OAI_URL", f"{running.url}/oai")
        monkeypatch.setenv("FEEDSVC_ARXIV__INTERVAL_SECONDS", "0")
        monkeypatch.setenv("FEEDSVC_CATEGORIES", "cs.AI")
        yield running


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def test_parse_prints_a_json_object_a_record(folder: Path) -> None:
    (folder / "listing.xml").write_text(LISTING)

    result = run("parse", "listing.xml")

    (line,) = result.stdout.splitlines()
    record = json.loads(line)
    assert result.exit_code == 0
    assert (record["id"], record["version"], record["kind"]) == ("2601.90001", 1, "new")
    assert record["authors"] == [
        {"name": "Ada Lovelace", "affiliations": ["Somerville"]},
        {"name": "Kurt Gödel", "affiliations": []},
    ]


def test_parse_says_in_one_line_what_is_wrong_and_reads_the_other_files(folder: Path) -> None:
    (folder / "broken.xml").write_text(LISTING[:-100])
    (folder / "listing.xml").write_text(LISTING)

    result = run("parse", "broken.xml", "listing.xml")

    assert result.exit_code == 1
    assert result.stderr.startswith("feedsvc: broken.xml: ")
    assert len(result.stderr.splitlines()) == 1
    assert len(result.stdout.splitlines()) == 1


def test_parse_reads_every_recorded_answer(shared: Path, folder: Path) -> None:
    for source in ("rss", "atom", "api", "oai"):
        for file in sorted((shared / "samples" / "arxiv" / source).glob("*.xml")):
            result = run("parse", str(file))
            is_refused = any(word in file.name for word in ("error", "truncated", "rss10"))
            assert result.exit_code == int(is_refused), file.name
            assert len(result.stderr.splitlines()) == int(is_refused), file.name


def test_feeds_check_accepts_what_ships(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_FEEDS_DIR", str(ROOT / "feeds"))

    result = run("feeds", "check")

    assert (result.exit_code, result.stderr) == (0, "")


def test_feeds_check_names_file_key_and_what_was_expected_for_every_fault(folder: Path) -> None:
    (folder / "feeds" / "wrong.toml").write_text('title = "Wrong"\nquery = "counting AND ("\nlimits = 3\n')
    (folder / "feeds" / "large.toml").write_text('title = "Large"\nquery = "counting"\nlimit = 5000\n')

    result = run("feeds", "check")

    assert result.exit_code == 1
    assert "large.toml: limit: " in result.stderr
    assert "wrong.toml: query: at character 15: expected" in result.stderr
    assert "wrong.toml: limits: unknown key" in result.stderr


def test_a_service_does_not_start_on_a_wrong_definition(folder: Path) -> None:
    (folder / "feeds" / "wrong.toml").write_text('title = "Wrong"\nquery = "("\n')

    result = run("build")

    assert result.exit_code == 1
    assert "wrong.toml: query" in result.stderr
    assert "Traceback" not in result.output


def test_feeds_list_shows_names_and_canonical_queries(folder: Path) -> None:
    shown = run("feeds", "list").stdout

    assert shown == "counting\tCounting\t(counting OR numbers) (kind:cross OR kind:new)\n"


def test_settings_prints_what_is_in_force(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "feedsvc.toml").write_text('languages = ["en", "zh"]\nport = 9000\n')
    monkeypatch.setenv("FEEDSVC_PORT", "9001")

    printed = json.loads(run("settings").stdout)

    assert (printed["languages"], printed["port"]) == (["en", "zh"], 9001)


def test_a_wrong_setting_is_one_line_and_exit_1(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_PORT", "many")

    result = run("settings")

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "port" in result.stderr


def test_debug_shows_where_an_error_came_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_PORT", "many")

    assert isinstance(run("--debug", "settings").exception, SettingsError)


def test_migrate_can_be_run_again(folder: Path) -> None:
    first, second = run("migrate"), run("migrate")

    assert first.exit_code == 0
    assert first.stdout == second.stdout


def test_each_step_is_a_command(folder: Path, standin: RunningStandin) -> None:
    fetched, digested, built = run("fetch"), run("digest"), run("build")

    assert re.search(r"^fetched   cs\.AI +2026-01-05  ok       \d new", fetched.stdout)
    assert re.search(r"^completed [1-9]\d* papers", fetched.stdout, re.MULTILINE)
    assert re.search(r"^digested  [1-9]\d* papers$", digested.stdout)
    assert re.search(r"^built     [1-9]\d* documents, \d+ as before$", built.stdout)


def test_build_to_a_folder_writes_the_whole_site(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_CATEGORIES", "cs.AI")
    first, second = run("build", "--to", "site"), run("build", "--to", "site")

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert re.search(r"^wrote +\d+ files, 0 as before$", first.stdout, re.MULTILINE)
    assert (folder / "site/feeds/cs.AI.xml.br").exists()
    assert (folder / "site/feeds/counting.json").exists()
    assert (folder / "site/index.html").exists()


def test_build_to_what_is_no_folder_is_said_in_a_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_CATEGORIES", "cs.AI")
    (folder / "site").write_text("a file", "utf-8")

    assert run("build", "--to", "site/below").exit_code == 1


def test_run_does_all_that_is_due_and_then_nothing(folder: Path, standin: RunningStandin) -> None:
    shutil.copy(ROOT / "feeds" / "ai-safety.toml", folder / "feeds")
    # The stand-in's days lie in the past of the real clock: its batch is late, and taken all the same.
    first = run("run")

    assert first.exit_code == 0
    assert "fetched   cs.AI" in first.stdout
    assert "documents" in first.stdout
    assert run("run").stdout == ""


def test_serve_answers_until_it_is_told_to_stop(folder: Path, standin: RunningStandin) -> None:
    environment = {**os.environ, "FEEDSVC_PORT": "0"}
    command = [sys.executable, "-m", "feedsvc", "serve"]
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            address = next(line.split()[-1] for line in process.stderr if line.startswith("serving"))
            assert wait_for(lambda: feedparser.parse(fetch(f"http://{address}/feeds/cs.AI.xml")).entries)
            process.terminate()
            process.stderr.read()
            assert process.wait(60) == 0
        finally:
            process.kill()


def test_web_and_worker_of_the_procfile_share_a_store(folder: Path, standin: RunningStandin) -> None:
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    environment = {**os.environ, "FEEDSVC_PORT": "0"}
    started = {}
    try:
        for name in ("web", "worker"):
            command = [sys.executable, "-m", *lines[name].removeprefix("exec ").split()]
            log = (folder / f"{name}.log").open("w")
            with log:
                started[name] = subprocess.Popen(command, cwd=folder, env=environment, stderr=log)
        web_log = folder / "web.log"
        address = wait_for(lambda: re.findall(r"^serving .* (\S+)$", web_log.read_text(), re.MULTILINE))[0]

        assert wait_for(lambda: feedparser.parse(fetch(f"http://{address}/feeds/cs.AI.xml")).entries)
        for process in started.values():
            process.terminate()
        assert [process.wait(60) for process in started.values()] == [0, 0]
        assert "serving" not in (folder / "worker.log").read_text()
    finally:
        for process in started.values():
            process.kill()
            process.wait()


def fetch(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=60) as answer:
        return bytes(answer.read())


def wait_for(look: Callable[[], Found]) -> Found:
    """Give what is seen as soon as there is anything."""
    deadline = time.monotonic() + 180
    while not (found := look()):
        assert time.monotonic() < deadline, "nothing to be seen within minutes"
        time.sleep(0.1)
    return found


@pytest.mark.parametrize("options", [(), ("--dated",)])
def test_the_standin_names_its_addresses_and_is_of_this_week_unless_dated(
    folder: Path, options: tuple[str, ...]
) -> None:
    command = [sys.executable, "-m", "feedsvc", "standin", "--port", "0", *options]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = dict(process.stdout.readline().split() for _ in ("RSS", "Atom", "API", "OAI"))
            with urllib.request.urlopen(told["OAI"].replace("/oai", "/control"), timeout=10) as answer:
                state = json.load(answer)
        finally:
            process.terminate()

    assert list(told) == ["RSS", "Atom", "API", "OAI"]
    assert state["now"].startswith("2026-01-05T05:00:") is bool(options)


def test_help_tells_every_command(folder: Path) -> None:
    listed = run("--help").stdout

    assert all(f"  {name} " in listed for name in main.commands)
