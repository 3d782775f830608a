"""Reading queries: what is written reads back, depth costs no stack, and work grows with the length alone."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

import pytest
from hypothesis import assume, given

from feedsvc.errors import QueryError
from feedsvc.query import Query, parse
from feedsvc.query.ast import Leaf, is_selective, walk_leaves
from feedsvc.query.parser import MAX_CHARACTERS, MAX_TERMS
from tests.queries import LEAVES, QUERIES, make_texts

SHORT_CAMPAIGN = 4_000
LONG_CAMPAIGN = 1_000_000


@given(LEAVES)
def test_every_leaf_reads_back_from_its_text(leaf: Leaf) -> None:
    assume(len(str(leaf)) <= MAX_CHARACTERS)

    assert parse(str(leaf)) == leaf


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("graph －deep", "graph -deep"),
        ("transform＊", "transform*"),
        ("kind：new graph", "kind:new graph"),
        ("like：2601.90001", "like:2601.90001"),
        ("au：hinton", "au:hinton"),
        ("～networks", "~networks"),
        ("graph ＯＲ deep", "graph OR deep"),
        ("graph （deep OR wide）", "graph (deep OR wide)"),
        ("＂random walk＂", '"random walk"'),
    ],
)
def test_a_sign_as_wide_as_a_character_is_the_narrow_one(wide: str, narrow: str) -> None:
    assert parse(wide) == parse(narrow)


def test_a_mistake_with_a_wide_sign_is_where_it_was_typed() -> None:
    with pytest.raises(QueryError) as raised:
        parse("graph foo：bar")

    assert raised.value.position == 6


@given(QUERIES)
def test_every_query_reads_back_from_its_text(query: Query) -> None:
    text = str(query)
    assume(is_selective(query) and len(text) <= MAX_CHARACTERS and len(list(walk_leaves(query))) <= MAX_TERMS)

    assert parse(text) == query
    assert str(parse(text)) == text


def read_or_refuse(text: str) -> Query | QueryError:
    try:
        return parse(text)
    except QueryError as error:
        return error


def check_reading(text: str) -> bool:
    """Check that a text reads back, or is refused at a place within it; tell whether it can be read."""
    read = read_or_refuse(text)
    if isinstance(read, QueryError):
        assert 0 <= read.position <= max(len(read.text), MAX_CHARACTERS), text
        assert read.expected.startswith("expected "), text
        assert read.pointer().endswith("^"), text
        return False
    assert parse(str(read)) == read, text
    return True


def test_any_text_is_a_query_or_a_query_error() -> None:
    read = sum(map(check_reading, make_texts(1, SHORT_CAMPAIGN)))

    assert SHORT_CAMPAIGN / 20 < read < SHORT_CAMPAIGN * 19 / 20


@pytest.mark.slow
def test_a_million_texts_are_queries_or_query_errors() -> None:
    read = sum(map(check_reading, make_texts(2, LONG_CAMPAIGN)))

    assert read > LONG_CAMPAIGN / 20


def test_a_query_may_be_as_long_and_as_deep_as_the_limit() -> None:
    assert str(parse("a" * 256)) == "a" * 256
    assert str(parse("(" * 127 + "ab" + ")" * 127)) == "ab"
    assert str(parse("-(" * 84 + "abcd" + ")" * 84)) == "abcd"


DEEPEST = "a-(b OR(" * 11 + "c" + "))" * 11


def test_depth_costs_no_stack() -> None:
    """A visitor's parentheses must not exhaust the stack of a thread that is deep in something else."""
    frames = 60
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + frames)
    try:
        parse("(" * 120 + "a" + ")" * 120)
        read_or_refuse("(" * 256)
    finally:
        sys.setrecursionlimit(limit)
    assert parse(DEEPEST) == parse(str(parse(DEEPEST)))


def count_steps(work: Callable[[], object]) -> int:
    """Count the lines that are carried out in the package while something is done."""
    steps = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal steps
        if "/feedsvc/" not in frame.f_code.co_filename:
            return None
        steps += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return steps


GROWING: dict[str, Callable[[int], str]] = {
    "one word": lambda n: "a" * n,
    "many words": lambda n: "ab " * (n // 12),
    "parentheses": lambda n: "(" * (n // 2 - 1) + "a" + ")" * (n // 2 - 1),
    "open parentheses": lambda n: "(" * n,
    "closing parentheses": lambda n: ")" * n,
    "negations": lambda n: "-" * (n - 1) + "a",
    "negated groups": lambda n: "-(" * (n // 3 - 1) + "a" + ")" * (n // 3 - 1),
    "quotation marks": lambda n: '"' * n,
    "backslashes": lambda n: '"' + '\\"' * (n // 2 - 1),
    "stars": lambda n: '"' + "ab*" * (n // 3 - 1) + '"',
    "stars alone": lambda n: '"a' + " *" * (n // 2 - 2) + '"',
    "stars behind letters": lambda n: '"' + "a* " * (n // 3 - 1) + '"',
    "dashes": lambda n: "a-" * (n // 2),
    "encoded": lambda n: "%22" * (n // 3),
    "mathematics": lambda n: "$" * n,
    "spaces": lambda n: " " * n,
    "operators": lambda n: "a OR " * (n // 60) + "a",
}


@pytest.mark.parametrize("shape", GROWING)
def test_work_grows_no_faster_than_the_text(shape: str) -> None:
    make = GROWING[shape]
    read_or_refuse(make(240))  # whatever is kept for later is made now

    short, long = (count_steps(partial(read_or_refuse, make(length))) for length in (120, 240))

    assert long <= 2 * short + 20


def test_no_text_costs_more_than_some_steps_a_character() -> None:
    """Nested groups are spelt once a level to put them in order: the number of terms bounds their depth."""
    texts = [*make_texts(3, 300), DEEPEST]
    for text in texts:
        read_or_refuse(text)

    costs = [count_steps(partial(read_or_refuse, text)) / max(len(text), 40) for text in texts]

    assert max(costs[:-1]) < 40
    assert costs[-1] < 80
