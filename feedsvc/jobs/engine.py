"""procrastinate as we use it: its schema, and an application with a task for each step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from procrastinate import App, PsycopgConnector
from procrastinate.connector import Notify
from procrastinate.exceptions import ConnectorException
from procrastinate.schema import SchemaManager

from feedsvc.steps import Step
from feedsvc.store.bell import QUEUE

Value = TypeVar("Value")
CONNECT_SECONDS = 10.0


class WatchedConnector(PsycopgConnector):
    """Remembers that the database could not be asked, or told: what it holds of this worker may be wrong."""

    def __init__(self, url: str, most: int) -> None:
        super().__init__(conninfo=url, min_size=1, max_size=most, timeout=CONNECT_SECONDS)
        self.lost: ConnectorException | None = None

    async def execute_query_async(self, query: Any, **arguments: Any) -> None:
        """Run a statement."""
        await self._watch(super().execute_query_async(query, **arguments))

    async def execute_query_one_async(self, query: Any, **arguments: Any) -> dict[str, Any]:
        """Run a statement, and give its one row."""
        return await self._watch(super().execute_query_one_async(query, **arguments))

    async def execute_query_all_async(self, query: Any, **arguments: Any) -> list[dict[str, Any]]:
        """Run a statement, and give its rows."""
        return await self._watch(super().execute_query_all_async(query, **arguments))

    async def listen_notify(self, on_notification: Notify, channels: Iterable[str]) -> None:
        """Hand on notifications for ever."""
        await self._watch(super().listen_notify(on_notification, channels))

    async def _watch(self, asked: Awaitable[Value]) -> Value:
        try:
            return await asked
        except ConnectorException as error:
            self.lost = error
            raise


def make_app(connector: WatchedConnector, run: Callable[[Step, int], None]) -> App:
    """Make an application that runs a step, told how often it failed before, for each job."""
    app = App(connector=connector)
    for step in Step:
        app.task(name=step.value, queue=QUEUE)(_make_task(step, run))
    return app


def _make_task(step: Step, run: Callable[[Step, int], None]) -> Callable[[int], None]:
    def work(attempts: int = 0) -> None:
        run(step, attempts)

    return work


def read_schema() -> tuple[str, dict[str, str]]:
    """Give the script for a database without the engine, and those that led there, by name in their order."""
    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return SchemaManager.get_schema(), {file.stem: file.read_text("utf-8") for file in files}
