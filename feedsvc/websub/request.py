"""What a subscriber asks of the hub, read from the form that it posts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from feedsvc.errors import HubRequestError
from feedsvc.websub.address import Allowance, Callback, read_callback

LONGEST_SECRET_BYTES = 199
_KNOWN = ("hub.mode", "hub.callback", "hub.topic", "hub.lease_seconds", "hub.secret")


class Mode(StrEnum):
    """What a request to a callback is about; subscribers ask for the first two."""

    SUBSCRIBE = "subscribe"
    UNSUBSCRIBE = "unsubscribe"
    DENIED = "denied"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it was posted; `lease_seconds` None leaves it to the hub."""

    mode: Mode
    callback: Callback
    topic: str
    lease_seconds: int | None = None
    secret: str | None = None


def read_request(form: Iterable[tuple[str, str]], allowance: Allowance) -> Asked:
    """Read a posted form; parameters that a hub does not know are ignored.

    Raises HubRequestError. Source: WebSub, section 5.1
    """
    values = _collect(form)
    mode = values.get("hub.mode", "")
    if mode not in (Mode.SUBSCRIBE, Mode.UNSUBSCRIBE):
        raise HubRequestError(f"hub.mode={mode!r}: expected subscribe or unsubscribe")
    for name in ("hub.callback", "hub.topic"):
        if not values.get(name):
            raise HubRequestError(f"{name} is missing: expected an address")
    if "\0" in values["hub.topic"]:
        raise HubRequestError("hub.topic holds a character of code 0: expected an address")
    callback = read_callback(values["hub.callback"], allowance)
    if mode == Mode.UNSUBSCRIBE:
        return Asked(Mode.UNSUBSCRIBE, callback, values["hub.topic"])
    secret = values.get("hub.secret") or None
    if secret is not None and len(secret.encode()) > LONGEST_SECRET_BYTES:
        raise HubRequestError(f"hub.secret is too long: expected at most {LONGEST_SECRET_BYTES} bytes")
    if secret is not None and "\0" in secret:
        raise HubRequestError("hub.secret holds a character of code 0: expected text")
    lease = _read_lease(values.get("hub.lease_seconds") or None)
    return Asked(Mode.SUBSCRIBE, callback, values["hub.topic"], lease, secret)


def _collect(form: Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in form:
        if name in _KNOWN and values.setdefault(name, value) != value:
            raise HubRequestError(f"{name} is given twice: expected it once")
    return values


def _read_lease(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and int(text[:12]) > 0):
        raise HubRequestError(f"hub.lease_seconds={text[:40]!r}: expected a positive number of seconds")
    return int(text[:12])
