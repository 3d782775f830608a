"""What the service itself says in an entry, in each language: one TOML file a language in `phrases/`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date as Date
from functools import cache
from importlib import resources

from feedsvc.feed import Options
from feedsvc.feed.address import NAMED
from feedsvc.paper import Kind
from feedsvc.taxonomy import load_taxonomy, write_label

FALLBACK = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Headings, labels and patterns in one language: `language`, which calls itself `name`.

    `places` are its names of categories and archives, by id; where one is missing the English name stands.
    """

    language: str
    name: str
    new: str
    cross: str
    replace: str
    replace_cross: str
    withdrawn: str
    background: str
    innovation: str
    conclusion: str
    abstract: str
    original_title: str
    extractive: str
    written: str
    daily: str
    papers: str
    new_papers: str
    cross_papers: str
    replace_papers: str
    replace_cross_papers: str
    no_papers: str
    chosen_all: str
    chosen_new: str
    chosen_cross: str
    chosen_replace: str
    chosen_replace_cross: str
    list_comma: str
    both: str
    primary_only: str
    newest: str
    contents: str
    authors: str
    more_authors: str
    like: str
    papers_by: str
    papers_like: str
    either: str
    and_more: str
    comments: str
    journal_ref: str
    doi: str
    license: str
    abstract_page: str
    pdf: str
    html: str
    colon: str
    comma: str
    date: str
    months: tuple[str, ...]
    places: Mapping[str, str] = field(default_factory=dict, compare=False)

    def name_kind(self, kind: Kind, version: int) -> str:
        """Say how a paper was announced: `Replacement (v2)`."""
        pattern: str = getattr(self, kind.name.lower())
        return pattern.format(version=version)

    def name_group(self, kind: Kind) -> str:
        """Give the heading over papers that were so announced."""
        heading: str = getattr(self, f"{kind.name.lower()}_papers")
        return heading

    def count_more(self, authors: int) -> str:
        """Say how many more authors there are than were named."""
        return self.more_authors.format(count=f"{authors:,}")

    def name_method(self, method: str) -> str:
        """Say where a digest comes from."""
        return self.extractive if method == "extractive" else self.written.format(method=method)

    def name_likeness(self, paper: str) -> str:
        """Say which paper another one is like."""
        return self.like.format(paper=paper)

    def name_place(self, place: str) -> str:
        """Name a category or an archive, closed ones included; the id itself if unknown."""
        return self.places.get(place) or load_taxonomy().name_of(place)

    def title_feed(self, title: str, place: str) -> str:
        """Give a feed's title in this language: the categories and archives of its place, or what it is of.

        What whoever defined the feed calls it stays as it is.
        """
        if own := self._name_subject(place):
            return title.replace(load_phrases(FALLBACK)._name_subject(place), own, 1)
        for part in place.split("+") if self.places else ():
            english = write_label(load_taxonomy().name_of(part), part)
            title = title.replace(english, write_label(self.name_place(part), part), 1)
        return title

    def label_options(self, options: Options) -> tuple[str, ...]:
        """Say what a reader chose for a feed, each choice by itself."""
        labels = (
            self._name_kinds(options.kinds or ()),
            self.primary_only if options.primary else "",
            self.newest.format(limit=options.limit) if options.limit else "",
        )
        return tuple(filter(None, labels))

    def _name_kinds(self, kinds: Sequence[Kind]) -> str:
        if set(kinds) == set(Kind):
            return self.chosen_all
        names = [str(getattr(self, f"chosen_{kind.name.lower()}")) for kind in kinds]
        return self.both.join(filter(None, (self.list_comma.join(names[:-1]), *names[-1:])))

    def _name_subject(self, place: str) -> str:
        """Say whose papers a feed takes in, or like which they are; nothing where it is neither."""
        kind, _, subject = place.partition("/")
        if kind == "author":
            return self.papers_by.format(author=subject)
        return self.papers_like.format(papers=self._name_given(subject.split("+"))) if kind == "like" else ""

    def _name_given(self, papers: Sequence[str]) -> str:
        if len(papers) <= NAMED:
            return self.either.join(papers)
        return self.and_more.format(papers=", ".join(papers[:NAMED]), count=len(papers) - NAMED)

    def format_date(self, day: Date) -> str:
        """Write a day as people do in this language."""
        return self.date.format(day=day.day, month=self.months[day.month - 1], year=day.year)


@cache
def load_phrases(language: str) -> Phrases:
    """Read the phrases of a language (BCP 47), or of the nearest wider one, else English."""
    folder = resources.files("feedsvc.render").joinpath("phrases")
    files = {file.name.removesuffix(".toml").lower(): file for file in folder.iterdir()}
    tag = language.lower()
    while tag not in files:
        tag = tag.rpartition("-")[0] or FALLBACK
    values = tomllib.loads(files[tag].read_text("utf-8"))
    return Phrases(**{**values, "months": tuple(values["months"])})


def has_phrases(language: str) -> bool:
    """Tell whether there are phrases of a language, or of a wider one, so that English need not stand in."""
    return load_phrases(language).language.partition("-")[0] == language.lower().partition("-")[0]


def choose_language(languages: Sequence[str], wanted: str) -> str:
    """Give the language that comes nearest to a wanted one; the first where none does."""
    return next((own for own in languages if own.partition("-")[0] == wanted), languages[0])


def name_language(language: str) -> str:
    """Give what a language calls itself; the tag of one without phrases of its own."""
    phrases = load_phrases(language)
    return phrases.name if phrases.language.lower() == language.lower() else language
