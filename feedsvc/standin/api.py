"""Answers as arXiv's query API does, its errors included."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, quote_plus

from lxml import etree

from feedsvc.errors import AddressError
from feedsvc.paper import NEW_SCHEME, OLD_SCHEME, Author, Paper, order_id
from feedsvc.standin.corpus import Moment
from feedsvc.standin.markup import ARXIV, ATOM, OPENSEARCH, Answer, add_element, finish, sort_categories
from feedsvc.standin.search import parse_search, spell_search

CONTENT_TYPE = "application/atom+xml; charset=utf-8"
MAX_PAGE = 2000
MAX_WINDOW = 30_000
SORTS = ("relevance", "lastUpdatedDate", "submittedDate")
ORDERS = ("descending", "ascending")
_NAMED = re.compile(rf"(?P<paper>{NEW_SCHEME}|{OLD_SCHEME})(?:v(?P<version>\d+))?", re.IGNORECASE)
_EPOCH = datetime(1991, 8, 14, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ApiQuestion:
    """The parameters of one request, checked."""

    search: str
    ids: tuple[tuple[str, int | None], ...]
    id_list: str
    start: int
    size: int
    sort: str
    order: str


def answer_api(parameters: Mapping[str, str], moment: Moment) -> Answer:
    """Answer `/api/query`; what cannot be answered gives status 400 and a feed with one error entry.

    Under `moment.shown` None the page is empty although `totalResults` says more.
    """
    try:
        question = read_question(parameters)
        found = find_papers(question, moment)
    except AddressError as error:
        return finish(_write_error(str(error), moment.now), CONTENT_TYPE, status=400)
    page = found[question.start : question.start + question.size] if moment.shown is not None else ()
    return finish(_write_page(question, page, len(found), moment.now), CONTENT_TYPE)


def read_question(parameters: Mapping[str, str]) -> ApiQuestion:
    """Check the parameters. Raises AddressError in arXiv's words where those are known."""
    id_list = parameters.get("id_list", "")
    search = parameters.get("search_query", "")
    if not id_list and not search:
        raise AddressError("search_query or id_list must be given")
    start = _read_number(parameters, "start", 0)
    size = _read_number(parameters, "max_results", 10)
    if size > MAX_PAGE:
        raise AddressError(f"max_results must be at most {MAX_PAGE}")
    if start + size > MAX_WINDOW:
        raise AddressError(f"start plus max_results must be at most {MAX_WINDOW}")
    return ApiQuestion(
        search=spell_search(search),
        ids=tuple(_read_id(name.strip()) for name in id_list.split(",") if name.strip()),
        id_list=id_list,
        start=start,
        size=size,
        sort=_read_choice(parameters, "sortBy", SORTS),
        order=_read_choice(parameters, "sortOrder", ORDERS),
    )


def find_papers(question: ApiQuestion, moment: Moment) -> tuple[Paper, ...]:
    """Find what a question names, in its order. Raises AddressError.

    Of a paper asked for without a version, the newest announced one is found. By relevance, papers come in
    the order of the `id_list`, else the newest identifiers first.
    """
    papers = _name_papers(question, moment) if question.ids else _list_papers(moment)
    if question.search:
        papers = tuple(filter(parse_search(question.search), papers))
    if question.sort == "relevance":
        return papers
    reverse = question.order == "descending"
    return tuple(sorted(papers, key=lambda p: (_date(p, question.sort), order_id(p.id)), reverse=reverse))


def _name_papers(question: ApiQuestion, moment: Moment) -> tuple[Paper, ...]:
    wanted = dict.fromkeys(question.ids)
    found = (moment.corpus.find_paper(paper, version, moment.day) for paper, version in wanted)
    return tuple(paper for paper in found if paper is not None)


def _list_papers(moment: Moment) -> tuple[Paper, ...]:
    papers = moment.corpus.current_papers(moment.day)
    return tuple(sorted(papers, key=lambda paper: order_id(paper.id), reverse=True))


def _date(paper: Paper, sort: str) -> datetime:
    submitted = paper.submitted or _EPOCH
    return submitted if sort == "submittedDate" else paper.revised or submitted


def _read_number(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name, str(default))
    if not re.fullmatch(r"-?\d+", text):
        raise AddressError(f"{name} must be an integer")
    if int(text) < 0:
        raise AddressError(f"{name} must be non-negative")
    return int(text)


def _read_choice(parameters: Mapping[str, str], name: str, choices: tuple[str, ...]) -> str:
    text = parameters.get(name, choices[0])
    if text not in choices:
        raise AddressError(f"{name} must be in: {', '.join(choices)}")
    return text


