"""Digests that a language model is to make, and the papers that are held back until it has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, exists, func, insert, select, update

from feedsvc.digest.extractive import METHOD, ORIGINAL
from feedsvc.http import Clock
from feedsvc.paper import Digest, Kind
from feedsvc.store import schema
from feedsvc.store.engine import read, write
from feedsvc.store.model_tables import orders
from feedsvc.store.revisions import Revision
from feedsvc.store.versions import Key, chunked

PAID_KINDS = frozenset({Kind.NEW.value, Kind.CROSS.value})


class OrderState(StrEnum):
    """What became of an order."""

    AWAITED = "awaited"  # to be made
    MADE = "made"
    REFUSED = "refused"  # it failed the checks: the extractive one stays
    LEFT = "left"  # nothing had to be asked, and there was nothing to recall: the same
    UNPAID = "unpaid"  # the day's budget was used up
    FAILED = "failed"  # the model could not be reached for too long


@dataclass(frozen=True, slots=True)
class Ordering:
    """In which languages a model makes digests, and how long others than the original wait for them."""

    languages: Sequence[str]
    hold: timedelta
    clock: Clock


@dataclass(frozen=True, slots=True)
class Order:
    """A digest that is wanted of a paper version in a language; `ordered_at` is when it was recorded.

    One that is `free` must not cost anything.
    """

    paper: str
    version: int
    language: str
    ordered_at: datetime
    attempts: int
    free: bool = False

    @property
    def key(self) -> Key:
        """The paper version."""
        return self.paper, self.version


class OrderStore:
    """Orders, one a paper version and language."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, now: datetime, lease: timedelta, limit: int) -> list[Order]:
        """Give orders that are due, those first that hold a paper back, then the newest.

        They are nobody else's until the lease ends: who was killed over them does not lose them.
        """
        table = orders.c
        due = and_(table.state == OrderState.AWAITED.value, table.due_at <= now)
        query = select(orders).where(due)
        query = query.order_by(table.held.desc(), table.ordered_at.desc(), table.paper.desc(), table.language)
        with write(self._engine) as connection:
            rows = connection.execute(query.limit(limit)).all()
            taken = [
                Order(r.paper, r.version, r.language, r.ordered_at, r.attempts + 1, r.free) for r in rows
            ]
            for order in taken:
                values = {"due_at": now + lease, "attempts": order.attempts}
                connection.execute(update(orders).where(_is(order)).values(values))
        return taken

    def close(self, order: Order, state: OrderState) -> None:
        """Say what became of an order; a paper that it held back is let go."""
        with write(self._engine) as connection:
            _let_go(connection, _is(order), Revision(connection))
            connection.execute(update(orders).where(_is(order)).values(state=state.value))

    def postpone(self, order: Order, due_at: datetime) -> None:
        """Leave an order until an instant."""
        with write(self._engine) as connection:
            connection.execute(update(orders).where(_is(order)).values(due_at=due_at))

    def release(self, now: datetime) -> int:
        """Let go of the papers that were held back for long enough; give how many.

        It is a change like any other: documents are behind it, and built anew.
        """
        overdue = and_(orders.c.held.is_(True), orders.c.held_until <= now)
        with read(self._engine) as connection:
            if not connection.execute(select(exists().where(overdue))).scalar():
                return 0
        with write(self._engine) as connection:
            return _let_go(connection, overdue, Revision(connection))

    def give_up(self, before: datetime) -> int:
        """Await no more what was ordered earlier than an instant and holds nothing back; give how many."""
        table = orders.c
        old = and_(table.state == OrderState.AWAITED.value, table.ordered_at < before, table.held.is_(False))
        with read(self._engine) as connection:
            if not connection.execute(select(exists().where(old))).scalar():
                return 0
        with write(self._engine) as connection:
            given_up = update(orders).where(old).values(state=OrderState.FAILED.value)
            return connection.execute(given_up).rowcount

    def held(self, papers: Iterable[str], language: str) -> frozenset[Key]:
        """Give those versions of some papers that are held back from a language."""
        table = orders.c
        query = select(table.paper, table.version).where(table.language == language, table.held.is_(True))
        with read(self._engine) as connection:
            return frozenset(
                (row.paper, row.version)
                for chunk in chunked(sorted(papers))
                for row in connection.execute(query.where(table.paper.in_(chunk)))
            )

    def awaited_languages(self) -> frozenset[str]:
        """Give the languages in which digests are yet to be made."""
        table = orders.c
        awaited = select(table.language).where(table.state == OrderState.AWAITED.value).distinct()
        with read(self._engine) as connection:
            return frozenset(row.language for row in connection.execute(awaited))

    def count(self) -> dict[tuple[str, OrderState], int]:
        """Give the number of orders by language and state."""
        key = (orders.c.language, orders.c.state)
        query = select(*key, func.count().label("number")).group_by(*key).order_by(*key)
        with read(self._engine) as connection:
            rows = connection.execute(query)
            return {(row.language, OrderState(row.state)): int(row.number) for row in rows}

    def forget(self, before: datetime) -> int:
        """Drop orders that are older and hold nothing back; give how many."""
        gone = and_(orders.c.ordered_at < before, orders.c.held.is_(False))
        with write(self._engine) as connection:
            return connection.execute(delete(orders).where(gone)).rowcount


