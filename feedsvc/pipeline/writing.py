"""Having a language model write the digests that were ordered, beside the pipeline and never in its way."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Event

from feedsvc.calendar import eastern_date
from feedsvc.digest.llm.purse import Spent
from feedsvc.digest.llm.writer import ModelWriter, Outcome
from feedsvc.errors import BudgetSpent, FeedsvcError, ModelError, StoreError
from feedsvc.http import Clock
from feedsvc.store import Store
from feedsvc.store.orders import Order, OrderState

log = logging.getLogger(__name__)

# A worker that was killed over an order keeps it so long from the others.
LEASE = timedelta(minutes=15)
FIRST_DELAY = timedelta(minutes=2)
LAST_DELAY = timedelta(hours=1)
# A digest that could not be had in a day is of no more use: nobody looks at the entry again.
GIVE_UP_AFTER = timedelta(days=1)
KEEP_ORDERS = timedelta(days=60)


class DailyPurse:
    """A day's budget of one model, kept in the store; None is no bound.

    A day is one of arXiv's, so that a batch is paid for out of one budget.
    """

    def __init__(
        self, store: Store, clock: Clock, model: str, tokens: int | None, millionths: int | None
    ) -> None:
        self._store = store
        self._clock = clock
        self._model = model
        self._bounds = (tokens, millionths)

    def reserve(self, most: Spent) -> date | None:
        """Set something aside; None if the day's budget does not allow it."""
        day = eastern_date(self._clock.now())
        return day if self._store.spendings.reserve(day, self._model, most, *self._bounds) else None

    def settle(self, day: date, difference: Spent) -> None:
        """Add what was spent beyond what was set aside."""
        self._store.spendings.settle(day, self._model, difference)


@dataclass(frozen=True, slots=True)
class Wrote:
    """What became of orders, by their new state; one that is tried again later is still awaited."""

    counts: Mapping[OrderState, int]


class Writing:
    """Works off orders, some at once; each is recorded when it is done, so that nothing waits for the last.

    Without a writer, nothing is written, but papers that were held back are let go all the same, and what
    a model was once to write is no longer awaited after a day.
    """

    def __init__(self, store: Store, writer: ModelWriter | None, clock: Clock, concurrency: int = 1) -> None:
        self._store = store
        self._writer = writer
        self._clock = clock
        self._concurrency = concurrency
        self._stopping = Event()
        self._rest_until: datetime | None = None

    @property
    def has_writer(self) -> bool:
        """Whether there is a model at all."""
        return self._writer is not None

    def stop(self) -> None:
        """Take no further order, and wait for no answer: what was taken and is not finished is due again."""
        self._stopping.set()
        if self._writer is not None:
            self._writer.stop()

    def close(self) -> None:
        """Let go of the model's connections."""
        if self._writer is not None:
            self._writer.close()

    def release_overdue(self) -> int:
        """Let go of entries whose translation did not come in time; give how many."""
        now = self._clock.now()
        released = self._store.orders.release(now)
        if self._writer is None:
            # Readers would be told to come again every quarter of an hour, for ever.
            self._store.orders.give_up(now - GIVE_UP_AFTER)
        return released

    def write_digests(self, longest: timedelta | None = None) -> Wrote:
        """Work off what is due, until nothing is, the model is away or the longest time is over."""
        counts: Counter[OrderState] = Counter()
        until = None if longest is None else self._clock.now() + longest
        if self._writer is None:
            return Wrote(counts)
        self._store.orders.forget(self._clock.now() - KEEP_ORDERS)
        with ThreadPoolExecutor(self._concurrency, thread_name_prefix="writing") as pool:
            for waiting in [
                pool.submit(self._work_off, self._writer, until) for _ in range(self._concurrency)
            ]:
                counts.update(waiting.result())
        return Wrote(counts)

    def _work_off(self, writer: ModelWriter, until: datetime | None) -> Counter[OrderState]:
        counts: Counter[OrderState] = Counter()
        while not self._is_resting(until) and (taken := self._store.orders.take(self._clock.now(), LEASE, 1)):
            state = self._meet(writer, taken[0])
            counts[state] += 1
            if state in (OrderState.AWAITED, OrderState.FAILED):
                # The model is away: the others would only be put off, too.
                break
        return counts

    def _is_resting(self, until: datetime | None) -> bool:
        now = self._clock.now()
        is_over = until is not None and now >= until
        return self._stopping.is_set() or is_over or (self._rest_until is not None and now < self._rest_until)

    def _meet(self, writer: ModelWriter, order: Order) -> OrderState:
        """Write what was ordered; give the order's new state."""
        try:
            return self._write(writer, order)
        except StoreError:
            raise
        except BudgetSpent as error:
            log.warning("%s: the extractive digest stays: %s", order.paper, error, extra={"action": "digest"})
            self._store.orders.close(order, OrderState.UNPAID)
            return OrderState.UNPAID
        except FeedsvcError as error:
            log.warning("no digest of %s in %s: %s", order.paper, order.language, error)
            return self._put_off(order, error.retry_after if isinstance(error, ModelError) else 0.0)
        except Exception:
            # Whatever it is that one paper brings, the others must not wait for it.
            log.exception("no digest of %s in %s", order.paper, order.language, extra={"action": "digest"})
            self._store.orders.close(order, OrderState.REFUSED)
            return OrderState.REFUSED

    def _write(self, writer: ModelWriter, order: Order) -> OrderState:
        paper = self._store.papers.find(*order.key)
        ask = writer.recall if order.free else writer.write
        outcome = (ask(paper, order.language) if paper else None) or Outcome(None)
        self._store.findings.save(order.key, writer.model, outcome.refusals, self._clock.now())
        if outcome.digest is not None:
            self._store.digests.save([outcome.digest])
            return OrderState.MADE
        state = OrderState.REFUSED if outcome.is_refused else OrderState.LEFT
        self._store.orders.close(order, state)
        return state

    def _put_off(self, order: Order, retry_after: float) -> OrderState:
        now = self._clock.now()
        if retry_after:
            self._rest_until = now + timedelta(seconds=retry_after)
        if now - order.ordered_at >= GIVE_UP_AFTER:
            self._store.orders.close(order, OrderState.FAILED)
            return OrderState.FAILED
        delay = min(FIRST_DELAY * 2 ** min(order.attempts - 1, 10), LAST_DELAY)
        if self._stopping.is_set():
            delay = timedelta(0)  # not the model's fault: whoever starts next goes on at once
        self._store.orders.postpone(order, now + max(delay, timedelta(seconds=retry_after)))
        return OrderState.AWAITED
