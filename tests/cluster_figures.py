"""What a campaign over several processes left, and how it is looked at."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

from feedsvc.calendar import announced_at
from feedsvc.paper import DocumentKey
from feedsvc.render import load_formats
from feedsvc.standin.log import RequestRecord
from feedsvc.store import Store
from tests.campaign_truth import Figures
from tests.cluster_process import INTERVAL_SECONDS
from tests.subscriber import Delivered

TOLERANCE_SECONDS = 0.005


@dataclass
class ClusterFigures:
    """What happened, and what is left at the end; all that is a list should be empty.

    `found_dead` counts steps that were taken from killed workers, `begun_anew` workers that lost the
    database. `ledger` holds the rows against the truth.
    """

    ledger: Figures = field(default_factory=Figures)
    killed: dict[str, int] = field(default_factory=dict)
    cut: int = 0
    restarts: int = 0
    days: int = 0
    seconds: float = 0.0
    requests: int = 0
    deliveries: int = 0
    documents: int = 0
    found_dead: int = 0
    begun_anew: int = 0
    jobs_left: int = 0
    late: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    undelivered: list[str] = field(default_factory=list)
    impolite: list[str] = field(default_factory=list)
    disordered: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return sum(self.killed.values())

    @property
    def is_clean(self) -> bool:
        """Whether the ledger is the truth, and nothing is as it should not be."""
        ledger = self.ledger
        is_true = ledger.exact == ledger.announcements and not (ledger.surplus or ledger.wrong)
        faults = (ledger.unsettled, self.late, self.stale, self.undelivered, self.impolite, self.disordered)
        return is_true and not any(faults)

    def print(self) -> None:
        """Print the figures, one a line."""
        shown = {"kills": self.kills, **vars(self)} | {
            name: getattr(self.ledger, name)
            for name in ("announcements", "exact", "surplus", "rebuilt", "wrong", "unsettled")
        }
        del shown["ledger"]
        for name, value in shown.items():
            print(f"{name.replace('_', ' '):<16} {value}")


def write_moment(day: date) -> bytes:
    """Write when a day was announced as a feed does that has anything of it."""
    return f"<updated>{announced_at(day):%Y-%m-%dT%H:%M:%S}".encode()


def read_tags(store: Store) -> dict[DocumentKey, str | None]:
    """Give the tag of every stored document."""
    return {key: store.documents.find_tag(key) for key in store.documents.stamps()}


def find_changed(store: Store, build: Callable[[], object]) -> Iterator[str]:
    """Find the documents that come out otherwise when all are dropped and built anew."""
    before = read_tags(store)
    store.documents.keep_only(set())
    build()
    after = read_tags(store)
    for key in before.keys() | after.keys():
        if after.get(key) != before.get(key):
            yield f"{key} was not what the ledger says"


def list_entries(body: bytes, format_: str) -> set[str]:
    """Give the ids of a document's entries."""
    kind = {"Content-Type": load_formats()[format_].content_type}
    return set(Delivered("", kind, body).entries)


def ask(url: str) -> bytes:
    """Give what a web server serves for a feed."""
    with urllib.request.urlopen(url, timeout=5) as answer:
        return bytes(answer.read())


def find_impolite(records: Sequence[RequestRecord]) -> Iterator[str]:
    """Find requests that came before another was over, or too soon after it, in the campaign's time."""
    ordered = sorted(records, key=lambda record: record.started)
    for before, after in pairwise(ordered):
        # Of a request whose client was killed in the middle only the start is the client's doing.
        ended = before.clock_ended if before.is_whole else before.clock_started
        waited = (after.clock_started - ended).total_seconds()
        if waited < INTERVAL_SECONDS - TOLERANCE_SECONDS:
            yield f"{after.path} {waited:.3f} s after {before.path}"
