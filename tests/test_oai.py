"""Answers of OAI-PMH, recorded and invented."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedsvc.arxiv.api import parse_api
from feedsvc.arxiv.listing import parse_listing
from feedsvc.arxiv.oai import OaiPage, parse_oai
from feedsvc.arxiv.oai_record import OaiRecord
from feedsvc.errors import AnswerError, BrokenAnswer, ErrorAnswer, TokenExpired
from feedsvc.paper import Author, Paper
from tests.recordings import count_records, list_recordings

DATA = Path(__file__).parent / "data"
CASES = sorted((DATA / "oai").glob("*.xml"))
ERRORS = {
    "gen_oai_error_badArgument_early.xml": (ErrorAnswer, "badArgument: .* Reason: start date too early$"),
    "gen_oai_error_badArgument_set.xml": (ErrorAnswer, "badArgument: .* Reason: Set does not exist$"),
    "gen_oai_error_badResumptionToken.xml": (TokenExpired, "badResumptionToken: .*invalid or expired"),
    "oai2019_error_cannotDisseminateFormat.xml": (ErrorAnswer, "cannotDisseminateFormat: .*`oai_dc2'"),
}
MISSPELT = r"Fran\ccois Charpillet"  # at arXiv
FORMATS = ("raw", "arxiv", "old_format", "dublin_core")


def read(case: str) -> bytes:
    return (DATA / "oai" / f"{case}.xml").read_bytes()


@pytest.fixture(scope="session")
def recorded(shared: Path) -> dict[str, OaiPage]:
    """Give every recorded page by file name."""
    paths = [path for path in list_recordings(shared, "oai") if path.name not in ERRORS]
    return {path.name: parse_oai(path.read_bytes()) for path in paths}


def find_record(pages: dict[str, OaiPage], name: str, paper_id: str) -> OaiRecord:
    return next(record for record in pages[name].records if record.id == paper_id)


def make_papers(page: OaiPage) -> list[Paper]:
    papers = (record.paper or record.make_paper(1) for record in page.records)
    return [paper for paper in papers if paper is not None]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_an_invented_answer_reads_as_expected(case: Path) -> None:
    expected = json.loads(case.with_suffix(".json").read_text("utf-8"))
    if "error" in expected:
        with pytest.raises(AnswerError) as caught:
            parse_oai(case.read_bytes())
        assert type(caught.value).__name__ == expected["error"]
        assert str(caught.value).startswith(expected["message"])
        assert "\n" not in str(caught.value)
    else:
        page = parse_oai(case.read_bytes())
        told = {field.name: name_fields(getattr(page, field.name)) for field in fields(page)}
        assert json.loads(json.dumps(told, default=str)) == expected


def name_fields(value: Any) -> Any:
    """Give what a page holds with every value's fields by name."""
    if isinstance(value, Author):
        return asdict(value)
    if hasattr(value, "_asdict"):
        return {name: name_fields(field) for name, field in value._asdict().items()}
    return [name_fields(item) for item in value] if isinstance(value, tuple) else value


def test_a_recorded_page_has_as_many_records_as_its_readme_counts(
    shared: Path, recorded: dict[str, OaiPage]
) -> None:
    counts = count_records(shared)

    assert len(recorded) + len(ERRORS) == len(list_recordings(shared, "oai"))
    assert {name: len(page.records or page.sets) for name, page in recorded.items()} == {
        name: counts[name] for name in recorded
    }
    assert all(page.skipped == () for page in recorded.values())


@pytest.mark.parametrize("name", ERRORS)
def test_a_recorded_error_says_what_arxiv_says(shared: Path, name: str) -> None:
    (path,) = [path for path in list_recordings(shared, "oai") if path.name == name]
    kind, message = ERRORS[name]

    with pytest.raises(kind, match=f"^{message}"):
        parse_oai(path.read_bytes())


@pytest.mark.parametrize(
    ("name", "verb", "prefix", "token"),
    [
        (
            "gen_oai_arXiv_math_page1.xml",
            "ListRecords",
            "arXiv",
            "verb%3DListRecords%26metadataPrefix%3DarXiv%26set%3Dmath%26from%3D2011-09-20%26skip%3D0",
        ),
        ("gen_oai_arXiv_math_page3.xml", "ListRecords", "arXiv", None),
        ("gen_oai_arXivRaw_cs.xml", "ListRecords", "arXivRaw", None),
        ("gen_oai_error_noRecordsMatch.xml", "ListRecords", "arXiv", None),
        ("gen_oai_identifiers_quant-ph.xml", "ListIdentifiers", "arXiv", None),
        ("gen_oai_identify.xml", "Identify", None, None),
        ("gen_oai_listsets.xml", "ListSets", None, None),
        ("oai2016_arXivRaw_getrecord.xml", "GetRecord", "arXivRaw", None),
        ("oai2016_cs_arXiv_last_page.xml", "ListRecords", "arXiv", None),
        ("oai2016_cs_arXiv_page94_old_and_new_ids.xml", "ListRecords", "arXiv", "1122234|94001"),
        ("oai2023_oai_dc_listrecords.xml", "ListRecords", "oai_dc", "6460044|1001"),
        ("oai2026_new_server_arXivRaw_excerpt.xml", "ListRecords", "arXivRaw", None),
    ],
)
def test_a_recorded_page_knows_what_it_answers_and_how_to_go_on(
    recorded: dict[str, OaiPage], name: str, verb: str, prefix: str | None, token: str | None
) -> None:
    page = recorded[name]

    assert (page.verb, page.metadata_prefix, page.token) == (verb, prefix, token)


def test_a_recorded_page_knows_its_place_where_it_is_told(recorded: dict[str, OaiPage]) -> None:
    last, today = recorded["oai2016_cs_arXiv_last_page.xml"], recorded["gen_oai_arXiv_math_page2.xml"]

    assert (last.cursor, last.list_size) == (102_000, 102_538)
    assert (today.cursor, today.list_size) == (None, None)
    assert last.response_date == datetime(2016, 3, 9, 4, 10, 27, tzinfo=UTC)


def test_what_arxiv_offers_is_read(recorded: dict[str, OaiPage]) -> None:
    sets = dict(recorded["gen_oai_listsets.xml"].sets)

    assert recorded["gen_oai_identify.xml"].earliest == date(2007, 5, 23)
    assert sets["physics:astro-ph:EP"] == "Earth and Planetary Astrophysics"
    assert "arXivRaw" in recorded["gen_oai_listmetadataformats.xml"].formats


def test_a_raw_record_tells_every_version_and_what_is_withdrawn(recorded: dict[str, OaiPage]) -> None:
    record = find_record(recorded, "gen_oai_arXivRaw_cs.xml", "1101.2483")

    assert [(version.number, version.size, version.is_withdrawn) for version in record.versions] == [
        (1, "326kb", False),
        (2, "326kb", False),
        (3, "0kb", True),
        (4, "0kb", True),
    ]
    assert record.versions[2].date == datetime(2011, 2, 2, 17, 59, 20, tzinfo=UTC)
    assert (record.datestamp, record.sets) == (date(2015, 3, 17), ("cs:cs:IT", "math:math:IT"))


def test_the_recorded_versions_count_from_one_and_go_on_in_time(recorded: dict[str, OaiPage]) -> None:
    histories = [record.versions for page in recorded.values() for record in page.records if record.versions]

    assert len(histories) == 433
    for versions in histories:
        assert [version.number for version in versions] == list(range(1, len(versions) + 1))
        assert sorted(version.date for version in versions) == [version.date for version in versions]


def test_a_raw_record_is_the_newest_versions_paper(recorded: dict[str, OaiPage]) -> None:
    paper = find_record(recorded, "oai2026_new_server_arXivRaw_excerpt.xml", "2508.11450").paper

    assert paper is not None
    assert (paper.version, paper.complete) == (2, True)
    assert paper.submitted == datetime(2025, 8, 15, 12, 57, 35, tzinfo=UTC)
    assert paper.revised == datetime(2026, 9, 11, 6, 31, 45, tzinfo=UTC)
    assert [author.name for author in paper.authors] == [
        "Augustine X. W. Lee",
        "Pak-Hei Yeung",
        "Jagath C. Rajapakse",
    ]


def test_a_first_version_is_not_revised() -> None:
    record = parse_oai(read("raw")).records[0]
    paper = record.paper

    assert paper is not None
    assert (paper.submitted, paper.revised) == (datetime(2026, 1, 13, 17, tzinfo=UTC), None)


def test_a_raw_record_makes_any_version_that_the_caller_names() -> None:
    record = parse_oai(read("raw")).records[2]
    told = {n: paper.revised for n in (1, 2, 3, 10) if (paper := record.make_paper(n)) is not None}

    assert told == {
        1: None,
        2: datetime(1999, 1, 2, 18, 30, tzinfo=UTC),
        3: None,
        10: datetime(2026, 1, 12, 8, tzinfo=UTC),
    }
    assert record.paper == record.make_paper(10)


