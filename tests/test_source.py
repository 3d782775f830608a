"""arXiv as a source, played by a server on loopback that answers with files and worse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import HttpUrl

from feedsvc.arxiv.source import ArxivSource, open_client
from feedsvc.errors import BrokenAnswer, ErrorAnswer, InvalidIdError, SettingsError, UpstreamError
from feedsvc.http import IntervalPace, Outcome
from feedsvc.settings import ArxivSettings
from tests.loopback import FakeClock, Server, write

DATA = Path(__file__).parent / "data"


def read(case: str) -> bytes:
    return (DATA / f"{case}.xml").read_bytes()


def make_page(*ids: str, total: int | None = None) -> bytes:
    entries = "".join(
        f"<entry><id>http://arxiv.org/abs/{id_}</id><title>On {id_}</title><category term='cs.AI'/></entry>"
        for id_ in ids
    )
    return f"""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:o="http://a9.com/-/spec/opensearch/1.1/">
    <o:totalResults>{len(ids) if total is None else total}</o:totalResults><o:startIndex>0</o:startIndex>
    <o:itemsPerPage>100</o:itemsPerPage>{entries}</feed>""".encode()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def settings(server: Server) -> ArxivSettings:
    return ArxivSettings(
        feed_url=HttpUrl(f"{server.url}/"),
        api_url=HttpUrl(f"{server.url}/api/query"),
        contact="mailto:me@example.org",
        timeout_seconds=30,
        attempts=3,
    )


@pytest.fixture
def outcomes() -> list[Outcome]:
    return []


@pytest.fixture
def source(settings: ArxivSettings, outcomes: list[Outcome]) -> Iterator[ArxivSource]:
    clock = FakeClock()
    with open_client(settings, IntervalPace(0, clock), clock, "1.2.3", outcomes.append) as client:
        yield ArxivSource(client, settings)


def asked(server: Server) -> list[str]:
    return [head.split(" ")[1] for head in server.requests]


def asked_ids(server: Server) -> list[list[str]]:
    return [parse_qs(urlsplit(path).query)["id_list"][0].split(",") for path in asked(server)]


def test_a_listing_is_asked_for_by_its_category(server: Server, source: ArxivSource) -> None:
    server.replies = [write(read("listing/rss_day"))]

    listing = source.fetch_listing("cs.NA")

    assert asked(server) == ["/rss/cs.NA"]
    assert [item.paper.id for item in listing.items] == ["2601.90001", "math/9901001"]


def test_archives_can_be_asked_for_together_in_any_order(server: Server, source: ArxivSource) -> None:
    server.replies = [write(read("listing/rss_archives_joined"))]

    assert source.fetch_listing("hep-ph+hep-th").place == "hep-th+hep-ph"
    assert asked(server) == ["/rss/hep-ph+hep-th"]


def test_a_category_may_answer_under_its_other_name(server: Server, source: ArxivSource) -> None:
    server.replies = [write(read("listing/rss_day"))]

    assert source.fetch_listing("math.NA").place == "cs.NA"


def test_the_service_says_who_it_is(server: Server, source: ArxivSource) -> None:
    server.replies = [write(read("listing/rss_day"))]
    source.fetch_listing("cs.NA")

    assert "User-Agent: feedsvc/1.2.3 (+mailto:me@example.org)\r\n" in server.requests[0]
    assert "Accept: application/atom+xml, application/rss+xml," in server.requests[0]


def test_without_a_contact_the_name_stands_alone(server: Server) -> None:
    settings = ArxivSettings(feed_url=HttpUrl(server.url))
    clock = FakeClock()
    server.replies = [write(read("listing/rss_day"))]
    with open_client(settings, IntervalPace(0, clock), clock, "1.2.3") as client:
        ArxivSource(client, settings).fetch_listing("cs.NA")

    assert "User-Agent: feedsvc/1.2.3\r\n" in server.requests[0]


def test_a_contact_that_is_no_header_text_is_refused(settings: ArxivSettings) -> None:
    clock = FakeClock()
    wrong = settings.model_copy(update={"contact": "me\r\nX-Evil: yes"})

    with pytest.raises(SettingsError, match="User-Agent"):
        open_client(wrong, IntervalPace(0, clock), clock, "1")


def test_a_listing_of_another_category_is_asked_again_then_refused(
    server: Server, source: ArxivSource
) -> None:
    server.replies = [write(read("listing/rss_day"))]

    with pytest.raises(BrokenAnswer, match=r"cs\.NA.*'cs\.AI'"):
        source.fetch_listing("cs.AI")
    assert len(server.requests) == 3


@pytest.mark.parametrize("case", ["rss_truncated", "web_page", "entity_bomb", "rdf_retired"])
def test_a_broken_listing_is_asked_again(server: Server, source: ArxivSource, case: str) -> None:
    server.replies = [write(read(f"listing/{case}")), write(read("listing/rss_day"))]

    assert len(source.fetch_listing("cs.NA").items) == 2


def test_a_listing_that_stays_broken_names_its_address(server: Server, source: ArxivSource) -> None:
    server.replies = [write(read("listing/rss_truncated"))]

    with pytest.raises(BrokenAnswer, match=r"/rss/cs\.NA: 2243 bytes are not one whole XML document"):
        source.fetch_listing("cs.NA")


def test_an_error_told_with_status_400_is_not_asked_again(server: Server, source: ArxivSource) -> None:
    server.replies = [write(read("listing/rss_error"), "400 Bad Request")]

    with pytest.raises(ErrorAnswer, match=r"^Bad subject class 'QQ'"):
        source.fetch_listing("cs.QQ")
    assert len(server.requests) == 1


@pytest.mark.parametrize("case", ["web_page", "rss_day"])
def test_another_status_is_a_refusal_whatever_comes_with_it(
    server: Server, source: ArxivSource, case: str
) -> None:
    server.replies = [write(read(f"listing/{case}"), "403 Forbidden")]

    with pytest.raises(UpstreamError, match="HTTP 403"):
        source.fetch_listing("cs.NA")
    assert len(server.requests) == 1


def test_every_request_reaches_the_observer(
    server: Server, source: ArxivSource, outcomes: list[Outcome]
) -> None:
    server.replies = [write(status="503 Wait"), write(read("listing/rss_day"))]
    source.fetch_listing("cs.NA")

    assert [(outcome.attempt, outcome.status) for outcome in outcomes] == [(1, 503), (2, 200)]


def test_papers_are_asked_for_with_their_versions(server: Server, source: ArxivSource) -> None:
    server.replies = [write(read("api/page"))]

    papers = source.fetch_papers(["2601.90001v1", "math/9901001v3"])

    assert asked(server) == ["/api/query?id_list=2601.90001v1,math/9901001v3&start=0&max_results=2"]
    assert [(paper.id, paper.version, paper.complete) for paper in papers] == [
        ("2601.90001", 1, True),
        ("math/9901001", 3, True),
    ]


def test_papers_are_asked_for_a_hundred_at_a_time_and_once_each(server: Server, source: ArxivSource) -> None:
    ids = [f"2601.{number:05d}v1" for number in range(1, 231)]
    server.replies = [write(make_page(*ids[start : start + 100])) for start in (0, 100, 200)]

    papers = source.fetch_papers([*ids, *ids[:50]])

    assert [f"{paper.id}v{paper.version}" for paper in papers] == ids
    assert [len(batch) for batch in asked_ids(server)] == [100, 100, 30]


def test_for_no_papers_nothing_is_asked(server: Server, source: ArxivSource) -> None:
    assert source.fetch_papers([]) == ()
    assert server.requests == []


def test_a_wrong_identifier_is_refused_before_anything_is_asked(server: Server, source: ArxivSource) -> None:
    with pytest.raises(InvalidIdError):
        source.fetch_papers(["2601.90001v1", "cs.AI"])
    assert server.requests == []


def test_papers_that_arxiv_does_not_know_are_absent(server: Server, source: ArxivSource) -> None:
    server.replies = [write(make_page("2601.00002v1"))]

    assert [paper.id for paper in source.fetch_papers(["2601.00001v1", "2601.00002v1"])] == ["2601.00002"]


def test_an_answer_that_knows_none_of_the_papers_is_empty(server: Server, source: ArxivSource) -> None:
    server.replies = [write(read("api/empty"))]

    assert source.fetch_papers(["2601.00001v1"]) == ()
    assert len(server.requests) == 1


def test_an_empty_page_that_claims_papers_is_asked_again(server: Server, source: ArxivSource) -> None:
    server.replies = [write(make_page(total=1)), write(make_page("2601.00001v1"))]

    assert [paper.id for paper in source.fetch_papers(["2601.00001v1"])] == ["2601.00001"]


def test_a_page_that_stays_empty_is_broken(server: Server, source: ArxivSource) -> None:
    server.replies = [write(make_page(total=7))]

    with pytest.raises(BrokenAnswer, match="claims 7 papers"):
        source.fetch_papers(["2601.00001v1"])


def test_papers_that_nobody_asked_for_are_left_out(server: Server, source: ArxivSource) -> None:
    server.replies = [write(make_page("2601.00001v1", "2601.00009v1"))]

    assert [paper.id for paper in source.fetch_papers(["2601.00001v1"])] == ["2601.00001"]


def test_a_page_of_other_papers_alone_is_broken(server: Server, source: ArxivSource) -> None:
    server.replies = [write(make_page("2601.00009v1"))]

    with pytest.raises(BrokenAnswer, match=r"2601\.00009"):
        source.fetch_papers(["2601.00001v1"])


def test_an_error_of_the_api_is_told(server: Server, source: ArxivSource) -> None:
    server.replies = [write(read("api/error"), "400 Bad Request")]

    with pytest.raises(ErrorAnswer, match="incorrect id format for xyz"):
        source.fetch_papers(["2601.00001v1"])
