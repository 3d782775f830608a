"""Queries copied from an address of arXiv's API mean what they mean there; ordinary text is left alone."""

from __future__ import annotations

import pytest

from feedsvc.errors import QueryError
from feedsvc.query import parse
from feedsvc.query.pasted import decode_pasted

PLAIN = 'au:del_maestro ANDNOT (ti:checkerboard OR ti:"quantum criticality")'
PASTED = [
    "au:del_maestro+ANDNOT+%28ti:checkerboard+OR+ti:%22quantum+criticality%22%29",
    "au:del_maestro%20ANDNOT%20(ti:checkerboard%20OR%20ti:%22quantum%20criticality%22)",
    "au%3Adel_maestro+ANDNOT+%28ti%3Acheckerboard+OR+ti%3A%22quantum+criticality%22%29",
    "au:del_maestro ANDNOT (ti:checkerboard OR ti:%22quantum criticality%22)",
    "search_query=au:del_maestro+ANDNOT+%28ti:checkerboard+OR+ti:%22quantum+criticality%22%29",
    "http://export.arxiv.org/api/query?search_query=au:del_maestro+ANDNOT+%28ti:checkerboard+OR"
    "+ti:%22quantum+criticality%22%29&start=0&max_results=10",
    "https://export.arxiv.org/api/query?start=0&search_query=au:del_maestro+ANDNOT+%28ti:checkerboard+OR"
    "+ti:%22quantum+criticality%22%29",
]


@pytest.mark.parametrize("text", PASTED)
def test_a_pasted_query_means_the_same(text: str) -> None:
    assert decode_pasted(text) == PLAIN
    assert parse(text) == parse(PLAIN)


# From the manual of arXiv's API, and what people have in their programs.
OF_ARXIV = [
    ("all:electron", "electron"),
    ("all:electron+AND+all:proton", "electron proton"),
    ("au:del_maestro", "au:del_maestro"),
    ("au:del_maestro AND ti:checkerboard", "au:del_maestro ti:checkerboard"),
    ("au:del_maestro+ANDNOT+ti:checkerboard", "au:del_maestro -ti:checkerboard"),
    (
        "au:del_maestro+ANDNOT+%28ti:checkerboard+OR+ti:Pyrochlore%29",
        "au:del_maestro -(ti:checkerboard OR ti:pyrochlore)",
    ),
    ("ti:%22quantum+criticality%22", 'ti:"quantum criticality"'),
    ("cat:cs.*", "cat:cs.*"),
    ("cat:cond-mat.mes-hall+OR+cat:hep-th", "cat:cond-mat.mes-hall OR cat:hep-th"),
    ("search_query=ti:quantum+computing&sortBy=submittedDate", "computing ti:quantum"),
    ("jr:%22Phys.+Rev.+Lett.%22", 'jr:"phys rev lett"'),
    ("id:2601.06098 OR id:hep-th/9901001v1", "id:2601.06098 OR id:hep-th/9901001v1"),
    ("au:%22O%27Neil%22", "au:o_neil"),
    ("ti:Schr%C3%B6dinger+AND+ti:%28cat+OR+dog%29", None),
    ("%22C%2B%2B%22", "c"),
]


@pytest.mark.parametrize(("text", "canonical"), OF_ARXIV)
def test_arxivs_own_queries_can_be_read(text: str, canonical: str | None) -> None:
    if canonical is None:
        with pytest.raises(QueryError, match="'ti:Schrödinger AND ti:"):  # shown as it was meant
            parse(text)
    else:
        assert str(parse(text)) == canonical


ORDINARY = [
    "C++",
    "C++ templates",
    "a+b",
    "rock+and+roll",
    "notepad++ AND c++",
    "N=4+1",
    "100%",
    "50%de",
    "a %2 b",
    "x+AND",
    "search query",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert decode_pasted(text) == text


def test_a_plus_between_spaces_is_no_space_even_beside_an_encoded_sign() -> None:
    assert decode_pasted("C++ AND %22gcc%22") == 'C++ AND "gcc"'


def test_an_encoded_plus_is_a_plus() -> None:
    assert decode_pasted("ti:C%2B%2B+AND+ti:gcc") == "ti:C++ AND ti:gcc"


def test_bytes_that_are_no_text_are_no_error() -> None:
    assert decode_pasted("%22%FF%22") == '"\ufffd"'
