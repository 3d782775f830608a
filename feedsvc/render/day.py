"""A feed's day put together to be read from end to end, and the same as an entry of a daily feed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import count

from lxml import etree
from lxml.builder import E

from feedsvc.calendar import announced_at
from feedsvc.paper import Entry, Kind
from feedsvc.render.characters import clean_line
from feedsvc.render.content import Body, Node, Section, is_same, mark_language, render_text, split_paragraphs
from feedsvc.render.entry import EntryView, Link, name_authors, outline_entry
from feedsvc.render.phrases import Phrases, load_phrases


@dataclass(frozen=True, slots=True)
class Group:
    """The papers of one kind under their heading, each with its number in the whole digest."""

    kind: Kind
    heading: str
    papers: tuple[tuple[int, EntryView], ...]


@dataclass(frozen=True, slots=True)
class DayDigest:
    """What a feed took in on a day, by kind: new papers first. `title` is the feed's.

    `language` is the one that was asked for, which `phrases` may have to stand in for.
    `remark` says where the sections come from, where that is the same of every digest; else with each paper.
    """

    title: str
    day: date
    language: str
    phrases: Phrases
    groups: tuple[Group, ...]
    remark: str | None

    @property
    def heading(self) -> str:
        """The feed's title and the day, as people write it."""
        return f"{self.title}{self.phrases.colon}{self.phrases.format_date(self.day)}"

    @property
    def counts(self) -> tuple[str, ...]:
        """How many papers there are, in all and of each kind."""
        groups = [(group.heading, len(group.papers)) for group in self.groups]
        counts = [(self.phrases.papers, sum(number for _, number in groups)), *groups]
        return tuple(f"{name}{self.phrases.colon}{number}" for name, number in counts)


def collect_day(
    title: str, day: date, entries: Iterable[Entry], language: str, *, brief: bool = False
) -> DayDigest:
    """Sort a day's entries into groups by kind, in their order, and number them from 1."""
    phrases = load_phrases(language)
    views = [outline_entry(entry, language, brief=brief) for entry in entries]
    numbers = count(1)
    of_kind = ((kind, [view for view in views if view.kind is kind]) for kind in Kind)
    groups = tuple(
        Group(kind, phrases.name_group(kind), tuple((next(numbers), view) for view in found))
        for kind, found in of_kind
        if found
    )
    remarks = {view.body.remark for view in views if view.body.remark}
    remark = remarks.pop() if len(remarks) == 1 else None
    return DayDigest(clean_line(title), day, language, phrases, groups, remark)


def list_sections(view: EntryView) -> Iterator[Section]:
    """Give a paper's sections: its digest's, then what of the original stands beside a translation."""
    yield from view.body.digest
    yield from view.body.original


def describe_day(digest: DayDigest, id_: str, links: tuple[Link, ...]) -> EntryView:
    """Describe a day as an entry of a daily feed, under an id and links that are handed in.

    Its instant is that of the day's announcement: what is filled in later changes the content alone. It has
    no table of contents, since readers take the anchors out that such a table leads to.
    """
    moment = announced_at(digest.day)
    language = digest.phrases.language
    blocks = list(_render_day(digest))
    if not is_same(language, digest.language):
        blocks = [E.div(*blocks, lang=language)]
    return EntryView(
        id=id_,
        title=digest.heading,
        title_language=language,
        published=moment,
        updated=moment,
        authors=(),
        categories=(),
        links=links,
        kind=None,
        version=None,
        comment=None,
        journal_ref=None,
        dois=(),
        license=None,
        body=Body(language, None, digest.counts, (), digest.remark, (), (), ()),
        content="".join(etree.tostring(block, encoding="unicode") for block in blocks),
        summary=" · ".join(digest.counts),
    )


def _render_day(digest: DayDigest) -> Iterator[etree._Element]:
    yield E.p(" · ".join(digest.counts))
    if digest.remark:
        yield E.p(E.small(digest.remark))
    for group in digest.groups:
        yield E.h2(group.heading)
        for number, view in group.papers:
            yield from _render_paper(number, view, digest)


def _render_paper(number: int, view: EntryView, digest: DayDigest) -> Iterator[etree._Element]:
    language = digest.phrases.language
    yield E.h3(f"{number}. ", E.a(view.title, href=view.id), mark_language(view.title_language, language))
    yield E.p(*_render_facts(view))
    if view.authors:
        yield E.p(E.em(name_authors(view.authors, digest.phrases)))
    for section in list_sections(view):
        for position, paragraph in enumerate(split_paragraphs(section.text)):
            label: list[Node] = []
            if section.heading and not position:
                label = [E.strong(section.heading), digest.phrases.colon]
            yield E.p(*label, *render_text(paragraph), mark_language(section.language, language))
    if view.body.remark and not digest.remark:
        yield E.p(E.small(view.body.remark))


def _render_facts(view: EntryView) -> Iterator[Node]:
    if view.body.warning:
        yield E.strong(view.body.warning)
        yield " "
    yield ", ".join(label.term for label in view.categories)
    for name, address in view.body.links:
        yield " · "
        yield E.a(name, href=address)