def _read_id(text: str) -> tuple[str, int | None]:
    named = _NAMED.fullmatch(text)
    if named is None:
        raise AddressError(f"incorrect id format for {text}")
    paper = re.sub(r"\.[A-Za-z]{2}/", "/", named["paper"]).lower()
    return paper, int(named["version"]) if named["version"] else None


def _write_page(question: ApiQuestion, page: tuple[Paper, ...], total: int, now: datetime) -> etree._Element:
    window = f"start={question.start}&max_results={question.size}"
    title = f"search_query={question.search}&id_list={question.id_list}&{window}"
    search = quote_plus(question.search, safe=":,/()")
    root = _start_feed(_sign(title), f"arXiv Query: {title}", now)
    href = (
        f"https://arxiv.org/api/query?search_query={search}&{window}&id_list={quote(question.id_list, ',/')}"
    )
    add_element(root, f"{{{ATOM}}}link", href=href, type="application/atom+xml")
    _add_totals(root, question.size, total, question.start)
    for paper in page:
        _add_entry(root, paper)
    return root


def _write_error(message: str, now: datetime) -> etree._Element:
    root = _start_feed("https://arxiv.org/", "arXiv Search Results", now)
    _add_totals(root, 1, 1, 0)
    address = f"https://arxiv.org/api/errors#{message.replace(' ', '_')}"
    entry = add_element(root, f"{{{ATOM}}}entry")
    add_element(entry, f"{{{ATOM}}}id", address)
    add_element(entry, f"{{{ATOM}}}title", "Error")
    add_element(entry, f"{{{ATOM}}}updated", _stamp(now))
    add_element(entry, f"{{{ATOM}}}link", href=address, rel="alternate", type="text/html")
    add_element(entry, f"{{{ATOM}}}summary", message)
    _add_author(entry, Author("arXiv api core"))
    return root


def _start_feed(name: str, title: str, now: datetime) -> etree._Element:
    root = etree.Element(f"{{{ATOM}}}feed", nsmap={"opensearch": OPENSEARCH, "arxiv": ARXIV, None: ATOM})
    add_element(root, f"{{{ATOM}}}id", name)
    add_element(root, f"{{{ATOM}}}title", title)
    add_element(root, f"{{{ATOM}}}updated", _stamp(now))
    return root


def _add_totals(root: etree._Element, size: int, total: int, start: int) -> None:
    for name, number in (("itemsPerPage", size), ("totalResults", total), ("startIndex", start)):
        add_element(root, f"{{{OPENSEARCH}}}{name}", str(number))


def _add_entry(root: etree._Element, paper: Paper) -> None:
    submitted = paper.submitted or _EPOCH
    address = f"https://arxiv.org/abs/{paper.id}v{paper.version}"
    entry = add_element(root, f"{{{ATOM}}}entry")
    add_element(entry, f"{{{ATOM}}}id", address.replace("https", "http"))
    add_element(entry, f"{{{ATOM}}}title", paper.title)
    add_element(entry, f"{{{ATOM}}}updated", _stamp(paper.revised or submitted))
    add_element(entry, f"{{{ATOM}}}link", href=address, rel="alternate", type="text/html")
    add_element(
        entry, f"{{{ATOM}}}link", href=paper.pdf_url, rel="related", type="application/pdf", title="pdf"
    )
    add_element(entry, f"{{{ATOM}}}summary", paper.abstract)
    for category in sort_categories(paper):
        add_element(entry, f"{{{ATOM}}}category", term=category, scheme=ARXIV)
    add_element(entry, f"{{{ATOM}}}published", _stamp(submitted))
    _add_details(entry, paper)


def _add_details(entry: etree._Element, paper: Paper) -> None:
    if paper.comments:
        add_element(entry, f"{{{ARXIV}}}comment", paper.comments)
    add_element(entry, f"{{{ARXIV}}}primary_category", term=paper.primary)
    if paper.journal_ref:
        add_element(entry, f"{{{ARXIV}}}journal_ref", paper.journal_ref)
    for author in paper.authors:
        _add_author(entry, author)
    if paper.doi:
        add_element(entry, f"{{{ARXIV}}}doi", paper.doi)
        add_element(entry, f"{{{ATOM}}}link", rel="related", href=f"https://doi.org/{paper.doi}", title="doi")


def _add_author(entry: etree._Element, author: Author) -> None:
    element = add_element(entry, f"{{{ATOM}}}author")
    add_element(element, f"{{{ATOM}}}name", author.name)
    for affiliation in author.affiliations:
        add_element(element, f"{{{ARXIV}}}affiliation", affiliation)


def _sign(title: str) -> str:
    digest = base64.b64encode(hashlib.sha1(title.encode(), usedforsecurity=False).digest()).decode()
    return f"https://arxiv.org/api/{digest.rstrip('=')}"


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
