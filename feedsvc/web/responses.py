"""Between Flask and the pure parts: reading what was asked, sending what was answered."""

from __future__ import annotations

from flask import Flask, Response, current_app, request

from feedsvc.http import Clock
from feedsvc.web.delivery import Answer, Asked, Ready, answer
from feedsvc.web.freshness import tell_expiry
from feedsvc.web.packing import Packings

_PACKINGS = "feedsvc_packings"


def prepare_responses(app: Flask, packings: Packings, clock: Clock) -> None:
    """Give an application what its answers are made with; each tells by the clock when it expires."""
    app.extensions[_PACKINGS] = packings

    def tell(response: Response) -> Response:
        response.headers.update(tell_expiry(dict(response.headers), clock.now()))
        return response

    app.after_request(tell)


def find_packings() -> Packings:
    """Give what the present application packs its answers with."""
    packings: Packings = current_app.extensions[_PACKINGS]
    return packings


def read_asked() -> Asked:
    """Take the headers that matter from the present request."""
    return Asked.read(request.headers.get)


def send_ready(ready: Ready, seconds: int) -> Response:
    """Send something that was just made, which may be kept for so many seconds."""
    headers = {"Cache-Control": f"public, max-age={seconds}", "Vary": "Accept-Encoding"}
    return send_answer(answer(ready, read_asked(), headers, find_packings()))


def send_answer(given: Answer) -> Response:
    """Give an answer as Flask sends it."""
    return Response(given.body, given.status, given.headers)


def is_static() -> bool:
    """Tell whether the present page is written to a file, where nothing may need a server."""
    return bool(request.environ.get("feedsvc.is_static"))
