"""Sentences that can be said again in another language."""

from __future__ import annotations

import pytest

from feedsvc.errors import UnknownFeedError
from feedsvc.told import quote, tell, tell_all

CHINESE = {"expected {value} after {before!r}": "{before!r} 之后应为{value}", "a word": "词"}


def test_what_is_told_is_an_english_text_like_any_other() -> None:
    told = tell("expected {value} after {before!r}", value=tell("a word"), before="ti:")

    assert told == "expected a word after 'ti:'"
    assert str(ValueError(told)) == "expected a word after 'ti:'"


def test_it_is_told_again_with_all_its_parts() -> None:
    told = tell("expected {value} after {before!r}", value=tell("a word"), before="ti:")

    assert told.retell(CHINESE) == "'ti:' 之后应为词"


def test_a_part_without_a_translation_stays_in_english_and_a_whole_is_not_told_again() -> None:
    told = tell("expected {value} after {before!r}", value=tell("a name"), before="au:")

    assert told.retell(CHINESE) == "'au:' 之后应为a name"
    assert tell("nothing").retell(CHINESE) is None


def test_braces_in_what_was_put_in_are_text() -> None:
    told = tell("expected {value} after {before!r}", value="{value}", before="{}")

    assert told.retell(CHINESE) == "'{}' 之后应为{value}"


def test_what_is_left_in_english_is_as_whoever_retells_it_wants() -> None:
    told = tell("expected {value} after {before!r}", value=tell("a name"), before="au:")

    assert told.retell(CHINESE, lambda english: f"<{english}>") == "'au:' 之后应为<a name>"


@pytest.mark.parametrize("text", ["a word", "expected {value} after {before!r}", "{", "a name"])
def test_a_text_that_is_quoted_is_retold_only_as_a_whole(text: str) -> None:
    assert quote(text) == text
    assert quote(text).retell(CHINESE) == {"a word": "词"}.get(text)


def test_parts_are_joined_with_commas() -> None:
    told = tell_all(map(quote, ("a word", "a name", "a word")))

    assert told == "a word, a name, a word"
    assert told.retell(CHINESE | {"{first}, {second}": "{first}，{second}"}) == "词，a name，词"


def test_an_error_gives_its_message_as_it_was_told() -> None:
    error = UnknownFeedError("walks", ("random-walks",))

    assert error.told == str(error) == "no feed is called 'walks'; near it: random-walks"
    assert error.told is error.args[0]
