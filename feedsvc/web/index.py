"""The subscription index: a page for people, OPML and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache, partial
from itertools import islice
from typing import Any

from flask import Blueprint, Response, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from feedsvc.errors import AddressError
from feedsvc.feed import PAGE, Feed, write_path
from feedsvc.feed.saved import define_saved
from feedsvc.paper import Batch
from feedsvc.pipeline.days import name_feed
from feedsvc.pipeline.saved import SavedFeeds
from feedsvc.render import Format
from feedsvc.render.opml import Outline, render_opml
from feedsvc.render.phrases import load_phrases, name_language
from feedsvc.store import Store
from feedsvc.told import tell
from feedsvc.visitors import SavingSettings
from feedsvc.web.activity import NOTHING, Activity, ActivityReader
from feedsvc.web.basket import read_names
from feedsvc.web.dates import write_short_day, write_time
from feedsvc.web.delivery import Ready, make_ready
from feedsvc.web.directory import Directory, Group, Listing, name_groups
from feedsvc.web.language import PARAMETER, choose_language, say
from feedsvc.web.pages import (
    asked_language,
    check_parameters,
    choose_digests,
    list_others,
    read_language,
    send_page,
    speak,
)
from feedsvc.web.responses import send_ready
from feedsvc.web.saved import LIMITS
from feedsvc.web.site import ATOM, LABELS, Site
from feedsvc.web.subscribers import Subscribers
from feedsvc.web.wording import put_in_words

SECONDS = 300
MOST_SAVED = 500
LISTS = 16
TITLE = "arXiv feeds"
SORTS = {"": "archive", "week": "papers this week", "readers": "readers"}


class IndexViews:
    """The index in its three forms."""

    def __init__(
        self,
        site: Site,
        directory: Directory,
        store: Store,
        saved: SavedFeeds,
        saving: SavingSettings,
        formats: Mapping[str, Format],
        languages: Sequence[str],
        subscribers: Subscribers,
    ) -> None:
        self._site = site
        self._directory = directory
        self._store = store
        self._saved = saved
        self._saving = saving
        self._formats = formats
        self._languages = languages
        self._subscribers = subscribers
        self._activity = ActivityReader(store, languages[0])
        # Readers and programs ask for the whole list again and again, and it is nearly always the same.
        self._make_opml = lru_cache(LISTS)(self._write_opml)
        self._make_json = lru_cache(LISTS)(self._write_json)

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("index", __name__)
        blueprint.add_url_rule("/", view_func=self.show_index)
        blueprint.add_url_rule("/feeds/", view_func=self.lead_to_index)
        # Of itself, Flask would leave GET out where it tells the methods of this one.
        blueprint.add_url_rule("/feeds", "lead_from_feeds", self.lead_to_index)
        blueprint.add_url_rule("/<language:language>", view_func=self.lead_to_language)
        blueprint.add_url_rule("/subscriptions.opml", view_func=self.list_opml)
        blueprint.add_url_rule("/subscriptions.json", view_func=self.list_json)
        return blueprint

    def show_index(self) -> Response:
        """Show every feed with what it took in lately; `filter` narrows the list, `sort` orders it."""
        check_parameters("filter", "sort")
        batches = self._store.ledger.latest_batches()
        activity, subscribers = self._activity.read(), self._subscribers.count()
        wanted, sort = request.args.get("filter", ""), _read_sort()
        keys = {
            "week": lambda name: activity.get(name, NOTHING).week,
            "readers": lambda name: subscribers.get(name, 0),
        }
        named = name_groups(self._directory_now().groups, load_phrases(read_language()))
        groups = _narrow(named, wanted)
        page = send_page(
            "index.html",
            SECONDS,
            newest=max((batch.day for batch in batches.values()), default=None),
            groups=_flatten(groups, keys[sort]) if sort else groups,
            anchors={listing.anchor for group in groups for listing in group.listings},
            filter=wanted,
            sort=sort,
            sorts=SORTS,
            activity=lambda listing: activity.get(listing.feed.place, NOTHING),
            updated=partial(_find_update, batches, activity),
            subscribers=subscribers,
            words=lambda listing: put_in_words(listing.query, speak),
            short_day=write_short_day,
            time=write_time,
            **self._describe_offer(),
        )
        described = self._site.base + url_for("openapi.show_description")[len(self._site.prefix) :]
        page.headers["Link"] = f'<{described}>; rel="service-desc"'
        return page

    def _describe_offer(self) -> dict[str, Any]:
        """Give what is offered whatever the ledger holds: formats, languages, and the form for saving."""
        digests = choose_digests(self._languages)
        return {
            "can_save": self._saving.mode != "off",
            "with_token": self._saving.mode == "token",
            "limits": LIMITS,
            "discoverable": self._directory.discoverable,
            "formats": {name: self._formats[name].content_type for name in LABELS if name in self._formats},
            "labels": LABELS,
            "others": list_others(self._languages, digests),
            "name_language": name_language,
            "name_feed": partial(name_feed, language=read_language(), is_default=True),
            "link": self._site.link,
            "example": self._site.base + write_path("cs.AI+cs.CL", ATOM, digests),
        }

    def lead_to_index(self) -> BaseResponse:
        """Lead from the folder of all feeds to their list."""
        return _lead(url_for("index.show_index"))

    def lead_to_language(self, language: str) -> BaseResponse:
        """Lead from a language alone, as it begins the addresses of feeds, to the index in it."""
        return _lead(url_for("index.show_index", hl=language))

    def list_opml(self) -> Response:
        """List the feeds as OPML, a group an archive; `language` asks for those of another language.

        They are called as in that language, or in the one that `hl` asks for.
        """
        asked = self._read_feed_language()
        groups = self._picked_groups("language", PARAMETER)
        return send_ready(self._make_opml(groups, asked, asked_language()), SECONDS)

    def list_json(self) -> Response:
        """List the feeds as JSON: name, title, query, addresses by language and format."""
        return send_ready(self._make_json(self._picked_groups()), SECONDS)

    def _write_opml(self, groups: tuple[Group, ...], asked: str | None, spoken: str | None) -> Ready:
        language = spoken or asked or self._languages[0]
        speak_so = partial(say, choose_language(None, language, None))
        outlines = [
            self._outline(speak_so(group.title), listing, asked, language)
            for group in name_groups(groups, load_phrases(language))
            for listing in group.listings
        ]
        return make_ready(render_opml(speak_so(TITLE), outlines), "text/x-opml; charset=utf-8")

    def _write_json(self, groups: tuple[Group, ...]) -> Ready:
        listings = [listing for group in groups for listing in group.listings]
        text = json.dumps(
            {"feeds": [self._describe(each) for each in listings]}, ensure_ascii=False, indent=1
        )
        return make_ready(f"{text}\n".encode(), "application/json")

    def _read_feed_language(self) -> str | None:
        """Give the language of the feeds that are asked for; None is the default one, named or not."""
        asked = request.args.get("language", self._languages[0])
        if asked not in self._languages:
            known = ", ".join(self._languages)
            raise AddressError(
                tell("{name}={text!r}: expected one of {known}", name="language", text=asked, known=known)
            )
        return None if asked == self._languages[0] else asked

    def _picked_groups(self, *parameters: str) -> tuple[Group, ...]:
        check_parameters("feeds", *parameters, is_page=False)
        picked = read_names()
        return self._directory_now().pick(picked) if picked else self._directory_now().groups

    def _directory_now(self) -> Directory:
        """Give the directory with the saved feeds that are awake, as many as a page can show."""
        return self._directory.with_saved(map(define_saved, islice(self._saved.awake(), MOST_SAVED)))

    def _outline(self, group: str, listing: Listing, language: str | None, spoken: str) -> Outline:
        feed = listing.feed
        title = name_feed(feed, spoken, is_default=True)
        return Outline(
            title=f"{title} · {name_language(language)}" if language else title,
            xml_url=self._site.address(feed, ATOM, language),
            html_url=self._site.address(feed, PAGE, language),
            group=group,
        )

    def _describe(self, listing: Listing) -> dict[str, object]:
        return {
            "name": listing.feed.name,
            "title": listing.feed.title,
            "query": str(listing.query),
            "urls": self._addresses(listing.feed, None),
            "languages": {
                language: self._addresses(listing.feed, language) for language in self._languages[1:]
            },
        }

    def _addresses(self, feed: Feed, language: str | None) -> dict[str, str]:
        return {suffix: self._site.address(feed, suffix, language) for suffix in self._formats}


def _lead(target: str) -> BaseResponse:
    response = redirect(target, 308)
    response.cache_control.max_age = SECONDS
    return response


def _read_sort() -> str:
    sort = request.args.get("sort", "")
    if sort not in SORTS:
        known = ", ".join(filter(None, SORTS))
        raise AddressError(
            tell("{name}={text!r}: expected one of {known}", name="sort", text=sort, known=known)
        )
    return sort


def _narrow(groups: Iterable[Group], wanted: str) -> tuple[Group, ...]:
    words = wanted.lower().split()
    narrowed = (
        replace(group, listings=tuple(each for each in group.listings if each.is_called(words)))
        for group in groups
    )
    return tuple(group for group in narrowed if group.listings or not words)


def _flatten(groups: Iterable[Group], key: Callable[[str], int]) -> tuple[Group, ...]:
    listings = [listing for group in groups for listing in group.listings]
    listings.sort(key=lambda listing: -key(listing.feed.place))
    return (Group("All feeds", tuple(listings)),)


def _find_update(
    batches: Mapping[str, Batch], activity: Mapping[str, Activity], listing: Listing
) -> date | None:
    """Give the newest day on which a feed took something in, as far as that is known."""
    batch = batches.get(listing.feed.place)
    recent = activity.get(listing.feed.place)
    days = [day for day in (batch and batch.day, recent and recent.last) if day]
    return max(days, default=None)
