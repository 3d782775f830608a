"""What a listing shows."""

from __future__ import annotations

from datetime import date

import pytest

from feedsvc.errors import AddressError
from feedsvc.paper import Kind
from feedsvc.standin.listing import MAX_ITEMS, read_places, select_listing
from tests.standin_papers import MONDAY, TUESDAY, corpus_of, moment_on, plain_paper, small_corpus

CORPUS = small_corpus()


def kinds_in(query: str, day: date) -> dict[str, str]:
    """Give the kind of each paper shown, by the last digit of its identifier."""
    return {
        item.paper.id[-1]: item.kind.value for item in select_listing(query, moment_on(CORPUS, day)).items
    }


def test_a_category_shows_its_page() -> None:
    assert kinds_in("cs.AI", MONDAY) == {"1": "new", "2": "cross"}
    assert kinds_in("cs.AI", TUESDAY) == {"2": "replace-cross"}


def test_joined_categories_show_a_paper_once_under_the_first_kind() -> None:
    assert kinds_in("cs.AI+cs.LG", MONDAY) == {"1": "new", "2": "new", "5": "new", "3": "cross"}
    assert kinds_in("cs.AI+cs.LG", TUESDAY) == {"2": "replace"}


def test_an_archive_shows_all_its_categories_under_their_other_names_too() -> None:
    """Of the archive `cs`, cs.NA is math.NA: paper 3 is new in it."""
    assert kinds_in("cs", MONDAY) == {"1": "new", "2": "new", "3": "new", "5": "new"}


@pytest.mark.parametrize("query", ["cs.NA", "math.NA", "MATH.na", "math"])
def test_a_category_is_shown_under_either_name_and_in_any_letter_case(query: str) -> None:
    assert kinds_in(query, MONDAY) == {"3": "new"}


def test_items_run_by_kind_then_identifier() -> None:
    listing = select_listing("stat+cs", moment_on(CORPUS, TUESDAY))

    assert [(item.paper.id[-1], item.kind) for item in listing.items] == [
        ("5", Kind.CROSS),
        ("2", Kind.REPLACE),
    ]


def test_places_are_named_archives_first_in_arxivs_letters() -> None:
    assert read_places("cs.ai+HEP-TH+math.na+stat") == ("hep-th", "stat", "cs.AI", "math.NA")


def test_an_item_has_the_categories_of_its_day() -> None:
    first, *_ = [i for i in select_listing("cs.LG", moment_on(CORPUS, MONDAY)).items if i.paper.id[-1] == "5"]

    assert first.paper.categories == ("cs.LG",)


def test_past_2000_items_new_papers_are_left_out_first() -> None:
    new = [(plain_paper(f"2601.{number:05}"), Kind.NEW) for number in range(1, 1501)]
    replaced = [(plain_paper(f"2512.{number:05}", version=2), Kind.REPLACE) for number in range(1, 1001)]
    listing = select_listing("cs.AI", moment_on(corpus_of(MONDAY, {"cs.AI": [*new, *replaced]}), MONDAY))

    assert len(listing.items) == MAX_ITEMS == 2000
    assert listing.items[0].paper.id == "2601.00501"
    assert listing.items[-1].paper.id == "2512.01000"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("cs.XX", "Bad subject class 'XX'. Valid subject classes for the archive 'cs' are: cs.AI, cs.AR"),
        ("nonsense", "Bad archive 'nonsense'. Valid archive names are: astro-ph, cond-mat"),
        ("cs.AI.LG", "Bad archive/subject class structure 'cs.AI.LG'"),
        ("cs.AI+", "Invalid archive specification 'cs.AI+'"),
        ("hep-th.AB", "Bad subject class 'AB'"),
        (" ", "Invalid archive specification"),
    ],
)
def test_what_is_no_category_is_refused_in_arxivs_words(query: str, message: str) -> None:
    with pytest.raises(AddressError) as caught:
        select_listing(query, moment_on(CORPUS, MONDAY))
    assert str(caught.value).startswith(message)
