"""Faults of listings and of OAI-PMH, met over real HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from urllib.parse import quote

import feedparser
import pytest
import urllib3
from lxml import etree

from feedsvc.standin.clock import StandinClock
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.faults import Fault, FaultKind, FaultQueue
from feedsvc.standin.log import RequestLog
from feedsvc.standin.markup import OAI
from feedsvc.standin.server import RunningStandin, create_standin, run_standin
from feedsvc.standin.synthetic import make_corpus
from tests.standin_papers import TUESDAY, WEDNESDAY, small_corpus

CORPUS = small_corpus()


@pytest.fixture(scope="module")
def http() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False) as pool:
        yield pool


@contextmanager
def serving_on(
    day: date, *faults: Fault, corpus: Corpus = CORPUS, page_size: int = 2
) -> Iterator[RunningStandin]:
    """Serve a corpus at a day's step, with short pages."""
    clock = StandinClock(corpus.timeline)
    clock.move_to(next(step.at for step in corpus.timeline if step.day == day))
    app = create_standin(corpus, clock, FaultQueue(faults), RequestLog(), page_size=page_size)
    with run_standin(app) as standin:
        yield standin


def show(http: urllib3.PoolManager, standin: RunningStandin, path: str = "/rss/cs") -> tuple[str, str]:
    """Give a listing's date and the last digits of its papers."""
    parsed = feedparser.parse(http.request("GET", standin.url + path).data)
    assert not parsed.bozo
    published = parsed.feed.get("published") or parsed.entries[0].published
    return published, "".join(entry.link[-1] for entry in parsed.entries)


def harvest(http: urllib3.PoolManager, standin: RunningStandin, token: str = "") -> etree._Element:
    query = f"resumptionToken={quote(token)}" if token else "metadataPrefix=arXiv"
    answer = http.request("GET", f"{standin.url}/oai?verb=ListRecords&{query}")
    assert answer.status == 200
    return etree.fromstring(answer.data)


def ids_in(root: etree._Element) -> str:
    return "".join(str(e.text)[-1] for e in root.iter(f"{{{OAI}}}identifier"))


def token_in(root: etree._Element) -> str:
    return root.findtext(f".//{{{OAI}}}resumptionToken") or ""


def test_a_late_batch_is_the_day_before_for_so_many_requests(http: urllib3.PoolManager) -> None:
    with serving_on(TUESDAY, Fault(FaultKind.LATE_BATCH, count=2)) as standin:
        shown = [show(http, standin) for _ in range(3)]

    monday = ("Mon, 05 Jan 2026 00:00:00 -0500", "1235")
    assert shown == [monday, monday, ("Tue, 06 Jan 2026 00:00:00 -0500", "2")]


def test_missing_rows_leave_a_good_listing_with_some_of_its_items(http: urllib3.PoolManager) -> None:
    corpus = make_corpus(1, date(2026, 1, 5), 1, ["cs.AI"], 60)
    fault = Fault(FaultKind.MISSING_ROWS, share=0.8)
    with serving_on(date(2026, 1, 5), fault, corpus=corpus) as standin:
        (some_date, some), (full_date, full) = (show(http, standin, "/rss/cs.AI") for _ in range(2))

    assert some_date == full_date
    assert len(some) == round(len(full) * 0.2) > 5


def test_a_duplicated_listing_has_every_item_twice(http: urllib3.PoolManager) -> None:
    with serving_on(CORPUS.timeline[0].day, Fault(FaultKind.DUPLICATED)) as standin:
        assert [show(http, standin)[1] for _ in range(2)] == ["11223355", "1235"]


@pytest.mark.parametrize(
    ("day", "path", "shown"),
    [
        (date(1970, 1, 1), "/rss/cs", "Thu, 01 Jan 1970 00:00:00 -0500"),
        (date(2099, 12, 31), "/rss/cs", "Thu, 31 Dec 2099 00:00:00 -0500"),
        (date(2099, 12, 31), "/atom/cs", "2099-12-31T00:00:00-05:00"),
    ],
)
def test_an_absurd_date_comes_with_the_right_items(
    day: date, path: str, shown: str, http: urllib3.PoolManager
) -> None:
    with serving_on(WEDNESDAY, Fault(FaultKind.ABSURD_DATE, day=day)) as standin:
        assert show(http, standin, path) == (shown, "6")
        assert show(http, standin, path)[0] != shown


def test_a_dribble_takes_its_time_and_gives_the_whole_answer(http: urllib3.PoolManager) -> None:
    """No single silence is as long as the client's patience; only the whole takes long."""
    with serving_on(TUESDAY, Fault(FaultKind.DRIBBLE, seconds=0.03)) as standin:
        began = time.monotonic()
        slow = http.request("GET", f"{standin.url}/atom/cs", timeout=60)
        took = time.monotonic() - began
        quick = http.request("GET", f"{standin.url}/atom/cs", timeout=60)

    assert slow.data == quick.data
    assert took >= 0.03 * 15
    assert int(slow.headers["Content-Length"]) == len(slow.data)


def test_a_dribble_waits_by_the_sleep_handed_in_and_is_bounded() -> None:
    slept: list[float] = []
    clock, faults = StandinClock(CORPUS.timeline), FaultQueue([Fault(FaultKind.DRIBBLE, seconds=600)])
    app = create_standin(CORPUS, clock, faults, RequestLog(), sleep=slept.append)

    assert app.test_client().get("/rss/cs.AI").data.endswith(b"</rss>\n")
    assert set(slept) == {600}
    assert len(slept) <= 19


def test_a_harvest_goes_page_by_page_over_http(http: urllib3.PoolManager) -> None:
    with serving_on(WEDNESDAY) as standin:
        found, token = "", ""
        while not found or token:
            page = harvest(http, standin, token)
            found, token = found + ids_in(page), token_in(page)

    assert found == "132456"


