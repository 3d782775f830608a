"""Waking workers: a job for a step, queued in the transaction of what there is to do.

Jobs are rows of procrastinate's; its own function for queueing them cannot be used here, see `_HASTEN`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import Connection, text

from feedsvc.steps import Step

QUEUE = "feedsvc"
# So many changes come one after the other that documents are built once for a few seconds' worth of them.
GATHERING = {Step.BUILD: timedelta(seconds=5)}
# By so much a step that failed goes behind all others: one that waits, be it for later, keeps those below it
# from a lock that they share.
BEHIND = 10 * len(Step)

_INSERT = """
INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
SELECT :queue, step, priority, lock, step, jsonb_build_object('attempts', CAST(:attempts AS integer)),
       now() + seconds * interval '1 second'
FROM unnest(CAST(:steps AS varchar[]), CAST(:priorities AS integer[]), CAST(:locks AS varchar[]),
            CAST(:delays AS double precision[])) AS woken (step, priority, lock, seconds)
ORDER BY step
ON CONFLICT (queueing_lock) WHERE status = 'todo'
"""
# A step has one waiting job at most. One that waits already is kept from being taken until the transaction
# ends: taken before, it would not see what it is woken for. An update does that; a unique violation, which
# procrastinate's own function raises, would end the transaction.
_HASTEN = text(
    f"""{_INSERT} DO UPDATE SET scheduled_at = CASE
    WHEN excluded.scheduled_at IS NULL OR procrastinate_jobs.scheduled_at IS NULL THEN NULL
    ELSE least(excluded.scheduled_at, procrastinate_jobs.scheduled_at) END"""
)
_LEAVE = text(f"{_INSERT} DO NOTHING")


def hasten_jobs(connection: Connection, steps: Iterable[Step]) -> None:
    """Queue a job for each of some steps, in one statement; one that waits for later need wait no longer."""
    woken = sorted(set(steps))
    delays = [GATHERING.get(step) for step in woken]
    connection.execute(_HASTEN, _describe(woken, delays, attempts=0))


def queue_jobs(
    connection: Connection, steps: Iterable[Step], delay: timedelta | None = None, attempts: int = 0
) -> None:
    """Queue a job for each of some steps that has none, to be run after a delay, if any."""
    woken = sorted(set(steps))
    connection.execute(_LEAVE, _describe(woken, [delay] * len(woken), attempts))


def _describe(steps: list[Step], delays: list[timedelta | None], attempts: int) -> dict[str, object]:
    return {
        "queue": QUEUE,
        "steps": [step.value for step in steps],
        "priorities": [step.priority - (BEHIND if attempts else 0) for step in steps],
        "locks": [step.lock for step in steps],
        "delays": [None if delay is None else delay.total_seconds() for delay in delays],
        "attempts": attempts,
    }


def has_engine(connection: Connection) -> bool:
    """Tell whether procrastinate's tables are in a database; never in SQLite."""
    if connection.dialect.name == "sqlite":
        return False
    return connection.execute(text("SELECT to_regclass('procrastinate_jobs')")).scalar() is not None


class Bell:
    """Wakes workers in the transaction of what there is to do; silent where no engine's tables are.

    Whether they are is looked up once: they come with the schema, before anything is written.
    """

    def __init__(self) -> None:
        self._has_engine: bool | None = None

    def ring(self, connection: Connection, *steps: Step) -> None:
        """Have some steps run once this transaction is committed."""
        if self._has_engine is None:
            self._has_engine = has_engine(connection)
        if self._has_engine:
            hasten_jobs(connection, steps)
