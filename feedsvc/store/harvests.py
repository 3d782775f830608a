"""How far each harvest has come, so that what was killed goes on and what failed waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, insert, select, update

from feedsvc.store import schema
from feedsvc.store.engine import read, write


@dataclass(frozen=True, slots=True)
class Harvest:
    """The state of one harvest; `token` goes on from the last page that was stored."""

    name: str
    started_at: datetime
    touched_at: datetime
    records: int = 0
    token: str | None = None
    done: bool = False


class HarvestStore:
    """Harvests by name."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, name: str) -> Harvest | None:
        """Give a harvest, or None if there never was one of this name."""
        table = schema.harvests.c
        with read(self._engine) as connection:
            row = connection.execute(select(schema.harvests).where(table.name == name)).one_or_none()
        if row is None:
            return None
        return Harvest(row.name, row.started_at, row.touched_at, row.records, row.token, row.done)

    def save(self, harvest: Harvest) -> None:
        """Keep a harvest's state."""
        with write(self._engine) as connection:
            save_harvest(connection, harvest)


def save_harvest(connection: Connection, harvest: Harvest) -> None:
    """Keep a harvest's state within a transaction: that of the rows it brought."""
    table = schema.harvests
    row = {
        "token": harvest.token,
        "records": harvest.records,
        "started_at": harvest.started_at,
        "touched_at": harvest.touched_at,
        "done": harvest.done,
    }
    written = connection.execute(update(table).where(table.c.name == harvest.name).values(row))
    if not written.rowcount:
        connection.execute(insert(table).values(row | {"name": harvest.name}))
