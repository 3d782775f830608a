"""How often one client may have something made, or send something. What is at hand costs nothing."""

from __future__ import annotations

import math
from collections import OrderedDict
from threading import Lock

from flask import Flask, request

from feedsvc.errors import TooOftenError
from feedsvc.http import Clock
from feedsvc.visitors import LimitSettings
from feedsvc.web.clients import Clients
from feedsvc.web.responses import is_static

SENDING = frozenset({"POST", "PUT", "DELETE"})


class Limit:
    """A bucket of tokens for each client: `at_once` fit in, and `per_minute` come in a minute; 0 is no limit.

    Kept is the moment at which a client's bucket will be full again (the generic cell rate algorithm, ITU-T
    I.371), so a client takes one number. At most `most_clients` are remembered; whoever was not here for
    longest is forgotten first, which fills the bucket.
    """

    def __init__(self, per_minute: float, at_once: int, most_clients: int, clock: Clock) -> None:
        self._pause = 60 / per_minute if per_minute else 0.0
        self._whole = at_once * self._pause
        self._most_clients = most_clients
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        """Give how many clients are remembered."""
        return len(self._full_at)

    def take(self, client: str) -> float:
        """Take a token; give the seconds until there is one, or 0.0 if there was."""
        if not self._pause:
            return 0.0
        now = self._clock.now().timestamp()
        with self._lock:
            # A bucket is never emptier than empty, even if the clock was set back.
            full_at = min(max(self._full_at.get(client, now), now), now + self._whole)
            wait = full_at + self._pause - now - self._whole
            # Below a millisecond it is only how floating-point numbers are rounded.
            is_refused = wait > 0.001
            self._full_at[client] = full_at + (0.0 if is_refused else self._pause)
            self._full_at.move_to_end(client)
            if len(self._full_at) > self._most_clients:
                self._full_at.popitem(last=False)
        return wait if is_refused else 0.0


class Limits:
    """The limits of one web process."""

    def __init__(self, settings: LimitSettings, clients: Clients, clock: Clock) -> None:
        most = settings.most_clients
        self._queries = Limit(settings.queries_per_minute, settings.queries_at_once, most, clock)
        self._posts = Limit(settings.posts_per_minute, settings.posts_at_once, most, clock)
        self._clients = clients

    def count_query(self) -> None:
        """Count that something is made for the present request alone. Raises TooOftenError."""
        self._count(self._queries)

    def count_post(self) -> None:
        """Count that the present request sends something. Raises TooOftenError."""
        self._count(self._posts)

    def watch_posts(self, app: Flask) -> None:
        """Have every request that sends something counted before anything of it is read."""

        def count() -> None:
            if request.method in SENDING and request.endpoint is not None:
                self.count_post()

        app.before_request(count)

    def _count(self, limit: Limit) -> None:
        if is_static():
            return  # it is ourselves, writing the whole site as files
        wait = limit.take(self._clients.find(request.environ.get))
        if wait:
            raise TooOftenError(math.ceil(wait))
