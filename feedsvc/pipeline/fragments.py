"""Entries as fragments that are written once, and documents put together from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from feedsvc.paper import Entry
from feedsvc.render import Format, Head

# An entry stands in many documents alike, and from one day to the next.
FRAGMENTS = 20_000


class Fragments:
    """Keeps the fragments used last, whatever document they stand in."""

    def __init__(self, formats: Mapping[str, Format]) -> None:
        self._formats = formats
        self._fragment = lru_cache(FRAGMENTS)(self._render)

    def assemble(
        self, format_: str, head: Head, entries: Sequence[Entry], language: str, *, brief: bool = False
    ) -> bytes:
        """Write a document of a format, with the first sentence of each section only where it is `brief`."""
        fragments = [self._fragment(format_, entry, language, brief) for entry in entries]
        return self._formats[format_].assemble(head, fragments)

    def _render(self, format_: str, entry: Entry, language: str, brief: bool) -> bytes:
        return self._formats[format_].render_fragment(entry, language, brief=brief)
