"""Recording history by the thousand: papers, estimated announcements and the harvest's place, all at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, Table, insert, select, update

from feedsvc.paper import Announcement, Kind, Paper, merge_paper
from feedsvc.store import schema
from feedsvc.store.binding import bind_rows, columns_of, find_binder, read_row
from feedsvc.store.engine import write
from feedsvc.store.harvests import Harvest, save_harvest
from feedsvc.store.papers import Key, chunked, load_papers
from feedsvc.store.revisions import Revision
from feedsvc.store.rows import announcement_row, paper_row, read_paper

IDS_A_STATEMENT = 500
FIRST = frozenset({Kind.NEW.value, Kind.CROSS.value})

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Papers and their first announcements as a driver takes them, in the order of `columns_of` their tables.

    So all that takes time is done where they are made, which may be another process.
    """

    papers: Rows
    announcements: Rows


@dataclass(frozen=True, slots=True)
class Stored:
    """How many rows one transaction wrote."""

    papers: int = 0
    mended: int = 0
    announcements: int = 0


def make_chunk(
    papers: Iterable[Paper], announcements: Iterable[Announcement], drivername: str = "sqlite"
) -> Chunk:
    """Give values as rows for a driver, which is named as at the beginning of a database URL."""
    bind_paper = bind_rows(drivername, schema.papers)
    bind_announcement = bind_rows(drivername, schema.announcements)
    return Chunk(
        [bind_paper(paper_row(paper)) for paper in papers],
        [bind_announcement(announcement_row(row)) for row in announcements],
    )


class BulkStore:
    """History, a chunk a transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def drivername(self) -> str:
        """The driver for which chunks must be made."""
        return self._engine.url.drivername

    def record(self, chunk: Chunk, harvest: Harvest) -> Stored:
        """Record a chunk of history and how far the harvest is with it, in one transaction.

        So a harvest that goes on from its token neither loses nor repeats a row. A paper version that is
        known completely only has its gaps filled. A paper whose first announcement in a category is known,
        of whatever day, is not announced there a second time. The same again changes nothing.
        """
        with write(self._engine) as connection:
            revision = Revision(connection)
            known_ids = _find_known(connection, chunk.papers)
            added, mended = _save_papers(connection, chunk.papers, known_ids, revision)
            announced = _save_history(connection, chunk.announcements, known_ids, revision)
            save_harvest(connection, harvest)
        return Stored(added, mended, announced)


def _find_known(connection: Connection, papers: Rows) -> set[str]:
    column = schema.papers.c.paper
    return {
        row.paper
        for ids in chunked(dict.fromkeys(paper for paper, *_ in papers), IDS_A_STATEMENT)
        for row in connection.execute(select(column).where(column.in_(ids)))
    }


def _save_papers(
    connection: Connection, papers: Rows, known_ids: Collection[str], revision: Revision
) -> tuple[int, int]:
    seen: dict[Key, tuple[Any, ...]] = {row[:2]: row for row in papers}
    known = load_papers(connection, [key for key in seen if key[0] in known_ids]) if known_ids else {}
    added = [row for key, row in seen.items() if key not in known] if known else list(seen.values())
    _insert(connection, schema.papers, added, revision)
    return len(added), sum(_mend_paper(connection, known[key], seen[key], revision) for key in known)


def _mend_paper(connection: Connection, known: Paper, row: tuple[Any, ...], revision: Revision) -> bool:
    seen = read_paper(read_row(connection.dialect, schema.papers, row))
    # An archive's reading may be years old: of two complete ones the store's stays, but for its gaps.
    mended = merge_paper(known, replace(seen, complete=seen.complete and not known.complete))
    if mended == known:
        return False
    table = schema.papers.c
    connection.execute(
        update(schema.papers)
        .where(table.paper == known.id, table.version == known.version)
        .values(paper_row(mended) | {"revision": revision.take()})
    )
    return True


def _save_history(
    connection: Connection, announcements: Rows, known_ids: Collection[str], revision: Revision
) -> int:
    """Save the announcements of papers that are not announced in the category yet; give how many."""
    firsts, places = _find_announced(connection, known_ids) if known_ids else (set(), set())
    absent: dict[tuple[str, str], tuple[Any, ...]] = {}
    for row in announcements:
        pair = row[1:3]
        if pair not in firsts and row[:3] not in places:
            absent.setdefault(pair, row)
    _insert(connection, schema.announcements, list(absent.values()), revision)
    return len(absent)


def _find_announced(
    connection: Connection, papers: Collection[str]
) -> tuple[set[tuple[str, str]], set[tuple[Any, str, str]]]:
    """Give where papers had their first announcement, and each day and category on which they had any."""
    table = schema.announcements.c
    query = select(table.day, table.category, table.paper, table.kind)
    rows = [
        row
        for ids in chunked(sorted(papers), IDS_A_STATEMENT)
        for row in connection.execute(query.where(table.paper.in_(ids)))
    ]
    bind_day = find_binder(connection.dialect, table.day)
    firsts = {(row.category, row.paper) for row in rows if row.kind in FIRST}
    return firsts, {(bind_day(row.day), row.category, row.paper) for row in rows}


def _insert(connection: Connection, table: Table, rows: Rows, revision: Revision) -> None:
    """Insert rows as the driver takes them, all with this revision."""
    if not rows:
        return
    number = revision.take()
    names = [column.name for column in columns_of(table)] + ["revision"]
    statement = str(insert(table).compile(dialect=connection.dialect, column_keys=names))
    whole = [(*row, number) for row in rows]
    if connection.dialect.positional:
        connection.exec_driver_sql(statement, whole)
    else:
        connection.exec_driver_sql(statement, [dict(zip(names, row, strict=True)) for row in whole])
