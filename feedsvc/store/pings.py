"""The rows of pings: which other hubs are still to be told that a topic of ours has changed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Engine, delete, insert, select, update

from feedsvc.store.engine import read, write
from feedsvc.store.hub_tables import make_key, pings
from feedsvc.store.outcomes import count_outcomes
from feedsvc.websub.values import Ping


class PingStore:
    """Pings, at most one for a hub and a topic."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def take(self, now: datetime, hold_seconds: float, most: int) -> tuple[Ping, ...]:
        """Take what is due; nobody else gets it while it is held."""
        moment = now.timestamp()
        table = pings.c
        query = select(pings).where(table.due_at <= moment, table.held_until <= moment)
        held_until = moment + hold_seconds
        with write(self._engine) as connection:
            rows = connection.execute(query.order_by(table.due_at, table.key).limit(most)).all()
            taken = tuple(Ping(row.hub, row.topic, row.attempts, held_until) for row in rows)
            for ping in taken:
                connection.execute(update(pings).where(_is(ping)).values(held_until=held_until))
        return taken

    def has_due(self, now: datetime) -> bool:
        """Tell whether anything is to be taken."""
        moment = now.timestamp()
        due = select(pings.c.hub).where(pings.c.due_at <= moment, pings.c.held_until <= moment).limit(1)
        with read(self._engine) as connection:
            return connection.execute(due).first() is not None

    def finish(self, ping: Ping, outcome: str, again_after: float | None, now: datetime) -> None:
        """Drop a ping, or have it tried again. One that was asked for anew meanwhile stays."""
        mine = _is(ping) & (pings.c.held_until == ping.held_until)
        with write(self._engine) as connection:
            if again_after is None:
                connection.execute(delete(pings).where(mine))
            else:
                later = {"due_at": now.timestamp() + again_after, "held_until": 0.0}
                connection.execute(update(pings).where(mine).values(later | {"attempts": ping.attempts + 1}))
            count_outcomes(connection, now.date(), "ping", {outcome: 1})


def add_pings(connection: Connection, hubs: Iterable[str], topic: str, now: datetime) -> None:
    """Have hubs told of a topic, at once."""
    due = {"attempts": 0, "due_at": now.timestamp(), "held_until": 0.0}
    for hub in hubs:
        key = make_key(hub, topic)
        if not connection.execute(update(pings).where(pings.c.key == key).values(due)).rowcount:
            connection.execute(insert(pings).values(due | {"key": key, "hub": hub, "topic": topic}))


def _is(ping: Ping) -> ColumnElement[bool]:
    return pings.c.key == make_key(ping.hub, ping.topic)
