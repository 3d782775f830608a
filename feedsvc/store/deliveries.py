"""The rows of deliveries: what is due to whom, taken by one worker at a time, finished in bulk."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Row,
    bindparam,
    case,
    delete,
    insert,
    literal,
    or_,
    select,
    update,
)

from feedsvc.paper import DocumentKey
from feedsvc.store.engine import read, write
from feedsvc.store.hub_tables import deliveries, notices, subscriptions
from feedsvc.store.marks import is_document, read_marks
from feedsvc.store.outcomes import count_outcomes
from feedsvc.store.pings import add_pings
from feedsvc.store.subscriptions import drop_subscriptions
from feedsvc.websub.values import Delivery, Target

SPREAD_AT_ONCE = 5000
IN_ONE_STATEMENT = 500
# What a worker has to know of a subscription.
_DELIVERED: tuple[Column[Any], ...] = tuple(
    subscriptions.c[name]
    for name in (
        *("number", "topic", "callback", "host", "secret", "delivered_etag"),
        *("feed", "format", "language"),
    )
)


@dataclass(frozen=True, slots=True)
class Sent:
    """How an attempt ended. `outcome` is a status, or a word of at most 16 characters.

    Exactly one of these holds: `etag` is the state that was delivered; `is_gone` says that the subscriber
    wants no more; `again_after` are the seconds until the next attempt; else the delivery is given up.
    `is_attempt` is false where nothing was sent at all.
    """

    delivery: Delivery
    outcome: str
    etag: str | None = None
    is_gone: bool = False
    again_after: float | None = None
    is_attempt: bool = True
    reason: str = ""


class DeliveryStore:
    """Deliveries. One that is held belongs to a worker; past that instant the worker is taken for dead."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def noticed(self) -> tuple[DocumentKey, ...]:
        """Give the documents that changed, and whose subscribers have no deliveries yet."""
        with read(self._engine) as connection:
            rows = connection.execute(select(notices.c.feed, notices.c.format, notices.c.language))
            return tuple((row.feed, row.format, row.language) for row in rows)

    def spread(
        self,
        key: DocumentKey,
        now: datetime,
        most: int = SPREAD_AT_ONCE,
        *,
        hubs: Sequence[str] = (),
        topic: str = "",
    ) -> bool:
        """Queue a changed document for its next subscribers, at most so many; give whether there are more.

        In the order of their numbers, and kept how far it went, so that a process killed in between goes on.
        A delivery that waits is not doubled: the newer state takes its place. Other
        `hubs`, if any, are due to be told of the topic.
        """
        mine = is_document(notices, key)
        with write(self._engine) as connection:
            notice = connection.execute(select(notices).where(mine)).one_or_none()
            if notice is None:
                return False
            if notice.after == 0:
                add_pings(connection, hubs, topic, now)
            numbers = self._find_next(connection, key, notice, now, most)
            if numbers:
                _queue(connection, numbers, notice.etag, now.timestamp())
            if len(numbers) == most:
                connection.execute(update(notices).where(mine).values(after=numbers[-1]))
                return True
            connection.execute(delete(notices).where(mine))
        return False

    def _find_next(
        self, connection: Connection, key: DocumentKey, notice: Row[Any], now: datetime, most: int
    ) -> Sequence[int]:
        table = subscriptions.c
        query = select(table.number).where(
            is_document(subscriptions, key),
            table.number > notice.after,
            table.number <= notice.until,
            table.expires_at > now,
        )
        return connection.execute(query.order_by(table.number).limit(most)).scalars().all()

    def take(
        self, now: datetime, hold_seconds: float, most: int, without: Collection[str] = ()
    ) -> tuple[Delivery, ...]:
        """Take deliveries that are due, none for the hosts in `without`.

        The longest due first, but behind all others those of subscribers who failed the last time.
        """
        moment = now.timestamp()
        table = deliveries.c
        query = (
            select(*_DELIVERED, table.etag, table.attempts)
            .join_from(deliveries, subscriptions, table.subscription == subscriptions.c.number)
            .where(table.due_at <= moment, table.held_until <= moment, subscriptions.c.expires_at > now)
            .order_by(table.behind, table.due_at, table.subscription)
            .limit(most)
        )
        if without:
            query = query.where(table.host.not_in(sorted(without)))
        held_until = moment + hold_seconds
        with write(self._engine) as connection:
            rows: Sequence[Any] = connection.execute(query).all()
            for part in _parts([row.number for row in rows]):
                held = update(deliveries).where(table.subscription.in_(part))
                connection.execute(held.values(held_until=held_until))
        return tuple(_read_delivery(row, held_until) for row in rows)

    def has_due(self, now: datetime) -> bool:
        """Tell whether anything is to be spread or taken."""
        moment = now.timestamp()
        table = deliveries.c
        due = select(literal(1)).where(table.due_at <= moment, table.held_until <= moment).limit(1)
        with read(self._engine) as connection:
            return any(connection.execute(query).first() for query in (select(notices.c.feed).limit(1), due))

    def find_marks(self, key: DocumentKey, etag: str) -> tuple[str, ...] | None:
        """Give the marks of a state of a document, in its entries' order; None if it is not kept."""
        with read(self._engine) as connection:
            return read_marks(connection, key, etag)

    def finish(self, sent: Sequence[Sent], now: datetime) -> None:
        """Keep how attempts ended, all in one transaction.

        A delivery that got a newer state meanwhile stays due; one that another worker holds by now is left
        to it.
        """
        with write(self._engine) as connection:
            _finish_delivered(connection, [each for each in sent if each.etag is not None], now)
            drop_subscriptions(connection, [each.delivery.number for each in sent if each.is_gone])
            open_ = [each for each in sent if each.etag is None and not each.is_gone]
            _note_failures(connection, [each for each in open_ if each.is_attempt])
            _put_off(connection, open_, now)
            counts = Counter(each.outcome for each in sent if each.is_attempt)
            count_outcomes(connection, now.date(), "delivery", counts)


