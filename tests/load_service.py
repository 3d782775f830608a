"""The processes of a service under load: a worker, a web server, a cache before it; and what they hold."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from urllib.error import URLError
from urllib.parse import urlencode

from benchmarks.memory import list_descendants, read_resident
from benchmarks.serving import free_port
from tests.load_worker import choose_categories

ROOT = Path(__file__).resolve().parents[1]
PROXY = ROOT / "docs" / "deploy" / "nginx-proxy.conf"
BASE = "https://feeds.example.org"
START_SECONDS = 900.0
STOP_SECONDS = 60.0
# As docs/deploy/feedsvc-worker.service has it: building waits for the web server, not the other way round.
NICE = ("nice", "-n", "10")


@dataclass(frozen=True, slots=True)
class Size:
    """How large a service is: days that arXiv announces, categories, new papers a day, web processes."""

    days: int
    categories: int
    papers: int
    processes: int
    is_cached: bool = False


@dataclass
class LoadedService:
    """A running service: where readers ask, its arXiv, its days, and its processes by what they do.

    `origin` is the port behind the cache, if there is one. `built`: the days that are, but the first.
    """

    port: int
    origin: int
    standin: str
    days: dict[str, str]
    processes: dict[str, int]
    started: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    memory: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    built: set[str] = field(default_factory=set)

    def announce(self, day: str) -> None:
        """Have arXiv announce a day."""
        body = json.dumps({"now": self.days[day]}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.standin}/control/clock", body, headers, method="POST")
        urllib.request.urlopen(request, timeout=30).close()

    def fetch(self, path: str) -> bytes:
        """Give what is served, plain, from behind any cache."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.origin}{path}", timeout=30) as answer:
            return bytes(answer.read())

    def note_memory(self, now: float) -> None:
        """Read what each process holds, in MB, and note which have ended.

        Those that were started here stay in the list of processes until somebody asks after them.
        """
        self.ended |= {name for name, process in self.started.items() if process.poll() is not None}
        for name, process in self.processes.items():
            if name in self.ended:
                continue
            try:
                held = read_resident(process)
            except OSError:
                self.ended.add(name)
            else:
                self.memory.setdefault(name, []).append((now, held))

    def subscribe(self, path: str, callback: str, secret: str) -> None:
        """Ask the hub for a subscription."""
        asked = {"hub.mode": "subscribe", "hub.topic": f"{BASE}{path}", "hub.callback": callback}
        body = urlencode({**asked, "hub.secret": secret}).encode()
        urllib.request.urlopen(f"http://127.0.0.1:{self.origin}/hub", body, timeout=30).close()


@contextlib.contextmanager
def run_service(folder: Path, database: str, size: Size) -> Iterator[LoadedService]:
    """Run a service on an empty database until the context ends; its first day is built by then."""
    values = {
        # All readers come from one address.
        "LIMITS__QUERIES_PER_MINUTE": "0",
        "DATABASE_URL": database,
        "BASE_URL": BASE,
        "FEEDS_DIR": str(ROOT / "feeds"),
        "CATEGORIES": ",".join(choose_categories(size.categories)),
        "LOG_LEVEL": "ERROR",
        "HUB__LOOPBACK": "true",
        "HUB__PORTS": "",
    }
    environment = os.environ | {f"FEEDSVC_{name}": value for name, value in values.items()}
    with contextlib.ExitStack() as stack:
        arguments = [str(number) for number in (size.days, size.categories, size.papers)]
        worker = stack.enter_context(
            _run([*NICE, sys.executable, "-m", "tests.load_worker", *arguments], environment)
        )
        told = json.loads(_read_line(worker))
        port = origin = free_port()
        web = stack.enter_context(_run(_write_web(origin, size.processes), environment))
        wait_for(origin, web)
        processes = {"worker": worker.pid, "web": web.pid}
        processes |= {f"web {n}": pid for n, pid in enumerate(sorted(list_descendants(web.pid)), 1)}
        if size.is_cached:
            port = free_port()
            proxy = stack.enter_context(_run(_write_proxy(folder, port, origin), environment))
            wait_for(port, proxy)
        started = {"worker": worker, "web": web}
        service = LoadedService(port, origin, told["standin"], told["days"], processes, started)
        Thread(target=_note_days, args=(worker, service.built), daemon=True).start()
        yield service


def _write_web(port: int, processes: int) -> list[str]:
    """Give the command of docs/deploy/feedsvc-web.service, on another port."""
    options = ["--interface", "wsgi", "--factory", "--host", "127.0.0.1", "--port", str(port)]
    options += ["--workers", str(processes), "--blocking-threads", "8", "--log-level", "warning"]
    return [sys.executable, "-m", "granian", *options, "feedsvc.wsgi:make_app"]


def _write_proxy(folder: Path, port: int, upstream: int) -> list[str]:
    """Write nginx's configuration around docs/deploy/nginx-proxy.conf, on other ports; give its command."""
    text = PROXY.read_text("utf-8")
    for old, new in (
        ("/var/cache/nginx/feedsvc", f"{folder}/cache"),
        ("server 127.0.0.1:8080;", f"server 127.0.0.1:{upstream};"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
    ):
        if old not in text:
            raise ValueError(f"{PROXY.name}: expected {old!r}")
        text = text.replace(old, new)
    scratch = " ".join(
        f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path = folder / "nginx.conf"
    path.write_text(
        f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr error;\n"
        f"events {{ worker_connections 1024; }}\nhttp {{ access_log off; {scratch}\n{text}\n}}\n",
        "utf-8",
    )
    folder.chmod(0o755)
    return ["nginx", "-c", str(path), "-e", "stderr"]


@contextlib.contextmanager
def _run(command: list[str], environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command, env=dict(environment), stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise RuntimeError(f"{process.args!r} ended with {process.wait()}")
    return line


def _note_days(worker: subprocess.Popen[str], built: set[str]) -> None:
    """Note each day that a worker tells to be built, until it ends."""
    assert worker.stdout is not None
    for line in worker.stdout:
        built.add(json.loads(line))


def wait_for(port: int, process: subprocess.Popen[str]) -> None:
    """Wait until a server answers. Raises RuntimeError if its process ends before."""
    last = time.monotonic() + START_SECONDS
    while time.monotonic() < last and process.poll() is None:
        with contextlib.suppress(URLError, OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} does not answer")
