"""The rows of subscriptions: kept by topic and callback, replaced only by what a callback confirmed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    ScalarSelect,
    Table,
    delete,
    func,
    insert,
    select,
    update,
)

from feedsvc.paper import DocumentKey
from feedsvc.store.engine import read, write
from feedsvc.store.hub_tables import deliveries, intents, make_key, subscriptions
from feedsvc.store.intents import add_intents, drop_intent
from feedsvc.store.marks import is_document
from feedsvc.store.outcomes import count_outcomes, sum_outcomes
from feedsvc.websub.request import Mode
from feedsvc.websub.values import HubLimits, Intent, Subscription, Target

PAGE = 1000


@dataclass(frozen=True, slots=True)
class HubFigures:
    """The hub in numbers; `oldest` is when the oldest waiting delivery was queued, None if none waits."""

    subscriptions: int
    topics: int
    failing: int
    deliveries: int
    intents: int
    oldest: float | None
    outcomes: dict[tuple[str, str], int]


class SubscriptionStore:
    """Subscriptions. One whose lease is over is as good as gone, and soon is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def confirm(self, intent: Intent, asked_at: datetime, limits: HubLimits) -> str | None:
        """Do what a callback confirmed, and drop the intent; the lease counts from when it was asked.

        A subscription that is there already gets the new lease and secret. Gives why not, where the limits
        allow no new one; then nothing is changed.
        """
        with write(self._engine) as connection:
            if intent.mode is Mode.SUBSCRIBE:
                refusal = self._subscribe(connection, intent, asked_at, limits)
                if refusal is not None:
                    return refusal
            elif (number := _find_number(connection, intent.target)) is not None:
                drop_subscriptions(connection, [number])
            drop_intent(connection, intent)
            count_outcomes(connection, asked_at.date(), "verification", {"confirmed": 1})
        return None

    def _subscribe(
        self, connection: Connection, intent: Intent, asked_at: datetime, limits: HubLimits
    ) -> str | None:
        values = {
            "secret": intent.secret,
            "expires_at": asked_at + timedelta(seconds=intent.lease_seconds),
        }
        number = _find_number(connection, intent.target)
        if number is not None:
            connection.execute(update(subscriptions).where(subscriptions.c.number == number).values(values))
            return None
        refusal = _refuse_more(connection, intent.target, limits)
        if refusal is None:
            row = values | _target_row(intent.target) | {"created_at": asked_at}
            connection.execute(insert(subscriptions).values(row | {"failures": 0, "last_failure": ""}))
        return refusal

    def end(self, targets: Sequence[Target], reason: str, now: datetime) -> None:
        """End subscriptions of the hub's own accord; each callback is told why."""
        with write(self._engine) as connection:
            for target in targets:
                if (number := _find_number(connection, target)) is not None:
                    drop_subscriptions(connection, [number])
            add_intents(connection, [Intent(target, Mode.DENIED, reason=reason) for target in targets], now)

    def drop_expired(self, now: datetime) -> int:
        """Drop the subscriptions whose lease is over; give how many."""
        over = select(subscriptions.c.number).where(subscriptions.c.expires_at <= now).limit(PAGE)
        dropped = 0
        while True:
            with write(self._engine) as connection:
                numbers = connection.execute(over).scalars().all()
                drop_subscriptions(connection, numbers)
            dropped += len(numbers)
            if len(numbers) < PAGE:
                return dropped

    def topics(self, now: datetime) -> dict[str, DocumentKey]:
        """Give the topics that have a subscription, and their documents."""
        table = subscriptions.c
        document = (table.feed, table.format, table.language)
        query = select(table.topic, *document).where(table.expires_at > now)
        with read(self._engine) as connection:
            rows = connection.execute(query.distinct().order_by(table.topic))
            return {row.topic: (row.feed, row.format, row.language) for row in rows}

    def count_by_feed(self) -> dict[str, int]:
        """Give how many subscriptions each feed has, in all its formats and languages."""
        feed = subscriptions.c.feed
        with read(self._engine) as connection:
            rows = connection.execute(select(feed, func.count().label("number")).group_by(feed))
            return {row.feed: row.number for row in rows}

    def of_topic(self, topic: str, most: int = PAGE) -> tuple[Subscription, ...]:
        """Give subscriptions of a topic, at most so many."""
        query = select(subscriptions).where(subscriptions.c.topic == topic)
        with read(self._engine) as connection:
            rows = connection.execute(query.order_by(subscriptions.c.number).limit(most))
            return tuple(map(read_subscription, rows))

    def find(self, topic: str, callback: str) -> Subscription | None:
        """Give a subscription, or None."""
        query = select(subscriptions).where(subscriptions.c.key == make_key(topic, callback))
        with read(self._engine) as connection:
            row = connection.execute(query).one_or_none()
            return None if row is None else read_subscription(row)

    def walk(self, *, failing: bool = False) -> Iterator[Subscription]:
        """Give all subscriptions, or those whose last delivery failed, in the order of their age."""
        table = subscriptions.c
        after = 0
        while True:
            query = select(subscriptions).where(table.number > after)
            if failing:
                query = query.where(table.failures > 0)
            with read(self._engine) as connection:
                rows = connection.execute(query.order_by(table.number).limit(PAGE)).all()
            yield from map(read_subscription, rows)
            if len(rows) < PAGE:
                return
            after = rows[-1].number

    def sum_up(self) -> HubFigures:
        """Give the hub's figures."""
        table = subscriptions.c
        query = select(
            _number_of(subscriptions).label("subscriptions"),
            select(func.count(table.topic.distinct())).scalar_subquery().label("topics"),
            _number_of(subscriptions, table.failures > 0).label("failing"),
            _number_of(deliveries).label("deliveries"),
            _number_of(intents).label("intents"),
            select(func.min(deliveries.c.queued_at)).scalar_subquery().label("oldest"),
        )
        with read(self._engine) as connection:
            row = connection.execute(query).one()
            return HubFigures(**row._mapping, outcomes=sum_outcomes(connection))


