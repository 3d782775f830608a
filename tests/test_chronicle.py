"""What changed lately, read once."""

from __future__ import annotations

from collections.abc import Sequence

from feedsvc.pipeline.chronicle import Chronicle
from feedsvc.query import Subject
from tests.builders import make_announcement, make_paper


class Log:
    """A store whose every revision changed one paper, and what was asked of it."""

    def __init__(self) -> None:
        self.revision = 0
        self.asked: list[int] = []

    def read(self, since: int, limit: int) -> Sequence[Subject]:
        self.asked.append(since)
        found = [make_subject(number) for number in range(since + 1, self.revision + 1)]
        return found[:limit]


def make_subject(number: int) -> Subject:
    paper = f"2601.{number:05}"
    return Subject(make_paper(paper), make_announcement(paper))


def tell(chronicle: Chronicle, since: int, until: int) -> list[int] | None:
    """Give the numbers of what changed."""
    found = chronicle.find_changes(since, until)
    return None if found is None else [int(subject.paper.id[5:]) for subject in found]


def test_what_changed_between_two_revisions_is_told() -> None:
    log = Log()
    chronicle = Chronicle(log.read)
    log.revision = 3

    assert tell(chronicle, 1, 3) == [2, 3]
    assert tell(chronicle, 3, 3) == []


def test_changes_are_read_once_for_all_who_ask() -> None:
    log = Log()
    chronicle = Chronicle(log.read)
    for log.revision in (2, 5):
        assert tell(chronicle, 1, log.revision) == list(range(2, log.revision + 1))
        assert tell(chronicle, log.revision - 1, log.revision) is not None

    assert log.asked == [1, 2]


def test_what_was_made_before_the_first_change_it_knows_is_out_of_its_reach() -> None:
    log = Log()
    chronicle = Chronicle(log.read)
    log.revision = 5
    tell(chronicle, 4, 5)

    assert tell(chronicle, 3, 5) is None
    assert tell(chronicle, 4, 5) == [5]


def test_the_oldest_changes_are_given_up_first() -> None:
    log = Log()
    chronicle = Chronicle(log.read, most=4)
    for log.revision in (2, 4, 6):
        tell(chronicle, 0, log.revision)

    assert tell(chronicle, 0, 6) is None
    assert tell(chronicle, 2, 6) == [3, 4, 5, 6]


def test_too_many_changes_at_once_are_read_once_and_later_ones_are_known_again() -> None:
    log = Log()
    chronicle = Chronicle(log.read, most=4)
    log.revision = 5

    assert [tell(chronicle, since, 5) for since in (0, 0, 4)] == [None] * 3
    log.revision = 6
    assert tell(chronicle, 5, 6) == [6]
    assert log.asked == [0, 5]


def test_before_what_no_row_tells_of_nothing_is_known() -> None:
    log = Log()
    chronicle = Chronicle(lambda since, limit: None if since < 3 else log.read(since, limit))
    log.revision = 3

    assert tell(chronicle, 2, 3) is None
    log.revision = 4
    assert tell(chronicle, 2, 4) is None
    assert tell(chronicle, 3, 4) == [4]


def test_what_changed_before_something_was_made_is_not_told_of_it() -> None:
    log = Log()
    chronicle = Chronicle(log.read)
    log.revision = 2
    tell(chronicle, 1, 2)
    log.revision = 5
    chronicle.begin_chapter(5)
    log.revision = 6

    assert tell(chronicle, 5, 6) == [6]
    assert tell(chronicle, 1, 6) == [2, 3, 4, 5, 6]


def test_revisions_of_which_nothing_is_told_take_no_room() -> None:
    chronicle = Chronicle(lambda since, limit: ())
    for revision in range(1_000):
        assert tell(chronicle, 0, revision) == []

    assert len(chronicle._chapters) == 1


def test_of_another_store_everything_is_read_anew() -> None:
    log = Log()
    chronicle = Chronicle(log.read)
    log.revision = 9
    tell(chronicle, 5, 9)
    chronicle.forget()
    log.revision = 4

    assert tell(chronicle, 3, 4) == [4]
