"""The hub's step: intents are verified, changed documents delivered, other hubs told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Lock

from feedsvc.errors import AddressError, FeedsvcError, GivenUpError, QueryError, StoreError
from feedsvc.feed.topic import Topic, Topics
from feedsvc.http import Clock
from feedsvc.pipeline.deliver import Deliverer
from feedsvc.pipeline.intents import Verifier
from feedsvc.pipeline.pings import Pinger
from feedsvc.pipeline.publish import Publisher
from feedsvc.store import Store
from feedsvc.websub.address import Allowance, decode_unreserved
from feedsvc.websub.values import Target
from feedsvc.websub.wire import Wire

log = logging.getLogger(__name__)

SWEEP = timedelta(minutes=1)
# While a long delivery goes on, whoever subscribes meanwhile is answered this soon.
LOOK_FOR_INTENTS_SECONDS = 0.5


class Pusher:
    """Does what the hub owes, as the store's rows say; two threads never run it at once.

    A process that is killed anywhere leaves rows behind that another one goes on with.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        topics: Topics,
        verifier: Verifier,
        deliverer: Deliverer,
        pinger: Pinger,
        allowance: Allowance,
        user_agent: str,
    ) -> None:
        self._store = store
        self._clock = clock
        self._topics = topics
        self._verifier = verifier
        self._deliverer = deliverer
        self._pinger = pinger
        self._allowance = allowance
        self._agent = user_agent
        self._lock = Lock()
        self._verifying = Lock()
        self._swept_at: datetime | None = None
        self._is_stopping = False

    def stop(self) -> None:
        """End a run soon; what it leaves undone is due again."""
        self._is_stopping = True
        self._deliverer.is_stopping = True

    def push_due(self) -> int:
        """Do whatever is due, until nothing is; give how many deliveries came to an end."""
        with self._lock:
            self._sweep()
            return asyncio.run(self._push()) if self._has_due() else 0

    def verify_due(self) -> int:
        """Drop what is over, and ask callbacks whether they want what was asked in their name; give how many.

        With `deliver_due` this is `push_due` in two parts, for two workers.
        """
        with self._verifying:
            self._sweep()
            return asyncio.run(self._verify()) if self.has_intents() else 0

    def deliver_due(self) -> int:
        """Deliver what changed and tell other hubs, until nothing is due; give how many came to an end."""
        with self._lock:
            return asyncio.run(self._deliver()) if self.has_deliveries() else 0

    def has_deliveries(self) -> bool:
        """Tell whether a delivery is due, or another hub to be told."""
        now = self._clock.now()
        return self._store.deliveries.has_due(now) or self._store.pings.has_due(now)

    def has_intents(self) -> bool:
        """Tell whether a callback is to be asked."""
        return self._store.intents.has_due(self._clock.now())

    def _has_due(self) -> bool:
        return self.has_intents() or self.has_deliveries()

    async def _verify(self) -> int:
        done = 0
        async with Wire(self._allowance, self._agent) as wire:
            while not self._is_stopping and (verified := await self._verifier.verify_due(wire)):
                done += verified
        return done

    async def _deliver(self) -> int:
        async with Wire(self._allowance, self._agent) as wire:
            _, done = await asyncio.gather(self._ping(wire), self._deliverer.deliver_due(wire))
            # What was delivered has to be told elsewhere as well.
            await self._ping(wire)
        return done

    async def _ping(self, wire: Wire) -> None:
        while not self._is_stopping and await self._pinger.ping_due(wire):
            pass

    async def _push(self) -> int:
        async with Wire(self._allowance, self._agent) as wire:
            delivering = asyncio.create_task(self._deliverer.deliver_due(wire))
            try:
                while not self._is_stopping:
                    is_last = delivering.done()
                    done = await self._verifier.verify_due(wire) + await self._pinger.ping_due(wire)
                    if is_last and not done:
                        return await delivering
                    if not done:
                        await asyncio.wait({delivering}, timeout=LOOK_FOR_INTENTS_SECONDS)
                return await delivering
            finally:
                delivering.cancel()
                await asyncio.gather(delivering, return_exceptions=True)

    def _sweep(self) -> None:
        """Once a minute, drop what is over, and end what is about feeds that were deleted for good."""
        now = self._clock.now()
        if self._swept_at is not None and timedelta() <= now - self._swept_at < SWEEP:
            return
        self._swept_at = now
        rows = self._store.subscriptions
        rows.drop_expired(now)
        for url in rows.topics(now):
            reason = self._find_end(url)
            while reason is not None and (ended := rows.of_topic(url)):
                rows.end([each.target for each in ended], reason, now)

    def _find_end(self, url: str) -> str | None:
        """Give why a topic will never be one again; None if it is one, or may be.

        Another base address, category or language is the operator's, and may be a slip: subscriptions would
        not come back with it. Their leases end by themselves.
        """
        try:
            self._topics.find(decode_unreserved(url))
        except GivenUpError as error:
            return str(error)
        except (AddressError, QueryError):
            return None
        return None


def find_subscribed(store: Store, topics: Topics, clock: Clock) -> Iterator[Topic]:
    """Give the topics that have a subscription, those left out that are no feeds any more."""
    for url in store.subscriptions.topics(clock.now()):
        try:
            yield topics.find(decode_unreserved(url))
        except (AddressError, QueryError):
            continue


class TopicJudge:
    """Says why a topic cannot be subscribed to: there is no such feed, or its document cannot be made."""

    def __init__(self, topics: Topics, publisher: Publisher) -> None:
        self._topics = topics
        self._publisher = publisher

    def __call__(self, target: Target) -> str | None:
        """Give the reason, or None."""
        try:
            topic = self._topics.find(decode_unreserved(target.topic))
            self._publisher.find_document(topic.feed, topic.format, topic.language)
        except StoreError:
            raise
        except FeedsvcError as error:
            return str(error)
        except Exception:
            # A fault of ours in making it is no reason to turn a subscriber away: it is mended and built.
            log.exception("the document of %s was not made", target.topic, extra={"action": "refuse"})
        return None
