"""What a word is: the rules under which two spellings are the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.query.words import pad, spell, tokenise

SAME = [
    ("Self-Supervised", "self supervised"),
    ("Erdős–Rényi", "Erdos-Renyi"),
    (r"Erd\H{o}s", "erdos"),
    (r"G\"odel", "Gödel"),
    ("Łódź Ørsted Straße", "lodz orsted strasse"),
    ("ﬁne-tuning", "fine tuning"),
    ("super\u00adconductor", "superconductor"),
    (r"$\mathcal{N}=4$ Yang-Mills", "N=4 Yang-Mills"),
    (r"\emph{Dynamic} range", "dynamic range"),
    ("α-decay", r"$\alpha$ decay"),
    ("Γ", "gamma"),
    ("$10^{-3}$", "10⁻³"),
    ("Bayes' rule", "bayes rule"),
    ("x_1", "x 1"),
    (r"Schr\"odinger", "Schrodinger"),
    (r"Schr\"{o}dinger", "schrödinger"),
    ("Scho\u0308n", "schön"),
    ("O'Neil", "O’Neil"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_the_same_words_give_the_same_tokens(one: str, other: str) -> None:
    assert tokenise(one) == tokenise(other)


DIFFERENT = [
    ("GPT-4", "GPT4"),
    ("self-supervised", "selfsupervised"),
    ("diffusion", "diffusions"),
    ("café", "caf"),
    ("Schrödinger", "Schroedinger"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert tokenise(one) != tokenise(other)


def test_mathematics_gives_its_letters_and_digits() -> None:
    assert tokenise(r"$k$-means on $\ell_2$") == ("k", "means", "on", "ell", "2")


def test_chinese_japanese_and_korean_give_a_token_a_character() -> None:
    assert tokenise("扩散模型 がく 모델 GPT模型") == (
        *("扩", "散", "模", "型"),
        *("が", "く"),
        *("모", "델"),
        *("gpt", "模", "型"),
    )


def test_punctuation_alone_gives_no_token() -> None:
    assert tokenise(" — +++ ** ( ) ") == ()


def test_spelling_puts_no_space_within_chinese() -> None:
    assert spell(("gpt", "模", "型", "2")) == "gpt 模型 2"


def test_padding_keeps_phrases_apart() -> None:
    padded = pad([("deep", "learning"), ("machines",)])

    assert " deep learning " in padded
    assert " learning machines " not in padded


@given(st.text())
def test_tokens_spelt_out_give_the_same_tokens(text: str) -> None:
    tokens = tokenise(text)

    assert tokenise(spell(tokens)) == tokens
    assert tokenise(spell(tokens, "-")) == tokens


@given(st.text(), st.text())
def test_tokens_of_two_texts_are_those_of_both(one: str, other: str) -> None:
    """Nothing but letter and digit runs counts: a space between texts keeps them apart."""
    plain_one, plain_other = one.replace("\\", ""), other.replace("\\", "")

    assert tokenise(f"{plain_one} {plain_other}") == tokenise(plain_one) + tokenise(plain_other)


@given(st.text(st.characters(max_codepoint=127)).filter(lambda text: "\\" not in text))
def test_plain_text_gives_the_tokens_that_it_gives_beside_other_letters(text: str) -> None:
    assert tokenise(f"扩 {text}") == ("扩", *tokenise(text))
