"""An entry described once, for all formats: they only spell what stands here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import quote

from feedsvc.calendar import day_announced_at
from feedsvc.paper import Author, Digest, Entry, Kind, Paper, order_id
from feedsvc.render.characters import clean_line, clean_text
from feedsvc.render.content import Body, Note, Section, render_content
from feedsvc.render.phrases import Phrases, load_phrases
from feedsvc.render.tex import to_text

# arXiv's titles and abstracts are in English, save a handful that nothing tells apart.
ORIGINAL_LANGUAGE = "en"

# An entry is described once for all formats that are written of it one after the other.
VIEWS = 1_000
SUMMARY = 300
MOST_AUTHORS = 20
"""So many authors of a paper are named in its content."""

# arXiv makes HTML of most papers submitted since, and no list says of which: https://info.arxiv.org/about/accessible_HTML.html
HTML_SINCE = datetime(2023, 12, 1, tzinfo=UTC)
HTML_SINCE_ID = "2312.00001"

_CREATIVE_COMMONS = re.compile(
    r"https?://creativecommons\.org/licenses/(?P<terms>[a-z-]+)/(?P<version>[\d.]+)/?"
)
_LICENCES = {
    "creativecommons.org/publicdomain/zero/1.0": "CC0 1.0",
    "creativecommons.org/licenses/publicdomain": "Public domain",
    "arxiv.org/licenses/nonexclusive-distrib/1.0": "arXiv.org perpetual, non-exclusive license 1.0",
    "arxiv.org/licenses/assumed-1991-2003": "arXiv.org assumed license 1991-2003",
}


@dataclass(frozen=True, slots=True)
class Label:
    """A category's id and its name in the language of the entry."""

    term: str
    name: str


@dataclass(frozen=True, slots=True)
class Link:
    """A web address and what it is to the entry, in the words of RFC 4287, section 4.2.7."""

    href: str
    rel: str
    type: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class EntryView:
    """All that any format says of an entry. Text is fit for XML; no field is empty where it is not None.

    `content` is XHTML made of `body`, empty in an outline; `summary` is plain text, the first sentences of
    what is new. The primary category and the page for people come first, which is a paper's abstract page. An
    entry that is no paper has neither kind nor version.
    """

    id: str
    title: str
    title_language: str
    published: datetime
    updated: datetime
    authors: tuple[Author, ...]
    categories: tuple[Label, ...]
    links: tuple[Link, ...]
    kind: Kind | None
    version: int | None
    comment: str | None
    journal_ref: str | None
    dois: tuple[str, ...]
    license: str | None
    body: Body
    content: str
    summary: str | None

    @property
    def page_url(self) -> str:
        """Where a person reads on."""
        return self.links[0].href


@lru_cache(VIEWS)
def describe_entry(entry: Entry, language: str, *, brief: bool = False) -> EntryView:
    """Describe an entry in a language; `brief` keeps only the first sentence of each section."""
    view = outline_entry(entry, language, brief=brief)
    return replace(view, content=render_content(view.body, language))


@lru_cache(VIEWS)
def outline_entry(entry: Entry, language: str, *, brief: bool = False) -> EntryView:
    """Describe an entry without its content, which takes half of the time, for whoever writes its own."""
    paper, digest = entry.paper, entry.digest
    links = tuple(_find_links(paper))
    authors = tuple(_clean_authors(paper.authors))
    phrases = load_phrases(language)
    body = _compose_body(entry, authors, links, phrases, brief)
    return EntryView(
        id=clean_line(paper.abs_url),
        title=_write_title(digest.title if digest and digest.title else paper.title, paper),
        title_language=digest.language if digest and digest.title else ORIGINAL_LANGUAGE,
        published=entry.published,
        updated=entry.updated,
        authors=authors,
        categories=tuple(_name_categories(paper.categories, phrases)),
        links=links,
        kind=entry.kind,
        version=paper.version,
        comment=_clean_comment(paper),
        journal_ref=_clean_or_none(paper.journal_ref),
        dois=_split_dois(paper),
        license=_clean_or_none(paper.license),
        body=body,
        content="",
        summary=_summarize(body),
    )


