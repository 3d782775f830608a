"""The demo as a user meets it: a real process, its lines, its feeds, a signal."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from urllib.parse import quote

import feedparser
import pytest

from feedsvc.standin.sample import load_sample

ROOT = Path(__file__).resolve().parents[1]
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Demo:
    """A running demo: its lines until it was ready, and where it is."""

    process: subprocess.Popen[str]
    lines: list[str]
    base: str
    data: Path

    @property
    def advance(self) -> str:
        """Where another day is asked for."""
        found = re.search(r"curl -X POST (\S+)", "".join(self.lines))
        assert found, self.lines
        return found[1]

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(self.base + path, timeout=60) as answer:
            return bytes(answer.read())


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with run_demo(tmp_path_factory.mktemp("demo")) as running:
        yield running


@contextmanager
def run_demo(data: Path) -> Iterator[Demo]:
    """Run the demo over a folder, once it is ready."""
    command = [sys.executable, "-m", "feedsvc", "demo", "--port", "0", "--data", str(data)]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            lines = list(read_until_ready(process))
            index = re.search(r"(http://127\.0\.0\.1:\d+)/\s*$", "".join(lines), re.MULTILINE)
            assert index, lines
            yield Demo(process, lines, index[1], data)
        finally:
            process.kill()


def read_until_ready(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    for line in process.stdout:
        yield line
        if "Ctrl+C" in line:
            return


def test_it_shows_a_line_for_each_step(demo: Demo) -> None:
    text = "".join(demo.lines)

    for step in (
        "arXiv announces Monday",
        "fetched   cs.AI",
        "digested",
        "built",
        "completed",
        "ready after",
    ):
        assert step in text


def test_the_readme_shows_what_it_prints(demo: Demo) -> None:
    """Ports and seconds aside, and what `make` says before; `...` stands for lines left out."""
    shown = (ROOT / "README.md").read_text("utf-8").partition("installing the locked packages ...\n")[2]
    told = iter([neutralise(line) for line in demo.lines])
    lines = [neutralise(line) for line in shown.partition("```")[0].splitlines() if line != "..."]

    assert len(lines) > 15
    assert [line for line in lines if line not in told] == []


def neutralise(line: str) -> str:
    return re.sub(r"(?<=127\.0\.0\.1:)\d+|(?<=ready after )[\d.]+", "N", line.rstrip())


def test_every_category_of_the_sample_has_content_in_every_language(demo: Demo) -> None:
    corpus = load_sample()
    for category in {category for pages in corpus.pages.values() for category in pages}:
        for language in ("", "zh/"):
            parsed = feedparser.parse(demo.get(f"/feeds/{language}{category}.xml"))
            assert not parsed.bozo
            assert parsed.entries, category


def test_every_shipped_keyword_feed_has_content(demo: Demo) -> None:
    for file in sorted((ROOT / "feeds").glob("*.toml")):
        assert feedparser.parse(demo.get(f"/feeds/{file.stem}.xml")).entries, file.stem


def test_every_address_it_shows_can_be_opened(demo: Demo) -> None:
    shown = re.findall(rf"{re.escape(demo.base)}(/\S*)", "".join(demo.lines))

    assert len(shown) >= 6
    assert all(demo.get(path) for path in shown)


def test_a_translated_feed_has_hand_written_digests_beside_the_original(demo: Demo) -> None:
    contents = [entry.content[0].value for entry in feedparser.parse(demo.get("/feeds/zh/cs.AI.xml")).entries]

    assert all("背景" in content or "创新" in content or "结论" in content for content in contents)
    assert any("hand-written sample" in content for content in contents)


def test_the_index_lists_what_is_there(demo: Demo) -> None:
    listed = json.loads(demo.get("/subscriptions.json"))

    assert {"cs.AI", "large-language-models"} <= {feed["name"] for feed in listed["feeds"]}


@pytest.mark.parametrize(
    ("field", "path", "found"), [("filter", "/?filter=", "<tr id="), ("q", "/search?q=", "<article")]
)
def test_every_example_in_the_fields_of_the_index_finds_something(
    demo: Demo, field: str, path: str, found: str
) -> None:
    shown = re.search(rf'<input id="{field}"[^>]*placeholder="([^"]+)"', demo.get("/").decode())

    assert shown
    for example in unescape(shown[1]).removesuffix(", …").split(", "):
        assert found in demo.get(path + quote(example)).decode(), example


def test_another_day_comes_when_it_is_asked_for(demo: Demo) -> None:
    before = {entry.id for entry in feedparser.parse(demo.get("/feeds/cs.AI.xml")).entries}

    urllib.request.urlopen(urllib.request.Request(demo.advance, method="POST"), timeout=60).close()

    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        entries = feedparser.parse(demo.get("/feeds/cs.AI.xml")).entries
        if any(entry.published.startswith("2026-01-09T01:00:00") for entry in entries):
            break
        time.sleep(0.5)
    assert {entry.id for entry in entries} > before


def test_it_ends_on_a_signal_with_success(demo: Demo) -> None:
    demo.process.send_signal(signal.SIGTERM)

    assert demo.process.wait(60) == 0


def test_with_a_kept_store_it_goes_on_at_the_newest_day_and_tells_what_waits(demo: Demo) -> None:
    demo.process.terminate()
    demo.process.wait(60)
    with run_demo(demo.data) as again:
        text = "".join(again.lines)
        status = json.loads(again.get("/status.json"))
        newest = re.search(r'<time datetime="([\d-]+)">', again.get("/").decode())

    assert newest
    assert status["complete_day"] == newest[1]
    assert re.findall(r"arXiv announces \w+ (\d+)", text) == [str(int(newest[1][-2:]))]
    assert ("No more days are waiting" in text) is (newest[1] == "2026-01-09")


@pytest.mark.parametrize(
    ("given", "options"),
    [((), []), (("PORT=8090",), ["--port", "8090"]), (("ARGS=--data here",), ["--data", "here"])],
)
def test_make_hands_the_demos_port_and_options_on(given: tuple[str, ...], options: list[str]) -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not here")
    # What a make that runs the tests was given is not for this one.
    kept = os.environ.keys() - {"PORT", "ARGS", "MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS"}
    environment = {name: os.environ[name] for name in kept}
    shown = subprocess.run(
        ["make", "--dry-run", "--directory", str(ROOT), "demo", *given],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    (command,) = [line for line in shown.stdout.splitlines() if "feedsvc demo" in line]

    assert command.split()[1:] == ["demo", *options]
