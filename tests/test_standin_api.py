"""The query API, compared byte for byte with recorded answers."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedsvc.paper import ArxivId, Author, Kind, Paper
from feedsvc.standin.api import MAX_PAGE, answer_api
from feedsvc.standin.corpus import Moment
from feedsvc.standin.markup import ARXIV, ATOM, OPENSEARCH
from tests.standin_papers import (
    MONDAY,
    NOON,
    TUESDAY,
    WEDNESDAY,
    corpus_of,
    moment_on,
    plain_paper,
    small_corpus,
)

CORPUS = small_corpus()
API = Path("samples/arxiv/api")


def ask(day: date = WEDNESDAY, /, **parameters: str) -> etree._Element:
    answer = answer_api(parameters, moment_on(CORPUS, day))
    assert answer.status == 200
    return etree.fromstring(answer.body)


def ids_in(feed: etree._Element) -> list[str]:
    return [
        str(e.text).removeprefix("http://arxiv.org/abs/2601.9000")
        for e in feed.iterfind(f"{{{ATOM}}}entry/{{{ATOM}}}id")
    ]


def totals_in(feed: etree._Element) -> dict[str, int]:
    names = ("itemsPerPage", "totalResults", "startIndex")
    return {name: int(feed.findtext(f"{{{OPENSEARCH}}}{name}") or -1) for name in names}


def error_of(**parameters: str) -> str:
    answer = answer_api(parameters, moment_on(CORPUS, WEDNESDAY))
    entry = etree.fromstring(answer.body).find(f"{{{ATOM}}}entry")
    assert answer.status == 400
    assert entry is not None
    assert entry.findtext(f"{{{ATOM}}}title") == "Error"
    return entry.findtext(f"{{{ATOM}}}summary") or ""


def test_a_bad_identifier_gives_the_recorded_bytes(shared: Path) -> None:
    moment = moment_on(CORPUS, WEDNESDAY, datetime(2026, 4, 12, 22, 59, 6, tzinfo=UTC))
    answer = answer_api({"id_list": "abc", "max_results": "100"}, moment)

    assert answer.body == (shared / API / "api_2026_error_bad_id.xml").read_bytes()
    assert answer.status == 400


@pytest.mark.parametrize(
    ("file", "parameters", "now"),
    [
        (
            "api_2026_id_unknown_empty.xml",
            {"id_list": "0000.0000", "max_results": "100"},
            "2026-04-12T22:09:26",
        ),
        ("api_2026_id_new_style.xml", {"id_list": "1707.08567", "max_results": "100"}, "2026-04-12T22:10:26"),
        (
            "api_2026_id_old_style.xml",
            {"id_list": "astro-ph/0601001", "max_results": "100"},
            "2026-05-11T23:51:23",
        ),
        (
            "api_2026_id_partly_unknown.xml",
            {"id_list": "0808.05394,1707.08567", "max_results": "100"},
            "2026-04-12T22:09:36",
        ),
        ("api_2025-11_empty_hyphen_title.xml", {"search_query": "ti:Conv-Linformer"}, "2025-11-23T06:57:02"),
    ],
)
def test_papers_read_from_a_recorded_answer_give_the_recorded_bytes(
    file: str, parameters: dict[str, str], now: str, shared: Path
) -> None:
    """All but the feed's id, a digest of the query that arXiv does not explain."""
    recorded = (shared / API / file).read_bytes()
    answer = answer_recorded(recorded, parameters, datetime.fromisoformat(now).replace(tzinfo=UTC))

    assert strip_id(answer) == strip_id(recorded)


@pytest.mark.parametrize(
    "file", ["api_2026_search_100.xml", "api_2026-06_math.NT_or_AG.xml", "api_2025-11_all.xml"]
)
def test_entries_read_from_a_recorded_answer_have_the_recorded_bytes(file: str, shared: Path) -> None:
    recorded = (shared / API / file).read_bytes()
    found = answer_recorded(recorded, {"search_query": "cat:*", "max_results": "100"}, NOON)

    assert sorted(split_entries(found)) == sorted(split_entries(recorded))


