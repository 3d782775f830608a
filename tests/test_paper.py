"""Identifiers, the order of papers, and what is kept of two readings of one paper."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.errors import InvalidIdError
from feedsvc.paper import ArxivId, Author, Kind, Paper, merge_paper, order_id
from tests.builders import make_paper

NEW_IDS = st.builds(
    lambda year, month, number: f"{year:02}{month:02}.{number:05}",
    st.integers(15, 99),
    st.integers(1, 12),
    st.integers(1, 99_999),
)
OLD_IDS = st.builds(
    lambda archive, year, month, number: f"{archive}/{year % 100:02}{month:02}{number:03}",
    st.sampled_from(["hep-th", "math", "cs", "cond-mat", "q-bio"]),
    st.integers(1991, 2007),
    st.integers(1, 12),
    st.integers(1, 999),
)
VERSIONS = st.none() | st.integers(1, 9_999)
TEXTS = st.sampled_from(["", "one", "two"])
READINGS = st.builds(
    make_paper,
    title=TEXTS,
    abstract=TEXTS,
    authors=st.sampled_from([(), (Author("G. Hinton"),), (Author("Geoffrey Hinton"),)]),
    categories=st.sampled_from([("cs.AI",), ("cs.AI", "cs.LG"), ("cs.AI", "cs.LG", "stat.ML")]),
    comments=st.none() | TEXTS,
    doi=st.none() | st.just("10.1/1"),
    journal_ref=st.none() | st.just("J. 1"),
    submitted=st.none() | st.just(datetime(2026, 1, 2, tzinfo=UTC)),
    complete=st.booleans(),
)


@pytest.mark.parametrize(
    ("text", "paper", "version"),
    [
        ("2601.06098", "2601.06098", None),
        ("2601.06098v2", "2601.06098", 2),
        (" 2601.06098V2\n", "2601.06098", 2),
        ("0704.0001v12", "0704.0001", 12),
        ("arXiv:2601.06098", "2601.06098", None),
        ("oai:arXiv.org:2601.06098v1", "2601.06098", 1),
        ("http://arxiv.org/abs/2601.06098v1", "2601.06098", 1),
        ("https://export.arxiv.org/abs/2601.06098", "2601.06098", None),
        ("https://arxiv.org/pdf/2601.06098v1.pdf", "2601.06098", 1),
        ("https://arxiv.org/html/2601.06098v3", "2601.06098", 3),
        ("hep-th/9901001", "hep-th/9901001", None),
        ("HEP-TH/9901001v3", "hep-th/9901001", 3),
        ("math.GT/0309136", "math/0309136", None),
        ("https://arxiv.org/abs/math.GT/0309136v1", "math/0309136", 1),
        ("cond-mat/0703470", "cond-mat/0703470", None),
    ],
)
def test_an_identifier_is_read_as_people_write_it(text: str, paper: str, version: int | None) -> None:
    assert ArxivId.parse(text) == ArxivId(paper, version)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cs.AI",
        "2601",
        "2601.060",
        "2601.060981",
        "2601.06098v0",
        "2601.06098v",
        "2601.06098v1x",
        "2613.00001",
        "2600.00001",
        "hep-th/990100",
        "hep-th/9913001",
        "https://example.org/abs/2601.06098",
        "２６０１.０６０９８",
        "2601.06098 2601.06099",
    ],
)
def test_what_is_no_identifier_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidIdError, match=r"expected one like 2601\.06098v2") as caught:
        ArxivId.parse(text)

    assert caught.value.text == text
    assert repr(text) in str(caught.value)


@given(NEW_IDS | OLD_IDS, VERSIONS)
def test_an_identifier_reads_back_from_its_text(paper: str, version: int | None) -> None:
    identifier = ArxivId(paper, version)

    assert ArxivId.parse(str(identifier)) == identifier


def test_papers_sort_in_the_order_arxiv_gave_them_out() -> None:
    ordered = ["hep-th/9108001", "math/9912001", "cs/0001001", "hep-th/0703001", "0704.0001", "1412.9999"]
    ordered += ["1501.00001", "2601.00002", "2601.06098", "2602.00001"]

    assert sorted(reversed(ordered), key=order_id) == ordered


def test_a_kind_ranks_new_before_cross_before_replace_before_replace_cross() -> None:
    kinds = [Kind.REPLACE_CROSS, Kind.REPLACE, Kind.NEW, Kind.CROSS]

    assert sorted(kinds, key=lambda kind: kind.rank) == ["new", "cross", "replace", "replace-cross"]


def test_the_primary_category_is_the_first() -> None:
    assert make_paper(categories=("stat.ML", "cs.LG")).primary == "stat.ML"


def test_the_abstract_page_has_no_version_and_the_pdf_has_one() -> None:
    paper = make_paper("hep-th/9901001", version=3)

    assert paper.abs_url == "https://arxiv.org/abs/hep-th/9901001"
    assert paper.pdf_url == "https://arxiv.org/pdf/hep-th/9901001v3"


@pytest.mark.parametrize(
    "comments",
    [
        "This paper has been withdrawn by the author due to a crucial sign error in equation 1",
        "The paper has been withdrawn by the authors",
        "This submission has been withdrawn by arXiv administrators",
        "This reprint has been withdrawn at the request of the AGU",
        "This article was withdrawn",
        "this paper is being withdrawn",
        "Withdrawn: the construction in section 5 contains a gap",
        "  withdrawn",
        "[Withdrawn by the author]",
    ],
)
def test_a_comment_that_begins_with_the_withdrawal_tells_of_it(comments: str) -> None:
    assert make_paper(comments=comments).is_withdrawn


@pytest.mark.parametrize(
    "comments",
    [
        None,
        "",
        "12 pages, 3 figures",
        "17 pages, 6 figures; paper withdrawn from IEEE Transactions on Signal Processing",
        "Withdrawn from ICLR 2026, now at ICML",
        "This paper studies withdrawn drugs",
        "An earlier version was withdrawn",
    ],
)
def test_other_comments_tell_of_no_withdrawal(comments: str | None) -> None:
    assert not make_paper(comments=comments).is_withdrawn


@pytest.mark.parametrize("zone", [None, timezone(timedelta(hours=-5))])
def test_a_moment_that_is_not_in_utc_is_refused(zone: timezone | None) -> None:
    with pytest.raises(ValueError, match="is not in UTC"):
        make_paper(submitted=datetime(2026, 1, 2, tzinfo=UTC).replace(tzinfo=zone))


def test_a_first_reading_is_kept_as_it_is() -> None:
    seen = make_paper()

    assert merge_paper(None, seen) is seen


def test_a_complete_reading_wins_over_a_listing() -> None:
    listing = make_paper(title="As listed", comments=None)
    complete = make_paper(title="As the API has it", comments="12 pages", complete=True)

    assert merge_paper(listing, complete) == complete
    assert merge_paper(complete, listing) == complete


def test_of_two_listings_or_two_complete_readings_the_later_wins() -> None:
    for complete in (False, True):
        earlier, later = (make_paper(title=title, complete=complete) for title in ("Earlier", "Later"))

        assert merge_paper(earlier, later) == later


def test_a_listing_fills_the_gaps_of_a_complete_reading() -> None:
    complete = make_paper(abstract="", complete=True)
    listing = make_paper(abstract="There is one.", license="http://example.org/licence")

    merged = merge_paper(complete, listing)

    assert (merged.abstract, merged.license) == ("There is one.", "http://example.org/licence")


def test_a_listing_with_further_categories_is_believed() -> None:
    complete = make_paper(categories=("cs.AI",), title="Complete", complete=True)
    listing = make_paper(categories=("cs.AI", "stat.ML"), title="Listed")

    merged = merge_paper(complete, listing)

    assert (merged.categories, merged.title) == (("cs.AI", "stat.ML"), "Complete")


def test_a_listing_with_fewer_or_other_categories_is_not_believed() -> None:
    complete = make_paper(categories=("cs.AI", "cs.LG"), complete=True)

    for categories in (("cs.AI",), ("cs.AI", "stat.ML")):
        assert merge_paper(complete, make_paper(categories=categories)) == complete


@given(READINGS, READINGS)
def test_no_field_is_ever_lost(known: Paper, seen: Paper) -> None:
    merged = merge_paper(known, seen)

    for field in fields(Paper):
        values = [getattr(paper, field.name) for paper in (known, seen)]
        assert getattr(merged, field.name) in values
        if any(value not in (None, "", ()) for value in values):
            assert getattr(merged, field.name) not in (None, "", ())


@given(READINGS, READINGS)
def test_the_same_reading_again_changes_nothing(known: Paper, seen: Paper) -> None:
    merged = merge_paper(known, seen)

    assert merge_paper(merged, seen) == merged


@given(READINGS, READINGS)
def test_a_paper_once_complete_stays_complete(known: Paper, seen: Paper) -> None:
    assert merge_paper(replace(known, complete=True), seen).complete
