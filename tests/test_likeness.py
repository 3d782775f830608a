"""How like papers are: words, weights, the index, and that a decision once made stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from math import isclose, log, sqrt
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.likeness.index import (
    EMPTY,
    KEPT_DAYS,
    LEAST_LIKENESS,
    LOOK_BACK_DAYS,
    MOST_BEFORE,
    MOST_FOUND,
    SHOWN_DAYS,
    LikenessIndex,
    Sketch,
    choose_papers,
)
from feedsvc.likeness.reasons import name_shared
from feedsvc.likeness.weights import (
    NOTHING_COUNTED,
    Tally,
    Terms,
    key_of,
    read_terms,
    sketch_terms,
    unpack_sketch,
    unpack_tally,
)
from feedsvc.likeness.words import count_stems
from feedsvc.paper import Paper
from tests.builders import make_paper

DAY = date(2026, 1, 14)
WORDS = [f"{first}{second}zen" for first in "bdfgkl" for second in "aeiou"]
TEXTS = st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)


def read(text: str) -> Terms:
    """Read a text as a paper's."""
    return read_terms(count_stems(make_paper(title=text, abstract="")))


def count(*texts: str, number: int = 1) -> Tally:
    """Count papers of these texts."""
    return replace(NOTHING_COUNTED.add(map(read, texts)), number=number)


def sketch(paper: str, text: str, tally: Tally, day: date = DAY) -> Sketch:
    """Sketch a paper of a text."""
    return Sketch(paper, day, tally.number, sketch_terms(read(text), tally))


def compare_plainly(left: str, right: str, texts: Sequence[str]) -> float:
    """Work out the likeness of two texts as the definition has it."""
    stems = [count_stems(make_paper(title=text, abstract="")) for text in texts]
    counts = Counter(stem for each in stems for stem in each)

    def weigh(stem: str) -> float:
        return log((len(texts) + 1) / (counts[stem] + 0.5))

    one, other = (count_stems(make_paper(title=text, abstract="")) for text in (left, right))
    product = sum((1 + log(one[s])) * (1 + log(other[s])) * weigh(s) for s in one.keys() & other.keys())
    lengths = [sqrt(sum((1 + log(n)) ** 2 * weigh(s) for s, n in each.items())) for each in (one, other)]
    return product / (lengths[0] * lengths[1]) if product else 0.0


def test_words_are_stemmed_and_numbers_letters_and_empty_words_left_out() -> None:
    paper = make_paper(title="Pooling of 3 graphs", abstract="We pooled the graph x by $k$ pools in 2026.")

    assert count_stems(paper) == {"pool": 3, "graph": 2}


def test_a_stem_has_one_number_for_ever() -> None:
    assert [key_of(stem) for stem in ("graph", "pool", "spectral")] == [329180, 108934, 325157]


def test_a_tally_counts_papers_not_words() -> None:
    tally = count("graph graph pooling", "graph", "")

    assert tally.papers == 3
    assert tally.weigh(np.array([key_of("graph"), key_of("pool"), key_of("never")], np.uint32)).tolist() == (
        pytest.approx([log(4 / 2.5), log(4 / 1.5), log(4 / 0.5)])
    )


@given(st.lists(TEXTS, max_size=8), st.integers(0, 8))
def test_law_counting_in_two_goes_is_counting_in_one(texts: list[str], cut: int) -> None:
    once = count(*texts)
    twice = NOTHING_COUNTED.add(map(read, texts[:cut])).add(map(read, texts[cut:]))

    assert (twice.papers, twice.keys.tolist()) == (once.papers, once.keys.tolist())
    assert twice.counts.tolist() == once.counts.tolist()


@given(st.lists(TEXTS, max_size=8))
def test_law_a_packed_tally_is_the_same_again(texts: list[str]) -> None:
    tally = count(*texts)
    again = unpack_tally(tally.number, tally.papers, tally.pack())

    assert again.keys.tolist() == tally.keys.tolist()
    assert again.counts.tolist() == tally.counts.tolist()


@pytest.mark.parametrize(("papers", "outgrown"), [(3, False), (4, True)])
def test_a_tally_outgrows_another_with_twice_its_papers(papers: int, outgrown: bool) -> None:
    assert count(*["graph"] * papers).has_outgrown(count("graph", "graph")) is outgrown


