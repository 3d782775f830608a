"""The WebSub hub's door: requests are judged by what they say, queued, and answered with 202."""

from __future__ import annotations

from flask import Blueprint, Response, request

from feedsvc.errors import AddressError, HubRequestError, QueryError, UnknownFeedError
from feedsvc.feed.topic import Topics
from feedsvc.http import Clock
from feedsvc.settings import HubSettings
from feedsvc.store import Store
from feedsvc.web.clients import Clients
from feedsvc.web.negotiation import PLAIN
from feedsvc.websub.address import Allowance, decode_unreserved
from feedsvc.websub.lease import LeaseBounds
from feedsvc.websub.request import Asked, Mode, read_request
from feedsvc.websub.values import HubLimits, Intent, Target

FORM = "application/x-www-form-urlencoded"
RETRY_SECONDS = 60
NOT_A_FORM = f"expected a form, as {FORM}"


class HubViews:
    """What is at `/hub`. Nothing is asked of a callback here: the answer depends on no verification."""

    def __init__(
        self, store: Store, topics: Topics, settings: HubSettings, clients: Clients, clock: Clock
    ) -> None:
        self._store = store
        self._clients = clients
        self._topics = topics
        self._allowance = allow_callbacks(settings)
        self._leases = LeaseBounds(
            settings.least_lease_seconds, settings.lease_seconds, settings.longest_lease_seconds
        )
        self._limits = limit_hub(settings)
        self._clock = clock

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("hub", __name__)
        blueprint.add_url_rule("/hub", view_func=self.take_request, methods=["POST"])
        return blueprint

    def take_request(self) -> Response:
        """Queue a request to subscribe or unsubscribe."""
        if request.mimetype != FORM:
            return _say(NOT_A_FORM, 415)
        try:
            asked = read_request(request.form.items(multi=True), self._allowance)
            intent = self._make_intent(asked)
        except UnknownFeedError as error:
            return _say(str(error), 404)
        except (HubRequestError, AddressError, QueryError) as error:
            return _say(str(error), 400)
        full = self._store.intents.add(intent, self._limits, self._clock.now())
        if full is not None:
            answer = _say(f"too many {full} wait to be verified: expected another attempt in a minute", 503)
            answer.headers["Retry-After"] = str(RETRY_SECONDS)
            return answer
        return _say(f"the callback will be asked whether it wants to {asked.mode.value}", 202)

    def _make_intent(self, asked: Asked) -> Intent:
        return Intent(
            target=self._find_target(asked),
            mode=asked.mode,
            lease_seconds=self._leases.grant(asked.lease_seconds),
            secret=asked.secret,
            client=self._clients.find(request.environ.get)[:64],
        )

    def _find_target(self, asked: Asked) -> Target:
        if asked.mode is Mode.UNSUBSCRIBE:
            # Whoever wants to go may, even from a feed that is no more.
            known = self._store.subscriptions.find(asked.topic, asked.callback.url)
            if known is not None:
                return known.target
        topic = self._topics.find(decode_unreserved(asked.topic))
        return Target(asked.topic, asked.callback.url, asked.callback.host, topic.document)


def allow_callbacks(settings: HubSettings) -> Allowance:
    """Give which callbacks the operator allows."""
    return Allowance(frozenset(settings.ports), settings.loopback)


def limit_hub(settings: HubSettings) -> HubLimits:
    """Give how much the operator allows of everything."""
    return HubLimits(
        waiting=settings.most_waiting,
        waiting_per_host=settings.most_waiting_per_host,
        waiting_per_client=settings.most_waiting_per_client,
        subscriptions=settings.most,
        per_host=settings.most_per_host,
        per_topic=settings.most_per_topic,
    )


def _say(line: str, status: int) -> Response:
    return Response(
        f"{' '.join(line.split())}\n", status, mimetype=PLAIN, headers={"Cache-Control": "no-store"}
    )
