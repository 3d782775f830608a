"""How many people read a feed, by what aggregators say of themselves: numbers, and nothing about anybody."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Engine, delete, func, insert, select, update

from feedsvc.paper import DocumentKey
from feedsvc.store import schema
from feedsvc.store.engine import read, write

REMEMBERED = timedelta(days=30)
"""An aggregator that did not come for so long has no readers of a feed any more."""
MOST_AGENTS = 20


class SubscriberStore:
    """The last number that each aggregator told of each document."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, key: DocumentKey, agent: str, count: int, day: date) -> None:
        """Keep how many subscribers of a document an aggregator has.

        Of aggregators that come first, 20 a document are counted, and those that stayed away are forgotten.
        """
        table = schema.subscribers
        of_document = (table.c.feed == key[0], table.c.format == key[1], table.c.language == key[2])
        values = {"count": count, "told_on": day}
        with write(self._engine) as connection:
            known = update(table).where(*of_document, table.c.agent == agent).values(values)
            if connection.execute(known).rowcount:
                return
            connection.execute(delete(table).where(*of_document, table.c.told_on < day - REMEMBERED))
            agents = connection.execute(select(func.count()).select_from(table).where(*of_document))
            if agents.scalar_one() < MOST_AGENTS:
                names = {"feed": key[0], "format": key[1], "language": key[2], "agent": agent}
                connection.execute(insert(table).values(names | values))

    def count(self, today: date) -> dict[str, int]:
        """Give how many subscribers each feed has, in all its documents together; none are left out."""
        table = schema.subscribers.c
        query = select(table.feed, func.sum(table.count)).where(table.told_on >= today - REMEMBERED)
        with read(self._engine) as connection:
            return {feed: int(count) for feed, count in connection.execute(query.group_by(table.feed))}
