"""Real readers poll a running service over three days. Skipped where a reader is not installed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from feedsvc.serve import serve_app
from feedsvc.standin.sample import load_sample
from tests.reader_programs import (
    LEARNS_LATE,
    ONE_AUTHOR,
    PROGRAMS,
    SHOWS_FOR_GOOD,
    Shown,
    find_missing,
)
from tests.world import World, run_world

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CATEGORIES = ("cs.CV", "cs.LG", "cs.SE")
PLAIN = "cs.LG.{}"
REPLACED = "cs.CV.{}?announce=new,cross,replace,replace-cross"
FEEDS = [PLAIN.format("rss"), REPLACED.format("xml")]
DAYS = 3


@dataclass
class Watched:
    """An application whose answers are counted, as an access log would."""

    app: WSGIApplication
    statuses: list[int] = field(default_factory=list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *rest: Any) -> Callable[[bytes], object]:
            self.statuses.append(int(status[:3]))
            return start_response(status, headers, *rest)

        return self.app(environ, start)


@dataclass
class Polls:
    """What one reader showed of one feed after each day, and how the service answered it.

    `again` are the answers to a second poll on the same day; `items` is what the feed holds at last, by id,
    in the order of the feed.
    """

    shown: list[list[Shown]] = field(default_factory=list)
    first: list[list[int]] = field(default_factory=list)
    again: list[list[int]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)


Diary = dict[str, Polls]


@pytest.fixture(scope="module", params=PROGRAMS)
def program(request: pytest.FixtureRequest) -> str:
    """Give a reader; skip, or fail where `FEEDSVC_TEST_READERS=required`, if it is not installed."""
    name = str(request.param)
    if message := find_missing(name):
        if os.environ.get("FEEDSVC_TEST_READERS") == "required":
            pytest.fail(message)
        pytest.skip(message)
    return name


@pytest.fixture(scope="module")
def diary(program: str, tmp_path_factory: pytest.TempPathFactory) -> Diary:
    """Let a reader poll every feed twice a day; give what came of it by feed."""
    polls = {feed: Polls() for feed in FEEDS}
    homes = {feed: tmp_path_factory.mktemp("home") for feed in FEEDS}
    with run_world(tmp_path_factory.mktemp("world"), load_sample(), CATEGORIES) as world:
        watched = Watched(world.service.app)
        with serve_app(watched, "127.0.0.1", 0, threads=4) as port:
            for day in range(DAYS):
                if day:
                    world.time.advance()
                world.service.pipeline.run_due()
                for feed, noted in polls.items():
                    url = f"http://127.0.0.1:{port}/feeds/{feed}"
                    poll_twice(program, url, homes[feed], watched, noted)
                    noted.items = read_items(world, feed)
    return polls


def poll_twice(program: str, url: str, folder: Path, watched: Watched, noted: Polls) -> None:
    """Poll, and once more without a change."""
    watched.statuses.clear()
    noted.shown.append(PROGRAMS[program](url, folder))
    noted.first.append(watched.statuses.copy())
    watched.statuses.clear()
    assert sorted(map(str, PROGRAMS[program](url, folder))) == sorted(map(str, noted.shown[-1]))
    noted.again.append(watched.statuses.copy())


def read_items(world: World, feed: str) -> list[dict[str, Any]]:
    """Give the items of a feed by its JSON document."""
    document = world.get("/feeds/" + feed.replace(".rss", ".json").replace(".xml", ".json"))
    return list(json.loads(document)["items"])


every_feed = pytest.mark.parametrize("feed", FEEDS)


@every_feed
def test_every_paper_of_three_days_is_shown_once(diary: Diary, feed: str) -> None:
    polls = diary[feed]
    after = [len(shown) for shown in polls.shown]

    assert sorted(item.id for item in polls.shown[-1]) == sorted(item["id"] for item in polls.items)
    assert 0 < after[0] < after[1] < after[2]


@every_feed
def test_titles_and_authors_are_right(diary: Diary, program: str, feed: str) -> None:
    polls = diary[feed]
    shows_one = feed.partition("?")[0].rpartition(".")[2] in ONE_AUTHOR.get(program, ())
    shown = {item.id: item for item in polls.shown[-1]}
    for item in polls.items:
        assert shown[item["id"]].title == item["title"]
        found = [a["name"] in shown[item["id"]].authors for a in item["authors"]]
        assert any(found) if shows_one else all(found)


@every_feed
def test_a_poll_without_a_change_costs_one_304(diary: Diary, program: str, feed: str) -> None:
    polls = diary[feed]

    assert polls.first == [[200]] * DAYS
    assert polls.again == [[200 if program in LEARNS_LATE else 304], *[[304]] * (DAYS - 1)]


def test_a_replacement_changes_the_item_in_place(diary: Diary, program: str) -> None:
    polls = diary[REPLACED.format("xml")]
    replaced = [item["id"] for item in polls.items if item["_arxiv"]["version"] > 1]
    shown = {item.id: item for item in polls.shown[-1]}

    assert replaced
    for id_ in replaced:
        version = "v1" if program in SHOWS_FOR_GOOD else "v2"
        assert f"/pdf/{id_.rpartition('/')[2]}{version}" in shown[id_].content


def test_a_feed_without_replacements_leaves_the_item_as_it_was(diary: Diary) -> None:
    polls = diary[PLAIN.format("rss")]
    first = {item.id: item for item in polls.shown[0]}
    last = {item.id: item for item in polls.shown[-1]}

    assert {id_: last[id_] for id_ in first} == first
