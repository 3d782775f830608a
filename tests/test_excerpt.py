"""Documents with entries left out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.paper import Entry
from feedsvc.render import load_formats
from feedsvc.render.excerpt import keep_entries
from tests.render_entries import ENTRIES, HEAD, make_entry

FORMATS = load_formats()
NAMES = pytest.mark.parametrize("name", ["xml", "rss", "json"])


@NAMES
@settings(max_examples=30)
@given(entries=st.lists(ENTRIES, min_size=1, max_size=4, unique_by=lambda entry: entry.paper.id))
def test_an_excerpt_is_what_would_be_written_of_the_kept_entries_alone(
    name: str, entries: list[Entry]
) -> None:
    renderer = FORMATS[name]
    fragments = [renderer.render_fragment(entry, "en") for entry in entries]
    kept = [number % 2 == 0 for number in range(len(entries))]

    excerpt = keep_entries(name, renderer.assemble(HEAD, fragments), kept)

    renderer.check(excerpt)
    assert excerpt.replace(b"\n", b"") == renderer.assemble(HEAD, fragments[::2]).replace(b"\n", b"")


@NAMES
def test_a_document_with_another_number_of_entries_stays_whole(name: str) -> None:
    renderer = FORMATS[name]
    body = renderer.assemble(HEAD, [renderer.render_fragment(make_entry(), "en")])

    assert keep_entries(name, body, [True, False]) == body


def test_a_format_that_nobody_can_cut_stays_whole() -> None:
    assert keep_entries("md", b"# Two\n", [True, False]) == b"# Two\n"
