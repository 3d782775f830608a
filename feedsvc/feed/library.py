"""The arXiv papers of somebody's library, read from BibTeX, a list of identifiers, or any text. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain

from feedsvc.errors import InvalidIdError
from feedsvc.paper import NEW_SCHEME, OLD_SCHEME, ArxivId, order_id

_ID = rf"(?:{NEW_SCHEME}(?!\d)|{OLD_SCHEME}(?!\d))"
# An identifier that says of itself that it is arXiv's: `arXiv:…`, a link, a DOI of arXiv's, DBLP's `abs/…`.
_NAMED = re.compile(
    rf"(?:\barxiv\s*[:.]\s*|\barxiv\.org/[a-z]+/|\babs/)(?P<id>{_ID})", re.IGNORECASE | re.ASCII
)
_BARE = re.compile(rf"(?<![\w./:-])(?P<id>{_ID})(?:v\d+)?(?:\.pdf)?(?![\w/-]|\.\d)", re.IGNORECASE | re.ASCII)
_ENTRY = re.compile(r"^[ \t]*+@(?=\w++[ \t]*+[{(])", re.MULTILINE)
_OPENING = re.compile(r"[{(]")
_FIELD = re.compile(r"(?<![\w-])(?P<name>[a-z][\w-]*+)\s*+=\s*+", re.IGNORECASE)
# A field, or what may end an entry, by what has opened it.
_STEPS = {
    "{": re.compile(rf"{_FIELD.pattern}|\}}", re.IGNORECASE),
    "(": re.compile(rf"{_FIELD.pattern}|\)", re.IGNORECASE),
}
_GOING_ON = re.compile(r"[\s}),]*+(?:%[^\n]*+\s*+)?(?=[a-z][\w-]*+\s*+=\s*+[{\"])", re.IGNORECASE)
_COMMENT = re.compile(r"^[ \t]*+%.*", re.MULTILINE)
_BARE_VALUE = re.compile(r"[^,\n]*")
_BARE_FIELDS = frozenset({"eprint", "arxivid", "arxiv"})
_FIELDS = _BARE_FIELDS | {
    "url",
    "note",
    "journal",
    "doi",
    "howpublished",
    "volume",
    "pages",
    "link",
    "number",
}
_OLD_NUMBER = re.compile(r"\d{7}(?:v\d+)?")


def read_library(text: str) -> tuple[str, ...]:
    """Give the papers that a text names, without versions, each once, in their order.

    In an entry of BibTeX only those fields count that say where it itself is, such as eprint, url, note and
    journal. In other text, before and behind entries as well, an identifier may stand bare; beside entries,
    lines that begin with % are comments.
    """
    before, *entries = _ENTRY.split(text)
    beside = _COMMENT.sub("", before) if entries else before
    found = chain(_read_text(beside), chain.from_iterable(map(_read_entry_and_text, entries)))
    return tuple(dict.fromkeys(filter(None, map(_read_id, found))))


def share_out(papers: Iterable[str], most: int) -> list[list[str]]:
    """Cut a library into parts of at most so many papers, the newest in the first."""
    newest_first = sorted(papers, key=lambda paper: (order_id(paper), paper), reverse=True)
    return [newest_first[start : start + most] for start in range(0, len(newest_first), most)]


def _read_text(text: str) -> Iterator[str]:
    for line in text.splitlines():
        for found in sorted((*_NAMED.finditer(line), *_BARE.finditer(line)), key=lambda m: m.start("id")):
            yield found["id"]


def _read_entry_and_text(part: str) -> Iterator[str]:
    end = _find_end(part)
    yield from _read_entry(part[:end])
    yield from _read_text(_COMMENT.sub("", part[end:]))


def _find_end(part: str) -> int:
    """Find where an entry ends, behind which there may be other text; one that nobody closed has none."""
    opening = _OPENING.search(part)
    at = opening.end() if opening else len(part)
    while opening and (step := _STEPS[opening[0]].search(part, at)):
        at = step.end()
        if step["name"] and part[at : at + 1] in ("{", '"'):
            _, at = _read_value(part, at)
        elif not step["name"]:
            # A brace too many does not end it.
            going_on = _GOING_ON.match(part, at)
            if going_on is None:
                return at
            at = going_on.end()
    return len(part)


def _read_entry(entry: str) -> Iterator[str]:
    fields = dict(_read_fields(entry))
    for name, value in fields.items():
        if name in _FIELDS:
            yield from (found["id"] for found in _NAMED.finditer(value))
        if name in _BARE_FIELDS:
            yield from (found["id"] for found in _BARE.finditer(value))
            if _OLD_NUMBER.fullmatch(value.strip()):
                archive = fields.get("primaryclass") or fields.get("archiveprefix", "")
                yield f"{archive.strip()}/{value.strip()}"


def _read_fields(entry: str) -> Iterator[tuple[str, str]]:
    at = 0
    while field := _FIELD.search(entry, at):
        value, at = _read_value(entry, field.end())
        yield field["name"].lower(), value


def _read_value(entry: str, start: int) -> tuple[str, int]:
    """Give the value that begins at a place and the place behind it; an open one ends with the entry."""
    opening = entry[start : start + 1]
    if opening not in ("{", '"'):
        found = _BARE_VALUE.match(entry, start)
        return (found[0], found.end()) if found else ("", len(entry))
    depth = 0
    for at in range(start + 1, len(entry)):
        sign = entry[at]
        if sign == ('"' if opening == '"' else "}") and not depth:
            return entry[start + 1 : at], at + 1
        depth += (sign == "{") - (sign == "}")
    return entry[start + 1 :], len(entry)


def _read_id(text: str) -> str | None:
    try:
        return ArxivId.parse(text).paper
    except InvalidIdError:
        return None
