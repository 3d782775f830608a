"""Real feed readers poll the running service over HTTP. Skipped where a reader is not installed."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import feedparser
import pytest

from feedsvc.serve import serve_app
from feedsvc.standin.sample import load_sample
from tests.world import World, run_world

CATEGORIES = ("cs.AI", "cs.CL", "cs.LG", "quant-ph")
FEEDS = ("cs.AI.xml", "large-language-models.xml", "quant-ph.xml")


@pytest.fixture
def newsboat() -> str:
    """Give newsboat's path; skip, or fail where `FEEDSVC_TEST_READERS=required`, if it is not installed."""
    path = shutil.which("newsboat")
    if path is None:
        message = "newsboat is not installed (Debian package newsboat)"
        if os.environ.get("FEEDSVC_TEST_READERS") == "required":
            pytest.fail(message)
        pytest.skip(message)
    return path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with run_world(tmp_path, load_sample(), CATEGORIES) as running:
        running.service.pipeline.run_due()
        yield running


def poll(newsboat: str, folder: Path, port: int) -> list[tuple[str, str, str, str]]:
    """Let newsboat fetch the feeds once; give its items: address of the feed, id, title, author."""
    urls = folder / "urls"
    urls.write_text("".join(f"http://127.0.0.1:{port}/feeds/{name}\n" for name in FEEDS))
    command = [newsboat, "-u", str(urls), "-c", str(folder / "cache.db"), "-x", "reload"]
    config = folder / "config"
    config.write_text("max-items 0\nreload-threads 1\n")
    environment = {**os.environ, "HOME": str(folder), "LANG": "C.UTF-8"}
    subprocess.run([*command[:5], "-C", str(config), *command[5:]], env=environment, check=True, timeout=300)
    with sqlite3.connect(folder / "cache.db") as cache:
        rows = cache.execute(
            "SELECT feedurl, guid, title, author FROM rss_item ORDER BY feedurl, id"
        ).fetchall()
    return [(feed, guid, title, author) for feed, guid, title, author in rows]


def test_newsboat_shows_every_paper_once_with_title_and_authors(
    newsboat: str, world: World, tmp_path: Path
) -> None:
    """Newsboat takes an id for the same item in all feeds, so a paper stands in one of its feeds."""
    home = tmp_path / "home"
    home.mkdir()
    with serve_app(world.service.app, "127.0.0.1", 0, threads=4) as port:
        items = poll(newsboat, home, port)
    parsed = [feedparser.parse(world.get(f"/feeds/{name}")).entries for name in FEEDS]
    titles = {entry.id: entry.title for entries in parsed for entry in entries}

    assert all(parsed)
    assert sorted(guid for _, guid, _, _ in items) == sorted(titles)
    assert {guid: title for _, guid, title, _ in items} == titles
    assert all(author for _, _, _, author in items)


def test_newsboat_gains_only_the_new_days_papers_and_keeps_the_rest(
    newsboat: str, world: World, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with serve_app(world.service.app, "127.0.0.1", 0, threads=4) as port:
        before = poll(newsboat, home, port)
        for _ in range(2):
            world.time.advance()
            world.service.pipeline.run_due()
            poll(newsboat, home, port)
        after = poll(newsboat, home, port)

    assert {item[1] for item in before} <= {item[1] for item in after}
    assert len({item[1] for item in after}) == len(after) > len(before)


def test_newsboat_imports_the_opml_of_a_basket(newsboat: str, world: World, tmp_path: Path) -> None:
    opml, urls = tmp_path / "basket.opml", tmp_path / "urls"
    opml.write_bytes(world.get("/subscriptions.opml?feeds=cs.AI,large-language-models,quant-ph"))
    urls.touch()
    command = [newsboat, "-u", str(urls), "-c", str(tmp_path / "cache.db"), "-i", str(opml)]
    subprocess.run(
        command, env={**os.environ, "HOME": str(tmp_path), "LANG": "C.UTF-8"}, check=True, timeout=60
    )

    imported = [line.split()[0].rpartition("/")[2] for line in urls.read_text("utf-8").splitlines() if line]
    assert sorted(imported) == sorted(FEEDS)
