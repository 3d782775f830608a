"""Where sentences end: a gold set of invented texts, and the law that nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.digest.sentences import split_sentences

GOLD = sorted((Path(__file__).parent / "data/sentences").glob("*.txt"))
TRICKY = (
    *(
        "$",
        "$$",
        "\\[",
        "\\]",
        "\\(",
        "\\)",
        "\\begin{align}",
        "\\end{align}",
        "\\textbf{",
        "{",
        "}",
        "(",
        ")",
    ),
    *(
        ".",
        "...",
        "…",
        "?",
        "!",
        "。",
        "！",
        '."',
        ".)",
        ".''",
        ".}",
        ".”",
        ": ",
        "; ",
        "\n",
        "\n\n",
        " ",
        "\t",
    ),
    *("e.g.", "i.e.", "et al.", "etc.", "Eq.", "Fig.", "U.S.", "J.", "a.", "1.", "2)", "(ii)", "3.5", "No."),
    *(
        "We",
        "The",
        "however",
        "Methods:",
        "Results.",
        "k-means",
        "x",
        "研究",
        "https://a.b/c.d",
        "\u00a0",
        "\ue000",
    ),
)
anything = st.one_of(
    st.text(), st.lists(st.one_of(st.sampled_from(TRICKY), st.text(max_size=3)), max_size=40).map(" ".join)
) | st.lists(st.sampled_from(TRICKY), max_size=40).map("".join)


@pytest.mark.parametrize("path", GOLD, ids=lambda path: path.stem)
def test_the_gold_set_is_cut_as_by_hand(path: Path) -> None:
    expected = path.with_suffix(".expected").read_text("utf-8").splitlines()

    assert list(split_sentences(path.read_text("utf-8"))) == expected


def test_the_gold_set_is_there() -> None:
    assert sum(len(path.with_suffix(".expected").read_text("utf-8").splitlines()) for path in GOLD) >= 150


@pytest.mark.parametrize("path", [p for p in GOLD if p.stem != "paragraphs"], ids=lambda path: path.stem)
def test_where_lines_are_broken_makes_no_difference(path: Path) -> None:
    words = path.read_text("utf-8").split()

    assert split_sentences("\n".join(words)) == split_sentences(" ".join(words))


@given(anything)
def test_every_character_comes_back_once_and_in_order(text: str) -> None:
    assert "".join("".join(split_sentences(text)).split()) == "".join(text.split())


@given(anything)
def test_each_sentence_stands_in_the_text_with_white_space_folded(text: str) -> None:
    folded, at = " ".join(text.split()), 0
    for sentence in split_sentences(text):
        at = folded.index(sentence, at) + len(sentence)

    assert at == len(folded)


@given(anything)
def test_no_sentence_is_without_a_word_unless_the_text_is(text: str) -> None:
    sentences = split_sentences(text)

    assert len(sentences) <= 1 or all(any(map(str.isalnum, sentence)) for sentence in sentences)


@pytest.mark.parametrize("text", ["", " ", "\n \t\n", "\u00a0"])
def test_blank_text_has_no_sentence(text: str) -> None:
    assert split_sentences(text) == ()


@pytest.mark.parametrize("text", ["...", "?!", "( )"])
def test_text_without_a_word_is_one_sentence(text: str) -> None:
    assert split_sentences(f" {text}\n") == (text,)


def test_boundaries_agree_with_annotated_abstracts(shared: Path) -> None:
    lines = (shared / "data/csabstruct/dev.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    exact = sum(split_sentences(" ".join(row["sentences"])) == tuple(row["sentences"]) for row in rows)

    assert exact / len(rows) > 0.85