def _queue(connection: Connection, numbers: Sequence[int], etag: str, moment: float) -> None:
    table = deliveries.c
    among = (subscriptions.c.number >= numbers[0], subscriptions.c.number <= numbers[-1])
    due = {"etag": etag, "due_at": moment, "attempts": 0}
    for part in _parts(numbers):
        connection.execute(update(deliveries).where(table.subscription.in_(part)).values(due))
        wanted = select(
            subscriptions.c.number,
            subscriptions.c.host,
            *map(literal, (etag, moment, moment, 0.0, 0)),
            case((subscriptions.c.failures > 0, 1), else_=0),
        ).where(
            *among,
            subscriptions.c.number.in_(part),
            subscriptions.c.number.not_in(select(table.subscription).where(table.subscription.in_(part))),
            or_(subscriptions.c.delivered_etag.is_(None), subscriptions.c.delivered_etag != etag),
        )
        columns = ["subscription", "host", "etag", "queued_at", "due_at", "held_until", "attempts", "behind"]
        connection.execute(insert(deliveries).from_select(columns, wanted))


def _finish_delivered(connection: Connection, sent: Iterable[Sent], now: datetime) -> None:
    groups: dict[tuple[str, str, float], list[int]] = defaultdict(list)
    for each in sent:
        assert each.etag is not None
        groups[each.delivery.etag, each.etag, each.delivery.held_until].append(each.delivery.number)
    for (due, etag, held_until), numbers in groups.items():
        for part in _parts(numbers):
            mine = _held(part, held_until)
            served = connection.execute(delete(deliveries).where(mine, deliveries.c.etag.in_({due, etag})))
            if served.rowcount < len(part):
                connection.execute(update(deliveries).where(mine).values(held_until=0.0))
            done = update(subscriptions).where(subscriptions.c.number.in_(part))
            connection.execute(
                done.values(delivered_etag=etag, delivered_at=now, failures=0, last_failure="")
            )


def _note_failures(connection: Connection, failed: Sequence[Sent]) -> None:
    if not failed:
        return
    table = deliveries.c
    tried = update(deliveries).where(
        table.subscription == bindparam("number"),
        table.held_until == bindparam("held"),
        table.etag == bindparam("due"),
    )
    rows = [
        {"number": d.number, "held": d.held_until, "due": d.etag, "tried": d.attempts + 1}
        for d in (each.delivery for each in failed)
    ]
    connection.execute(tried.values(attempts=bindparam("tried"), behind=1), rows)
    told = update(subscriptions).where(subscriptions.c.number == bindparam("failed"))
    told = told.values(failures=subscriptions.c.failures + 1, last_failure=bindparam("reason"))
    reasons = [{"failed": each.delivery.number, "reason": each.reason[:300]} for each in failed]
    connection.execute(told, reasons)


def _put_off(connection: Connection, sent: Sequence[Sent], now: datetime) -> None:
    """Have deliveries tried again, each at its time, or give them up; a newer state is due all the same."""
    table = deliveries.c
    over: dict[tuple[str, float], list[int]] = defaultdict(list)
    held: dict[float, list[int]] = defaultdict(list)
    later = []
    for each in sent:
        number, held_until, etag = each.delivery.number, each.delivery.held_until, each.delivery.etag
        held[held_until].append(number)
        if each.again_after is None:
            over[etag, held_until].append(number)
        else:
            due_at = now.timestamp() + each.again_after
            later.append({"number": number, "held": held_until, "was_due": etag, "again_at": due_at})
    for (etag, held_until), numbers in over.items():
        for part in _parts(numbers):
            connection.execute(delete(deliveries).where(_held(part, held_until), table.etag == etag))
    if later:
        mine = table.subscription == bindparam("number"), table.held_until == bindparam("held")
        again = update(deliveries).where(*mine, table.etag == bindparam("was_due"))
        connection.execute(again.values(due_at=bindparam("again_at"), held_until=0.0), later)
    for held_until, numbers in held.items():
        for part in _parts(numbers):
            connection.execute(update(deliveries).where(_held(part, held_until)).values(held_until=0.0))


def _held(numbers: Sequence[int], held_until: float) -> ColumnElement[bool]:
    table = deliveries.c
    return table.subscription.in_(numbers) & (table.held_until == held_until)


def _parts(numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    return (numbers[start : start + IN_ONE_STATEMENT] for start in range(0, len(numbers), IN_ONE_STATEMENT))


def _read_delivery(row: Row[Any], held_until: float) -> Delivery:
    return Delivery(
        number=row.number,
        target=Target(row.topic, row.callback, row.host, (row.feed, row.format, row.language)),
        secret=row.secret,
        etag=row.etag,
        delivered_etag=row.delivered_etag,
        attempts=row.attempts,
        held_until=held_until,
    )
