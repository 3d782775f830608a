"""Taking a query apart: what SQL decides, what the index of words is asked, and what is left to decide."""

from __future__ import annotations

import pytest
from hypothesis import given

from feedsvc.paper import Paper
from feedsvc.query import Query, Subject, parse
from feedsvc.query.ast import EVERYTHING, And, Not, Or, resolve_dates, walk_leaves
from feedsvc.store.plan import plan_query, restrict_words, weaken_query
from tests.builders import MONDAY, make_announcement
from tests.test_store_announcements import PAPERS, QUERIES


@pytest.mark.parametrize(
    ("query", "words", "exact"),
    [
        ("*", None, True),
        ("in:cs.AI kind:new", None, True),
        ("announced:2026-01", None, True),
        ("walk", "walk", True),
        ('"random walk*"', '"random walk*"', True),
        ("walk -graph", "walk -graph", True),
        ("walk kind:new", "walk", True),
        ("walk -kind:new", "walk", True),
        ("walk in:cs.AI", "in:cs.AI walk", True),
        ("walk -in:cs.AI", "walk", True),
        ("walk OR graph", "graph OR walk", True),
        ("walk OR kind:new", None, False),
        ("walk OR in:cs.AI", "in:cs.AI OR walk", False),
        ("in:cs.AI -walk", "in:cs.AI -walk", True),
        ("kind:new -walk", None, False),
        ("au:hinton", "au:hinton", True),
        ("au:hinton_g", "au:hinton", False),
        ("walk -au:hinton_g", "walk", False),
        ("au:geoffrey_hinton", "au:geoffrey_hinton", False),
        ("cat:cs.AI", "cat:cs.AI", True),
        ("walk is:primary", "walk", False),
        ("~walking", "walk*", False),
        ("graph -~walking", "graph", False),
        ("walk -(graph -tree)", "walk -(graph -tree)", True),
    ],
)
def test_a_query_is_taken_apart(query: str, words: str | None, exact: bool) -> None:
    plan = plan_query(parse(query))

    assert (None if plan.words is None else str(plan.words)) == words
    assert plan.exact is exact


@given(QUERIES, PAPERS)
def test_law_what_the_index_is_asked_is_never_narrower(query: Query, paper: Paper) -> None:
    subject = Subject(paper, make_announcement())
    query = resolve_dates(query, MONDAY)
    weaker, is_equal = weaken_query(query)
    asked = restrict_words(weaker)

    if query.matches(subject):
        assert weaker.matches(subject)
        assert asked.matches(subject)
    elif is_equal:
        assert not weaker.matches(subject)


@given(QUERIES)
def test_law_an_index_is_asked_only_for_what_is_there(query: Query) -> None:
    """It can take rows away from others, but finds none by what they lack."""

    def finds(part: Query) -> bool:
        match part:
            case Not():
                return False
            case And(operands):
                barred = [each.operand for each in operands if isinstance(each, Not)]
                wanted = [each for each in operands if not isinstance(each, Not)]
                return bool(wanted) and all(map(finds, wanted)) and all(map(finds, barred))
            case Or(operands):
                return all(map(finds, operands))
        return True

    asked = restrict_words(weaken_query(query)[0])
    assert asked == EVERYTHING or finds(asked)
    assert asked == EVERYTHING or EVERYTHING not in set(walk_leaves(asked))


@pytest.mark.parametrize(
    ("query", "names_papers", "exact"),
    [
        ("id:2601.06098", True, True),
        ("id:2601.06098 OR id:2601.06099v2", True, True),
        ("id:2601.06098 kind:new", True, True),
        ("id:2601.06098 walk", True, False),
        ("id:2601.06098 OR walk", False, False),
        ("walk -id:2601.06098", False, True),
    ],
)
def test_papers_that_are_named_are_looked_for_by_their_names(
    query: str, names_papers: bool, exact: bool
) -> None:
    plan = plan_query(parse(query))

    assert (plan.names_papers, plan.exact) == (names_papers, exact)
    assert not (names_papers and plan.words)
