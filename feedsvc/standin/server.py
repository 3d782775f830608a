"""The stand-in as a Flask app, and the server it runs on: arXiv in a box, on loopback by default."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from flask import Flask, Response, request
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from feedsvc.errors import SettingsError
from feedsvc.standin.api import answer_api
from feedsvc.standin.clock import StandinClock
from feedsvc.standin.connections import find_connection, shall_reset
from feedsvc.standin.control import CONTROL, create_control
from feedsvc.standin.corpus import Corpus, Moment
from feedsvc.standin.crawl import load_crawl
from feedsvc.standin.faults import Fault, FaultKind, FaultQueue, Trait, spoil_moment, write_refusal
from feedsvc.standin.feeds import Format, answer_listing
from feedsvc.standin.log import FAULT, Recorder, RequestLog
from feedsvc.standin.markup import Answer
from feedsvc.standin.oai import PAGE_SIZE, Repository, answer_oai, describe_request, name_categories
from feedsvc.standin.present import move_corpus
from feedsvc.standin.sample import load_sample
from feedsvc.standin.sending import Sleep, hang, send_answer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

POLL_SECONDS = 0.02
CLOSE_SECONDS = 5.0

Answering = Callable[[Moment, Fault | None], Answer]


def read_wall() -> datetime:
    """Give the real time, in UTC, for the log."""
    return datetime.now(UTC)


def create_standin(
    corpus: Corpus,
    clock: StandinClock,
    faults: FaultQueue,
    log: RequestLog,
    wall: Callable[[], datetime] = read_wall,
    sleep: Sleep = time.sleep,
    page_size: int = PAGE_SIZE,
) -> Flask:
    """Make the app: `/rss/…`, `/atom/…`, `/api/query`, `/oai` as arXiv's hosts have them, and `/control`.

    `wall` gives the real instants of the log; `sleep` is what `hang` and `dribble` wait by; `page_size` is
    how many records OAI-PMH gives at a time.
    """
    app = _RecordedFlask(Recorder(log, wall, clock.now, CONTROL))
    app.register_blueprint(create_control(clock, faults, log))
    desk = _Desk(corpus, clock, faults, sleep)
    _add_listings(app, desk)
    _add_harvest(app, desk, Repository(corpus, page_size))
    return app


class _RecordedFlask(Flask):
    """An app whose requests are recorded where they come in and their answers go out."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__(__name__, static_folder=None)
        self._recorder = recorder

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return self._recorder.pass_on(super().wsgi_app, environ, start_response)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Answers requests, each under the fault that it meets."""

    corpus: Corpus
    clock: StandinClock
    faults: FaultQueue
    sleep: Sleep

    def serve(
        self, categories: Collection[str], answer: Answering, traits: AbstractSet[Trait] = frozenset()
    ) -> Response:
        """Answer the current request, which asks for these categories and is like this."""
        fault = self.faults.take(request.path, categories, traits)
        request.environ[FAULT] = fault.kind if fault else None
        connection = find_connection(request.environ)
        if fault and fault.kind is FaultKind.HANG:
            hang(fault.seconds, connection, self.sleep)
        now = self.clock.now()
        day = self.clock.day_at(now)
        moment = spoil_moment(Moment(self.corpus, now, day, day), fault)
        found = write_refusal(fault) or answer(moment, fault)
        return send_answer(found, fault, connection, self.sleep)


def _add_listings(app: Flask, desk: _Desk) -> None:
    @app.get("/rss/<query>", defaults={"form": "rss"})
    @app.get("/atom/<query>", defaults={"form": "atom"})
    def show_listing(form: Format, query: str) -> Response:
        version = request.args.get("version", "")
        return desk.serve(
            query.split("+"), lambda moment, fault: answer_listing(form, query, moment, version, fault)
        )

    @app.get("/api/query")
    def query_api() -> Response:
        search = request.args.get("search_query", "")
        words = search.replace("(", " ").replace(")", " ").split()
        categories = [word.removeprefix("cat:") for word in words]
        return desk.serve(categories, lambda moment, fault: answer_api(request.args, moment))


def _add_harvest(app: Flask, desk: _Desk, repository: Repository) -> None:
    @app.route("/oai", methods=["GET", "POST"])
    def harvest() -> Response:
        given = request.args if request.method == "GET" else request.form
        arguments = list(given.items(multi=True))
        return desk.serve(
            name_categories(arguments),
            lambda moment, fault: answer_oai(
                arguments, repository, moment.now, fault.kind if fault else None
            ),
            describe_request(arguments, repository, desk.clock.now()),
        )


class _Handler(WSGIRequestHandler):
    # The last byte of an answer is sent by itself and must not wait for the client to confirm the others.
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Keep standard error quiet: the request log is at `/control/requests`."""

    def connection_dropped(self, error: BaseException, environ: dict[str, Any] | None = None) -> None:
        """Wait for no further request on a connection that shall be reset."""
        self.close_connection = True


class _Server(ThreadedWSGIServer):
    def shutdown_request(self, request: Any) -> None:
        """Close a connection; one that shall be reset without the farewell that TCP sends otherwise."""
        if shall_reset(request):
            self.close_request(request)
        else:
            super().shutdown_request(request)


@dataclass(frozen=True, slots=True)
class RunningStandin:
    """A stand-in that answers at `url` until it is closed."""

    url: str
    _server: ThreadedWSGIServer
    _thread: threading.Thread

    def wait(self) -> None:
        """Wait until it is closed."""
        self._thread.join()

    def close(self) -> None:
        """Stop answering and free the port."""
        self._server.shutdown()
        self._thread.join(CLOSE_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def run_standin(app: Flask, host: str = "127.0.0.1", port: int = 0) -> RunningStandin:
    """Serve the app from its own threads; port 0 takes a free one. Raises SettingsError if it is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise SettingsError(f"cannot listen on {host!r} port {port}: {error.strerror}") from error
    with listener:
        server = _Server(host, listener.getsockname()[1], app, _Handler, fd=listener.fileno())
    thread = threading.Thread(target=server.serve_forever, args=(POLL_SECONDS,), daemon=True, name="standin")
    thread.start()
    place = f"[{host}]" if ":" in host else host
    return RunningStandin(f"http://{place}:{server.port}", server, thread)


def open_standin(
    papers: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    ticking: bool = True,
    corpus: Corpus | None = None,
    page_size: int = PAGE_SIZE,
    now: datetime | None = None,
) -> RunningStandin:
    """Serve a corpus, else a folder of crawled pages, else the bundled sample.

    The clock starts at the first step and ticks from there on, unless it is told to stand still. With `now`
    the corpus is moved into that week, and the clock starts at this instant.
    """
    corpus = corpus or (load_crawl(papers) if papers else load_sample())
    corpus = corpus if now is None else move_corpus(corpus, now)
    clock = StandinClock(corpus.timeline, time.monotonic) if ticking else StandinClock(corpus.timeline)
    if now is not None:
        clock.move_to(now)
    app = create_standin(corpus, clock, FaultQueue(), RequestLog(), page_size=page_size)
    return run_standin(app, host, port)
