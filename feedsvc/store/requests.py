"""How many requests were sent, by host and outcome, whichever process sent them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, func, insert, select, update

from feedsvc.store import schema
from feedsvc.store.engine import read, write


class RequestStore:
    """Counters of requests, a row a day, host and outcome."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count_request(self, host: str, outcome: str, now: datetime) -> None:
        """Count one request; `outcome` is an HTTP status or a word of at most 16 characters."""
        table = schema.requests.c
        key = {"day": now.date(), "host": host, "outcome": outcome}
        same = [table[name] == value for name, value in key.items()]
        with write(self._engine) as connection:
            counted = connection.execute(
                update(schema.requests).where(*same).values({"count": table["count"] + 1})
            )
            if not counted.rowcount:
                connection.execute(insert(schema.requests).values(key | {"count": 1}))

    def requests_by_outcome(self) -> dict[tuple[str, str], int]:
        """Give the number of requests ever sent by host and outcome."""
        table = schema.requests.c
        key = (table.host, table.outcome)
        query = select(*key, func.sum(table["count"]).label("number")).group_by(*key).order_by(*key)
        with read(self._engine) as connection:
            rows = connection.execute(query)
            return {(row.host, row.outcome): int(row.number) for row in rows}
