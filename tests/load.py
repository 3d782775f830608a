"""A service under load: thousands of polls a second while arXiv announces two more days; then a verdict.

    python -m tests.load --minutes 30 [--rate 5000] [--processes 2] [--cache] [--postgresql] [--record]

A worker and granian with so many processes, as docs/deploy has them (with --cache nginx before them), serve a
day of arXiv's usual size. Readers poll over kept and new connections, 95% of the time with what they hold;
some feeds have subscribers. After 15% and after 30% of the time the next day is announced. Every answer is
judged: an error, a torn body, a tag with two bodies, an outdated 304, memory that grows: each is a breach,
so is a 99th centile over --p99 ms, or no answer for ten seconds (with 0 latencies are told, not judged: then
for a minute). Exits with 1 on any. Needs Linux.

Memory is judged over a quarter of the time in which nothing new is taken in: where the last day is built
later than after three quarters, polling goes on, for three and a quarter times the time at most.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import feedparser

from benchmarks.results import FOLDER, read_load, save
from benchmarks.table import Row, lay_out
from tests.databases import make_schema
from tests.load_answers import GRACE_SECONDS
from tests.load_readers import Plan, Report
from tests.load_service import ROOT, LoadedService, Size, run_service
from tests.load_worker import choose_categories
from tests.subscriber import Subscriber, run_subscriber

SUBSCRIBED = 6
CATCH_UP_SECONDS = 120
SECRET = "a secret between the hub and them"
DAYS = 3
# More than two cores sustain: so many are asked for where nothing else is.
MOST_RATE = 5_000
LOST_SECONDS = 60.0
FORMATS = ("xml", "rss", "json")
NAMED = ("large-language-models", "diffusion-models", "exoplanets", "gravitational-waves")
# The later days come after so much of the time, and again so much.
SHARE = 0.15
# What grows in the last part of a run, when the last day was taken in, grows for ever.
LAST_PART = 0.25
# A slow machine takes in the days after the readers' time is over; this much of it is the most.
MOST_TIMES = 3
MOST_GROWTH = 0.05
# A shorter run than this ends before the new day's documents were all asked for.
LEAST_SECONDS_FOR_MEMORY = 240


@dataclass
class Figures:
    """What a run came to; `breaches` says what was not as it should be."""

    size: Size
    asked_rate: float
    report: Report
    delivered: int
    memory: dict[str, tuple[float, float]] = field(default_factory=dict)
    breaches: list[str] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.report.answers / self.report.seconds


def run_load(
    folder: Path, database: str, size: Size, seconds: float, rate: float, most_ms: float = 0
) -> Figures:
    """Run a service under load and judge it; a 99th centile over `most_ms` is a breach, if that is not 0."""
    with contextlib.ExitStack() as stack:
        service = stack.enter_context(run_service(folder, database, size))
        subscribers = subscribe(stack, service, size)
        plan = plan_readers(service, size, seconds * (MOST_TIMES + LAST_PART), rate)
        # Where latencies are told and not judged, neither is one answer that is late: only one that is lost.
        plan = plan if most_ms else replace(plan, patience=LOST_SECONDS)
        readers = stack.enter_context(run_readers(plan))
        quiet_since = announce_days(service, readers, seconds)
        assert readers.stdout is not None
        report = Report(**json.load(readers.stdout))
        faults = [f"{name} ended" for name in sorted(service.ended)]
        faults += find_unbuilt(service)
        faults += find_behind(service, subscribers)
    figures = Figures(size, rate, report, sum(len(each.delivered) for each in subscribers.values()))
    figures.memory = {name: find_growth(noted, quiet_since) for name, noted in service.memory.items()}
    figures.breaches = [*find_breaches(figures, seconds, most_ms), *faults]
    return figures


def announce_days(service: LoadedService, readers: subprocess.Popen[str], seconds: float) -> float:
    """Announce the later days one after the other, and end the readers when their last part is over.

    Give since when nothing new was taken in, in seconds since their start.
    """
    assert readers.stdin is not None
    started = time.monotonic()
    ahead = sorted(service.days)[1:]
    built_at: float | None = None
    passed = 0.0
    while readers.poll() is None:
        passed = time.monotonic() - started
        if ahead and passed > seconds * (DAYS - len(ahead)) * SHARE:
            service.announce(ahead.pop(0))
        service.note_memory(passed)
        if built_at is None and len(service.built) == DAYS - 1:
            built_at = passed
        if passed >= find_end(seconds, built_at, is_broken=bool(service.ended)):
            readers.stdin.close()
        time.sleep(0.5)
    return max(built_at or 0.0, passed - seconds * LAST_PART)


def find_end(seconds: float, built_at: float | None, *, is_broken: bool) -> float:
    """Say when readers have asked long enough: a last part after the last day was built, if it ever is.

    Where a process has ended there is nothing to wait for.
    """
    if is_broken:
        return seconds
    return max(seconds, (seconds * MOST_TIMES if built_at is None else built_at) + seconds * LAST_PART)


def find_unbuilt(service: LoadedService, patience: float = CATCH_UP_SECONDS) -> Iterator[str]:
    """Name the days after the first that are not built; those that come last have two minutes for it."""
    last = time.monotonic() + patience
    for day in sorted(service.days)[1:]:
        while day not in service.built and not service.ended and time.monotonic() < last:
            time.sleep(0.5)
        if day not in service.built:
            yield f"{day} was not built in time"


def subscribe(stack: contextlib.ExitStack, service: LoadedService, size: Size) -> dict[str, Subscriber]:
    """Subscribe to a few feeds, one subscriber each, and wait until the hub has asked them all."""
    found = {}
    for category in choose_categories(min(size.categories, SUBSCRIBED)):
        subscriber = stack.enter_context(run_subscriber(secret=SECRET))
        found[f"/feeds/{category}.xml"] = subscriber
        service.subscribe(f"/feeds/{category}.xml", subscriber.url, SECRET)
    last = time.monotonic() + CATCH_UP_SECONDS
    while not all(subscriber.asked for subscriber in found.values()) and time.monotonic() < last:
        time.sleep(0.1)
    return found


def find_behind(service: LoadedService, subscribers: Mapping[str, Subscriber]) -> Iterator[str]:
    """Name the subscribers who do not hold what is served; they have two minutes for it."""
    last = time.monotonic() + CATCH_UP_SECONDS
    for path, subscriber in subscribers.items():
        while not (is_level := holds_newest(service, path, subscriber)) and time.monotonic() < last:
            time.sleep(0.5)
        if not is_level:
            yield f"{path}: {len(subscriber.delivered)} deliveries, the last one lacks an entry"


def holds_newest(service: LoadedService, path: str, subscriber: Subscriber) -> bool:
    """Tell whether the last delivery has the entries of what is served, each as new.

    Not byte for byte: what is filled in later, such as comments, is no reason for a delivery.
    """
    return bool(subscriber.delivered) and list_entries(subscriber.delivered[-1].body) == list_entries(
        service.fetch(path)
    )


def list_entries(body: bytes) -> list[tuple[str, str]]:
    """Give the id and the time of each entry of an Atom document."""
    return [(entry.id, entry.updated) for entry in feedparser.parse(body).entries]


def plan_readers(service: LoadedService, size: Size, seconds: float, rate: float) -> Plan:
    """Say what readers ask for, and how often: nearly always feeds."""
    categories, day = choose_categories(size.categories), min(service.days)
    feeds = [f"/feeds/{name}.{format_}" for name in (*categories, *NAMED) for format_ in FORMATS]
    return Plan(
        port=service.port,
        seconds=seconds,
        rate=rate,
        groups=[
            (0.97, feeds),
            (0.01, ["/subscriptions.opml", "/subscriptions.json"]),
            (0.01, [f"/feeds/{name}/{day}.md" for name in categories[:5]]),
            (0.0095, [f"/feeds/daily/{categories[0]}.xml", "/feeds/keyword/random-walk.xml"]),
            (0.0005, ["/", f"/feeds/{categories[1]}", "/status"]),
        ],
        grace=None if size.is_cached else GRACE_SECONDS,
    )


@contextlib.contextmanager
def run_readers(plan: Plan) -> Iterator[subprocess.Popen[str]]:
    """Run the readers in a process of their own; it ends with its input, its plan's time, or the context."""
    command = [sys.executable, "-m", "tests.load_readers"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as readers:
        assert readers.stdin is not None
        readers.stdin.write(f"{json.dumps(asdict(plan))}\n")
        readers.stdin.flush()
        try:
            yield readers
        finally:
            readers.kill()


def find_growth(noted: Sequence[tuple[float, float]], since: float) -> tuple[float, float]:
    """Give what a process held on the average since an instant, in MB, and by how much it grew."""
    last = [(at, mb) for at, mb in noted if at >= since] or noted[-1:]
    held = statistics.fmean(mb for _, mb in last)
    if len({at for at, _ in last}) < 2:
        return held, 0.0
    slope = statistics.linear_regression(*zip(*last, strict=True)).slope
    return held, slope * (last[-1][0] - last[0][0])


def find_breaches(figures: Figures, seconds: float, most_ms: float) -> Iterator[str]:
    """Say what was not as it should be."""
    report = figures.report
    yield from (f"{count} times {fault}" for fault, count in sorted(report.faults.items()))
    # A cache keeps a day's documents until the next day is due, which is never within a run.
    if report.answers == 0 or (report.changes == 0 and not figures.size.is_cached):
        yield f"{report.answers} answers and {report.changes} changed documents: expected some of both"
    if most_ms and report.p99 > most_ms:
        yield f"99th centile {report.p99:.1f} ms, expected at most {most_ms:.0f}"
    for name, (held, growth) in figures.memory.items():
        if seconds >= LEAST_SECONDS_FOR_MEMORY and growth > held * MOST_GROWTH:
            yield f"{name} held {held:.0f} MB and grew by {growth:.0f} in the last part"


def list_rows(figures: Figures, most_ms: float) -> Iterator[Row]:
    """Give a run's figures as rows of a table."""
    report = figures.report
    wrong = sum(report.faults.values())
    yield Row(f"answers, of {figures.asked_rate:,.0f} asked for", "answers/s", figures.rate)
    yield Row("median", "ms", report.p50)
    yield Row("99th centile", "ms", report.p99, wanted=most_ms or None, against="ours" if most_ms else "")
    yield Row("answers judged", "answers", report.answers)
    yield Row("of them 304", "answers", report.unmodified)
    yield Row("wrong in any way", "answers", wrong, wanted=0, against="ours")
    yield Row("changed documents seen", "documents", report.changes)
    yield Row("deliveries", "deliveries", figures.delivered)
    for process, (held, growth) in figures.memory.items():
        yield Row(f"memory of {process}", "MB", held)
        yield Row(f"growth of {process} in the last part", "MB", max(0.0, growth))


def name_record(size: Size, rate: float) -> str:
    """Give the name of the file in benchmarks/results that a run's figures go to."""
    paced = "-paced" if rate < MOST_RATE else ""
    return f"load-{size.processes}{'-cache' if size.is_cached else ''}{paced}"


def main() -> None:
    """Run a service under load from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--rate", type=float, default=MOST_RATE, help="requests a second")
    parser.add_argument("--processes", type=int, default=1, help="web processes")
    parser.add_argument("--categories", type=int, default=150)
    parser.add_argument("--papers", type=int, default=2_350, help="new ones a day, about")
    parser.add_argument("--cache", action="store_true", help="nginx before it, as docs/deploy has it")
    parser.add_argument("--postgresql", action="store_true", help="on FEEDSVC_TEST_POSTGRES_URL")
    parser.add_argument("--p99", type=float, default=50, help="ms; 0 to tell it only")
    parser.add_argument("--record", action="store_true", help="keep the figures in benchmarks/results")
    options = parser.parse_args()
    # Ended from without, its processes end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    size = Size(DAYS, options.categories, options.papers, options.processes, options.cache)
    before = read_load()
    with tempfile.TemporaryDirectory(prefix="feedsvc-load-") as name, contextlib.ExitStack() as stack:
        sqlite = f"sqlite:///{name}/load.sqlite3"
        database = stack.enter_context(make_schema()) if options.postgresql else sqlite
        figures = run_load(Path(name), database, size, options.minutes * 60, options.rate, options.p99)
    rows = list(list_rows(figures, options.p99))
    print("\n".join(lay_out(rows)))
    print(f"load {before} before, {read_load()} after; {figures.report.connections:,} connections, ", end="")
    print(
        f"{figures.report.parsed:,} bodies read, {figures.report.unsent:,} requests not sent for want of time"
    )
    if options.record:
        minutes = round(figures.report.seconds / 60, 1)
        save(FOLDER, name_record(size, options.rate), rows, before, minutes=minutes)
    for breach in figures.breaches:
        print(f"breach: {breach}")
    sys.exit(bool(figures.breaches))


if __name__ == "__main__":
    main()
