"""Badges: a feed and how many read it, as a small picture for other people's pages."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from feedsvc.feed import PAGE
from feedsvc.feed.address import resolve
from feedsvc.feed.catalogue import Catalogue
from feedsvc.web.delivery import make_ready
from feedsvc.web.responses import send_ready
from feedsvc.web.site import Site
from feedsvc.web.subscribers import Subscribers

SECONDS = 3600
LONGEST = 40
# A letter of the badge's font is about so wide; Chinese ones are twice as wide.
LETTER = 6.6
MARGIN = 8


class BadgeViews:
    """What is at `/feeds/…/badge.svg`."""

    def __init__(
        self,
        site: Site,
        catalogue: Catalogue,
        subscribers: Subscribers,
        languages: Sequence[str],
    ) -> None:
        self._site = site
        self._catalogue = catalogue
        self._subscribers = subscribers
        self._languages = languages

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("badges", __name__)
        blueprint.add_url_rule("/feeds/<path:path>/badge.svg", view_func=self.show_badge)
        return blueprint

    def show_badge(self, path: str) -> BaseResponse:
        """Send the badge of a feed, which stands under its canonical name."""
        params = list(request.args.items(multi=True))
        address = resolve(path, params, self._catalogue, self._languages, (PAGE,))
        self._catalogue.check_followed(address.feed.place)
        if not address.is_canonical or address.language or address.feed.day or address.feed.is_daily:
            return redirect(self._site.prefix + address.feed.badge_path, 308)
        count = self._subscribers.count().get(address.feed.place, 0)
        name = address.feed.place[:LONGEST]
        told = "1 subscriber" if count == 1 else f"{count:,} subscribers" if count else "arXiv feed"
        widths = [round(_measure(text) + 2 * MARGIN) for text in (name, told)]
        badge = render_template("badge.svg", name=name, told=told, widths=widths)
        return _send(badge)


def _send(badge: str) -> Response:
    return send_ready(make_ready(badge.encode(), "image/svg+xml"), SECONDS)


def _measure(text: str) -> float:
    return sum(LETTER * (2 if unicodedata.east_asian_width(sign) in "WF" else 1) for sign in text)