def _summarize(body: Body) -> str | None:
    """Give some plain text of the section that tells what is new, or of the abstract."""
    sections = [*body.digest[1:2], *body.digest[:1], *body.original[-1:]]
    text = clean_line(to_text(clean_line(sections[0].text))) if sections else ""
    return _first_sentence(text, SUMMARY) or None


def name_license(url: str) -> str:
    """Give a licence's usual name; the address itself where there is none."""
    creative = _CREATIVE_COMMONS.fullmatch(url)
    if creative:
        return f"CC {creative['terms'].upper()} {creative['version']}"
    return _LICENCES.get(re.sub(r"^https?://|/$", "", url), url)


def has_html(paper: Paper) -> bool:
    """Tell whether arXiv likely has this version as HTML: by its submission, or if unknown by its number."""
    if paper.is_withdrawn:
        return False
    if paper.submitted is not None:
        return paper.submitted >= HTML_SINCE
    return "/" not in paper.id and order_id(paper.id) >= order_id(HTML_SINCE_ID)


def _find_links(paper: Paper) -> Iterator[Link]:
    """Give the links; a withdrawn version has neither PDF nor HTML."""
    yield Link(clean_line(paper.abs_url), "alternate", "text/html")
    if not paper.is_withdrawn:
        yield Link(clean_line(paper.pdf_url), "related", "application/pdf", "pdf")
    if has_html(paper):
        yield Link(clean_line(paper.pdf_url.replace("/pdf/", "/html/", 1)), "related", "text/html", "html")
    for doi in _split_dois(paper):
        yield Link(_resolve_doi(doi), "related", title="doi")
    license_ = clean_line(paper.license or "")
    if _is_address(license_):
        yield Link(license_, "license")


def _split_dois(paper: Paper) -> tuple[str, ...]:
    """Give each DOI once: arXiv's one field can hold several, between blanks."""
    return tuple(dict.fromkeys(clean_text(paper.doi or "").split()))


def _resolve_doi(doi: str) -> str:
    return "https://doi.org/" + quote(doi, safe="/:;()")


def _clean_or_none(text: str | None) -> str | None:
    return clean_line(text or "") or None


def _clean_comment(paper: Paper) -> str | None:
    return _mend_links(clean_line(paper.comments or ""), paper) or None


def _write_title(title: str, paper: Paper) -> str:
    return clean_line(to_text(clean_line(title))) or clean_line(f"arXiv:{paper.id}")


def _clean_authors(authors: Iterable[Author]) -> Iterator[Author]:
    for author in authors:
        places = (clean_line(place) for place in author.affiliations)
        if name := clean_line(author.name):
            yield Author(name, tuple(place for place in places if place))


def _name_categories(categories: Iterable[str], phrases: Phrases) -> Iterator[Label]:
    for category in dict.fromkeys(categories):
        yield Label(clean_line(category), clean_line(phrases.name_place(category)))


def name_authors(authors: Sequence[Author], phrases: Phrases) -> str:
    """Name the first authors, and say how many more there are."""
    names = [author.name for author in authors[:MOST_AUTHORS]]
    more = len(authors) - len(names)
    return ", ".join([*names, phrases.count_more(more)] if more else names)


def _compose_body(
    entry: Entry, authors: Sequence[Author], links: Iterable[Link], phrases: Phrases, brief: bool
) -> Body:
    paper, digest = entry.paper, entry.digest
    sections = tuple(_digest_sections(digest, paper, phrases, brief)) if digest else ()
    told = digest if sections else None
    return Body(
        language=phrases.language,
        warning=phrases.withdrawn if paper.is_withdrawn else None,
        facts=(
            phrases.name_kind(entry.kind, paper.version),
            phrases.format_date(day_announced_at(entry.published)),
            clean_line(", ".join(paper.categories)),
        ),
        digest=sections,
        remark=clean_line(phrases.name_method(told.method)) if told else None,
        original=tuple(_original_sections(paper, told, phrases, brief)),
        notes=(*_compose_reason(entry, phrases), *_compose_notes(paper, phrases)),
        links=tuple(_name_links(links, phrases)),
        authors=f"{phrases.authors}{phrases.colon}{name_authors(authors, phrases)}" if authors else None,
    )


