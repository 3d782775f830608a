"""Formulas in Unicode, and the refusal of what Unicode cannot say."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.render import symbols
from feedsvc.render.maths import read_maths
from feedsvc.render.spelling import Script, spell_linear

FORMULAS = {
    # letters, fonts, marks
    r"\ell_1": "ℓ₁",
    r"\alpha\beta": "αβ",
    r"\mathbb{R}": "ℝ",
    r"\mathbb R^d": "ℝᵈ",
    r"\mathbb{1}": "𝟙",
    r"\mathcal{O}(n \log n)": "𝒪(n log n)",
    r"{\cal O}(n)": "𝒪(n)",
    r"\mathfrak{g}": "𝔤",
    r"\mathbf{x}": "𝐱",
    r"\mathbf{Dream}": "Dream",
    r"\mathbf{4.6}": "4.6",
    r"\mathrm{SiO_2}": "SiO₂",
    r"{\rm d}x": "dx",
    r"\hat{\theta}": "θ̂",
    r"\hat\theta x": "θ̂x",
    r"\bar{x}_i": "x̄ᵢ",
    r"\tilde{O}(\sqrt{n})": "Õ(√n)",
    r"\overline{AB}": "A̅B̅",
    r"f'(x)": "f′(x)",
    # scripts
    "10^{-3}": "10⁻³",
    "x_{12}": "x₁₂",
    "x_12": "x₁2",
    "x_i^2": "xᵢ²",
    r"90^\circ": "90°",
    "x^*": "x*",
    r"\sum_{i=1}^n x_i": "∑ᵢ₌₁ⁿ xᵢ",
    "{}^{12}C": "¹²C",
    r"R^{n\times d}": "R^(n×d)",
    "n^{1/2}": "n^(1/2)",
    r"\mathcal{L}_{\text{CE}}": "ℒ_CE",
    "x_{CE}y": "x_(CE)y",
    "x_{y_i}": "x_(yᵢ)",
    "2^{2^n}": "2^(2ⁿ)",
    r"A^\top": "A^⊤",
    # fractions and roots
    r"\frac12": "½",
    r"2\frac{1}{2}": "2½",
    r"\frac{n}{2}": "n/2",
    r"\frac{n}{\varepsilon^3}\log n": "(n/ε³) log n",
    r"\frac{\partial f}{\partial x}": "∂f/∂x",
    r"\sqrt{n}": "√n",
    r"\sqrt{a+b}": "√(a+b)",
    r"\sqrt[3]{x}": "∛x",
    # blanks
    r"\alpha + \beta": "α + β",
    r"x \in X": "x ∈ X",
    r"x\in X": "x∈X",
    r"a\le b": "a≤b",
    "a := b": "a := b",
    "x = -1": "x = -1",
    r"n\log n": "n log n",
    r"\sin\theta": "sin θ",
    r"\log^2 n": "log² n",
    r"5\,\mu m": "5 μm",
    r"\left( a \right)": "(a)",
    r"\operatorname*{argmax}_x f": "argmaxₓ f",
    r"n\text{ if }x": "n if x",
    r"a \pmod{p}": "a (mod p)",
    "1{,}000": "1,000",
    # signs that TeX reads otherwise
    r"95\%": "95%",
    "95%": "95%",
    r"\{1, 2\}": "{1, 2}",
    r"\|x\|_2": "‖x‖₂",
    "p < 0.05": "p < 0.05",
    r"\mathsf{P}\not=\mathsf{NP}": "P≠NP",
    r"x \not\in X": "x ∉ X",
    r"\alpha\ket{0} + \bra{1}": "α|0⟩ + ⟨1|",
}


@pytest.mark.parametrize(("formula", "spelled"), FORMULAS.items())
def test_a_formula_is_spelled_in_unicode(formula: str, spelled: str) -> None:
    spelling = read_maths(formula)

    assert spelling is not None
    assert spell_linear(spelling) == spelled


@pytest.mark.parametrize(
    "formula",
    [
        *(
            r"\frac{a+b}{c}",
            r"\frac{a}{2n}",
            r"\frac{a}{b}^2",
            r"\begin{pmatrix}1&2\end{pmatrix}",
            r"\binom{n}{k}",
        ),
        *(
            r"\unknown{x}",
            r"\ours",
            r"\cite{key}",
            r"\xrightarrow{d}",
            r"\widehat{AB}",
            r"\sqrt[n]{x}",
            r"\today",
        ),
        *(
            "{x",
            "x}",
            "x^",
            "^^",
            r"\frac{a}",
            r"\text{$x}",
            r"\hat\mathbf{x}",
            "x\\",
            r"\verb",
            "$",
            "",
            " ",
            r"\,",
        ),
        *(
            r"\sqrt{}",
            r"\frac{}{}",
            r"\hat{}",
            "x_{}",
            "{" * 500 + "}" * 500,
            r"\left(" * 500 + "{" * 31 + "}" * 31,
        ),
    ],
)
def test_what_unicode_cannot_say_or_tex_cannot_read_is_refused(formula: str) -> None:
    assert read_maths(formula) is None


def test_a_script_without_characters_of_its_own_is_told_apart() -> None:
    assert read_maths(r"\theta_{\text{CE}} + 1") == ("θ", Script(False, ("CE",)), " + 1")


FRAGMENTS = (
    *(
        "frac",
        "sqrt",
        "hat",
        "text",
        "mathbb",
        "begin{a}",
        "end{a}",
        "verb",
        "left",
        "right",
        "cal",
        "pmod",
        "def",
    ),
    *(
        "item",
        "input",
        "unknown",
        "over",
        "(",
        ")",
        "[",
        "]",
        "\\",
        "$",
        "%",
        " ",
        "\n",
        "begin",
        "end",
        "href",
    ),
)
TOKENS = st.sampled_from(
    [*(f"\\{name}" for name in FRAGMENTS), *"{}[]$^_ab1%&~#`'*-\n", "{a}", "$$", "漢", "\x00"]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(TOKENS, max_size=14).map("".join))
def test_no_formula_raises_and_none_is_spelled_as_nothing(formula: str) -> None:
    spelling = read_maths(formula)

    assert spelling is None or spell_linear(spelling).strip()


@pytest.mark.parametrize("table", [symbols.SUPERSCRIPTS, symbols.SUBSCRIPTS], ids=["super", "sub"])
def test_a_script_character_is_the_letter_itself_in_another_place(table: dict[str, str]) -> None:
    """A look-alike (the modifier letter of Latin alpha) would change what a search finds."""
    strays = {
        letter: script
        for letter, script in table.items()
        if letter.isalnum() and unicodedata.normalize("NFKC", script) != letter
    }

    assert strays == {}
