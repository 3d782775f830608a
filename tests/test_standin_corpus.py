"""What is known on a day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from feedsvc.standin.corpus import Corpus
from tests.standin_papers import MONDAY, TUESDAY, WEDNESDAY, small_corpus

CORPUS: Corpus = small_corpus()


def test_a_day_without_announcements_has_an_empty_page() -> None:
    assert CORPUS.page(WEDNESDAY, "hep-th") == ()
    assert CORPUS.page(date(2030, 1, 1), "cs.AI") == ()


def test_the_day_before_is_the_last_one_with_announcements() -> None:
    assert CORPUS.day_before(WEDNESDAY) == TUESDAY
    assert CORPUS.day_before(MONDAY) is None


def test_a_version_is_not_known_before_it_is_announced() -> None:
    assert CORPUS.find_paper("2601.90002", 2, MONDAY) is None
    found = CORPUS.find_paper("2601.90002", 2, TUESDAY)
    assert found is not None
    assert found.version == 2


def test_without_a_version_the_newest_announced_one_is_found() -> None:
    versions = [CORPUS.find_paper("2601.90002", None, day) for day in (MONDAY, TUESDAY, WEDNESDAY)]

    assert [paper and paper.version for paper in versions] == [1, 2, 2]


def test_an_unknown_paper_is_not_found() -> None:
    assert CORPUS.find_paper("2601.99999", None, WEDNESDAY) is None


def test_a_later_cross_list_shows_only_from_its_day_on() -> None:
    assert CORPUS.paper_on(("2601.90005", 1), MONDAY).categories == ("cs.LG",)
    assert CORPUS.paper_on(("2601.90005", 1), TUESDAY).categories == ("cs.LG", "stat.ML")


def test_current_papers_are_those_announced_so_far() -> None:
    assert [paper.id[-1] for paper in CORPUS.current_papers(MONDAY)] == ["1", "2", "3", "5"]
    assert [paper.id[-1] for paper in CORPUS.current_papers(WEDNESDAY)] == ["1", "2", "3", "4", "5", "6"]


def test_a_record_changes_with_each_announcement_in_any_category() -> None:
    changes = {paper: CORPUS.last_change(f"2601.9000{paper}", WEDNESDAY) for paper in "1256"}

    assert changes == {"1": MONDAY, "2": TUESDAY, "5": TUESDAY, "6": WEDNESDAY}
    assert CORPUS.last_change("2601.90005", MONDAY) == MONDAY
    assert CORPUS.last_change("2601.90006", TUESDAY) is None


def test_a_removed_paper_changes_no_more_and_is_not_found() -> None:
    corpus = replace(CORPUS, removed={"2601.90002": TUESDAY}, touched={"2601.90002": (WEDNESDAY,)})

    assert corpus.last_change("2601.90002", WEDNESDAY) == TUESDAY
    assert corpus.find_paper("2601.90002", 1, MONDAY) is not None
    assert corpus.find_paper("2601.90002", 1, TUESDAY) is None
    assert "2601.90002" not in {paper.id for paper in corpus.current_papers(TUESDAY)}


def test_nothing_happens_to_a_paper_before_it_is_announced() -> None:
    corpus = replace(CORPUS, removed={"2601.90006": MONDAY}, touched={"2601.90004": (MONDAY,)})

    assert corpus.last_change("2601.90006", TUESDAY) is None
    assert corpus.last_change("2601.90004", MONDAY) is None
