"""Logs: one line an event, for people or as JSON for programs."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import IO

from feedsvc.http import Clock

FORMATS = ("text", "json")
TEXT = "%(asctime)s %(levelname)-7s %(name)s %(message)s"
# What every record has; whatever else stands on one was said of the event.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

log = logging.getLogger(__name__)


class TextFormatter(logging.Formatter):
    """Writes a record as one line, whatever stands in it: a visitor's text can neither begin another one nor
    steer a terminal. The lines of a traceback are behind it, each moved in.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        record.message = record.getMessage()
        record.asctime = self.formatTime(record)
        lines = [self.formatMessage(record)]
        if record.exc_info:
            # Not the text that another handler may have left on the record.
            lines += (f"  {line}" for line in self.formatException(record.exc_info).split("\n"))
        return "\n".join("".join(map(_show, line)) for line in lines)


def _show(sign: str) -> str:
    return sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii")


class JsonFormatter(logging.Formatter):
    """Writes a record as a line of JSON: time in UTC, level, logger, message, what was said beside it."""

    def format(self, record: logging.LogRecord) -> str:
        """Write a record."""
        said = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: value for name, value in vars(record).items() if name not in _USUAL},
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)


def set_up_logs(level: str, format_: str, stream: IO[str]) -> None:
    """Write the logs of the whole process to a stream, from a level on."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter() if format_ == "json" else TextFormatter(TEXT))
    logging.basicConfig(level=level, handlers=[handler])


@contextmanager
def log_job(clock: Clock, job: str, **facts: str) -> Iterator[dict[str, int]]:
    """Log a job when it is over: its facts, the counts that were put into what this gives, its seconds.

    One that did nothing is logged as DEBUG, one that raises not at all: who catches that says so.
    """
    counts: dict[str, int] = {}
    started = clock.now()
    yield counts
    seconds = round((clock.now() - started).total_seconds(), 3)
    told = ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    log.log(
        logging.INFO if told else logging.DEBUG,
        "%s: %s in %.1f s",
        " ".join((job, *facts.values())),
        told or "nothing",
        seconds,
        extra={"job": job, **facts, "counts": counts, "seconds": seconds},
    )
