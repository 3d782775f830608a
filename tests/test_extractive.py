"""The digest made of the abstract's own sentences."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.digest.extractive import ExtractiveSummarizer, Section, assign_sections
from feedsvc.digest.headings import Role
from feedsvc.digest.sentences import split_sentences
from feedsvc.paper import Digest, Paper

B, I, C = Section  # noqa: E741 -- the sections by their first letters
abstracts = st.lists(
    st.sampled_from(
        (
            "Graphs are everywhere.",
            "However, few can be drawn, e.g. by hand!",
            "In this paper, we propose a new method.",
            "Is $a. B$ enough?",
            "k-means fails.",
            "Results: it works (see Fig. 2).",
            "方法很好。",
            "1) It is fast.",
            "Code is available at https://example.org/a.b.",
        )
    ),
    max_size=12,
).map(" ".join)


def make_paper(abstract: str) -> Paper:
    return Paper("2601.00001", 3, "Title", abstract, (), ("cs.LG",))


def make_digest(abstract: str) -> Digest:
    digest = ExtractiveSummarizer().summarize(make_paper(abstract), "en")
    assert digest is not None
    return digest


def sections_of(digest: Digest) -> tuple[tuple[str, ...], ...]:
    return digest.background, digest.innovation, digest.conclusion


def is_woven(sections: Sequence[Sequence[str]], sentences: Sequence[str]) -> bool:
    """Tell whether the sections, each read in order, hold every sentence exactly once."""
    places = {tuple(0 for _ in sections)}
    for sentence in sentences:
        places = {
            (*at[:k], at[k] + 1, *at[k + 1 :])
            for at in places
            for k, section in enumerate(sections)
            if at[k] < len(section) and section[at[k]] == sentence
        }
    return tuple(map(len, sections)) in places


@given(abstracts | st.text())
def test_sections_hold_every_sentence_once_and_in_order(abstract: str) -> None:
    assert is_woven(sections_of(make_digest(abstract)), split_sentences(abstract))


@given(abstracts)
def test_no_section_is_empty_from_three_sentences_on(abstract: str) -> None:
    assert all(sections_of(make_digest(abstract))) or len(split_sentences(abstract)) < 3


@given(st.lists(st.sampled_from(Role), min_size=3))
def test_no_section_is_empty_whatever_the_roles(roles: list[Role]) -> None:
    sections = assign_sections(roles)

    assert len(sections) == len(roles)
    assert set(sections) == set(Section)


def test_roles_lead_to_sections() -> None:
    roles = [Role.BACKGROUND, Role.OBJECTIVE, Role.METHOD, Role.RESULT]

    assert assign_sections(roles) == (B, I, I, C)


def test_a_role_may_come_back() -> None:
    roles = [Role.OBJECTIVE, Role.BACKGROUND, Role.RESULT, Role.METHOD]

    assert assign_sections(roles) == (I, B, C, I)


def test_a_sentence_of_no_section_stays_with_the_one_before_it() -> None:
    roles = [Role.OTHER, Role.METHOD, Role.OTHER, Role.RESULT, Role.OTHER]

    assert assign_sections(roles) == (B, I, I, C, C)


@pytest.mark.parametrize(
    ("roles", "sections"),
    [
        ([Role.METHOD] * 5, (B, I, I, I, C)),
        ([Role.METHOD, Role.RESULT, Role.RESULT], (B, I, C)),
        ([Role.BACKGROUND, Role.BACKGROUND, Role.METHOD, Role.METHOD], (B, B, I, C)),
        ([Role.METHOD, Role.METHOD, Role.RESULT, Role.RESULT], (B, I, C, C)),
    ],
)
def test_where_a_section_would_be_empty_three_runs_agree_best(
    roles: list[Role], sections: tuple[Section, ...]
) -> None:
    assert assign_sections(roles) == sections


def test_a_single_sentence_is_the_innovation() -> None:
    assert sections_of(make_digest("Graphs are everywhere.")) == ((), ("Graphs are everywhere.",), ())


def test_of_two_sentences_the_second_is_the_innovation_after_background() -> None:
    first, second = "Graphs have become popular in recent years.", "However, we draw them by a new method."

    assert sections_of(make_digest(f"{first} {second}")) == ((first,), (second,), ())


def test_of_two_sentences_the_first_is_the_innovation_otherwise() -> None:
    first, second = "The aim of this study is to draw graphs.", "Results show that it works."

    assert sections_of(make_digest(f"{first} {second}")) == ((), (first,), (second,))


def test_a_blank_abstract_gives_a_digest_without_sentences() -> None:
    assert sections_of(make_digest(" \n")) == ((), (), ())


def test_the_digest_names_paper_version_language_and_method() -> None:
    digest = make_digest("We prove a theorem.")

    assert (digest.paper, digest.version, digest.language, digest.method) == (
        "2601.00001",
        3,
        "en",
        "extractive",
    )
    assert digest.is_extractive
    assert digest.title is None


@pytest.mark.parametrize("language", ["zh", "cs-CZ", "fr", "en-GB", ""])
def test_other_languages_are_not_served(language: str) -> None:
    assert ExtractiveSummarizer().summarize(make_paper("We prove a theorem."), language) is None


def test_another_judge_can_be_handed_in() -> None:
    summarizer = ExtractiveSummarizer(lambda sentences: [Role.RESULT, Role.METHOD, Role.BACKGROUND])
    digest = summarizer.summarize(make_paper("One comes. Two come. Three come."), "en")

    assert digest is not None
    assert sections_of(digest) == (("Three come.",), ("Two come.",), ("One comes.",))


def read_abstracts(shared: Path) -> Iterator[str]:
    for path in sorted((shared / "data/arxiv_days").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            yield from (json.loads(line)["abstract"] for line in lines)


def test_seven_real_days_are_digested_whole(shared: Path) -> None:
    seen = set(read_abstracts(shared))

    assert len(seen) > 3000
    for abstract in seen:
        sentences, sections = split_sentences(abstract), sections_of(make_digest(abstract))
        assert "".join("".join(sentences).split()) == "".join(abstract.split())
        assert is_woven(sections, sentences), abstract
        assert all(sections) or len(sentences) < 3, abstract
