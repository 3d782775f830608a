"""What each route takes and answers, beside what Flask knows of it: its address and its methods.

`openapi` makes one description of both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from feedsvc.feed import LIMIT
from feedsvc.feed.saved import LONGEST_NAME, LONGEST_TITLE
from feedsvc.paper import Kind
from feedsvc.query.parser import MAX_CHARACTERS
from feedsvc.web.language import NAMES, PARAMETER
from feedsvc.web.negotiation import HTML, JSON, PLAIN

Schema = dict[str, Any]
"""A JSON Schema."""

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
PROBLEM = (PLAIN, HTML)
FIELD_PROBLEM = (PLAIN, HTML, JSON)
DOCUMENTS = (
    "application/atom+xml",
    "application/rss+xml",
    "application/feed+json",
    "application/xml",
    "text/markdown",
    PLAIN,
    HTML,
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an address, in its path or behind it."""

    description: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent: its media types, and the schema of each."""

    types: Sequence[str]
    schema: Schema
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Operation:
    """A route under one method: media types by status where all went well, and which errors there may be.

    `takes` describes the parts of the path, `asks` what may stand behind the question mark, `gives` the
    schema of what is answered as JSON, and `problems` are the media types of errors.
    """

    tag: str
    answers: Mapping[int, Sequence[str]]
    errors: Sequence[int] = ()
    takes: Mapping[str, Parameter] = field(default_factory=dict)
    asks: Mapping[str, Parameter] = field(default_factory=dict)
    body: Body | None = None
    gives: Schema | None = None
    problems: Sequence[str] = PROBLEM


def _text(**schema: Any) -> Schema:
    return {"type": "string", **schema}


def _object(required: Sequence[str], **properties: Schema) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties}


LANGUAGE = {PARAMETER: Parameter("language of the page", _text(enum=list(NAMES)))}
QUERY = _text(maxLength=MAX_CHARACTERS, examples=["ti:exoplanet -cat:astro-ph.SR"])
FEED = Parameter(
    "a feed, and behind a full stop its format (`xml`, `rss`, `json`, for a day `md`; its page without):"
    " a category, archive or name, `keyword/…`, `author/…`, `like/…`, `search`, or several joined with `+`;"
    " before it a language or `daily/`, behind it a day; slashes may stand as they are",
    _text(minLength=1, examples=["cs.AI.xml", "zh/cs.AI.rss", "keyword/random-walk.json"]),
)
OPTIONS = {
    "q": Parameter("the query of a search", QUERY),
    "announce": Parameter(
        f"which kinds of announcement, some of {','.join(Kind)}", _text(examples=["new,cross"])
    ),
    "primary": Parameter("1: only papers whose primary category it is", _text(enum=["0", "1"])),
    "limit": Parameter("at most so many entries", {"type": "integer", "minimum": 1, "maximum": LIMIT}),
}
PICKED = {"feeds": Parameter("names of feeds, joined with commas", _text(examples=["cs.AI,hep-th"]))}
PAPER = {
    "path": Parameter(
        "an arXiv identifier without a version; behind it `.bib` for its BibTeX",
        _text(minLength=1, examples=["2601.06098", "2601.06098.bib"]),
    )
}
SECRET = {
    "name": Parameter("the saved feed", _text(minLength=1)),
    "secret": Parameter("what whoever saved it was told", _text(minLength=1)),
}
URLS: Schema = {"type": "object", "additionalProperties": _text(format="uri")}
SAVED = _object(["name", "title", "query", "urls"], name=_text(), title=_text(), query=_text(), urls=URLS)
TO_SAVE = _object(
    ["name", "query"],
    name=_text(maxLength=LONGEST_NAME),
    query=QUERY,
    title=_text(maxLength=LONGEST_TITLE),
    token=_text(),
) | {"additionalProperties": False}
TO_CHANGE = _object([], query=QUERY, title=_text(maxLength=LONGEST_TITLE)) | {"additionalProperties": False}
HUB_FORM = _object(
    ["hub.mode", "hub.topic", "hub.callback"],
    **{
        "hub.mode": _text(enum=["subscribe", "unsubscribe"]),
        "hub.topic": _text(format="uri"),
        "hub.callback": _text(format="uri"),
        "hub.secret": _text(maxLength=199),
        "hub.lease_seconds": {"type": "integer", "minimum": 1},
    },
)
LIBRARY_FORM = _object([], text=_text(), file=_text())
LISTED = _object(["name", "title", "query", "urls"], name=_text(), title=_text(), query=_text(), urls=URLS)
LIKED = _object(
    ["feeds", "unknown"],
    feeds={
        "type": "array",
        "items": _object(["title", "url", "urls"], title=_text(), url=_text(), urls=URLS),
    },
    unknown={"type": "array", "items": _text()},
    error=_text(),
)

PAGE = {200: (HTML,), 304: ()}
TOLD = {200: (JSON, HTML)}
# 406: no coding of ours is taken; 503: the database does not answer.
READING = (400, 406, 503)
CHANGING = (400, 403, 404, 413, 429, 503)

OPERATIONS: Mapping[tuple[str, str], Operation] = {
    ("index.show_index", "GET"): Operation(
        "pages",
        PAGE,
        READING,
        asks={
            "filter": Parameter("words that a feed's name or title holds", _text()),
            "sort": Parameter("what to sort by", _text(enum=["week", "readers"])),
            **LANGUAGE,
        },
    ),
    ("index.lead_to_index", "GET"): Operation("pages", {308: (HTML,)}, (400,)),
    ("index.lead_from_feeds", "GET"): Operation("pages", {308: (HTML,)}, (400,)),
    ("index.lead_to_language", "GET"): Operation(
        "pages", {308: (HTML,)}, (400, 404), takes={"language": LANGUAGE[PARAMETER]}
    ),
    ("index.list_opml", "GET"): Operation(
        "feeds",
        {200: ("text/x-opml",), 304: ()},
        (*READING, 404, 410),
        asks={
            **PICKED,
            "language": Parameter("language of the feeds, else the default", _text(examples=["zh"])),
            PARAMETER: Parameter(
                "language in which the feeds are called, else their own", _text(enum=list(NAMES))
            ),
        },
    ),
    ("index.list_json", "GET"): Operation(
        "feeds",
        {200: (JSON,), 304: ()},
        (*READING, 404, 410),
        asks=PICKED,
        gives=_object(["feeds"], feeds={"type": "array", "items": LISTED}),
    ),
    ("feeds.show_feed", "GET"): Operation(
        "feeds",
        {200: DOCUMENTS, 302: (HTML,), 304: (), 308: (HTML,)},
        (*READING, 404, 410, 429),
        takes={"path": FEED},
        asks=OPTIONS | LANGUAGE,
    ),
    ("badges.show_badge", "GET"): Operation(
        "feeds",
        {200: ("image/svg+xml",), 304: (), 308: (HTML,)},
        (*READING, 404, 410),
        takes={"path": FEED},
        asks=OPTIONS | LANGUAGE,
    ),
    ("basket.show_basket", "GET"): Operation(
        "pages",
        PAGE | {302: (HTML,)},
        (*READING, 404, 410),
        asks={
            **PICKED,
            "own": Parameter("address of a visitor's own reader", _text(examples=["https://rss.example"])),
            **LANGUAGE,
        },
    ),
    ("search.show_search", "GET"): Operation(
        "pages", PAGE, (*READING, 429), asks={"q": Parameter("a query", QUERY), **LANGUAGE}
    ),
    ("papers.show_paper", "GET"): Operation(
        "papers",
        {200: (HTML, "application/x-bibtex"), 304: (), 308: (HTML,)},
        (*READING, 404, 429),
        takes=PAPER,
        asks=LANGUAGE,
    ),
    ("saved.save", "POST"): Operation(
        "saved feeds",
        {201: (JSON, HTML)},
        (400, 403, 413, 429, 503),
        body=Body((JSON, FORM, MULTIPART), TO_SAVE),
        gives=SAVED,
        problems=FIELD_PROBLEM,
    ),
    ("saved.show", "GET"): Operation(
        "saved feeds", TOLD, (400, 404, 503), takes=SECRET, gives=SAVED, problems=FIELD_PROBLEM
    ),
    ("saved.change", "POST"): Operation(
        "saved feeds",
        TOLD,
        CHANGING,
        takes=SECRET,
        body=Body((JSON, FORM, MULTIPART), TO_CHANGE),
        problems=FIELD_PROBLEM,
    ),
    ("saved.change", "PUT"): Operation(
        "saved feeds",
        TOLD,
        CHANGING,
        takes=SECRET,
        body=Body((JSON, FORM, MULTIPART), TO_CHANGE),
        problems=FIELD_PROBLEM,
    ),
    ("saved.delete", "DELETE"): Operation(
        "saved feeds", TOLD, CHANGING, takes=SECRET, problems=FIELD_PROBLEM
    ),
    ("library.show_form", "GET"): Operation("pages", PAGE, READING, asks=LANGUAGE),
    ("library.read", "POST"): Operation(
        "papers",
        TOLD,
        (400, 413, 429, 503),
        asks=LANGUAGE,
        body=Body((PLAIN, FORM, MULTIPART), LIBRARY_FORM, is_required=False),
        gives=LIKED,
        problems=FIELD_PROBLEM,
    ),
    ("status.show_status", "GET"): Operation("operation", PAGE, READING, asks=LANGUAGE),
    ("status.list_status", "GET"): Operation(
        "operation", {200: (JSON,), 304: ()}, READING, gives={"type": "object"}
    ),
    ("metrics.show_metrics", "GET"): Operation("operation", {200: (PLAIN,)}, (400, 503)),
    ("health.show_liveness", "GET"): Operation("operation", {200: (PLAIN,)}, (400,)),
    ("health.show_readiness", "GET"): Operation("operation", {200: (PLAIN,)}, (400, 503)),
    ("health.show_robots", "GET"): Operation("operation", {200: (PLAIN,)}, (400,)),
    ("health.show_icon", "GET"): Operation("pages", {200: ("image/svg+xml",), 304: ()}, (400, 406)),
    ("hub.take_request", "POST"): Operation(
        "hub", {202: (PLAIN,)}, (400, 404, 413, 415, 429, 503), body=Body((FORM,), HUB_FORM)
    ),
    ("openapi.show_description", "GET"): Operation(
        "operation",
        {200: ("application/openapi+json",), 304: ()},
        (400, 406),
    ),
    ("openapi.show_catalog", "GET"): Operation(
        "operation", {200: ("application/linkset+json",), 304: ()}, (400, 406)
    ),
    ("static", "GET"): Operation(
        "pages",
        {200: ("text/css", "text/javascript", "image/svg+xml", "*/*"), 304: ()},
        (400, 404),
        takes={"filename": Parameter("a file that pages are made with", _text(examples=["site.css"]))},
    ),
}
