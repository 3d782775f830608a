"""The stand-in over real HTTP: shapes as recorded, and faults that really hurt."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import feedparser
import pytest
import urllib3
from lxml import etree

from feedsvc.errors import SettingsError
from feedsvc.standin.clock import StandinClock
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.faults import Fault, FaultKind, FaultQueue
from feedsvc.standin.log import RequestLog
from feedsvc.standin.server import RunningStandin, create_standin, open_standin, run_standin
from tests.standin_papers import serving, small_corpus

CORPUS = small_corpus()
SAMPLES = Path("samples/arxiv")


@pytest.fixture(scope="module")
def http() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False) as pool:
        yield pool


@pytest.fixture(scope="module")
def standin() -> Iterator[RunningStandin]:
    """Serve the small corpus on its first day."""
    with serving(CORPUS) as running:
        yield running


def fetch_raw(standin: RunningStandin, path: str) -> bytes:
    """Send a request by hand and read until the server closes."""
    address = urlsplit(standin.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=60) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: standin\r\n\r\n".encode())
        parts = iter(lambda: connection.recv(65536), b"")
        return b"".join(parts)


def outline(element: etree._Element) -> tuple[object, ...]:
    """Give an element's name, attributes and children in order, neighbours of one shape only once."""
    children = [outline(child) for child in element]
    kept = [c for c, before in zip(children, [None, *children], strict=False) if c != before]
    return (element.tag, *sorted(element.attrib), *kept)


def outlines_of(root: etree._Element, tag: str) -> set[tuple[object, ...]]:
    return {outline(element) for element in root.iter(tag)}


def head_of(root: etree._Element, item: str) -> list[tuple[object, ...]]:
    parent = next(root.iter("channel"), root)
    return [outline(child) for child in parent if child.tag != item]


@pytest.mark.parametrize(
    ("path", "item", "folder", "files"),
    [
        ("/rss/cs+math+hep-th", "item", "rss", "gen_rss20_*2011-02-03.xml"),
        ("/atom/cs+math+hep-th", "{http://www.w3.org/2005/Atom}entry", "atom", "gen_atom_*2011-02-03.xml"),
        ("/api/query?search_query=cat:cs.*", "{http://www.w3.org/2005/Atom}entry", "api", "api_2026_*0.xml"),
    ],
)
def test_an_answer_has_the_shape_of_the_recorded_ones(
    path: str,
    item: str,
    folder: str,
    files: str,
    standin: RunningStandin,
    http: urllib3.PoolManager,
    shared: Path,
) -> None:
    """Same namespaces, same head; every item has elements and attributes in an order that was recorded."""
    recorded = [etree.parse(file).getroot() for file in sorted((shared / SAMPLES / folder).glob(files))]
    answer = http.request("GET", standin.url + path)
    root = etree.fromstring(answer.data)
    shapes = set().union(*(outlines_of(r, item) for r in recorded))

    assert answer.status == 200
    assert recorded
    assert all(root.nsmap == r.nsmap for r in recorded)
    assert all(head_of(root, item) == head_of(r, item) for r in recorded)
    assert outlines_of(root, item)
    assert outlines_of(root, item) <= shapes


@pytest.mark.parametrize("path", ["/rss/cs", "/atom/cs.AI+cs.LG", "/api/query?id_list=2601.90001"])
def test_a_feed_reader_reads_what_is_served(
    path: str, standin: RunningStandin, http: urllib3.PoolManager
) -> None:
    answer = http.request("GET", standin.url + path)
    parsed = feedparser.parse(answer.data, response_headers={"content-type": answer.headers["Content-Type"]})

    assert not parsed.bozo
    assert parsed.entries


@pytest.mark.parametrize(
    ("path", "status", "content_type"),
    [
        ("/rss/cs.AI", 200, "application/rss+xml"),
        ("/atom/cs.AI", 200, "application/atom+xml"),
        ("/rss/cs.XX", 400, "application/rss+xml"),
        ("/rss/cs?version=1.0", 400, "application/rss+xml"),
        ("/atom/cs+", 400, "application/atom+xml"),
        ("/atom/stat", 200, "application/atom+xml"),
        ("/api/query?id_list=0000.0000", 200, "application/atom+xml; charset=utf-8"),
        ("/api/query?id_list=abc", 400, "application/atom+xml; charset=utf-8"),
        ("/oai?verb=Identify", 200, "application/xml"),
        ("/oai?verb=Explode", 200, "application/xml"),
        ("/oai2?verb=Identify", 404, "text/html; charset=utf-8"),
    ],
)
def test_status_and_content_type(
    path: str, status: int, content_type: str, standin: RunningStandin, http: urllib3.PoolManager
) -> None:
    answer = http.request("GET", standin.url + path)

    assert (answer.status, answer.headers["Content-Type"]) == (status, content_type)