@pytest.mark.parametrize(
    ("file", "parameters"),
    [
        ("api_2025-11_search_combined.xml", {"search_query": "all:Linformer AND all:Convolution"}),
        ("api_2026-06_math.NT_or_AG.xml", {"search_query": "cat:math.NT OR cat:math.AG", "max_results": "5"}),
        ("api_2026_page_start40.xml", {"search_query": "testing", "start": "40"}),
    ],
)
def test_a_search_is_echoed_as_recorded(file: str, parameters: dict[str, str], shared: Path) -> None:
    recorded = etree.parse(shared / API / file)
    found = ask(**parameters)
    link, recorded_link = found.find(f"{{{ATOM}}}link"), recorded.find(f"{{{ATOM}}}link")

    assert found.findtext(f"{{{ATOM}}}title") == recorded.findtext(f"{{{ATOM}}}title")
    assert link is not None
    assert recorded_link is not None
    assert dict(link.attrib) == dict(recorded_link.attrib)


def answer_recorded(recorded: bytes, parameters: dict[str, str], now: datetime) -> bytes:
    papers = [read_entry(e) for e in etree.fromstring(recorded).iter(f"{{{ATOM}}}entry")]
    corpus = corpus_of(MONDAY, {"cs.AI": [(paper, Kind.NEW) for paper in papers]})
    return answer_api(parameters, Moment(corpus, now, MONDAY, MONDAY)).body


def read_entry(entry: etree._Element) -> Paper:
    named = ArxivId.parse(entry.findtext(f"{{{ATOM}}}id") or "")
    authors = entry.iterfind(f"{{{ATOM}}}author")
    return Paper(
        id=named.paper,
        version=named.version or 1,
        title=entry.findtext(f"{{{ATOM}}}title") or "",
        abstract=entry.findtext(f"{{{ATOM}}}summary") or "",
        authors=tuple(
            Author(
                a.findtext(f"{{{ATOM}}}name") or "",
                tuple(str(e.text) for e in a.iterfind(f"{{{ARXIV}}}affiliation")),
            )
            for a in authors
        ),
        categories=tuple(c.get("term", "") for c in entry.iterfind(f"{{{ATOM}}}category")),
        comments=entry.findtext(f"{{{ARXIV}}}comment"),
        doi=entry.findtext(f"{{{ARXIV}}}doi"),
        journal_ref=entry.findtext(f"{{{ARXIV}}}journal_ref"),
        submitted=read_time(entry.findtext(f"{{{ATOM}}}published")),
        revised=read_time(entry.findtext(f"{{{ATOM}}}updated")),
        complete=True,
    )


