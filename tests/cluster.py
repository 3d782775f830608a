"""Two schedulers, four workers and two web servers on one PostgreSQL, all killed at random for a month.

`python -m tests.cluster --seed 7 --kills 200` runs it and prints the figures.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlencode

from sqlalchemy import text

from feedsvc.calendar import switches_at
from feedsvc.errors import StoreError
from feedsvc.ledger import SETTLED
from feedsvc.paper import Kind
from feedsvc.service import make_service, prepare_jobs
from feedsvc.standin.clock import StandinClock
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.faults import FaultQueue
from feedsvc.standin.log import RequestLog
from feedsvc.standin.server import create_standin, run_standin
from feedsvc.standin.synthetic import make_corpus
from feedsvc.steps import Step
from feedsvc.store import Store, open_store
from feedsvc.store.engine import write_aside
from feedsvc.store.pace import StorePace
from tests.campaign_truth import compare_ledger, find_unsettled
from tests.cluster_figures import (
    ClusterFigures,
    ask,
    find_changed,
    find_impolite,
    list_entries,
    write_moment,
)
from tests.cluster_process import BASE, INTERVAL_SECONDS, TIMEOUT_SECONDS, Plan, ShiftedClock
from tests.cluster_server import DatabaseServer, open_database
from tests.subscriber import Subscriber, run_subscriber

FIRST_DAY = date(2026, 3, 2)
CATEGORIES = ("cs.AI", "cs.CL", "cs.LG", "stat.ML")
PAPERS_A_DAY = 12
FEED = 'title = "Sample words"\nquery = "sample OR method OR model"\n'
TOPICS = ("cs.AI.xml", "cs.CL.json", "cs.xml", "sample-words.rss")
ROLES = ("schedule", "schedule", "worker", "worker", "worker", "worker", "web", "web")
LEASE_SECONDS = TIMEOUT_SECONDS * 7
# While something is awaited, the day goes on by so much every so many seconds, until the evening.
STRIDE, STRIDE_SECONDS, EVENING = timedelta(hours=2), 1.5, timedelta(hours=18)
PATIENCE_SECONDS = 240.0
ENDING_SECONDS = 90.0
CUTS_A_KILL = 0.3
BEFORE_THE_FIRST = timedelta(hours=6)
WATCH_SECONDS = 0.05


@dataclass
class Member:
    """A place in the cluster, and the process that fills it now."""

    number: int
    role: str
    port: int
    process: subprocess.Popen[bytes] | None = None
    lives: int = 0

    def ready_file(self, folder: Path) -> Path:
        """Where this life says that it works."""
        return folder / f"ready-{self.number}-{self.lives}"


@dataclass
class Cluster:
    """One run: arXiv's stand-in, the database, the processes, the subscribers, and what was seen of them."""

    plan: Plan
    corpus: Corpus
    standin_clock: StandinClock
    log: RequestLog
    store: Store
    server: DatabaseServer | None
    readers: dict[str, Subscriber]
    chance: random.Random
    members: list[Member]
    figures: ClusterFigures = field(default_factory=ClusterFigures)

    def __post_init__(self) -> None:
        """Have the time of all be the stand-in's."""
        self.clock = ShiftedClock(self.plan.clock_file)
        self.pace = StorePace(self.store.engine, self.clock, INTERVAL_SECONDS, LEASE_SECONDS)
        self._shift()

    @property
    def folder(self) -> Path:
        """Where logs are."""
        return Path(self.plan.folder)

    def live(self, kills: int, restarts: int) -> None:
        """Go through the days, and kill meanwhile: each day has its share of kills and restarts."""
        started = time.monotonic()
        for member in self.members:
            self._start(member)
        self._subscribe_all()
        days = sorted(self.corpus.pages)
        restart_days = {days[len(days) * (n + 1) // (restarts + 1)] for n in range(restarts)}
        for number, day in enumerate(days):
            self._begin(day)
            due = kills * (number + 1) // len(days) - self.figures.kills
            for left in range(due, 0, -1):
                self._trouble()
                if day in restart_days and left == (due + 1) // 2:
                    self._restart_database()
            self._settle(day)
            self.figures.days += 1
            seconds = round(time.monotonic() - started)
            print(f"{day} is settled after {seconds} s, {self.figures.kills} kills", file=sys.stderr)

    def _subscribe_all(self) -> None:
        """Have every subscription confirmed before anything is announced: who comes later is owed less."""
        for topic, reader in self.readers.items():
            self._subscribe(topic, reader)
        until, confirmed = time.monotonic() + PATIENCE_SECONDS, 0
        while confirmed < len(self.readers) and time.monotonic() < until:
            self._revive()
            time.sleep(WATCH_SECONDS)
            confirmed = self.store.subscriptions.sum_up().subscriptions
        if confirmed < len(self.readers):
            self.figures.late.append(f"{confirmed} of {len(self.readers)} subscriptions were confirmed")

    def _begin(self, day: date) -> None:
        """Let arXiv announce a day, and subscribers ask for another lease."""
        moment = switches_at(day) + timedelta(minutes=1)
        self._move(lambda: self.standin_clock.move_to(max(moment, self.standin_clock.now())))
        for topic, reader in self.readers.items():
            self._subscribe(topic, reader)

    def _move(self, move: Callable[[], None]) -> None:
        """Let time pass, between two requests: a lease that ends in the middle of one is no fault of ours."""
        while True:
            try:
                with self.pace.turn():
                    move()
                    self._shift()
            except StoreError:
                time.sleep(WATCH_SECONDS)
            else:
                return

    def _shift(self) -> None:
        self.clock.shift(self.standin_clock.now().timestamp() - time.time())

    def _subscribe(self, topic: str, reader: Subscriber) -> None:
        """Ask either web server until one has accepted."""
        form = {"mode": "subscribe", "topic": f"{BASE}/feeds/{topic}", "callback": reader.url}
        body = urlencode({f"hub.{name}": value for name, value in form.items()}).encode()
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            port = self.chance.choice([member.port for member in self.members if member.role == "web"])
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/hub", body, timeout=5).close()
                return
            time.sleep(WATCH_SECONDS)
        self.figures.late.append(f"no web server took a subscription to {topic}")

    def _trouble(self) -> None:
        """Kill a process that works at a random moment, and put another in its place; cut connections."""
        time.sleep(self.chance.uniform(0.0, 0.6))
        if self.chance.random() < CUTS_A_KILL:
            self._cut_connections()
        member = self._choose_victim()
        assert member.process is not None
        member.process.kill()
        member.process.wait()
        self.figures.killed[member.role] = self.figures.killed.get(member.role, 0) + 1
        time.sleep(self.chance.uniform(0.0, 0.3))
        self._start(member)

    def _choose_victim(self) -> Member:
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            self._revive()
            working = [member for member in self.members if member.ready_file(self.folder).exists()]
            if working:
                return self.chance.choice(working)
            time.sleep(WATCH_SECONDS)
        raise AssertionError("no process has come to work: see the logs")

    def _revive(self) -> None:
        """Start again what ended by itself, as a supervisor does: whose database was away when it began."""
        for member in self.members:
            if member.process is not None and member.process.poll() is not None:
                self._start(member)

    def _start(self, member: Member) -> None:
        member.lives += 1
        ready = str(member.ready_file(self.folder))
        words = [member.role, str(self.folder / "plan.json"), ready, str(member.port)]
        with (self.folder / f"{member.number}-{member.role}.log").open("ab") as log:
            command = [sys.executable, "-m", "tests.cluster_process", *words]
            member.process = subprocess.Popen(command, stderr=log)

    def _cut_connections(self) -> None:
        """Cut about half of all connections to the database, but this process's own."""
        cut = text(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE application_name = 'cluster' AND random() < 0.5"
        )
        with suppress(StoreError), write_aside(self.store.engine) as connection:
            self.figures.cut += connection.execute(cut).scalar_one()

    def _restart_database(self) -> None:
        if self.server is not None:
            self.server.restart("fast" if self.figures.restarts % 2 else "immediate")
            self.figures.restarts += 1

    def _settle(self, day: date) -> None:
        """Wait until everything of a day is done, and look whether it is right; evening comes meanwhile."""
        until, stride = time.monotonic() + PATIENCE_SECONDS, time.monotonic()
        awaited = "nothing was looked at"
        while time.monotonic() < until:
            self._revive()
            with suppress(StoreError):
                awaited = self._find_awaited(day)
                if not awaited:
                    break
            if time.monotonic() - stride > STRIDE_SECONDS:
                stride = time.monotonic()
                if self.standin_clock.now() < switches_at(day) + EVENING:
                    self._move(lambda: self.standin_clock.advance_by(STRIDE))
            time.sleep(WATCH_SECONDS)
        if awaited:
            self.figures.late.append(f"{day}: {awaited}")
        self._look_at_documents(day)

    def _find_awaited(self, day: date) -> str:
        """Say what is still to come of a day; nothing when all is done."""
        batches = self.store.ledger.batches_of(day)
        if any(name not in batches or batches[name].state not in SETTLED for name in CATEGORIES):
            return f"batches {[(name, str(batch.state)) for name, batch in batches.items()]}"
        # Documents last: what is done between two of these questions leaves them behind.
        if self.store.figures.count_incomplete():
            return "papers are incomplete"
        if self.store.figures.count_undigested("en", 1000):
            return "papers have no digest"
        if any(figures.behind for figures in self.store.figures.sum_documents()):
            return "documents are behind"
        hub = self.store.subscriptions.sum_up()
        if hub.intents or hub.deliveries or self.store.deliveries.noticed():
            return f"{hub.intents} intents, {hub.deliveries} deliveries"
        return ""

    def _look_at_documents(self, day: date) -> None:
        """See that documents are whole and of the newest day, served by all, and that readers have them."""
        for key in self.store.documents.stamps():
            found = self.store.documents.find(key)
            assert found is not None
            self.figures.documents += 1
            if hashlib.sha256(found.body).hexdigest()[: len(found.etag)] != found.etag:
                self.figures.stale.append(f"{day} {key}: torn")
        for topic, reader in self.readers.items():
            name, _, format_ = topic.rpartition(".")
            document = self.store.documents.find((name, format_, "en"))
            if document is None:
                self.figures.stale.append(f"{day} {topic}: not there")
                continue
            delivered = {entry for delivery in reader.delivered for entry in delivery.entries}
            lacking = list_entries(document.body, format_) - delivered
            if lacking:
                self.figures.undelivered.append(f"{day} {topic}: {sorted(lacking)}")
            self._ask_web(day, topic, document.body)

    def _ask_web(self, day: date, topic: str, body: bytes) -> None:
        """See that each web server serves these very bytes, once it works."""
        for member in self.members:
            if member.role != "web":
                continue
            until, served = time.monotonic() + ENDING_SECONDS, b""
            while served != body and time.monotonic() < until:
                self._revive()
                with suppress(OSError):
                    served = ask(f"http://127.0.0.1:{member.port}/feeds/{topic}")
                if served != body:
                    time.sleep(WATCH_SECONDS)
            if served != body:
                self.figures.stale.append(f"{day} {topic}: web server {member.number} serves something else")

    def end(self) -> None:
        """Tell all processes to stop; each has to do so in good order."""
        for member in self.members:
            assert member.process is not None
            member.process.send_signal(signal.SIGTERM)
        for member in self.members:
            assert member.process is not None
            try:
                status = member.process.wait(ENDING_SECONDS)
            except subprocess.TimeoutExpired:
                status = None
            # One that was only just started may not listen for signals yet.
            if status != 0 and member.ready_file(self.folder).exists():
                self.figures.late.append(f"{member.role} {member.number} ended with {status}")

    def kill_all(self) -> None:
        """End every process, whatever happened."""
        for member in self.members:
            if member.process is not None:
                member.process.kill()
                member.process.wait()

    def judge(self) -> ClusterFigures:
        """Hold the ledger against the truth, documents against the ledger, requests against good manners."""
        figures = self.figures
        compare_ledger(figures.ledger, self.corpus, self.store, CATEGORIES)
        figures.ledger.unsettled = list(find_unsettled(self.corpus, self.store))
        figures.stale += self._find_stale()
        figures.requests = len(self.log.records())
        figures.impolite = list(find_impolite(self.log.records()))
        for topic, reader in self.readers.items():
            figures.deliveries += len(reader.delivered)
            figures.disordered += [f"{topic}: {fault}" for fault in reader.faults]
            reader.faults.clear()
        logs = "".join(path.read_text("utf-8") for path in self.folder.glob("*.log"))
        figures.found_dead = logs.count("taken from dead workers")
        figures.begun_anew = logs.count("begun anew")
        with write_aside(self.store.engine) as connection:
            left = connection.execute(text("SELECT CAST(status AS text) AS status FROM procrastinate_jobs"))
            figures.jobs_left = sum(row.status in ("todo", "doing") for row in left)
        if figures.jobs_left > len(Step):
            figures.late.append(f"{figures.jobs_left} jobs are left of {len(Step)} steps")
        return figures

    def _announces(self, day: date, category: str) -> bool:
        return any(row.kind in (Kind.NEW, Kind.CROSS) for row in self.corpus.page(day, category))

    def _find_stale(self) -> Iterator[str]:
        """Find the documents that building anew changes, and those of categories that lack the newest day."""
        for category in CATEGORIES:
            days = [day for day in self.corpus.pages if self._announces(day, category)]
            document = self.store.documents.find((category, "xml", "en"))
            if days and (document is None or write_moment(max(days)) not in document.body):
                yield f"{category} has nothing of {max(days)}"
        service = make_service(self.plan.settings(), self.clock)
        yield from find_changed(self.store, service.publisher.build_documents)
        service.close()


def run_cluster(folder: Path, seed: int, days: int, kills: int, restarts: int) -> ClusterFigures:
    """Run a campaign; the same seed gives the same papers and the same order of trouble."""
    started = time.monotonic()
    (folder / "feeds").mkdir()
    (folder / "feeds" / "sample-words.toml").write_text(FEED)
    corpus = make_corpus(seed, FIRST_DAY, days, CATEGORIES, PAPERS_A_DAY)
    clock, log = StandinClock(corpus.timeline, time.time), RequestLog()
    clock.move_to(switches_at(FIRST_DAY) - BEFORE_THE_FIRST)
    with ExitStack() as stack:
        url, server = stack.enter_context(open_database())
        standin = stack.enter_context(run_standin(create_standin(corpus, clock, FaultQueue(), log)))
        readers = {topic: stack.enter_context(run_subscriber()) for topic in TOPICS}
        plan = Plan(str(folder), url, standin.url, CATEGORIES)
        (folder / "plan.json").write_text(json.dumps(asdict(plan)))
        store = open_store(url.replace("application_name=cluster", "application_name=campaign"))
        stack.callback(store.close)
        store.migrate()
        prepare_jobs(store)
        members = [Member(number, role, take_port()) for number, role in enumerate(ROLES)]
        cluster = Cluster(plan, corpus, clock, log, store, server, readers, random.Random(seed), members)
        stack.callback(cluster.kill_all)
        cluster.live(kills, restarts)
        cluster.end()
        figures = cluster.judge()
    figures.seconds = round(time.monotonic() - started, 1)
    return figures


def take_port() -> int:
    """Give a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def main() -> None:
    """Run a campaign from the command line; exit with 1 if anything is not as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--days", type=int, default=22, help="days of announcements; 22 are about a month")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--restarts", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="an absent folder to leave the logs in")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="feedsvc-cluster-") as temporary:
        folder = arguments.keep or Path(temporary)
        if arguments.keep:
            folder.mkdir(parents=True)
        figures = run_cluster(folder, arguments.seed, arguments.days, arguments.kills, arguments.restarts)
    figures.print()
    sys.exit(figures.kills < arguments.kills or not figures.is_clean)


if __name__ == "__main__":
    main()
