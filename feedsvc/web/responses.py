"""Between Flask and the pure parts: reading what was asked, sending what was answered."""

from __future__ import annotations

from flask import Response, request

from feedsvc.web.delivery import Answer, Asked, Ready, answer


def read_asked() -> Asked:
    """Take the headers that matter from the present request."""
    return Asked.read(request.headers.get)


def send_ready(ready: Ready, seconds: int) -> Response:
    """Send something that was just made, which may be kept for so many seconds."""
    headers = {"Cache-Control": f"public, max-age={seconds}", "Vary": "Accept-Encoding"}
    return send_answer(answer(ready, read_asked(), headers))


def send_answer(given: Answer) -> Response:
    """Give an answer as Flask sends it."""
    return Response(given.body, given.status, given.headers)
