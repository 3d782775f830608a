"""Cues: what each sentence has, where the paper announces itself, and that every phrase can be found."""

from __future__ import annotations

import pytest

from feedsvc.digest.cues import CUES, load_cues
from feedsvc.digest.features import hash_grams, hash_phrase, read_tokens

NAMES = [*CUES]
ABSTRACT = ("However, nets are costly.", "In this paper we propose one.", "The results show a gain of 3%.")


def find_cues(row: int, shift: int = 0) -> set[str]:
    """Give the names of the cues marked in a sentence's row, its own or those of a neighbour."""
    marks = load_cues().mark_cues(hash_grams(ABSTRACT))[row]
    start = {0: 0, -1: len(NAMES) + 5, 1: 2 * len(NAMES) + 7}[shift]
    return {name for name, mark in zip(NAMES, marks[start : start + len(NAMES)], strict=True) if mark}


def test_a_sentence_is_marked_with_the_cues_that_stand_in_it() -> None:
    assert {"gap", "contrast"} <= find_cues(0)
    assert {"this paper", "propose", "we"} <= find_cues(1)
    assert {"results", "outcome", "show", "gain"} <= find_cues(2)


def test_a_phrase_that_opens_a_sentence_counts_nowhere_else() -> None:
    marks = load_cues().mark_cues(hash_grams(["Nets, however, are costly."]))[0]

    assert not marks[NAMES.index("contrast")]
    assert marks[NAMES.index("gap")]


def test_a_sentence_is_told_the_cues_of_its_neighbours() -> None:
    assert find_cues(1, -1) == find_cues(0)
    assert find_cues(1, 1) == find_cues(2)
    assert find_cues(0, -1) == set()


def test_sentences_know_whether_they_stand_before_or_after_what_the_paper_announces() -> None:
    marks = load_cues().mark_cues(hash_grams(ABSTRACT))
    before_at_after = marks[:, len(NAMES) + 2 : len(NAMES) + 5]

    assert before_at_after.tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]


@pytest.mark.parametrize("phrase", [p.strip() for phrases in CUES.values() for p in phrases.split(",")])
def test_every_phrase_is_a_feature_of_a_sentence_that_it_opens(phrase: str) -> None:
    sentence = " ".join(token for token in read_tokens(phrase) if token != "^")

    assert hash_phrase(phrase) in hash_grams([sentence]).hashes


def test_a_phrase_of_four_words_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one to three"):
        hash_phrase("as a matter of")
