"""The subscription index: a page for people, OPML and JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from itertools import islice

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from feedsvc.errors import AddressError
from feedsvc.feed import PAGE, Feed
from feedsvc.feed.saved import define_saved
from feedsvc.lateness import write_day
from feedsvc.paper import Batch, Kind
from feedsvc.pipeline.saved import SavedFeeds
from feedsvc.render import Format
from feedsvc.render.opml import Outline, render_opml
from feedsvc.render.phrases import name_language
from feedsvc.settings import SavingSettings
from feedsvc.store import Store
from feedsvc.web.delivery import make_ready
from feedsvc.web.directory import Directory, Group, Listing
from feedsvc.web.responses import send_ready
from feedsvc.web.saved import LIMITS
from feedsvc.web.site import ATOM, Site

SECONDS = 300
MOST_SAVED = 500
TITLE = "arXiv feeds"
LABELS = {ATOM: "Atom", "rss": "RSS", "json": "JSON"}


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
    ) -> None:
        self._site = site
        self._directory = directory
        self._store = store
        self._saved = saved
        self._saving = saving
        self._formats = formats
        self._languages = languages

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("index", __name__)
        blueprint.add_url_rule("/", view_func=self.show_index)
        blueprint.add_url_rule("/feeds/", view_func=self.lead_to_index)
        blueprint.add_url_rule("/subscriptions.opml", view_func=self.list_opml)
        blueprint.add_url_rule("/subscriptions.json", view_func=self.list_json)
        return blueprint

    def show_index(self) -> Response:
        """Show every feed, with its newest batch."""
        batches = self._store.ledger.latest_batches()
        page = render_template(
            "index.html",
            title=TITLE,
            newest=max((batch.day for batch in batches.values()), default=None),
            groups=self._directory_now().groups,
            can_save=self._saving.mode != "off",
            with_token=self._saving.mode == "token",
            limits=LIMITS,
            discoverable=self._directory.discoverable,
            batches=batches,
            formats={
                suffix: self._formats[suffix].content_type for suffix in LABELS if suffix in self._formats
            },
            labels=LABELS,
            languages=self._languages[1:],
            name_language=name_language,
            link=self._site.link,
            count=_count_papers,
            day=_write_day,
            write_day=write_day,
            example=self._site.origin + url_for("feeds.show_feed", path="cs.AI+cs.CL.xml"),
        )
        return send_ready(make_ready(page.encode(), "text/html; charset=utf-8"), SECONDS)

    def lead_to_index(self) -> BaseResponse:
        """Lead from the folder of all feeds to their list."""
        response = redirect(url_for("index.show_index"), 308)
        response.cache_control.max_age = SECONDS
        return response

    def list_opml(self) -> Response:
        """List the feeds as OPML, a group an archive."""
        groups = self._picked_groups()
        outlines = [self._outline(group, listing) for group in groups for listing in group.listings]
        return send_ready(make_ready(render_opml(TITLE, outlines), "text/x-opml; charset=utf-8"), SECONDS)

    def list_json(self) -> Response:
        """List the feeds as JSON: name, title, query, addresses by language and format."""
        listings = [listing for group in self._picked_groups() for listing in group.listings]
        text = json.dumps(
            {"feeds": [self._describe(each) for each in listings]}, ensure_ascii=False, indent=1
        )
        return send_ready(make_ready(f"{text}\n".encode(), "application/json"), SECONDS)

    def _picked_groups(self) -> Sequence[Group]:
        unknown = sorted(set(request.args) - {"feeds"})
        if unknown:
            raise AddressError(f"{unknown[0]!r} is no parameter here: expected feeds")
        names = [name.strip() for names in request.args.getlist("feeds") for name in names.split(",")]
        picked = [name for name in names if name]
        return self._directory_now().pick(picked) if picked else self._directory_now().groups

    def _directory_now(self) -> Directory:
        """Give the directory with the saved feeds that are awake, as many as a page can show."""
        return self._directory.with_saved(map(define_saved, islice(self._saved.awake(), MOST_SAVED)))

    def _outline(self, group: Group, listing: Listing) -> Outline:
        return Outline(
            title=listing.feed.title,
            xml_url=self._site.address(listing.feed, ATOM),
            html_url=self._site.address(listing.feed, PAGE),
            group=group.title,
        )

    def _describe(self, listing: Listing) -> dict[str, object]:
        return {
            "name": listing.feed.name,
            "title": listing.feed.title,
            "query": listing.query,
            "urls": self._addresses(listing.feed, None),
            "languages": {
                language: self._addresses(listing.feed, language) for language in self._languages[1:]
            },
        }

    def _addresses(self, feed: Feed, language: str | None) -> dict[str, str]:
        return {suffix: self._site.address(feed, suffix, language) for suffix in self._formats}


def _count_papers(batch: Batch) -> int:
    """Count what the category's feed took from a batch: replacements are not new."""
    return sum(count for kind, count in batch.counts if kind in (Kind.NEW, Kind.CROSS))


def _write_day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
