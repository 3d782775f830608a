"""Fragments of entries: written once, found again, never those of another entry."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import pytest

from feedsvc.paper import Entry, Kind
from feedsvc.pipeline.fragments import Fragments
from feedsvc.render import Format, Head, load_formats
from feedsvc.render.atom import AtomFormat
from tests.builders import make_paper
from tests.render_entries import EXTRACTIVE, HEAD, make_entry

ENTRY = make_entry(digest=EXTRACTIVE)


@dataclass
class CountingFormat(AtomFormat):
    """Atom that notes what it writes."""

    written: list[Entry] = field(default_factory=list)

    def render_fragment(self, entry: Entry, language: str, *, brief: bool = False) -> bytes:
        """Note the entry, and write it."""
        self.written.append(entry)
        return super().render_fragment(entry, language, brief=brief)


def test_an_entry_is_written_once_for_all_documents() -> None:
    format_ = CountingFormat()
    fragments = Fragments({"xml": format_})
    for title in ("one", "two"):
        fragments.assemble("xml", replace(HEAD, title=title), [ENTRY, replace(ENTRY)], "en")

    assert format_.written == [ENTRY]


@pytest.mark.parametrize(
    "other",
    [
        replace(ENTRY, paper=replace(ENTRY.paper, title="Mended")),
        replace(ENTRY, digest=None),
        replace(ENTRY, kind=Kind.CROSS),
    ],
    ids=["metadata", "digest", "kind"],
)
def test_an_entry_that_changed_is_written_anew(other: Entry) -> None:
    fragments = Fragments(load_formats())
    fragments.assemble("xml", HEAD, [ENTRY], "en")

    assert fragments.assemble("xml", HEAD, [other], "en") == write(load_formats()["xml"], HEAD, other)


@pytest.mark.parametrize("format_", load_formats())
@pytest.mark.parametrize("brief", [False, True])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_languages_formats_and_lengths_are_kept_apart(format_: str, language: str, brief: bool) -> None:
    fragments = Fragments(load_formats())
    for other in load_formats():
        fragments.assemble(other, HEAD, [ENTRY], "en")

    made = fragments.assemble(format_, HEAD, [ENTRY], language, brief=brief)
    assert made == write(load_formats()[format_], HEAD, ENTRY, language, brief=brief)


def write(format_: Format, head: Head, entry: Entry, language: str = "en", *, brief: bool = False) -> bytes:
    """Write a document without keeping anything."""
    return format_.assemble(head, [format_.render_fragment(entry, language, brief=brief)])


ENTRIES = [make_entry(make_paper(f"2601.{number:05}")) for number in range(1, 41)]


def test_no_more_is_kept_than_allowed() -> None:
    fragments = Fragments(load_formats(), most_bytes=50_000)
    for brief in (False, True):
        for format_ in load_formats():
            fragments.assemble(format_, HEAD, ENTRIES, "en", brief=brief)
            assert fragments.size <= 50_000


def test_where_a_few_are_too_many_most_are_still_found_in_every_round() -> None:
    format_ = CountingFormat()
    fragments = Fragments({"xml": format_})
    fragments.assemble("xml", HEAD, ENTRIES, "en")
    fragments = Fragments({"xml": format_}, most_bytes=fragments.size * 9 // 10)
    format_.written.clear()
    for _ in range(10):
        fragments.assemble("xml", HEAD, ENTRIES, "en")

    assert len(format_.written) < len(ENTRIES) * 10 / 2


def test_a_fragment_written_anew_takes_the_place_of_the_former() -> None:
    fragments = Fragments(load_formats())
    sizes = set()
    for title in ("Mended", "Amends", "Mended"):
        other = replace(ENTRY, paper=replace(ENTRY.paper, title=title))
        fragments.assemble("xml", HEAD, [other], "en")
        sizes.add(fragments.size)

    assert len(sizes) == 1


def test_threads_that_share_fragments_get_what_they_ask_for() -> None:
    fragments = Fragments(load_formats(), most_bytes=50_000)
    asked = [(format_, entry) for format_ in load_formats() for entry in ENTRIES] * 3

    with ThreadPoolExecutor(8) as pool:
        made = pool.map(lambda each: fragments.assemble(each[0], HEAD, [each[1]], "en"), asked)
        expected = [write(load_formats()[format_], HEAD, entry) for format_, entry in asked]
        assert list(made) == expected

    assert fragments.size <= 50_000
