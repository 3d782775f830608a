"""Telling other hubs that a topic of ours has changed; they fetch it themselves."""

from __future__ import annotations

import asyncio
from random import Random
from urllib.parse import urlencode

from feedsvc.http import Clock
from feedsvc.store import Store
from feedsvc.websub.retries import DELIVERIES
from feedsvc.websub.values import Ping
from feedsvc.websub.wire import Wire

TAKEN = 100
HOLD_SECONDS = 60.0
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Pinger:
    """Works off what other hubs are to be told, hub by hub."""

    def __init__(self, store: Store, clock: Clock, random: Random) -> None:
        self._store = store
        self._clock = clock
        self._random = random

    async def ping_due(self, wire: Wire) -> int:
        """Tell what is due now; give how much it was."""
        taken = await asyncio.to_thread(self._store.pings.take, self._clock.now(), HOLD_SECONDS, TAKEN)
        by_hub: dict[str, list[Ping]] = {}
        for ping in taken:
            by_hub.setdefault(ping.hub, []).append(ping)
        telling = [self._tell(wire, pings) for pings in by_hub.values()]
        for ended in await asyncio.gather(*telling, return_exceptions=True):
            if ended is not None:
                raise ended
        return len(taken)

    async def _tell(self, wire: Wire, pings: list[Ping]) -> None:
        for ping in pings:
            form = urlencode({"hub.mode": "publish", "hub.url": ping.topic}).encode()
            reply = await wire.post(ping.hub, FORM, form)
            pause = None
            if not reply.is_success:
                pause = DELIVERIES.pause_after(ping.attempts + 1, self._random, reply.retry_after)
            outcome = "silent" if reply.status is None else str(reply.status)
            await asyncio.to_thread(self._store.pings.finish, ping, outcome, pause, self._clock.now())
            if reply.status is None:
                # The others wait until their time is over: a hub that is silent gets one request a minute.
                return
