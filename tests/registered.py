"""Queries of every kind of node, and subjects to ask them about; of so few words that many match."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import strategies as st

from feedsvc.paper import Author, Kind
from feedsvc.query import Query, Subject
from feedsvc.query.ast import (
    EVERYTHING,
    NOTHING,
    And,
    AnnouncedIn,
    AuthorTerm,
    Field,
    HasId,
    IsPrimary,
    ListedIn,
    Not,
    OfKind,
    Or,
    Term,
    all_of,
    any_of,
    negate,
)
from tests.builders import make_announcement, make_paper

WORDS = ("ant", "bee", "cat", "dog", "the")
NAMES = ("Ann Bee", "Bee C. Cat", "The Ant", "A. N. Ant", "Cat Dog Jr.")
CATEGORIES = ("cs.AI", "cs.LG", "math.NA", "hep-th", "cs.NA", "cond-mat", "nowhere")
PLACES = ("cs.AI", "cs.*", "math.NA", "hep-th", "cond-mat.*", "cond-mat", "nowhere")


@dataclass(frozen=True, slots=True)
class Begins:
    """A node that the registry knows nothing of: some word of the title begins so. Counts its questions."""

    start: str
    questions: Counter[str] = field(default_factory=Counter, compare=False)

    def matches(self, subject: Subject) -> bool:
        self.questions[self.start] += 1
        return f" {self.start}" in subject.wording.fields[Field.TITLE]

    def __str__(self) -> str:
        return f"{self.start}*"


def begins(start: str) -> Query:
    """Make a query of that node."""
    node: Query = Begins(start)  # type: ignore[assignment]  # it stands for nodes still to be thought of
    return node


texts = st.lists(st.sampled_from((*WORDS, "The-Cat", "bee.")), max_size=8).map(" ".join)
papers = st.builds(
    make_paper,
    id=st.sampled_from(("2601.00001", "2601.00002")),
    version=st.integers(1, 2),
    title=texts,
    abstract=texts,
    comments=st.none() | texts,
    journal_ref=st.none() | texts,
    authors=st.lists(st.sampled_from(NAMES).map(Author), max_size=3).map(tuple),
    categories=st.lists(st.sampled_from(CATEGORIES), min_size=1, max_size=3).map(tuple),
)
subjects = st.builds(
    lambda paper, category, kind: Subject(
        paper, make_announcement(paper.id, category=category, kind=kind, version=paper.version)
    ),
    papers,
    st.sampled_from(CATEGORIES),
    st.sampled_from(Kind),
)
leaves: st.SearchStrategy[Query] = st.one_of(
    st.builds(
        Term, st.sampled_from(Field), st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(tuple)
    ),
    st.builds(
        AuthorTerm,
        st.lists(st.sampled_from(("ann", "ant", "bee", "cat")), min_size=1, max_size=2).map(tuple),
        st.lists(st.sampled_from("abc"), max_size=2).map(tuple),
    ),
    st.builds(ListedIn, st.sampled_from(PLACES)),
    st.builds(AnnouncedIn, st.sampled_from(PLACES)),
    st.builds(OfKind, st.sampled_from(Kind)),
    st.builds(HasId, st.sampled_from(("2601.00001", "2601.00002")), st.none() | st.integers(1, 2)),
    st.sampled_from((EVERYTHING, NOTHING, IsPrimary(), Or((OfKind(Kind.NEW), OfKind(Kind.CROSS))))),
    st.builds(begins, st.sampled_from(("a", "do", "the"))),
    # Nothing that can be typed, but what a program may make.
    st.sampled_from(
        (Term(Field.ALL, ("|",)), Term(Field.ALL, ("|", "|")), Term(Field.ALL, ()), Or(()), And(()))
    ),
)
queries = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=6).map(all_of),
        st.lists(inner, max_size=6).map(any_of),
        st.lists(inner, max_size=6).map(lambda parts: And(tuple(parts))),
        st.lists(inner, max_size=6).map(lambda parts: Or(tuple(parts))),
        inner.map(negate),
        inner.map(Not),
    ),
    max_leaves=16,
)
