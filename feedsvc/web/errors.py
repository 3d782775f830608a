"""What went wrong, said to the client: a page to browsers, JSON to who speaks it, a line to the rest."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass

from flask import Flask, Response, current_app, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from feedsvc.errors import (
    AddressError,
    GivenUpError,
    QueryError,
    StoreError,
    TooOftenError,
    UnfollowedError,
    UnknownDayError,
    UnknownFeedError,
    UnknownPaperError,
    UnrecordedPaperError,
)
from feedsvc.paper import ArxivId
from feedsvc.query import point_at
from feedsvc.query.ast import LikePaper
from feedsvc.told import tell
from feedsvc.web.negotiation import HTML, JSON, PLAIN, accepts_json, prefers_html

log = logging.getLogger(__name__)

CLIENT_ERROR_SECONDS = 60
# What is below these routes answers in JSON where all goes well.
SPEAKING_JSON = frozenset({"saved"})
RETRY_SECONDS = 30
NOTHING_HERE = tell("There is nothing at this address.")
_WORDS = re.compile(r"[a-z0-9]{2,}(-[a-z0-9]+)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Problem:
    """What is told.

    `query` is a query with a mistake, `pointer` the same with a caret under it, `near` names that exist,
    `elsewhere` where arXiv has what is not here.
    """

    status: int
    title: str
    sentence: str
    query: str = ""
    pointer: str = ""
    near: tuple[str, ...] = ()
    elsewhere: str = ""


def register_errors(app: Flask) -> None:
    """Have every error answered in words, and never with a traceback."""
    app.register_error_handler(QueryError, _answer_query)
    app.register_error_handler(UnknownFeedError, _answer_unknown_feed)
    app.register_error_handler(UnknownPaperError, _answer_unknown_paper)
    app.register_error_handler(UnrecordedPaperError, _answer_unrecorded_paper)
    app.register_error_handler(UnknownDayError, _answer_unknown_day)
    app.register_error_handler(AddressError, _answer_address)
    app.register_error_handler(TooOftenError, _answer_too_often)
    app.register_error_handler(StoreError, _answer_store)
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_bug)


def _answer_query(error: QueryError) -> Response:
    sentence = tell("at character {place}: {expected}", place=error.position + 1, expected=error.expected)
    return _tell(Problem(400, "This query cannot be read", sentence, error.text, error.pointer()), str(error))


def _answer_unknown_feed(error: UnknownFeedError) -> Response:
    if isinstance(error, GivenUpError):
        return _tell(Problem(410, "Deleted", error.told), str(error))
    if not isinstance(error, UnfollowedError):
        error = UnknownFeedError(error.name, (*error.near, *_offer_keyword(error.name)))
    problem = Problem(404, "No such feed", error.sentence(error.name), near=error.near)
    return _tell(problem, str(error))


def _offer_keyword(name: str) -> tuple[str, ...]:
    """Give the feed of the words in a name, where the name alone was asked for and words are all it has."""
    path = request.path.lower()
    is_alone = path.startswith("/feeds/") and path.rpartition("/")[2].partition(".")[0] == name.lower()
    return (f"keyword/{name.lower()}",) if is_alone and _WORDS.fullmatch(name) else ()


def _answer_unknown_paper(error: UnknownPaperError) -> Response:
    query = request.args.get("q", "")
    pointer = point_at(query, LikePaper(error.paper), error.told).pointer() if query else ""
    return _tell(Problem(404, "No such paper here", error.told, query, pointer), str(error))


def _answer_unrecorded_paper(error: UnrecordedPaperError) -> Response:
    url = ArxivId(error.paper).abs_url
    return _tell(Problem(404, "No such paper here", error.told, elsewhere=url), f"{error}: see {url}")


def _answer_unknown_day(error: UnknownDayError) -> Response:
    return _tell(Problem(404, "No such day here", error.told), str(error))


def _answer_address(error: AddressError) -> Response:
    return _tell(Problem(400, "This address cannot be served", error.told), str(error))


def _answer_too_often(error: TooOftenError) -> Response:
    response = _tell(Problem(429, "Too often", error.told), str(error))
    response.headers["Retry-After"] = str(error.retry_after)
    # It is one client's answer: nobody else is to have it out of a cache.
    response.headers["Cache-Control"] = "no-store"
    return response


def _answer_store(error: StoreError) -> Response:
    log.error("store unavailable: %s", error, extra={"action": "answer"})
    sentence = tell("The service cannot reach its database for the moment. Please try again soon.")
    response = _tell(Problem(503, "Not available for the moment", sentence), sentence)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _answer_http(error: HTTPException) -> Response:
    sentence = NOTHING_HERE if error.code == 404 else error.description or error.name
    response = _tell(Problem(error.code or 500, error.name, sentence), f"{error.name}: {sentence}")
    for name, value in error.get_headers(request.environ):
        if name not in ("Content-Type", "Content-Length"):
            response.headers[name] = value
    return response


def _answer_bug(error: Exception) -> Response:
    log.error("unexpected error at %s", request.path, exc_info=error, extra={"action": "answer"})
    sentence = tell("Something went wrong on our side. It has been noted.")
    return _tell(Problem(500, "Internal error", sentence), sentence)


def _tell(problem: Problem, line: str) -> Response:
    mimetype = _choose_type()
    if mimetype == HTML:
        body = render_template("problem.html", problem=problem)
    elif mimetype == JSON:
        body = json.dumps({"error": problem.sentence}, ensure_ascii=False) + "\n"
    else:
        body = " ".join(line.split()) + "\n"
    response = Response(body, problem.status, mimetype=mimetype)
    response.headers["Vary"] = "Accept, Accept-Language" if mimetype == HTML else "Accept"
    lasting = problem.status < 500
    response.headers["Cache-Control"] = f"public, max-age={CLIENT_ERROR_SECONDS}" if lasting else "no-store"
    return response


def _choose_type() -> str:
    """Choose how to tell: who saves feeds by JSON is told in JSON what is wrong with what was sent."""
    accept = request.headers.get("Accept")
    is_spoken = not SPEAKING_JSON.isdisjoint(_find_blueprints())
    if is_spoken and request.is_json:
        return JSON
    if prefers_html(accept):
        return HTML
    return JSON if is_spoken and accepts_json(accept) else PLAIN


def _find_blueprints() -> set[str | None]:
    """Give whose the address is: where the method is not allowed, of the methods that are."""
    missed, adapter = request.routing_exception, current_app.create_url_adapter(request)
    if not isinstance(missed, MethodNotAllowed) or adapter is None:
        return {request.blueprint}
    endpoints = (adapter.match(method=method)[0] for method in missed.valid_methods or ())
    return {endpoint.rpartition(".")[0] for endpoint in endpoints}
