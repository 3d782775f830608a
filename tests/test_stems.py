"""Stems: every word of a stem is found by the beginning that the stem gives; every stem can be written."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.query.stems import find_candidate_prefix, find_word, stem_word
from feedsvc.query.words import tokenise

# Words that Snowball treats in a way of their own, or whose stem is not how they begin.
IRREGULAR = (Path(__file__).parent / "data" / "irregular_words.txt").read_text("ascii").split()
# fmt: off
BEGINNINGS = ["", "b", "d", "st", "be", "abl", "cap", "ogy", "nat", "agre", "ial", "hopp", "univ", "y"]
ENDINGS = [
    "s", "es", "ies", "ied", "ed", "eed", "ing", "ying", "ly", "li", "y", "e", "ie", "le", "ble", "able",
    "ible", "bility", "biliti", "ability", "ance", "ancy", "anci", "ence", "ency", "enci", "ate", "ation",
    "ational", "ator", "ize", "izer", "ization", "al", "alism", "aliti", "alli", "ful", "fulness", "fulli",
    "ous", "ousli", "ousness", "ive", "iveness", "iviti", "less", "lessli", "og", "ogi", "ogist", "ic",
    "icate", "iciti", "ical", "ness", "ative", "ent", "entli", "ement", "ment", "ion", "ism", "iti",
]
# fmt: on


@cache
def recorded_words(shared: Path) -> frozenset[str]:
    """Give every word of the recorded days' titles, abstracts and authors, and of the sets of abstracts."""
    words: set[str] = set()
    for path in sorted(shared.glob("data/*/*.jsonl*")):
        packed = path.read_bytes()
        text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode("utf-8")
        for line in text.splitlines():
            words.update(*map(tokenise, texts_of(json.loads(line))))
    return frozenset(words)


def texts_of(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            yield from texts_of(list(value.values()))
        case list():
            for part in value:
                yield from texts_of(part)


def missed(words: Iterable[str]) -> list[tuple[str, str]]:
    """Give each word that the beginning of its own stem does not find, with the stem."""
    stems = [(word, stem_word(word)) for word in words]
    return [(word, stem) for word, stem in stems if not word.startswith(find_candidate_prefix(stem))]


def test_forms_of_a_word_have_one_stem() -> None:
    assert {stem_word(word) for word in ("network", "networks", "networked", "networking")} == {"network"}
    assert {stem_word(word) for word in ("die", "dies", "died", "dying")} == {"die"}


def test_no_irregular_word_is_missed() -> None:
    assert missed(IRREGULAR) == []


def test_no_recorded_word_is_missed(shared: Path) -> None:
    words = recorded_words(shared)

    assert len(words) > 30_000
    assert missed(words) == []


def test_no_word_with_two_endings_is_missed() -> None:
    """However Snowball's rules follow one another: the endings are those that it knows, two deep."""
    words = {"".join(parts) for parts in product(BEGINNINGS, ENDINGS, ["", *ENDINGS[::2]])}

    assert len(words) > 15_000
    assert missed(words) == []


@given(
    st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=6),
    st.lists(st.sampled_from(ENDINGS), max_size=3).map("".join),
)
def test_no_word_at_all_is_missed(beginning: str, ending: str) -> None:
    assert missed([beginning + ending]) == []


@given(st.text().map(tokenise))
def test_no_word_of_any_script_is_missed(words: tuple[str, ...]) -> None:
    assert missed(words) == []


def test_a_beginning_is_never_empty_and_seldom_short() -> None:
    """An index looks at every word with the beginning: a letter or two less than the stem, no more."""
    stems = set(map(stem_word, IRREGULAR))

    assert all(map(find_candidate_prefix, stems))
    assert all(len(find_candidate_prefix(stem)) >= len(stem) - 2 for stem in stems)
    assert find_candidate_prefix("network") == "network"


def test_a_stem_is_written_as_a_word_that_has_it() -> None:
    assert find_word("network") == "network"
    assert find_word("univers") == "universe"
    assert find_word("onli") == "only"
    assert find_word("dry") is None


def test_nearly_every_stem_is_written_as_a_word(shared: Path) -> None:
    stems = set(map(stem_word, sorted(recorded_words(shared))[::5]))

    assert [stem for stem in stems if find_word(stem) is None] == []


@pytest.mark.parametrize("word", ["", "a", "42", "模", "λογοσ", "gpt4"])
def test_what_is_no_english_word_stays(word: str) -> None:
    assert stem_word(word) == word
