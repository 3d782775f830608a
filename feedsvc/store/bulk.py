"""Recording history by the thousand: papers, estimated announcements and the harvest's place, all at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Connection, Engine, Row, Table, insert, select, update

from feedsvc.paper import Announcement, Kind, Paper, merge_paper
from feedsvc.store import schema
from feedsvc.store.engine import write
from feedsvc.store.harvests import Harvest, save_harvest
from feedsvc.store.revisions import Revision
from feedsvc.store.rows import announcement_row, paper_row, read_paper
from feedsvc.store.versions import Key, chunked, load_papers
from feedsvc.store.words import index_changes

IDS_A_STATEMENT = 500
FIRST = frozenset({Kind.NEW.value, Kind.CROSS.value})

Rows = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Papers and their first announcements as rows: made in one process, they can be stored in another."""

    papers: Rows
    announcements: Rows


@dataclass(frozen=True, slots=True)
class Stored:
    """How many rows one transaction wrote."""

    papers: int = 0
    mended: int = 0
    announcements: int = 0


def make_chunk(papers: Iterable[Paper], announcements: Iterable[Announcement]) -> Chunk:
    """Give values as rows."""
    return Chunk([paper_row(paper) for paper in papers], [announcement_row(row) for row in announcements])


class BulkStore:
    """History, a chunk a transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

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
            index_changes(connection, revision)
            save_harvest(connection, harvest)
        return Stored(added, mended, announced)


def _find_known(connection: Connection, papers: Rows) -> set[str]:
    column = schema.papers.c.paper
    return {
        row.paper
        for ids in chunked(dict.fromkeys(row["paper"] for row in papers), IDS_A_STATEMENT)
        for row in connection.execute(select(column).where(column.in_(ids)))
    }


def _save_papers(
    connection: Connection, papers: Rows, known_ids: Collection[str], revision: Revision
) -> tuple[int, int]:
    seen: dict[Key, dict[str, Any]] = {(row["paper"], row["version"]): row for row in papers}
    known = load_papers(connection, [key for key in seen if key[0] in known_ids]) if known_ids else {}
    added = [row for key, row in seen.items() if key not in known] if known else list(seen.values())
    _insert(connection, schema.papers, added, revision)
    return len(added), sum(_mend_paper(connection, known[key], seen[key], revision) for key in known)


def _mend_paper(connection: Connection, known: Paper, row: dict[str, Any], revision: Revision) -> bool:
    seen = read_paper(cast("Row[Any]", SimpleNamespace(**row)))
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
    firsts, places = _find_announced(connection, known_ids)
    absent: dict[tuple[str, str], dict[str, Any]] = {}
    for row in announcements:
        pair = row["category"], row["paper"]
        if pair not in firsts and (*pair, row["day"]) not in places:
            absent.setdefault(pair, row)
    _insert(connection, schema.announcements, list(absent.values()), revision)
    return len(absent)


def _find_announced(
    connection: Connection, papers: Collection[str]
) -> tuple[set[tuple[str, str]], set[tuple[str, str, date]]]:
    """Give where papers had their first announcement, and each category and day on which they had any."""
    table = schema.announcements.c
    query = select(table.category, table.paper, table.day, table.kind)
    rows = [
        row
        for ids in chunked(sorted(papers), IDS_A_STATEMENT)
        for row in connection.execute(query.where(table.paper.in_(ids)))
    ]
    firsts = {(row.category, row.paper) for row in rows if row.kind in FIRST}
    return firsts, {(row.category, row.paper, row.day) for row in rows}


def _insert(connection: Connection, table: Table, rows: Rows, revision: Revision) -> None:
    """Insert rows in the driver's own terms: a third quicker than to have each of them bound one by one."""
    if not rows:
        return
    number, dialect = revision.take(), connection.dialect
    columns = [column for column in table.columns if column.name in rows[0] or column.name == "revision"]
    binders = [(c.name, c.type.dialect_impl(dialect).bind_processor(dialect)) for c in columns]
    statement = insert(table).compile(dialect=dialect, column_keys=[column.name for column in columns])
    bound = (
        [bind(row[name]) if bind else row[name] for name, bind in binders]
        for row in (row | {"revision": number} for row in rows)
    )
    if dialect.positional:
        connection.exec_driver_sql(str(statement), [tuple(row) for row in bound])
    else:
        names = [column.name for column in columns]
        connection.exec_driver_sql(str(statement), [dict(zip(names, row, strict=True)) for row in bound])
