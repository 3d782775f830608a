"""Traits say what nodes do: a subject has a node's trait exactly where the node matches."""

from __future__ import annotations

import pytest
from hypothesis import given

from feedsvc.paper import Author
from feedsvc.query import Query, Subject, parse
from feedsvc.query.ast import members_of
from feedsvc.query.conjunctions import Conjunction, split
from feedsvc.query.lexicon import Lexicon
from feedsvc.query.traits import Trait, places_of, trait_of, traits_required
from feedsvc.taxonomy import load_taxonomy
from tests.builders import make_announcement, make_paper
from tests.registered import leaves, subjects


def has(subject: Subject, trait: Trait) -> bool:
    """Tell whether a subject has a trait."""
    lexicon = Lexicon()
    return lexicon.take(trait) in lexicon.find_in(subject)


@given(leaves, subjects)
def test_a_subject_has_a_nodes_trait_exactly_where_the_node_matches(node: Query, subject: Subject) -> None:
    trait = trait_of(node)

    assert trait is None or has(subject, trait) == node.matches(subject)


@given(leaves, subjects)
def test_a_subject_that_a_node_matches_has_what_the_node_requires(node: Query, subject: Subject) -> None:
    if node.matches(subject):
        assert all(has(subject, trait) for trait in traits_required(node))


@pytest.mark.parametrize("category", [*load_taxonomy().categories, "astro-ph", "nowhere", "odd.*"])
def test_places_are_those_that_have_a_category_as_a_member(category: str) -> None:
    names = {*load_taxonomy().categories, *load_taxonomy().archives, category}
    places = {place for name in names for place in (name, f"{name}.*")}

    assert set(places_of(category)) == {place for place in places if category in members_of(place)}


def test_with_a_phrase_its_last_words_are_looked_for_and_let_go() -> None:
    lexicon = Lexicon()
    lexicon.take(("ti:very", "ti:deep", "ti:learning"))
    lexicon.take(("ti:learning",))
    lexicon.let_go(("ti:very", "ti:deep", "ti:learning"))

    assert len(lexicon) == 2
    assert lexicon.find(("ti:deep", "ti:learning")) is None
    assert has(Subject(make_paper(title="On deep learning"), make_announcement()), ("ti:learning",))


def test_a_phrase_ends_where_its_field_does() -> None:
    paper = make_paper(title="Deep", abstract="Learning", authors=(Author("Ann Bee"), Author("Cat Dog")))
    subject = Subject(paper, make_announcement())

    assert has(subject, ("ann", "bee"))
    assert not has(subject, ("deep", "learning"))
    assert not has(subject, ("bee", "cat"))


WAYS = [
    ("a -b", [Conjunction((("a",),), (("b",),))]),
    ('ti:"a b"', [Conjunction((("ti:a", "ti:b"),))]),
    ("a OR b c", [Conjunction((("a",),)), Conjunction((("b",), ("c",)))]),
    ("a (b OR c)", [Conjunction((("a",), ("b",))), Conjunction((("a",), ("c",)))]),
    ("a -(b c)", [Conjunction((("a",),), (("b",),)), Conjunction((("a",),), (("c",),))]),
    ("kind:new OR kind:cross", [Conjunction((("kind:", "cross", "new"),))]),
    ('"a b c d"', [Conjunction((("a", "b", "c"), ("b", "c", "d")), is_exact=False)]),
    ("au:hinton_g", [Conjunction((("au:", "hinton"),), is_exact=False)]),
    ("au:hinton", [Conjunction((("au:", "hinton"),))]),
    ("*", [Conjunction()]),
]


@pytest.mark.parametrize(("text", "ways"), WAYS)
def test_a_query_is_split_into_the_ways_in_which_it_may_hold(text: str, ways: list[Conjunction]) -> None:
    assert sorted(split(parse(text))) == sorted(ways)


def test_ways_do_not_multiply_beyond_measure() -> None:
    query = parse(" ".join(f"(a{number} OR b{number})" for number in range(12)))

    assert len(split(query)) <= 16
