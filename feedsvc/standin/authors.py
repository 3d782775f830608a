"""Reads the author line of a crawled page: comma-joined, affiliations stuck to the names or numbered."""

from __future__ import annotations

import re

from feedsvc.paper import Author

_COMMA = re.compile(r",(?![^()]*(?:\([^()]*\)[^()]*)*\))")
_LEGEND = re.compile(r"\s*\((?=\(\d+\))(?P<places>.+)\)\s*$")
_PLACE = re.compile(r"[,;]?\s*\((\d+)\)\s*")
_NUMBERS = re.compile(r"\d+(?:\s*(?:,|and|&)\s*\d+)*")
_AFFILIATION = re.compile(r"\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*$")
_MIDDLE = re.compile(r"\s*(\([^()]*\))\s*")


def parse_authors(line: str) -> tuple[Author, ...]:
    """Read an author line: `Ada Byron(1),Bo Li(1 and 2) ((1) Here, (2) There)`, `Ada Byron(Here),Bo Li`.

    A numbered affiliation without its place in the legend, or a nickname at the end, stays as it is written.
    """
    legend = _LEGEND.search(line)
    places = _read_places(legend["places"]) if legend else {}
    names = line[: legend.start()] if legend else line
    return tuple(_read_author(part, places) for part in _COMMA.split(names) if part.strip())


def _read_places(text: str) -> dict[str, str]:
    _, *parts = _PLACE.split(text)
    return dict(zip(parts[::2], (part.strip(" ,;") for part in parts[1::2]), strict=True))


def _read_author(text: str, places: dict[str, str]) -> Author:
    found = _AFFILIATION.search(text)
    if not found:
        return Author(_MIDDLE.sub(r" \1 ", text).strip())
    name = _MIDDLE.sub(r" \1 ", text[: found.start()]).strip()
    return Author(name, _name_places(found[1].strip(), places))


def _name_places(text: str, places: dict[str, str]) -> tuple[str, ...]:
    numbers = re.findall(r"\d+", text) if _NUMBERS.fullmatch(text) else []
    return tuple(places[n] for n in numbers) if numbers and places.keys() >= set(numbers) else (text,)
