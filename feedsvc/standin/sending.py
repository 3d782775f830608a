"""Sends answers, and does to them on their way what a fault says."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

from flask import Response

from feedsvc.standin.connections import is_gone, reset_connection
from feedsvc.standin.faults import Fault, FaultKind, cut_answer, split_answer
from feedsvc.standin.markup import Answer

SLICE_SECONDS = 0.05

Sleep = Callable[[float], None]


def send_answer(
    answer: Answer, fault: Fault | None, connection: socket.socket | None, sleep: Sleep
) -> Response:
    """Make the response; what a fault does to the connection happens while it is sent."""
    kind = fault.kind if fault else None
    body: bytes | Iterator[bytes] = answer.body
    headers = dict(answer.headers)
    if kind is FaultKind.RESET:
        body = map(reset_connection, [connection])
    elif kind is FaultKind.BROKEN_OFF:
        body = _break_off(answer, connection)
        headers["Content-Length"] = str(len(answer.body))
    elif kind is FaultKind.CUT_OFF:
        body = cut_answer(answer).body
    elif kind is FaultKind.TRUNCATED:
        body = iter([cut_answer(answer).body])
        headers["Content-Length"] = str(len(answer.body))
    elif fault and kind is FaultKind.DRIBBLE:
        body = _dribble(answer, fault.seconds, connection, sleep)
        headers["Content-Length"] = str(len(answer.body))
    return Response(body, answer.status, headers, content_type=answer.content_type)


def _break_off(answer: Answer, connection: socket.socket | None) -> Iterator[bytes]:
    yield cut_answer(answer).body
    reset_connection(connection)


def hang(seconds: float, connection: socket.socket | None, sleep: Sleep) -> None:
    """Wait, but no longer than the client does."""
    if connection is None:
        sleep(seconds)
        return
    while seconds > 0 and not is_gone(connection):
        sleep(min(seconds, SLICE_SECONDS))
        seconds -= SLICE_SECONDS


def _dribble(
    answer: Answer, seconds: float, connection: socket.socket | None, sleep: Sleep
) -> Iterator[bytes]:
    for number, piece in enumerate(split_answer(answer)):
        if number:
            hang(seconds, connection, sleep)
        if is_gone(connection):
            return
        yield piece
