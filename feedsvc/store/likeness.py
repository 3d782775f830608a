"""The rows of sketches and tallies, and recent papers that are like a given one.

Sketches are read into memory once a process, and from then on only those that are new.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from threading import Lock
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Date,
    Engine,
    Row,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)

from feedsvc.likeness.index import EMPTY, KEPT_DAYS, LikenessIndex, Match, Sketch
from feedsvc.likeness.reasons import name_shared
from feedsvc.likeness.weights import NOTHING_COUNTED, Tally, Terms, read_terms, sketch_terms, unpack_tally
from feedsvc.likeness.words import count_stems
from feedsvc.paper import Kind, Likeness, Paper
from feedsvc.steps import Step
from feedsvc.store import schema
from feedsvc.store.bell import Bell
from feedsvc.store.candidates import find_newest_day
from feedsvc.store.engine import read, write
from feedsvc.store.place import first_place
from feedsvc.store.revisions import Revision
from feedsvc.store.rows import read_paper
from feedsvc.store.versions import chunked, load_papers

FIRST_KINDS = (Kind.NEW.value, Kind.CROSS.value)
STILL_COUNTING = 0
CHUNK = 1000
KEPT_ANSWERS = 1000


@dataclass(frozen=True, slots=True)
class Unsketched:
    """A paper version to be sketched as it was at a revision, and the day since when it is known."""

    paper: Paper
    since: date
    read_at: int


class LikenessStore:
    """Sketches of recent papers. What it finds changes with them alone."""

    def __init__(self, engine: Engine, bell: Bell | None = None) -> None:
        self._engine = engine
        self._bell = bell or Bell()
        self._lock = Lock()
        self._memory = _Memory(0, EMPTY, {})

    def unsketched(self, limit: int) -> list[Unsketched]:
        """Give recent papers that were newly announced or cross-listed and have no sketch, oldest first.

        One that was made of an earlier reading of the paper does not count.
        """
        with read(self._engine) as connection:
            horizon = _find_horizon(connection)
            rows = connection.execute(_select_due(horizon).limit(limit)).all() if horizon else []
            since = {(row.paper, row.version): row.since for row in rows}
            papers = load_papers(connection, since)
            revisions = _read_revisions(connection, [row.paper for row in rows])
        return [Unsketched(papers[key], day, revisions[key]) for key, day in since.items()]

    def save(self, papers: Sequence[tuple[Unsketched, Terms]]) -> int:
        """Save the sketches of some papers; give how many changed.

        Papers are counted before they are weighed, each once; one that was weighed keeps its tally and its
        day, so that it stays where it is unless its words are others.
        """
        with write(self._engine) as connection:
            revision = Revision(connection)
            known = _find_known(connection, [due.paper.id for due, _ in papers])
            added = [(due, terms) for due, terms in papers if due.paper.id not in known]
            changed = _add(connection, added, revision)
            for due, terms in papers:
                if due.paper.id in known:
                    changed += _renew(connection, known[due.paper.id], due, terms, revision)
            if revision.taken is not None:
                self._bell.ring(connection, Step.BUILD)
        return changed

    def forget_old(self) -> None:
        """Drop the sketches of papers that are no longer recent, and the tallies that none was weighed by."""
        table, tallies = schema.sketches.c, schema.tallies.c
        in_use = exists().where(table.tally == tallies.number)
        newest = select(func.max(tallies.number)).scalar_subquery()
        with write(self._engine) as connection:
            horizon = _find_horizon(connection)
            if horizon is None:
                return
            connection.execute(delete(schema.sketches).where(table.since < horizon))
            connection.execute(
                delete(schema.tallies).where(
                    tallies.number != STILL_COUNTING, ~in_use, tallies.number != newest
                )
            )

    def find(self, paper: str) -> Mapping[str, Match]:
        """Give the recent papers that are like one, newest first, itself among them if it is recent.

        There are none like one that is not stored.
        """
        given = self._load_given(paper)
        return {} if given is None else self._recall().find(given)

    def explain(self, given: Collection[str], papers: Iterable[Paper]) -> dict[str, Likeness]:
        """Say of each paper which given one it is most like, and by which words.

        What is like none of them is absent.
        """
        memory = self._recall()
        texts = [text for name in sorted(given) if (text := self._load_given(name))]
        found = [(text, memory.find(text)) for text in texts]
        reasons: dict[str, Likeness] = {}
        for paper in papers:
            near = [(matches[paper.id], text) for text, matches in found if paper.id in matches]
            if near:
                match, text = max(near, key=lambda pair: pair[0].likeness)
                words = name_shared(text, paper, memory.tallies[match.tally])
                reasons[paper.id] = Likeness(text.id, words)
        return reasons

    def newest_change(self, given: Collection[str]) -> int:
        """Give a revision that is another whenever papers may be like some for another reason than before."""
        papers, sketches = schema.papers.c, schema.sketches.c
        texts = select(func.max(papers.revision)).where(papers.paper.in_(sorted(given)))
        with read(self._engine) as connection:
            found = (
                connection.execute(query).scalar() for query in (texts, select(func.max(sketches.revision)))
            )
            return max(number or 0 for number in found)

    def find_unknown(self, papers: Iterable[str]) -> list[str]:
        """Give those of some papers of which no version is stored, in their order."""
        wanted = list(dict.fromkeys(papers))
        table = schema.papers.c
        with read(self._engine) as connection:
            known = {
                row.paper
                for chunk in chunked(wanted)
                for row in connection.execute(select(table.paper).where(table.paper.in_(chunk)))
            }
        return [paper for paper in wanted if paper not in known]

    def _load_given(self, paper: str) -> Paper | None:
        # The first version that is known: a later one's words must not change what the feed took in.
        query = select(schema.papers).where(schema.papers.c.paper == paper)
        with read(self._engine) as connection:
            row = connection.execute(query.order_by(schema.papers.c.version).limit(1)).one_or_none()
        return None if row is None else read_paper(row)

    def _recall(self) -> _Memory:
        with self._lock, read(self._engine) as connection:
            newest = connection.execute(select(func.max(schema.sketches.c.revision))).scalar() or 0
            if newest != self._memory.revision:
                self._memory = _refresh(connection, self._memory, newest)
            return self._memory


class _Memory:
    """All sketches up to a revision, and what was asked of them."""

    def __init__(self, revision: int, index: LikenessIndex, tallies: Mapping[int, Tally]) -> None:
        self.revision = revision
        self.index = index
        self.tallies = tallies
        self.find = lru_cache(KEPT_ANSWERS)(self._find)

    def _find(self, given: Paper) -> dict[str, Match]:
        return self.index.find(read_terms(count_stems(given)), self.tallies)


def _refresh(connection: Connection, memory: _Memory, revision: int) -> _Memory:
    table = schema.sketches.c
    query = select(table.paper, table.since, table.tally, table.packed).where(
        table.revision > memory.revision
    )
    streamed = connection.execution_options(yield_per=CHUNK)
    rows = streamed.execute(query.order_by(table.revision, table.paper))
    index = memory.index.merge(Sketch(row.paper, row.since, row.tally, row.packed) for row in rows)
    numbers = index.numbers()
    tallies = {number: tally for number, tally in memory.tallies.items() if number in numbers}
    for number in sorted(numbers - tallies.keys()):
        tallies[number] = _load_tally(connection, number)
    return _Memory(revision, index, tallies)


def _select_due(horizon: date) -> Any:
    announced, papers, sketches = schema.announcements.c, schema.papers.c, schema.sketches.c
    is_read = exists().where(
        sketches.paper == announced.paper,
        papers.paper == sketches.paper,
        papers.version == sketches.version,
        papers.revision <= sketches.read_at,
    )
    since = func.min(func.coalesce(announced.released, announced.day), type_=Date)
    return (
        select(announced.paper, func.min(announced.version).label("version"), since.label("since"))
        .where(announced.place >= first_place(horizon), announced.kind.in_(FIRST_KINDS), ~is_read)
        .group_by(announced.paper)
        .having(since >= horizon)
        .order_by(since, announced.paper)
    )


def _find_horizon(connection: Connection) -> date | None:
    newest = find_newest_day(connection)
    return None if newest is None else newest - timedelta(days=KEPT_DAYS)


def _read_revisions(connection: Connection, papers: Iterable[str]) -> dict[tuple[str, int], int]:
    table = schema.papers.c
    query = select(table.paper, table.version, table.revision)
    return {
        (row.paper, row.version): row.revision
        for chunk in chunked(papers)
        for row in connection.execute(query.where(table.paper.in_(chunk)))
    }


def _find_known(connection: Connection, papers: Sequence[str]) -> dict[str, Row[Any]]:
    return {
        row.paper: row
        for chunk in chunked(papers)
        for row in connection.execute(select(schema.sketches).where(schema.sketches.c.paper.in_(chunk)))
    }


def _add(connection: Connection, papers: Sequence[tuple[Unsketched, Terms]], revision: Revision) -> int:
    if not papers:
        return 0
    tally = _count(connection, [terms for _, terms in papers])
    rows = [
        {
            "paper": due.paper.id,
            "version": due.paper.version,
            "since": due.since,
            "tally": tally.number,
            "read_at": due.read_at,
            "packed": sketch_terms(terms, tally),
            "revision": revision.take(),
        }
        for due, terms in papers
    ]
    connection.execute(insert(schema.sketches), rows)
    return len(rows)


def _renew(connection: Connection, known: Row[Any], due: Unsketched, terms: Terms, revision: Revision) -> int:
    packed = sketch_terms(terms, _load_tally(connection, known.tally))
    values: dict[str, Any] = {"read_at": due.read_at, "version": due.paper.version}
    if changed := packed != known.packed:
        values |= {"packed": packed, "revision": revision.take()}
    is_it: ColumnElement[bool] = schema.sketches.c.paper == known.paper
    connection.execute(update(schema.sketches).where(is_it).values(values))
    return int(changed)


def _count(connection: Connection, papers: Iterable[Terms]) -> Tally:
    """Count further papers, and give the tally to weigh them by: the last one kept, or this one."""
    table = schema.tallies.c
    counted = _load_tally(connection, STILL_COUNTING).add(papers)
    _save_tally(connection, counted)
    number = connection.execute(select(func.max(table.number))).scalar() or STILL_COUNTING
    kept = _load_tally(connection, number)
    if number != STILL_COUNTING and not counted.has_outgrown(kept):
        return kept
    renewed = replace(counted, number=number + 1)
    _save_tally(connection, renewed)
    return renewed


def _load_tally(connection: Connection, number: int) -> Tally:
    query = select(schema.tallies).where(schema.tallies.c.number == number)
    row = connection.execute(query).one_or_none()
    return NOTHING_COUNTED if row is None else unpack_tally(row.number, row.papers, row.packed)


def _save_tally(connection: Connection, tally: Tally) -> None:
    is_it = schema.tallies.c.number == tally.number
    values = {"number": tally.number, "papers": tally.papers, "packed": tally.pack()}
    if not connection.execute(update(schema.tallies).where(is_it).values(values)).rowcount:
        connection.execute(insert(schema.tallies).values(values))
