"""Which characters stand in a document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedsvc.render.characters import clean_line, clean_text

ANY_TEXT = st.text(st.characters(exclude_categories=()))


@given(ANY_TEXT)
def test_clean_text_is_what_xml_gives_back(text: str) -> None:
    cleaned = clean_text(text)
    element = etree.Element("a")
    element.text = cleaned

    assert (etree.fromstring(etree.tostring(element, encoding="UTF-8")).text or "") == cleaned


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    assert clean_text(clean_text(text)) == clean_text(text)
    assert clean_line(clean_line(text)) == clean_line(text)


@given(ANY_TEXT)
def test_a_line_has_single_blanks_and_no_ends(text: str) -> None:
    assert clean_line(text) == " ".join(clean_line(text).split())


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x00\x08\x0b\x7fb", "ab"),
        ("a\x90\ufdd0\ufffe\U0001ffffb", "ab"),
        ("a\ud800b", "a\ufffdb"),
        ("a\r\nb\rc\x85d\u2028e", "a\nb\nc\nd\ne"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("\u200fשלום\u200e", "\u200fשלום\u200e"),
        ("漢 \U0001d4aa 😀\t.", "漢 \U0001d4aa 😀\t."),
    ],
    ids=["controls", "noncharacters", "surrogate", "line ends", "overrides", "marks", "all else"],
)
def test_only_what_disturbs_goes(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned
