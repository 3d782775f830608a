"""Marking words: every word that made a query match, where it stands in the text, and no other."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.query import parse
from feedsvc.query.ast import Field, Term
from feedsvc.query.marking import mark_names, mark_words
from feedsvc.query.words import tokenise


def marked(query: str, text: str, field: Field = Field.TITLE) -> str:
    """Give a text with brackets round what is marked in it."""
    parts, place = [], 0
    for start, end in mark_words(parse(query), field, text):
        parts += [text[place:start], "[", text[start:end], "]"]
        place = end
    return "".join((*parts, text[place:]))


@pytest.mark.parametrize(
    ("query", "text", "expected"),
    [
        ("walk", "A walk, and a Walk-through", "A [walk], and a [Walk]-through"),
        ('"random walk"', "Random walk on a random graph", "[Random walk] on a random graph"),
        ('"self supervised"', "Self-supervised learning", "[Self-supervised] learning"),
        ("schrodinger", "The Schrödinger equation", "The [Schrödinger] equation"),
        ("schrodinger", r"The Schr\"odinger equation", r"The [Schr\"odinger] equation"),
        ("transform*", "Transformers transform text", "[Transformers] [transform] text"),
        ("~networks", "A network of networks", "A [network] of [networks]"),
        ("量子", "关于量子计算", "关于[量子]计算"),
        ("walk graph", "A walk on a graph", "A [walk] on a [graph]"),
        ("walk OR run", "A run", "A [run]"),
        ("walk -graph", "A walk on a graph", "A [walk] on a graph"),
        ("abs:walk", "A walk", "A walk"),
        ("ti:walk", "A walk", "A [walk]"),
        ('"a b" "b c"', "a b c", "[a b c]"),
        ("cat:cs.AI", "cs AI", "cs AI"),
    ],
)
def test_the_words_of_a_query_are_marked(query: str, text: str, expected: str) -> None:
    assert marked(query, text) == expected


def test_authors_are_marked_whole() -> None:
    names = ["Geoffrey Hinton", "Ada Lovelace", "G. E. Hinton", ""]

    assert mark_names(parse("au:hinton_g"), names) == (0, 2)
    assert mark_names(parse("lovelace"), names) == (1,)
    assert mark_names(parse("ti:lovelace -hinton"), names) == ()


@given(st.text("ab é-量子.", max_size=40), st.integers(0, 30), st.integers(1, 3))
def test_law_a_phrase_of_a_text_is_marked_in_it(text: str, start: int, length: int) -> None:
    tokens = tokenise(text)[start : start + length]
    if not tokens:
        return
    spans = mark_words(Term(Field.ALL, tokens), Field.ABSTRACT, text)

    assert spans
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    for first, last in spans:
        inside = f" {' '.join(tokenise(text[first:last]))} "
        assert f" {' '.join(tokens)} " in inside
