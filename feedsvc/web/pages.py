"""What all pages for people share: their language, their links to one another, how they are sent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

from flask import Flask, Response, g, render_template, request, url_for
from markupsafe import Markup
from werkzeug.routing import BaseConverter

from feedsvc.errors import AddressError, UnknownParameterError
from feedsvc.feed import PAGE, Feed
from feedsvc.query.parser import MAX_CHARACTERS
from feedsvc.render.phrases import choose_language as choose_nearest
from feedsvc.told import tell
from feedsvc.web.delivery import answer, make_ready
from feedsvc.web.language import (
    NAMES,
    ORIGINAL,
    PARAMETER,
    choose_language,
    retell,
    retell_part,
    retell_plain,
    say,
)
from feedsvc.web.responses import find_packings, is_static, read_asked, send_answer

TYPE = "text/html; charset=utf-8"
# Links between these carry the language that the address of a page names.
PAGES = frozenset(
    {
        "index.show_index",
        "basket.show_basket",
        "search.show_search",
        "library.show_form",
        "library.read",
        "papers.show_paper",
        "saved.save",
        "saved.show",
        "status.show_status",
    }
)


class PageLanguage(BaseConverter):
    """Takes a language of pages as a part of an address."""

    regex = "|".join(NAMES)


def register_language(app: Flask, languages: Sequence[str]) -> None:
    """Have every template know its language, and every page's links keep the one that its address names.

    `languages` are those of feeds, of which a page's lists lead to its own.
    """
    app.before_request(_check_language)
    app.context_processor(partial(_describe_page, languages))
    app.url_defaults(_carry_language)


def read_language() -> str:
    """Give the language of the page that is being made."""
    return choose_language(
        request.args.get(PARAMETER), g.get("path_language"), request.headers.get("Accept-Language")
    )


def choose_digests(languages: Sequence[str]) -> str | None:
    """Give the one of the configured languages whose digests a page offers: its own, if there are such.

    None is the default language, the first, which no address names; a page that is a file offers that.
    """
    if is_static():
        return None
    nearest = choose_nearest(languages, read_language())
    return None if nearest == languages[0] else nearest


def list_others(languages: Sequence[str], chosen: str | None) -> list[tuple[str | None, str]]:
    """Give the languages beside the chosen one, as addresses have them and as they are called."""
    offered = [(None, languages[0]), *((own, own) for own in languages[1:])]
    return [(own, name) for own, name in offered if own != chosen]


def speak(sentence: str, /, **values: object) -> str:
    """Say a sentence in the page's language."""
    return say(read_language(), sentence, **values)


def link_page(feed: Feed, language: str | None = None) -> str:
    """Give a link to a feed's page, in the page language that the present address names."""
    return keep_language(request.script_root + feed.path(PAGE, language))


def send_page(template: str, seconds: int, status: int = 200, **context: Any) -> Response:
    """Send a page that may be kept for so many seconds."""
    return send_text(render_template(template, **context), seconds, status)


def send_text(page: str, seconds: int, status: int = 200) -> Response:
    """Send a finished page that may be kept for so many seconds; errors have no entity tag."""
    kept = f"public, max-age={seconds}" if seconds else "no-store"
    headers = {"Cache-Control": kept, "Vary": read_vary(), "Content-Language": read_language()}
    if status != 200:
        return Response(page, status, headers, content_type=TYPE)
    return send_answer(answer(make_ready(page.encode(), TYPE), read_asked(), headers, find_packings()))


def read_vary() -> str:
    """Name the request headers that a page depends on: where the address says the language, it alone does."""
    return "Accept-Encoding" if _find_named() else "Accept-Encoding, Accept-Language"


def check_parameters(*known: str, is_page: bool = True) -> None:
    """Raise AddressError for a parameter that an address does not have; a page has a language."""
    known = (*known, PARAMETER) if is_page else known
    unknown = sorted(set(request.args) - set(known))
    if unknown:
        raise UnknownParameterError(unknown[0], known)


def _check_language() -> None:
    asked = request.args.get(PARAMETER)
    if asked is not None and asked not in NAMES:
        pattern = "{name}={text!r}: expected one of {known}"
        raise AddressError(tell(pattern, name=PARAMETER, text=asked, known=", ".join(NAMES)))


def _describe_page(languages: Sequence[str]) -> dict[str, Any]:
    language = read_language()
    return {
        "language": language,
        "say": partial(say, language),
        "retell": partial(retell, language),
        "retell_part": partial(retell_part, language),
        "retell_plain": partial(retell_plain, language),
        "asked_language": _find_named(),
        "feed_language": choose_digests(languages),
        "translations": {other: _translate_address(other) for other in NAMES},
        "language_names": NAMES,
        # Stands in the tag of what is English whatever language the page has.
        "in_english": "" if language == ORIGINAL else Markup(' lang="en"'),
        "link_page": link_page,
        "with_language": keep_language,
        "prefix": request.script_root,
        "key": Markup("<kbd>{}</kbd>").format,
        "anchor": Markup('<a href="{}">').format,
        "code": Markup("<code>{}</code>").format,
        "query_limit": MAX_CHARACTERS,
    }


def asked_language() -> str | None:
    """Give the page language that the address has as its parameter; None if it has none."""
    asked = request.args.get(PARAMETER)
    return asked if asked in NAMES else None


def _find_named() -> str | None:
    """Give the page language that the address names, in its parameter or in its path."""
    of_path = _read_path_language().partition("-")[0]
    return asked_language() or (of_path if of_path in NAMES else None)


def _read_path_language() -> str:
    return str(g.get("path_language") or "").lower()


def keep_language(path: str) -> str:
    """Give the path of a page so that it keeps the language that the present address names."""
    named = _find_named()
    if named is None or is_static() or _names_it_itself(path):
        return path
    return _add_parameter(path, named)


def _names_it_itself(path: str) -> bool:
    """Tell a path that is below the same language, where no parameter says otherwise."""
    folder = f"{request.script_root}/feeds/{_read_path_language()}/"
    return asked_language() is None and path.lower().startswith(folder.lower())


def _translate_address(language: str) -> str:
    """Give the present address in a language."""
    if request.method != "GET":
        return url_for("index.show_index", hl=language)
    others = [pair for pair in request.args.items(multi=True) if pair[0] != PARAMETER]
    query = urlencode([*others, (PARAMETER, language)], safe=",:*")
    return f"{request.script_root}{quote(request.path, safe='/+,:')}?{query}"


def add_language(path: str) -> str:
    """Give a path in the page language that was asked for, if one was."""
    asked = asked_language()
    return path if asked is None else _add_parameter(path, asked)


def _add_parameter(path: str, language: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}{PARAMETER}={language}"


def _carry_language(endpoint: str, values: dict[str, Any]) -> None:
    named = _find_named()
    if named is not None and endpoint in PAGES and not is_static():
        values.setdefault(PARAMETER, named)
