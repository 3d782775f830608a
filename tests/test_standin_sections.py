"""Sections of crawled pages."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.paper import Kind
from feedsvc.standin.sections import History, read_sections

N, C, R, X = Kind
DECEMBER = (2025 * 12 + 12, 0)
YESTERDAY = History({"2601.05000": ("cs",)})


def read(history: History = YESTERDAY, **pages: Sequence[str]) -> dict[str, str]:
    """Read pages given as numbers of papers (`ai="05001"`), and give initials of the kinds."""
    named = {topic: [full_id(number) for number in papers] for topic, papers in pages.items()}
    letters = {N: "n", C: "c", R: "r", X: "x"}
    kinds = read_sections(named, DECEMBER, history)
    return {topic: "".join(letters[kind] for kind in row) for topic, row in kinds.items()}


def full_id(number: str) -> str:
    return number if "." in number or "/" in number else f"2601.{number}"


def test_identifiers_fall_back_where_a_section_ends() -> None:
    page = ["05001", "05007", "05003", "05009", "2401.1", "2512.9", "2301.5", "2511.4"]
    page = [f"{p}0000" if "." in p else p for p in page]

    assert read(ai=page) == {"ai": "nnccrrxx"}


def test_a_page_may_lack_new_papers() -> None:
    """Its own rows do not tell: the other page does, which has them as new."""
    assert read(ai=["05002", "05004", "2401.00001"], lg=["05002", "05003", "05004", "05001"]) == {
        "ai": "ccr",
        "lg": "nnnc",
    }


def test_a_page_may_lack_cross_lists() -> None:
    assert read(ai=["05001", "05002", "2401.00001", "2301.00001"]) == {"ai": "nnrx"}


def test_a_page_may_hold_replacements_only() -> None:
    assert read(ai=["2401.00001", "2512.00001", "2301.00001"]) == {"ai": "rrx"}


def test_a_page_may_lack_primary_replacements() -> None:
    pages = read(ai=["05001", "2401.00001"], lg=["05002", "2401.00001", "2512.00001", "2301.00001"])

    assert pages == {"ai": "nx", "lg": "nrrx"}


def test_without_a_fall_the_other_page_tells_where_cross_lists_begin() -> None:
    assert read(ai=["05001", "05002", "05008", "05009"], lg=["05003", "05008", "05009", "05001"]) == {
        "ai": "nncc",
        "lg": "nnnc",
    }


def test_an_old_paper_among_the_cross_lists_does_not_end_them() -> None:
    assert read(ai=["05004", "05006", "2508.04295", "05001", "05002", "2401.00001"]) == {"ai": "nncccr"}


def test_a_paper_put_on_hold_is_new_although_it_is_old() -> None:
    assert read(ai=["0906.03421", "05001", "05002", "05001", "2401.00001"]) == {"ai": "nnncr"}


def test_what_is_known_to_have_another_primary_category_is_a_cross_listed_replacement() -> None:
    history = History({"2601.05000": ("ai",), "2512.00003": ("lg",)}, {"2512.00003": "lg"})

    assert read(history, ai=["05001", "2401.00001", "2512.00003"]) == {"ai": "nrx"}


def test_what_its_earlier_topic_does_not_show_again_is_a_later_cross_list() -> None:
    """A replacement would stand on the pages of all its categories."""
    history = History({"2601.05000": ("ai",), "2601.04000": ("lg",)}, {"2601.04000": "lg"})

    assert read(history, ai=["05001", "04000"], lg=["05002"]) == {"ai": "nc", "lg": "n"}
    assert read(history, ai=["05001", "04000"], lg=["05002", "04000"]) == {"ai": "nx", "lg": "nr"}


def test_what_a_topic_showed_before_is_not_cross_listed_to_it_again() -> None:
    history = History({"2601.05000": ("ai",), "2601.04000": ("ai", "lg")})

    assert read(history, ai=["05001", "04000"], lg=["05002"]) == {"ai": "nr", "lg": "n"}


def test_a_paper_of_this_month_can_be_replaced() -> None:
    assert read(ai=["05001", "2401.00001", "04999"]) == {"ai": "nrr"}


def test_the_first_day_is_told_by_what_pages_begin_with() -> None:
    pages = read(
        History(),
        ai=["02514", "03236", "02365", "03232", "2405.18867", "2601.01802", "2311.16086", "2601.02285"],
        cl=["02391", "03254", "2407.12850", "02285"],
        se=["2408.00500", "2512.08910"],
    )

    assert pages == {"ai": "nnccrrxx", "cl": "nnrr", "se": "rr"}


def test_identifiers_of_the_old_scheme_end_a_section() -> None:
    assert read(ai=["05001", "2401.00001", "math/0510544", "0704.0248"]) == {"ai": "nrrx"}


def test_history_remembers_who_showed_a_paper_as_its_own() -> None:
    pages = {"ai": ["2601.00001", "2601.00002"], "lg": ["2601.00002"]}
    history = History({"2601.00002": ("cv",)}).extend(pages, {"ai": (N, C), "lg": (R,)})

    assert history.topics == {"2601.00001": ("ai",), "2601.00002": ("cv", "ai", "lg")}
    assert history.primaries == {"2601.00001": "ai", "2601.00002": "lg"}


@pytest.mark.parametrize("pages", [{}, {"ai": []}, {"ai": [], "lg": ["2601.05001"]}])
def test_an_empty_page_has_no_kinds(pages: dict[str, list[str]]) -> None:
    kinds = read_sections(pages, DECEMBER, YESTERDAY)

    assert {topic: len(row) for topic, row in kinds.items()} == {t: len(page) for t, page in pages.items()}


IDS = st.from_regex(r"2(5|6)0[1-3]\.0\d{4}", fullmatch=True)


@given(st.dictionaries(st.sampled_from(["ai", "lg", "cl"]), st.lists(IDS, unique=True, max_size=12)))
def test_whatever_a_page_holds_its_kinds_follow_in_order(pages: dict[str, list[str]]) -> None:
    for topic, kinds in read_sections(pages, DECEMBER, YESTERDAY).items():
        assert len(kinds) == len(pages[topic])
        assert list(kinds) == sorted(kinds, key=lambda kind: kind.rank)
