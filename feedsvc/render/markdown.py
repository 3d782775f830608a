"""A day's digest as a Markdown document: CommonMark (https://spec.commonmark.org), with anchors as HTML.

Whatever a paper says is text: each character that any of the usual dialects takes for a sign is escaped.
Mathematics that Unicode cannot say stands between backticks as its author typed it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape

from feedsvc.render.content import Section, split_paragraphs
from feedsvc.render.day import DayDigest, Group, list_sections
from feedsvc.render.entry import EntryView, name_authors
from feedsvc.render.spelling import Script
from feedsvc.render.tex import Address, Piece, Source, read_tex

CONTENT_TYPE = "text/markdown; charset=utf-8"

# CommonMark's own, and those of tables, strikings, formulas, scripts and attributes elsewhere.
_SIGN = re.compile(r"[\\`*_{}\[\]<>#|~$^&]")
# What makes a line a list, a rule, a definition or the underline of a heading.
_BEGINNING = re.compile(r"(?P<number>\d{0,9})(?P<sign>[-+=:]|(?<=\d)[.)])")
_BACKTICKS = re.compile("`+")


def render_day(digest: DayDigest, badge: tuple[str, str] | None = None) -> bytes:
    """Write a day: its title, counts, a table of contents, then every paper with its digest.

    `badge` is the address of a picture under the title, and that of the page it leads to.
    """
    blocks = [f"# {escape_text(digest.heading)}"]
    if badge:
        picture, page = badge
        blocks.append(f"[![{escape_text(digest.title)}]({picture})]({page})")
    blocks.append(escape_text(" · ".join(digest.counts)))
    if digest.remark:
        blocks.append(f"*{escape_text(digest.remark)}*")
    if digest.groups:
        blocks += [f"## {escape_text(digest.phrases.contents)}", *map(_list_group, digest.groups)]
    else:
        blocks.append(escape_text(digest.phrases.no_papers))
    for group in digest.groups:
        blocks.append(f'## <a id="{group.kind}"></a>{escape_text(group.heading)}')
        for number, view in group.papers:
            blocks += _write_paper(number, view, digest)
    return ("\n\n".join(blocks) + "\n").encode()


def escape_text(text: str) -> str:
    """Escape plain text that stands on one line, be it at its beginning."""
    escaped = _escape_signs(text)
    found = _BEGINNING.match(escaped)
    return f"{found['number']}\\{escaped[found.start('sign') :]}" if found else escaped


def _escape_signs(text: str) -> str:
    return _SIGN.sub(r"\\\g<0>", text)


def write_text(text: str) -> str:
    """Write text with TeX, on one line."""
    written = ""
    for piece in read_tex(text):
        # Backticks that touch would be read as one longer row of them.
        gap = " " if isinstance(piece, Source) and written.endswith("`") else ""
        written += gap + _write_piece(piece, is_first=not written)
    return written


def _write_piece(piece: Piece, *, is_first: bool = False) -> str:
    if isinstance(piece, Script):
        name = "sup" if piece.raised else "sub"
        return f"<{name}>{''.join(map(_write_piece, piece.body))}</{name}>"
    if isinstance(piece, Source):
        return _write_code(piece.tex)
    if isinstance(piece, Address):
        return f"<{piece.url}>"
    return escape_text(piece) if is_first else _escape_signs(piece)


def _write_code(code: str) -> str:
    """Put source between more backticks than stand in it."""
    fence = "`" * (1 + max((len(run) for run in _BACKTICKS.findall(code)), default=0))
    gap = " " if code.startswith("`") or code.endswith("`") else ""
    return f"{fence}{gap}{' '.join(code.split())}{gap}{fence}"


def _list_group(group: Group) -> str:
    titles = (f"{number}. [{escape_text(view.title)}](#{_anchor(view)})" for number, view in group.papers)
    return "\n".join((f"[{escape_text(group.heading)}](#{group.kind})\n", *titles))


def _anchor(view: EntryView) -> str:
    return view.id.partition("/abs/")[2]


def _write_paper(number: int, view: EntryView, digest: DayDigest) -> Iterator[str]:
    anchor = escape(_anchor(view))
    yield f'### <a id="{anchor}"></a>{number}. {_escape_signs(view.title)}'
    if view.body.warning:
        yield f"**{escape_text(view.body.warning)}**"
    categories = ", ".join(label.term for label in view.categories)
    links = (f"[{escape_text(name)}]({address})" for name, address in view.body.links)
    yield " · ".join((escape_text(categories), *links))
    if view.authors:
        authors = escape_text(name_authors(view.authors, digest.phrases))
        yield f"{_label(digest.phrases.authors, digest)}{authors}"
    yield from _write_sections(list_sections(view), digest)
    if view.body.remark and not digest.remark:
        yield f"*{escape_text(view.body.remark)}*"


def _write_sections(sections: Iterable[Section], digest: DayDigest) -> Iterator[str]:
    for section in sections:
        for position, paragraph in enumerate(split_paragraphs(section.text)):
            label = _label(section.heading, digest) if section.heading and not position else ""
            yield label + write_text(paragraph)


def _label(heading: str, digest: DayDigest) -> str:
    # A colon inside would keep the stars from closing before a Chinese character.
    return f"**{escape_text(heading)}**{digest.phrases.colon}"
