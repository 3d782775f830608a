"""Recording history by the thousand: papers, estimated announcements and the harvest's place, all at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Connection, Engine, Row, select, update

from feedsvc.paper import Announcement, Kind, Paper, merge_paper
from feedsvc.store import schema
from feedsvc.store.binding import (
    ANNOUNCEMENT_COLUMNS,
    PAPER_COLUMNS,
    Bound,
    bind_announcements,
    bind_papers,
)
from feedsvc.store.engine import write_many
from feedsvc.store.harvests import Harvest, save_harvest
from feedsvc.store.revisions import Revision
from feedsvc.store.rows import announcement_row, paper_row, read_paper
from feedsvc.store.versions import Key, chunked, load_papers
from feedsvc.store.words import Words, index_papers, words_of
from feedsvc.store.words.row import make_words

IDS_A_STATEMENT = 500
_PAPER, _VERSION = map(PAPER_COLUMNS.index, ("paper", "version"))
_CATEGORY, _ANNOUNCED, _PLACE = map(ANNOUNCEMENT_COLUMNS.index, ("category", "paper", "place"))
FIRST = frozenset({Kind.NEW.value, Kind.CROSS.value})

Bounds = list[Bound]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Papers, their first announcements and their words by place, as a database's driver takes them.

    Made in one process, they can be stored in another.
    """

    papers: Bounds
    announcements: Bounds
    words: dict[int, Words]


NOTHING = Chunk([], [], {})


@dataclass(frozen=True, slots=True)
class Stored:
    """How many rows one transaction wrote."""

    papers: int = 0
    mended: int = 0
    announcements: int = 0


def make_chunk(papers: Iterable[Paper], announcements: Iterable[Announcement], backend: str) -> Chunk:
    """Give values as rows of a database, named as in its URL."""
    told = {(paper.id, paper.version): paper for paper in papers}
    rows = [announcement_row(announcement) for announcement in announcements]
    categories: dict[tuple[int, Key], list[str]] = {}
    for row in rows:
        categories.setdefault((row["place"], (row["paper"], row["version"])), []).append(row["category"])
    return Chunk(
        papers=[bind_papers(backend).bind(paper_row(paper)) for paper in told.values()],
        announcements=[bind_announcements(backend).bind(row) for row in rows],
        words={
            place: make_words(told[key], categories[place, key]) for place, key in categories if key in told
        },
    )


class BulkStore:
    """History, a chunk a transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def backend(self) -> str:
        """The database's name, as in its URL."""
        return self._engine.url.drivername

    def record(self, chunk: Chunk, harvest: Harvest) -> Stored:
        """Record a chunk of history and how far the harvest is with it, in one transaction.

        So a harvest that goes on from its token neither loses nor repeats a row. A paper version that is
        known completely only has its gaps filled. A paper whose first announcement in a category is known,
        of whatever day, is not announced there a second time. The same again changes nothing.
        """
        with write_many(self._engine) as connection:
            revision = Revision(connection)
            known_ids = _find_known(connection, chunk.papers)
            added, mended = self._save_papers(connection, chunk.papers, known_ids, revision)
            announced = self._save_history(connection, chunk.announcements, known_ids, revision)
            _index_words(connection, chunk, known_ids)
            save_harvest(connection, harvest)
        return Stored(added, mended, announced)

    def _save_papers(
        self, connection: Connection, papers: Bounds, known_ids: Collection[str], revision: Revision
    ) -> tuple[int, int]:
        seen: dict[Key, Bound] = {(row[_PAPER], row[_VERSION]): row for row in papers}
        known = load_papers(connection, [key for key in seen if key[0] in known_ids]) if known_ids else {}
        added = [row for key, row in seen.items() if key not in known]
        binding = bind_papers(self.backend)
        if added:
            binding.insert(connection, added, revision.take())
        mended = [_mend_paper(connection, known[key], binding.read(seen[key]), revision) for key in known]
        return len(added), sum(mended)

    def _save_history(
        self, connection: Connection, announcements: Bounds, known_ids: Collection[str], revision: Revision
    ) -> int:
        """Save the announcements of papers that are not announced in the category yet; give how many."""
        firsts, days = _find_announced(connection, known_ids)
        binding = bind_announcements(self.backend)
        absent: dict[tuple[str, str], Bound] = {}
        for bound in announcements:
            pair = bound[_CATEGORY], bound[_ANNOUNCED]
            if pair not in firsts and (pair not in days or binding.read(bound)["day"] not in days[pair]):
                absent.setdefault(pair, bound)
        if absent:
            binding.insert(connection, list(absent.values()), revision.take())
        return len(absent)


def _index_words(connection: Connection, chunk: Chunk, known_ids: Collection[str]) -> None:
    """Index what the chunk tells of new papers; of known ones the store's own rows are read again."""
    if not known_ids:
        words_of(connection).add(connection, chunk.words)
        return
    new = {row[_PLACE] for row in chunk.announcements if row[_ANNOUNCED] not in known_ids}
    words_of(connection).add(connection, {p: row for p, row in chunk.words.items() if p in new})
    index_papers(connection, _versions_of(connection, known_ids))


def _versions_of(connection: Connection, papers: Collection[str]) -> list[Key]:
    table = schema.papers.c
    return [
        (row.paper, row.version)
        for ids in chunked(sorted(papers), IDS_A_STATEMENT)
        for row in connection.execute(select(table.paper, table.version).where(table.paper.in_(ids)))
    ]


def _find_known(connection: Connection, papers: Bounds) -> set[str]:
    column = schema.papers.c.paper
    return {
        row.paper
        for ids in chunked(dict.fromkeys(row[_PAPER] for row in papers), IDS_A_STATEMENT)
        for row in connection.execute(select(column).where(column.in_(ids)))
    }


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


def _find_announced(
    connection: Connection, papers: Collection[str]
) -> tuple[set[tuple[str, str]], dict[tuple[str, str], set[date]]]:
    """Give where papers had their first announcement, and the days on which each category had any of them."""
    table = schema.announcements.c
    query = select(table.category, table.paper, table.day, table.kind)
    firsts: set[tuple[str, str]] = set()
    days: dict[tuple[str, str], set[date]] = defaultdict(set)
    for ids in chunked(sorted(papers), IDS_A_STATEMENT):
        for row in connection.execute(query.where(table.paper.in_(ids))):
            days[row.category, row.paper].add(row.day)
            if row.kind in FIRST:
                firsts.add((row.category, row.paper))
    return firsts, days
