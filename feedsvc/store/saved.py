"""The rows of feeds that visitors saved. A name that was given up stays taken: it has its readers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, Row, Select, func, insert, select, update

from feedsvc.feed.saved import SavedFeed
from feedsvc.store import schema
from feedsvc.store.engine import read, write
from feedsvc.store.revisions import Revision


class SavedStore:
    """Saved feeds by name. Of a secret only a hash is kept."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, name: str) -> SavedFeed | None:
        """Give a saved feed; None if there is none of this name, or no more."""
        row = self._find(_select_live().where(schema.saved_feeds.c.name == name))
        return None if row is None else _read(row)

    def is_given_up(self, name: str) -> bool:
        """Tell whether a feed of this name was saved, and then deleted."""
        table = schema.saved_feeds.c
        return (
            self._find(select(table.name).where(table.name == name, table.deleted_at.is_not(None)))
            is not None
        )

    def read_secret(self, name: str) -> str | None:
        """Give the hash of the secret with which a saved feed can be changed."""
        row = self._find(_select_live().where(schema.saved_feeds.c.name == name))
        return None if row is None else str(row.secret)

    def add(self, feed: SavedFeed, secret: str, most: int) -> bool | None:
        """Save a feed and the hash of its secret; False if the name is taken, None if there are `most`."""
        table = schema.saved_feeds
        live = select(func.count()).select_from(table).where(table.c.deleted_at.is_(None))
        with write(self._engine) as connection:
            if connection.execute(select(table.c.name).where(table.c.name == feed.name)).first():
                return False
            if connection.execute(live).scalar_one() >= most:
                return None
            connection.execute(
                insert(table).values(
                    name=feed.name,
                    title=feed.title,
                    query=feed.query,
                    secret=secret,
                    saved_at=feed.saved_at,
                    asked_at=feed.asked_at,
                )
            )
        return True

    def change(self, name: str, title: str, query: str) -> None:
        """Give a saved feed another title and query.

        It is a change of content like any other: what was made of the former query is kept no longer.
        """
        with write(self._engine) as connection:
            _update(connection, name, title=title, query=query)
            Revision(connection).take()

    def delete(self, name: str, now: datetime) -> None:
        """Give a saved feed up, and its name for ever."""
        with write(self._engine) as connection:
            _update(connection, name, title="", query="", secret="", deleted_at=now)

    def note_asked(self, name: str, now: datetime) -> None:
        """Keep that somebody asked for a saved feed."""
        with write(self._engine) as connection:
            _update(connection, name, asked_at=now)

    def awake(self, since: datetime) -> tuple[SavedFeed, ...]:
        """Give the saved feeds that somebody asked for since an instant, by name."""
        table = schema.saved_feeds.c
        with read(self._engine) as connection:
            rows = connection.execute(_select_live().where(table.asked_at >= since).order_by(table.name))
            return tuple(map(_read, rows))

    def _find(self, query: Select[tuple[object, ...]]) -> Row[tuple[object, ...]] | None:
        with read(self._engine) as connection:
            return connection.execute(query).one_or_none()


def _update(connection: Connection, name: str, **values: object) -> None:
    table = schema.saved_feeds
    is_live = (table.c.name == name, table.c.deleted_at.is_(None))
    connection.execute(update(table).where(*is_live).values(values))


def _select_live() -> Select[tuple[object, ...]]:
    return select(schema.saved_feeds).where(schema.saved_feeds.c.deleted_at.is_(None))


def _read(row: Row[tuple[object, ...]]) -> SavedFeed:
    return SavedFeed(row.name, row.title, row.query, row.saved_at, row.asked_at)
