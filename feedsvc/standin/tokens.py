"""OAI-PMH's resumption tokens: arXiv's hold the request itself and how many records to skip."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from threading import Lock
from urllib.parse import parse_qs, quote, unquote, urlencode

from feedsvc.standin.refusals import Code, Refusal


def write_token(arguments: Mapping[str, str], skip: int) -> str:
    """Put a request and a number of records to skip into a token; sent on, it is encoded once more."""
    return quote(urlencode({**arguments, "skip": skip}))


def read_token(text: str) -> tuple[dict[str, str], int]:
    """Read a token. Raises Refusal."""
    arguments = {name: values[0] for name, values in parse_qs(unquote(text)).items()}
    skip = arguments.pop("skip", "")
    if not re.fullmatch(r"[0-9]{1,9}", skip):
        raise Refusal(Code.BAD_TOKEN, "Token decoding failed or format is invalid.")
    return arguments, int(skip)


def find_expiry(now: datetime) -> datetime:
    """Give the instant at which a token given out now expires: the next midnight, UTC."""
    return datetime.combine(now.date() + timedelta(days=1), time(), UTC)


@dataclass(frozen=True, slots=True)
class Issue:
    """A token as it was last given out: when it expires, to which request, and whether to nothing more."""

    expires: datetime
    origin: Mapping[str, str]
    is_last: bool = False


class TokenBook:
    """The tokens given out, by their text; may be used from many threads.

    A token that was never given out is good as long as it can be read: arXiv keeps no such book.
    """

    def __init__(self) -> None:
        self._issues: dict[str, Issue] = {}
        self._lock = Lock()

    def note(self, text: str, issue: Issue) -> None:
        """Note a token as given out."""
        with self._lock:
            self._issues[text] = issue

    def find(self, text: str) -> Issue | None:
        """Give how a token was last given out."""
        with self._lock:
            return self._issues.get(text)

    def check(self, text: str, now: datetime) -> None:
        """Raise Refusal for a token that expired."""
        issue = self.find(text)
        if issue and now >= issue.expires:
            raise Refusal(Code.BAD_TOKEN, "Token expired.")