def test_a_request_may_come_by_post(http: urllib3.PoolManager) -> None:
    fields = {"verb": "ListRecords", "metadataPrefix": "arXiv", "set": "physics:hep-th"}
    with serving_on(WEDNESDAY) as standin:
        answer = http.request("POST", f"{standin.url}/oai", fields=fields, encode_multipart=False)

    assert ids_in(etree.fromstring(answer.data)) == "4"


def test_a_token_is_refused_once_although_it_is_good(http: urllib3.PoolManager) -> None:
    with serving_on(WEDNESDAY, Fault(FaultKind.TOKEN_EXPIRED, path="/oai")) as standin:
        token = token_in(harvest(http, standin))
        refused, taken = harvest(http, standin, token), harvest(http, standin, token)
    error = refused.find(f"{{{OAI}}}error")

    assert error is not None
    assert error.get("code") == "badResumptionToken"
    assert ids_in(taken) == "24"


def test_tokens_expire_at_midnight_utc_of_the_stand_ins_clock(http: urllib3.PoolManager) -> None:
    with serving_on(WEDNESDAY) as standin:
        token = token_in(harvest(http, standin))
        http.request("POST", f"{standin.url}/control/clock", json={"now": "2026-01-07T23:59:59Z"})
        taken = harvest(http, standin, token)
        http.request("POST", f"{standin.url}/control/clock", json={"seconds": 1})
        refused = harvest(http, standin, token)

    assert ids_in(taken) == "24"
    assert refused.find(f"{{{OAI}}}error") is not None


def test_a_page_comes_again_and_the_harvest_still_ends(http: urllib3.PoolManager) -> None:
    with serving_on(WEDNESDAY, Fault(FaultKind.PAGE_REPEATED, count=1)) as standin:
        pages, token = [harvest(http, standin)], ""
        while token := token_in(pages[-1]):
            pages.append(harvest(http, standin, token))

    assert [ids_in(page) for page in pages] == ["13", "13", "24", "56"]


def test_the_last_page_leads_to_an_empty_one(http: urllib3.PoolManager) -> None:
    with serving_on(WEDNESDAY, Fault(FaultKind.EMPTY_LAST_PAGE)) as standin:
        pages, token = [harvest(http, standin)], ""
        while token := token_in(pages[-1]):
            pages.append(harvest(http, standin, token))

    assert [ids_in(page) for page in pages] == ["13", "24", "56", ""]
    assert pages[-1].find(f"{{{OAI}}}error") is None


def test_a_fault_of_one_set_spares_the_others(http: urllib3.PoolManager) -> None:
    with serving_on(WEDNESDAY, Fault(FaultKind.UNAVAILABLE, path="/oai", category="cs.AI")) as standin:
        base = f"{standin.url}/oai?verb=ListRecords&metadataPrefix=arXiv"
        sets = ("cs:cs:LG", "cs:cs:AI", "cs:cs:AI")
        statuses = [http.request("GET", f"{base}&set={spec}").status for spec in sets]

    assert statuses == [200, 503, 200]


@pytest.mark.parametrize("kind", [FaultKind.HTML_PAGE, FaultKind.CUT_OFF, FaultKind.UNAVAILABLE])
def test_oai_pmh_fails_like_the_rest(kind: FaultKind, http: urllib3.PoolManager) -> None:
    with serving_on(WEDNESDAY, Fault(kind, path="/oai", seconds=7)) as standin:
        answer = http.request("GET", f"{standin.url}/oai?verb=Identify")
        assert http.request("GET", f"{standin.url}/oai?verb=Identify").data.endswith(b"</OAI-PMH>\n")

    assert not answer.data.endswith(b"</OAI-PMH>\n")
    assert answer.status == (503 if kind is FaultKind.UNAVAILABLE else 200)
    assert answer.headers.get("Retry-After") == ("7" if kind is FaultKind.UNAVAILABLE else None)


def test_a_truncated_harvest_is_shorter_than_it_says(http: urllib3.PoolManager) -> None:
    with (
        serving_on(WEDNESDAY, Fault(FaultKind.TRUNCATED, path="/oai")) as standin,
        pytest.raises(urllib3.exceptions.ProtocolError, match="IncompleteRead"),
    ):
        harvest(http, standin)


def test_another_process_can_live_through_days(http: urllib3.PoolManager) -> None:
    """Listings switch at midnight Eastern, OAI-PMH tells of the next day from eight in the evening on."""
    corpus = make_corpus(3, date(2026, 1, 8), 2, ["cs.AI"], 8)
    moments = [
        datetime.fromisoformat(f"2026-01-{text}-05:00")
        for text in ("08T19:59:59", "08T20:00:00", "08T23:59:59", "09T00:00:00", "10T12:00:00")
    ]
    with serving_on(date(2026, 1, 8), corpus=corpus, page_size=100) as standin:
        seen = []
        for moment in moments:
            http.request("POST", f"{standin.url}/control/clock", json={"now": moment.isoformat()})
            dates = {e.text for e in harvest(http, standin).iter(f"{{{OAI}}}datestamp")}
            published, items = show(http, standin, "/rss/cs.AI")
            seen.append((published[:11], bool(items), max(str(text) for text in dates)))

    assert seen == [
        ("Thu, 08 Jan", True, "2026-01-08"),
        ("Thu, 08 Jan", True, "2026-01-09"),
        ("Thu, 08 Jan", True, "2026-01-09"),
        ("Fri, 09 Jan", True, "2026-01-09"),
        ("Sat, 10 Jan", False, "2026-01-09"),
    ]
    assert moments[1] - moments[0] == timedelta(seconds=1)
