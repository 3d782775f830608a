"""How often each outcome of the hub's requests came about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, func, insert, select, update

from feedsvc.store.hub_tables import outcomes


def count_outcomes(connection: Connection, day: date, what: str, counts: Mapping[str, int]) -> None:
    """Add to the counts of a day; `what` is `delivery`, `verification`, `denial` or `ping`."""
    table = outcomes.c
    for outcome, number in sorted(counts.items()):
        key = {"day": day, "what": what, "outcome": outcome}
        same = [table[name] == value for name, value in key.items()]
        counted = connection.execute(update(outcomes).where(*same).values({"count": table["count"] + number}))
        if not counted.rowcount:
            connection.execute(insert(outcomes).values(key | {"count": number}))


def sum_outcomes(connection: Connection) -> dict[tuple[str, str], int]:
    """Give how often each outcome ever came about."""
    key = (outcomes.c.what, outcomes.c.outcome)
    query = select(*key, func.sum(outcomes.c["count"]).label("number")).group_by(*key).order_by(*key)
    return {(row.what, row.outcome): int(row.number) for row in connection.execute(query)}
