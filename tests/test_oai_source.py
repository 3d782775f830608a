"""OAI-PMH as a source, played by a server on loopback and by the stand-in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import HttpUrl

from feedsvc.arxiv.oai import OaiPage, parse_oai
from feedsvc.arxiv.oai_source import OaiSource, merge_pages, set_for
from feedsvc.arxiv.source import open_client
from feedsvc.errors import BrokenAnswer, ErrorAnswer, TokenExpired, UpstreamError
from feedsvc.http import IntervalPace
from feedsvc.settings import ArxivSettings
from feedsvc.standin.clock import StandinClock
from feedsvc.standin.faults import Fault, FaultKind, FaultQueue
from feedsvc.standin.log import RequestLog
from feedsvc.standin.server import create_standin, run_standin
from feedsvc.taxonomy import load_taxonomy
from tests.loopback import FakeClock, Server, write
from tests.standin_papers import small_corpus

DATA = Path(__file__).parent / "data" / "oai"
SINCE = date(2026, 1, 14)
BAD_TOKEN = (DATA / "error_token.xml").read_bytes()
NONE_MATCH = (DATA / "error_none_match.xml").read_bytes()


def make_page(
    *ids: str,
    token: str | None = None,
    prefix: str = "arXivRaw",
    day: date = SINCE,
    verb: str = "ListRecords",
) -> bytes:
    records = "".join(
        f"<record><header><identifier>oai:arXiv.org:{id_}</identifier><datestamp>{day}</datestamp></header>"
        f'<metadata><{prefix} xmlns="http://arxiv.org/OAI/{prefix}/"><id>{id_}</id><version version="v1">'
        f"<date>Tue, 13 Jan 2026 17:00:00 GMT</date></version><title>On {id_}</title>"
        f"<categories>cs.AI</categories></{prefix}></metadata></record>"
        for id_ in ids
    )
    going_on = "" if token is None else f"<resumptionToken>{token}</resumptionToken>"
    return (
        f'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><{verb}>{records}{going_on}</{verb}></OAI-PMH>'
    ).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@contextmanager
def opened(oai_url: str) -> Iterator[OaiSource]:
    settings = ArxivSettings(oai_url=HttpUrl(oai_url), timeout_seconds=30, attempts=3)
    clock = FakeClock()
    with open_client(settings, IntervalPace(0, clock), clock, "1.2.3") as client:
        yield OaiSource(client, settings)


@pytest.fixture
def source(server: Server) -> Iterator[OaiSource]:
    with opened(f"{server.url}/oai") as opened_source:
        yield opened_source


def answer(server: Server, *bodies: bytes) -> None:
    server.replies = [write(body) for body in bodies]


def asked(server: Server) -> list[dict[str, str]]:
    queries = (urlsplit(head.split(" ")[1]).query for head in server.requests)
    return [{name: values[0] for name, values in parse_qs(query).items()} for query in queries]


def list_all(source: OaiSource) -> Iterator[OaiPage]:
    return source.list_records(SINCE, None, None, "arXivRaw")


def ids(pages: Iterable[OaiPage]) -> list[list[str]]:
    return [[record.id for record in page.records] for page in pages]


def test_a_list_is_asked_for_by_days_set_and_format(server: Server, source: OaiSource) -> None:
    answer(server, make_page("2601.00001", prefix="arXiv"))

    list(source.list_records(SINCE, date(2026, 1, 15), "cs:cs:AI", "arXiv"))
    list(source.list_records(SINCE, None, None, "arXiv"))

    assert asked(server) == [
        {
            "verb": "ListRecords",
            "metadataPrefix": "arXiv",
            "from": "2026-01-14",
            "until": "2026-01-15",
            "set": "cs:cs:AI",
        },
        {"verb": "ListRecords", "metadataPrefix": "arXiv", "from": "2026-01-14"},
    ]
    assert server.requests[0].startswith("GET /oai?")


def test_tokens_are_followed_to_the_letter(server: Server, source: OaiSource) -> None:
    token = "verb%3DListRecords%26from%3D2026-01-14%26skip%3D2"
    answer(
        server,
        make_page("2601.00001", token=token),
        make_page("2601.00002", token="6460044|1001"),
        make_page("2601.00003", token=""),
    )

    assert ids(list_all(source)) == [["2601.00001"], ["2601.00002"], ["2601.00003"]]
    assert asked(server)[1:] == [
        {"verb": "ListRecords", "resumptionToken": token},
        {"verb": "ListRecords", "resumptionToken": "6460044|1001"},
    ]


def test_a_page_is_asked_for_when_it_is_wanted(server: Server, source: OaiSource) -> None:
    answer(server, make_page("2601.00001", token="a"), make_page("2601.00002"))
    pages = list_all(source)

    assert server.requests == []
    next(pages)
    assert len(server.requests) == 1


def test_a_list_goes_on_from_a_kept_token(server: Server, source: OaiSource) -> None:
    answer(server, make_page("2601.00002", token="b"), make_page("2601.00003"))

    assert ids(source.resume("a", "arXivRaw")) == [["2601.00002"], ["2601.00003"]]
    assert [query["resumptionToken"] for query in asked(server)] == ["a", "b"]


def test_nothing_to_list_is_one_empty_page(server: Server, source: OaiSource) -> None:
    answer(server, NONE_MATCH)

    assert ids(list_all(source)) == [[]]
    assert len(server.requests) == 1


def test_a_last_page_without_records_ends_the_list(server: Server, source: OaiSource) -> None:
    answer(server, make_page("2601.00001", token="a"), make_page(token=""))

    assert ids(list_all(source)) == [["2601.00001"], []]


def test_an_expired_token_is_told_at_once(server: Server, source: OaiSource) -> None:
    answer(server, make_page("2601.00001", token="a"), BAD_TOKEN)
    pages = list_all(source)
    next(pages)

    with pytest.raises(TokenExpired, match="invalid or expired"):
        next(pages)
    assert len(server.requests) == 2


def test_arxivs_refusal_is_told_at_once(server: Server, source: OaiSource) -> None:
    answer(server, (DATA / "error_several.xml").read_bytes())

    with pytest.raises(ErrorAnswer, match="Set does not exist"):
        list(list_all(source))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "broken",
    [
        (DATA / "truncated.xml").read_bytes(),
        (DATA / "web_page.xml").read_bytes(),
        make_page(token="a"),
        make_page("2601.00001", prefix="arXiv"),
        make_page("2601.00001", verb="GetRecord"),
        (DATA / "sets.xml").read_bytes(),
        b"",
    ],
    ids=["cut off", "web page", "empty but going on", "other format", "other verb", "sets", "nothing"],
)
def test_a_broken_page_is_asked_again_then_refused(server: Server, source: OaiSource, broken: bytes) -> None:
    answer(server, broken, make_page("2601.00001"))
    assert ids(list_all(source)) == [["2601.00001"]]

    answer(server, broken)
    with pytest.raises(BrokenAnswer):
        list(list_all(source))
    assert len(server.requests) == 2 + 3


def test_a_broken_page_further_on_costs_no_page_before_it(server: Server, source: OaiSource) -> None:
    answer(server, make_page("2601.00001", token="a"), b"<html></html>")
    pages = list_all(source)

    assert next(pages).token == "a"
    with pytest.raises(BrokenAnswer):
        next(pages)


def test_a_busy_arxiv_is_asked_again_for_the_same_page(server: Server, source: OaiSource) -> None:
    busy = write(b"", "503 Service Unavailable", ("Retry-After: 7",))
    server.replies = [write(make_page("2601.00001", token="a")), busy, write(make_page("2601.00002"))]

    assert ids(list_all(source)) == [["2601.00001"], ["2601.00002"]]
    assert asked(server)[1] == asked(server)[2]


def test_an_unreachable_arxiv_is_told(server: Server, source: OaiSource) -> None:
    server.replies = [write(b"", "404 Not Found")]

    with pytest.raises(UpstreamError, match="404"):
        list(list_all(source))


def test_a_page_that_comes_again_once_is_asked_for_again(server: Server, source: OaiSource) -> None:
    first = make_page("2601.00001", token="a")
    answer(server, first, first, make_page("2601.00002"))

    assert ids(list_all(source)) == [["2601.00001"], ["2601.00002"]]


@pytest.mark.parametrize(
    "pages",
    [
        [make_page("2601.00001", token="a")],
        [
            make_page("2601.00001", token="a"),
            make_page("2601.00002", token="b"),
            make_page("2601.00003", token="a"),
        ],
        [make_page("2601.00001", token=token) for token in "abcdefghij"],
        [make_page("2601.00001", token="a"), *(make_page(token=token) for token in "bcdefghij")],
    ],
    ids=["same token", "earlier token", "same records", "no records"],
)
def test_a_list_that_leads_in_a_circle_ends(server: Server, source: OaiSource, pages: list[bytes]) -> None:
    answer(server, *pages)

    with pytest.raises(BrokenAnswer, match="go on"):
        list(list_all(source))
    assert len(server.requests) <= 5


def test_a_kept_token_that_leads_to_itself_ends(server: Server, source: OaiSource) -> None:
    answer(server, make_page("2601.00001", token="a"))

    with pytest.raises(BrokenAnswer, match="leads back to the token 'a'"):
        list(source.resume("a", "arXivRaw"))


def test_unreadable_records_cost_no_others(server: Server, source: OaiSource) -> None:
    answer(server, (DATA / "unreadable_records.xml").read_bytes())
    (page,) = list_all(source)

    assert ([record.id for record in page.records], len(page.skipped)) == (["2601.90014"], 13)


def test_a_record_on_two_pages_is_given_once_unless_it_changed() -> None:
    later = date(2026, 1, 15)
    pages = [
        parse_oai(make_page("2601.00001", "2601.00002", "2601.00003")),
        parse_oai(make_page("2601.00003", "2601.00004")),
        parse_oai(make_page("2601.00001", day=later)),
    ]
    merged = [(record.id[-1], record.datestamp) for record in merge_pages(pages)]

    assert merged == [("1", SINCE), ("2", SINCE), ("3", SINCE), ("4", SINCE), ("1", later)]


def test_every_category_and_archive_has_a_set_of_arxivs(shared: Path) -> None:
    recorded = shared / "samples" / "arxiv" / "oai" / "gen_oai_listsets.xml"
    sets = dict(parse_oai(recorded.read_bytes()).sets)
    taxonomy = load_taxonomy()
    names = {archive.id: archive.name for archive in taxonomy.archives.values()}
    names |= {category.id: category.name for category in taxonomy.categories.values()}

    assert len(sets) > 170
    assert {place: sets.get(set_for(place)) for place in names} == names


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("cs.AI", "cs:cs:AI"),
        ("CS.ai", "cs:cs:AI"),
        ("hep-th", "physics:hep-th"),
        ("quant-ph", "physics:quant-ph"),
        ("math.NA", "math:math:NA"),
        ("cs.NA", "math:math:NA"),
        ("math-ph", "physics:math-ph"),
        ("astro-ph.EP", "physics:astro-ph:EP"),
        ("physics.acc-ph", "physics:physics:acc-ph"),
        ("cs", "cs:cs"),
        ("physics", "physics:physics"),
        ("astro-ph", "physics:astro-ph"),
        ("eess", "eess:eess"),
    ],
)
def test_a_set_is_named_by_group_archive_and_category(place: str, expected: str) -> None:
    assert set_for(place) == expected


@pytest.mark.parametrize("place", ["", "cs.XX", "nothing", "chao-dyn", "cs:cs:AI", "cs."])
def test_what_is_no_place_has_no_set(place: str) -> None:
    with pytest.raises(ValueError, match="no category or archive"):
        set_for(place)


@contextmanager
def harvested(page_size: int, *faults: Fault) -> Iterator[tuple[OaiSource, list[str]]]:
    """Give the stand-in on its last day as a source, and the papers that it has."""
    corpus = small_corpus()
    clock = StandinClock(corpus.timeline)
    clock.advance(clock.steps_left())
    app = create_standin(corpus, clock, FaultQueue(faults), RequestLog(), page_size=page_size)
    with run_standin(app) as standin, opened(f"{standin.url}/oai") as source:
        yield source, sorted({paper for paper, _ in corpus.papers})


@pytest.mark.parametrize("page_size", [1, 2, 4, 100])
@pytest.mark.parametrize("prefix", ["arXivRaw", "arXiv", "oai_dc", "arXivOld"])
def test_everything_the_standin_has_is_listed_once(page_size: int, prefix: str) -> None:
    with harvested(page_size) as (source, papers):
        records = merge_pages(source.list_records(date(2026, 1, 1), None, None, prefix))

        assert sorted(record.id for record in records) == papers


def test_a_set_holds_its_own_papers_only() -> None:
    with harvested(100) as (source, _):
        found = [
            [record.id for record in merge_pages(source.list_records(date(2026, 1, 1), None, spec, "arXiv"))]
            for spec in (set_for("hep-th"), set_for("math"))
        ]

    assert found == [["2601.90004"], ["2601.90003"]]


@pytest.mark.parametrize(
    "kind",
    [
        FaultKind.UNAVAILABLE,
        FaultKind.TOO_MANY,
        FaultKind.HTML_PAGE,
        FaultKind.EMPTY_PAGE,
        FaultKind.CUT_OFF,
        FaultKind.TRUNCATED,
        FaultKind.RESET,
        FaultKind.BROKEN_OFF,
        FaultKind.PAGE_REPEATED,
        FaultKind.EMPTY_LAST_PAGE,
    ],
)
def test_what_goes_wrong_once_costs_no_record(kind: FaultKind) -> None:
    with harvested(2, Fault(kind)) as (source, papers):
        records = merge_pages(source.list_records(date(2026, 1, 1), None, None, "arXivRaw"))

        assert sorted(record.id for record in records) == papers


def test_an_expired_token_leaves_the_list_to_be_begun_anew() -> None:
    with harvested(2, Fault(FaultKind.TOKEN_EXPIRED)) as (source, papers):
        with pytest.raises(TokenExpired):
            list(source.list_records(date(2026, 1, 1), None, None, "arXivRaw"))

        records = merge_pages(source.list_records(date(2026, 1, 1), None, None, "arXivRaw"))
        assert sorted(record.id for record in records) == papers
