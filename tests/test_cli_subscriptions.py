"""`feedsvc subscriptions`: who is subscribed to what, and how it goes."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from feedsvc.cli import main
from feedsvc.store import Store
from feedsvc.store.deliveries import Sent
from feedsvc.store.documents import Stamp
from tests.builders import NOON, make_document
from tests.hub_rows import CALLBACK, TOPIC, subscribe


@pytest.fixture(autouse=True)
def _settings(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEEDSVC_DATABASE_URL", database_url)


def run(*options: str) -> str:
    result = CliRunner().invoke(main, ["subscriptions", *options], catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def fail_once(store: Store) -> None:
    """Have the first subscriber's delivery fail."""
    store.documents.save(make_document(), Stamp("recipe", 1, 1), marks=["a"])
    store.deliveries.spread(("cs.AI", "xml", "en"), NOON)
    delivery = store.deliveries.take(NOON, 60, 1)[0]
    store.deliveries.finish([Sent(delivery, "503", again_after=60.0, reason="HTTP 503")], NOON)


def test_each_is_a_line_and_the_figures_are_the_last(store: Store) -> None:
    subscribe(store)

    line, figures = run().splitlines()
    assert line.startswith(f"{TOPIC} -> {CALLBACK}  until 2026-01-05 18:00 UTC")
    assert figures == "1 subscriptions of 1 topics; 0 deliveries and 0 verifications wait"


def test_a_failing_one_says_why(store: Store) -> None:
    subscribe(store)
    subscribe(store, "https://well.example/")
    fail_once(store)

    assert "failed 1 times: HTTP 503" in run()
    assert [line.split(" -> ")[1].split()[0] for line in run("--failing").splitlines()[:-1]] == [CALLBACK]


def test_json_has_the_same_and_no_secret(store: Store) -> None:
    subscribe(store, secret="hush")
    fail_once(store)

    output = run("--json")

    assert "hush" not in output
    (told,) = map(json.loads, output.splitlines())
    assert (told["topic"], told["callback"], told["signed"]) == (TOPIC, CALLBACK, True)
    assert (told["failures"], told["last_failure"], told["delivered"]) == (1, "HTTP 503", None)
