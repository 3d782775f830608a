"""The number of the newest change: what came since when is a comparison of integers."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, select, update

from feedsvc.store import schema
from feedsvc.store.engine import read

# Asked for all the time, and put together once: that takes SQLAlchemy as long as SQLite takes for the answer.
_NEWEST = select(schema.revisions.c.value)


class Revision:
    """The number that the changes of one writing transaction carry; taken only if there is a change."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._number: int | None = None

    @property
    def taken(self) -> int | None:
        """The number, if there was a change."""
        return self._number

    def take(self) -> int:
        """Give this transaction's number, one above all before it; the same at every call."""
        if self._number is None:
            value = schema.revisions.c.value
            self._connection.execute(update(schema.revisions).values(value=value + 1))
            self._number = self._connection.execute(select(value)).scalar_one()
        return self._number

    def note_dropped(self) -> None:
        """Take the number for a change of which no row is left to carry it."""
        self._connection.execute(update(schema.revisions).values(dropped=self.take()))


def read_revision(engine: Engine) -> int:
    """Give the number of the newest change of content."""
    with read(engine) as connection:
        number: int = connection.execute(_NEWEST).scalar_one()
        return number
