"""The job engine's rows, as far as we look after them: its schema, stalled jobs, old ones, their number.

The engine is procrastinate; only PostgreSQL has it, and a store without it has no jobs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    String,
    Table,
    delete,
    insert,
    inspect,
    select,
    text,
)

from feedsvc.errors import StoreError
from feedsvc.steps import Step
from feedsvc.store.bell import QUEUE, has_engine, queue_jobs
from feedsvc.store.engine import read, write, write_aside

log = logging.getLogger(__name__)

# Which of the engine's schema changes the database has: the name of the last one.
_applied = Table("engine_schema", MetaData(), Column("change", String(128), nullable=False))

# Other queues of the same tables are somebody else's.
_OURS = f"queue_name = '{QUEUE}'"
# Who has not shown a sign of life for so long is dead, and so is whoever is no more listed.
_STALLED = f"""
{_OURS} AND status = 'doing' AND (worker_id IS NULL OR worker_id IN (
    SELECT id FROM procrastinate_workers WHERE last_heartbeat < now() - :seconds * interval '1 second'))
"""
_COUNT = f"""
SELECT count(*) FILTER (WHERE status = 'todo') AS waiting,
       count(*) FILTER (WHERE status = 'doing') AS running,
       count(*) FILTER (WHERE {_STALLED}) AS stalled,
       count(*) FILTER (WHERE status IN ('failed', 'aborted')) AS failed,
       (SELECT count(*) FROM procrastinate_workers
         WHERE last_heartbeat >= now() - :seconds * interval '1 second') AS workers
FROM procrastinate_jobs WHERE {_OURS}
"""
_FORGET = f"""
DELETE FROM procrastinate_jobs AS job WHERE {_OURS} AND status NOT IN ('todo', 'doing') AND NOT EXISTS (
    SELECT FROM procrastinate_events AS event
     WHERE event.job_id = job.id AND event.at > now() - :seconds * interval '1 second')
"""
STALLED_AFTER = timedelta(seconds=30)
KEEP_FAILED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class JobFigures:
    """Jobs by state, and the workers that are alive; `failed` are those of the last day."""

    waiting: int
    running: int
    stalled: int
    failed: int
    workers: int


class JobStore:
    """Jobs, whoever runs them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    @property
    def is_possible(self) -> bool:
        """Whether the database is one that the engine knows."""
        return self._engine.dialect.name == "postgresql"

    def prepare(self, whole: str, changes: Mapping[str, str]) -> str:
        """Bring the engine's own schema to that of the installed release, and give its last change's name.

        `whole` is the script for a database without it, `changes` all scripts that led there, by name in
        their order; each is a transaction, as some can only be gone on from when they are committed.
        Raises StoreError if the database's schema is of a later release.
        """
        names = list(changes)
        while (done := self._advance(whole, changes)) != names[-1]:
            log.info("the job engine's schema is at %s", done, extra={"action": "migrate"})
        return names[-1]

    def _advance(self, whole: str, changes: Mapping[str, str]) -> str:
        """Run the next script, if there is one; give the name of the last change that is there then."""
        names = list(changes)
        with write(self._engine) as connection:
            known = _read_change(connection)
            if known is None:
                script, change = "" if has_engine(connection) else whole, names[-1]
            elif known == names[-1]:
                return known
            elif known in changes:
                change = names[names.index(known) + 1]
                script = changes[change]
            else:
                raise StoreError(
                    f"the job engine's schema is at {known}, this release knows {names[-1]}: "
                    "run a newer release"
                )
            if script:
                connection.execution_options(no_parameters=True).exec_driver_sql(script)
            _note_change(connection, change)
        return change

    def wake(self, steps: Iterable[Step], delay: timedelta | None = None, attempts: int = 0) -> None:
        """Queue a job for each of some steps that has none."""
        with write_aside(self._engine) as connection:
            queue_jobs(connection, steps, delay, attempts)

    def release_stalled(self, after: timedelta = STALLED_AFTER) -> tuple[Step, ...]:
        """Take the jobs of dead workers from them, and queue their steps again; give these."""
        taken = text(f"DELETE FROM procrastinate_jobs WHERE {_STALLED} RETURNING task_name")
        with write_aside(self._engine) as connection:
            rows = connection.execute(taken, {"seconds": after.total_seconds()}).all()
            steps = tuple(Step(row.task_name) for row in rows if row.task_name in list(Step))
            if steps:
                queue_jobs(connection, steps)
        return steps

    def forget_old(self, kept: timedelta = KEEP_FAILED) -> int:
        """Drop the jobs that failed longer ago; give how many. One that went well is gone already."""
        with write_aside(self._engine) as connection:
            return connection.execute(text(_FORGET), {"seconds": kept.total_seconds()}).rowcount

    def count(self, after: timedelta = STALLED_AFTER) -> JobFigures | None:
        """Give how many there are; None where there is no engine."""
        with read(self._engine) as connection:
            if not has_engine(connection):
                return None
            row = connection.execute(text(_COUNT), {"seconds": after.total_seconds()}).one()
            return JobFigures(**row._mapping)


def _read_change(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_applied.name):
        return None
    change: str = connection.execute(select(_applied.c.change)).scalar_one()
    return change


def _note_change(connection: Connection, change: str) -> None:
    _applied.create(connection, checkfirst=True)
    connection.execute(delete(_applied))
    connection.execute(insert(_applied).values(change=change))
