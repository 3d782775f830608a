"""The rows of finished documents, and how far each was built."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, bindparam, delete, insert, or_, select, update

from feedsvc.paper import Document, DocumentKey
from feedsvc.steps import Step
from feedsvc.store import schema
from feedsvc.store.bell import Bell
from feedsvc.store.engine import read, write
from feedsvc.store.marks import drop_marks, is_document, note_marks
from feedsvc.store.rows import read_document

_COLUMNS = schema.documents.c
# What a document is sent by, and what a newer one is held against: the papers of the one and the bytes of the
# other are not read where nobody looks at them.
_SENT = [_COLUMNS[n] for n in ("feed", "format", "language", "content_type", "packed", "etag", "changed_at")]
_KEY = ("feed", "format", "language")
# Put together once: each document that is made on demand is looked for here first.
_FIND = select(*_SENT).where(*(_COLUMNS[name] == bindparam(name) for name in _KEY))
_KNOWN = [_COLUMNS[n] for n in ("recipe", "revision", "etag", "changed_at", "edition")]


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a stored document was made of: a recipe, all changes up to a revision, so many entries."""

    recipe: str
    revision: int
    entries: int


class DocumentStore:
    """Documents that are built ahead."""

    def __init__(self, engine: Engine, bell: Bell | None = None) -> None:
        self._engine = engine
        self._bell = bell or Bell()

    def find(self, key: DocumentKey) -> Document | None:
        """Give a document with its bytes, or None."""
        with read(self._engine) as connection:
            row = connection.execute(_FIND, dict(zip(_KEY, key, strict=True))).one_or_none()
            return None if row is None else read_document(row)

    def find_tag(self, key: DocumentKey) -> str | None:
        """Give a document's entity tag without its bytes, or None where it is not stored."""
        with read(self._engine) as connection:
            tag: str | None = connection.execute(select(schema.documents.c.etag).where(_is(key))).scalar()
            return tag

    def tags(self) -> dict[DocumentKey, str]:
        """Give the entity tags of all documents."""
        query = select(_COLUMNS.feed, _COLUMNS.format, _COLUMNS.language, _COLUMNS.etag)
        with read(self._engine) as connection:
            return {(row.feed, row.format, row.language): row.etag for row in connection.execute(query)}

    def edition(self) -> int:
        """Give how often the bytes of any document changed: as long as this stays, all documents do."""
        with read(self._engine) as connection:
            number: int = connection.execute(select(schema.editions.c.value)).scalar_one()
            return number

    def find_changed(self, edition: int) -> frozenset[DocumentKey] | None:
        """Give the documents whose bytes changed since an edition.

        None if one was dropped since, or the edition is none there has been: then any may differ.
        """
        table, number = schema.documents.c, schema.editions.c
        with read(self._engine) as connection:
            value, dropped = connection.execute(select(number.value, number.dropped)).one()
            if not dropped <= edition <= value:
                return None
            query = select(table.feed, table.format, table.language).where(table.edition > edition)
            return frozenset((row.feed, row.format, row.language) for row in connection.execute(query))

    def confirm(self, key: DocumentKey, etag: str, stamp: Stamp, papers: Sequence[str] = ()) -> bool:
        """Stamp a stored document anew if it has these very bytes; give whether it has.

        As with `save`, one that knows of more changes keeps its stamp.
        """
        table = schema.documents.c
        is_older = or_(table.recipe != stamp.recipe, table.revision <= stamp.revision)
        values = {
            "recipe": stamp.recipe,
            "revision": stamp.revision,
            "entries": stamp.entries,
            "papers": list(papers),
        }
        statement = update(schema.documents).where(_is(key), table.etag == etag, is_older).values(values)
        with write(self._engine) as connection:
            return bool(connection.execute(statement).rowcount)

    def stamps(self) -> dict[DocumentKey, Stamp]:
        """Give the stamps of all documents, without their bytes."""
        table = schema.documents.c
        query = select(table.feed, table.format, table.language, table.recipe, table.revision, table.entries)
        with read(self._engine) as connection:
            return {
                (row.feed, row.format, row.language): Stamp(row.recipe, row.revision, row.entries)
                for row in connection.execute(query)
            }

    def find_holders(self, papers: Collection[str]) -> set[str]:
        """Give the names of the feeds of which a document holds one of these papers."""
        wanted = set(papers)
        table = schema.documents.c
        with read(self._engine) as connection:
            rows = connection.execute(select(table.feed, table.papers))
            return {row.feed for row in rows if not wanted.isdisjoint(row.papers)}

    def save(
        self, document: Document, stamp: Stamp, papers: Sequence[str] = (), marks: Sequence[str] = ()
    ) -> bool:
        """Save a document and which papers it holds; give whether its bytes changed.

        Unchanged bytes keep the time of their change. `marks` name the state of each entry, in their order:
        where one is new, the document is due to its subscribers, in this very transaction.

        One that knows of fewer changes than the stored one is not saved: another process was quicker.
        """
        key = (document.feed, document.format, document.language)
        with write(self._engine) as connection:
            known = connection.execute(select(*_KNOWN).where(_is(key))).one_or_none()
            if known is not None and known.recipe == stamp.recipe and known.revision > stamp.revision:
                return False
            changed = known is None or known.etag != document.etag
            if known is not None and not changed:
                document = replace(document, changed_at=known.changed_at)
            edition = known.edition if known is not None and not changed else _take_edition(connection)
            row = _document_row(document) | {
                "recipe": stamp.recipe,
                "revision": stamp.revision,
                "entries": stamp.entries,
                "papers": list(papers),
                "edition": edition,
            }
            statement = (
                insert(schema.documents) if known is None else update(schema.documents).where(_is(key))
            )
            connection.execute(statement.values(row))
            if changed and note_marks(connection, key, document.etag, marks):
                self._bell.ring(connection, Step.DELIVER)
        return changed

    def note_untouched(self, keys: Iterable[DocumentKey], revision: int) -> None:
        """Keep that no change up to a revision touches these documents."""
        is_behind = schema.documents.c.revision < revision
        with write(self._engine) as connection:
            for key in keys:
                statement = update(schema.documents).where(_is(key), is_behind)
                connection.execute(statement.values(revision=revision))

    def keep_only(self, keys: Collection[DocumentKey]) -> int:
        """Drop the documents of feeds that are no more; give how many."""
        gone = [key for key in self.stamps() if key not in keys]
        with write(self._engine) as connection:
            for key in gone:
                connection.execute(delete(schema.documents).where(_is(key)))
                drop_marks(connection, key)
            if gone:
                connection.execute(update(schema.editions).values(dropped=_take_edition(connection)))
        return len(gone)


def _take_edition(connection: Connection) -> int:
    value = schema.editions.c.value
    connection.execute(update(schema.editions).values(value=value + 1))
    number: int = connection.execute(select(value)).scalar_one()
    return number


def _is(key: DocumentKey) -> ColumnElement[bool]:
    return is_document(schema.documents, key)


def _document_row(document: Document) -> dict[str, Any]:
    return {
        "feed": document.feed,
        "format": document.format,
        "language": document.language,
        "content_type": document.content_type,
        "etag": document.etag,
        "changed_at": document.changed_at,
        "size": document.size,
        "packed": document.packed,
    }
