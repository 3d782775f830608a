"""The query API's search language."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.errors import AddressError
from feedsvc.paper import Author
from feedsvc.standin.search import parse_search, spell_search
from tests.standin_papers import plain_paper

PAPER = plain_paper(
    "2601.00001",
    title="Conv-Linformer: attention for $\\ell_1$ norms",
    abstract="We test Équations of motion.",
    authors=(Author("Geoffrey E. Hinton"), Author("Adrian Del Maestro"), Author("Kurt Gödel")),
    categories=("cs.LG", "math.NA"),
    comments="12 pages, to appear",
    journal_ref="J. Num. 1 (2026)",
    submitted=datetime(2026, 1, 5, 12, 0, tzinfo=UTC),
)


@pytest.mark.parametrize(
    "query",
    [
        "all:linformer",
        "linformer",
        'ti:"attention for"',
        "ti:Conv-Linformer",
        "abs:equations",
        "co:pages",
        'jr:"J. Num."',
        "cat:cs.LG",
        "cat:CS.lg",
        "cat:cs.NA",
        "cat:cs.*",
        "au:hinton",
        "au:hinton_g",
        'au:"Geoffrey Hinton"',
        "au:del_maestro",
        "au:godel",
        "all:gödel",
        "ti:attention AND cat:math.NA",
        "cat:hep-th OR cat:cs.LG",
        "cat:cs.LG ANDNOT ti:graph",
        "(cat:hep-th OR cat:cs.LG) AND (ti:norms)",
        "nothing norms",
        "submittedDate:[202601050000 TO 202601060000]",
        "submittedDate:[20260105 TO 20260106] AND cat:cs.LG",
    ],
)
def test_what_a_query_finds(query: str) -> None:
    assert parse_search(query)(PAPER)


@pytest.mark.parametrize(
    "query",
    [
        "ti:motion",
        "abs:linformer",
        'ti:"for attention"',
        "cat:cs.L",
        "cat:math.*X",
        "au:hinton_x",
        "au:kurt_hinton",
        "ti:attention AND cat:hep-th",
        "cat:cs.LG ANDNOT ti:attention",
        "cat:hep-th AND (cat:cs.LG OR ti:norms)",
        "submittedDate:[202601060000 TO 202601070000]",
    ],
)
def test_what_a_query_does_not_find(query: str) -> None:
    assert not parse_search(query)(PAPER)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "AND",
        "cat:cs.LG AND",
        "(cat:cs.LG",
        "cat:cs.LG)",
        'ti:"open',
        "ti:",
        "ti:()",
        "title:norms",
        "submittedDate:[now TO then]",
        "submittedDate:[20261399 TO 20261400]",
        "(" * 2000 + "a" + ")" * 2000,
    ],
)
def test_a_query_that_cannot_be_read_is_refused(query: str) -> None:
    with pytest.raises(AddressError):
        parse_search(query)


@pytest.mark.parametrize(
    ("query", "spelled"),
    [
        ("testing", "all:testing"),
        ("cat:math.NT OR cat:math.AG", "cat:math.NT OR cat:math.AG"),
        ("(a  OR b)", "(all:a OR all:b)"),
        ('"two words"', 'all:"two words"'),
    ],
)
def test_a_query_is_echoed_with_its_fields(query: str, spelled: str) -> None:
    assert spell_search(query) == spelled


@given(st.text(alphabet='ab:()"[] ANDORT,éß\x00', max_size=30))
def test_any_text_is_read_or_refused(query: str) -> None:
    try:
        found = parse_search(query)(PAPER)
    except AddressError:
        return
    assert found in {True, False}
