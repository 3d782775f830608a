"""Searching: what a query finds, its words marked, and how to subscribe to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from flask import Blueprint, Response, request

from feedsvc.errors import QueryError, UnfollowedError, UnknownPaperError
from feedsvc.feed import Feed
from feedsvc.feed.address import define_query
from feedsvc.feed.catalogue import Catalogue
from feedsvc.pipeline.publish import Publisher
from feedsvc.query import Query, parse, point_at
from feedsvc.query.ast import LikePaper
from feedsvc.render import Format
from feedsvc.render.phrases import name_language
from feedsvc.store import Store
from feedsvc.visitors import SavingSettings
from feedsvc.web.cards import Card, make_card
from feedsvc.web.dates import write_long_day
from feedsvc.web.limits import Limits
from feedsvc.web.pages import (
    check_parameters,
    choose_digests,
    list_others,
    read_language,
    send_page,
    speak,
)
from feedsvc.web.readers import Reader, offer_readers
from feedsvc.web.saved import LIMITS
from feedsvc.web.site import ATOM, LABELS, Site
from feedsvc.web.wording import put_in_words

SECONDS = 300
SHOWN = 40


@dataclass(frozen=True, slots=True)
class Found:
    """What a query finds: its feed, and the newest papers in it.

    `reach` is the day before which its words are not looked for, None where they are looked for everywhere.
    """

    feed: Feed
    words: str
    cards: tuple[Card, ...]
    readers: tuple[Reader, ...]
    reach: date | None


class SearchViews:
    """What is at `/search`."""

    def __init__(
        self,
        site: Site,
        catalogue: Catalogue,
        store: Store,
        publisher: Publisher,
        saving: SavingSettings,
        formats: Mapping[str, Format],
        languages: Sequence[str],
        limits: Limits,
    ) -> None:
        self._site = site
        self._catalogue = catalogue
        self._store = store
        self._publisher = publisher
        self._saving = saving
        self._formats = formats
        self._languages = languages
        self._limits = limits

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("search", __name__)
        blueprint.add_url_rule("/search", view_func=self.show_search)
        return blueprint

    def show_search(self) -> Response:
        """Show what the query `q` finds; without one the form, with one that cannot be used what is wrong."""
        check_parameters("q")
        text, digests = request.args.get("q", "").strip(), choose_digests(self._languages)
        found = None
        problem: QueryError | UnfollowedError | None = None
        try:
            found = self._find(parse(text)) if text else None
        except UnknownPaperError as error:
            problem = point_at(text, LikePaper(error.paper), error.told)
        except (QueryError, UnfollowedError) as error:
            problem = error
        return send_page(
            "search.html",
            SECONDS,
            400 if problem else 200,
            asked=text,
            problem=problem,
            found=found,
            labels=LABELS,
            formats=[suffix for suffix in LABELS if suffix in self._formats],
            address=self._site.address,
            content_types={suffix: form.content_type for suffix, form in self._formats.items()},
            name_language=name_language,
            digests=digests,
            others=list_others(self._languages, digests),
            long_day=write_long_day,
            can_save=self._saving.mode != "off",
            with_token=self._saving.mode == "token",
            limits=LIMITS,
        )

    def _find(self, query: Query) -> Found:
        self._limits.count_query()
        feed = define_query(query, self._catalogue).make_feed()
        self._catalogue.check_followed(feed.place)
        self._publisher.check_given(feed)
        language = self._publisher.choose_language(read_language())
        entries = self._publisher.compose_feed(replace(feed, limit=SHOWN), language)
        return Found(
            feed=feed,
            words=put_in_words(query, speak),
            cards=tuple(make_card(entry, read_language(), query) for entry in entries),
            readers=offer_readers(self._site.address(feed, ATOM, choose_digests(self._languages))),
            reach=self._store.announcements.reach(feed.query),
        )
