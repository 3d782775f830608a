"""What queries see of the ledger: what `Query.matches` says, newest first, read only as far as needed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import islice
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from feedsvc.paper import Announcement, Author, Kind, Origin, Paper
from feedsvc.query import Query, Subject, parse
from feedsvc.query.ast import (
    EVERYTHING,
    And,
    AnnouncedIn,
    AnnouncedOn,
    AnnouncedWithin,
    AuthorTerm,
    Everything,
    Field,
    HasId,
    IsPrimary,
    ListedIn,
    Not,
    OfKind,
    Or,
    Prefix,
    Stemmed,
    Term,
    Unit,
    resolve_dates,
)
from feedsvc.store import Store
from feedsvc.store.announcements import CHUNK, AnnouncementStore
from feedsvc.store.papers import START
from feedsvc.store.place import day_of, place_of
from tests.builders import MONDAY, empty_store, make_announcement, make_batch, make_digest, make_paper

DAYS = [MONDAY + timedelta(days=n) for n in (0, 1, 2, 30, 400)]
IDS = ["2601.00001", "2601.00002", "hep-th/9901001"]
CATEGORIES = ["cs.AI", "cs.LG", "math.NA", "hep-th"]
PLACES = [*CATEGORIES, "cs.*", "math.*"]

PAPERS = st.builds(
    make_paper,
    st.sampled_from(IDS),
    st.integers(1, 2),
    title=st.sampled_from(["Random walks", "Walks on graphs", "Naïve Bayes"]),
    abstract=st.sampled_from(["We walk.", "Graphs are drawn at random.", ""]),
    authors=st.sampled_from([(Author("Geoffrey Hinton"),), (Author("G. Hinton"), Author("Ada Lovelace"))]),
    categories=st.sampled_from([("cs.AI",), ("cs.LG", "cs.AI"), ("math.NA", "cs.LG"), ("hep-th",)]),
)
ANNOUNCEMENTS = st.builds(
    make_announcement,
    st.sampled_from(IDS),
    st.sampled_from(CATEGORIES),
    st.sampled_from(DAYS),
    st.sampled_from(list(Kind)),
    st.integers(1, 2),
    st.none() | st.sampled_from(DAYS),
)
LEDGERS = st.lists(ANNOUNCEMENTS, min_size=3, max_size=12, unique_by=lambda a: (a.category, a.day, a.paper))
LEAVES: st.SearchStrategy[Query] = st.one_of(
    st.just(Everything()),
    st.builds(AnnouncedIn, st.sampled_from(PLACES)),
    st.builds(ListedIn, st.sampled_from(PLACES)),
    st.builds(OfKind, st.sampled_from(list(Kind))),
    st.builds(HasId, st.sampled_from(IDS), st.none() | st.integers(1, 2)),
    st.just(IsPrimary()),
    st.builds(
        Term,
        st.sampled_from([Field.ALL, Field.TITLE, Field.ABSTRACT]),
        st.sampled_from([("walks",), ("naive",)]),
    ),
    st.just(Term(Field.ALL, ("random", "walks"))),
    st.just(Prefix(Field.ALL, ("random", "wa"))),
    st.just(Stemmed(Field.TITLE, "walk")),
    st.builds(AnnouncedOn, st.sampled_from(DAYS), st.just(date.max) | st.just(DAYS[-1])),
    st.builds(AnnouncedWithin, st.integers(1, 400), st.sampled_from(Unit)),
    st.just(AuthorTerm(("hinton",), ("g",))),
)
QUERIES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)


def record(store: Store, announcements: Iterable[Announcement], papers: Sequence[Paper] = ()) -> None:
    """Record announcements, each batch with the papers it announces."""
    known = {(paper.id, paper.version): paper for paper in papers}
    batches: dict[tuple[str, date], list[Announcement]] = {}
    for announcement in announcements:
        batches.setdefault((announcement.category, announcement.day), []).append(announcement)
    for batch in batches.values():
        keys = [(a.paper, a.version) for a in batch]
        announced = [known.get(key) or make_paper(*key) for key in keys]
        store.ledger.record_batch(make_batch(batch), announced, batch)


def matching(store: Store, text: str, *, by_release: bool = False) -> list[Announcement]:
    """Give everything a query takes in."""
    return list(store.announcements.matching(parse(text), by_release=by_release))


def by_place(announcement: Announcement) -> int:
    """Order newest day first, then later papers first."""
    return -place_of(announcement.day, announcement.paper, announcement.version)


def test_announcements_come_newest_day_first_then_later_papers_first(store: Store) -> None:
    tuesday = MONDAY + timedelta(days=1)
    ordered = [
        make_announcement("2601.00005", day=tuesday, kind=Kind.REPLACE),
        make_announcement("2601.00004", day=tuesday, kind=Kind.CROSS),
        make_announcement("2601.00002", day=tuesday, kind=Kind.NEW),
        make_announcement("2601.00001", day=tuesday, kind=Kind.NEW),
        make_announcement("2601.00003", day=MONDAY, kind=Kind.NEW),
        make_announcement("2601.00003", day=date(2019, 1, 7), kind=Kind.NEW),
    ]
    record(store, ordered[::-1])

    assert matching(store, "*") == ordered


def test_by_release_the_day_of_recording_comes_first_and_history_not_at_all(store: Store) -> None:
    tuesday = MONDAY + timedelta(days=1)
    late = make_announcement("2601.00001", day=date(2025, 12, 1), released=tuesday)
    punctual = make_announcement("2601.00002", day=MONDAY, released=MONDAY)
    history = make_announcement("2601.00003", day=tuesday, released=None)
    record(store, [punctual, history, late])

    assert matching(store, "*", by_release=True) == [late, punctual]
    assert matching(store, "*", by_release=False) == [history, punctual, late]


def test_an_empty_ledger_matches_nothing(store: Store) -> None:
    assert matching(store, "*") == []
    assert matching(store, "walks", by_release=True) == []


def test_a_query_judges_the_version_that_was_announced(store: Store) -> None:
    tuesday = MONDAY + timedelta(days=1)
    first = make_announcement(version=1)
    second = make_announcement(version=2, day=tuesday, kind=Kind.REPLACE)
    papers = [make_paper(version=1, title="Random walks"), make_paper(version=2, title="Other things")]
    record(store, [first, second], papers)

    assert matching(store, "ti:walks") == [first]
    assert matching(store, "ti:other") == [second]


def test_an_identifier_takes_in_every_version_or_the_one_it_names(store: Store) -> None:
    tuesday = MONDAY + timedelta(days=1)
    second, first = make_announcement(version=2, day=tuesday), make_announcement(version=1)
    record(store, [first, second, make_announcement("2601.00002")])

    assert matching(store, "id:2601.00001") == [second, first]
    assert matching(store, "id:2601.00001v1") == [first]


def test_relative_dates_count_from_the_newest_announcement(store: Store) -> None:
    recent = make_announcement("2601.00002", day=MONDAY)
    earlier = make_announcement("2601.00001", day=MONDAY - timedelta(days=7))
    record(store, [recent, earlier])
    week, longer = AnnouncedWithin(7, Unit.DAY), AnnouncedWithin(8, Unit.DAY)

    assert list(store.announcements.matching(week, by_release=False)) == [recent]
    assert list(store.announcements.matching(longer, by_release=False)) == [recent, earlier]
    assert list(store.announcements.matching(Not(week), by_release=False)) == [earlier]


def test_relative_dates_of_an_empty_ledger_take_in_nothing(store: Store) -> None:
    query = store.announcements.resolve(AnnouncedWithin(7, Unit.DAY))

    assert isinstance(query, AnnouncedOn)
    assert list(store.announcements.matching(query, by_release=False)) == []


def test_an_archive_takes_in_its_categories_aliases_among_them(store: Store) -> None:
    inside = [make_announcement(category=category) for category in ("cs.AI", "eess.SY", "math.NA")]
    record(store, [*inside, make_announcement(category="stat.ML")])

    assert {a.category for a in matching(store, "in:cs.*")} == {"cs.AI", "eess.SY", "math.NA"}
    assert {a.category for a in matching(store, "in:cs.AI OR in:cs.SY")} == {"cs.AI", "eess.SY"}


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LEDGERS, st.lists(PAPERS, max_size=6), st.lists(QUERIES, min_size=4, max_size=10))
def test_law_what_matches_is_what_the_query_itself_says(
    store: Store, announcements: list[Announcement], papers: list[Paper], queries: list[Query]
) -> None:
    empty_store(store)
    record(store, announcements, papers)
    subjects = [
        Subject(paper, a)
        for a in announcements
        if (paper := store.papers.find(a.paper, a.version)) is not None
    ]
    newest = max(a.day for a in announcements)
    for query in queries:
        expected = {s.announcement for s in subjects if resolve_dates(query, newest).matches(s)}
        found = list(store.announcements.matching(query, by_release=False))
        released = list(store.announcements.matching(query, by_release=True))

        assert (len(found), set(found)) == (len(expected), expected), str(query)
        assert [by_place(a) for a in found] == sorted(map(by_place, found))
        assert set(released) == {a for a in expected if a.released}
        days = [a.released for a in released if a.released]
        assert days == sorted(days, reverse=True)
        on_day = list(store.announcements.matching_on(query, newest))
        assert sorted(map(repr, on_day)) == sorted(repr(a) for a in expected if a.day == newest)


@pytest.mark.parametrize("text", ["*", "in:cs.AI", "in:cs.*", "is:primary", "kind:new"])
def test_a_query_reads_only_as_far_as_its_caller_goes_on(text: str, store: Store) -> None:
    """Sixty days of history cost nothing to somebody who wants the newest three announcements."""
    days = [MONDAY - timedelta(days=n) for n in range(60)]
    record(store, [make_announcement(f"2601.{n:05}", day=day, released=day) for n, day in enumerate(days)])
    asked: list[int] = []

    @event.listens_for(store.engine, "before_cursor_execute")
    def note(*arguments: object) -> None:
        asked.extend(int(number) for number in re.findall(r"\d{18,}", str(arguments[3])))

    found = list(islice(store.announcements.matching(parse(text), by_release=False), 3))

    assert [a.day for a in found] == days[:3]
    assert asked
    assert all(day_of(place) > MONDAY - timedelta(days=7) for place in asked)


def test_more_announcements_of_a_day_than_one_chunk_are_all_seen(store: Store) -> None:
    count = CHUNK * 2 + 1
    record(store, [make_announcement(f"2601.{n:05}") for n in range(count)])

    for text in ("in:cs.AI", "matter"):
        assert [a.paper for a in matching(store, text)] == [f"2601.{n:05}" for n in reversed(range(count))]


def test_a_caller_that_stops_leaves_no_transaction_open(store: Store) -> None:
    record(store, [make_announcement(f"2601.{n:05}") for n in range(5)])
    rows = store.announcements.matching(EVERYTHING, by_release=False)
    next(rows)
    rows.close()  # type: ignore[attr-defined]

    assert store.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_every_announcement_of_some_papers_comes_with_its_version(store: Store) -> None:
    tuesday = MONDAY + timedelta(days=1)
    own = [
        make_announcement("2601.00001", version=1),
        make_announcement("2601.00001", category="cs.LG", kind=Kind.CROSS),
        make_announcement("2601.00001", version=2, day=tuesday, kind=Kind.REPLACE),
        make_announcement("2601.00002"),
    ]
    record(store, [*own, make_announcement("2601.00003")])

    subjects = store.announcements.of_papers({"2601.00001", "2601.00002", "2601.00009"})

    assert {s.announcement for s in subjects} == set(own)
    assert all(
        (s.paper.id, s.paper.version) == (s.announcement.paper, s.announcement.version) for s in subjects
    )


def test_nothing_changed_since_the_newest_revision(store: Store) -> None:
    record(store, [make_announcement()])

    assert store.announcements.changed_since(store.revision(), 10) == []


def test_a_new_announcement_is_a_change_the_others_of_its_paper_are_none(store: Store) -> None:
    record(store, [make_announcement()])
    before = store.revision()
    cross = make_announcement(category="cs.LG", kind=Kind.CROSS)
    record(store, [cross])

    assert [s.announcement for s in store.announcements.changed_since(before, 10)] == [cross]


def test_a_paper_that_changed_changes_all_its_announcements(store: Store) -> None:
    own = [make_announcement(), make_announcement(category="cs.LG", kind=Kind.CROSS)]
    record(store, [*own, make_announcement("2601.00002")])
    before = store.revision()
    store.papers.save([make_paper(title="Mended", complete=True)])

    changed = store.announcements.changed_since(before, 10)

    assert {s.announcement for s in changed} == set(own)
    assert {s.paper.title for s in changed} == {"Mended"}


def test_a_version_that_changed_is_none_of_the_announcements_of_another(store: Store) -> None:
    later = make_announcement(kind=Kind.REPLACE, version=2, day=MONDAY + timedelta(days=1))
    record(store, [make_announcement()])
    before = store.revision()
    record(store, [later])

    assert [s.announcement for s in store.announcements.changed_since(before, 10)] == [later]


def test_what_changed_is_not_told_once_an_announcement_was_taken_out(store: Store) -> None:
    estimate = replace(make_announcement(released=None), origin=Origin.ESTIMATED)
    store.ledger.record_rebuilt((), [make_paper()], [estimate])
    before = store.revision()
    assert store.announcements.find_changes(before, 10) == []
    record(store, [make_announcement(day=MONDAY + timedelta(days=1))])

    assert store.announcements.find_changes(before, 10) is None
    assert store.announcements.find_changes(store.revision(), 10) == []


def test_a_new_digest_changes_all_announcements_of_its_paper(store: Store) -> None:
    record(store, [make_announcement(), make_announcement("2601.00002")])
    before = store.revision()
    store.digests.save([make_digest()])

    assert [s.announcement for s in store.announcements.changed_since(before, 10)] == [make_announcement()]


def test_an_announcement_that_changed_in_several_ways_is_one_change(store: Store) -> None:
    record(store, [make_announcement()])
    store.digests.save([make_digest()])

    assert len(store.announcements.changed_since(START[0], 10)) == 1


def test_a_change_counts_once_in_however_many_languages_it_is_one(store: Store) -> None:
    """What is cut off at the limit must not look like all there is."""
    papers = [f"2601.{n:05}" for n in range(6)]
    record(store, [make_announcement(paper) for paper in papers])
    before = store.revision()
    store.digests.save([make_digest(paper, language=each) for paper in papers for each in ("en", "zh", "de")])

    assert len(store.announcements.changed_since(before, 6)) == 6
    assert len(store.announcements.changed_since(before, 5)) == 5


def test_no_more_changes_are_read_than_asked_for(store: Store) -> None:
    """After an import nearly everything has changed."""
    record(store, [make_announcement(f"2601.{n:05}") for n in range(9)])
    asked: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))

    assert len(store.announcements.changed_since(0, 4)) == 4
    (statement,) = (each for each in asked if "FROM announcements" in each)
    assert "LIMIT" in statement


def test_the_words_of_a_paper_are_read_anew_when_it_changed(store: Store) -> None:
    record(store, [make_announcement()])
    assert matching(store, "ti:walks") == []
    store.papers.save([make_paper(title="Random walks", complete=True)])

    assert matching(store, "ti:walks") == [make_announcement()]


def test_where_no_index_helps_only_so_many_announcements_are_read(store: Store) -> None:
    papers = [make_paper(f"2601.{number:05}", title="On counting") for number in range(1, 6)]
    rows = [make_announcement(paper.id) for paper in papers]
    store.ledger.record_batch(make_batch(rows), papers, rows)
    bounded = AnnouncementStore(store.engine, most_read=2)

    assert len(list(bounded.matching(parse("is:primary"), by_release=False))) == 2
    assert len(list(bounded.matching(parse("counting"), by_release=False))) == 5
    assert len(list(bounded.matching(parse("in:cs.AI"), by_release=False))) == 5


def test_the_nearest_days_are_those_with_an_announcement(store: Store) -> None:
    assert store.announcements.days_around(MONDAY) == (None, None)
    for day in (DAYS[0], DAYS[2], DAYS[4]):
        announcements = [make_announcement(day=day, category="math.NA", released=None)]
        store.ledger.record_batch(make_batch(announcements), [make_paper()], announcements)

    around = store.announcements.days_around
    assert around(DAYS[0]) == (None, DAYS[2])
    assert around(DAYS[1]) == (DAYS[0], DAYS[2])
    assert around(DAYS[3]) == (DAYS[2], DAYS[4])
    assert around(DAYS[4]) == (DAYS[2], None)
    assert (around(date.min), around(date.max)) == ((None, DAYS[0]), (DAYS[4], None))


def test_a_day_is_looked_up_and_not_searched_for(store: Store) -> None:
    plans: list[str] = []
    with store.engine.connect() as connection:
        if connection.dialect.name != "sqlite":
            pytest.skip("a plan of SQLite")

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            explained = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
            plans.extend(row[3] for row in explained)

    event.listen(store.engine, "before_cursor_execute", explain)
    store.announcements.days_around(MONDAY)
    store.ledger.knows_day(MONDAY)
    list(store.announcements.matching_on(parse("in:cs.AI"), MONDAY))

    event.remove(store.engine, "before_cursor_execute", explain)
    assert plans
    assert not [step for step in plans if step.startswith("SCAN") and "CONSTANT" not in step]
