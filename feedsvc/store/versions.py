"""The rows of paper versions within a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from sqlalchemy import ColumnElement, Connection, and_, bindparam, insert, select, update

from feedsvc.paper import Paper, merge_paper
from feedsvc.store import schema
from feedsvc.store.revisions import Revision
from feedsvc.store.rows import paper_row, read_paper

CHUNK = 400
Key = tuple[str, int]
"""Paper id, version."""
T = TypeVar("T")


def chunked(items: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """Cut a sequence into lists of at most `size`: databases bound the parameters of one statement."""
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk


def load_papers(connection: Connection, keys: Iterable[Key]) -> dict[Key, Paper]:
    """Give paper versions by (id, version), within a transaction."""
    # SQLite finds a list of pairs by reading the whole table, a list of ids by the primary key.
    wanted = set(keys)
    ids = sorted({paper for paper, _ in wanted})
    return {
        (row.paper, row.version): read_paper(row)
        for chunk in chunked(ids)
        for row in connection.execute(select(schema.papers).where(schema.papers.c.paper.in_(chunk)))
        if (row.paper, row.version) in wanted
    }


def save_papers(connection: Connection, papers: Sequence[Paper], revision: Revision) -> int:
    """Save paper versions within a transaction, merged with what is known; give how many changed."""
    merged: dict[Key, Paper] = {}
    for paper in papers:
        key = paper.id, paper.version
        merged[key] = merge_paper(merged.get(key), paper)
    known = load_papers(connection, merged)
    added = [
        paper_row(paper) | {"revision": revision.take()} for key, paper in merged.items() if key not in known
    ]
    if added:
        connection.execute(insert(schema.papers), added)
    changed = [
        paper_row(after) | {"revision": revision.take(), "at_paper": after.id, "at_version": after.version}
        for key, before in known.items()
        if (after := merge_paper(before, merged[key])) != before
    ]
    if changed:
        at = and_(
            schema.papers.c.paper == bindparam("at_paper"), schema.papers.c.version == bindparam("at_version")
        )
        connection.execute(update(schema.papers).where(at), changed)
    return len(added) + len(changed)


def is_version(key: Key) -> ColumnElement[bool]:
    paper, version = key
    return and_(schema.papers.c.paper == paper, schema.papers.c.version == version)