def test_the_clock_steps_and_the_listing_with_it(http: urllib3.PoolManager) -> None:
    with serving(CORPUS) as standin:
        shown = []
        for _ in range(4):
            parsed = feedparser.parse(http.request("GET", f"{standin.url}/atom/cs").data)
            shown.append([entry.id[-3:] for entry in parsed.entries])
            http.request("POST", f"{standin.url}/control/advance")

    assert shown == [["1v1", "2v1", "3v1", "5v1"], ["2v2"], ["6v1"], []]


def test_a_repeated_day_is_served_again_under_its_own_date(http: urllib3.PoolManager) -> None:
    first = CORPUS.timeline[0]
    twice = Corpus(
        CORPUS.papers, (first, type(first)(first.at + timedelta(hours=1), first.day)), CORPUS.pages
    )
    with serving(twice) as standin:
        before = http.request("GET", f"{standin.url}/rss/cs.AI").data
        http.request("POST", f"{standin.url}/control/advance")
        after = http.request("GET", f"{standin.url}/rss/cs.AI").data

    assert before != after
    assert before.replace(b"05:00:00 +0000", b"06:00:00 +0000") == after


@pytest.mark.parametrize(
    ("kind", "status"),
    [(FaultKind.UNAVAILABLE, 503), (FaultKind.TOO_MANY, 429), (FaultKind.NOT_ACCEPTABLE, 406)],
)
def test_a_refusal_says_when_to_come_back_and_ends(
    kind: FaultKind, status: int, http: urllib3.PoolManager
) -> None:
    with serving(CORPUS, Fault(kind, seconds=7)) as standin:
        refused, answered = (http.request("GET", f"{standin.url}/rss/cs.AI") for _ in range(2))

    assert (refused.status, refused.headers["Retry-After"]) == (status, "7")
    assert answered.status == 200


def test_a_refusal_need_not_say_when_to_come_back(http: urllib3.PoolManager) -> None:
    with serving(CORPUS, Fault(FaultKind.TOO_MANY)) as standin:
        assert "Retry-After" not in http.request("GET", f"{standin.url}/rss/cs.AI").headers


def test_an_html_page_comes_with_status_200(http: urllib3.PoolManager) -> None:
    with serving(CORPUS, Fault(FaultKind.HTML_PAGE)) as standin:
        answer = http.request("GET", f"{standin.url}/rss/cs.AI")

    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert answer.data.startswith(b"<!DOCTYPE html>")


