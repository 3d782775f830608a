"""Formulas as MathML: whole or not at all, and nothing in them that could do harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedsvc.render.content import render_text
from feedsvc.render.mathml import NAMESPACE, read_mathml


def write(tex: str) -> str:
    """Give a formula's MathML without its annotation, names without their namespace."""
    math = read_mathml(tex)
    assert math is not None
    (semantics,) = math
    return etree.tostring(semantics[0], encoding="unicode").replace(f' xmlns="{NAMESPACE}"', "")


def test_a_fraction_of_sums_is_a_fraction() -> None:
    assert write(r"$\frac{a+b}{2c}$") == (
        "<mrow><mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow>"
        "<mrow><mn>2</mn><mi>c</mi></mrow></mfrac></mrow>"
    )


def test_the_source_stands_in_alttext_and_as_an_annotation() -> None:
    math = read_mathml(r"\(\frac{a}{b+c}\)")

    assert math is not None
    assert math.get("alttext") == r"\frac{a}{b+c}"
    assert math.findtext(f".//{{{NAMESPACE}}}annotation") == r" $\frac{a}{b+c}$"


def test_styled_letters_are_letters_of_their_own() -> None:
    assert "<mi>𝒙</mi>" in write(r"$\frac{\bm{x}}{y+z}$")


@pytest.mark.parametrize(
    "tex",
    [
        r"$\frac{\unknown{a}}{b}$",
        r"$\frac{a}{b$",
        r"$\frac{a}}{b}$",
        r"$\frac{\href{javascript:alert(1)}{a}}{b}$",
        r"$\frac{\color{red}{a}}{b}$",
        r"$\text{a <b} \frac{a}{b+c}$",
        "$" + "x" * 2000 + "$",
        "$$",
        "",
    ],
)
def test_what_would_be_lost_or_could_do_harm_is_refused(tex: str) -> None:
    assert read_mathml(tex) is None


def test_classes_and_styles_are_left_out() -> None:
    math = read_mathml(r"$\frac{\class{k}{a}}{b+c}$")

    assert math is None or not any("class" in element.attrib for element in math.iter())


@given(st.text(alphabet=r"abxy01{}_^\$&<> +-()[]" + "fracsqtmhlin", max_size=60))
def test_law_a_formula_is_sound_markup_with_every_letter_or_it_is_refused(tex: str) -> None:
    math = read_mathml(f"${tex}$")

    if math is not None:
        again = etree.fromstring(etree.tostring(math))
        assert {etree.QName(e).namespace for e in again.iter()} == {NAMESPACE}


def test_content_shows_the_source_where_a_formula_cannot_be_converted() -> None:
    (_, node) = render_text(r"We use $\frac{\unknown{a}}{b+c}$")

    assert isinstance(node, etree._Element)
    assert (node.tag, node.text) == ("code", r"$\frac{\unknown{a}}{b+c}$")


def test_content_shows_mathml_where_unicode_cannot_say_it() -> None:
    (_, node) = render_text(r"We use $\frac{a+b}{b+c}$")

    assert isinstance(node, etree._Element)
    assert node.tag == f"{{{NAMESPACE}}}math"
