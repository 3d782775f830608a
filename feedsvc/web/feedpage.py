"""A feed as a page for people: its papers day by day, and every way to take it along."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache, partial
from itertools import groupby
from urllib.parse import parse_qsl, urlencode

from flask import render_template

from feedsvc.feed import MARKDOWN, PAGE, Feed
from feedsvc.feed.catalogue import define_category
from feedsvc.paper import Entry, Kind
from feedsvc.pipeline.days import link_archives, name_feed
from feedsvc.pipeline.publish import Publisher
from feedsvc.pipeline.workshop import AtHand, Commission
from feedsvc.render import Format
from feedsvc.render.markdown import CONTENT_TYPE as MARKDOWN_TYPE
from feedsvc.render.phrases import name_language
from feedsvc.store import Store
from feedsvc.web.cards import Card, make_card
from feedsvc.web.dates import write_long_day
from feedsvc.web.pages import TYPE, read_language, speak
from feedsvc.web.readers import offer_readers
from feedsvc.web.responses import is_static
from feedsvc.web.site import ATOM, LABELS, Site
from feedsvc.web.wording import put_in_words

MOST_BYTES = 16_000_000
CARDS = 4_000
CHOICES: Mapping[str, tuple[Kind, ...]] = {
    "New": (Kind.NEW,),
    "Cross-lists": (Kind.CROSS,),
    "Replaced": (Kind.REPLACE, Kind.REPLACE_CROSS),
    "All": tuple(Kind),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A link to the same feed with other kinds of announcement; `is_chosen` if the page shows just these."""

    name: str
    href: str
    kinds: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class DaySection:
    """The papers of one day."""

    day: date
    cards: tuple[Card, ...]


class FeedPages:
    """Makes the pages of feeds and keeps some: one stays good until something changes that it shows."""

    def __init__(
        self,
        site: Site,
        store: Store,
        publisher: Publisher,
        formats: Mapping[str, Format],
        languages: Sequence[str],
    ) -> None:
        self._site = site
        self._store = store
        self._formats = formats
        self._languages = tuple(languages)
        self._workshop = publisher.open_workshop(MOST_BYTES)
        # A paper stands on many pages, and on most of them again when the store has changed.
        self._make_card = lru_cache(CARDS)(make_card)

    def find_page(
        self, feed: Feed, language: str | None, asked: str | None, begin: Callable[[], None] = lambda: None
    ) -> AtHand:
        """Give the page of a feed, digests in a language (None is the default one), in the page's language.

        `asked` is the page language that the address names, which its links carry on; `begin` is called
        before a page is made. Raises UnknownPaperError.
        """
        look = f"{PAGE} {read_language()} {asked or ''} {'static' if is_static() else ''}"
        key = (feed.name, look, language or "")
        write = partial(self._write_page, feed, language)
        wanted = Commission(key, feed, language or self._languages[0], TYPE, write)
        return self._workshop.find_at_hand(wanted, begin)

    def _write_page(self, feed: Feed, language: str | None, entries: Sequence[Entry]) -> bytes:
        archives = link_archives(self._store, feed, PAGE, language, entries)
        cards = [self._make_card(entry, read_language()) for entry in entries]
        return render_template(
            "feed.html",
            feed=feed,
            name=name_feed(feed, read_language(), is_default=True),
            description=feed.name_in(read_language()).description,
            archives=archives,
            daily=None if feed.day else feed.as_daily(),
            chosen=language,
            days=list(_split_days(cards)),
            count=len(cards),
            choices=list(_offer_kinds(feed, language)),
            # The title of a category says all there is to say.
            words="" if define_category(feed.place) else put_in_words(feed.query, speak),
            formats=self._find_formats(feed),
            labels={**LABELS, MARKDOWN: "Markdown"},
            others=[(each if each != self._languages[0] else None, each) for each in self._languages],
            name_language=name_language,
            address=self._site.address,
            link=self._site.link,
            readers=offer_readers(self._site.address(feed, ATOM, language)),
            long_day=write_long_day,
        ).encode()

    def _find_formats(self, feed: Feed) -> dict[str, str]:
        """Give the formats that a feed is offered in, with their types; a day has one more."""
        found = {name: self._formats[name].content_type for name in LABELS if name in self._formats}
        return found | ({MARKDOWN: MARKDOWN_TYPE} if feed.day else {})


def _split_days(cards: Iterable[Card]) -> Iterable[DaySection]:
    for day, of_day in groupby(cards, key=lambda card: card.day):
        yield DaySection(day, tuple(of_day))


def _offer_kinds(feed: Feed, language: str | None) -> Iterable[Choice]:
    """Offer the feed as it is defined, then with other kinds; the addresses are led to the canonical ones."""
    options = [pair for pair in parse_qsl(feed.options) if pair[0] != "announce"]
    asked = dict(parse_qsl(feed.options)).get("announce", "")
    path = feed.path(PAGE, language).partition("?")[0]
    for name, kinds in {"As defined": (), **CHOICES}.items():
        listed = ",".join(kinds)
        parameters = sorted([*options, ("announce", listed)] if listed else options)
        query = urlencode(parameters, safe=":*,")
        yield Choice(name, f"{path}?{query}" if query else path, listed.replace(",", " "), asked == listed)
