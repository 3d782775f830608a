"""Delivering: many at once, no host more than a few at a time, and the slow ones beside the others.

store: documents that changed --> deliveries, a row a subscriber --> lanes, one a host --> workers --> wire
                                                                                            |
store: what came of them <-- in bulk -------------------------------------------------------+
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import count
from random import Random

from feedsvc.feed.topic import Topics
from feedsvc.http import Clock
from feedsvc.paper import DocumentKey
from feedsvc.pipeline.payloads import Payloads
from feedsvc.store import Store
from feedsvc.store.deliveries import Sent
from feedsvc.websub.address import decode_unreserved
from feedsvc.websub.circuits import Circuits
from feedsvc.websub.lanes import Lanes
from feedsvc.websub.retries import DELIVERIES, RetryPlan
from feedsvc.websub.signing import Method, sign_body
from feedsvc.websub.values import Delivery
from feedsvc.websub.wire import Reply, Wire

log = logging.getLogger(__name__)

GONE = 410
# A delivery belongs to this process for so long. What is left of it must do for one request.
HOLD_SECONDS = 60.0
HOLD_MARGIN = 15.0
TAKEN_AT_ONCE = 2000
FEW_WAITING = 1000
MANY_SENT = 1000
LOOK_AGAIN_SECONDS = 0.25
# So many may wait for slow hosts, if the system allows as many open files, and these besides: 64 workers and
# 256 idle connections, the 450 connections of a web server in the same process, the store.
MOST_PATIENT = 1500
LEAST_PATIENT = 100
FILES_BESIDES = 800
# So many times within `slow_seconds` it is looked which workers wait.
LOOKS = 5


@dataclass(frozen=True, slots=True)
class DeliveryOptions:
    """How deliveries are sent.

    `workers` send at a time; one that waits longer than `slow_seconds` for an answer gives its place to
    another, until `patient` do so. Of one host there are never more than `per_host` at a time.
    """

    signature: Method = "sha256"
    workers: int = 64
    patient: int = 400
    per_host: int = 8
    slow_seconds: float = 0.1
    hold_seconds: float = HOLD_SECONDS
    retries: RetryPlan = DELIVERIES


def choose_patience(file_limit: int) -> int:
    """Give how many may wait for slow hosts, by how many files a process may have open; -1 is no limit."""
    allowed = MOST_PATIENT if file_limit < 0 else file_limit - FILES_BESIDES
    return min(max(allowed, LEAST_PATIENT), MOST_PATIENT)


class Deliverer:
    """Sends every document that is due to a subscriber, until none is.

    `hubs` are those that a delivery names, `others` those of them that are told of what changed.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        topics: Topics,
        hubs: Sequence[str],
        others: Sequence[str],
        payloads: Payloads,
        options: DeliveryOptions,
        random: Random,
    ) -> None:
        self.options = options
        self._store = store
        self._clock = clock
        self._topics = topics
        self._others = tuple(others)
        self._payloads = payloads
        self._random = random
        self._circuits = Circuits()
        self._links = ", ".join(f'<{hub}>; rel="hub"' for hub in hubs)
        self._link = lru_cache(1000)(self._write_link)
        self._in_use: Counter[DocumentKey] = Counter()
        self.is_stopping = False

    async def deliver_due(self, wire: Wire) -> int:
        """Send what is due; give how many deliveries came to an end."""
        self._in_use.clear()
        return await _Round(self, wire).run()

    def take_more(self, without: Sequence[str]) -> tuple[tuple[Delivery, ...], bool]:
        """Take the next deliveries, and read the documents that they are about; tell whether more is due.

        Those for whose documents there is no room are given back: they are due later, not now.
        """
        rows, now = self._store.deliveries, self._clock.now()
        for key in rows.noticed():
            rows.spread(key, now, hubs=self._others, topic=self._topics.write_url(key))
        taken = rows.take(now, self.options.hold_seconds, TAKEN_AT_ONCE, without)
        wanted: dict[DocumentKey, set[str | None]] = {}
        for delivery in taken:
            wanted.setdefault(delivery.target.document, set()).add(delivery.delivered_etag)
        # After the taking: what is sent is never older than what another process may have sent before.
        self._payloads.refresh(wanted, self._in_use)
        known = tuple(each for each in taken if self._payloads.knows(each.target.document))
        self._in_use.update(each.target.document for each in known)
        if len(known) == len(taken):
            return known, len(taken) == TAKEN_AT_ONCE
        left = [each for each in taken if not self._payloads.knows(each.target.document)]
        rows.finish(list(map(self.let_go, left)), now)
        return known, False

    def finish(self, sent: Sequence[Sent]) -> None:
        """Keep what came of deliveries."""
        self._store.deliveries.finish(sent, self._clock.now())
        self._in_use.subtract(each.delivery.target.document for each in sent)
        # Removes what is no more in use.
        self._in_use = +self._in_use

    def let_go(self, delivery: Delivery) -> Sent:
        """Give a delivery back, as it was."""
        return Sent(delivery, "left", again_after=0.0, is_attempt=False)

    async def send(self, wire: Wire, delivery: Delivery, *, is_kept: bool) -> Sent:
        """Send one delivery, unless its time or its host's is over."""
        now, host = self._clock.now().timestamp(), delivery.target.host
        if now > delivery.held_until - min(HOLD_MARGIN, self.options.hold_seconds / 4):
            return self.let_go(delivery)
        if (until := self._circuits.open_until(host, now)) is not None:
            return Sent(delivery, "left", again_after=float(math.ceil(until - now)), is_attempt=False)
        found = self._payloads.find(delivery.target.document, delivery.delivered_etag)
        if found is None:
            return Sent(delivery, "left", is_attempt=False)
        document, body = found
        if body is None:
            return Sent(delivery, "left", etag=document.etag, is_attempt=False)
        headers = {"Content-Type": document.content_type, "Link": self._link(delivery.target.topic)}
        if delivery.secret is not None:
            headers["X-Hub-Signature"] = sign_body(body, delivery.secret, self.options.signature)
        reply = await wire.post(delivery.target.callback, headers, body, is_kept=is_kept)
        return self._judge(delivery, reply, document.etag)

    def _judge(self, delivery: Delivery, reply: Reply, etag: str) -> Sent:
        host = delivery.target.host
        if reply.status is None:
            self._circuits.note_silence(host, self._clock.now().timestamp())
            log.info("no delivery to %s: %s", host, reply.error, extra={"action": "deliver"})
        else:
            self._circuits.note_answer(host)
        outcome = "silent" if reply.status is None else str(reply.status)
        if reply.is_success:
            return Sent(delivery, outcome, etag=etag)
        if reply.status == GONE:
            return Sent(delivery, outcome, is_gone=True)
        return self.fail(delivery, outcome, reply.error or f"HTTP {reply.status}", reply.retry_after)

    def fail(self, delivery: Delivery, outcome: str, reason: str, retry_after: float = 0.0) -> Sent:
        """Have a delivery tried again after a while, or no more."""
        pause = self.options.retries.pause_after(delivery.attempts + 1, self._random, retry_after)
        return Sent(delivery, outcome, again_after=pause, reason=reason)

    def _write_link(self, topic: str) -> str:
        return f'{self._links}, <{decode_unreserved(topic)}>; rel="self"'


