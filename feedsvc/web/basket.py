"""The basket: some feeds, as an OPML file, as one combined feed, or into a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from flask import Blueprint, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from feedsvc.errors import AddressError
from feedsvc.feed import Feed, join_definitions
from feedsvc.feed.catalogue import Catalogue
from feedsvc.render import Format
from feedsvc.render.phrases import load_phrases, name_language
from feedsvc.told import tell
from feedsvc.web.directory import Directory, Listing, name_groups
from feedsvc.web.pages import check_parameters, choose_digests, list_others, read_language, send_page
from feedsvc.web.readers import offer_readers, read_own
from feedsvc.web.site import ATOM, LABELS, Site

SECONDS = 3600
MOST_FEEDS = 200


class BasketViews:
    """What is at `/basket`."""

    def __init__(
        self,
        site: Site,
        catalogue: Catalogue,
        directory: Directory,
        formats: Mapping[str, Format],
        languages: Sequence[str],
    ) -> None:
        self._site = site
        self._catalogue = catalogue
        self._directory = directory
        self._formats = formats
        self._languages = languages

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("basket", __name__)
        blueprint.add_url_rule("/basket", view_func=self.show_basket)
        return blueprint

    def show_basket(self) -> Response:
        """Show the ways to take some feeds; the ticks of a form lead to the one address of their basket."""
        check_parameters("feeds", "own")
        own = read_own(request.args.get("own", ""))
        names = read_names()
        listings = self._pick(names)
        picked = ",".join(sorted(listing.feed.place for listing in listings))
        if request.args.getlist("feeds") != ([picked] if picked else []):
            return redirect(url_for("basket.show_basket", feeds=picked or None, own=own or None), 302)
        feed = self._join(names) if names else None
        digests = choose_digests(self._languages)
        return send_page(
            "basket.html",
            SECONDS,
            feed=feed,
            listings=listings,
            picked=picked,
            own=own,
            address=self._site.address,
            digests=digests,
            others=self._link_others(feed, digests) if feed else "",
            readers=offer_readers(self._site.address(feed, ATOM, digests), own) if feed else (),
        )

    def _pick(self, names: list[str]) -> list[Listing]:
        if not names:
            return []
        groups = name_groups(self._directory.pick(names), load_phrases(read_language()))
        return list(chain.from_iterable(group.listings for group in groups))

    def _join(self, names: list[str]) -> Feed:
        return join_definitions(map(self._catalogue.define, names)).make_feed()

    def _link_others(self, feed: Feed, digests: str | None) -> Markup:
        """Link the other formats in the language of digests, and Atom in the other languages."""
        link = Markup('<a href="{}">{}</a>')
        links = [
            link.format(self._site.link(feed, suffix, digests), LABELS.get(suffix, suffix))
            for suffix in self._formats
            if suffix != ATOM
        ]
        links += [
            link.format(self._site.link(feed, ATOM, other), f"{LABELS[ATOM]} {name_language(name)}")
            for other, name in list_others(self._languages, digests)
        ]
        return Markup(", ").join(links)


def read_names() -> list[str]:
    """Read names of feeds, each by itself or joined with commas. Raises AddressError for too many."""
    parts = (part.strip() for names in request.args.getlist("feeds") for part in names.split(","))
    names = list(dict.fromkeys(part for part in parts if part))
    if len(names) > MOST_FEEDS:
        pattern = "{count} feeds are given: expected at most {most}"
        raise AddressError(tell(pattern, count=len(names), most=MOST_FEEDS))
    return names
