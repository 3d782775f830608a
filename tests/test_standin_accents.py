"""Names in TeX."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.accents import decode_accents
from feedsvc.standin.accents import write_tex

LETTERS = st.characters(min_codepoint=0x41, max_codepoint=0x17F, categories=["Lu", "Ll"])


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Mátern", r"M\'atern"),
        ("Jiří Škoda", r"Ji\v{r}\'i \v{S}koda"),
        ("Łukasz Søren Åberg", r"{\L}ukasz S{\o}ren {\AA}berg"),
        ("Nguyễn", r"Nguy\~{\^e}n"),
        ("François Hervé", r"Fran\c{c}ois Herv\'e"),
    ],
)
def test_accented_letters_are_written_in_tex(name: str, written: str) -> None:
    assert write_tex(name) == written


@pytest.mark.parametrize("name", ["O'Neil Jr.", "王小明", "Δημήτρης", "Yu (Eric) Qian"])
def test_what_tex_has_no_accent_for_stays(name: str) -> None:
    assert write_tex(name) == unicodedata.normalize("NFC", name)


@given(st.lists(LETTERS, max_size=12).map("".join))
def test_our_reader_gives_the_name_back(name: str) -> None:
    assert decode_accents(write_tex(name)) == unicodedata.normalize("NFC", name)
