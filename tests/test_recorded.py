"""Recorded answers, recognised and written as records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feedsvc.arxiv.recorded import read_answer
from feedsvc.errors import AnswerError, BrokenAnswer, ErrorAnswer
from tests.recordings import count_records, list_recordings

DATA = Path(__file__).parent / "data"
KEYS = [
    "id",
    "version",
    "title",
    "abstract",
    "authors",
    "categories",
    "kind",
    "comments",
    "doi",
    "journal_ref",
    "license",
    "submitted",
    "revised",
    "source",
]
OAI_KEYS = [*KEYS, "datestamp", "sets", "deleted", "created", "updated", "versions"]


def test_every_recorded_answer_is_read_or_refused_as_its_readme_says(shared: Path) -> None:
    counts = count_records(shared)
    for path in list_recordings(shared, "rss", "atom", "api"):
        if "error" in path.name or "truncated" in path.name or "rss10" in path.name:
            with pytest.raises(AnswerError):
                read_answer(path.read_bytes())
        else:
            assert len(list(read_answer(path.read_bytes()))) == counts[path.name], path.name


def test_every_record_has_all_keys_in_order_and_is_json(shared: Path) -> None:
    for path in list_recordings(shared, "rss", "atom", "api"):
        try:
            answer = read_answer(path.read_bytes())
        except AnswerError:
            continue
        for record in answer:
            assert list(record) == KEYS
            assert json.loads(json.dumps(record)) == record


@pytest.mark.parametrize(
    ("case", "source"), [("listing/rss_day", "rss"), ("listing/atom_day", "atom"), ("api/page", "api")]
)
def test_an_answer_is_recognised(case: str, source: str) -> None:
    answer = read_answer((DATA / f"{case}.xml").read_bytes())

    assert answer.source == source
    assert {record["source"] for record in answer} == {source}


def test_a_listings_record_tells_what_the_listing_tells() -> None:
    record = next(iter(read_answer((DATA / "listing" / "rss_day.xml").read_bytes())))

    assert record == {
        "id": "2601.90001",
        "version": 1,
        "title": "A Poincaré bound for $p<q$ & friends",
        "abstract": (
            "We count steps where $p<q$ and a > b, at 46.6% of cost. Erdős asked <em>why</em> &amp; how."
        ),
        "authors": [
            {"name": "Jiří Novák", "affiliations": ["Brno (FI), Czechia"]},
            {"name": "M. H. de la Cruz Jr.", "affiliations": []},
            {"name": "C.-C. Lu", "affiliations": []},
            {"name": "Jérôme Østergård", "affiliations": []},
        ],
        "categories": ["math.NA", "cs.NA", "cs.DS"],
        "kind": "new",
        "comments": None,
        "doi": None,
        "journal_ref": None,
        "license": "http://creativecommons.org/licenses/by/4.0/",
        "submitted": None,
        "revised": None,
        "source": "rss",
    }


def test_an_api_record_has_times_but_no_kind() -> None:
    record = list(read_answer((DATA / "api" / "page.xml").read_bytes()))[1]

    assert record["id"] == "math/9901001"
    assert record["kind"] is None
    assert (record["submitted"], record["revised"]) == ("1999-01-01T12:00:00Z", "2026-01-13T18:30:00Z")


def test_every_recorded_page_of_oai_pmh_has_a_record_for_each_of_its_own(shared: Path) -> None:
    counts = count_records(shared) | {"gen_oai_listsets.xml": 0}
    for path in list_recordings(shared, "oai"):
        if "error" in path.name:
            with pytest.raises(ErrorAnswer):
                read_answer(path.read_bytes())
            continue
        answer = read_answer(path.read_bytes())
        assert (len(answer.records), answer.skipped) == (counts[path.name], ()), path.name
        for record in answer:
            assert list(record) == OAI_KEYS
            assert json.loads(json.dumps(record)) == record


def test_a_raw_record_tells_its_versions() -> None:
    record = list(read_answer((DATA / "oai" / "raw.xml").read_bytes()))[2]

    assert (record["id"], record["version"], record["source"]) == ("math/9901001", 10, "oai")
    assert (record["submitted"], record["revised"]) == ("1999-01-01T12:00:00Z", "2026-01-12T08:00:00Z")
    assert (record["datestamp"], record["sets"]) == ("2026-01-14", ["math:math:GT", "math:math:NA"])
    assert isinstance(record["versions"], list)
    assert record["versions"][2] == {
        "version": 10,
        "date": "2026-01-12T08:00:00Z",
        "size": "0kb",
        "source_type": "I",
        "withdrawn": True,
    }


def test_a_record_of_another_format_tells_days_but_no_version() -> None:
    record = list(read_answer((DATA / "oai" / "arxiv.xml").read_bytes()))[1]
    untold = ["version", "kind", "comments", "submitted", "revised", "versions"]

    assert [key for key, value in record.items() if value is None] == untold
    assert (record["created"], record["updated"]) == ("1999-01-02", "2026-01-14")


def test_a_deleted_record_and_a_bare_header_tell_what_a_header_tells() -> None:
    deleted = list(read_answer((DATA / "oai" / "raw.xml").read_bytes()))[1]
    header = next(iter(read_answer((DATA / "oai" / "identifiers.xml").read_bytes())))

    for record, is_deleted in ((deleted, True), (header, False)):
        told = {key for key, value in record.items() if value is not None}
        assert told == {"id", "source", "datestamp", "sets", "deleted"}
        assert record["deleted"] is is_deleted


def test_what_could_not_be_read_is_told() -> None:
    answer = read_answer((DATA / "listing" / "rss_unreadable_items.xml").read_bytes())

    assert len(answer.records) == 2
    assert len(answer.skipped) == 6


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<opml/>",
        b"<html></html>",
        b'<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"/>',
        b"<OAI-PMH><ListRecords/></OAI-PMH>",
        b"<rss",
    ],
)
def test_what_is_not_known_is_refused(body: bytes) -> None:
    with pytest.raises(BrokenAnswer):
        read_answer(body)
