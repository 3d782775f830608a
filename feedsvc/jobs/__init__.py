"""Steps on several machines: procrastinate, on PostgreSQL, wakes a worker for what there is to do.

    feedsvc schedule --at its time--> job
    store, in the transaction of what there is to do --> job
    job --> a worker: Service.run_step --> the store's rows say what is due

A job carries nothing but its step's name, so that one that is lost, doubled or late costs a look at most.
procrastinate comes with the extra `postgres`, and is imported when it is first needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from feedsvc.steps import Step
from feedsvc.store import Store
from feedsvc.store.jobs import STALLED_AFTER


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often is looked for what: by a worker for jobs, by a scheduler for what nobody was woken for.

    A worker that was killed shows no more signs of life, every `heartbeat`, and is taken for dead
    `stalled_after` its last one. A step that failed is tried again after `retry`, twice as long each time,
    up to `longest_retry`.
    """

    poll: timedelta = timedelta(seconds=2)
    heartbeat: timedelta = timedelta(seconds=5)
    stalled_after: timedelta = STALLED_AFTER
    retry: timedelta = timedelta(seconds=10)
    longest_retry: timedelta = timedelta(minutes=10)
    sweep: timedelta = timedelta(minutes=1)
    recover: timedelta = timedelta(seconds=10)
    look: timedelta = timedelta(seconds=2)

    def pause_after(self, attempts: int) -> timedelta:
        """Give how long a step waits that failed so often before."""
        factor: int = 2 ** min(attempts, 20)
        return min(self.retry * factor, self.longest_retry)


USUAL = Rhythm()


class Workshop(Protocol):
    """Where steps are run: the service."""

    @property
    def store(self) -> Store:
        """The store, whose database holds the jobs."""
        ...

    def run_step(self, step: Step) -> object:
        """Do whatever a step has to do now."""
        ...

    def stop(self) -> None:
        """End steps that are under way as soon as they may be left."""
        ...
