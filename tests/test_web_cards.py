"""Papers as cards: HTML of text with TeX, marked words, long lists of authors."""

from __future__ import annotations

from dataclasses import replace

import pytest

from feedsvc.calendar import announced_at
from feedsvc.paper import Author, Entry, Kind, Likeness
from feedsvc.query import parse
from feedsvc.web.cards import MOST_AUTHORS, make_card, mark_text, write_html
from tests.web_house import DAY, PAPERS

ENTRY = Entry(PAPERS[0], Kind.NEW, announced_at(DAY), announced_at(DAY))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a < b & c", "a &lt; b &amp; c"),
        ("$x^{1/3}$ and $n^2$", "x<sup>1/3</sup> and n²"),
        ("one\n\ntwo", "one<br>two"),
        ("at https://a.org/?b&c", 'at <a href="https://a.org/?b&amp;c">https://a.org/?b&amp;c</a>'),
        ("", ""),
    ],
)
def test_text_becomes_html(text: str, html: str) -> None:
    assert write_html(text) == html


def test_marked_places_are_escaped_like_the_rest() -> None:
    assert mark_text("a<b>c", lambda text: [(1, 4)]) == "a<mark>&lt;b&gt;</mark>c"


def test_a_long_list_of_authors_is_cut_but_for_those_who_are_meant() -> None:
    authors = (*(Author(f"Person {name}") for name in "ABCDEFGHIJK"), Author("Ada Lovelace"))
    entry = replace(ENTRY, paper=replace(ENTRY.paper, authors=authors))
    card = make_card(entry, "en", parse("au:lovelace"))

    assert len(card.authors) == MOST_AUTHORS + 1
    assert card.authors[-1] == "<mark>Ada Lovelace</mark>"
    assert card.more == len(authors) - len(card.authors) == 3


def test_a_paper_without_a_digest_shows_its_abstract() -> None:
    passages = make_card(ENTRY, "en").passages

    assert [passage.heading for passage in passages] == [None]
    assert "It was hard before." in passages[0].text


def test_a_paper_like_another_says_why() -> None:
    card = make_card(replace(ENTRY, likeness=Likeness("2601.00002", ("walk", "graph"))), "en")

    assert card.reason == "Like 2601.00002: walk, graph"
