"""Whether the process runs, whether it can serve; and what robots and browsers ask for by themselves."""

from __future__ import annotations

import logging
from pathlib import Path

from flask import Blueprint, Response, url_for

from feedsvc.errors import StoreError
from feedsvc.store import Store
from feedsvc.web.delivery import make_ready
from feedsvc.web.negotiation import PLAIN
from feedsvc.web.responses import send_ready

ICON = Path(__file__).parent / "static" / "icon.svg"
DAY_SECONDS = 86_400

log = logging.getLogger(__name__)


class HealthViews:
    """Liveness, readiness, robots.txt and favicon.ico."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def blueprint(self) -> Blueprint:
        """Give the routes."""
        blueprint = Blueprint("health", __name__)
        blueprint.add_url_rule("/healthz", view_func=self.show_liveness)
        blueprint.add_url_rule("/readyz", view_func=self.show_readiness)
        blueprint.add_url_rule("/robots.txt", view_func=self.show_robots)
        blueprint.add_url_rule("/favicon.ico", view_func=self.show_icon)
        return blueprint

    def show_liveness(self) -> Response:
        """Say that the process runs."""
        return _say("ok")

    def show_readiness(self) -> Response:
        """Say whether the store answers and has this release's schema; arXiv being down changes nothing."""
        try:
            self._store.check()
        except StoreError as error:
            log.error("not ready: %s", error, extra={"action": "readyz"})
            line = " ".join(str(error).split())
            # Where the store is, is the operator's business.
            return _say("the store cannot be reached: see the log" if "://" in line else line, 503)
        return _say("ready")

    def show_robots(self) -> Response:
        """Keep robots from searches, of which there is no end."""
        endless = (
            url_for("feeds.show_feed", path="search."),
            url_for("feeds.show_feed", path="search") + "?",
            url_for("search.show_search", hl=None),
            url_for("basket.show_basket", hl=None),
        )
        lines = "\n".join(f"Disallow: {path}" for path in endless)
        return _say(f"User-agent: *\n{lines}", seconds=DAY_SECONDS)

    def show_icon(self) -> Response:
        """Send the icon."""
        return send_ready(make_ready(ICON.read_bytes(), "image/svg+xml"), DAY_SECONDS)


def _say(line: str, status: int = 200, seconds: int = 0) -> Response:
    response = Response(f"{line}\n", status, mimetype=PLAIN)
    response.headers["Cache-Control"] = f"public, max-age={seconds}" if seconds else "no-store"
    return response
