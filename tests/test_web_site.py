"""Links under a public address, and requests under a path prefix."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedsvc import web
from feedsvc.feed.catalogue import Catalogue
from feedsvc.web.site import Site, UnderPrefix

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

STATIC = Path(web.__file__).parent / "static"
FEED = Catalogue({}).category_feed("cs.AI")


@pytest.mark.parametrize(
    ("base", "prefix", "link"),
    [
        ("https://example.org", "", "/feeds/cs.AI.xml"),
        ("http://127.0.0.1:8080", "", "/feeds/cs.AI.xml"),
        ("https://example.org/a/b", "/a/b", "/a/b/feeds/cs.AI.xml"),
    ],
)
def test_links_lie_below_the_base_address(base: str, prefix: str, link: str) -> None:
    site = Site(base)

    assert (site.prefix, site.link(FEED, "xml")) == (prefix, link)
    assert site.address(FEED, "rss", "zh") == f"{base}/feeds/zh/cs.AI.rss"


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/arxiv/feeds/x", "/feeds/x"),
        ("/feeds/x", "/feeds/x"),
        ("/arxiv/", "/"),
        ("/arxiv", "/"),
        ("/arxives", "/arxives"),
        ("", "/"),
    ],
)
def test_the_prefix_is_taken_off_where_it_stands(path: str, seen: str) -> None:
    def tell(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return [f"{environ['SCRIPT_NAME']} {environ['PATH_INFO']}".encode()]

    environ = {"PATH_INFO": path, "SCRIPT_NAME": ""}

    assert list(UnderPrefix(tell, "/arxiv")(environ, _start)) == [f"/arxiv {seen}".encode()]
    assert environ == {"PATH_INFO": path, "SCRIPT_NAME": ""}


def _start(
    _status: str, _headers: list[tuple[str, str]], _error: object = None, /
) -> Callable[[bytes], object]:
    raise AssertionError("the application under test starts no response")


def test_every_colour_that_a_stylesheet_names_is_there_by_day_and_by_night() -> None:
    sheets = {name: (STATIC / name).read_text("utf-8") for name in ("site.css", "feed.css")}
    for name, sheet in sheets.items():
        text = sheet.partition("@media print")[0]
        schemes = Counter(re.findall(r"(--[a-z]+): #", text))
        named = set(re.findall(r"var\((--[a-z]+)", text)) - {"--state", "--read", "--use", "--code"}
        assert {colour: schemes[colour] for colour in named} == dict.fromkeys(named, 2), name