def _number_of(table: Table, *condition: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).select_from(table).where(*condition).scalar_subquery()


def _find_number(connection: Connection, target: Target) -> int | None:
    key = make_key(target.topic, target.callback)
    return connection.execute(select(subscriptions.c.number).where(subscriptions.c.key == key)).scalar()


def _refuse_more(connection: Connection, target: Target, limits: HubLimits) -> str | None:
    bounds: tuple[tuple[str, int, tuple[ColumnElement[bool], ...]], ...] = (
        ("this hub", limits.subscriptions, ()),
        (f"the host {target.host}", limits.per_host, (subscriptions.c.host == target.host,)),
        ("this topic", limits.per_topic, (is_document(subscriptions, target.document),)),
    )
    for what, most, condition in bounds:
        if connection.execute(select(_number_of(subscriptions, *condition))).scalar_one() >= most:
            return f"{what} has {most} subscriptions, and can have no more"
    return None


def drop_subscriptions(connection: Connection, numbers: Sequence[int]) -> None:
    """Drop subscriptions and what is due to them."""
    if numbers:
        connection.execute(delete(deliveries).where(deliveries.c.subscription.in_(numbers)))
        connection.execute(delete(subscriptions).where(subscriptions.c.number.in_(numbers)))


def _target_row(target: Target) -> dict[str, Any]:
    feed, format_, language = target.document
    return {
        "key": make_key(target.topic, target.callback),
        "topic": target.topic,
        "callback": target.callback,
        "host": target.host,
        "feed": feed,
        "format": format_,
        "language": language,
    }


def read_subscription(row: Row[Any]) -> Subscription:
    """Give the subscription of a row."""
    return Subscription(
        target=Target(row.topic, row.callback, row.host, (row.feed, row.format, row.language)),
        secret=row.secret,
        created_at=row.created_at,
        expires_at=row.expires_at,
        delivered_etag=row.delivered_etag,
        delivered_at=row.delivered_at,
        failures=row.failures,
        last_failure=row.last_failure,
        number=row.number,
    )
