"""The ledger's rows: batches and announcements, recorded whole or not at all."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection, Engine, func, insert, select, update

from feedsvc.ledger import REBUILT_SOURCE, SETTLED, count_kinds, judge_missing, renew_batch
from feedsvc.paper import Announcement, Batch, BatchState, Kind, Origin, Paper
from feedsvc.steps import CONTENT, Step
from feedsvc.store import schema
from feedsvc.store.bell import Bell
from feedsvc.store.candidates import find_newest_day
from feedsvc.store.engine import read, write
from feedsvc.store.listed import insert_absent, save_announcements, settle_estimates
from feedsvc.store.orders import Ordering, place_orders
from feedsvc.store.place import first_place, last_place
from feedsvc.store.revisions import Revision
from feedsvc.store.rows import batch_row, read_announcement, read_batch
from feedsvc.store.versions import chunked, save_papers
from feedsvc.store.words import index_changes

EARLIER = 10
FIRST_KINDS = (Kind.NEW.value, Kind.CROSS.value)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording a batch changed; `repeated` when the very same batch was known already."""

    batch: Batch
    added: int = 0
    mended: int = 0
    repeated: bool = False


class LedgerStore:
    """Batches and announcements."""

    def __init__(self, engine: Engine, ordering: Ordering | None = None, bell: Bell | None = None) -> None:
        self._engine = engine
        self._ordering = ordering
        self._bell = bell or Bell()

    def record_batch(
        self,
        batch: Batch,
        papers: Sequence[Paper],
        announcements: Sequence[Announcement],
        implied: Sequence[Announcement] = (),
    ) -> Recorded:
        """Record papers, announcements and the batch's state in one transaction.

        Nothing is ever taken away but an estimate that a listing now corrects: announcements known for the
        day stay, and keep their release day. The same batch again changes only when it was last seen.
        `implied` are the same papers' announcements in other categories, which may be known there already.
        """
        with write(self._engine) as connection:
            known = _find_batch(connection, batch.category, batch.day)
            revision = Revision(connection)
            save_papers(connection, papers, revision)
            added, mended = save_announcements(connection, batch, announcements, revision)
            rows = _announcements(connection, batch.category, batch.day)
            if announcements and batch.source != REBUILT_SOURCE:
                batch = judge_missing(batch, rows, {a.paper for a in announcements})
            kept = replace(renew_batch(known, batch), counts=count_kinds(rows))
            _save_batch(connection, kept, known)
            _note_settling(known, kept, revision)
            save_implied(connection, implied, revision)
            index_changes(connection, revision)
            place_orders(connection, revision, self._ordering)
            self._ring(connection, revision)
        same = known is not None and batch.fingerprint != "" and known.fingerprint == batch.fingerprint
        return Recorded(kept, added, mended, repeated=same and not added and not mended)

    def record_rebuilt(
        self, batches: Sequence[Batch], papers: Sequence[Paper], announcements: Sequence[Announcement]
    ) -> int:
        """Record what other sources tell of a category, in one transaction; give how many rows are new.

        `batches` are the days that are settled by it.
        """
        with write(self._engine) as connection:
            revision = Revision(connection)
            save_papers(connection, papers, revision)
            added = insert_absent(connection, announcements, revision)
            index_changes(connection, revision)
            place_orders(connection, revision, self._ordering)
            for batch in batches:
                known = _find_batch(connection, batch.category, batch.day)
                rows = _announcements(connection, batch.category, batch.day)
                kept = replace(renew_batch(known, batch), counts=count_kinds(rows))
                _save_batch(connection, kept, known)
                _note_settling(known, kept, revision)
            self._ring(connection, revision)
        return added

    def _ring(self, connection: Connection, revision: Revision) -> None:
        if revision.taken is not None:
            ordered = () if self._ordering is None else (Step.WRITE,)
            self._bell.ring(connection, *CONTENT, *ordered)

    def note_batch(self, batch: Batch) -> Recorded:
        """Keep that a batch was asked for and could not be used; what it holds already stays."""
        return self.record_batch(batch, (), ())

    def find_batch(self, category: str, day: date) -> Batch | None:
        """Give a batch, or None if the category's day was never asked for."""
        with read(self._engine) as connection:
            return _find_batch(connection, category, day)

    def batches_of(self, day: date) -> dict[str, Batch]:
        """Give the batches of a day by category."""
        with read(self._engine) as connection:
            rows = connection.execute(select(schema.batches).where(schema.batches.c.day == day))
            return {row.category: read_batch(row) for row in rows}

    def is_seen(self, day: date, besides: str) -> bool:
        """Tell whether any other category's batch of a day was seen whole."""
        table = schema.batches.c
        seen = select(table.day).where(
            table.day == day, table.state == BatchState.OK.value, table.category != besides
        )
        with read(self._engine) as connection:
            return connection.execute(seen.limit(1)).first() is not None

    def earlier_batches(self, category: str, before: date) -> tuple[Batch, ...]:
        """Give the category's last batches before a day, newest first."""
        table = schema.batches.c
        query = select(schema.batches).where(table.category == category, table.day < before)
        with read(self._engine) as connection:
            rows = connection.execute(query.order_by(table.day.desc()).limit(EARLIER))
            return tuple(read_batch(row) for row in rows)

    def batches(self, since: date | None = None) -> tuple[Batch, ...]:
        """Give all batches from a day on, newest day first, then by category."""
        table = schema.batches.c
        query = select(schema.batches).order_by(table.day.desc(), table.category)
        if since:
            query = query.where(table.day >= since)
        with read(self._engine) as connection:
            return tuple(read_batch(row) for row in connection.execute(query))

    def announcements_of(self, category: str, day: date) -> tuple[Announcement, ...]:
        """Give all announcements of a category's day, by kind, then id."""
        with read(self._engine) as connection:
            return _announcements(connection, category, day)

    def count_repeats(self, category: str, day: date, announcements: Collection[Announcement]) -> int:
        """Count the announcements that the category is known to have made on another day."""
        asked = {(a.paper, a.version, a.kind.value in FIRST_KINDS) for a in announcements}
        table = schema.announcements.c
        with read(self._engine) as connection:
            known = {
                (row.paper, row.version, row.kind in FIRST_KINDS)
                for chunk in chunked({a.paper for a in announcements})
                for row in connection.execute(
                    select(table.paper, table.version, table.kind).where(
                        table.paper.in_(chunk),
                        table.category == category,
                        table.day != day,
                        table.origin != Origin.ESTIMATED.value,
                    )
                )
            }
        return len(asked & known)

    def unsettled_days(self, category: str, days: Collection[date]) -> frozenset[date]:
        """Give those of some days whose batch was never seen whole."""
        table = schema.batches.c
        settled = select(table.day).where(
            table.category == category, table.state.in_([state.value for state in SETTLED])
        )
        with read(self._engine) as connection:
            return frozenset(days) - {row.day for row in connection.execute(settled)}

    def first_day(self) -> date | None:
        """Give the first day that any listing was asked for; None before that."""
        with read(self._engine) as connection:
            return connection.execute(select(func.min(schema.batches.c.day))).scalar()

    def knows_day(self, day: date) -> bool:
        """Tell whether a day has announcements, or is settled without any, in whatever category."""
        places, batches = schema.announcements.c.place, schema.batches.c
        announced = select(places).where(places.between(first_place(day), last_place(day)))
        settled = select(batches.day).where(
            batches.day == day, batches.state.in_([state.value for state in SETTLED])
        )
        with read(self._engine) as connection:
            return any(connection.execute(query.limit(1)).first() for query in (announced, settled))

    def newest_day(self) -> date | None:
        """Give the newest day with an announcement; None for an empty ledger."""
        with read(self._engine) as connection:
            return find_newest_day(connection)

    def latest_batches(self) -> dict[str, Batch]:
        """Give the newest settled batch with announcements of each category."""
        table = schema.batches.c
        newest = (
            select(table.category, func.max(table.day).label("day"))
            .where(table.state == BatchState.OK.value)
            .group_by(table.category)
            .subquery()
        )
        query = select(schema.batches).join(
            newest, (table.category == newest.c.category) & (table.day == newest.c.day)
        )
        with read(self._engine) as connection:
            return {row.category: read_batch(row) for row in connection.execute(query)}


