"""The job engine's rows, as far as we look after them: its schema, stalled jobs, old ones, their number.

The engine is procrastinate; only PostgreSQL has it, and a store without it has no jobs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Column, Engine, MetaData, String, Table, delete, insert, inspect, select, text

from feedsvc.errors import StoreError
from feedsvc.steps import Step
from feedsvc.store.bell import has_engine, queue_jobs
from feedsvc.store.engine import read, write, write_aside

# Which of the engine's schema changes the database has: the name of the last one.
_applied = Table("engine_schema", MetaData(), Column("change", String(128), nullable=False))

# Who has not shown a sign of life for so long is dead, and so is whoever is no more listed.
_STALLED = """
status = 'doing' AND (worker_id IS NULL OR worker_id IN (
    SELECT id FROM procrastinate_workers WHERE last_heartbeat < now() - :seconds * interval '1 second'))
"""
_COUNT = f"""
SELECT count(*) FILTER (WHERE status = 'todo') AS waiting,
       count(*) FILTER (WHERE status = 'doing') AS running,
       count(*) FILTER (WHERE {_STALLED}) AS stalled,
       count(*) FILTER (WHERE status IN ('failed', 'aborted')) AS failed,
       (SELECT count(*) FROM procrastinate_workers
         WHERE last_heartbeat >= now() - :seconds * interval '1 second') AS workers
FROM procrastinate_jobs
"""
_FORGET = """
DELETE FROM procrastinate_jobs AS job WHERE status NOT IN ('todo', 'doing') AND NOT EXISTS (
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
        their order. Raises StoreError if the database's is of a later release.
        """
        names = list(changes)
        with write(self._engine) as connection:
            connection = connection.execution_options(no_parameters=True)
            if not inspect(connection).has_table(_applied.name):
                _applied.create(connection)
                due = [] if has_engine(connection) else [whole]
            else:
                known = connection.execute(select(_applied.c.change)).scalar_one()
                if known not in changes:
                    raise StoreError(
                        f"the job engine's schema is at {known}, this release knows {names[-1]}: "
                        "run a newer release"
                    )
                due = [changes[name] for name in names[names.index(known) + 1 :]]
            for script in due:
                connection.exec_driver_sql(script)
            connection.execute(delete(_applied))
            connection.execute(insert(_applied).values(change=names[-1]))
        return names[-1]

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
