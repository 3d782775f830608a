"""Paper versions and digests: merged, never lost, and asked about in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from feedsvc.paper import Author
from feedsvc.store import Store
from feedsvc.store.papers import START
from feedsvc.store.versions import CHUNK, chunked
from tests.builders import NOON, make_digest, make_paper

YESTERDAY = NOON - timedelta(days=1)


def undigested(store: Store, language: str = "en") -> list[str]:
    """Give the ids of the papers without a digest."""
    return [paper.id for _, paper in store.digests.undigested(language, START, 100)]


def test_every_field_comes_back_as_it_went_in(store: Store) -> None:
    paper = make_paper(
        "hep-th/9901001",
        version=12,
        title="On ℓ₁-norms and $x<y$",
        authors=(Author("Erdős Pál", ("Budapest", "Notre Dame")), Author("M. Šabić")),
        categories=("hep-th", "math.AG"),
        comments="12 pages",
        doi="10.1/1",
        journal_ref="J. 1 (1999)",
        license="http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
        submitted=datetime(1999, 1, 1, 12, 34, 56, tzinfo=UTC),
        revised=datetime(2001, 1, 1, tzinfo=UTC),
        complete=True,
    )
    assert store.papers.save([paper]) == 1

    assert store.papers.find("hep-th/9901001", 12) == paper


def test_versions_are_papers_of_their_own(store: Store) -> None:
    versions = [make_paper(version=n, title=f"Version {n}") for n in (1, 2)]
    store.papers.save(versions)

    assert [store.papers.find("2601.00001", n) for n in (1, 2, 3)] == [*versions, None]


def test_the_same_papers_again_change_nothing(store: Store) -> None:
    store.papers.save([make_paper()])

    assert store.papers.save([make_paper()]) == 0
    assert store.revision() == 1


def test_a_complete_reading_wins_whichever_comes_first(store: Store) -> None:
    listing, complete = make_paper(), make_paper(title="Complete", comments="12 pages", complete=True)
    store.papers.save([listing])
    assert store.papers.save([complete]) == 1
    assert store.papers.save([listing]) == 0

    assert store.papers.find("2601.00001", 1) == complete


def test_a_listing_fills_gaps_only(store: Store) -> None:
    store.papers.save([make_paper(title="Complete", complete=True)])
    store.papers.save([make_paper(title="Listed", license="a licence")])

    found = store.papers.find("2601.00001", 1)
    assert found == make_paper(title="Complete", license="a licence", complete=True)


def test_two_readings_in_one_call_are_merged_too(store: Store) -> None:
    store.papers.save([make_paper(title="Complete", comments="12 pages", complete=True), make_paper()])

    found = store.papers.find("2601.00001", 1)
    assert found == make_paper(title="Complete", comments="12 pages", complete=True)


def test_only_what_changed_gets_the_new_revision(store: Store) -> None:
    store.papers.save([make_paper("2601.00001"), make_paper("2601.00002")])
    changed = store.papers.save([make_paper("2601.00001", title="Mended"), make_paper("2601.00002")])

    places = {paper.id: cursor[0] for cursor, paper in store.digests.undigested("en", START, 10)}
    assert changed == 1
    assert places == {"2601.00001": 2, "2601.00002": 1}


def test_more_papers_than_one_statement_can_ask_for_are_saved_and_loaded(store: Store) -> None:
    papers = [make_paper(f"2601.{n:05}") for n in range(2 * CHUNK + 1)]
    assert store.papers.save(papers) == len(papers)

    loaded = store.papers.load((paper.id, paper.version) for paper in papers)
    assert loaded == {(paper.id, 1): paper for paper in papers}


def test_only_the_versions_asked_for_are_loaded(store: Store) -> None:
    store.papers.save([make_paper(version=1), make_paper(version=2), make_paper("2601.00002", version=2)])

    keys = [("2601.00001", 2), ("2601.00002", 1), ("2601.00003", 1)]
    assert set(store.papers.load(keys)) == {("2601.00001", 2)}


def test_papers_known_from_a_listing_only_are_incomplete_the_newest_first(store: Store) -> None:
    store.papers.save([make_paper("2601.00001")])
    store.papers.save([make_paper("2601.00003"), make_paper("2601.00002")])
    store.papers.save([make_paper("2601.00004", complete=True)])

    incomplete = store.papers.incomplete(NOON, 10)
    assert [paper for paper, _ in incomplete] == ["2601.00002", "2601.00003", "2601.00001"]
    assert store.papers.incomplete(NOON, 1) == [("2601.00002", 1)]


def test_a_paper_asked_about_is_not_asked_about_again_until_later(store: Store) -> None:
    store.papers.save([make_paper("2601.00001"), make_paper("2601.00002")])
    store.papers.note_asked([("2601.00001", 1)], NOON)

    assert store.papers.incomplete(NOON, 10) == [("2601.00002", 1)]
    assert set(store.papers.incomplete(NOON + timedelta(seconds=1), 10)) == {
        ("2601.00001", 1),
        ("2601.00002", 1),
    }


def test_noting_that_a_paper_was_asked_about_is_no_change_of_content(store: Store) -> None:
    store.papers.save([make_paper()])
    store.papers.note_asked([("2601.00001", 1), ("2601.09999", 1)], NOON)

    assert store.revision() == 1
    assert store.papers.find("2601.00001", 1) == make_paper()


def test_when_a_paper_was_asked_about_is_kept_when_it_changes(store: Store) -> None:
    store.papers.save([make_paper()])
    store.papers.note_asked([("2601.00001", 1)], NOON)
    store.papers.save([make_paper(title="Mended")])

    assert store.papers.incomplete(YESTERDAY, 10) == []


def test_every_version_lacks_a_digest_until_it_has_one_in_the_language(store: Store) -> None:
    store.papers.save([make_paper("2601.00001"), make_paper("2601.00002")])
    store.digests.save([make_digest("2601.00001", language="en"), make_digest("2601.00002", language="zh")])

    assert undigested(store, "en") == ["2601.00002"]
    assert undigested(store, "zh") == ["2601.00001"]


def test_a_digest_of_another_version_is_none_of_this_one(store: Store) -> None:
    store.papers.save([make_paper(version=1), make_paper(version=2)])
    store.digests.save([make_digest(version=1)])

    assert [paper.version for _, paper in store.digests.undigested("en", START, 10)] == [2]


def test_a_cursor_goes_on_where_it_was_page_by_page(store: Store) -> None:
    for ids in (["2601.00003", "2601.00001"], ["2601.00002"], ["2601.00005", "2601.00004"]):
        store.papers.save([make_paper(id_) for id_ in ids])
    cursor, seen = START, []
    while page := store.digests.undigested("en", cursor, 2):
        cursor = page[-1][0]
        seen += [paper.id[-1] for _, paper in page]

    assert seen == ["1", "3", "2", "4", "5"]


def test_a_paper_that_changed_comes_behind_the_cursor_again(store: Store) -> None:
    store.papers.save([make_paper()])
    ((cursor, _),) = store.digests.undigested("en", START, 10)
    assert store.digests.undigested("en", cursor, 10) == []
    store.papers.save([make_paper(title="Mended")])

    assert [paper.title for _, paper in store.digests.undigested("en", cursor, 10)] == ["Mended"]


def test_a_digest_comes_back_as_it_went_in(store: Store) -> None:
    digest = make_digest(
        language="zh", method="gpt", title="标题", background=("一。", "二。"), conclusion=()
    )
    store.papers.save([make_paper()])
    assert store.digests.save([digest]) == 1

    assert store.digests.load([("2601.00001", 1)], ["zh"]) == {("2601.00001", 1): digest}


def test_the_same_digest_again_changes_nothing(store: Store) -> None:
    store.papers.save([make_paper()])
    store.digests.save([make_digest()])

    assert store.digests.save([make_digest()]) == 0
    assert store.revision() == 2


def test_another_digest_replaces_the_one_in_its_language(store: Store) -> None:
    better = make_digest(method="gpt")
    store.papers.save([make_paper()])
    store.digests.save([make_digest(), make_digest(language="zh")])

    assert store.digests.save([better]) == 1
    assert store.revision() == 3
    assert store.digests.load([("2601.00001", 1)], ["en"]) == {("2601.00001", 1): better}
    assert store.digests.load([("2601.00001", 1)], ["zh"])["2601.00001", 1].method == "extractive"


def test_each_version_gets_the_first_of_the_languages_it_has(store: Store) -> None:
    ids = ["2601.00001", "2601.00002", "2601.00003"]
    store.papers.save([make_paper(id_) for id_ in ids])
    store.digests.save([make_digest(ids[0], language=language) for language in ("en", "zh")])
    store.digests.save([make_digest(ids[1], language="en")])

    loaded = store.digests.load(((id_, 1) for id_ in ids), ["zh", "en"])
    assert {id_: digest.language for (id_, _), digest in loaded.items()} == {ids[0]: "zh", ids[1]: "en"}


def test_a_digest_of_an_unknown_paper_is_refused_and_those_beside_it_with_it(store: Store) -> None:
    store.papers.save([make_paper()])
    with pytest.raises(IntegrityError):
        store.digests.save([make_digest(), make_digest("2601.09999")])

    assert store.digests.load([("2601.00001", 1)], ["en"]) == {}
    assert store.revision() == 1


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (2, [2]), (3, [3]), (7, [3, 3, 1])])
def test_a_sequence_is_cut_into_lists_of_bounded_size(count: int, sizes: list[int]) -> None:
    pieces = list(chunked(iter(range(count)), 3))

    assert [len(piece) for piece in pieces] == sizes
    assert [item for piece in pieces for item in piece] == list(range(count))


def test_a_digest_of_an_earlier_reading_is_made_anew(store: Store) -> None:
    store.papers.save([make_paper()])
    store.digests.save([make_digest()])
    assert store.digests.undigested("en", START, 10) == []

    store.papers.save([make_paper(abstract="We look again.", complete=True)])

    assert [paper.abstract for _, paper in store.digests.undigested("en", START, 10)] == ["We look again."]
