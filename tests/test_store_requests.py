"""Requests are counted by host and outcome, whoever sends them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from feedsvc.store import Store, open_store
from tests.builders import NOON


def test_requests_are_counted_by_host_and_outcome(store: Store) -> None:
    for outcome in ("200", "503", "200"):
        store.requests.count_request("rss.arxiv.org", outcome, NOON)
    store.requests.count_request("export.arxiv.org", "200", NOON)

    assert store.requests.requests_by_outcome() == {
        ("export.arxiv.org", "200"): 1,
        ("rss.arxiv.org", "200"): 2,
        ("rss.arxiv.org", "503"): 1,
    }


def test_the_count_goes_on_over_the_days(store: Store) -> None:
    for days in range(3):
        store.requests.count_request("rss.arxiv.org", "200", NOON + timedelta(days=days))

    assert store.requests.requests_by_outcome() == {("rss.arxiv.org", "200"): 3}


def test_nothing_sent_is_nothing_counted(store: Store) -> None:
    assert store.requests.requests_by_outcome() == {}


def test_several_processes_count_together(store: Store, database_url: str) -> None:
    other = open_store(database_url)
    with ThreadPoolExecutor(4) as pool:
        counts = [each.requests.count_request for each in (store, other)] * 10
        for waiting in [pool.submit(count, "rss.arxiv.org", "200", NOON) for count in counts]:
            waiting.result()
    other.close()

    assert store.requests.requests_by_outcome() == {("rss.arxiv.org", "200"): 20}
