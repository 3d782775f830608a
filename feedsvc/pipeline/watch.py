"""Watching over the ledger: how its last days stand, and what was asked of arXiv."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from feedsvc.calendar import eastern_date
from feedsvc.digest.llm.purse import Spent
from feedsvc.errors import StoreError
from feedsvc.http import Clock, Outcome
from feedsvc.lateness import DAYS, Survey, first_day, survey_ledger
from feedsvc.store import Store
from feedsvc.store.orders import OrderState
from feedsvc.told import Told, quote, tell, tell_all

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DigestFigures:
    """How a language model's digests stand; all empty without one.

    `orders` counts those of the last 60 days by language and state, `findings` all there ever were by rule,
    `spent` what was set aside or spent today, by arXiv's calendar, by model.
    """

    orders: Mapping[tuple[str, OrderState], int]
    findings: Mapping[str, int]
    spent: Mapping[str, Spent]


class Watch:
    """Looks at the store and changes nothing; `late_after` is how long a batch may take."""

    def __init__(self, store: Store, clock: Clock, categories: Sequence[str], late_after: timedelta) -> None:
        self._store = store
        self._clock = clock
        self._categories = tuple(categories)
        self._late_after = late_after

    def survey(self, days: int = DAYS) -> Survey:
        """Give how the followed categories stand on the last so many calendar days, in two store calls."""
        now = self._clock.now()
        ledger = self._store.ledger
        batches = ledger.batches(first_day(now, days))
        return survey_ledger(batches, ledger.first_day(), self._categories, now, self._late_after, days)

    def count_digests(self) -> DigestFigures:
        """Give how a model's digests stand, in three store calls."""
        store = self._store
        spent = store.spendings.spent(eastern_date(self._clock.now()))
        return DigestFigures(store.orders.count(), store.findings.count(), spent)


def list_digest_facts(figures: DigestFigures) -> dict[str, object]:
    """Give the figures as values that JSON knows."""
    orders: dict[str, dict[str, int]] = {}
    for (language, state), number in figures.orders.items():
        orders.setdefault(language, {})[state.value] = number
    return {
        "orders": orders,
        "findings": dict(figures.findings),
        "spent_today": {
            model: {"tokens": spent.tokens, "money": spent.money} for model, spent in figures.spent.items()
        },
    }


def tell_digests(figures: DigestFigures) -> list[Told]:
    """Say in lines how a model's digests stand; none where there never was one."""
    lines = []
    for language in dict.fromkeys(language for language, _ in figures.orders):
        counts = {state.value: number for (own, state), number in figures.orders.items() if own == language}
        ordered = "digests by a model in {language}, last 60 days: {counts}"
        lines.append(tell(ordered, language=language, counts=_tell_counts(counts)))
    if figures.findings:
        lines.append(tell("found wrong with them: {counts}", counts=_tell_counts(figures.findings)))
    for model, spent in figures.spent.items():
        paid = "spent today on {model}: {tokens:,} tokens, {money:.2f} in money"
        lines.append(tell(paid, model=model, tokens=spent.tokens, money=spent.money))
    return lines


def _tell_counts(counts: Mapping[str, int]) -> Told:
    """Say numbers of what there is one of at least."""
    return tell_all(tell("{count} {kind}", count=number, kind=quote(kind)) for kind, number in counts.items())


def count_request(store: Store, clock: Clock, outcome: Outcome) -> None:
    """Count a request by its host and status; one that cannot be counted is not lost for that."""
    host = urlsplit(outcome.url).hostname or ""
    label = "error" if outcome.status is None else str(outcome.status)
    try:
        store.requests.count_request(host, label, clock.now())
    except StoreError as error:
        log.warning("a request to %s is not counted: %s", host, error, extra={"action": "count"})
