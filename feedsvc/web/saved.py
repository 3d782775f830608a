"""Saving a query under a name, and the secret link with which it is changed or deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request, url_for

from feedsvc.errors import QueryError, SavedFeedError
from feedsvc.feed.saved import (
    LONGEST_NAME,
    LONGEST_TITLE,
    SavedFeed,
    check_saved_title,
    define_saved,
)
from feedsvc.pipeline.saved import SavedFeeds
from feedsvc.query.parser import MAX_CHARACTERS
from feedsvc.told import tell
from feedsvc.visitors import SavingSettings
from feedsvc.web.negotiation import HTML, prefers_html
from feedsvc.web.site import ATOM, Site

FIELDS = ("name", "query", "title", "token")
LIMITS = {"name": LONGEST_NAME, "title": LONGEST_TITLE, "query": MAX_CHARACTERS}
# Nobody is to keep a page that holds a secret, or to learn it as the page a visitor came from.
PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why what was sent cannot be taken: the field to mend, a sentence, and for a query the place in it."""

    status: int
    field: str
    sentence: str
    pointer: str = ""


class SavedViews:
    """What is at `/feeds` itself, and below `/saved/`."""

    def __init__(
        self, site: Site, saved: SavedFeeds, settings: SavingSettings, formats: Sequence[str]
    ) -> None:
        self._site = site
        self._saved = saved
        self._settings = settings
        self._formats = formats

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("saved", __name__)
        blueprint.add_url_rule("/feeds", view_func=self.save, methods=["POST"])
        secret = "/saved/<name>/<secret>"
        blueprint.add_url_rule(secret, view_func=self.show)
        blueprint.add_url_rule(secret, view_func=self.change, methods=["POST", "PUT"])
        blueprint.add_url_rule(secret, view_func=self.delete, methods=["DELETE"])
        return blueprint

    def save(self) -> Response:
        """Save a feed; the answer is the only place where its secret link ever stands."""
        sent = dict.fromkeys(FIELDS, "") | _read_sent()
        try:
            self._check_allowed(sent)
            feed, secret = self._saved.save(sent["name"], sent["query"], sent["title"])
        except (SavedFeedError, QueryError) as error:
            return _refuse(_explain(error), "save.html", sent, limits=LIMITS, with_token=self._with_token)
        link = (
            self._site.base + url_for("saved.show", name=feed.name, secret=secret)[len(self._site.prefix) :]
        )
        told = self._describe(feed) | {"secret_url": link}
        answer = _answer(told, 201, "saved.html", feed=feed)
        answer.headers["Location"] = told["urls"][ATOM]
        return answer

    def show(self, name: str, secret: str) -> Response:
        """Show a saved feed to whoever may change it."""
        feed = self._saved.open(name, secret)
        told = self._describe(feed)
        return _answer(told, 200, "edit.html", sent=_fill_form(feed), limits=LIMITS)

    def change(self, name: str, secret: str) -> Response:
        """Change a saved feed's query, title or both; a form that would delete it is asked back."""
        feed = self._saved.open(name, secret)
        if request.form.get("action") == "delete":
            return _answer({"name": feed.name}, 200, "delete.html", feed=feed)
        if request.form.get("action") == "delete for good":
            return self.delete(name, secret)
        sent = _fill_form(feed) | (given := _read_sent())
        try:
            _check_change(feed, given)
            changed = self._saved.change(feed, sent["query"] or feed.query, sent["title"])
        except (SavedFeedError, QueryError) as error:
            told = self._describe(feed)
            return _refuse(_explain(error), "edit.html", sent, told=told, limits=LIMITS)
        told = self._describe(changed)
        return _answer(told, 200, "edit.html", sent=_fill_form(changed), limits=LIMITS, is_changed=True)

    def delete(self, name: str, secret: str) -> Response:
        """Delete a saved feed: from now on its address answers 410."""
        feed = self._saved.open(name, secret)
        self._saved.delete(feed)
        return _answer({"deleted": feed.name}, 200, "deleted.html", feed=feed)

    @property
    def _with_token(self) -> bool:
        return self._settings.mode == "token"

    def _check_allowed(self, sent: Mapping[str, str]) -> None:
        if self._settings.mode == "off":
            abort(
                403, tell("Feeds cannot be saved here: any query is a feed at its own address all the same.")
            )
        known = self._settings.token.get_secret_value()
        if self._with_token and not compare_digest(sent["token"].encode(), known.encode()):
            raise SavedFeedError("token", tell("this is not the token: expected the operator's"))

    def _describe(self, feed: SavedFeed) -> dict[str, Any]:
        made = define_saved(feed).make_feed()
        urls = {format: self._site.address(made, format) for format in self._formats}
        return {"name": feed.name, "title": feed.title, "query": feed.query, "urls": urls}


def _fill_form(feed: SavedFeed) -> dict[str, str]:
    """Fill the form that changes a feed; without a title that is the query, so that it follows the query."""
    has_title = feed.title != check_saved_title("", feed.query)
    return {"query": feed.query, "title": feed.title if has_title else ""}


def _check_change(feed: SavedFeed, given: Mapping[str, str]) -> None:
    """Raise SavedFeedError for a change of nothing, or of the name."""
    if given.get("name", "").strip().lower() not in ("", feed.name):
        raise SavedFeedError(
            "name", tell("a feed keeps its name: expected {name!r}, or none", name=feed.name)
        )
    if not given.keys() & {"query", "title"}:
        raise SavedFeedError("query", tell("nothing to change: expected a query, a title, or both"))


def _read_sent() -> dict[str, str]:
    """Read the fields of a form or of a JSON object alike; whoever sends neither is answered with 400."""
    if not request.is_json:
        return {field: request.form[field] for field in FIELDS if field in request.form}
    try:
        values = request.get_json(silent=True)
    except RecursionError:
        # Thousands of brackets: whatever it is, it is no object of texts.
        values = None
    if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        abort(400, f"Expected a JSON object with text under {', '.join(FIELDS)}.")
    unknown = sorted(set(values) - set(FIELDS))
    if unknown:
        abort(400, f"{unknown[0]!r} is not known here: expected some of {', '.join(FIELDS)}.")
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return {"token": token} | values


def _explain(error: SavedFeedError | QueryError) -> Refusal:
    if isinstance(error, QueryError):
        sentence = tell("{expected} at character {place}", expected=error.expected, place=error.position + 1)
        return Refusal(400, "query", sentence, error.pointer())
    status = {"token": 403}.get(error.field, 400)
    return Refusal(status, error.field, error.told)


def _refuse(refusal: Refusal, template: str, sent: Mapping[str, str], **context: object) -> Response:
    told = {"error": refusal.sentence, "field": refusal.field}
    if refusal.pointer:
        told["pointer"] = refusal.pointer
    return _answer(told, refusal.status, template, sent=sent, refusal=refusal, **context)


def _answer(said: Mapping[str, Any], status: int, template: str, **context: object) -> Response:
    as_page = not request.is_json and prefers_html(request.headers.get("Accept"))
    if as_page:
        page = render_template(template, **({"told": said} | context))
        response = Response(page, status, mimetype=HTML)
    else:
        response = jsonify(said)
        response.status_code = status
    response.headers.update(PRIVATE)
    return response