def _digest_sections(digest: Digest, paper: Paper, phrases: Phrases, brief: bool) -> Iterator[Section]:
    named = (
        (phrases.background, digest.background),
        (phrases.innovation, digest.innovation),
        (phrases.conclusion, digest.conclusion),
    )
    for heading, sentences in named:
        text = _mend_links(_join_sentences(sentences[:1] if brief else sentences), paper)
        if text:
            yield Section(heading, text, digest.language)


def _original_sections(
    paper: Paper, digest: Digest | None, phrases: Phrases, brief: bool
) -> Iterator[Section]:
    """Give the paper's own title beside a translated one, and its abstract unless the digest is that."""
    if digest and digest.title:
        yield Section(phrases.original_title, clean_line(paper.title), ORIGINAL_LANGUAGE)
    if digest and digest.is_extractive:
        return
    abstract = _mend_links(clean_text(paper.abstract).strip(), paper)
    if abstract:
        text = _first_sentence(abstract) if brief else abstract
        yield Section(phrases.abstract if digest else None, text, ORIGINAL_LANGUAGE)


def _join_sentences(sentences: Iterable[str]) -> str:
    """Join sentences with blanks, save behind the full stops that bring their own."""
    text = ""
    for sentence in filter(None, map(clean_line, sentences)):
        text += ("" if not text or text[-1] in "。！？；" else " ") + sentence
    return text


_SENTENCE = re.compile(r".{40,}?[.!?](?=\s+[A-Z])", re.DOTALL)
_CUT = 400


def _first_sentence(text: str, cut: int = _CUT) -> str:
    """Cut a text that nobody split into sentences: behind what looks like the first, or at a word."""
    found = _SENTENCE.match(text)
    if found and found.end() <= 2 * cut:
        return found[0]
    return text if len(text) <= cut else text[:cut].rpartition(" ")[0] + "…"


_LOST_LINK = re.compile(r"\s*this (?:https?|ftp) URL")


def _mend_links(text: str, paper: Paper) -> str:
    """Name the abstract page where a copy from arXiv's pages lost a link, which stands there."""
    return _LOST_LINK.sub(" " + clean_line(paper.abs_url), text).strip()


def _compose_reason(entry: Entry, phrases: Phrases) -> Iterator[Note]:
    """Say why the paper is in a feed of papers like others."""
    if entry.likeness:
        words = clean_line(", ".join(entry.likeness.words))
        label = phrases.name_likeness(entry.likeness.paper) + phrases.colon
        yield Note(label, words, ORIGINAL_LANGUAGE)


def _compose_notes(paper: Paper, phrases: Phrases) -> Iterator[Note]:
    if comment := _clean_comment(paper):
        yield Note(phrases.comments + phrases.colon, comment, ORIGINAL_LANGUAGE)
    if journal := clean_line(paper.journal_ref or ""):
        yield Note(phrases.journal_ref + phrases.colon, journal, ORIGINAL_LANGUAGE)
    for doi in _split_dois(paper):
        yield Note(phrases.doi + phrases.colon, doi, phrases.language, _resolve_doi(doi))
    if license_ := clean_line(paper.license or ""):
        url = license_ if _is_address(license_) else None
        yield Note(phrases.license + phrases.colon, name_license(license_), phrases.language, url)


def _is_address(text: str) -> bool:
    return text.startswith(("http://", "https://"))


def _name_links(links: Iterable[Link], phrases: Phrases) -> Iterator[tuple[str, str]]:
    names = {None: phrases.abstract_page, "pdf": phrases.pdf, "html": phrases.html}
    for link in links:
        if link.rel in ("alternate", "related") and link.title in names:
            yield names[link.title], link.href
