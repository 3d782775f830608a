"""What an entry shows, and the same as XHTML.

Every element and every attribute is made here, from plain text that lxml escapes; no markup is taken over
from a paper or a model, and a link is either built here or matched by one pattern that only knows http and
https. So there is nothing left for a sanitiser to find.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree
from lxml.builder import E

from feedsvc.render.characters import clean_text
from feedsvc.render.mathml import read_mathml
from feedsvc.render.spelling import Script
from feedsvc.render.tex import Address, Source, read_tex

Node = str | etree._Element

_PARAGRAPH = re.compile(r"\n[ \t]*\n|\n[ \t]+")


@dataclass(frozen=True, slots=True)
class Section:
    """Text under a heading or, where that is None, by itself; `text` may hold TeX and paragraphs."""

    heading: str | None
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Note:
    """A line with a label before it; a link where there is an address."""

    label: str
    text: str
    language: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """What an entry shows, in order; text is fit for XML.

    `language` is that of headings and labels; `links` are names and addresses; `authors` a line that names
    the first of them, since many readers show one author of several, or none.
    """

    language: str
    warning: str | None
    facts: tuple[str, ...]
    digest: tuple[Section, ...]
    remark: str | None
    original: tuple[Section, ...]
    notes: tuple[Note, ...]
    links: tuple[tuple[str, str], ...]
    authors: str | None = None


def render_content(body: Body, language: str) -> str:
    """Write a body as XHTML without a namespace, to stand in a `div` in the feed's language."""
    blocks = [
        _render_facts(body),
        *([E.p(body.authors)] if body.authors else []),
        *_render_sections(body.digest, body.language),
        *([E.p(E.small(body.remark))] if body.remark else []),
        *_render_sections(body.original, body.language),
        *([_render_notes(body)] if body.notes else []),
        E.p(*_separate((E.a(name, href=address) for name, address in body.links), " · ")),
    ]
    if not is_same(body.language, language):
        blocks = [E.div(*blocks, lang=body.language)]
    return "".join(etree.tostring(block, encoding="unicode") for block in blocks)


def render_text(text: str) -> list[Node]:
    """Turn text with TeX into XHTML nodes: the one place that decides how mathematics looks in content."""
    return [_render_piece(piece) for piece in read_tex(clean_text(text))]


def _render_piece(piece: str | Script | Source | Address) -> Node:
    if isinstance(piece, Script):
        return (E.sup if piece.raised else E.sub)(*map(_render_piece, piece.body))
    if isinstance(piece, Source):
        mathml = read_mathml(piece.tex)
        return E.code(piece.tex) if mathml is None else mathml
    if isinstance(piece, Address):
        return E.a(piece.url, href=piece.url)
    return piece


def _render_facts(body: Body) -> etree._Element:
    warning: list[Node] = [E.strong(body.warning), " "] if body.warning else []
    return E.p(*warning, " · ".join(body.facts))


def _render_sections(sections: Iterable[Section], language: str) -> Iterator[etree._Element]:
    for section in sections:
        if section.heading:
            yield E.h3(section.heading)
        for nodes in filter(None, map(render_text, split_paragraphs(section.text))):
            yield E.p(*nodes, mark_language(section.language, language))


def split_paragraphs(text: str) -> list[str]:
    """Split a text where arXiv shows a new paragraph: at an empty or an indented line."""
    paragraphs = (" ".join(paragraph.split()) for paragraph in _PARAGRAPH.split(text))
    return [paragraph for paragraph in paragraphs if paragraph]


def _render_notes(body: Body) -> etree._Element:
    lines = [_render_note(note, body) for note in body.notes]
    return E.p(*(node for index, line in enumerate(lines) for node in ([E.br()] if index else []) + line))


def _render_note(note: Note, body: Body) -> list[Node]:
    nodes: list[Node] = [E.a(note.text, href=note.url)] if note.url else render_text(note.text)
    if not is_same(note.language, body.language):
        nodes = [E.span(*nodes, lang=note.language)]
    return [note.label, *nodes]


def _separate(nodes: Iterable[Node], separator: str) -> list[Node]:
    return [part for node in nodes for part in (separator, node)][1:]


def mark_language(language: str, around: str) -> dict[str, str]:
    """Give the attribute of an element in a language that differs from the one around it."""
    return {} if is_same(language, around) else {"lang": language}


def is_same(language: str, other: str) -> bool:
    """Tell whether two tags name one language."""
    return language.lower() == other.lower()
