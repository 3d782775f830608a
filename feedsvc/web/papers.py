"""A paper's page: its versions, announcements, digests and neighbours; and its BibTeX."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest

from flask import Blueprint, abort, redirect, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from feedsvc.calendar import announced_at
from feedsvc.digest.sentences import split_sentences
from feedsvc.errors import InvalidIdError, UnrecordedPaperError
from feedsvc.feed.address import define_query
from feedsvc.feed.catalogue import Catalogue
from feedsvc.paper import Announcement, ArxivId, Digest, Entry, Kind, Paper
from feedsvc.pipeline.press import BEFORE_ALL
from feedsvc.query.terms import TermError, read_author
from feedsvc.render.bibtex import CONTENT_TYPE, render_bibtex
from feedsvc.render.characters import clean_line, clean_text
from feedsvc.render.entry import EntryView, describe_entry
from feedsvc.render.phrases import Phrases, load_phrases, name_language
from feedsvc.render.tex import to_text
from feedsvc.store import Store
from feedsvc.web.cards import write_html
from feedsvc.web.citing import describe_linked, find_year, list_metas, write_coins
from feedsvc.web.dates import write_short_day, write_time
from feedsvc.web.delivery import make_ready
from feedsvc.web.limits import Limits
from feedsvc.web.pages import check_parameters, read_language, send_page
from feedsvc.web.responses import send_ready
from feedsvc.web.site import Site

SECONDS = 900
BIBTEX = ".bib"
MOST_SIMILAR = 8


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a digest, and the number of the abstract's sentence that it is; None if it is none."""

    text: Markup
    source: int | None


@dataclass(frozen=True, slots=True)
class DigestView:
    """A digest as the page shows it: its sections are headings and sentences."""

    language: str
    name: str
    title: str | None
    remark: str
    sections: tuple[tuple[str, tuple[Sentence, ...]], ...]


class PaperViews:
    """What is below `/papers/`."""

    def __init__(self, site: Site, store: Store, catalogue: Catalogue, limits: Limits) -> None:
        self._site = site
        self._store = store
        self._catalogue = catalogue
        self._limits = limits

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("papers", __name__)
        blueprint.add_url_rule("/papers/<path:path>", view_func=self.show_paper)
        return blueprint

    def show_paper(self, path: str) -> Response:
        """Show a paper under its one address, without a version; or send its BibTeX."""
        name, ending = (path[: -len(BIBTEX)], BIBTEX) if path.endswith(BIBTEX) else (path, "")
        try:
            paper = ArxivId.parse(name).paper
        except InvalidIdError:
            abort(404)
        if path != paper + ending:
            return redirect(url_for("papers.show_paper", path=paper + ending), 308)
        versions = list(map(_clean, self._store.papers.find_versions(paper)))
        if not versions:
            raise UnrecordedPaperError(paper)
        announcements = [s.announcement for s in self._store.announcements.of_papers([paper])]
        year = find_year(versions, announcements)
        if ending:
            check_parameters()
            return send_ready(make_ready(render_bibtex(versions[0], year).encode(), CONTENT_TYPE), SECONDS)
        return self._show(versions, announcements, year)

    def _show(self, versions: Sequence[Paper], announcements: Sequence[Announcement], year: int) -> Response:
        check_parameters()
        self._limits.count_query()
        paper, phrases = versions[0], load_phrases(read_language())
        view = describe_entry(_stand(paper, announcements), read_language())
        sentences = split_sentences(paper.abstract)
        digests = self._store.digests.find(paper.id, paper.version)
        return send_page(
            "paper.html",
            SECONDS,
            paper=paper,
            view=view,
            year=year,
            title=to_text(paper.title),
            sentences=[write_html(sentence) for sentence in sentences],
            digests=[_view_digest(digest, sentences, phrases) for digest in digests],
            versions=versions,
            announced=_sort_announcements(announcements),
            authors=list(self._link_authors(view)),
            similar=self._find_similar(paper),
            bibtex=render_bibtex(paper, year),
            metas=list(list_metas(paper, view, versions, year)),
            coins=write_coins(paper, view, year),
            linked=describe_linked(paper, view, self._site.base, versions, year),
            phrases=phrases,
            short_day=write_short_day,
            time=write_time,
            to_text=to_text,
        )

    def _link_authors(self, view: EntryView) -> Iterator[tuple[str, str | None, str]]:
        """Give the authors with the pages of their feeds, where a name makes one, and their affiliations."""
        for author in view.authors:
            try:
                feed = define_query(read_author(author.name), self._catalogue).make_feed()
                link = self._site.prefix + feed.path("html")
            except TermError:
                link = None
            yield author.name, link, "; ".join(author.affiliations)

    def _find_similar(self, paper: Paper) -> list[tuple[Paper, tuple[str, ...]]]:
        """Give the recent papers most like one, the most like first, each with the words that they share."""
        found = {
            name: match for name, match in self._store.likeness.find(paper.id).items() if name != paper.id
        }
        nearest = nlargest(MOST_SIMILAR, found, key=lambda name: (found[name].likeness, name))
        papers = self._store.papers.load_newest(nearest)
        near = [papers[name] for name in nearest if name in papers]
        reasons = self._store.likeness.explain([paper.id], near)
        return [(each, reasons[each.id].words if each.id in reasons else ()) for each in near]


def _clean(paper: Paper) -> Paper:
    """Leave out of title and abstract what no page can hold."""
    return replace(paper, title=clean_line(paper.title), abstract=clean_text(paper.abstract))


def _stand(paper: Paper, announcements: Sequence[Announcement]) -> Entry:
    days = [announcement.day for announcement in announcements]
    first, last = (announced_at(min(days)), announced_at(max(days))) if days else (BEFORE_ALL, BEFORE_ALL)
    return Entry(paper, Kind.NEW, first, last)


def _view_digest(digest: Digest, abstract: Sequence[str], phrases: Phrases) -> DigestView:
    numbers = {sentence: number for number, sentence in enumerate(abstract, 1)}
    named = (
        (phrases.background, digest.background),
        (phrases.innovation, digest.innovation),
        (phrases.conclusion, digest.conclusion),
    )
    sections = tuple(
        (heading, tuple(Sentence(write_html(each), numbers.get(each)) for each in sentences))
        for heading, sentences in named
        if sentences
    )
    title = to_text(digest.title) if digest.title else None
    language, remark = digest.language, phrases.name_method(digest.method)
    return DigestView(language, name_language(language), title, remark, sections)


def _sort_announcements(
    announcements: Sequence[Announcement],
) -> Mapping[str, Sequence[Announcement]]:
    """Sort announcements by category, the earliest category first, each by day."""
    found: dict[str, list[Announcement]] = defaultdict(list)
    for announcement in sorted(announcements, key=lambda a: (a.day, a.kind.rank, a.category)):
        found[announcement.category].append(announcement)
    return found
