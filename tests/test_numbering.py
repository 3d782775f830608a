"""Containers that grow without a pause hold what lists and dicts would, and never move much at once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.query import numbering
from feedsvc.query.numbering import STEP, Column, Integers, Numbering, Pages


class CountingColumn(Column):
    """A column that notes how many rows it moves at a time."""

    most = 0

    def _move(self, larger: Integers, end: int) -> None:
        self.most = max(self.most, end - self._moved)
        super()._move(larger, end)


@given(st.lists(st.integers(0, 99), max_size=300), st.data())
def test_a_column_holds_what_was_put_in(values: list[int], data: st.DataObject) -> None:
    column, expected = Column(np.array(values[:50], np.int32)), values[:50]
    for value in values[50:]:
        column.append(value)
        expected.append(value)
        place = data.draw(st.integers(0, len(expected) - 1))
        column[place] = expected[place] = value + 1

    assert column.array[: column.length].tolist() == expected


def test_no_append_moves_more_than_a_few_rows() -> None:
    column = CountingColumn(np.zeros((5000, 2), np.int32))
    for number in range(20_000):
        column.append((number, number))

    assert column.length == 25_000
    assert 0 < column.most <= STEP
    assert column.array[5000:25_000, 1].tolist() == list(range(20_000))


def test_rows_reserved_at_once_move_no_more_than_so_many_times_their_number() -> None:
    column = CountingColumn(np.zeros(10, np.int32))
    column.reserve(1000)

    assert column.length == 1010
    assert column.most <= STEP * 1000


@given(st.integers(0, 10), st.lists(st.integers(), max_size=20), st.lists(st.integers(0, 40), max_size=5))
def test_pages_hold_what_was_put_in(first: int, items: list[int], picked: list[int]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(numbering, "PAGE", 4)
        pages: Pages[int] = Pages()
        pages.put(first, items)
        for number in picked:
            pages[number] = -number
        expected = dict(enumerate(items, first)) | {number: -number for number in picked}
        numbers = np.array([*expected][::-1], np.int32)

        assert {number: pages[number] for number in expected} == expected
        assert sorted(pages.pick(numbers)) == sorted(expected.values())


def test_equal_things_have_one_number_and_it_is_free_once_all_let_go() -> None:
    names = Numbering(("a", "b"))

    assert (names.number("a"), names.take("c"), names.take("c"), len(names)) == (0, 2, 2, 3)
    names.let_go("c")
    assert names.find("c") == 2
    names.let_go("c")
    names.let_go("a")
    assert (names.find("a"), names.find("c"), len(names)) == (None, None, 1)
    assert (names.take("d"), names.take("e"), names.take("f")) == (0, 2, 3)
    assert [names.items[number] for number in range(4)] == ["d", "b", "e", "f"]


@given(st.lists(st.sampled_from("abcdef")), st.lists(st.sampled_from("abcdef")))
def test_many_are_taken_as_one_by_one(before: list[str], many: list[str]) -> None:
    one, other = Numbering[str](), Numbering[str]()
    for names in (one, other):
        for item in before:
            names.take(item)

    taken = one.take_many(many)

    assert taken.tolist() == [other.take(item) for item in many]
    assert one.uses.array[: len(one)].tolist() == other.uses.array[: len(other)].tolist()
    assert [one.find(item) for item in "abcdef"] == [other.find(item) for item in "abcdef"]
