"""The feeds: every address leads to its one canonical URL, and that to a document."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from feedsvc.feed import PAGE
from feedsvc.feed.address import Address, resolve
from feedsvc.feed.catalogue import Catalogue
from feedsvc.http import Clock
from feedsvc.pipeline.publish import Publisher
from feedsvc.pipeline.saved import SavedFeeds
from feedsvc.web.delivery import answer, show_in_browser, take_document
from feedsvc.web.directory import Directory
from feedsvc.web.freshness import max_age
from feedsvc.web.responses import read_asked, send_answer
from feedsvc.web.site import ATOM, Site

REDIRECT_SECONDS = 3600


class FeedViews:
    """What is below `/feeds/`."""

    def __init__(
        self,
        site: Site,
        catalogue: Catalogue,
        directory: Directory,
        publisher: Publisher,
        saved: SavedFeeds,
        clock: Clock,
        languages: Sequence[str],
        formats: Sequence[str],
        hubs: Sequence[str] = (),
    ) -> None:
        self._site = site
        self._catalogue = catalogue
        self._directory = directory
        self._publisher = publisher
        self._saved = saved
        self._clock = clock
        self._languages = languages
        self._formats = (*formats, PAGE)
        self._hub_links = "".join(f'<{hub}>; rel="hub", ' for hub in hubs)

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("feeds", __name__)
        blueprint.add_url_rule("/feeds/<path:path>", view_func=self.show_feed)
        return blueprint

    def show_feed(self, path: str) -> BaseResponse:
        """Send the document that an address names, or lead to its canonical URL."""
        params = list(request.args.items(multi=True))
        address = resolve(path, params, self._catalogue, self._languages, self._formats)
        if not _is_as_asked(address):
            return self._lead(self._site.prefix + address.url, 308)
        self._directory.check_followed(address.feed.place)
        if address.format == PAGE:
            return self._lead(self._page_of(address), 302)
        return self._send_document(address)

    def _send_document(self, address: Address) -> Response:
        asked = read_asked()
        self._saved.note_asked(address.feed.place)
        document = self._publisher.find_document(address.feed, address.format, address.language)
        now = self._clock.now()
        seconds = max_age(address.feed.name, now, is_complete=self._publisher.is_complete(now))
        headers = {
            "Cache-Control": f"public, max-age={seconds}",
            "Vary": "Accept-Encoding, Sec-Fetch-Dest",
            "Link": f'{self._hub_links}<{self._site.base}{address.url}>; rel="self"',
        }
        return send_answer(answer(show_in_browser(take_document(document), asked), asked, headers))

    def _page_of(self, address: Address) -> str:
        """Give where a person finds a feed: its place in the index, or the feed itself if it is not there."""
        anchor = self._directory.anchors.get(address.feed.name)
        if anchor is None:
            return self._site.link(address.feed, ATOM, address.language)
        return url_for("index.show_index", _anchor=anchor)

    def _lead(self, target: str, status: int) -> BaseResponse:
        response = redirect(target, status)
        response.cache_control.max_age = REDIRECT_SECONDS
        return response


def _is_as_asked(address: Address) -> bool:
    """Tell whether the canonical URL was asked for.

    The path is compared decoded, since proxies encode it as they like; parameters are compared as sent.
    """
    canonical = urlsplit(address.url)
    return (
        request.path == unquote(canonical.path) and request.query_string.decode("latin-1") == canonical.query
    )
