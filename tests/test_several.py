"""Several processes on one PostgreSQL, as the Procfile's second setting starts them, and one arXiv."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import feedparser
import pytest
from pydantic import TypeAdapter

from feedsvc.standin.log import RequestRecord
from feedsvc.standin.server import RunningStandin, open_standin
from feedsvc.store import Store, open_store
from tests.test_cli import fetch

Found = TypeVar("Found")
PATIENCE = 240.0
INTERVAL = 0.2
# The log's instants and ours are of one clock, read to the microsecond.
TOLERANCE = 0.001
CATEGORIES = "cs.AI,cs.CL,cs.LG,math.NA,stat.ML"
RECORDS = TypeAdapter(tuple[RequestRecord, ...])
ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def standin() -> Iterator[RunningStandin]:
    with open_standin(now=datetime.now(UTC)) as running:
        yield running


@pytest.fixture
def environment(tmp_path: Path, postgres_url: str, standin: RunningStandin) -> dict[str, str]:
    """Give what the processes' settings are."""
    feeds = tmp_path / "feeds"
    feeds.mkdir()
    (feeds / "counting.toml").write_text('title = "Counting"\nquery = "counting OR numbers"\n')
    usual = {name: value for name, value in os.environ.items() if not name.startswith("FEEDSVC_")}
    return usual | {
        "FEEDSVC_DATABASE_URL": postgres_url,
        "FEEDSVC_FEEDS_DIR": str(feeds),
        "FEEDSVC_PORT": "0",
        "FEEDSVC_CATEGORIES": CATEGORIES,
        "FEEDSVC_ARXIV__FEED_URL": standin.url,
        "FEEDSVC_ARXIV__API_URL": f"{standin.url}/api/query",
        "FEEDSVC_ARXIV__OAI_URL": f"{standin.url}/oai",
        "FEEDSVC_ARXIV__INTERVAL_SECONDS": str(INTERVAL),
        "PYTHONPATH": str(ROOT),
    }


@contextmanager
def run_processes(
    folder: Path, environment: dict[str, str], *commands: str
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run commands of feedsvc's, each with a log of its own, and stop them at the end."""
    with ExitStack() as stack:
        processes = []
        for number, words in enumerate(commands):
            log = stack.enter_context((folder / f"{number}-{words.split()[0]}.log").open("w"))
            command = [sys.executable, "-m", "feedsvc", *words.split()]
            process = subprocess.Popen(command, cwd=folder, env=environment, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.kill)
            processes.append(process)
        yield processes


def stop(processes: list[subprocess.Popen[bytes]]) -> list[int]:
    for process in processes:
        process.terminate()
    return [process.wait(PATIENCE) for process in processes]


def wait_for(look: Callable[[], Found]) -> Found:
    until = time.monotonic() + PATIENCE
    while not (found := look()):
        assert time.monotonic() < until, "nothing to be seen within minutes"
        time.sleep(0.1)
    return found


def find_overlaps(records: list[RequestRecord]) -> list[str]:
    """Give the requests that came before another was over, or too soon after it."""
    ordered = sorted(records, key=lambda record: record.started)
    return [
        f"{after.path} {(after.started - before.ended).total_seconds():.3f} s after {before.path}"
        for before, after in pairwise(ordered)
        if (after.started - before.ended).total_seconds() < INTERVAL - TOLERANCE
    ]


def is_built(store: Store) -> bool:
    """Tell whether every document knows of all that is recorded, and papers are complete."""
    figures = store.figures.sum_documents()
    return bool(figures) and not any(f.behind for f in figures) and not store.figures.count_incomplete()


def list_problems(folder: Path) -> list[str]:
    lines = [line for log in sorted(folder.glob("*.log")) for line in log.read_text("utf-8").splitlines()]
    return [line for line in lines if re.search(r"Traceback|ERROR|begun anew", line)]


def test_arxiv_is_asked_one_request_at_a_time_by_all_processes_together(
    tmp_path: Path, environment: dict[str, str], standin: RunningStandin, postgres_url: str
) -> None:
    """Steps that ask arXiv share a lock; commands typed by hand know only the pace, and so it has to hold."""
    subprocess.run([sys.executable, "-m", "feedsvc", "migrate"], cwd=tmp_path, env=environment, check=True)
    commands = ["worker --concurrency 2"] * 4 + ["schedule"] * 2
    store = open_store(postgres_url)
    with run_processes(tmp_path, environment, *commands) as processes:
        wait_for(lambda: ask_log(standin))
        with run_processes(tmp_path, environment, "fetch", "fetch") as by_hand:
            assert [process.wait(PATIENCE) for process in by_hand] == [0, 0]
        wait_for(lambda: is_built(store))
        ended = stop(processes)
    store.close()

    assert ended == [0] * len(commands)
    # Both who fetch by hand ask for each category; the worker leaves the others alone from the evening on,
    # when the first one still shows the day before.
    assert count_listings(standin) > 2 * len(CATEGORIES.split(","))
    assert find_overlaps(ask_log(standin)) == []
    assert list_problems(tmp_path) == []


def count_listings(standin: RunningStandin) -> int:
    """Give how often a listing was asked for."""
    return sum(record.path.startswith("/rss/") for record in ask_log(standin))


def ask_log(standin: RunningStandin) -> list[RequestRecord]:
    """Give the requests so far, as the stand-in tells them over HTTP."""
    return list(RECORDS.validate_json(fetch(f"{standin.url}/control/requests")))


def test_web_schedule_and_worker_share_a_store_and_stop_when_they_are_told(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    with run_processes(tmp_path, environment, "schedule", "worker", "web") as processes:
        web_log = tmp_path / "2-web.log"
        found = wait_for(lambda: re.findall(r"^serving .* (\S+)$", web_log.read_text(), re.MULTILINE))
        assert wait_for(lambda: feedparser.parse(fetch(f"http://{found[0]}/feeds/cs.AI.xml")).entries)
        ended = stop(processes)

    assert ended == [0, 0, 0]
    assert list_problems(tmp_path) == []