def test_a_cut_off_answer_is_short_but_not_shorter_than_it_says(http: urllib3.PoolManager) -> None:
    with serving(CORPUS, Fault(FaultKind.CUT_OFF)) as standin:
        cut, whole = (http.request("GET", f"{standin.url}/rss/cs.AI").data for _ in range(2))

    assert cut == whole[: len(whole) // 2]
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(cut)


def test_a_truncated_answer_is_shorter_than_it_says(http: urllib3.PoolManager) -> None:
    with serving(CORPUS, Fault(FaultKind.TRUNCATED, count=2)) as standin:
        head, _, body = fetch_raw(standin, "/rss/cs.AI").partition(b"\r\n\r\n")
        with pytest.raises(urllib3.exceptions.ProtocolError, match="IncompleteRead"):
            http.request("GET", f"{standin.url}/rss/cs.AI")
        whole = http.request("GET", f"{standin.url}/rss/cs.AI").data

    assert f"Content-Length: {len(whole)}".encode() in head
    assert body == whole[: len(whole) // 2]


def test_a_reset_connection_is_reset_without_a_byte(http: urllib3.PoolManager) -> None:
    with serving(CORPUS, Fault(FaultKind.RESET, count=2)) as standin:
        with pytest.raises(ConnectionResetError):
            fetch_raw(standin, "/rss/cs.AI")
        with pytest.raises(urllib3.exceptions.ProtocolError, match="reset"):
            http.request("GET", f"{standin.url}/rss/cs.AI")
        assert http.request("GET", f"{standin.url}/rss/cs.AI").status == 200


def test_a_connection_is_reset_in_the_middle_of_an_answer(http: urllib3.PoolManager) -> None:
    with serving(CORPUS, Fault(FaultKind.BROKEN_OFF)) as standin:
        answer = http.request("GET", f"{standin.url}/rss/cs.AI", preload_content=False)
        with pytest.raises(urllib3.exceptions.ProtocolError, match=r"reset|IncompleteRead"):
            answer.read()
        whole = http.request("GET", f"{standin.url}/rss/cs.AI")

    assert answer.status == whole.status == 200
    assert answer.headers["Content-Length"] == str(len(whole.data))


def test_a_hanging_answer_waits(http: urllib3.PoolManager) -> None:
    with serving(CORPUS, Fault(FaultKind.HANG, seconds=0.5, count=2)) as standin:
        started = time.monotonic()
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            http.request("GET", f"{standin.url}/rss/cs.AI", timeout=0.1)
        answer = http.request("GET", f"{standin.url}/rss/cs.AI", timeout=60)
        took = time.monotonic() - started

    assert answer.status == 200
    assert took >= 0.6


def test_an_empty_page_is_a_good_feed_of_the_day_without_items(http: urllib3.PoolManager) -> None:
    with serving(CORPUS, Fault(FaultKind.EMPTY_PAGE, count=2)) as standin:
        listing = feedparser.parse(http.request("GET", f"{standin.url}/rss/cs.AI").data)
        answer = feedparser.parse(http.request("GET", f"{standin.url}/api/query?search_query=cat:cs.AI").data)

    assert (listing.feed.published, listing.entries) == ("Mon, 05 Jan 2026 00:00:00 -0500", [])
    assert (answer.feed.opensearch_totalresults, answer.entries) == ("2", [])


def test_a_stale_batch_has_the_old_items_under_the_new_date(http: urllib3.PoolManager) -> None:
    clock = StandinClock(CORPUS.timeline)
    clock.advance()
    with serving(CORPUS, Fault(FaultKind.STALE_BATCH), clock=clock) as standin:
        stale, right = (
            feedparser.parse(http.request("GET", f"{standin.url}/rss/cs.AI").data) for _ in range(2)
        )

    assert [entry.id[-3:] for entry in stale.entries] == ["1v1", "2v1"]
    assert {entry.published for entry in stale.entries} == {"Tue, 06 Jan 2026 00:00:00 -0500"}
    assert [entry.id[-3:] for entry in right.entries] == ["2v2"]


def test_a_fault_of_one_category_spares_the_others(http: urllib3.PoolManager) -> None:
    with serving(CORPUS, Fault(FaultKind.UNAVAILABLE, category="cs.AI", count=2)) as standin:
        paths = ["/rss/cs.LG", "/rss/cs.LG+cs.AI", "/api/query?search_query=(cat:cs.AI)", "/rss/cs.AI"]
        statuses = [http.request("GET", standin.url + path).status for path in paths]

    assert statuses == [200, 503, 503, 200]


def test_what_hangs_waits_by_the_sleep_handed_in() -> None:
    slept: list[float] = []
    clock = StandinClock(CORPUS.timeline)
    faults = FaultQueue([Fault(FaultKind.HANG, seconds=3600)])
    app = create_standin(CORPUS, clock, faults, RequestLog(), sleep=slept.append)

    assert app.test_client().get("/rss/cs.AI").status_code == 200
    assert slept == [3600]


def test_a_closed_stand_in_frees_its_port() -> None:
    with serving(CORPUS) as standin:
        port = urlsplit(standin.url).port or 0
    standin.wait()

    with socket.create_server(("127.0.0.1", port)):
        pass


def test_a_port_in_use_is_refused_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        app = create_standin(CORPUS, StandinClock(CORPUS.timeline), FaultQueue(), RequestLog())
        with pytest.raises(SettingsError, match=rf"cannot listen on '127\.0\.0\.1' port {port}"):
            run_standin(app, port=port)


def test_the_bundled_sample_is_served_on_loopback_by_default(http: urllib3.PoolManager) -> None:
    with open_standin() as standin:
        listing = feedparser.parse(http.request("GET", f"{standin.url}/atom/cs").data)

    assert standin.url.startswith("http://127.0.0.1:")
    assert not listing.bozo
    assert len(listing.entries) >= 5


def test_a_corpus_handed_in_is_served_with_the_page_size_asked_for(http: urllib3.PoolManager) -> None:
    with open_standin(corpus=CORPUS, ticking=False, page_size=3) as standin:
        page = http.request("GET", f"{standin.url}/oai?verb=ListIdentifiers&metadataPrefix=arXiv").data

    assert page.count(b"<header>") == 3
    assert b"resumptionToken" in page


def test_a_real_crawl_is_served(http: urllib3.PoolManager, shared: Path) -> None:
    with open_standin(shared / "data" / "arxiv_days", ticking=False) as standin:
        kinds = []
        for _ in range(7):
            parsed = feedparser.parse(http.request("GET", f"{standin.url}/atom/cs.SE").data)
            kinds.append((parsed.entries[0].published[:10], len(parsed.entries)))
            http.request("POST", f"{standin.url}/control/advance")

    friday = ("2026-01-09", 26)
    assert kinds == [
        ("2026-01-07", 27),
        ("2026-01-08", 28),
        *[friday] * 3,
        ("2026-01-12", 31),
        ("2026-01-13", 54),
    ]
