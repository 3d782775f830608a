"""Logs as JSON, and what is logged of a job."""

from __future__ import annotations

import io
import json
import logging
from datetime import timedelta
from typing import Any

import pytest

from feedsvc.logs import JsonFormatter, log_job, set_up_logs
from tests.web_house import StoppedClock


def format_one(**fields: Any) -> dict[str, Any]:
    line = JsonFormatter().format(logging.makeLogRecord({"name": "feedsvc.x", "levelname": "INFO"} | fields))
    assert "\n" not in line
    said: dict[str, Any] = json.loads(line)
    return said


def test_a_record_is_a_line_with_all_that_was_said_of_it() -> None:
    said = format_one(msg="%s is 漢\n", args=("x",), created=0.0, category="cs.AI", counts={"new": 2})

    assert said == {
        "time": "1970-01-01T00:00:00.000+00:00",
        "level": "INFO",
        "logger": "feedsvc.x",
        "message": "x is 漢\n",
        "category": "cs.AI",
        "counts": {"new": 2},
    }


def test_an_error_brings_its_traceback_and_what_is_no_json_its_text() -> None:
    try:
        raise ValueError("wrong")
    except ValueError as error:
        said = format_one(msg="no", exc_info=(ValueError, error, error.__traceback__), day=timedelta(1))

    assert "ValueError: wrong" in said["traceback"]
    assert said["day"] == "1 day, 0:00:00"


@pytest.mark.parametrize("format_", ["text", "json"])
def test_the_setting_decides_what_a_line_looks_like(monkeypatch: pytest.MonkeyPatch, format_: str) -> None:
    root, stream = logging.getLogger(), io.StringIO()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    set_up_logs("INFO", format_, stream)
    logging.getLogger("feedsvc.x").info("hello", extra={"job": "y"})
    logging.getLogger("feedsvc.x").debug("not said")

    lines = stream.getvalue().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("{") is (format_ == "json")
    assert "hello" in lines[0]


def test_a_job_is_logged_with_its_counts_and_its_duration(caplog: pytest.LogCaptureFixture) -> None:
    clock = StoppedClock()
    with caplog.at_level(logging.INFO), log_job(clock, "fetch", category="cs.AI") as counts:
        counts["rows"] = 3
        clock.moment += timedelta(seconds=1.5)
    record = vars(caplog.records[0])

    assert caplog.messages == ["fetch cs.AI: 3 rows in 1.5 s"]
    assert (record["job"], record["category"]) == ("fetch", "cs.AI")
    assert (record["counts"], record["seconds"]) == ({"rows": 3}, 1.5)


def test_a_job_that_did_nothing_is_not_worth_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), log_job(StoppedClock(), "build") as counts:
        counts["changed"] = 0

    assert caplog.messages == []
