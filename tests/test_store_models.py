"""What models answered, what was found wrong, and what was spent, over all processes on a store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from feedsvc.digest.checks import Finding, Rule
from feedsvc.digest.llm.purse import Spent
from feedsvc.digest.llm.writer import Refusal
from feedsvc.store import Store, open_store
from tests.builders import MONDAY, NOON

WRONG = Finding(Rule.QUANTITY, "conclusion", "'250M' is not in the abstract")
EMPTY = Finding(Rule.EMPTY, "background", "is empty")
KEY = ("2601.00001", 1)


def test_an_answer_is_kept_and_replaced(store: Store) -> None:
    assert store.answers.find("a" * 64) is None

    store.answers.keep("a" * 64, "one")
    store.answers.keep("a" * 64, "two")

    assert store.answers.find("a" * 64) == "two"


def test_findings_are_kept_with_their_attempts_and_counted_by_rule(store: Store) -> None:
    store.findings.save(KEY, "fake", [Refusal("en", 1, (WRONG, EMPTY)), Refusal("en", 2, (WRONG,))], NOON)
    store.findings.save(("2601.00002", 1), "fake", [], NOON)

    assert store.findings.count() == {"empty": 1, "quantity": 2}
    assert store.findings.of_paper(KEY)[0] == ("en", 1, "quantity", "conclusion", WRONG.message)
    assert [row[1] for row in store.findings.of_paper(KEY)] == [1, 1, 2]


def test_no_more_is_set_aside_than_a_day_allows(store: Store) -> None:
    def reserve(tokens: int, millionths: int) -> bool:
        return store.spendings.reserve(MONDAY, "fake", Spent(tokens, millionths), 1000, 500)

    assert reserve(600, 100)
    assert not reserve(500, 100)
    assert not reserve(100, 500)
    assert reserve(400, 400)
    assert store.spendings.spent(MONDAY) == {"fake": Spent(1000, 500)}


def test_without_bounds_it_is_only_counted(store: Store) -> None:
    assert store.spendings.reserve(MONDAY, "fake", Spent(10**9, 10**12), None, None)


def test_what_was_not_spent_after_all_can_be_set_aside_again(store: Store) -> None:
    assert store.spendings.reserve(MONDAY, "fake", Spent(1000, 0), 1000, None)
    store.spendings.settle(MONDAY, "fake", Spent(-300, 0))

    assert store.spendings.reserve(MONDAY, "fake", Spent(300, 0), 1000, None)


def test_every_day_has_its_own_budget(store: Store) -> None:
    assert store.spendings.reserve(MONDAY, "fake", Spent(1000, 0), 1000, None)
    assert store.spendings.reserve(MONDAY + timedelta(days=1), "fake", Spent(1000, 0), 1000, None)


def test_several_processes_spend_from_one_budget(store: Store, database_url: str) -> None:
    other = open_store(database_url)
    with ThreadPoolExecutor(4) as pool:
        waiting = [
            pool.submit(each.spendings.reserve, MONDAY, "fake", Spent(100, 0), 1000, None)
            for each in [store, other] * 10
        ]
        allowed = [each.result() for each in waiting]
    other.close()

    assert allowed.count(True) == 10
    assert store.spendings.spent(MONDAY) == {"fake": Spent(1000, 0)}
