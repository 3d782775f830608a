"""The seam between entries and formats."""

from __future__ import annotations

import pytest

from feedsvc.render import load_formats
from tests.render_entries import HEAD, make_entry

FORMATS = load_formats()


def test_atom_is_spoken() -> None:
    assert FORMATS["xml"].content_type.startswith("application/atom+xml")


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_accepts_what_it_wrote(suffix: str) -> None:
    format_ = FORMATS[suffix]
    document = format_.assemble(HEAD, [format_.render_fragment(make_entry(), "en")])

    assert format_.suffix == suffix
    format_.check(document)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_writes_the_same_bytes_twice(suffix: str) -> None:
    first, second = (load_formats()[suffix].render_fragment(make_entry(), "zh", brief=True) for _ in range(2))

    assert first == second


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_refuses_a_page_of_another_kind(suffix: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        FORMATS[suffix].check(b"<!DOCTYPE html><html><body>503</body></html>")
