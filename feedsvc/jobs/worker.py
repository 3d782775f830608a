"""A worker: it runs the steps that jobs name, some at a time, until it is stopped or loses the database."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from procrastinate import App
from procrastinate.exceptions import ConnectorException
from procrastinate.worker import Worker

from feedsvc.errors import StoreError
from feedsvc.jobs import USUAL, Rhythm, Workshop
from feedsvc.jobs.engine import WatchedConnector, make_app
from feedsvc.steps import Step
from feedsvc.store.bell import QUEUE

WATCH_SECONDS = 0.1
# So much of the connections' number is for what a worker asks beside its jobs.
OWN_CONNECTIONS = 2
FOLLOWING = {Step.FETCH: Step.COMPLETE}
"""Papers are asked for together when all listings were read, and not anew after each."""


class JobRunner:
    """Runs a job's step, and queues what has to follow."""

    def __init__(self, service: Workshop, ended: Event, rhythm: Rhythm = USUAL) -> None:
        self._service = service
        self._ended = ended
        self._rhythm = rhythm

    def run(self, step: Step, attempts: int = 0) -> None:
        """Run a step; one that fails is queued again for later, whatever it raises."""
        jobs = self._service.store.jobs
        try:
            result = self._service.run_step(step)
        except Exception:
            jobs.wake([step], self._rhythm.pause_after(attempts), attempts + 1)
            raise
        if self._ended.is_set() or (step is Step.WRITE and result):
            # It was broken off: another worker goes on.
            jobs.wake([step])
        elif step in FOLLOWING:
            jobs.wake([FOLLOWING[step]])


def work_off(
    service: Workshop, stopped: Event, ended: Event, concurrency: int, rhythm: Rhythm = USUAL
) -> None:
    """Run the steps that jobs name until stopped; those under way end soon, and are queued again.

    `ended` is set with that, so that nobody waits any more by a clock that knows it. Raises StoreError as
    soon as the engine cannot ask the database, or tell it what became of a job: who begins anew is another
    worker to it, and this one's jobs are found stalled.
    """
    asyncio.run(_work_off(service, stopped, ended, concurrency, rhythm))


async def _work_off(
    service: Workshop, stopped: Event, ended: Event, concurrency: int, rhythm: Rhythm
) -> None:
    url = service.store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connector = WatchedConnector(url, concurrency + OWN_CONNECTIONS)
    app = make_app(connector, JobRunner(service, ended, rhythm).run)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(concurrency + 1, "job"))
    try:
        async with app.open_async():
            worker = Worker(
                app,
                queues=[QUEUE],
                concurrency=concurrency,
                install_signal_handlers=False,
                delete_jobs="successful",
                fetch_job_polling_interval=rhythm.poll.total_seconds(),
                update_heartbeat_interval=rhythm.heartbeat.total_seconds(),
                stalled_worker_timeout=rhythm.stalled_after.total_seconds(),
            )
            running = asyncio.create_task(worker.run())  # type: ignore[no-untyped-call]
            # It forgets, when it begins, that it was told to stop: it has to have begun before that.
            await asyncio.sleep(0)
            while not (running.done() or stopped.is_set() or connector.lost):
                await asyncio.wait({running}, timeout=WATCH_SECONDS)
            ended.set()
            service.stop()
            worker.stop()  # type: ignore[no-untyped-call]
            await _see_out(app, worker, running, rhythm)
    except ConnectorException as error:
        raise StoreError(f"the job engine lost the database: {error.__cause__}") from error
    if connector.lost is not None:
        raise StoreError(f"the job engine lost the database: {connector.lost.__cause__}")
    if not stopped.is_set():
        raise StoreError("the job engine ended of its own accord")


async def _see_out(app: App, worker: Worker, running: asyncio.Task[None], rhythm: Rhythm) -> None:
    """Show signs of life until the last step has ended, which procrastinate does not once it stops.

    A request to arXiv may take a minute: who is silent for so long is taken for dead, and its step goes to
    another while it is still at it.
    """
    while not running.done():
        await asyncio.wait({running}, timeout=rhythm.heartbeat.total_seconds())
        if not running.done() and worker.worker_id is not None:
            await app.job_manager.update_heartbeat(worker.worker_id)
    await running