def place_orders(connection: Connection, revision: Revision, ordering: Ordering | None) -> None:
    """Order digests of what a transaction announced; history is left as it is.

    Of a version that is only announced as a replacement a digest is recalled at most: most have the abstract
    of the version before.

    It is done in that very transaction, so that nobody ever sees an entry that is to be held back. A version
    that was announced before is not held back: it stands in feeds already.
    """
    if ordering is None or revision.taken is None:
        return
    kinds = _find_announced(connection, revision.taken)
    if not kinds:
        return
    wanted = sorted(kinds)
    free = {key for key, own in kinds.items() if own.isdisjoint(PAID_KINDS)}
    shown = _find_announced_before(connection, wanted, revision.taken)
    common = _describe_placed(ordering, revision.taken)
    for language in ordering.languages:
        unheld = kinds.keys() if language == ORIGINAL else shown | free
        served = _find_served(connection, wanted, language)
        rows = [
            {"paper": key[0], "version": key[1], "language": language, **common}
            | {"free": key in free, "held": key not in unheld}
            for key in wanted
            if key not in served
        ]
        if rows:
            connection.execute(insert(orders), rows)


def _describe_placed(ordering: Ordering, revision: int) -> dict[str, object]:
    """Give what all orders have alike that are placed now."""
    now = ordering.clock.now()
    return {
        "state": OrderState.AWAITED.value,
        "held_until": now + ordering.hold,
        "ordered_at": now,
        "due_at": now,
        "attempts": 0,
        "revision": revision,
    }


def _find_announced(connection: Connection, revision: int) -> dict[Key, set[str]]:
    """Give the versions that a transaction announced, history left out, each with its kinds."""
    table = schema.announcements.c
    announced = select(table.paper, table.version, table.kind).where(
        table.revision == revision, table.released.is_not(None)
    )
    kinds: dict[Key, set[str]] = {}
    for row in connection.execute(announced):
        kinds.setdefault((row.paper, row.version), set()).add(row.kind)
    return kinds


def close_orders(connection: Connection, digests: Iterable[Digest], revision: Revision) -> None:
    """Close the orders that digests meet: any but an extractive one, whoever wrote it."""
    for digest in digests:
        if digest.method != METHOD:
            order = _is(digest)
            _let_go(connection, order, revision)
            is_open = orders.c.state != OrderState.MADE.value
            connection.execute(update(orders).where(order, is_open).values(state=OrderState.MADE.value))


def _find_served(connection: Connection, keys: Sequence[Key], language: str) -> set[Key]:
    """Give those versions that were ordered, or have a digest that is not extractive."""
    digests = schema.digests.c
    found: set[Key] = set()
    for chunk in chunked(sorted({paper for paper, _ in keys})):
        for query in (
            select(orders.c.paper, orders.c.version).where(
                orders.c.paper.in_(chunk), orders.c.language == language
            ),
            select(digests.paper, digests.version).where(
                digests.paper.in_(chunk), digests.language == language, digests.method != METHOD
            ),
        ):
            found.update((row.paper, row.version) for row in connection.execute(query))
    return found


def _find_announced_before(connection: Connection, keys: Sequence[Key], revision: int) -> set[Key]:
    table = schema.announcements.c
    return {
        (row.paper, row.version)
        for chunk in chunked(sorted({paper for paper, _ in keys}))
        for row in connection.execute(
            select(table.paper, table.version).where(table.paper.in_(chunk), table.revision != revision)
        )
    }


def _let_go(connection: Connection, which: ColumnElement[bool], revision: Revision) -> int:
    held = and_(which, orders.c.held.is_(True))
    if not connection.execute(select(exists().where(held))).scalar():
        return 0
    let_go = update(orders).where(held).values(held=False, revision=revision.take())
    return connection.execute(let_go).rowcount


def _is(order: Order | Digest) -> ColumnElement[bool]:
    table = orders.c
    return and_(table.paper == order.paper, table.version == order.version, table.language == order.language)
