"""The whole service as files: the same bytes, only what changed, nothing half-written, nothing left over."""

from __future__ import annotations

import functools
import gzip
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import urlopen

import brotli
import pytest
from flask.testing import FlaskClient

from feedsvc.errors import MirrorError, StoreError
from feedsvc.mirror import MANIFEST, Mirrored, describe_mirrored, list_feeds, name_file, write_mirror
from feedsvc.service import Service, make_service
from feedsvc.web.delivery import DATED_AFTER
from tests.web_house import BROWSER, NOON, StoppedClock, announce, make_paper, open_house

# Without the pages, whose templates take longer to read than all else takes.
FEEDS = (list_feeds,)
ENVIRON = {"feedsvc.is_static": True}


@contextmanager
def open_service(folder: Path, languages: str) -> Iterator[Service]:
    with open_house(folder, categories="cs.AI,hep-th", languages=languages) as house:
        opened = make_service(house.settings, StoppedClock(NOON + DATED_AFTER))
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Path]]:
    """Give a service and the folder of all its files, to be read only."""
    folder = tmp_path_factory.mktemp("whole")
    with open_service(folder, "en,zh") as service:
        write_mirror(service, folder / "site")
        yield service, folder / "site"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Give a service that a test may change."""
    with open_service(tmp_path, "en") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "site"


def read_all(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Give what every file holds, and when it was written."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_ino) for path in files}


class QuietHandler(SimpleHTTPRequestHandler):
    """Sends files and says nothing of it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve_files(folder: Path) -> Iterator[str]:
    """Serve a folder by Python's own web server."""
    handler = functools.partial(QuietHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def client_of(service: Service) -> FlaskClient:
    return service.app.test_client(use_cookies=False)


def test_every_feed_is_written_in_every_format_and_language(whole: tuple[Service, Path]) -> None:
    service, folder = whole

    for path in list_feeds(service):
        answer = client_of(service).get(path, environ_overrides=ENVIRON)
        if answer.status_code == 200:
            assert (folder / name_file(path)).read_bytes() == answer.data, path
    for name in (
        "feeds/cs.AI/index.html",
        "feeds/cs.AI.xml",
        "feeds/cs.rss",
        "feeds/random-walks.json",
        "feeds/zh/hep-th.xml",
    ):
        assert (folder / name).exists()


def test_the_last_days_of_every_feed_are_written_as_archives_and_digests(whole: tuple[Service, Path]) -> None:
    service, folder = whole
    day = service.store.ledger.newest_day()
    assert day is not None

    for name in (
        f"cs.AI/{day}.xml",
        f"cs.AI/{day}.md",
        f"zh/cs/{day}.json",
        "daily/cs.xml",
    ):
        answer = client_of(service).get(f"/feeds/{name}")
        assert (folder / "feeds" / name).read_bytes() == answer.data, name


def test_whatever_documents_link_to_is_written(whole: tuple[Service, Path]) -> None:
    """Archives before the oldest that is written aside, of which the house has none."""
    service, folder = whole
    day = service.store.ledger.newest_day()
    link = re.compile(rf"{re.escape(service.settings.base)}(/[^\s\"<>&\]#)]*)")

    for name in ("cs.AI.xml", "zh/cs.AI.rss", "daily/cs.AI.xml", "zh/daily/cs.json", f"cs.AI/{day}.md"):
        text = (folder / "feeds" / name).read_text("utf-8").replace("\\/", "/")
        paths = {path for path in link.findall(text) if not path.startswith("/hub")}
        assert paths, name
        assert {path for path in paths if not (folder / name_file(path)).is_file()} == set(), name


@pytest.mark.parametrize("path", ["/", "/subscriptions.opml", "/subscriptions.json", "/static/site.css"])
def test_the_index_and_what_it_needs_are_written(whole: tuple[Service, Path], path: str) -> None:
    service, folder = whole
    answer = client_of(service).get(path, environ_overrides=ENVIRON, buffered=True)

    assert (folder / name_file(path)).read_bytes() == answer.data


def test_every_file_has_packed_siblings_that_hold_the_same(whole: tuple[Service, Path]) -> None:
    _service, folder = whole
    plain = [path for path in folder.rglob("*") if path.is_file() and path.suffix not in (".gz", ".br")]

    for path in plain:
        if path.name != MANIFEST:
            assert gzip.decompress(path.with_name(f"{path.name}.gz").read_bytes()) == path.read_bytes()
            assert brotli.decompress(path.with_name(f"{path.name}.br").read_bytes()) == path.read_bytes()


def test_a_file_is_as_old_as_its_content(whole: tuple[Service, Path]) -> None:
    _service, folder = whole

    for suffix in ("", ".gz", ".br"):
        assert (folder / f"feeds/cs.AI.xml{suffix}").stat().st_mtime == NOON.timestamp()


def test_a_second_time_no_file_is_touched(service: Service, folder: Path) -> None:
    first = write_mirror(service, folder, FEEDS)
    former = read_all(folder)
    second = write_mirror(service, folder, FEEDS)

    assert read_all(folder) == former
    assert second == Mirrored(same=first.written)


def test_only_what_changed_is_written(service: Service, folder: Path) -> None:
    write_mirror(service, folder, FEEDS)
    former = read_all(folder)
    announce(service.store, "hep-th", make_paper(9, "Knots without strings", "hep-th"))
    service.publisher.build_documents()
    other = make_service(service.settings, StoppedClock())
    write_mirror(other, folder, FEEDS)
    other.close()
    found = read_all(folder)

    changed = {name for name in found if found[name] != former.get(name) and name.endswith(".xml")}
    assert changed == {"feeds/hep-th.xml"}


def test_a_file_that_was_cut_short_is_written_again(service: Service, folder: Path) -> None:
    write_mirror(service, folder, FEEDS)
    former = (folder / "feeds/cs.AI.xml.gz").read_bytes()
    (folder / "feeds/cs.AI.xml.gz").write_bytes(former[:20])
    (folder / "feeds/hep-th.json").unlink()
    mirrored = write_mirror(service, folder, FEEDS)

    assert mirrored.written == 2
    assert (folder / "feeds/cs.AI.xml.gz").read_bytes() == former
    assert (folder / "feeds/hep-th.json").exists()


def test_what_is_no_more_is_removed_and_nobody_elses_files(service: Service, folder: Path) -> None:
    write_mirror(service, folder, (*FEEDS, lambda _: ["/feeds/keyword/walk.xml"]))
    (folder / "feeds/keyword/mine.xml").write_text("mine", "utf-8")
    (folder / "CNAME").write_text("feeds.example.org", "utf-8")
    mirrored = write_mirror(service, folder, FEEDS)

    assert mirrored.removed == 1
    assert [path.name for path in (folder / "feeds/keyword").iterdir()] == ["mine.xml"]
    assert (folder / "CNAME").exists()


def test_a_folder_that_becomes_empty_goes(service: Service, folder: Path) -> None:
    write_mirror(service, folder, (*FEEDS, lambda _: ["/feeds/keyword/walk.xml"]))
    write_mirror(service, folder, FEEDS)

    assert not (folder / "feeds/keyword").exists()


def test_an_address_with_an_error_keeps_its_files(
    service: Service, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_mirror(service, folder, FEEDS)
    former = read_all(folder)

    def fail(*_: object) -> None:
        raise StoreError("gone")

    other = make_service(service.settings, StoppedClock())
    monkeypatch.setattr(other.store.documents, "find", fail)
    mirrored = write_mirror(other, folder, FEEDS)
    other.close()

    assert mirrored.refused > 0
    assert {name: found for name, found in read_all(folder).items() if "feeds/" in name} == {
        name: found for name, found in former.items() if "feeds/" in name
    }


def test_what_a_killed_run_left_is_cleared_away(service: Service, folder: Path) -> None:
    write_mirror(service, folder, FEEDS)
    (folder / "feeds/cs.AI.xml.feedsvc-part").write_bytes(b"half")
    write_mirror(service, folder, FEEDS)

    assert not list(folder.rglob("*.feedsvc-part"))


@pytest.mark.parametrize("text", ["", "[]", '{"feeds/cs.AI.xml": 3}', "\x00"])
def test_a_broken_manifest_only_costs_time(service: Service, folder: Path, text: str) -> None:
    first = write_mirror(service, folder, FEEDS)
    (folder / MANIFEST).write_text(text, "utf-8")

    assert write_mirror(service, folder, FEEDS) == first
    assert "feeds/cs.AI.xml" in json.loads((folder / MANIFEST).read_text("utf-8"))


def test_a_page_that_only_leads_elsewhere_is_a_page_that_does(service: Service, folder: Path) -> None:
    def lead(_: Service) -> list[str]:
        return ["/feeds/CS.AI.xml"]

    write_mirror(service, folder, (lead,))

    assert 'content="0; url=/feeds/cs.AI.xml"' in (folder / "feeds/CS.AI.xml").read_text("utf-8")


def test_a_static_index_shows_nothing_that_needs_a_server(whole: tuple[Service, Path]) -> None:
    service, folder = whole
    page = (folder / "index.html").read_text("utf-8")

    assert "<form" not in page
    assert "/like" not in page
    assert "<form" in client_of(service).get("/", headers=BROWSER).text


def test_a_folder_that_cannot_be_written_is_said_so(service: Service, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", "utf-8")

    with pytest.raises(MirrorError, match="expected a folder"):
        write_mirror(service, tmp_path / "file" / "site")


def test_a_plain_web_server_sends_the_same_addresses(whole: tuple[Service, Path]) -> None:
    _service, folder = whole
    with serve_files(folder) as base:
        for path in ("/", "/feeds/cs.AI.xml", "/feeds/zh/cs.json", "/subscriptions.opml", "/feeds/cs.AI"):
            with urlopen(f"{base}{path}") as answer:
                assert answer.read() == (folder / name_file(path)).read_bytes()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "index.html"),
        ("/feeds/cs.AI.xml", "feeds/cs.AI.xml"),
        ("/feeds/cs.AI", "feeds/cs.AI/index.html"),
        ("/feeds/cs.AI/2026-01-14.xml", "feeds/cs.AI/2026-01-14.xml"),
        ("/feeds/keyword/%E7%A5%9E.xml", "feeds/keyword/神.xml"),
        ("/status", "status/index.html"),
    ],
)
def test_a_path_is_a_file_or_the_index_of_a_folder(path: str, name: str) -> None:
    assert name_file(path) == name


def test_no_path_leads_out_of_the_folder() -> None:
    with pytest.raises(ValueError, match="leads out"):
        name_file("/feeds/%2E%2E/%2E%2E/etc.xml")


def test_what_was_done_is_said_in_a_line() -> None:
    assert describe_mirrored(Mirrored(1, 2)) == "wrote     1 file, 2 as before"
    assert describe_mirrored(Mirrored(2, 0, 3, 4)) == "wrote     2 files, 0 as before, 3 removed, 4 refused"


def test_no_page_offers_what_needs_a_server(whole: tuple[Service, Path]) -> None:
    service, folder = whole
    day = service.store.ledger.newest_day()
    pages = ("index.html", "feeds/cs.AI/index.html", "feeds/zh/cs.AI/index.html")
    for name in (*pages, f"feeds/cs.AI/{day}/index.html"):
        text = (folder / name).read_text("utf-8")
        assert "<form" not in text, name
        assert not re.findall(r'href="/(?:search|basket|like|papers)|href="/[^"#]*\?', text), name