@pytest.mark.parametrize("case", ["arxiv", "old_format", "dublin_core"])
def test_no_other_format_says_which_version_it_describes(case: str) -> None:
    record = parse_oai(read(case)).records[0]
    paper = record.make_paper(7)

    assert record.paper is None
    assert paper is not None
    assert (paper.version, paper.submitted, paper.revised) == (7, None, None)
    assert paper.complete is (case != "dublin_core")


def test_a_deleted_record_and_a_bare_header_make_no_paper() -> None:
    deleted, header = parse_oai(read("raw")).records[1], parse_oai(read("identifiers")).records[0]

    assert (deleted.is_deleted, deleted.paper, deleted.make_paper(1)) == (True, None, None)
    assert (header.is_deleted, header.paper, header.make_paper(1)) == (False, None, None)


def test_created_means_the_first_version_only_at_the_former_server(recorded: dict[str, OaiPage]) -> None:
    """So no date of the `arXiv` format goes into a paper."""

    def created(name: str, paper_id: str) -> tuple[date | None, date | None]:
        metadata = find_record(recorded, name, paper_id).metadata
        return (metadata.created, metadata.updated) if metadata else (None, None)

    versions = find_record(recorded, "gen_oai_arXivRaw_cs.xml", "1011.3722").versions
    assert [version.date.date() for version in versions] == [date(2010, 11, 16), date(2011, 2, 2)]
    today = created("gen_oai_arXiv_math_page1.xml", "1011.3722")
    assert today == (date(2011, 2, 2), date(2011, 2, 8))
    former = created("oai2016_cs_arXiv_first_page.xml", "0704.0002")
    assert former == (date(2007, 3, 30), date(2008, 12, 13))


@pytest.mark.parametrize("case", FORMATS)
def test_a_paper_reads_alike_in_every_format_and_from_the_api_and_a_listing(case: str) -> None:
    def tell(paper: Paper) -> tuple[object, ...]:
        names = [author.name for author in paper.authors]
        return paper.id, paper.title, paper.abstract, names, paper.doi, paper.journal_ref

    found = list(map(tell, make_papers(parse_oai(read(case)))))
    assert found == list(map(tell, parse_api((DATA / "api" / "page.xml").read_bytes()).papers))
    listing = parse_listing((DATA / "listing" / "rss_day.xml").read_bytes())
    assert found == [tell(item.paper) for item in listing.items]


def test_the_recorded_papers_read_alike_in_every_format_and_in_the_listings(
    shared: Path, recorded: dict[str, OaiPage]
) -> None:
    listings = list_recordings(shared, "rss", "atom")
    listed = {
        item.paper.id: item.paper
        for path in listings
        if path.name.startswith("gen_") and "error" not in path.name
        for item in parse_listing(path.read_bytes()).items
    }
    pairs = [
        (prefix, paper, listed[paper.id])
        for name, page in recorded.items()
        if name.startswith("gen_") and (prefix := page.metadata_prefix)
        for paper in make_papers(page)
        if paper.id in listed
    ]
    differing = [
        (prefix, found.id, *difference)
        for prefix, found, seen in pairs
        for difference in compare(found, seen)
    ]

    assert len(pairs) > 190
    assert {prefix for prefix, *_ in pairs} == {"arXiv", "arXivRaw", "oai_dc"}
    assert differing == []


def compare(found: Paper, listed: Paper) -> Iterator[tuple[object, object]]:
    """Give where two readings differ, but for what one of them does not tell."""
    for name in ("title", "abstract", "doi", "journal_ref", "license"):
        pair = getattr(found, name), getattr(listed, name)
        if None not in pair and pair[0] != pair[1]:
            yield pair
    names = [author.name for author in found.authors], [author.name for author in listed.authors]
    if names[0] != names[1]:
        yield names
    if set(found.categories) != set(listed.categories) or found.primary != listed.primary:
        yield found.categories, listed.categories


def test_nearly_every_recorded_field_is_filled_and_tidy(recorded: dict[str, OaiPage]) -> None:
    papers = [paper for page in recorded.values() for paper in make_papers(page)]
    names = [author.name for paper in papers for author in paper.authors]
    texts = [text for p in papers for text in (p.title, p.abstract, p.comments, p.journal_ref) if text]

    assert (len(papers), len(names)) == (3314, 8793)
    assert [paper.id for paper in papers if not (paper.abstract and paper.authors)] == []
    assert [name for name in names if re.search(r"[\\{}():;,$]|\s\s|^\s|\s$", name)] == [MISSPELT]
    assert [text for text in texts if re.search(r"\s\s|\n|^\s|\s$", text)] == []
    assert sum(paper.license is not None for paper in papers) > 1200


