"""Packed bytes, made once and kept in bounded memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from feedsvc.web.packing import Packings


def counting(made: list[str], name: str, size: int = 10) -> Callable[[], bytes]:
    """Give what makes so many bytes and counts that it did."""

    def make() -> bytes:
        made.append(name)
        return name[:1].encode() * size

    return make


def test_bytes_are_made_once() -> None:
    packings, made = Packings(), list[str]()

    assert packings.find("a", "br", counting(made, "a")) == b"a" * 10
    assert packings.find("a", "br", counting(made, "a")) == b"a" * 10
    assert made == ["a"]


def test_another_tag_or_coding_is_something_else() -> None:
    packings, made = Packings(), list[str]()
    for tag, coding in (("a", "br"), ("a", "zstd"), ("b", "br")):
        packings.find(tag, coding, counting(made, f"{tag} {coding}"))

    assert made == ["a br", "a zstd", "b br"]


def test_what_was_not_asked_for_longest_goes_first() -> None:
    packings, made = Packings(most_bytes=30), list[str]()
    for tag in "abcad":
        packings.find(tag, "br", counting(made, tag))
    for tag in "acdb":
        packings.find(tag, "br", counting(made, tag))

    assert packings.size <= 30
    assert made == ["a", "b", "c", "d", "b"]


def test_what_is_too_large_to_be_kept_is_given_all_the_same() -> None:
    packings, made = Packings(most_bytes=9), list[str]()

    assert packings.find("a", "br", counting(made, "a")) == b"a" * 10
    assert packings.size == 0


def test_many_that_ask_at_once_have_it_made_once() -> None:
    packings, made = Packings(), list[str]()

    def make() -> bytes:
        made.append("a")
        time.sleep(0.05)
        return b"a"

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(lambda _: packings.find("a", "br", make), range(8)))

    assert given == [b"a"] * 8
    assert made == ["a"]


def test_a_failure_is_told_and_tried_again() -> None:
    packings = Packings()

    def fail() -> bytes:
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        packings.find("a", "br", fail)
    assert packings.find("a", "br", lambda: b"a") == b"a"
