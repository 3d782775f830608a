"""TeX accents become Unicode, mathematics stays, and nothing gets lost."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.accents import GREEK, LETTERS, MARKS, SYMBOLS, decode_accents, split_maths

FRAGMENTS = st.sampled_from(
    [
        r"\'",
        r"\"",
        r"\v",
        r"\c ",
        r"\'{",
        r"\H{",
        r"\i",
        r"\o",
        r"\AA",
        r"\alpha",
        r"\emph{",
        r"\\",
        r"\$",
        r"\%",
        r"\&",
        r"\{",
        r"\}",
        r"\ ",
        r"\(",
        r"\)",
        r"\[",
        r"\]",
        "$",
        "$$",
        "{",
        "}",
        "\\",
        "e",
        "x y",
        " ",
        "5",
        "é",
        "e\u0301",
        "\n",
    ]
)
TEX = st.lists(FRAGMENTS, max_size=14).map("".join)


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"Mat\'ern", "Matérn"),
        (r"J\"urgen", "Jürgen"),
        (r"Erd\H{o}s-P\'osa", "Erdős-Pósa"),
        (r"Gordan \v{Z}itkovi\'c", "Gordan Žitković"),
        (r"\v Ceh, Jo\~ao, Fran\c{c}ois, \c Su", "Čeh, João, François, Şu"),
        (r"Gra\c{s}u, K\k{e}dra, \.Inan, \r{A}, Br\u{a}, \=a, \d{s}, \textcommabelow{t}", None),
        (r"Mart\'\i nez", "Martínez"),
        (r"Mart\'{\i}nez, Na{\"\i}ve", "Martínez, Naïve"),
        (r"{\'e} {{\'e}} {\'{e}} \'{e}", "é é é é"),
        (r"{\'Ecole} \'{Etienne}", "École Étienne"),
        (r"Nguy\~{\^e}n Nguy\~\^en Nguy{\~{\^e}}n", "Nguyễn Nguyễn Nguyễn"),
        (r"\'S. R. Gal", "Ś. R. Gal"),
    ],
)
def test_accents_join_their_letter(tex: str, text: str | None) -> None:
    decoded = decode_accents(tex)

    assert "\\" not in decoded
    assert "{" not in decoded
    assert text is None or decoded == text


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"S{\o}ren S\o ren S\o{}ren", "Søren Søren Søren"),
        (r"F\"u{\ss}ling Stra\ss e", "Füßling Straße"),
        (r"{\L}. Stawarz, Bia{\l}ecki", "Ł. Stawarz, Białecki"),
        (r"\AA ngstr\"om, Th\ae r, {\OE}uvre", "Ångström, Thær, Œuvre"),
        (r"b\i t, \aa, \j", "bıt, å, ȷ"),
        (r"5700 to 9200 {\AA} for", "5700 to 9200 Å for"),
        (r"5 \AA resolution", "5 Å resolution"),
        (r"\S 3, \copyright 2020, 5 \pounds", "§ 3, © 2020, 5 £"),
        (r"if \beta\ is, {\Lambda}-LTB, 3 \mu m", "if β is, Λ-LTB, 3 μ m"),
    ],
)
def test_letters_and_symbols_have_macros(tex: str, text: str) -> None:
    assert decode_accents(tex) == text


@pytest.mark.parametrize("name", sorted(LETTERS | GREEK | SYMBOLS))
def test_every_macro_of_the_tables_is_read(name: str) -> None:
    character = (LETTERS | GREEK | SYMBOLS)[name]

    assert decode_accents(f"a {{\\{name}}} b") == unicodedata.normalize("NFC", f"a {character} b")


@pytest.mark.parametrize("name", sorted(MARKS))
def test_every_accent_of_the_table_is_read(name: str) -> None:
    assert decode_accents(f"a\\{name}{{e}}b") == unicodedata.normalize("NFC", f"ae{MARKS[name]}b")


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"46.62\% of R\&D in a\_b \#1", "46.62% of R&D in a_b #1"),
        (r"i.i.d.\ samples at 10\,km", "i.i.d. samples at 10 km"),
        (r"10\^{}3 \~{}x", "10^3 ~x"),
        (r"\'% \"5 \c3", r"\'% \"5 \c3"),
    ],
)
def test_escapes_are_undone(tex: str, text: str) -> None:
    assert decode_accents(tex) == text


@pytest.mark.parametrize(
    "tex",
    [
        r"$\mathcal{O}(n^3)$",
        r"$a \% b \& c\_d\ \alpha$",
        r"$\{x_1,...,x_n\}$",
        r"\[γ(s,π_1\otimes χ)\% \]",
        r"\(\alpha\_1\)",
        r"$$\sum_i \o_i$$",
        r"\begin{equation*}\alpha \% \end{equation*}",
        r"$ \alpha $",
    ],
)
def test_mathematics_stays_as_it_is(tex: str) -> None:
    assert decode_accents(f"{tex}") == tex
    assert decode_accents(f"Jos\\'e {tex} \\'a") == f"José {tex} á"


@pytest.mark.parametrize(
    "tex",
    [
        r"\foo{x}",
        r"\\",
        r"\$5",
        r"\{a\}",
        "\\",
        "{LTB}",
        r"\emph{x}",
        r"W^+\to e\nu_e x"[:8],
        r"\sqrt",
        "a{b}c",
    ],
)
def test_what_is_not_understood_stays(tex: str) -> None:
    assert decode_accents(tex) == tex


def test_an_accent_within_an_unknown_macro_keeps_its_braces() -> None:
    assert decode_accents(r"\emph{\'Etude} \textbf{Schr{\"o}dinger}") == r"\emph{Étude} \textbf{Schrödinger}"


def test_a_line_break_before_a_letter_is_no_accent() -> None:
    assert decode_accents(r"one\\'e") == r"one\\'e"


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"$5 and $10 for Jos\'e", "$5 and $10 for José"),
        (r"costs $5 for Jos\'e", "costs $5 for José"),
        (r"US$5 million to Jos\'e, US$10 million", "US$5 million to José, US$10 million"),
        (r"$5 for Jos\'e while $\'x\%$ stays", r"$5 for José while $\'x\%$ stays"),
        (r"\$5 and \$10 for Jos\'e", r"\$5 and \$10 for José"),
        (r"$2 mod p$ for Jos\'e and $x\%$", r"$2 mod p$ for José and $x\%$"),
    ],
)
def test_a_price_opens_no_mathematics(tex: str, text: str) -> None:
    assert decode_accents(tex) == text


def test_the_result_is_composed() -> None:
    assert decode_accents("Cafe\u0301") == "Café"


def test_accents_escapes_and_mathematics_stand_together() -> None:
    assert decode_accents(
        r"A Poincar\'e Inequality of the Painlev\'{e} IV \& K\"{a}hler--Ricci $\ell_2$"
    ) == (r"A Poincaré Inequality of the Painlevé IV & Kähler--Ricci $\ell_2$")


@given(st.one_of(st.text(), TEX))
def test_the_parts_of_a_text_joined_are_the_text(text: str) -> None:
    assert "".join(part for _, part in split_maths(text)) == text


@given(st.text(alphabet=st.characters(exclude_characters="\\")))
def test_a_text_without_a_backslash_is_only_composed(text: str) -> None:
    assert decode_accents(text) == unicodedata.normalize("NFC", text)


@given(TEX)
def test_no_plain_character_is_lost(tex: str) -> None:
    decoded = decode_accents(tex)

    assert unicodedata.is_normalized("NFC", decoded)
    letters = unicodedata.normalize("NFD", decoded)
    assert [c for c in letters if c in "5xy"] == [c for c in tex if c in "5xy"]


@given(
    st.lists(
        st.sampled_from([r"\'e", r"{\o}", r"\v{c}", "a", " ", r"$x\%$", r"\%", r"\$", r"\L"]), max_size=9
    )
)
def test_decoding_twice_is_decoding_once(parts: list[str]) -> None:
    once = decode_accents("".join(parts))

    assert decode_accents(once) == once


@given(st.lists(st.sampled_from([r"\'e", r"\%", r"{\o}", r"\em x", "$5$", "5", "$5 a $", "$", " "])) | TEX)
def test_formulas_between_dollars_are_what_the_rules_would_make_of_them(parts: str | list[str]) -> None:
    """A formula on display keeps a text from being cut at its dollars straight away."""
    text = "".join(parts)

    assert decode_accents(f"$$y$$ {text}") == f"$$y$$ {decode_accents(text)}"


@pytest.mark.parametrize("length", [10, 3000, 10_000])
def test_a_formula_may_be_long(length: int) -> None:
    text = rf"\'e ${'x' * length}\'e$ \'e"

    assert decode_accents(text) == rf"é ${'x' * length}\'e$ é"


def test_long_nonsense_takes_no_long_time() -> None:
    for nonsense in (r"\'", r"\'{", r"\(", "$1 a ", r"{\o", r"\c{", "{", r"\["):
        decode_accents(nonsense * 5000)
