"""arXiv's dump: every good line becomes what the other sources would tell, and no bad line costs another."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.arxiv.dump import LONGEST_LINE, UnreadableLine, open_dump, read_dumped
from feedsvc.errors import BrokenAnswer
from feedsvc.history import PaperHistory
from feedsvc.paper import Author, Paper
from tests.dumps import Record, make_record, write_dump

FIRST = datetime(2007, 4, 2, 19, 18, 42, tzinfo=UTC)
SECOND = datetime(2007, 7, 24, 20, 10, 27, tzinfo=UTC)


def read(record: Record) -> Paper:
    return read_dumped(json.dumps(record).encode())[1]


def read_authors(*parsed: list[Any]) -> tuple[Author, ...]:
    return read(make_record(authors_parsed=list(parsed))).authors


def lines_of(path: Path, after: int = 0) -> list[tuple[int, bytes]]:
    with open_dump(path) as dump:
        return list(dump.lines(after))


def test_a_line_is_the_newest_version_with_every_field() -> None:
    assert read(make_record(1)) == Paper(
        id="0704.0001",
        version=2,
        title="Calculation of prompt diphoton production, part 1",
        abstract="A fully differential calculation is presented. It is fast.",
        authors=(Author("C. Balázs"), Author("E. L. Berger"), Author("P. M. Nadolsky"), Author("C.-P. Yuan")),
        categories=("hep-ph", "hep-ex"),
        comments="37 pages, 15 figures; published version",
        doi="10.1103/PhysRevD.76.013009",
        journal_ref="Phys.Rev.D76:013009,2007",
        license="http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
        submitted=FIRST,
        revised=SECOND,
        complete=True,
    )


def test_its_history_holds_every_version_and_the_date_of_the_last_change() -> None:
    history, _ = read_dumped(json.dumps(make_record(1)).encode())

    assert history == PaperHistory(
        "0704.0001", ("hep-ph", "hep-ex"), ((1, FIRST), (2, SECOND)), date(2008, 11, 26)
    )


def test_a_paper_of_one_version_was_never_revised() -> None:
    versions = make_record()["versions"][:1]

    assert read(make_record(versions=versions)).revised is None


def test_versions_may_come_in_any_order() -> None:
    paper = read(make_record(versions=make_record()["versions"][::-1]))

    assert (paper.version, paper.submitted, paper.revised) == (2, FIRST, SECOND)


def test_an_absent_field_is_none() -> None:
    paper = read(make_record(comments=None, doi=None, journal_ref=None, license=None))

    assert (paper.comments, paper.doi, paper.journal_ref, paper.license) == (None, None, None, None)


def test_a_missing_field_is_none() -> None:
    record = make_record()
    del record["comments"]

    assert read(record).comments is None


def test_tex_accents_are_decoded_outside_mathematics() -> None:
    paper = read(make_record(title=r"Mat\'ern $\'e$"))

    assert paper.title == r"Matérn $\'e$"


def test_an_author_is_written_as_the_api_does() -> None:
    assert read_authors(["King", "M. L.", "Jr."], ["Atlas Collaboration", "", ""]) == (
        Author("M. L. King Jr."),
        Author("Atlas Collaboration"),
    )


def test_what_follows_an_authors_suffix_are_affiliations() -> None:
    assert read_authors(['Ag\\"uero', "A.", "", "IMF", "Lyon"]) == (Author("A. Agüero", ("IMF", "Lyon")),)


def test_an_author_without_a_name_is_left_out() -> None:
    assert read_authors(["", "", ""], ["Euler", "L.", ""]) == (Author("L. Euler"),)


def test_authors_that_nobody_parsed_are_cut_from_their_line() -> None:
    assert read(make_record(authors_parsed=[])).authors[:2] == (Author("C. Balázs"), Author("E. L. Berger"))


def test_an_identifier_of_the_old_scheme_is_read() -> None:
    assert read(make_record(id="math/0309136")).id == "math/0309136"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"id": "unknown"}, "'unknown' is no arXiv identifier"),
        ({"id": None}, "'' is no arXiv identifier"),
        ({"id": "a" * 40 + "/0309136"}, "longer than any identifier"),
        ({"title": " \n"}, "no title"),
        ({"title": 7}, "title 7, expected text"),
        ({"categories": ""}, "no category"),
        ({"categories": ["cs.AI"]}, "expected text"),
        ({"versions": []}, "no version"),
        ({"versions": None}, "no version"),
        ({"versions": "v1"}, "no version"),
        ({"versions": ["v1"]}, "the version 'v1', expected one like 'v1' and a date"),
        ({"versions": [{"version": "v0", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}]}, "the version"),
        ({"versions": [{"version": "v1", "created": "Mon, 32 Apr 2007 19:18:42 GMT"}]}, "the version"),
        ({"versions": [{"version": "v1", "created": "Mon, 2 Apr 1907 19:18:42 GMT"}]}, "the version"),
        ({"versions": [{"version": "v1"}]}, "the version"),
        ({"update_date": "yesterday"}, "update_date 'yesterday', expected one like 2007-05-23"),
        ({"update_date": None}, "update_date ''"),
        ({"authors_parsed": ["Euler"]}, "expected lists of text"),
        ({"authors_parsed": "Euler"}, "expected lists of text"),
        ({"authors_parsed": {"Euler": "L."}}, "expected lists of text"),
        ({"authors_parsed": 3}, "expected lists of text"),
        ({"authors_parsed": [[]]}, "expected lists of text"),
        ({"authors_parsed": [["Euler", 7, ""]]}, "expected lists of text"),
        ({"authors_parsed": [["Euler", ["L."], ""]]}, "expected lists of text"),
        ({"abstract": "half \ud83d a character"}, "half a character, '\\ud83d'"),
        ({"comments": "NUL \x00"}, "the character NUL"),
    ],
)
def test_a_line_that_lacks_something_says_what(fields: Record, reason: str) -> None:
    with pytest.raises(UnreadableLine) as caught:
        read(make_record(**fields))

    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[1]",
        b"null",
        b'"text"',
        b"\xff\xfe{}",
        b'{"id": "\xed\xa0\xbd"}',
        b"[" * 100_000,
        b"9" * 5000,
    ],
    ids=["empty", "cut", "list", "null", "text", "no UTF-8", "half a character", "deep", "long number"],
)
def test_a_line_that_is_no_record_is_unreadable(line: bytes) -> None:
    with pytest.raises(UnreadableLine):
        read_dumped(line)


def test_characters_of_every_kind_are_kept() -> None:
    text = 'Größe 😀 \\u0000 \\ud83d "quoted"'

    assert read(make_record(comments=text)).comments == text


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(make_record())), json_values))
def test_whatever_a_field_holds_a_line_is_a_paper_or_unreadable(fields: Record) -> None:
    line = json.dumps(make_record() | fields).encode()
    try:
        history, paper = read_dumped(line)
    except UnreadableLine:
        return
    assert (history.paper, history.newest) == (paper.id, paper.version)
    text = "".join([paper.title, paper.abstract, *(author.name for author in paper.authors)])
    assert b"\0" not in text.encode()


@pytest.mark.parametrize("name", ["dump.json", "dump.jsonl.gz"])
def test_lines_come_with_their_numbers_packed_or_not(tmp_path: Path, name: str) -> None:
    path = write_dump(tmp_path / name, [b"one", b"two", b"three"])

    assert lines_of(path) == [(1, b"one\n"), (2, b"two\n"), (3, b"three\n")]
    assert lines_of(path, after=2) == [(3, b"three\n")]


def test_a_last_line_without_an_end_counts(tmp_path: Path) -> None:
    path = tmp_path / "dump.jsonl"
    path.write_bytes(b"one\ntwo")

    assert lines_of(path, after=1) == [(2, b"two")]


def test_a_line_without_end_comes_cut_off_and_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "dump.jsonl"
    path.write_bytes(b"x" * (2 * LONGEST_LINE + 5) + b"\nnext\n")
    (first, line), second = lines_of(path)

    assert (first, len(line), second) == (1, LONGEST_LINE, (2, b"next\n"))
    with pytest.raises(UnreadableLine, match="longer than"):
        read_dumped(line)


def test_a_packed_file_that_is_cut_off_gives_its_lines_and_says_where_it_ends(tmp_path: Path) -> None:
    path = write_dump(tmp_path / "dump.jsonl.gz", [make_record(number) for number in range(1, 3000)])
    path.write_bytes(path.read_bytes()[:-2000])
    seen: list[int] = []
    with open_dump(path) as dump, pytest.raises(BrokenAnswer) as caught:
        seen.extend(number for number, _ in dump.lines())

    assert seen == list(range(1, seen[-1] + 1))
    assert f"breaks off behind line {seen[-1]}:" in str(caught.value)


def test_a_file_that_only_pretends_to_be_packed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dump.gz"
    path.write_bytes(b"no gzip")

    with pytest.raises(BrokenAnswer, match="behind line 0"):
        lines_of(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenAnswer, match="cannot be opened"), open_dump(tmp_path / "none.json"):
        pass


def test_the_share_goes_from_0_to_1(tmp_path: Path) -> None:
    path = write_dump(tmp_path / "dump.jsonl", [make_record(number) for number in range(1, 101)])
    with open_dump(path) as dump:
        shares = [dump.share(), *(dump.share() for _ in dump.lines())]

    assert shares[0] == 0
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_an_empty_file_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "dump.jsonl"
    path.touch()
    with open_dump(path) as dump:
        assert (list(dump.lines()), dump.share()) == ([], 1.0)


def test_the_same_file_has_the_same_fingerprint_and_another_has_another(tmp_path: Path) -> None:
    def fingerprint(path: Path) -> str:
        with open_dump(path) as dump:
            return dump.fingerprint

    one = write_dump(tmp_path / "one.jsonl", [make_record(1)])
    same = write_dump(tmp_path / "same.jsonl", [make_record(1)])
    longer = write_dump(tmp_path / "longer.jsonl", [make_record(1), make_record(2)])
    other = write_dump(tmp_path / "other.jsonl", [make_record(2)])

    assert fingerprint(one) == fingerprint(same)
    assert len({fingerprint(path) for path in (one, longer, other)}) == 3