def _note_settling(known: Batch | None, kept: Batch, revision: Revision) -> None:
    """Count as a change that a batch is settled now: what tells of whole days waits for it."""
    if kept.state in SETTLED and (known is None or known.state not in SETTLED):
        revision.take()


def save_implied(connection: Connection, implied: Sequence[Announcement], revision: Revision) -> None:
    """Save cross-lists that other listings tell of; a batch that seemed complete without them is not.

    Estimates of them give way; a paper that the category is known to have announced before stays as it is.
    """
    absent = _without_first(connection, implied)
    settle_estimates(connection, absent, revision)
    insert_absent(connection, absent, revision)
    for day in {a.day for a in absent}:
        _judge_again(connection, day, [a for a in absent if a.day == day])


def _judge_again(connection: Connection, day: date, implied: Sequence[Announcement]) -> None:
    """Judge the batches of a day anew that lacked some announcements."""
    table, categories = schema.batches.c, {a.category for a in implied}
    query = select(schema.batches).where(table.day == day, table.category.in_(categories))
    batches = {row.category: read_batch(row) for row in connection.execute(query)}
    rows = _announcements_by_category(connection, batches, day)
    for category, known in batches.items():
        listed = {row.paper for row in rows[category]}
        listed -= {a.paper for a in implied if a.category == category}
        judged = judge_missing(known, rows[category], listed)
        _save_batch(connection, replace(judged, counts=count_kinds(rows[category])), known)


def _without_first(connection: Connection, implied: Sequence[Announcement]) -> list[Announcement]:
    table = schema.announcements.c
    known = {
        (row.paper, row.category)
        for chunk in chunked({a.paper for a in implied})
        for row in connection.execute(
            select(table.paper, table.category).where(
                table.paper.in_(chunk),
                table.kind.in_(FIRST_KINDS),
                table.origin != Origin.ESTIMATED.value,
            )
        )
    }
    return [a for a in implied if (a.paper, a.category) not in known]


def _announcements(connection: Connection, category: str, day: date) -> tuple[Announcement, ...]:
    return _announcements_by_category(connection, [category], day)[category]


def _announcements_by_category(
    connection: Connection, categories: Collection[str], day: date
) -> dict[str, tuple[Announcement, ...]]:
    """Give the announcements of a day in each of some categories, by kind, then id."""
    table = schema.announcements.c
    query = select(schema.announcements).where(table.day == day, table.category.in_(categories))
    found = sorted(map(read_announcement, connection.execute(query)), key=lambda a: (a.kind.rank, a.paper))
    return {category: tuple(a for a in found if a.category == category) for category in categories}


def _find_batch(connection: Connection, category: str, day: date) -> Batch | None:
    table = schema.batches.c
    query = select(schema.batches).where(table.category == category, table.day == day)
    row = connection.execute(query).one_or_none()
    return None if row is None else read_batch(row)


def _save_batch(connection: Connection, batch: Batch, known: Batch | None) -> None:
    values = batch_row(batch)
    if known is None:
        connection.execute(insert(schema.batches).values(values))
        return
    table = schema.batches.c
    connection.execute(
        update(schema.batches).where(table.category == batch.category, table.day == batch.day).values(values)
    )
