"""The rows of paper versions and their digests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine, and_, exists, insert, or_, select, tuple_, update

from feedsvc.paper import Digest, Paper
from feedsvc.steps import CONTENT, Step
from feedsvc.store import schema
from feedsvc.store.bell import Bell
from feedsvc.store.engine import read, write
from feedsvc.store.orders import close_orders
from feedsvc.store.revisions import Revision
from feedsvc.store.rows import digest_row, read_digest, read_paper
from feedsvc.store.versions import Key, chunked, is_version, load_papers, save_papers
from feedsvc.store.words import index_changes

Cursor = tuple[int, str, int]
"""Revision, paper id, version: a place in the order in which paper versions changed."""
START: Cursor = (0, "", 0)


class PaperStore:
    """Paper versions."""

    def __init__(self, engine: Engine, bell: Bell | None = None) -> None:
        self._engine = engine
        self._bell = bell or Bell()

    def save(self, papers: Sequence[Paper]) -> int:
        """Save paper versions, merged with what is known; give how many changed."""
        changed = 0
        for chunk in chunked(papers):
            with write(self._engine) as connection:
                revision = Revision(connection)
                changed += save_papers(connection, chunk, revision)
                index_changes(connection, revision)
                if revision.taken is not None:
                    self._bell.ring(connection, *CONTENT)
        return changed

    def find(self, paper: str, version: int) -> Paper | None:
        """Give one paper version, or None."""
        return self.load([(paper, version)]).get((paper, version))

    def load(self, keys: Iterable[Key]) -> dict[Key, Paper]:
        """Give paper versions by (id, version); unknown ones are absent."""
        with read(self._engine) as connection:
            return load_papers(connection, keys)

    def find_versions(self, paper: str) -> tuple[Paper, ...]:
        """Give the versions of a paper that are stored, the newest first; none for an unknown paper."""
        table = schema.papers.c
        query = select(schema.papers).where(table.paper == paper).order_by(table.version.desc())
        with read(self._engine) as connection:
            return tuple(read_paper(row) for row in connection.execute(query))

    def load_newest(self, papers: Iterable[str]) -> dict[str, Paper]:
        """Give the newest stored version of some papers; unknown ones are absent."""
        table = schema.papers.c
        found: dict[str, Paper] = {}
        with read(self._engine) as connection:
            for chunk in chunked(dict.fromkeys(papers)):
                query = select(schema.papers).where(table.paper.in_(chunk)).order_by(table.version)
                found |= {row.paper: read_paper(row) for row in connection.execute(query)}
        return found

    def incomplete(self, asked_before: datetime, limit: int) -> list[Key]:
        """Give versions known from a listing only, that nobody asked the API about since, newest first."""
        table = schema.papers.c
        due = or_(table.asked_at.is_(None), table.asked_at < asked_before)
        query = select(table.paper, table.version).where(table.complete.is_(False), due)
        with read(self._engine) as connection:
            rows = connection.execute(query.order_by(table.revision.desc(), table.paper).limit(limit))
            return [(row.paper, row.version) for row in rows]

    def note_asked(self, keys: Iterable[Key], now: datetime) -> None:
        """Keep that the API was asked about these versions, whatever it answered."""
        for chunk in chunked(keys):
            with write(self._engine) as connection:
                for key in chunk:
                    connection.execute(update(schema.papers).where(is_version(key)).values(asked_at=now))


class DigestStore:
    """Digests, one a paper version and language."""

    def __init__(self, engine: Engine, bell: Bell | None = None) -> None:
        self._engine = engine
        self._bell = bell or Bell()

    def undigested(self, language: str, after: Cursor, limit: int) -> list[tuple[Cursor, Paper]]:
        """Give paper versions behind a cursor that lack a digest in the language, in order of change.

        One that was made of an earlier reading of the paper does not count.
        """
        papers, digests = schema.papers.c, schema.digests.c
        made = exists().where(
            digests.paper == papers.paper,
            digests.version == papers.version,
            digests.language == language,
            digests.revision >= papers.revision,
        )
        place = tuple_(papers.revision, papers.paper, papers.version)
        query = select(schema.papers).where(~made, place > after).order_by(*place).limit(limit)
        with read(self._engine) as connection:
            return [
                ((row.revision, row.paper, row.version), read_paper(row)) for row in connection.execute(query)
            ]

    def save(self, digests: Sequence[Digest]) -> int:
        """Save digests, each replacing the one in its language; give how many changed.

        An extractive one does not replace one that somebody wrote. Orders of a model's digests are met by
        any that is not extractive.
        """
        changed = 0
        for chunk in chunked(digests):
            with write(self._engine) as connection:
                revision = Revision(connection)
                changed += _save_digests(connection, chunk, revision)
                if revision.taken is not None:
                    self._bell.ring(connection, Step.BUILD)
        return changed

    def find(self, paper: str, version: int) -> tuple[Digest, ...]:
        """Give the digests of one paper version, by language."""
        table = schema.digests.c
        query = select(schema.digests).where(table.paper == paper, table.version == version)
        with read(self._engine) as connection:
            return tuple(read_digest(row) for row in connection.execute(query.order_by(table.language)))

    def load(self, keys: Iterable[Key], languages: Sequence[str]) -> dict[Key, Digest]:
        """Give each version's digest in the first of the languages in which there is one."""
        wanted = list(keys)
        found: dict[Key, Digest] = {}
        for language in reversed(languages):
            found.update(self._load(wanted, language))
        return found

    def _load(self, keys: Sequence[Key], language: str) -> dict[Key, Digest]:
        table = schema.digests.c
        query = select(schema.digests).where(table.language == language)
        wanted = set(keys)
        with read(self._engine) as connection:
            return {
                (row.paper, row.version): read_digest(row)
                for chunk in chunked(dict.fromkeys(paper for paper, _ in keys))
                for row in connection.execute(query.where(table.paper.in_(chunk)))
                if (row.paper, row.version) in wanted
            }


def _save_digests(connection: Connection, digests: Sequence[Digest], revision: Revision) -> int:
    table = schema.digests.c
    changed = 0
    for digest in digests:
        same = and_(
            table.paper == digest.paper, table.version == digest.version, table.language == digest.language
        )
        before = connection.execute(select(schema.digests).where(same)).one_or_none()
        if before is not None and not _is_better(digest, read_digest(before)):
            continue
        row = digest_row(digest) | {"revision": revision.take()}
        statement = insert(schema.digests) if before is None else update(schema.digests).where(same)
        connection.execute(statement.values(row))
        changed += 1
    close_orders(connection, digests, revision)
    return changed


def _is_better(digest: Digest, before: Digest) -> bool:
    # When a paper's metadata is mended its extractive digest is made anew: no reason to lose another.
    return digest != before and (before.is_extractive or not digest.is_extractive)
