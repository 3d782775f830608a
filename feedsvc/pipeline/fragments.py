"""Entries as fragments that are written once, and documents put together from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from threading import Lock

from feedsvc.paper import Entry
from feedsvc.render import Format, Head

# An entry stands in many documents alike, and from one day to the next. This many are kept in each format.
FRAGMENTS = 20_000

_Way = tuple[str, str, bool]
_Name = tuple[str, int, datetime, datetime]
_Kept = dict[_Name, tuple[Entry, bytes]]


class Fragments:
    """Keeps the fragments that were written last, whatever document they stand in; threads may share it.

    Finding one costs little beside joining them: a fragment is found by a short name and then compared with
    the entry it was written of, since the hash of a whole entry takes longer than copying its fragment.
    """

    def __init__(self, formats: Mapping[str, Format], most: int = FRAGMENTS) -> None:
        self._formats = formats
        self._most = most
        self._ways: dict[_Way, _Kept] = {}
        self._lock = Lock()

    def assemble(
        self, format_: str, head: Head, entries: Sequence[Entry], language: str, *, brief: bool = False
    ) -> bytes:
        """Write a document of a format, with the first sentence of each section only where it is `brief`."""
        way = format_, language, brief
        kept = self._ways.setdefault(way, {})
        return self._formats[format_].assemble(head, [self._find(kept, entry, way) for entry in entries])

    def _find(self, kept: _Kept, entry: Entry, way: _Way) -> bytes:
        paper = entry.paper
        name = paper.id, paper.version, entry.published, entry.updated
        found = kept.get(name)
        if found is not None and (found[0] is entry or found[0] == entry):
            return found[1]
        format_, language, brief = way
        fragment = self._formats[format_].render_fragment(entry, language, brief=brief)
        with self._lock:
            kept[name] = entry, fragment
            if len(kept) > self._most:
                for oldest in list(islice(kept, len(kept) - self._most)):
                    del kept[oldest]
        return fragment
