"""Queries in words, in English and Chinese."""

from __future__ import annotations

from functools import partial

import pytest

from feedsvc.feed.catalogue import Catalogue
from feedsvc.query import parse
from feedsvc.web.language import say
from feedsvc.web.wording import put_in_words

ENGLISH = partial(say, "en")
CHINESE = partial(say, "zh")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("graph networks", "“graph” and “networks”"),
        ('"graph networks" OR ti:tree*', "“graph networks” or “tree…” in the title"),
        ("(a1 OR b1) -c1", "(“a1” or “b1”) and not “c1”"),
        ("a1 -(b1 c1)", "“a1” and not (“b1” and “c1”)"),
        ("abs:~networks co:code jr:nature", "“code” in the comments and “nature” in the journal reference"),
        ("au:hinton_g", "by hinton_g"),
        ("cat:cs.LG in:math.*", "listed in cs.LG and announced in math.*"),
        ("kind:replace is:primary", "in its primary category and replaced"),
        ("id:2601.00001 OR like:2601.00002", "the paper 2601.00001 or like 2601.00002"),
        ("a1 announced:7d", "“a1” and announced in the last 7 days"),
        ("a1 announced:2m", "“a1” and announced in the last 2 months"),
        ("a1 announced:2026-01..2026-02", "“a1” and announced on 2026-01 – 2026-02"),
    ],
)
def test_a_query_is_said_in_words(query: str, words: str) -> None:
    assert words in put_in_words(parse(query), ENGLISH)


def test_a_query_is_said_in_chinese() -> None:
    assert put_in_words(parse("ti:walk OR au:hinton"), CHINESE) == "作者 hinton 或 标题含 “walk”"


def test_what_is_asked_cannot_become_markup() -> None:
    assert "<" not in put_in_words(parse('"<b>x</b>"'), ENGLISH)


def test_the_kinds_that_every_feed_takes_in_go_without_saying() -> None:
    feed = Catalogue({}).category_feed("cs.AI")

    assert put_in_words(feed.query, ENGLISH) == "announced in cs.AI"
