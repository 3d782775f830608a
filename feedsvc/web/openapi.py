"""A description of what can be asked here, for programs: OpenAPI 3.1, and the catalog that leads to it.

Addresses, methods and summaries are those of Flask's own routes; `surface` says the rest.
Sources: OpenAPI Specification 3.1.1; RFC 8631 (`service-desc`); RFC 9727 (`/.well-known/api-catalog`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from flask import Blueprint, Flask, Response, current_app
from werkzeug.routing import Map, Rule

from feedsvc.web.delivery import make_ready
from feedsvc.web.negotiation import JSON
from feedsvc.web.responses import send_ready
from feedsvc.web.site import Site
from feedsvc.web.surface import OPERATIONS, Body, Operation, Parameter, Schema

SECONDS = 3600
PATH = "/openapi.json"
CATALOG = "/.well-known/api-catalog"
TYPE = "application/openapi+json"
# Flask answers these for whatever has a GET.
IMPLIED = frozenset({"HEAD", "OPTIONS"})
WITH_RETRY = frozenset({429, 503})
_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")
RETRY_AFTER = {"Retry-After": {"description": "seconds to wait", "schema": {"type": "integer"}}}
ETAG = {"ETag": {"description": "strong, by coding", "schema": {"type": "string"}}}


class OpenApiViews:
    """The description, and where machines look for it."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("openapi", __name__)
        blueprint.add_url_rule(PATH, view_func=self.show_description)
        blueprint.add_url_rule(CATALOG, view_func=self.show_catalog)
        return blueprint

    def show_description(self) -> Response:
        """Describe every route as OpenAPI 3.1."""
        return _send(describe_surface(current_app, self._site.base), TYPE)

    def show_catalog(self) -> Response:
        """Lead to the description, as a set of links."""
        base = self._site.base
        described = {"href": base + PATH, "type": TYPE}
        status = {"href": f"{base}/readyz", "type": "text/plain"}
        links = {"anchor": f"{base}/", "service-desc": [described], "status": [status]}
        return _send({"linkset": [links]}, "application/linkset+json")


def describe_surface(app: Flask, base: str) -> dict[str, Any]:
    """Describe an application below a public address. Raises KeyError for a route that `surface` lacks."""
    paths: dict[str, dict[str, Any]] = {}
    for rule, method in list_routes(app.url_map):
        operation = OPERATIONS[rule.endpoint, method]
        told = _describe(operation, rule, method, app.view_functions[rule.endpoint].__doc__ or "")
        paths.setdefault(_CONVERTER.sub(r"{\1}", rule.rule), {})[method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "feedsvc",
            "version": version("feedsvc"),
            "description": "arXiv as feeds: every category and every query. HEAD goes wherever GET does.",
        },
        "servers": [{"url": base}],
        "paths": dict(sorted(paths.items())),
    }


def list_routes(routes: Map) -> Iterator[tuple[Rule, str]]:
    """Give every route under each of its methods."""
    for rule in routes.iter_rules():
        for method in sorted((rule.methods or set()) - IMPLIED):
            yield rule, method


def _describe(operation: Operation, rule: Rule, method: str, doc: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": f"{rule.endpoint}.{method.lower()}",
        "tags": [operation.tag],
        "summary": doc.partition("\n")[0],
        "parameters": [
            *(_describe_parameter(name, operation.takes[name], "path") for name in sorted(rule.arguments)),
            *(_describe_parameter(name, each, "query") for name, each in operation.asks.items()),
        ],
        "responses": dict(_describe_answers(operation)),
    }
    if operation.body is not None:
        told["requestBody"] = _describe_body(operation.body)
    return told


def _describe_parameter(name: str, parameter: Parameter, place: str) -> dict[str, Any]:
    told = {"name": name, "in": place, "description": parameter.description, "schema": parameter.schema}
    return told | ({"required": True} if place == "path" else {})


def _describe_body(body: Body) -> dict[str, Any]:
    content = {
        each: {"schema": {"type": "string"} if each.startswith("text/") else body.schema}
        for each in body.types
    }
    return {"required": body.is_required, "content": content}


def _describe_answers(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    errors = {status: operation.problems for status in operation.errors}
    for status, types in sorted({**errors, **operation.answers}.items()):
        told: dict[str, Any] = {"description": HTTPStatus(status).phrase}
        if types:
            told["content"] = {each: _describe_content(each, operation.gives, status) for each in types}
        if status in WITH_RETRY:
            told["headers"] = RETRY_AFTER
        elif 304 in operation.answers and status in (200, 304):
            told["headers"] = ETAG
        yield str(status), told


def _describe_content(type_: str, gives: Schema | None, status: int) -> dict[str, Any]:
    if type_ != JSON or gives is None or status >= 300:
        return {}
    return {"schema": gives}


def _send(told: Mapping[str, Any], type_: str) -> Response:
    return send_ready(make_ready(f"{json.dumps(told, ensure_ascii=False)}\n".encode(), type_), SECONDS)
