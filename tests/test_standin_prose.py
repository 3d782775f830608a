"""Invented text."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from feedsvc.standin.prose import name_authors, revise_text, write_text


@given(st.integers())
def test_the_same_lot_gives_the_same_text(seed: int) -> None:
    assert write_text(Random(seed)) == write_text(Random(seed))
    assert name_authors(Random(seed)) == name_authors(Random(seed))


@given(st.integers())
def test_a_revision_changes_the_abstract(seed: int) -> None:
    random = Random(seed)
    text = write_text(random)

    assert revise_text(text, random).abstract.startswith(text.abstract + " ")


@given(st.integers())
def test_authors_are_one_to_six_different_people(seed: int) -> None:
    names = [author.name for author in name_authors(Random(seed))]

    assert 1 <= len(names) <= 6
    assert len(set(names)) == len(names)


def test_texts_vary_and_hold_what_needs_care() -> None:
    """Mathematics, signs that XML escapes, accents."""
    random = Random(1)
    texts = [write_text(random) for _ in range(300)]
    names = "".join(author.name for _ in range(100) for author in name_authors(random))
    abstracts = "".join(text.abstract for text in texts)

    assert len({text.title for text in texts}) > 250
    assert all(sign in abstracts for sign in ("$O(n \\log n)$", "<", "&"))
    assert not names.isascii()
