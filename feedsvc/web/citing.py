"""A paper's data as reference managers and search engines read them from its page. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from urllib.parse import urlencode

from markupsafe import Markup

from feedsvc.paper import Announcement, Paper
from feedsvc.render.entry import EntryView
from feedsvc.render.tex import to_text


def find_year(versions: Sequence[Paper], announcements: Sequence[Announcement]) -> int:
    """Give the year of a paper's first version: by its submission, its announcement, or its number."""
    first = versions[-1]
    if first.submitted:
        return first.submitted.year
    if announcements:
        return min(a.day for a in announcements).year
    digits = int(first.id.rpartition("/")[2][:2])
    return 1900 + digits if "/" in first.id and digits > 90 else 2000 + digits


def _date_of(versions: Sequence[Paper]) -> date | None:
    submitted = versions[-1].submitted
    return submitted.date() if submitted else None


def list_metas(
    paper: Paper, view: EntryView, versions: Sequence[Paper], year: int
) -> Iterator[tuple[str, str]]:
    """Give Highwire's tags, from which reference managers and search engines take a paper."""
    submitted = _date_of(versions)
    yield "citation_title", to_text(paper.title)
    for author in view.authors:
        yield "citation_author", author.name
        for affiliation in author.affiliations:
            yield "citation_author_institution", affiliation
    yield "citation_date", f"{submitted:%Y/%m/%d}" if submitted else str(year)
    yield "citation_online_date", f"{view.updated:%Y/%m/%d}"
    yield "citation_arxiv_id", paper.id
    if not paper.is_withdrawn:
        yield "citation_pdf_url", paper.pdf_url
    for doi in view.dois:
        yield "citation_doi", doi
    yield "citation_abstract", to_text(paper.abstract)
    yield "citation_language", "en"


def write_coins(paper: Paper, view: EntryView, year: int) -> str:
    """Give the ContextObject of a paper, as COinS puts it into a title attribute (ANSI/NISO Z39.88)."""
    parts = [
        ("ctx_ver", "Z39.88-2004"),
        ("rft_val_fmt", "info:ofi/fmt:kev:mtx:journal"),
        ("rft.genre", "preprint"),
        ("rft.atitle", to_text(paper.title)),
        *(("rft.au", author.name) for author in view.authors),
        ("rft.date", str(year)),
        ("rft_id", paper.abs_url),
        *(("rft_id", f"info:doi/{doi}") for doi in view.dois),
    ]
    return urlencode(parts)


def describe_linked(paper: Paper, view: EntryView, base: str, versions: Sequence[Paper], year: int) -> Markup:
    """Give a paper in schema.org's words, as JSON-LD that is safe within a script element."""
    submitted = _date_of(versions)
    said = {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "@id": paper.abs_url,
        "url": f"{base}/papers/{paper.id}",
        "headline": to_text(paper.title),
        "abstract": to_text(paper.abstract),
        "author": [{"@type": "Person", "name": author.name} for author in view.authors],
        "datePublished": submitted.isoformat() if submitted else str(year),
        "version": str(paper.version),
        "inLanguage": "en",
        "identifier": [f"arXiv:{paper.id}", *(f"doi:{doi}" for doi in view.dois)],
        "keywords": [label.name for label in view.categories],
        "license": view.license,
        "sameAs": paper.abs_url,
    }
    text = json.dumps({key: value for key, value in said.items() if value is not None}, ensure_ascii=False)
    # Nothing in it may end the element or begin a comment.
    return Markup(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))
