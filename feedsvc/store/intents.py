"""The rows of intents: a bounded queue of what callbacks are to be asked, or told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, func, insert, select, update

from feedsvc.steps import Step
from feedsvc.store.bell import Bell
from feedsvc.store.engine import read, write
from feedsvc.store.hub_tables import intents
from feedsvc.store.outcomes import count_outcomes
from feedsvc.websub.request import Mode
from feedsvc.websub.values import HubLimits, Intent, Target


class IntentStore:
    """Intents in the order in which they were asked. A worker holds those it took until an instant."""

    def __init__(self, engine: Engine, bell: Bell | None = None) -> None:
        self._engine = engine
        self._bell = bell or Bell()

    def add(self, intent: Intent, limits: HubLimits, now: datetime) -> str | None:
        """Queue an intent; where too much waits already, give of what, and queue nothing."""
        table = intents.c
        bounds = (
            ("all requests", limits.waiting, ()),
            (
                f"requests for {intent.target.host}",
                limits.waiting_per_host,
                (table.host == intent.target.host,),
            ),
            ("requests from your address", limits.waiting_per_client, (table.client == intent.client,)),
        )
        with write(self._engine) as connection:
            for what, most, condition in bounds:
                if _count(connection, condition) >= most:
                    return what
            add_intents(connection, [intent], now)
            self._bell.ring(connection, Step.VERIFY)
        return None

    def take(self, now: datetime, hold_seconds: float, most: int) -> tuple[Intent, ...]:
        """Take what is due, the oldest first; nobody else gets it while it is held."""
        moment = now.timestamp()
        table = intents.c
        query = select(intents).where(table.due_at <= moment, table.held_until <= moment)
        held_until = moment + hold_seconds
        with write(self._engine) as connection:
            rows = connection.execute(query.order_by(table.number).limit(most)).all()
            numbers = [row.number for row in rows]
            if numbers:
                held = update(intents).where(table.number.in_(numbers))
                connection.execute(held.values(held_until=held_until))
        return tuple(replace(read_intent(row), held_until=held_until) for row in rows)

    def has_due(self, now: datetime) -> bool:
        """Tell whether anything is to be taken."""
        moment = now.timestamp()
        table = intents.c
        due = select(table.number).where(table.due_at <= moment, table.held_until <= moment).limit(1)
        with read(self._engine) as connection:
            return connection.execute(due).first() is not None

    def finish(self, intent: Intent, outcome: str, now: datetime) -> None:
        """Drop an intent that came to its end without a subscription, and count how."""
        with write(self._engine) as connection:
            drop_intent(connection, intent)
            count_outcomes(connection, now.date(), name_intent(intent), {outcome: 1})

    def postpone(self, intent: Intent, seconds: float, now: datetime) -> None:
        """Have an intent tried again later."""
        again = update(intents).where(intents.c.number == intent.number)
        with write(self._engine) as connection:
            connection.execute(
                again.values(attempts=intent.attempts + 1, due_at=now.timestamp() + seconds, held_until=0.0)
            )

    def count(self) -> int:
        """Give how many wait."""
        with read(self._engine) as connection:
            return _count(connection, ())


def name_intent(intent: Intent) -> str:
    """Give the word under which an intent's outcomes are counted."""
    return "denial" if intent.mode is Mode.DENIED else "verification"


def add_intents(connection: Connection, added: Iterable[Intent], now: datetime) -> None:
    """Queue intents, whatever the limits."""
    rows = [_intent_row(intent) | {"due_at": now.timestamp(), "held_until": 0.0} for intent in added]
    if rows:
        connection.execute(insert(intents), rows)


def drop_intent(connection: Connection, intent: Intent) -> bool:
    """Drop an intent; give whether it was still there."""
    return bool(connection.execute(delete(intents).where(intents.c.number == intent.number)).rowcount)


def _count(connection: Connection, condition: Iterable[ColumnElement[bool]]) -> int:
    query = select(func.count()).select_from(intents).where(*condition)
    return connection.execute(query).scalar_one()


def _intent_row(intent: Intent) -> dict[str, Any]:
    feed, format_, language = intent.target.document
    return {
        "mode": intent.mode.value,
        "topic": intent.target.topic,
        "callback": intent.target.callback,
        "host": intent.target.host,
        "client": intent.client,
        "feed": feed,
        "format": format_,
        "language": language,
        "lease_seconds": intent.lease_seconds,
        "secret": intent.secret,
        "reason": intent.reason,
        "attempts": intent.attempts,
    }


def read_intent(row: Row[Any]) -> Intent:
    """Give the intent of a row."""
    return Intent(
        target=Target(row.topic, row.callback, row.host, (row.feed, row.format, row.language)),
        mode=Mode(row.mode),
        lease_seconds=row.lease_seconds,
        secret=row.secret,
        client=row.client,
        reason=row.reason,
        attempts=row.attempts,
        number=row.number,
        held_until=row.held_until,
    )
