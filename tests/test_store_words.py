"""The index of words: it holds what was announced, and follows every change of it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import text

from feedsvc.paper import Announcement, Author, Kind, Paper
from feedsvc.query import parse
from feedsvc.store import Store
from feedsvc.store.bulk import make_chunk
from feedsvc.store.engine import read
from feedsvc.store.harvests import Harvest
from feedsvc.store.place import place_of
from feedsvc.store.versions import Key
from feedsvc.store.words import Words, words_of
from feedsvc.store.words.postgresql import make_lexemes
from tests.builders import MONDAY, NOON, make_announcement, make_batch, make_paper


def record(store: Store, papers: Sequence[Paper], *announcements: Announcement) -> None:
    """Record what one category announces."""
    store.ledger.record_batch(make_batch(announcements), papers, announcements)


def found(store: Store, query: str) -> list[Key]:
    """Give the paper versions that a query finds, in order."""
    matching = store.announcements.matching(parse(query), by_release=False)
    return [(announcement.paper, announcement.version) for announcement in matching]


def words_at(store: Store, announcement: Announcement) -> Words | None:
    """Give what the index holds of an announcement."""
    place = place_of(announcement.day, announcement.paper, announcement.version)
    with read(store.engine) as connection:
        return words_of(connection).load(connection, [place]).get(place)


def test_a_row_holds_every_field_and_every_category_as_tokens(store: Store) -> None:
    paper = make_paper(
        title="Naïve walks",
        abstract="On $\\alpha$-stable walks.",
        authors=(Author("Ada Lovelace"), Author("Jiří Novák")),
        categories=("cs.AI", "math-ph"),
        comments="12 pages",
        journal_ref="Nature 1",
    )
    record(store, [paper], make_announcement())

    assert words_at(store, make_announcement()) == Words(
        title="naive walks",
        abstract="on alpha stable walks",
        names="ada lovelace · jiri novak",
        comments="12 pages",
        journal="nature 1",
        places="cat·cs·ai cat·math·ph in·cs·ai",
    )


def test_a_later_category_of_the_same_day_is_added_to_the_row(store: Store) -> None:
    record(store, [make_paper()], make_announcement())
    record(store, [make_paper()], make_announcement(category="stat.ML", kind=Kind.CROSS))

    row = words_at(store, make_announcement())
    assert row is not None
    assert row.places == "cat·cs·ai cat·cs·lg in·cs·ai in·stat·ml"


def test_what_a_better_source_tells_later_is_found(store: Store) -> None:
    record(store, [make_paper()], make_announcement())
    assert found(store, "co:pages") == []
    store.papers.save([make_paper(comments="12 pages", complete=True)])

    assert found(store, "co:pages") == [("2601.00001", 1)]


def test_what_is_no_longer_in_a_paper_is_no_longer_found(store: Store) -> None:
    record(store, [make_paper(title="Walks")], make_announcement())
    record(store, [make_paper(title="Runs")], make_announcement())

    assert found(store, "ti:walks") == []
    assert found(store, "ti:runs") == [("2601.00001", 1)]


def test_each_version_is_found_by_its_own_words(store: Store) -> None:
    record(store, [make_paper(title="Walks")], make_announcement())
    second = make_paper(version=2, title="Runs")
    record(store, [second], make_announcement(version=2, kind=Kind.REPLACE, day=MONDAY.replace(day=6)))

    assert found(store, "ti:walks") == [("2601.00001", 1)]
    assert found(store, "ti:runs") == [("2601.00001", 2)]


def test_a_corrected_version_takes_its_place(store: Store) -> None:
    record(store, [make_paper(title="Walks")], make_announcement())
    record(store, [make_paper(version=2, title="Runs")], make_announcement(version=2))

    assert found(store, "ti:walks") == []
    assert found(store, "ti:runs") == [("2601.00001", 2)]


def test_history_that_is_filled_in_is_found_behind_what_came_later(store: Store) -> None:
    record(store, [make_paper("2601.00001", title="New walks")], make_announcement("2601.00001"))
    old = make_paper("2003.00001", title="Old walks", complete=True)
    history = make_announcement("2003.00001", day=MONDAY.replace(year=2020), released=None)
    store.bulk.record(make_chunk([old], [history], store.bulk.backend), Harvest("history", NOON, NOON))

    assert found(store, "ti:walks") == [("2601.00001", 1), ("2003.00001", 1)]


def test_recording_the_same_again_writes_nothing(store: Store) -> None:
    record(store, [make_paper()], make_announcement())
    before = store.revision()
    record(store, [make_paper()], make_announcement())

    assert store.revision() == before


@pytest.mark.parametrize("query", ['"lovelace charles"', '"matter ada"', 'ti:"2601 00001 we"'])
def test_no_phrase_is_found_across_two_fields_or_two_authors(query: str, store: Store) -> None:
    record(store, [make_paper()], make_announcement())

    assert found(store, query) == []


def test_chinese_is_found_character_by_character(store: Store) -> None:
    record(store, [make_paper(title="关于量子计算的研究")], make_announcement())

    assert found(store, "量子计算") == [("2601.00001", 1)]
    assert found(store, "量计") == []


def test_a_category_that_the_paper_does_not_list_is_found_where_it_was_announced(store: Store) -> None:
    record(store, [make_paper(title="Walks")], make_announcement(category="hep-th", kind=Kind.CROSS))

    assert found(store, "in:hep-th walks") == [("2601.00001", 1)]
    assert found(store, "cat:hep-th walks") == []


def test_a_text_too_long_for_an_index_of_lexemes_is_found_all_the_same(store: Store) -> None:
    """PostgreSQL counts positions up to 16,383, and no more than 255 of one word."""
    long = " ".join(f"word{n}" for n in range(20_000)) + " the very end"
    often = "again and " * 400 + "enough"
    record(store, [make_paper("2601.00001", abstract=long)], make_announcement("2601.00001"))
    record(store, [make_paper("2601.00002", abstract=often)], make_announcement("2601.00002", "cs.LG"))

    assert found(store, '"the very end"') == [("2601.00001", 1)]
    assert found(store, '"very the end"') == []
    assert found(store, 'word19999 -"very the"') == [("2601.00001", 1)]
    assert found(store, '"and enough"') == [("2601.00002", 1)]


def test_a_word_longer_than_any_is_stored_and_hurts_nobody(store: Store) -> None:
    record(store, [make_paper(title=f"Walks {'a' * 5000} end")], make_announcement())

    assert found(store, "ti:walks ti:end") == [("2601.00001", 1)]


def test_lexemes_carry_their_field_and_where_they_stand() -> None:
    lexemes, is_whole = make_lexemes(Words("a walk", "a walk", "ada b", "12 pages", "", "in·cs·ai"))

    assert lexemes.split(" ") == [
        "'a':1A,5B",
        "'walk':2A,6B",
        "'ada':9C",
        "'b':10C",
        "'co·12':13D",
        "'co·pages':14D",
        "'in·cs·ai':19D",
    ]
    assert is_whole


def test_every_write_leaves_the_index_as_if_it_were_made_anew(store: Store) -> None:
    record(store, [make_paper()], make_announcement())
    record(store, [make_paper()], make_announcement(category="cs.LG", kind=Kind.CROSS))
    store.papers.save([make_paper(title="Walks", comments="12 pages", complete=True)])
    with read(store.engine) as connection:
        count = connection.execute(text("SELECT count(*) FROM words")).scalar()

    assert count == 1
