"""What is new in a document: told by marks of its entries, kept for the last few states of each."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, func, insert, select, update

from feedsvc.paper import DocumentKey
from feedsvc.store.hub_tables import marked, notices, subscriptions

KEPT = 8
"""So many states of a document with subscribers are kept; of one without, the last."""


def is_document(table: Table, key: DocumentKey) -> ColumnElement[bool]:
    """Give the condition that a row is about a document."""
    feed, format_, language = key
    return and_(table.c.feed == feed, table.c.format == format_, table.c.language == language)


def note_marks(connection: Connection, key: DocumentKey, etag: str, marks: Sequence[str]) -> bool:
    """Keep the state of a document that changed; where an entry of it is new, its subscribers are due one.

    An entry that fell out of the document, or whose digest came late, is not worth a delivery. Gives whether
    there is one.
    """
    mine = is_document(marked, key)
    newest = select(marked.c.marks).where(mine).order_by(marked.c.number.desc()).limit(1)
    known = connection.execute(newest).scalar()
    feed, format_, language = key
    row = {"feed": feed, "format": format_, "language": language, "etag": etag}
    is_news = known is None or not set(marks) <= set(known)
    if is_news:
        _note_change(connection, key, row)
    if known is not None:
        _forget_old(connection, key)
    connection.execute(insert(marked).values(row | {"marks": list(marks)}))
    return is_news


def _note_change(connection: Connection, key: DocumentKey, row: dict[str, str]) -> None:
    """Have each subscription that there is now be due a delivery."""
    newest = select(func.coalesce(func.max(subscriptions.c.number), 0)).scalar_subquery()
    extent = {"after": 0, "until": newest}
    told = connection.execute(
        update(notices).where(is_document(notices, key)).values(etag=row["etag"], **extent)
    )
    if not told.rowcount:
        connection.execute(insert(notices).values(row | extent))


def drop_marks(connection: Connection, key: DocumentKey) -> None:
    """Forget a document that is no more."""
    connection.execute(delete(marked).where(is_document(marked, key)))
    connection.execute(delete(notices).where(is_document(notices, key)))


def read_marks(connection: Connection, key: DocumentKey, etag: str) -> tuple[str, ...] | None:
    """Give the marks of a state of a document, in its entries' order; None if it is not kept."""
    query = select(marked.c.marks).where(is_document(marked, key), marked.c.etag == etag)
    marks = connection.execute(query.order_by(marked.c.number.desc()).limit(1)).scalar()
    return None if marks is None else tuple(marks)


def _forget_old(connection: Connection, key: DocumentKey) -> None:
    """Make room for one more state; of a document without subscribers, none but that one is kept."""
    mine = is_document(marked, key)
    old = delete(marked).where(mine)
    if connection.execute(select(exists().where(is_document(subscriptions, key)))).scalar():
        numbers = select(marked.c.number).where(mine).order_by(marked.c.number.desc()).limit(KEPT - 1)
        old = old.where(marked.c.number < connection.execute(numbers).scalars().all()[-1])
    connection.execute(old)
