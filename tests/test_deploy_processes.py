"""The processes and containers of docs/deploy, as far as they run without a platform or an engine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.loopback import Server, write
from tests.test_deploy import DEPLOY
from tests.test_wsgi import ask, free_port

ROOT = DEPLOY.parents[1]
PROCFILES = [ROOT / "Procfile", DEPLOY / "Procfile"]
SERVICES = yaml.safe_load((DEPLOY / "compose.yml").read_text("utf-8"))["services"]
PATIENCE = 30.0


def environment(**more: str) -> dict[str, str]:
    """Give an environment in which `feedsvc` and `python` are the tested ones."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, **more}


def processes(path: Path) -> dict[str, str]:
    """Give the commands of a Procfile by name."""
    return dict(line.split(": ", 1) for line in path.read_text("utf-8").splitlines())


@pytest.mark.parametrize("path", PROCFILES, ids=["on one store", "on several machines"])
def test_a_lasting_process_takes_the_place_of_its_shell(path: Path) -> None:
    lasting = {name: words for name, words in processes(path).items() if name != "release"}

    assert {name for name, words in lasting.items() if not re.search(r"\bexec feedsvc ", words)} == set()


def test_a_platforms_web_process_answers_at_its_port_and_ends_when_told_to(tmp_path: Path) -> None:
    port = free_port()
    store = f"sqlite:///{tmp_path}/store.sqlite3"
    settings = environment(PORT=str(port), FEEDSVC_DATABASE_URL=store)
    server = subprocess.Popen(["sh", "-c", processes(DEPLOY / "Procfile")["web"]], cwd=ROOT, env=settings)
    try:
        status = wait_for(server, port)
    finally:
        server.terminate()
        ended = server.wait(PATIENCE)

    assert (status, ended) == (200, 0)


def wait_for(server: subprocess.Popen[bytes], port: int) -> int:
    """Give the status of a server that starts; 0 where it does not answer."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            return ask(port, "/healthz")[0]
        except OSError:
            time.sleep(0.05)
    return 0


@pytest.mark.parametrize(("status", "healthy"), [("200 OK", True), ("503 Service Unavailable", False)])
def test_a_container_is_healthy_when_the_port_that_is_set_says_it_is_ready(
    status: str, *, healthy: bool
) -> None:
    text = (DEPLOY / "Containerfile").read_text("utf-8")
    check = re.search(r"^HEALTHCHECK .*\\\n +CMD (.+)$", text, re.MULTILINE)
    assert check is not None
    server = Server()
    server.replies = [write(status=status)]
    try:
        settings = environment(FEEDSVC_PORT=str(server.port))
        ended = subprocess.run(["sh", "-c", check[1]], env=settings, capture_output=True, check=False)
    finally:
        server.close()

    assert (ended.returncode == 0) is healthy
    assert server.requests[0].startswith("GET /readyz ")


def test_each_port_of_the_host_leads_to_one_container() -> None:
    # podman takes no range for one port of a container, and gives all replicas the same.
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    ports = [port for found in published.values() for port in found]

    assert all(re.fullmatch(r"\d+:\d+", port) for port in ports)
    assert len({port.split(":")[0] for port in ports}) == len(ports) == 2
    assert all("deploy" not in SERVICES[name] for name in published)


def test_replicas_are_asked_for_in_the_words_that_every_engine_counts() -> None:
    replicated = {name: service["deploy"] for name, service in SERVICES.items() if "deploy" in service}

    # podman-compose passes over a number of replicas whose mode is not said.
    assert replicated == {
        "schedule": {"mode": "replicated", "replicas": 2},
        "worker": {"mode": "replicated", "replicas": 4},
    }


def test_containers_wait_for_the_database_alone() -> None:
    # podman starts nobody who waits for a container that has come to its end.
    assert {
        frozenset((name, wish["condition"]) for name, wish in service["depends_on"].items())
        for name, service in SERVICES.items()
        if name != "db"
    } == {frozenset({("db", "service_healthy")})}


def test_the_database_is_asked_where_only_the_finished_one_answers() -> None:
    assert SERVICES["db"]["healthcheck"]["test"][:4] == ["CMD", "pg_isready", "-h", "127.0.0.1"]
