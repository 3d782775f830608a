"""Asking a callback whether it wants what was asked in its name (WebSub, sections 5.2 and 5.3)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from hmac import compare_digest
from urllib.parse import urlencode

from feedsvc.websub.request import Mode

CHALLENGE_BYTES = 24


def make_challenge() -> str:
    """Give a random text that was never used and never will be."""
    return secrets.token_urlsafe(CHALLENGE_BYTES)


MakeChallenge = Callable[[], str]


def ask_intent(callback: str, mode: Mode, topic: str, challenge: str, lease_seconds: int) -> str:
    """Give the address that is asked whether a subscriber wants this."""
    parameters = {"hub.mode": mode.value, "hub.topic": topic, "hub.challenge": challenge}
    if mode is Mode.SUBSCRIBE:
        parameters["hub.lease_seconds"] = str(lease_seconds)
    return add_parameters(callback, parameters)


def tell_denial(callback: str, topic: str, reason: str) -> str:
    """Give the address by which a subscriber is told that there is no subscription."""
    return add_parameters(callback, {"hub.mode": Mode.DENIED.value, "hub.topic": topic, "hub.reason": reason})


def add_parameters(callback: str, parameters: Mapping[str, str]) -> str:
    """Give a callback with parameters behind those it has, which stay as they are written."""
    joint = "&" if "?" in callback else "?"
    separator = "" if "?" in callback and callback.endswith(("?", "&")) else joint
    return f"{callback}{separator}{urlencode(parameters)}"


def is_confirmed(status: int | None, body: bytes, challenge: str) -> bool:
    """Tell whether an answer confirms: any 2xx, and the challenge, byte for byte, as the whole body."""
    return status is not None and 200 <= status < 300 and compare_digest(body, challenge.encode())
