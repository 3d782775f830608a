"""Papers as pages show them: a card an entry, its mathematics as HTML, the words of a query marked. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from lxml import etree
from markupsafe import Markup, escape

from feedsvc.calendar import day_announced_at
from feedsvc.paper import Entry
from feedsvc.query import Query
from feedsvc.query.ast import Field
from feedsvc.query.marking import Span, mark_names, mark_words
from feedsvc.render.content import Section, render_text, split_paragraphs
from feedsvc.render.entry import EntryView, Label, describe_entry
from feedsvc.render.phrases import load_phrases

MOST_AUTHORS = 8
Mark = Callable[[str], Sequence[Span]]


def mark_nothing(text: str) -> Sequence[Span]:
    """Mark nothing."""
    return ()


@dataclass(frozen=True, slots=True)
class Passage:
    """A section of a card, as HTML in its own language."""

    heading: str | None
    text: Markup
    language: str


@dataclass(frozen=True, slots=True)
class Card:
    """One paper in a list; `more` authors are not named. `links` are names and addresses."""

    id: str
    anchor: str
    title: Markup
    title_language: str
    authors: tuple[Markup, ...]
    more: int
    kind: str
    kind_name: str
    day: date
    categories: tuple[Label, ...]
    warning: str | None
    passages: tuple[Passage, ...]
    reason: str | None
    links: tuple[tuple[str, str], ...]


def make_card(entry: Entry, language: str, query: Query | None = None) -> Card:
    """Make the card of an entry in a page's language, the words of a query marked where one is given."""
    view = describe_entry(entry, language)
    authors = tuple(_name_authors(view, query))
    return Card(
        id=entry.paper.id,
        anchor=f"p-{entry.paper.id.replace('/', '-')}",
        title=mark_text(view.title, _mark(query, Field.TITLE)),
        title_language=view.title_language,
        authors=authors,
        more=len(view.authors) - len(authors),
        kind=entry.kind.value,
        kind_name=load_phrases(language).name_kind(entry.kind, entry.paper.version),
        day=day_announced_at(entry.updated),
        categories=view.categories,
        warning=view.body.warning,
        passages=tuple(_write_passages(view, _mark(query, Field.ABSTRACT))),
        reason=_find_reason(entry, language),
        links=view.body.links,
    )


def _mark(query: Query | None, field: Field) -> Mark:
    return mark_nothing if query is None else lambda text: mark_words(query, field, text)


def _name_authors(view: EntryView, query: Query | None) -> Iterator[Markup]:
    """Give the first authors, and of the others those whom the query means."""
    names = [author.name for author in view.authors]
    meant = set(mark_names(query, names)) if query else set()
    for number, name in enumerate(names):
        if number < MOST_AUTHORS or number in meant:
            yield Markup("<mark>{}</mark>").format(name) if number in meant else escape(name)


def _write_passages(view: EntryView, mark: Mark) -> Iterator[Passage]:
    sections: Iterable[Section] = view.body.digest or view.body.original
    for section in sections:
        yield Passage(section.heading, write_html(section.text, mark), section.language)


def _find_reason(entry: Entry, language: str) -> str | None:
    if entry.likeness is None:
        return None
    phrases = load_phrases(language)
    return phrases.name_likeness(entry.likeness.paper) + phrases.colon + ", ".join(entry.likeness.words)


def write_html(text: str, mark: Mark = mark_nothing) -> Markup:
    """Write text with TeX in it as HTML, paragraphs apart."""
    paragraphs = (
        Markup("").join(
            mark_text(node, mark) if isinstance(node, str) else Markup(_serialise(node))
            for node in render_text(paragraph)
        )
        for paragraph in split_paragraphs(text)
    )
    return Markup("<br>").join(paragraphs)


def _serialise(node: etree._Element) -> str:
    return etree.tostring(node, encoding="unicode", method="html")


def mark_text(text: str, mark: Mark) -> Markup:
    """Write plain text as HTML with some places marked."""
    html, place = Markup(""), 0
    for start, end in mark(text):
        html += escape(text[place:start]) + Markup("<mark>{}</mark>").format(text[start:end])
        place = end
    return html + escape(text[place:])
