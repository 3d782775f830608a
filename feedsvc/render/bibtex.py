r"""A paper as BibTeX, in the fields that arXiv's own entries have, fit for BibTeX as for biber.

Letters become TeX's commands, so that an entry is ASCII wherever TeX has a command for a letter; mathematics
stays as its author typed it. Source for `eprint`: https://info.arxiv.org/hypertex/bibstyles/
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from pylatexenc.latexencode import UnicodeToLatexEncoder

from feedsvc.accents import split_maths
from feedsvc.paper import Author, Paper
from feedsvc.render.characters import clean_line
from feedsvc.render.tex import to_text

CONTENT_TYPE = "application/x-bibtex; charset=utf-8"

# Styles write titles in small letters: what has a capital behind its beginning, or is one letter, stays.
_CAPITALS = re.compile(r"[^\W_]*[^\W\d_]*(?:(?<=[^\W_])[A-Z]|\b[B-Z]\b)[^\s-]*")
_SUFFIXES = re.compile(r"(?P<name>.+?),?\s+(?P<suffix>Jr\.?|Sr\.?|II|III|IV)")
_GROUP = re.compile(r"\b(collaboration|consortium|team|group|project|experiment)\b", re.IGNORECASE)
_AND = re.compile(r"\band\b", re.IGNORECASE)
_EMPTY_WORDS = frozenset({"a", "an", "the", "on", "of", "in", "for", "to", "and", "with", "from"})


def render_bibtex(paper: Paper, year: int) -> str:
    """Write a paper's entry; `year` is that of its first version."""
    lines = [f"  {name:<13} = {{{value}}}" for name, value in _list_fields(paper, year)]
    return f"@misc{{{make_key(paper, year)},\n" + ",\n".join(lines) + "\n}\n"


def _list_fields(paper: Paper, year: int) -> Iterator[tuple[str, str]]:
    yield "title", write_title(paper.title)
    if paper.authors:
        yield "author", " and ".join(map(write_author, paper.authors))
    yield "year", str(year)
    yield "eprint", paper.id
    yield "archivePrefix", "arXiv"
    yield "primaryClass", paper.primary
    yield "url", paper.abs_url
    if paper.doi:
        yield "doi", _balance(clean_line(paper.doi).split(" ")[0])
    if paper.journal_ref:
        yield "note", escape_text(clean_line(paper.journal_ref))


def make_key(paper: Paper, year: int) -> str:
    """Give a citation key in small ASCII letters: family name, year, first telling word of the title."""
    family = (
        _fold(paper.authors[0].name.split()[-1]) if paper.authors and paper.authors[0].name.split() else ""
    )
    words = [word for word in map(_fold, to_text(paper.title).split()) if word not in _EMPTY_WORDS]
    word = next(filter(None, words), "")
    return f"{family or 'arxiv'}{year}{word}"


def _fold(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]", "", letters)


def write_title(title: str) -> str:
    """Write a title: prose escaped, its capitals kept, mathematics as it is."""
    parts = []
    for is_maths, part in split_maths(clean_line(title)):
        if is_maths and part.count("{") == part.count("}"):
            parts.append(f"{{{part}}}")
        else:
            parts.append(_protect_capitals(part if is_maths else _read_prose(part)))
    return "".join(parts)


def _read_prose(text: str) -> str:
    """Read the TeX in prose, keeping the blanks at its ends."""
    inner = text.strip()
    start = len(text) - len(text.lstrip())
    return text[:start] + to_text(inner) + text[start + len(inner) :] if inner else text


def _protect_capitals(text: str) -> str:
    parts, done = [], 0
    for found in _CAPITALS.finditer(text):
        parts += [escape_text(text[done : found.start()]), f"{{{escape_text(found[0])}}}"]
        done = found.end()
    return "".join([*parts, escape_text(text[done:])])


def write_author(author: Author) -> str:
    """Write a name so that BibTeX takes it apart rightly: groups whole, a Jr. in the middle."""
    name = clean_line(author.name)
    if _GROUP.search(name) or _AND.search(name):
        return f"{{{escape_text(name)}}}"
    suffixed = _SUFFIXES.fullmatch(name)
    if suffixed and " " in suffixed["name"]:
        given, _, family = suffixed["name"].rpartition(" ")
        return escape_text(f"{family}, {suffixed['suffix']}, {given}")
    return escape_text(name)


def escape_text(text: str) -> str:
    """Write plain text as TeX."""
    escaped = str(_encoder().unicode_to_latex(text))
    # BibTeX counts braces whatever stands before them.
    return escaped.replace(r"{\{}", r"{\textbraceleft}").replace(r"{\}}", r"{\textbraceright}")


@cache
def _encoder() -> UnicodeToLatexEncoder:
    # Commands in braces are safe before any letter, and to BibTeX an accent in braces is one character.
    return UnicodeToLatexEncoder(
        replacement_latex_protection="braces-all", unknown_char_policy="keep", unknown_char_warning=False
    )


def _balance(text: str) -> str:
    return text if text.count("{") == text.count("}") else re.sub(r"[{}]", "", text)
