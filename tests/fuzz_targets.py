"""What is fuzzed: each target reads any bytes, and raises nothing but AssertionError where a rule is broken.

A parser may raise the errors that it documents, and what it gives has to be in proportion to what it got.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from pathlib import Path
from types import MappingProxyType

from lxml import etree

from feedsvc.arxiv.api import parse_api
from feedsvc.arxiv.dump import UnreadableLine, read_dumped
from feedsvc.arxiv.listing import parse_listing
from feedsvc.arxiv.oai import parse_oai
from feedsvc.coding import CODINGS
from feedsvc.digest.checks import Written, check_digest
from feedsvc.errors import AddressError, AnswerError, HubRequestError, QueryError
from feedsvc.feed.address import resolve
from feedsvc.feed.catalogue import Catalogue, check_catalogue
from feedsvc.feed.library import read_library
from feedsvc.http import read_retry_after
from feedsvc.paper import Author, Paper
from feedsvc.query import parse
from feedsvc.render.bibtex import render_bibtex
from feedsvc.render.content import render_text
from feedsvc.render.mathml import read_mathml
from feedsvc.render.tex import to_text
from feedsvc.web.clients import find_client
from feedsvc.web.negotiation import (
    acceptable_codings,
    find_known_tag,
    prefer_language,
    prefers_html,
    read_http_date,
)
from feedsvc.websub.address import Allowance
from feedsvc.websub.request import read_request
from tests.loopback import NOON

Target = Callable[[bytes], None]

CATALOGUE = Catalogue({}, None)
FORMATS = ("xml", "rss", "json", "md", "html")
PROXIES = (ip_network("127.0.0.0/8"), ip_network("fc00::/7"))
ALLOWANCE = Allowance(frozenset({80, 443}), False)
# Markup and escapes make more of a sign than it was; no reader makes this much of one.
MOST_GROWTH = 100
MOST_AT_LEAST = 2_000


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _check_size(given: int, made: int) -> None:
    assert made <= MOST_GROWTH * given + MOST_AT_LEAST, f"{given} became {made}"


def read_listing(data: bytes) -> None:
    """Read a listing."""
    with contextlib.suppress(AnswerError):
        _check_size(len(data), len(repr(parse_listing(data))))


def read_api(data: bytes) -> None:
    """Read a page of the API."""
    with contextlib.suppress(AnswerError):
        _check_size(len(data), len(repr(parse_api(data))))


def read_oai(data: bytes) -> None:
    """Read a page of OAI-PMH."""
    with contextlib.suppress(AnswerError):
        _check_size(len(data), len(repr(parse_oai(data))))


def read_dump(data: bytes) -> None:
    """Read a line of the metadata dump."""
    with contextlib.suppress(UnreadableLine):
        _check_size(len(data), len(repr(read_dumped(data))))


def read_bibtex(data: bytes) -> None:
    """Read a library, and write a paper's BibTeX."""
    text = _text(data)
    _check_size(len(text), len(repr(read_library(text))))
    title, _, rest = text.partition("\n")
    paper = Paper("2601.00001", 1, title, rest, (Author(rest[:200]),), ("cs.AI",), comments=rest)
    _check_size(len(text), len(render_bibtex(paper, 2026)))


def read_definition(data: bytes) -> None:
    """Read a feed's definition."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "some-feed.toml").write_bytes(data)
        _check_size(len(data), sum(map(len, check_catalogue(Path(folder)))))


def read_query(data: bytes) -> None:
    """Read a query, which reads back from its own text."""
    text = _text(data)
    try:
        query = parse(text)
    except QueryError as error:
        if not 0 <= error.position <= len(text):
            raise AssertionError(f"position {error.position}") from error
        _check_size(len(text), len(error.pointer()) + len(str(error)))
        return
    assert parse(str(query)) == query


def read_address(data: bytes) -> None:
    """Read a feed's address and its parameters, a line each."""
    path, *lines = _text(data).split("\n")
    params = [(name, value) for name, _, value in (line.partition("=") for line in lines)]
    try:
        address = resolve(path, params, CATALOGUE, ("en", "zh", "cs-CZ"), FORMATS)
    except (AddressError, QueryError) as error:
        _check_size(len(data), len(str(error)))
        return
    _check_size(len(data), len(address.url))


def read_tex(data: bytes) -> None:
    """Read text with TeX, as plain text and as markup."""
    text = _text(data)
    _check_size(len(text), len(to_text(text)))
    for node in render_text(text):
        made = node if isinstance(node, str) else etree.tostring(node, encoding="unicode")
        _check_size(len(text), len(made))


def read_formula(data: bytes) -> None:
    """Read a formula as MathML."""
    math = read_mathml(f"${_text(data)}$")
    if math is not None:
        _check_size(len(data), len(etree.tostring(math)))


def read_digest(data: bytes) -> None:
    """Hold a digest against an abstract."""
    language, title, first, second, abstract, *_ = (*_text(data).split("\n", 4), "", "", "", "", "")
    written = Written(language, title, (("background", first), ("conclusion", second)))
    findings = check_digest(written, title, abstract)
    _check_size(len(data), sum(len(str(finding)) for finding in findings))


def read_headers(data: bytes) -> None:
    """Read the request headers that decide about an answer."""
    text = data.decode("latin-1")
    assert set(acceptable_codings(text, CODINGS)) <= set(CODINGS)
    assert find_known_tag(text, ("a", "b")) in ("a", "b", None)
    assert prefer_language(text, ("en", "zh")) in ("en", "zh")
    assert prefers_html(text) in (True, False)
    read_http_date(text)
    assert 0 <= read_retry_after(text, NOON) <= 3600


def read_client(data: bytes) -> None:
    """Find the client of a request: who is connected, and X-Forwarded-For."""
    remote, _, forwarded = data.decode("latin-1").partition("\n")
    assert len(find_client(remote, forwarded, PROXIES)) <= 100


def read_hub(data: bytes) -> None:
    """Read a request to the hub, a line each parameter."""
    lines = (line.partition("=") for line in _text(data).split("\n"))
    try:
        asked = read_request([(name, value) for name, _, value in lines], ALLOWANCE)
    except HubRequestError as error:
        _check_size(len(data), len(str(error)))
        return
    assert asked.callback.url.startswith(("http://", "https://"))


TARGETS: Mapping[str, Target] = MappingProxyType(
    {
        "listing": read_listing,
        "api": read_api,
        "oai": read_oai,
        "dump": read_dump,
        "bibtex": read_bibtex,
        "definition": read_definition,
        "query": read_query,
        "address": read_address,
        "tex": read_tex,
        "mathml": read_formula,
        "digest": read_digest,
        "headers": read_headers,
        "clients": read_client,
        "hub": read_hub,
    }
)
