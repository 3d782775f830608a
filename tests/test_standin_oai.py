"""OAI-PMH, compared with recorded answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedsvc.standin.corpus import Corpus
from feedsvc.standin.faults import FaultKind, Trait
from feedsvc.standin.markup import OAI
from feedsvc.standin.metadata import FORMATS
from feedsvc.standin.oai import Repository, answer_oai, describe_request, name_categories
from tests.standin_papers import NOON, TUESDAY, small_corpus

CORPUS = small_corpus()
RECORDED_AT = datetime(2026, 11, 23, 13, 23, 23, tzinfo=UTC)
LIST = {"verb": "ListRecords", "metadataPrefix": "arXiv"}
VERBS = ["Identify", "ListMetadataFormats", "ListSets", "ListIdentifiers", "ListRecords", "GetRecord"]


def ask(
    repository: Repository, now: datetime = NOON, fault: FaultKind | None = None, /, **arguments: str
) -> etree._Element:
    given = [(name.removesuffix("_"), value) for name, value in arguments.items()]
    answer = answer_oai(given, repository, now, fault)
    assert (answer.status, answer.content_type) == (200, "application/xml")
    return etree.fromstring(answer.body)


def cut(size: int, corpus: Corpus = CORPUS) -> Repository:
    return Repository(corpus, size)


def ids_in(root: etree._Element) -> str:
    return "".join(str(e.text)[-1] for e in root.iter(f"{{{OAI}}}identifier"))


def token_in(root: etree._Element) -> str:
    return root.findtext(f".//{{{OAI}}}resumptionToken") or ""


def error_in(root: etree._Element) -> tuple[str | None, dict[str, str]]:
    error, request = root.find(f"{{{OAI}}}error"), root.find(f"{{{OAI}}}request")
    assert error is not None
    assert request is not None
    return error.get("code"), {str(name): str(value) for name, value in request.attrib.items()}


def echo_in(root: etree._Element) -> dict[str, str]:
    request = root.find(f"{{{OAI}}}request")
    assert request is not None
    return {str(name): str(value) for name, value in request.attrib.items()}


def resume(
    repository: Repository,
    token: str,
    now: datetime = NOON,
    fault: FaultKind | None = None,
    verb: str = "ListRecords",
) -> etree._Element:
    return ask(repository, now, fault, verb=verb, resumptionToken=token)


def canonical(content: bytes) -> bytes:
    """Give a document without the white space between its elements, and without its instant."""
    root = etree.fromstring(content)
    for element in root.iter():
        element.text = None if len(element) else (element.text or "").strip()
        element.tail = None
    for stamp in root.iter(f"{{{OAI}}}responseDate"):
        stamp.text = ""
    return etree.tostring(root, method="c14n2")


@pytest.mark.parametrize(
    ("file", "arguments"),
    [
        ("identify", {"verb": "Identify"}),
        ("listmetadataformats", {"verb": "ListMetadataFormats"}),
        ("listsets", {"verb": "ListSets"}),
        ("error_badArgument_early", {**LIST, "from_": "2001-01-01"}),
        ("error_badArgument_set", {**LIST, "set": "cs:AI"}),
        ("error_badResumptionToken", {"verb": "ListRecords", "resumptionToken": "xxx"}),
        ("error_noRecordsMatch", {**LIST, "from_": "2026-11-01"}),
    ],
)
def test_what_depends_on_no_paper_is_as_recorded(file: str, arguments: dict[str, str], shared: Path) -> None:
    recorded = (shared / f"samples/arxiv/oai/gen_oai_{file}.xml").read_bytes()
    found = etree.tostring(ask(cut(9), RECORDED_AT, **arguments))

    assert canonical(found) == canonical(recorded)


def outline(element: etree._Element) -> tuple[object, ...]:
    """Give an element with attributes and children down to the headers, equal neighbours once."""
    if element.tag == f"{{{OAI}}}metadata":
        return (element.tag,)
    children = [outline(child) for child in element]
    kept = [c for c, before in zip(children, [None, *children], strict=False) if c != before]
    return (element.tag, *map(str, element.attrib), *kept)


@pytest.mark.parametrize(
    ("file", "size", "arguments"),
    [
        ("arXivRaw_cs", 9, {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "set": "cs"}),
        ("arXiv_math_page1", 2, {**LIST, "set": "cs"}),
        (
            "identifiers_quant-ph",
            9,
            {"verb": "ListIdentifiers", "metadataPrefix": "arXiv", "set": "physics:hep-th"},
        ),
        ("oai_dc_hep-th", 9, {"verb": "ListRecords", "metadataPrefix": "oai_dc", "set": "physics"}),
    ],
)
def test_a_list_has_the_recorded_shape(file: str, size: int, arguments: dict[str, str], shared: Path) -> None:
    """A first page with a token echoes a `from` that nobody asked for."""
    recorded = etree.parse(shared / f"samples/arxiv/oai/gen_oai_{file}.xml").getroot()
    root = ask(cut(size), **arguments)

    assert outline(root) == outline(recorded)
    assert root.nsmap == recorded.nsmap


def test_a_resumed_list_echoes_only_verb_and_token(shared: Path) -> None:
    recorded = etree.parse(shared / "samples/arxiv/oai/gen_oai_arXiv_math_page2.xml").getroot()
    repository = cut(2)
    token = token_in(ask(repository, **LIST))

    assert echo_in(resume(repository, token)) == {"verb": "ListRecords", "resumptionToken": token}
    assert outline(resume(repository, token)) == outline(recorded)


@pytest.mark.parametrize("prefix", FORMATS)
@pytest.mark.parametrize("verb", ["ListRecords", "ListIdentifiers"])
@given(size=st.integers(1, 7))
def test_pages_of_any_size_hold_every_record_once(verb: str, prefix: str, size: int) -> None:
    repository = cut(size)
    root = ask(repository, verb=verb, metadataPrefix=prefix)
    found = [ids_in(root)]
    while token := token_in(root):
        root = resume(repository, token, verb=verb)
        found.append(ids_in(root))

    assert "".join(found) == "132456"
    assert all(found)
    assert root.find(f".//{{{OAI}}}resumptionToken") is None


def test_a_token_tells_when_it_expires() -> None:
    repository = cut(2)
    root = ask(repository, **LIST)
    element = root.find(f".//{{{OAI}}}resumptionToken")
    assert element is not None
    midnight = datetime(2026, 1, 8, tzinfo=UTC)

    assert element.get("expires") == "2026-01-08T00:00:00Z"
    assert ids_in(resume(repository, token_in(root), midnight - timedelta(seconds=1))) != ""
    assert error_in(resume(repository, token_in(root), midnight)) == ("badResumptionToken", {})


def test_a_token_is_good_for_its_verb_alone_and_by_itself_alone() -> None:
    repository = cut(2)
    token = token_in(ask(repository, **LIST))

    assert error_in(resume(repository, token, verb="ListIdentifiers"))[0] == "badResumptionToken"
    assert error_in(ask(repository, **LIST, resumptionToken=token))[0] == "badArgument"


def test_a_record_is_given_by_its_identifier() -> None:
    root = ask(cut(9), verb="GetRecord", identifier="oai:arXiv.org:2601.90002", metadataPrefix="arXivRaw")

    assert ids_in(root) == "2"
    assert [version.get("version") for version in root.iter("{*}version")] == ["v1", "v2"]
    assert echo_in(root) == {
        "verb": "GetRecord",
        "identifier": "oai:arXiv.org:2601.90002",
        "metadataPrefix": "arXivRaw",
    }


def test_nothing_is_given_before_it_is_announced() -> None:
    monday = datetime(2026, 1, 5, 17, 0, tzinfo=UTC)
    ask_for = {"verb": "GetRecord", "metadataPrefix": "arXiv"}

    assert (
        error_in(ask(cut(9), monday, **ask_for, identifier="oai:arXiv.org:2601.90006"))[0] == "idDoesNotExist"
    )
    assert ids_in(ask(cut(9), NOON, **ask_for, identifier="oai:arXiv.org:2601.90006")) == "6"


@pytest.mark.parametrize(
    ("arguments", "code", "echoed"),
    [
        ({}, "badVerb", {}),
        ({"verb": "Explode"}, "badVerb", {}),
        ({"verb": "Identify", "set": "cs"}, "badArgument", {}),
        ({"verb": "ListSets", "resumptionToken": "x"}, "badArgument", {}),
        ({"verb": "ListMetadataFormats", "set": "cs"}, "badArgument", {}),
        ({"verb": "ListRecords"}, "badArgument", {}),
        ({"verb": "GetRecord", "identifier": "oai:arXiv.org:2601.90001"}, "badArgument", {}),
        (
            {"verb": "ListRecords", "metadataPrefix": "marc"},
            "cannotDisseminateFormat",
            {"verb": "ListRecords"},
        ),
        (
            {"verb": "GetRecord", "identifier": "oai:arXiv.org:2601.90001", "metadataPrefix": "marc"},
            "cannotDisseminateFormat",
            {"verb": "GetRecord", "identifier": "oai:arXiv.org:2601.90001"},
        ),
        (
            {"verb": "GetRecord", "identifier": "oai:arXiv.org:2601.99999", "metadataPrefix": "arXiv"},
            "idDoesNotExist",
            {"verb": "GetRecord", "identifier": "oai:arXiv.org:2601.99999", "metadataPrefix": "arXiv"},
        ),
        ({"verb": "GetRecord", "identifier": "2601.90001", "metadataPrefix": "arXiv"}, "idDoesNotExist", {}),
        (
            {"verb": "GetRecord", "identifier": "oai:arXiv.org:x", "metadataPrefix": "arXiv"},
            "idDoesNotExist",
            {},
        ),
    ],
)
def test_what_cannot_be_answered_is_an_error_with_status_200(
    arguments: dict[str, str], code: str, echoed: dict[str, str]
) -> None:
    assert error_in(ask(cut(9), **arguments)) == (code, echoed)


def test_an_argument_that_comes_twice_is_an_error() -> None:
    answer = answer_oai([("verb", "Identify"), ("verb", "Identify")], cut(9), NOON)

    assert error_in(etree.fromstring(answer.body)) == ("badArgument", {})


def test_formats_may_be_asked_for_one_paper() -> None:
    root = ask(cut(9), verb="ListMetadataFormats", identifier="oai:arXiv.org:2601.90001")

    assert [e.text for e in root.iter(f"{{{OAI}}}metadataPrefix")] == list(FORMATS)


def test_a_deleted_record_is_a_header_alone() -> None:
    root = ask(cut(9, replace(CORPUS, removed={"2601.90001": TUESDAY})), **LIST, from_="2026-01-06")
    (deleted,) = [h for h in root.iter(f"{{{OAI}}}header") if h.get("status") == "deleted"]
    record = deleted.getparent()

    assert deleted.findtext(f"{{{OAI}}}identifier") == "oai:arXiv.org:2601.90001"
    assert deleted.findtext(f"{{{OAI}}}datestamp") == "2026-01-06"
    assert record is not None
    assert len(record) == 1


def test_an_expired_token_is_refused_although_it_is_good() -> None:
    repository = cut(2)
    token = token_in(ask(repository, **LIST))

    assert error_in(resume(repository, token, NOON, FaultKind.TOKEN_EXPIRED)) == ("badResumptionToken", {})
    assert ids_in(resume(repository, token)) == "24"


def test_a_repeated_page_is_the_one_before_with_its_token() -> None:
    repository = cut(2)
    first = ask(repository, **LIST)
    second = resume(repository, token_in(first))
    for _ in range(2):
        again = resume(repository, token_in(second), NOON, FaultKind.PAGE_REPEATED)
        assert (ids_in(again), token_in(again)) == (ids_in(second), token_in(second))

    assert ids_in(resume(repository, token_in(second))) == "56"


def test_an_empty_page_has_a_token_that_leads_to_its_records() -> None:
    repository = cut(2)
    token = token_in(ask(repository, **LIST))
    empty = resume(repository, token, NOON, FaultKind.EMPTY_PAGE)

    assert ids_in(empty) == ""
    assert ids_in(resume(repository, token_in(empty))) == "24"
    first = ask(repository, NOON, FaultKind.EMPTY_PAGE, **LIST)
    assert (ids_in(first), ids_in(resume(repository, token_in(first)))) == ("", "13")


def test_a_last_page_may_have_a_token_to_an_empty_one() -> None:
    repository = cut(9)
    last = ask(repository, NOON, FaultKind.EMPTY_LAST_PAGE, **LIST)
    beyond = resume(repository, token_in(last))

    assert ids_in(last) == "132456"
    assert ids_in(beyond) == ""
    assert beyond.find(f"{{{OAI}}}ListRecords/{{{OAI}}}resumptionToken") is not None
    assert token_in(beyond) == ""


def test_faults_learn_what_a_request_is_like() -> None:
    repository = cut(4)
    first = list(LIST.items())
    token = token_in(ask(repository, **LIST))
    second = [("verb", "ListRecords"), ("resumptionToken", token)]

    assert describe_request(first, repository, NOON) == frozenset()
    assert describe_request(second, repository, NOON) == {Trait.RESUMED, Trait.LAST_PAGE}
    assert describe_request(first, cut(9), NOON) == {Trait.LAST_PAGE}
    assert describe_request([("verb", "Identify")], repository, NOON) == frozenset()
    assert describe_request([("verb", "ListRecords")], repository, NOON) == frozenset()


@pytest.mark.parametrize(
    ("arguments", "categories"),
    [
        ([("verb", "ListRecords"), ("set", "cs:cs:AI")], ("cs.AI",)),
        ([("verb", "ListRecords"), ("set", "physics:hep-th")], ("hep-th",)),
        ([("resumptionToken", "set%3Dcs%253Acs%253AAI%26skip%3D3")], ("cs.AI",)),
        ([("resumptionToken", "xxx")], ()),
        ([("verb", "ListRecords")], ()),
    ],
)
def test_faults_learn_the_category(arguments: list[tuple[str, str]], categories: tuple[str, ...]) -> None:
    assert name_categories(arguments) == categories


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["verb", "metadataPrefix", "from", "until", "set", "resumptionToken", "identifier"]
            ),
            st.sampled_from([*VERBS, *FORMATS, "2026-01-05", "cs", "skip=1"]) | st.text(max_size=20),
        ),
        max_size=5,
    )
)
def test_any_arguments_get_a_well_formed_answer(arguments: list[tuple[str, str]]) -> None:
    answer = answer_oai(arguments, cut(2), NOON)

    assert answer.status == 200
    assert etree.QName(etree.fromstring(answer.body)).localname == "OAI-PMH"


def test_the_date_of_the_answer_is_the_clocks() -> None:
    assert ask(cut(9), verb="Identify").findtext(f"{{{OAI}}}responseDate") == "2026-01-07T17:00:00Z"