def read_time(text: str | None) -> datetime:
    return datetime.strptime(text or "", "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def split_entries(content: bytes) -> list[bytes]:
    return re.findall(rb"<entry>.*?</entry>", content, re.DOTALL)


def strip_id(content: bytes) -> bytes:
    return re.sub(rb"<id>https://arxiv.org/api/\S+</id>", b"", content)


def test_a_paper_is_given_in_the_version_asked_for() -> None:
    assert ids_in(ask(id_list="2601.90002v1")) == ["2v1"]
    assert ids_in(ask(id_list="2601.90002v2")) == ["2v2"]


def test_without_a_version_the_newest_announced_one_is_given() -> None:
    assert ids_in(ask(MONDAY, id_list="2601.90002")) == ["2v1"]
    assert ids_in(ask(TUESDAY, id_list="2601.90002")) == ["2v2"]


def test_what_is_not_announced_yet_is_not_there() -> None:
    assert ids_in(ask(MONDAY, id_list="2601.90004,2601.90001,2601.90002v2")) == ["1v1"]


def test_an_id_list_is_answered_in_its_order_and_each_paper_once() -> None:
    assert ids_in(ask(id_list="2601.90003,2601.90001,2601.90003")) == ["3v1", "1v1"]


def test_a_search_narrows_an_id_list() -> None:
    assert ids_in(ask(id_list="2601.90001,2601.90002", search_query="cat:cs.AI AND ti:learning")) == ["2v2"]


def test_papers_are_sorted_by_submission_or_last_update() -> None:
    by_submission = {"search_query": "cat:cs.*", "sortBy": "submittedDate"}

    assert ids_in(ask(**by_submission)) == ["6v1", "5v1", "3v1", "2v2", "1v1"]
    assert ids_in(ask(**by_submission, sortOrder="ascending")) == ["1v1", "2v2", "3v1", "5v1", "6v1"]
    assert ids_in(ask(search_query="cat:cs.*", sortBy="lastUpdatedDate"))[0] == "2v2"


def test_a_page_is_a_window_and_totals_count_all() -> None:
    feed = ask(search_query="all:number", start="1", max_results="2", sortBy="submittedDate")

    assert ids_in(feed) == ["5v1", "4v1"]
    assert totals_in(feed) == {"itemsPerPage": 2, "totalResults": 6, "startIndex": 1}


def test_ten_papers_are_given_where_no_number_is_asked_for() -> None:
    papers = [(plain_paper(f"2601.{number:05}"), Kind.NEW) for number in range(1, 31)]
    moment = moment_on(corpus_of(MONDAY, {"cs.AI": papers}), MONDAY)
    feed = etree.fromstring(answer_api({"search_query": "cat:cs.AI"}, moment).body)

    assert len(ids_in(feed)) == 10
    assert totals_in(feed)["totalResults"] == 30


def test_an_empty_page_may_claim_more() -> None:
    answer = answer_api({"search_query": "cat:cs.AI"}, Moment(CORPUS, NOON, WEDNESDAY, None))
    feed = etree.fromstring(answer.body)

    assert ids_in(feed) == []
    assert totals_in(feed)["totalResults"] == 3


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"id_list": "2601.90001,abc"}, "incorrect id format for abc"),
        ({"id_list": "arXiv:2601.90001"}, "incorrect id format for arXiv:2601.90001"),
        ({"id_list": "2601.90001", "start": "x"}, "start must be an integer"),
        ({"id_list": "2601.90001", "start": "-1"}, "start must be non-negative"),
        ({"id_list": "2601.90001", "max_results": "1.5"}, "max_results must be an integer"),
        ({"id_list": "2601.90001", "max_results": "-2"}, "max_results must be non-negative"),
        ({"id_list": "2601.90001", "max_results": "2001"}, f"max_results must be at most {MAX_PAGE}"),
        (
            {"search_query": "a", "start": "29000", "max_results": "1001"},
            "start plus max_results must be at most 30000",
        ),
        (
            {"search_query": "a", "sortBy": "date"},
            "sortBy must be in: relevance, lastUpdatedDate, submittedDate",
        ),
        ({"search_query": "a", "sortOrder": "down"}, "sortOrder must be in: descending, ascending"),
        ({"search_query": "(a"}, "unbalanced parenthesis in search_query"),
        ({}, "search_query or id_list must be given"),
    ],
)
def test_what_cannot_be_answered_gives_an_error_entry(parameters: dict[str, str], message: str) -> None:
    assert error_of(**parameters) == message


def test_names_are_unicode_one_by_one_with_each_affiliation() -> None:
    author = ask(id_list="2601.90004").find(f".//{{{ATOM}}}author")

    assert author is not None
    assert [(etree.QName(e).localname, e.text) for e in author] == [
        ("name", "Łucja Törngren"),
        ("affiliation", "Here, There"),
        ("affiliation", "Elsewhere"),
    ]


def test_a_feed_reader_finds_nothing_wrong() -> None:
    parsed = feedparser.parse(answer_api({"search_query": "cat:cs.*"}, moment_on(CORPUS, WEDNESDAY)).body)

    assert not parsed.bozo
    assert parsed.feed.opensearch_totalresults == "5"
    assert parsed.entries[2].arxiv_doi == "10.1/x"
    assert parsed.entries[2].arxiv_primary_category["term"] == "math.NA"


@given(
    st.dictionaries(
        st.sampled_from(["search_query", "id_list", "start", "max_results", "sortBy", "sortOrder"]),
        st.text(max_size=20),
    )
)
def test_any_parameters_get_a_well_formed_answer(parameters: dict[str, str]) -> None:
    answer = answer_api(parameters, moment_on(CORPUS, WEDNESDAY))

    assert answer.status in {200, 400}
    assert etree.QName(etree.fromstring(answer.body)).localname == "feed"