class _Round:
    """One round of sending within an event loop: a feeder that reads and writes the store, and workers."""

    def __init__(self, deliverer: Deliverer, wire: Wire) -> None:
        self._deliverer = deliverer
        self._options = deliverer.options
        self._wire = wire
        self._lanes: Lanes[Delivery] = Lanes(self._options.per_host)
        self._sent: list[Sent] = []
        self._workers: set[asyncio.Task[None]] = set()
        self._idle: list[asyncio.Future[None]] = []
        # When each attempt began that has a worker's place, the first one first; and those that gave it away.
        self._begun: dict[int, float] = {}
        self._patient: set[int] = set()
        self._numbers = count()
        self._bell = asyncio.Event()
        self._is_more = True
        self._looked_at = 0.0
        self._is_over = False

    async def run(self) -> int:
        for _ in range(self._options.workers):
            self._hire()
        relieving = asyncio.create_task(self._relieve_slow())
        done = 0
        try:
            while True:
                # In this order, so that documents that were sent make room for those to be sent.
                done += await self._flush()
                taken = await self._feed()
                if not (taken or self._is_busy or self._lanes.waiting or self._sent):
                    return done
                await self._wait()
        finally:
            self._is_over = True
            self._wake(len(self._idle))
            tasks = (relieving, *self._workers)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._flush()

    async def _feed(self) -> int:
        """Take more into the lanes where few wait; none of a host whose own lane is long."""
        if self._deliverer.is_stopping:
            for host in self._lanes.crowded(1):
                self._sent += map(self._deliverer.let_go, self._lanes.drain(host))
            return 0
        if not self._wants_more():
            return 0
        crowded = self._lanes.crowded(8 * self._options.per_host)
        if self._lanes.waiting >= FEW_WAITING + len(crowded) * TAKEN_AT_ONCE:
            return 0
        taken, self._is_more = await asyncio.to_thread(self._deliverer.take_more, crowded)
        for delivery in taken:
            self._lanes.add(delivery.target.host, delivery)
        self._wake(len(taken))
        self._looked_at = asyncio.get_running_loop().time()
        return len(taken)

    def _wants_more(self) -> bool:
        """Tell whether to look into the store: where it may have more, else only now and then."""
        if self._is_more or not (self._is_busy or self._lanes.waiting):
            return True
        return asyncio.get_running_loop().time() - self._looked_at >= LOOK_AGAIN_SECONDS

    async def _flush(self) -> int:
        sent, self._sent = self._sent, []
        if sent:
            await asyncio.to_thread(self._deliverer.finish, sent)
        return len(sent)

    async def _wait(self) -> None:
        self._bell.clear()
        try:
            await asyncio.wait_for(self._bell.wait(), LOOK_AGAIN_SECONDS)
        except TimeoutError:
            return

    def _hire(self) -> None:
        worker = asyncio.create_task(self._work())
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while (following := await self._next()) is not None:
            host, delivery = following
            number = next(self._numbers)
            self._begun[number] = loop.time()
            try:
                is_kept = self._lanes.waits(host)
                sent = await self._deliverer.send(self._wire, delivery, is_kept=is_kept)
                self._sent.append(sent)
            except Exception as error:
                # Whatever one subscriber brings, this worker has to go on for the others.
                log.exception("no delivery to %s", host, extra={"action": "deliver"})
                self._sent.append(self._deliverer.fail(delivery, "fault", type(error).__name__))
            finally:
                self._begun.pop(number, None)
                is_replaced = number in self._patient
                self._patient.discard(number)
                self._lanes.finish(host)
            is_low = self._is_more and self._lanes.waiting < FEW_WAITING
            if is_low or len(self._sent) >= MANY_SENT or not self._is_busy:
                self._bell.set()
            if is_replaced:
                self._wake(1)
                return

    async def _relieve_slow(self) -> None:
        """Have other workers take the places of those that wait for slow hosts."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._options.slow_seconds / LOOKS)
            began_by = loop.time() - self._options.slow_seconds
            for number, began in tuple(self._begun.items()):
                if began > began_by or len(self._patient) >= self._options.patient:
                    break
                del self._begun[number]
                self._patient.add(number)
                self._hire()

    @property
    def _is_busy(self) -> bool:
        return bool(self._begun or self._patient)

    async def _next(self) -> tuple[str, Delivery] | None:
        while not self._is_over:
            if (following := self._lanes.take()) is not None:
                return following
            waiting = asyncio.get_running_loop().create_future()
            self._idle.append(waiting)
            await waiting
        return None

    def _wake(self, number: int) -> None:
        for _ in range(min(number, len(self._idle))):
            waiting = self._idle.pop()
            if not waiting.done():
                waiting.set_result(None)