def test_affiliations_are_read_one_by_one(recorded: dict[str, OaiPage]) -> None:
    record = find_record(recorded, "oai2016_getrecord_8.xml", "1606.07538")

    assert record.metadata is not None
    first = record.metadata.authors[0]
    assert (first.name, len(first.affiliations)) == ("Super-Kamiokande Collaboration", 2)
    assert [author.name for author in record.metadata.authors][-1] == "P. de Perio"


def test_the_old_servers_dublin_core_names_categories_in_words(recorded: dict[str, OaiPage]) -> None:
    page = recorded["oai2023_oai_dc_listrecords.xml"]

    assert [paper.categories for paper in make_papers(page)] == [
        ("math.LO",),
        ("math.LO",),
        ("math.QA", "math.RT"),
    ]


def test_a_page_cut_anywhere_is_broken() -> None:
    body = read("raw").rstrip()
    for end in range(0, len(body), 37):
        with pytest.raises(BrokenAnswer):
            parse_oai(body[:end])


@pytest.mark.parametrize("case", ["api/page.xml", "listing/rss_day.xml", "listing/atom_day.xml"])
def test_another_document_is_no_answer(case: str) -> None:
    with pytest.raises(BrokenAnswer, match="OAI-PMH"):
        parse_oai((DATA / case).read_bytes())


def test_a_comment_in_the_markup_cuts_no_text() -> None:
    body = read("raw").replace(b"An older matter", b"An <!-- no --><?not this?>older matter")

    assert make_papers(parse_oai(body))[1].title == "An older matter"


@given(st.binary(max_size=300))
def test_nonsense_is_a_broken_answer(body: bytes) -> None:
    with pytest.raises(BrokenAnswer):
        parse_oai(body)


def is_read_or_refused(body: bytes) -> bool:
    """Tell whether bytes are read as a page or refused as an answer; anything else is raised."""
    try:
        page = parse_oai(body)
    except AnswerError:
        return True
    papers = make_papers(page)
    return all(paper.title and paper.categories for paper in papers) and hash(page) == hash(page)


@given(st.sampled_from(CASES), st.data())
def test_a_page_with_other_bytes_in_it_is_read_or_refused(case: Path, data: st.DataObject) -> None:
    body = case.read_bytes()
    start = data.draw(st.integers(0, len(body)))
    length = data.draw(st.integers(0, 40))
    put = data.draw(
        st.binary(max_size=8) | st.sampled_from([b"&#0;", b"&a;", b"<x>", b"]]>", b"\xff", b"<!--"])
    )

    assert is_read_or_refused(body[:start] + put + body[start + length :])


ODD_TEXTS = (
    st.none() | st.text(max_size=12) | st.sampled_from(["v0", "9" * 400, "0001-01-01", "\\'", "$", "2601.1"])
)


@given(st.sampled_from((*FORMATS, "identifiers", "sets", "error_several")), st.data())
def test_a_page_of_other_elements_is_read_or_refused(case: str, data: st.DataObject) -> None:
    root = etree.fromstring(read(case))
    for _ in range(data.draw(st.integers(1, 4))):
        elements = list(root.iter("*"))
        spoil_element(elements[data.draw(st.integers(0, len(elements) - 1))], data)

    assert is_read_or_refused(etree.tostring(root, encoding="utf-8"))


def spoil_element(element: etree._Element, data: st.DataObject) -> None:
    """Take an element away, double it, rename it, or write something else in it."""
    parent = element.getparent()
    change = data.draw(st.sampled_from(["remove", "double", "rename", "write", "attribute"]))
    if change == "remove" and parent is not None:
        parent.remove(element)
    elif change == "double" and parent is not None:
        parent.append(etree.fromstring(etree.tostring(element)))
    elif change == "rename":
        element.tag = data.draw(
            st.sampled_from(["record", "header", "{http://arxiv.org/OAI/arXivRaw/}version"])
        )
    elif change == "attribute":
        for name in element.attrib:
            element.set(name, data.draw(st.sampled_from(["", "v1", "deleted", "-1"])))
    else:
        with_text = data.draw(ODD_TEXTS)
        try:
            element.text = with_text
        except ValueError:  # no XML can hold it
            element.text = None
