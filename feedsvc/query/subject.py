"""What a query is asked about: a paper version as it was announced, its words read once."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property

from feedsvc.paper import Announcement, Paper
from feedsvc.query.words import pad, tokenise
from feedsvc.taxonomy import load_taxonomy


class Field(StrEnum):
    """Where words stand and a term's are looked for, by the prefix that says so."""

    ALL = "all"
    TITLE = "ti"
    ABSTRACT = "abs"
    COMMENTS = "co"
    JOURNAL = "jr"


class Wording:
    """The words of one paper version, each field tokenised when first asked for."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper

    @cached_property
    def names(self) -> tuple[tuple[str, ...], ...]:
        """Each author's name as words, in the order of the name."""
        return tuple(name for author in self._paper.authors if (name := tokenise(author.name)))

    @cached_property
    def phrases(self) -> dict[Field, tuple[tuple[str, ...], ...]]:
        """Each field as rows of words that stand side by side.

        "All fields" are those that every source of arXiv's carries, so that a paper cannot come into a
        feed merely because its comments were read later.
        """
        title, abstract = tokenise(self._paper.title), tokenise(self._paper.abstract)
        return {
            Field.ALL: (title, abstract, *self.names),
            Field.TITLE: (title,),
            Field.ABSTRACT: (abstract,),
            Field.COMMENTS: (tokenise(self._paper.comments or ""),),
            Field.JOURNAL: (tokenise(self._paper.journal_ref or ""),),
        }

    @cached_property
    def fields(self) -> dict[Field, str]:
        """Each field as one padded string, to look for phrases in."""
        return {field: pad(phrases) for field, phrases in self.phrases.items()}

    @cached_property
    def words(self) -> frozenset[str]:
        """Every word of every field: what is not here need not be looked for."""
        return frozenset(word for field in self.fields.values() for word in field.split())

    @cached_property
    def categories(self) -> frozenset[str]:
        """The categories that the paper is listed in, under their canonical ids."""
        return frozenset(map(_canonical, self._paper.categories))


class Subject:
    """A paper and one of its announcements. Many queries can be asked about one subject cheaply."""

    def __init__(self, paper: Paper, announcement: Announcement, wording: Wording | None = None) -> None:
        self.paper = paper
        self.announcement = announcement
        self.category = _canonical(announcement.category)
        self.wording = wording or Wording(paper)

    @property
    def is_primary(self) -> bool:
        """Whether the announcement was made in the paper's primary category."""
        return self.category == _canonical(self.paper.primary)

    def announced_as(self, announcement: Announcement) -> Subject:
        """Give the same paper under another of its announcements, without reading its words again."""
        return Subject(self.paper, announcement, self.wording)


def _canonical(category: str) -> str:
    return load_taxonomy().resolve(category) or category
