"""What the role model sees of a sentence beside its words."""

from __future__ import annotations

from math import log

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.digest.features import Floats, hash_grams, read_tokens


def look_at(sentence: str) -> Floats:
    shapes: Floats = hash_grams([sentence]).shapes[0]
    return shapes


def test_a_shape_tells_how_many_tokens_there_are() -> None:
    columns = [look_at("word " * count)[:3].tolist() for count in (5, 6, 10)]

    assert columns == [[np.float32(log(6)), 1, 1], [np.float32(log(7)), 0, 1], [np.float32(log(11)), 0, 0]]


def test_a_shape_tells_the_shares_of_capitals_numbers_and_marks() -> None:
    # Four words, two of them capital, one number, three marks.
    assert look_at("We, at MIT: test 12.5.")[3:6].tolist() == [2 / 4, 1 / 8, 3 / 8]


def test_a_shape_tells_how_a_sentence_opens_and_ends() -> None:
    assert look_at("It works.")[6:].tolist() == [1, 0, 0]
    assert look_at("and it works")[6:].tolist() == [0, 1, 0]
    assert look_at("(c) 2020 A publisher! ")[6:].tolist() == [1, 0, 1]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=4))
def test_every_sentence_has_a_shape_of_finite_numbers(sentences: list[str]) -> None:
    shapes = hash_grams(sentences).shapes

    assert shapes.shape == (len(sentences), 9)
    assert np.isfinite(shapes).all()


def test_tokens_are_read_in_small_letters_with_numbers_alike() -> None:
    assert read_tokens("We reach 12.5%") == ["we", "reach", "#", "%"]
