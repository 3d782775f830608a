"""The feeds: every address leads to its one canonical URL, and that to a document."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from urllib.parse import unquote, urlsplit

from flask import Blueprint, Response, g, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from feedsvc.errors import AddressError, StoreError
from feedsvc.feed import MARKDOWN, PAGE, Feed
from feedsvc.feed.address import Address, resolve
from feedsvc.feed.catalogue import Catalogue, define_category
from feedsvc.http import Clock
from feedsvc.pipeline.publish import Publisher
from feedsvc.pipeline.saved import SavedFeeds
from feedsvc.told import tell
from feedsvc.web.counter import Counter, Handout
from feedsvc.web.delivery import answer, date_surely, take_document
from feedsvc.web.directory import Directory
from feedsvc.web.feedpage import FeedPages
from feedsvc.web.freshness import max_age
from feedsvc.web.front import Front
from feedsvc.web.language import PARAMETER
from feedsvc.web.limits import Limits
from feedsvc.web.pages import add_language, asked_language, link_page, read_language, read_vary
from feedsvc.web.pulse import Pulse
from feedsvc.web.responses import find_packings, read_asked, send_answer
from feedsvc.web.site import Site
from feedsvc.web.subscribers import Subscribers, read_told

log = logging.getLogger(__name__)

REDIRECT_SECONDS = 3600
A_DAY = timedelta(days=1)


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
        counter: Counter,
        made_counter: Counter,
        pulse: Pulse,
        front: Front,
        pages: FeedPages,
        subscribers: Subscribers,
        limits: Limits,
        hubs: Sequence[str] = (),
    ) -> None:
        self._site = site
        self._catalogue = catalogue
        self._directory = directory
        self._publisher = publisher
        self._saved = saved
        self._clock = clock
        self._languages = languages
        self._formats = (*formats, MARKDOWN, PAGE)
        self._counter = counter
        self._made_counter = made_counter
        self._pulse = pulse
        self._front = front
        self._pages = pages
        self._subscribers = subscribers
        self._limits = limits
        self._hub_links = "".join(f'<{hub}>; rel="hub", ' for hub in hubs)

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("feeds", __name__)
        blueprint.add_url_rule("/feeds/<path:path>", view_func=self.show_feed)
        return blueprint

    def show_feed(self, path: str) -> BaseResponse:
        """Send the document or the page that an address names, or lead to its canonical URL."""
        asked = asked_language()
        # What is wrong with the address is told in its language, too.
        g.path_language = self._find_language(path)
        params = [pair for pair in request.args.items(multi=True) if pair[0] != PARAMETER]
        address = resolve(path, params, self._catalogue, self._languages, self._formats)
        if asked is not None and address.format != PAGE:
            pattern = "{name!r} is no parameter here: only pages have a language of their own"
            raise AddressError(tell(pattern, name=PARAMETER))
        if not _is_as_asked(address):
            return self._lead(self._site.prefix + add_language(address.url), 308)
        self._catalogue.check_followed(address.feed.place)
        if address.format != PAGE:
            return self._send_document(address)
        if address.feed.is_daily:
            # A feed's page has its papers by day: it is the page of its daily feed, too.
            return self._lead(link_page(address.feed.on_day(None), address.language), 302)
        return self._send_page(address)

    def _find_language(self, path: str) -> str | None:
        """Give the language that a path begins with: a feed of the name `zh-walks` has none."""
        first, slash, _ = path.lower().partition("/")
        return first if slash and first in map(str.lower, self._languages) else None

    def _send_page(self, address: Address) -> Response:
        g.path_language = address.language
        self._saved.note_asked(address.feed.place)
        page = self._pages.find_page(
            address.feed, address.language, asked_language(), partial(self._begin, address)
        )
        age = self._find_age(address.feed, address.language or self._languages[0], page.is_former)
        headers = {
            "Cache-Control": f"public, max-age={age}",
            "Vary": read_vary(),
            "Content-Language": read_language(),
        }
        ready = date_surely(take_document(page.document), self._clock.now())
        return send_answer(answer(ready, read_asked(), headers, find_packings()))

    def _send_document(self, address: Address) -> Response:
        feed, now = address.feed, self._clock.now()
        self._saved.note_asked(feed.place)
        # Read before the document is: what changes between the two is then noticed, not missed.
        beat = self._pulse.beat(now)
        found = self._publisher.find_at_hand(
            feed, address.format, address.language, partial(self._begin, address)
        )
        document = found.document
        if found.is_former:
            beat = beat.with_nothing_complete()
        handout = Handout(
            feed.name,
            document.language,
            take_document(document),
            {"Link": self._links(address)},
            None if found.is_former else self._find_lasting(feed),
        )
        is_lasting = self._is_lasting(address)
        if is_lasting:
            page = request.environ.get("PATH_INFO", ""), request.environ.get("QUERY_STRING", "")
            key = document.feed, document.format, document.language
            self._front.learn(page, key, handout, beat.edition)
        self._note_subscribers(address, document.language)
        # What one visitor has made must not push out what everybody asks for.
        counter = self._counter if is_lasting and feed.name == feed.place else self._made_counter
        return send_answer(counter.answer(handout, read_asked(), now, beat))

    def _begin(self, address: Address) -> None:
        """Count what is made for one visitor. Raises TooOftenError."""
        if not (address.feed.name == address.feed.place and self._is_lasting(address)):
            self._limits.count_query()

    def _note_subscribers(self, address: Address, language: str) -> None:
        agent, place = request.headers.get("User-Agent", ""), address.feed.place
        # Feeds without a name are without end, and no list shows them; nobody subscribes to a day.
        if not read_told(agent) or address.feed.name != place:
            return
        try:
            has_name = place in self._directory.anchors or self._saved.define(place) is not None
        except StoreError as error:
            log.warning("subscribers of %s are not counted: %s", place, error, extra={"action": "count"})
            return
        if has_name:
            self._subscribers.note((place, address.format, language), agent)

    def _find_age(self, feed: Feed, language: str, is_former: bool) -> int:
        """Give the seconds for which a page may be kept: as long as the documents of its feed."""
        now = self._clock.now()
        if is_former:
            return max_age(feed.name, now, None)
        if lasting := self._find_lasting(feed):
            return int(lasting.total_seconds())
        return max_age(feed.name, now, self._pulse.beat(now).find_completion(language))

    def _is_lasting(self, address: Address) -> bool:
        """Tell a feed whose meaning stays as long as this process lives; a saved one may change or go."""
        place = address.feed.place
        if address.feed.day is not None:
            return False
        return place in self._catalogue.definitions or define_category(place) is not None

    def _links(self, address: Address) -> str:
        """Give the header Link: the hubs, the document's own address, and the feed's page for people."""
        page = self._site.address(address.feed, PAGE, address.language)
        hubs = "" if address.feed.day else self._hub_links
        own = f"{self._site.base}{address.url}"
        return f'{hubs}<{own}>; rel="self", <{page}>; rel="alternate"; type="text/html"'

    def _find_lasting(self, feed: Feed) -> timedelta | None:
        """Give how long a day's document stays that is over, but for a repair; None for any other."""
        return A_DAY if feed.day is not None and self._publisher.is_closed(feed.day) else None

    def _lead(self, target: str, status: int) -> BaseResponse:
        response = redirect(target, status)
        response.cache_control.max_age = REDIRECT_SECONDS
        return response


def _is_as_asked(address: Address) -> bool:
    """Tell whether the canonical URL was asked for.

    The path is compared decoded, since proxies encode it as they like; parameters are compared as sent.
    """
    canonical = urlsplit(address.url)
    parameters = request.query_string.decode("latin-1").split("&")
    # A page's own language is no part of the feed's address.
    asked = "&".join(each for each in parameters if each.partition("=")[0] != PARAMETER)
    return request.path == unquote(canonical.path) and asked == canonical.query
