"""The examples of docs/deploy: they name nothing that is not there, and nginx takes its own."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from feedsvc.cli import main
from feedsvc.mirror import write_mirror
from feedsvc.service import make_service
from feedsvc.settings import Settings, load_settings
from tests.test_docs import variables
from tests.test_wsgi import ask, free_port
from tests.web_house import StoppedClock, open_house

DEPLOY = Path(__file__).resolve().parents[1] / "docs" / "deploy"
FILES = sorted(path for path in DEPLOY.iterdir() if path.is_file())
UNITS = sorted(DEPLOY.glob("*.service"))
KNOWN = set(variables(Settings, "FEEDSVC_"))
PATIENCE = 20.0


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_an_example_names_only_settings_that_there_are(path: Path) -> None:
    named = set(re.findall(r"FEEDSVC_[A-Z_]*[A-Z]", path.read_text("utf-8")))

    assert named <= KNOWN


@pytest.mark.parametrize("path", [p for p in FILES if p.name != "README.md"], ids=lambda path: path.name)
def test_an_example_stands_in_the_list(path: Path) -> None:
    assert f"[`{path.name}`]({path.name})" in (DEPLOY / "README.md").read_text("utf-8")


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_a_command_that_there_is(path: Path) -> None:
    commands = re.findall(r"^ExecStart=\S+/(\S+) (\S+)", path.read_text("utf-8"), re.MULTILINE)

    assert commands
    assert all(program == "granian" or words in main.commands for program, words in commands)


def test_the_container_runs_a_command_that_there_is() -> None:
    found = re.search(
        r'^CMD \["feedsvc", "(\w+)"\]', (DEPLOY / "Containerfile").read_text("utf-8"), re.MULTILINE
    )

    assert found is not None
    assert found[1] in main.commands


def test_the_platforms_processes_are_commands_that_there_are() -> None:
    lines = (DEPLOY / "Procfile").read_text("utf-8").splitlines()
    commands = {line.split(": ")[0]: line.partition("feedsvc ")[2].split()[0] for line in lines}

    assert commands == {"release": "migrate", "web": "web", "schedule": "schedule", "worker": "worker"}
    assert set(commands.values()) <= set(main.commands)


def test_the_containers_are_well_formed_and_run_commands_that_there_are() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yml").read_text("utf-8"))["services"]
    run = {name: service["command"] for name, service in services.items() if "command" in service}

    assert {words[0] for words in run.values()} == {"feedsvc"}
    assert {words[1] for words in run.values()} == {"web", "schedule", "worker"}
    # Whoever has a part in the work has the same settings.
    assert len({str(services[name]["environment"]) for name in run}) == 1


def test_the_workflow_is_well_formed_and_runs_commands_that_there_are() -> None:
    workflow = yaml.safe_load((DEPLOY / "pages.yml").read_text("utf-8"))
    steps = workflow["jobs"]["publish"]["steps"]
    lines = [line.split() for step in steps for line in step.get("run", "").splitlines()]
    commands = [words[1] for words in lines if words[0] == "feedsvc"]

    assert commands == ["run", "build"]
    assert set(commands) <= set(main.commands)
    # YAML takes the word `on` for true.
    assert [each["cron"].split()[-1] for each in workflow[True]["schedule"]] == ["1-5"] * 3


@pytest.mark.parametrize("name", ["pages.yml", "feedsvc-site.service"])
def test_feeds_that_are_only_files_name_no_hub(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = re.search(r"FEEDSVC_HUB__MODE[:=] *\"?(\w+)", (DEPLOY / name).read_text("utf-8"))
    assert found is not None
    monkeypatch.setenv("FEEDSVC_HUB__MODE", found[1])

    assert load_settings().hub_urls == ()


def wrap(folder: Path, name: str, port: int) -> Path:
    """Write a configuration of nginx's around an example, with everything it writes below a folder."""
    example = (DEPLOY / name).read_text("utf-8").replace("listen 80;", f"listen 127.0.0.1:{port};")
    example = example.replace("/var/lib/feedsvc/site", f"{folder}/site")
    example = example.replace("/var/cache/nginx/feedsvc", f"{folder}/cache")
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    path = folder / "nginx.conf"
    path.write_text(
        f"{'user root; ' if os.getuid() == 0 else ''}daemon off; pid {folder}/nginx.pid; error_log stderr;\n"
        f"events {{ }}\nhttp {{ access_log off; {temporary}\n"
        f"types {{ text/html html; text/css css; application/json json; }}\n"
        f"{example}\n}}\n",
        "utf-8",
    )
    return path


@pytest.fixture
def nginx() -> str:
    """Give the program; skip where it is not installed."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        pytest.skip("nginx is not installed")
    return program


@contextmanager
def serve(program: str, configuration: Path, port: int) -> Iterator[None]:
    """Run nginx while the context lasts."""
    server = subprocess.Popen([program, "-c", str(configuration), "-e", "stderr"])
    try:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            try:
                ask(port, "/")
                break
            except OSError:
                time.sleep(0.02)
        yield
    finally:
        server.terminate()
        server.wait(PATIENCE)


@pytest.mark.parametrize("name", ["nginx-static.conf", "nginx-proxy.conf"])
def test_nginx_takes_an_example(nginx: str, tmp_path: Path, name: str) -> None:
    configuration = wrap(tmp_path, name, free_port())
    tested = subprocess.run(
        [nginx, "-t", "-c", str(configuration), "-e", "stderr"], capture_output=True, text=True, check=False
    )

    assert tested.returncode == 0, tested.stderr
    assert "[warn]" not in tested.stderr


def test_nginx_sends_the_static_site_under_the_same_addresses(nginx: str, tmp_path: Path) -> None:
    port = free_port()
    with open_house(tmp_path, categories="cs.AI", languages="en") as house:
        service = make_service(house.settings, StoppedClock())
        write_mirror(service, tmp_path / "site")
        client = service.app.test_client(use_cookies=False)
        with serve(nginx, wrap(tmp_path, "nginx-static.conf", port), port):
            for path in ("/feeds/cs.AI.xml", "/feeds/cs.AI.rss", "/feeds/cs.AI.json", "/subscriptions.opml"):
                ours, (status, headers, body) = client.get(path), ask(port, path)
                assert (status, body) == (200, ours.data)
                assert headers["content-type"].partition(";")[0] == ours.mimetype
            packed = ask(port, "/feeds/cs.AI.xml", **{"Accept-Encoding": "gzip"})
            held = ask(port, "/feeds/cs.AI.xml", **{"If-Modified-Since": packed[1]["last-modified"]})
            page, missing = ask(port, "/feeds/cs.AI"), ask(port, "/feeds/none.xml")
        service.close()

    assert packed[1]["content-encoding"] == "gzip"
    assert b"<feed" in gzip.decompress(packed[2])
    assert (held[0], page[0], missing[0]) == (304, 200, 404)
    assert "There is nothing at this address" in missing[2].decode()
    assert packed[1]["cache-control"] == "max-age=900"
