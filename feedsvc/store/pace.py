"""One request to arXiv at a time, and none too soon, over all processes that share the store."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial

from sqlalchemy import Connection, Engine, select, update

from feedsvc.errors import StoreError, UpstreamError
from feedsvc.http import LONGEST_RETRY_AFTER_SECONDS, Clock
from feedsvc.store import schema
from feedsvc.store.engine import write

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
# So often is tried to give a turn back; a database that was started again is there in seconds.
GIVING_BACK = 10
TOLD_AFTER = timedelta(seconds=10)
# A lease is renewed when a fifth of it is over, and again after a sixtieth where that fails; the request is
# cut off while a sixth of it is left.
RENEWED_AFTER, TRIED_AGAIN_AFTER, CUT_AFTER = 1 / 5, 1 / 60, 5 / 6


class Renewal:
    """Renews a lease while a request lasts, in a thread of its own, and ends a request that would outlast it.

    `renew` tells whether the lease was still ours; it may raise StoreError, and may take long. `lose` ends
    the request: it is called in time, so that the request is over before anybody else may have the turn.
    """

    def __init__(self, renew: Callable[[], bool], lose: Callable[[], None], lease_seconds: float) -> None:
        self._renew = renew
        self._lose = lose
        self._lease = lease_seconds
        self._over = threading.Event()

    @contextmanager
    def during(self, begun: float) -> Iterator[None]:
        """Keep the lease that began no sooner than at an instant of the monotonic clock."""
        keeper = threading.Thread(target=self._keep, args=(begun,), name="lease", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            self._over.set()
            keeper.join()

    def _keep(self, begun: float) -> None:
        while not self._over.wait(self._lease * RENEWED_AFTER):
            # By a timer: the store may take longer to answer than there is time.
            left = begun + self._lease * CUT_AFTER - time.monotonic()
            cut = threading.Timer(max(0.0, left), self._end)
            cut.daemon = True
            cut.start()
            renewed = self._try()
            cut.cancel()
            if renewed is None:
                self._end()
                return
            begun = renewed

    def _try(self) -> float | None:
        """Renew until that works; give when it was, None where the lease is another's or no more needed."""
        while not self._over.is_set():
            tried = time.monotonic()
            try:
                return tried if self._renew() else None
            except StoreError as error:
                log.warning("the turn to ask arXiv is not renewed yet: %s", error)
                self._over.wait(self._lease * TRIED_AGAIN_AFTER)
        return None

    def _end(self) -> None:
        if not self._over.is_set():
            log.warning("the turn to ask arXiv cannot be held: the request is cut off")
            self._lose()


class StorePace:
    """A lease row: who may ask now, and from when on the next may.

    A living holder renews it while its request lasts, one that died keeps it until it ends. Who cannot renew
    it has to end the request before that.
    """

    def __init__(self, engine: Engine, clock: Clock, interval_seconds: float, lease_seconds: float) -> None:
        self._engine = engine
        self._clock = clock
        self._interval = interval_seconds
        self._lease = lease_seconds

    @contextmanager
    def turn(self, lose: Callable[[], None] = lambda: None) -> Iterator[None]:
        """Wait for the turn, hold it during the request, and give it back with the pause begun.

        `lose` is called where it cannot be held any longer: it has to end the request.
        """
        holder = secrets.token_hex(8)
        begun = self._wait(holder)
        try:
            with Renewal(partial(self._renew, holder), lose, self._lease).during(begun):
                yield
        finally:
            self._give_back(holder)

    def _wait(self, holder: str) -> float:
        """Wait for the turn; where it is long in coming, say so once.

        Gives when it was last asked for, by the monotonic clock: the store may be slow to say it is ours.
        """
        begun, is_told = self._clock.now(), False
        asked = time.monotonic()
        while (wait := self._try_hold(holder)) > 0:
            if not is_told and self._clock.now() - begun >= TOLD_AFTER:
                is_told = True
                log.warning(
                    "another process has the turn to ask arXiv, or died with it: waiting for up to %d s more",
                    self._lease,
                )
            self._clock.sleep(wait)
            asked = time.monotonic()
        return asked

    def postpone(self, seconds: float) -> None:
        """Give nobody a turn for a while, in any process: arXiv asked for that."""
        with write(self._engine) as connection:
            _, free_at = _read_row(connection)
            later = max(free_at, self._clock.now().timestamp() + seconds)
            connection.execute(
                update(schema.paces).where(schema.paces.c.host == schema.ARXIV).values(free_at=later)
            )

    def _try_hold(self, holder: str) -> float:
        with write(self._engine) as connection:
            now = self._clock.now().timestamp()
            held_until, free_at = _read_row(connection)
            # Only a clock that was set back makes anything lie further ahead: that is no reason to wait.
            horizon = now + max(self._lease, LONGEST_RETRY_AFTER_SECONDS) + self._interval
            if now < held_until <= horizon:
                return min(POLL_SECONDS, held_until - now)
            if now < free_at <= horizon:
                return free_at - now
            _write_row(connection, holder, now + self._lease, 0.0)
        return 0.0

    def _renew(self, holder: str) -> bool:
        """Hold the lease for longer, if it is still the holder's; tell whether it is."""
        table = schema.paces.c
        with write(self._engine) as connection:
            held_until = self._clock.now().timestamp() + self._lease
            ours = update(schema.paces).where(table.host == schema.ARXIV, table.holder == holder)
            return connection.execute(ours.values(held_until=held_until)).rowcount > 0

    def _give_back(self, holder: str) -> None:
        """Release the turn, in a database that is away for a moment, too: nobody else gets it for minutes."""
        for _ in range(GIVING_BACK):
            try:
                self._release(holder)
            except StoreError as error:
                log.warning("the turn to ask arXiv is not given back yet: %s", error)
                try:
                    self._clock.sleep(POLL_SECONDS)
                except UpstreamError:
                    # Who was told to stop waits for this all the same: seconds here, minutes elsewhere.
                    time.sleep(POLL_SECONDS)
            else:
                return
        self._release(holder)

    def _release(self, holder: str) -> None:
        free_at = self._clock.now().timestamp() + self._interval
        with write(self._engine) as connection:
            # Another holder may have been told meanwhile to wait for longer.
            _, postponed_to = _read_row(connection)
            _write_row(connection, None, 0.0, max(free_at, postponed_to), held_by=holder)


def _read_row(connection: Connection) -> tuple[float, float]:
    table = schema.paces.c
    row = connection.execute(select(table.held_until, table.free_at).where(table.host == schema.ARXIV)).one()
    return float(row.held_until), float(row.free_at)


def _write_row(
    connection: Connection, holder: str | None, held_until: float, free_at: float, held_by: str | None = None
) -> None:
    table = schema.paces.c
    statement = update(schema.paces).where(table.host == schema.ARXIV)
    if held_by is not None:
        statement = statement.where(table.holder == held_by)
    connection.execute(statement.values(holder=holder, held_until=held_until, free_at=free_at))
