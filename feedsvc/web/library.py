"""From somebody's library to the feeds of papers like those in it. Nothing of what is sent is kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, jsonify, render_template, request

from feedsvc.feed import Feed
from feedsvc.feed.address import MOST_GIVEN, define_query
from feedsvc.feed.catalogue import Catalogue
from feedsvc.feed.library import read_library, share_out
from feedsvc.query.ast import LikePaper, any_of
from feedsvc.store import Store
from feedsvc.web.negotiation import HTML, prefers_html
from feedsvc.web.pages import check_parameters, send_page
from feedsvc.web.site import ATOM, Site

MOST_SENT_BYTES = 4_000_000
MOST_FEEDS = 10
FIELDS = ("text", "file")
NOTHING = "Nothing names an arXiv paper here: expected BibTeX with arXiv identifiers, or a list of them."


class LibraryViews:
    """What is at `/like`."""

    def __init__(self, site: Site, store: Store, catalogue: Catalogue, formats: Sequence[str]) -> None:
        self._site = site
        self._store = store
        self._catalogue = catalogue
        self._formats = formats

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("library", __name__)
        blueprint.add_url_rule("/like", view_func=self.show_form)
        blueprint.add_url_rule("/like", view_func=self.read, methods=["POST"])
        return blueprint

    def show_form(self) -> Response:
        """Show the form into which a library is put."""
        check_parameters()
        return send_page("library.html", 3600, told=None, problem="")

    def read(self) -> Response:
        """Answer a library with the addresses of the feeds of papers like those in it."""
        check_parameters()
        papers = read_library(_read_sent())
        unknown = self._store.likeness.find_unknown(papers)
        feeds = self._make_feeds([paper for paper in papers if paper not in set(unknown)])
        told = {"feeds": list(map(self._describe, feeds)), "unknown": unknown}
        problem = "" if papers else NOTHING
        if not prefers_html(request.headers.get("Accept")):
            response = jsonify(told | ({"error": problem} if problem else {}))
        else:
            response = Response(render_template("library.html", told=told, problem=problem), mimetype=HTML)
        response.status_code = 400 if problem else 200
        response.cache_control.no_store = True
        return response

    def _make_feeds(self, papers: Sequence[str]) -> list[Feed]:
        parts = share_out(papers, MOST_GIVEN)[:MOST_FEEDS]
        return [define_query(any_of(map(LikePaper, part)), self._catalogue).make_feed() for part in parts]

    def _describe(self, feed: Feed) -> dict[str, Any]:
        urls = {format: self._site.address(feed, format) for format in self._formats}
        return {"title": feed.title, "url": urls[ATOM], "urls": urls}


def _read_sent() -> str:
    """Give the text of a form's fields, or of whatever else was sent."""
    # A library is larger than anything else that a visitor may send.
    request.max_content_length = request.max_form_memory_size = MOST_SENT_BYTES
    whole = request.get_data()
    if request.files.keys().isdisjoint(FIELDS) and request.form.keys().isdisjoint(FIELDS):
        return whole.decode("utf-8", "replace")  # a file sent as it is, under whatever type a program says
    sent = request.files.get("file")
    file = sent.read().decode("utf-8", "replace") if sent else ""
    return f"{request.form.get('text', '')}\n{file}"
