"""Author lines of crawled pages."""

from __future__ import annotations

import pytest

from feedsvc.paper import Author
from feedsvc.standin.authors import parse_authors


@pytest.mark.parametrize(
    ("line", "authors"),
    [
        ("Ada Byron,Bo Li", (Author("Ada Byron"), Author("Bo Li"))),
        ("Ada Byron", (Author("Ada Byron"),)),
        ("", ()),
    ],
)
def test_commas_part_authors(line: str, authors: tuple[Author, ...]) -> None:
    assert parse_authors(line) == authors


def test_a_comma_inside_an_affiliation_parts_nothing() -> None:
    authors = parse_authors("Ada Byron(Institute (IX), Town, Land),Bo Li")

    assert authors == (Author("Ada Byron", ("Institute (IX), Town, Land",)), Author("Bo Li"))


@pytest.mark.parametrize(
    "numbers", ["(1),Bo Li(1 and 2),Cy Day(2)", "(1),Bo Li(1,2),Cy Day(2)", " (1),Bo Li (1, 2),Cy Day (2)"]
)
def test_numbers_stand_for_places_in_the_legend(numbers: str) -> None:
    authors = parse_authors(f"Ada Byron{numbers} ((1) Here, There, (2) Elsewhere (EW))")

    assert authors == (
        Author("Ada Byron", ("Here, There",)),
        Author("Bo Li", ("Here, There", "Elsewhere (EW)")),
        Author("Cy Day", ("Elsewhere (EW)",)),
    )


def test_a_number_without_a_legend_stays_as_written() -> None:
    assert parse_authors("Ada Byron(7)") == (Author("Ada Byron", ("7",)),)


def test_a_nickname_inside_a_name_belongs_to_it() -> None:
    assert parse_authors("Yu (Eric)Qian,Zhen(Jack)Jiang") == (
        Author("Yu (Eric) Qian"),
        Author("Zhen (Jack) Jiang"),
    )