def test_a_sketch_takes_six_bytes_a_stem() -> None:
    packed = sketch_terms(read("graph pooling pooling"), count("graph", "tree"))
    keys, weights = unpack_sketch(packed)

    assert len(packed) == 12
    assert keys.tolist() == sorted([key_of("graph"), key_of("pool")])
    assert (weights > 0).all()


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=6))
def test_law_likeness_is_the_cosine_that_the_definition_says(given_text: str, texts: list[str]) -> None:
    tally = count(given_text, *texts)
    index = EMPTY.merge(sketch(f"2601.{n:05}", text, tally) for n, text in enumerate(texts))

    found = index.find(read(given_text), {1: tally})

    for n, text in enumerate(texts):
        expected = compare_plainly(given_text, text, [given_text, *texts])
        match = found.get(f"2601.{n:05}")
        if match:
            assert isclose(match.likeness, expected, abs_tol=2e-3)
        else:
            assert expected < LEAST_LIKENESS + 2e-3


def test_a_paper_is_wholly_like_itself() -> None:
    tally = count("graph pooling", "tree", "wave")
    index = EMPTY.merge([sketch("2601.00001", "graph pooling", tally), sketch("2601.00002", "tree", tally)])

    found = index.find(read("graph pooling"), {1: tally})

    assert found.keys() == {"2601.00001"}
    assert found["2601.00001"].likeness == pytest.approx(1, abs=1e-3)


def test_each_paper_is_weighed_by_its_own_tally() -> None:
    early, late = count("graph pooling", number=1), count("graph", "graph tree", "wave", number=2)
    index = EMPTY.merge(
        [sketch("2601.00001", "graph pooling", early), sketch("2601.00002", "graph pooling", late)]
    )

    found = index.find(read("graph pooling"), {1: early, 2: late})

    assert {paper: match.tally for paper, match in found.items()} == {"2601.00001": 1, "2601.00002": 2}
    assert [match.likeness for match in found.values()] == pytest.approx([1, 1], abs=1e-3)


def test_a_sketch_made_anew_takes_the_place_of_the_former_one() -> None:
    tally = count("graph", "tree")
    index = EMPTY.merge([sketch("2601.00001", "graph", tally), sketch("2601.00002", "tree", tally)])
    index = index.merge([sketch("2601.00001", "tree", tally)])

    assert sorted(index.papers) == ["2601.00001", "2601.00002"]
    assert index.find(read("tree"), {1: tally}).keys() == {"2601.00001", "2601.00002"}
    assert index.find(read("graph"), {1: tally}) == {}


def test_a_paper_without_words_is_like_none() -> None:
    tally = count("graph", "")
    index = EMPTY.merge([sketch("2601.00001", "", tally), sketch("2601.00002", "graph", tally)])

    assert index.find(read(""), {1: tally}) == {}
    assert index.find(read("graph"), {1: tally}).keys() == {"2601.00002"}
    assert EMPTY.find(read("graph"), {}) == {}


def test_what_is_older_than_the_kept_days_is_forgotten() -> None:
    tally = count("graph", "tree")
    old, kept = DAY - timedelta(days=KEPT_DAYS + 1), DAY - timedelta(days=KEPT_DAYS)
    index = EMPTY.merge(
        [
            sketch("2601.00001", "graph", tally, old),
            sketch("2601.00002", "graph", tally, kept),
            sketch("2601.00003", "graph", tally),
        ]
    )

    assert list(index.papers) == ["2601.00002", "2601.00003"]


def test_newest_papers_come_first_and_the_likest_of_a_day() -> None:
    tally = count("graph pooling", "tree", "wave", "ocean")
    index = EMPTY.merge(
        [
            sketch("2601.00001", "graph pooling", tally, DAY - timedelta(days=1)),
            sketch("2601.00002", "graph pooling wave", tally),
            sketch("2601.00003", "graph pooling", tally),
        ]
    )

    assert list(index.find(read("graph pooling"), {1: tally})) == ["2601.00003", "2601.00002", "2601.00001"]


