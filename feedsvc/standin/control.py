"""The stand-in's own endpoints, which arXiv does not have: its clock, its faults, its log."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Annotated, Self

from flask import Blueprint, Response, request
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from feedsvc.standin.clock import StandinClock
from feedsvc.standin.faults import Fault, FaultQueue
from feedsvc.standin.log import RequestLog, RequestRecord

CONTROL = "/control"
MAX_STEPS = 1000
FIRST_YEAR, LAST_YEAR = 1991, 2199
LONGEST_SECONDS = 366 * 86400
_FAULTS = TypeAdapter(tuple[Fault, ...])
_RECORDS = TypeAdapter(tuple[RequestRecord, ...])


class ClockMove(BaseModel):
    """Where the clock shall stand: at an instant, or so many seconds further on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    now: AwareDatetime | None = None
    seconds: Annotated[float, Field(ge=0, le=LONGEST_SECONDS, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.now is None) == (self.seconds is None):
            raise ValueError('expected either {"now": "2026-01-05T05:00:00Z"} or {"seconds": 3}')
        if self.now and not FIRST_YEAR <= self.now.year <= LAST_YEAR:
            raise ValueError(f"{self.now}: expected a year from {FIRST_YEAR} to {LAST_YEAR}")
        return self

    def carry_out(self, clock: StandinClock) -> None:
        """Move a clock."""
        if self.now is not None:
            clock.move_to(self.now)
        if self.seconds is not None:
            clock.advance_by(timedelta(seconds=self.seconds))


def create_control(clock: StandinClock, faults: FaultQueue, log: RequestLog) -> Blueprint:
    """Make the endpoints under `/control`."""
    control = Blueprint("control", __name__, url_prefix=CONTROL)

    @control.get("")
    def show_state() -> Response:
        return _answer(_describe_state(clock, faults))

    @control.get("/requests")
    def list_requests() -> Response:
        return _answer(_RECORDS.dump_python(log.records(), mode="json"))

    _add_clock(control, clock, faults)
    _add_faults(control, clock, faults)
    return control


def _add_clock(control: Blueprint, clock: StandinClock, faults: FaultQueue) -> None:
    """Add the endpoints that move the clock."""

    @control.post("/advance")
    def advance_clock() -> Response:
        text = request.args.get("days", "1")
        if not (text.isdecimal() and 1 <= int(text) <= MAX_STEPS):
            return _answer({"error": f"days={text!r}: expected a number from 1 to {MAX_STEPS}"}, status=400)
        clock.advance(int(text))
        return _answer(_describe_state(clock, faults))

    @control.post("/clock")
    def set_clock() -> Response:
        try:
            move = ClockMove.model_validate_json(request.get_data())
        except ValidationError as error:
            return _answer({"error": str(error)}, status=400)
        move.carry_out(clock)
        return _answer(_describe_state(clock, faults))


def _add_faults(control: Blueprint, clock: StandinClock, faults: FaultQueue) -> None:
    """Add the endpoints that order faults and take them back."""

    @control.post("/faults")
    def add_faults() -> Response:
        try:
            faults.add(_FAULTS.validate_json(request.get_data()))
        except ValidationError as error:
            return _answer({"error": str(error)}, status=400)
        return _answer(_describe_state(clock, faults))

    @control.delete("/faults")
    def clear_faults() -> Response:
        faults.clear()
        return _answer(_describe_state(clock, faults))


def _describe_state(clock: StandinClock, faults: FaultQueue) -> dict[str, object]:
    now = clock.now()
    return {
        "now": now.isoformat(),
        "day": clock.day_at(now).isoformat(),
        "steps_left": clock.steps_left(),
        "faults": _FAULTS.dump_python(faults.pending(), mode="json"),
    }


def _answer(value: object, status: int = 200) -> Response:
    body = json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    return Response(body, status, mimetype="application/json")
