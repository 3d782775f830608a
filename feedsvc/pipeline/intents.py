"""Verifying intents: each callback is asked whether it wants what was asked in its name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from random import Random

from feedsvc.http import Clock
from feedsvc.store import Store
from feedsvc.websub.intent import MakeChallenge, ask_intent, is_confirmed, make_challenge, tell_denial
from feedsvc.websub.lanes import Lanes
from feedsvc.websub.request import Mode
from feedsvc.websub.retries import VERIFICATIONS
from feedsvc.websub.values import HubLimits, Intent, Target
from feedsvc.websub.wire import Reply, Wire

log = logging.getLogger(__name__)

AT_ONCE = 32
PER_HOST = 4
TAKEN = 200
HOLD_SECONDS = 120.0

Judge = Callable[[Target], str | None]
"""Says why a topic cannot be subscribed to; None if it can."""


class Verifier:
    """Works off the intents that wait, host by host, so that none that is silent holds up the others."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        judge: Judge,
        limits: HubLimits,
        random: Random,
        make_challenge: MakeChallenge = make_challenge,
    ) -> None:
        self._store = store
        self._clock = clock
        self._judge = judge
        self._limits = limits
        self._random = random
        self._make_challenge = make_challenge

    async def verify_due(self, wire: Wire) -> int:
        """Ask and tell what is due now; give how much it was."""
        taken = await asyncio.to_thread(self._store.intents.take, self._clock.now(), HOLD_SECONDS, TAKEN)
        lanes: Lanes[Intent] = Lanes(PER_HOST)
        for intent in taken:
            lanes.add(intent.target.host, intent)
        workers = [self._work(wire, lanes) for _ in range(min(AT_ONCE, len(taken)))]
        for ended in await asyncio.gather(*workers, return_exceptions=True):
            if ended is not None:
                raise ended
        return len(taken)

    async def _work(self, wire: Wire, lanes: Lanes[Intent]) -> None:
        while (next_one := lanes.take()) is not None:
            host, intent = next_one
            try:
                await self._handle(wire, intent)
            except Exception as error:
                # Whatever one callback brings, the others are asked all the same.
                log.exception("%s was not verified", host, extra={"action": "verify"})
                await self._give_up_or_wait(intent, Reply(None, error=type(error).__name__))
            finally:
                lanes.finish(host)

    async def _handle(self, wire: Wire, intent: Intent) -> None:
        if intent.mode is Mode.SUBSCRIBE:
            refusal = await asyncio.to_thread(self._judge, intent.target)
            if refusal is not None:
                await self._deny(wire, intent, refusal)
                return
        if intent.mode is Mode.DENIED:
            await self._deny(wire, intent, intent.reason)
        else:
            await self._verify(wire, intent)

    async def _verify(self, wire: Wire, intent: Intent) -> None:
        asked_at, challenge = self._clock.now(), self._make_challenge()
        target = intent.target
        reply = await wire.get(
            ask_intent(target.callback, intent.mode, target.topic, challenge, intent.lease_seconds)
        )
        if is_confirmed(reply.status, reply.body, challenge):
            confirm = self._store.subscriptions.confirm
            refusal = await asyncio.to_thread(confirm, intent, asked_at, self._limits)
            if refusal is not None:
                await self._deny(wire, intent, refusal)
        else:
            await self._give_up_or_wait(intent, reply)

    async def _deny(self, wire: Wire, intent: Intent, reason: str) -> None:
        reply = await wire.get(tell_denial(intent.target.callback, intent.target.topic, reason))
        if reply.status is not None and reply.status < 500:
            await asyncio.to_thread(self._store.intents.finish, intent, "told", self._clock.now())
        else:
            await self._give_up_or_wait(intent, reply)

    async def _give_up_or_wait(self, intent: Intent, reply: Reply) -> None:
        """Drop an intent that was turned down; where nobody was there to answer, ask again a few times."""
        pause = None
        if reply.status is None or reply.status >= 500:
            pause = VERIFICATIONS.pause_after(intent.attempts + 1, self._random)
        if pause is not None:
            await asyncio.to_thread(self._store.intents.postpone, intent, pause, self._clock.now())
            return
        outcome = "silent" if reply.status is None else "refused"
        log.info(
            "%s of %s not confirmed by %s: %s",
            *(intent.mode.value, intent.target.topic, intent.target.host),
            reply.error or f"HTTP {reply.status}",
            extra={"action": "verify"},
        )
        await asyncio.to_thread(self._store.intents.finish, intent, outcome, self._clock.now())
