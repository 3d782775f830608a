"""Rows by the trait they wait for: what was put in and not taken out again is gathered."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.query.postings import Postings
from feedsvc.query.rows import NARROW, WIDTHS, Rows

TRAITS = 4
placed = st.tuples(st.integers(0, TRAITS - 1), st.integers(0, 1), st.integers(0, 30))


def make_row(kind: int, slot: int) -> list[int]:
    return [slot, *range(slot, slot + WIDTHS[kind] - 1)] + [0] * (max(WIDTHS) - WIDTHS[kind])


def lay_out(items: list[tuple[int, int, int]]) -> Postings:
    postings = Postings()
    table = [make_row(kind, slot) for _, kind, slot in items]
    rows = Rows(
        np.array([home for home, _, _ in items], np.int32),
        np.array([kind for _, kind, _ in items], np.int32),
        np.array(table, np.int32).reshape(-1, max(WIDTHS)),
    )
    postings.lay_out(rows, TRAITS)
    return postings


@given(st.lists(placed), st.lists(placed), st.sets(st.integers(0, 30)), st.lists(placed))
def test_rows_are_gathered_that_were_put_in_and_not_taken_out(
    first: list[tuple[int, int, int]],
    second: list[tuple[int, int, int]],
    removed: set[int],
    third: list[tuple[int, int, int]],
) -> None:
    postings = lay_out(first)
    for home, kind, slot in second:
        postings.append(home, kind, np.array(make_row(kind, slot), np.int32))
    for slot in removed:
        postings.remove(range(TRAITS), slot)
    for home, kind, slot in third:
        postings.append(home, kind, np.array(make_row(kind, slot), np.int32))
    left = [item for item in first + second if item[2] not in removed] + third

    for kind in range(len(WIDTHS)):
        for homes in ([0], [1, 3], [0, 1, 2, 3], []):
            rows = postings.gather(np.array(homes, np.intp), kind).tolist()
            expected = [
                make_row(k, slot)[: WIDTHS[kind]] for home, k, slot in left if home in homes and k == kind
            ]
            assert Counter(map(tuple, rows)) == Counter(map(tuple, expected))


def test_room_that_is_free_again_is_used_again() -> None:
    postings = lay_out([])
    for slot in range(1000):
        postings.append(slot % TRAITS, NARROW, np.array(make_row(NARROW, slot), np.int32))
        postings.remove([slot % TRAITS], slot)

    assert postings.room == 1
