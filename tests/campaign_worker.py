"""The process that a campaign kills: the whole pipeline, run over and over in the stand-in's time."""

from __future__ import annotations

import json
import logging
import sys
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from pydantic import HttpUrl

from feedsvc.errors import UpstreamError
from feedsvc.service import make_service
from feedsvc.settings import ArxivSettings, load_settings

ROUND_SECONDS = 1800.0
TIMEOUT_SECONDS = 1.0


class RemoteClock:
    """The stand-in's time, read and moved over HTTP: who sleeps makes it pass."""

    def __init__(self, control: str) -> None:
        self._control = control

    def now(self) -> datetime:
        """Give the stand-in's time."""
        with urllib.request.urlopen(self._control, timeout=30) as answer:
            return datetime.fromisoformat(json.load(answer)["now"]).astimezone(UTC).replace(tzinfo=UTC)

    def sleep(self, seconds: float) -> None:
        """Let the stand-in's time pass."""
        body = json.dumps({"seconds": seconds}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self._control}/clock", body, headers, method="POST")
        urllib.request.urlopen(request, timeout=30).close()


def main(standin: str, folder: str, categories: str, until: str) -> None:
    """Run what is due again and again, half an hour of the stand-in's time apart."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(message)s")
    settings = load_settings(
        database_url=f"sqlite:///{folder}/campaign.sqlite3",
        base_url=HttpUrl("https://feeds.example.org"),
        feeds_dir=Path(folder) / "feeds",
        categories=tuple(categories.split(",")),
        arxiv=ArxivSettings(
            feed_url=HttpUrl(standin),
            api_url=HttpUrl(f"{standin}/api/query"),
            oai_url=HttpUrl(f"{standin}/oai"),
            interval_seconds=3,
            timeout_seconds=TIMEOUT_SECONDS,
        ),
    )
    clock = RemoteClock(f"{standin}/control")
    end = datetime.fromisoformat(until)
    service = make_service(settings, clock)
    while clock.now() < end:
        try:
            service.pipeline.run_due()
        except UpstreamError as error:
            logging.warning("round broken off: %s", error)
        clock.sleep(ROUND_SECONDS)
    service.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
