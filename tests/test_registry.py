"""The registry of queries: it answers as a loop of `Query.matches` would, whatever comes and goes."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from feedsvc.query import Query, Subject, parse
from feedsvc.query.ast import Prefix, Stemmed, all_of, negate
from feedsvc.query.registry import Registry
from tests.builders import make_announcement, make_paper
from tests.registered import Begins, begins, queries, subjects


def subject(title: str) -> Subject:
    """Make a subject of a title."""
    return Subject(make_paper(title=title, abstract=""), make_announcement())


keys = st.integers(0, 12)


class Registration(RuleBasedStateMachine):
    """Queries come and go, papers come; a plain dict of queries says what is true."""

    @initialize(known=st.dictionaries(keys, queries))
    def begin(self, known: dict[int, Query]) -> None:
        self.registry = Registry(known)
        self.known = dict(known)

    @rule(key=keys, query=queries)
    def add(self, key: int, query: Query) -> None:
        self.registry.add(key, query)
        self.known[key] = query

    @rule(key=keys)
    def remove(self, key: int) -> None:
        if key in self.known:
            self.registry.remove(key)
            del self.known[key]
        else:
            with pytest.raises(KeyError):
                self.registry.remove(key)

    @rule(known=st.dictionaries(keys, queries))
    def keep_only(self, known: dict[int, Query]) -> None:
        self.registry.keep_only(known)
        self.known = dict(known)

    @rule(subject=subjects)
    def match(self, subject: Subject) -> None:
        matching = {key for key, query in self.known.items() if query.matches(subject)}

        assert sorted(self.registry.match(subject)) == sorted(matching)

    @rule(subjects=st.lists(subjects, max_size=3))
    def match_any(self, subjects: list[Subject]) -> None:
        matching = {key for key, query in self.known.items() if any(map(query.matches, subjects))}

        assert sorted(self.registry.match_any(subjects)) == sorted(matching)

    @invariant()
    def count(self) -> None:
        if hasattr(self, "known"):
            assert len(self.registry) == len(self.known)
            assert set(self.registry) == set(self.known)
            assert all((key in self.registry) == (key in self.known) for key in range(13))


Registration.TestCase.settings = settings(max_examples=60, stateful_step_count=30)
TestRegistration = Registration.TestCase


def test_a_registry_without_queries_finds_nothing() -> None:
    assert [*Registry[str]().match(subject("Ants"))] == []


def test_only_what_traits_do_not_say_is_asked_and_equal_queries_once() -> None:
    node = begins("ant")
    query = all_of((parse("bee"), node))
    registry = Registry(dict.fromkeys(range(100), query) | {"none": parse("cat"), "other": parse("bee -dog")})

    assert {*registry.match(subject("The ant, the bee"))} == {*range(100), "other"}
    assert isinstance(node, Begins)
    assert node.questions["ant"] == 1


def test_a_query_is_not_asked_where_its_rarest_required_trait_is_missing() -> None:
    node = begins("ant")
    queries = {number: parse(f"the word{number}") for number in range(50)}
    registry = Registry(queries | {"asked": all_of((parse("the word7"), node))})

    assert [*registry.match(subject("The ant"))] == []
    assert isinstance(node, Begins)
    assert node.questions["ant"] == 0


@pytest.mark.parametrize(
    ("text", "kind"), [("transf*", Prefix), ("deep transf*", Prefix), ("~transformers", Stemmed)]
)
def test_a_query_for_an_open_word_is_asked_only_where_a_word_begins_so(
    text: str, kind: type[Prefix] | type[Stemmed], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Subject] = []
    holds = kind.matches

    def note(node: Prefix | Stemmed, subject: Subject) -> bool:
        asked.append(subject)
        return holds(node, subject)  # type: ignore[arg-type]

    monkeypatch.setattr(kind, "matches", note)
    registry = Registry({"open": parse(text)})
    other, paper = subject("Deep learning, deep trams"), subject("A deep transformer")

    assert [*registry.match(other)] == []
    assert asked == []
    assert [*registry.match(paper)] == ["open"]
    assert asked == [paper]


def test_a_query_that_joins_many_choices_is_found_by_each() -> None:
    query = parse("(a OR b OR c OR d OR e) (f OR g OR h OR i) (j OR k OR l)")
    registry = Registry({"many": query})

    assert [*registry.match(subject("E, i and l"))] == ["many"]
    assert [*registry.match(subject("E and i"))] == []


def test_a_query_may_ask_for_more_than_a_row_holds() -> None:
    absent = all_of(negate(parse(f"word{number}")) for number in range(9))
    registry = Registry({"none": absent, "all": parse("a b c d e f g h i"), "some": parse("a b c d -e -f")})

    assert [*registry.match(subject("Word8"))] == []
    assert {*registry.match(subject("A b c d e f g h"))} == {"none"}
    assert {*registry.match(subject("A b c d e f g h i"))} == {"none", "all"}
    assert {*registry.match(subject("A b c d"))} == {"none", "some"}


def test_an_answer_is_read_before_the_registry_changes() -> None:
    registry = Registry({"ants": parse("ant")})
    answer = registry.match(subject("An ant"))
    registry.add("bees", parse("bee"))

    assert len(answer) == 1
    with pytest.raises(RuntimeError, match="changed"):
        list(answer)


def test_what_is_removed_leaves_nothing_behind() -> None:
    registry: Registry[int] = Registry({0: parse('"deep learning" -cat:cs.*')})
    asked = registry.traits
    for number in range(1, 100):
        text = f'"word{number} of deep learning" OR au:b_{number} OR (id:2601.00001 -{number})'
        registry.add(number, all_of((parse(text), begins("x"))))
    for number in range(1, 100):
        registry.remove(number)

    assert registry.traits == asked