def test_only_so_many_of_the_newest_are_found() -> None:
    tally = count("graph", "tree")
    index = EMPTY.merge(
        sketch(f"2601.{n:05}", "graph", tally, DAY - timedelta(days=n // MOST_FOUND)) for n in range(500)
    )

    found = index.find(read("graph"), {1: tally})

    assert len(found) == MOST_FOUND
    assert found.keys() == {f"2601.{n:05}" for n in range(MOST_FOUND)}


def choose(papers: Sequence[tuple[int, float]]) -> list[int]:
    """Choose among papers by day, counted back from the newest, and likeness."""
    since = np.array([DAY.toordinal() - age for age, _ in papers], np.int32)
    return sorted(choose_papers(np.array([likeness for _, likeness in papers], np.float32), since).tolist())


def test_a_paper_must_be_like_enough_by_itself() -> None:
    assert choose([(0, LEAST_LIKENESS - 0.01), (0, LEAST_LIKENESS + 0.01)]) == [1]


def test_a_paper_is_left_out_if_enough_before_its_day_were_more_like() -> None:
    past = [(1, 0.5)] * (MOST_BEFORE - 1)

    assert 0 in choose([(0, 0.4), *past])
    assert 0 not in choose([(0, 0.4), *past, (LOOK_BACK_DAYS, 0.5)])
    assert 0 in choose([(0, 0.4), *past, (LOOK_BACK_DAYS + 1, 0.5)])
    assert 0 in choose([(0, 0.5), *past, (1, 0.5)])


def test_papers_of_the_same_day_do_not_count_against_one_another() -> None:
    assert 0 in choose([(0, 0.3), *[(0, 0.9)] * 100])


def test_a_paper_is_shown_for_so_many_days() -> None:
    assert choose([(0, 0.1), (SHOWN_DAYS - 1, 0.5), (SHOWN_DAYS, 0.5)]) == [1]


LIKENESSES = st.integers(100, 1000).map(lambda thousandths: thousandths / 1000)
AGES = st.integers(0, 70)


@given(st.lists(st.tuples(AGES, LIKENESSES), max_size=30), st.lists(LIKENESSES, max_size=30), st.data())
def test_law_no_paper_comes_or_goes_as_later_ones_are_added(
    papers: list[tuple[int, float]], added: list[float], data: st.DataObject
) -> None:
    papers = [*papers, *[(age, 0.6) for age in data.draw(st.lists(AGES, max_size=80))], (0, 0.1)]
    before = {n for n in choose(papers) if papers[n][0] < SHOWN_DAYS - 1}

    # A day later: all are a day older, and further papers came that day and late in the evening before.
    after = choose([*[(age + 1, likeness) for age, likeness in papers], *[(0, each) for each in added]])
    same_day = choose([*papers, *[(0, each) for each in added]])

    assert {n for n in after if n < len(papers) and papers[n][0] < SHOWN_DAYS - 1} == before
    assert {n for n in same_day if n < len(papers) and papers[n][0] < SHOWN_DAYS - 1} == before


@given(st.lists(st.tuples(st.integers(0, 3), TEXTS), max_size=12), TEXTS)
def test_law_the_order_in_which_sketches_come_is_no_matter(
    papers: list[tuple[int, str]], given_text: str
) -> None:
    tallies: Mapping[int, Tally] = {1: count(given_text, *(text for _, text in papers))}
    sketches = [
        sketch(f"2601.{n:05}", text, tallies[1], DAY - timedelta(days=age))
        for n, (age, text) in enumerate(papers)
    ]
    index: LikenessIndex = EMPTY
    for each in reversed(sketches):
        index = index.merge([each])

    found, expected = (
        index.find(read(given_text), tallies),
        EMPTY.merge(sketches).find(read(given_text), tallies),
    )

    assert list(found.items()) == list(expected.items())


def test_many_sketches_are_laid_out_anew_and_nothing_changes() -> None:
    lot = Random(1)
    texts = [" ".join(lot.choices(WORDS, k=14)) for _ in range(4200)]
    tally = count(*texts[:50])
    sketches = [
        sketch(f"2601.{n % 4100:05}", text, tally, DAY - timedelta(days=(4200 - n) // 80))
        for n, text in enumerate(texts)
    ]
    by_parts = EMPTY
    for start in range(0, 4200, 250):
        by_parts = by_parts.merge(sketches[start : start + 250])
    at_once = EMPTY.merge(sketches[100:])

    assert len(by_parts.bulk.rows) > len(by_parts.late.rows) > 0
    assert len(by_parts.papers) > 4100
    for text in texts[::500]:
        found = by_parts.find(read(text), {1: tally})
        assert found
        assert list(found.items()) == list(at_once.find(read(text), {1: tally}).items())


def paper(title: str, abstract: str = "") -> Paper:
    return make_paper(title=title, abstract=abstract)


def test_a_reason_names_the_rarest_shared_words_as_the_other_paper_spells_them() -> None:
    tally = count("a tree", "waves and trees", *["graphs"] * 30)
    other = paper("Waving at trees", "Graphs wave")

    assert name_shared(paper("Waves in a tree graph"), other, tally) == ("waving", "trees")


def test_a_reason_leaves_out_common_words_unless_there_is_nothing_else() -> None:
    tally = count(*["graph"] * 20, "pooling", "tree")

    assert name_shared(paper("Graph pooling"), paper("Graph pooling"), tally) == ("pooling",)
    assert name_shared(paper("Graphs"), paper("Graph of trees"), tally) == ("graph",)
