"""What HTTP request headers ask for: codings, conditions, languages of errors. Pure, header values only.

Source: RFC 9110, sections 12 (content negotiation) and 13 (conditional requests).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from feedsvc.coding import IDENTITY

HTML = "text/html"
PLAIN = "text/plain"
JSON = "application/json"

_QUALITY = re.compile(r"q\s*=\s*(.*)", re.DOTALL)
_WEIGHT = re.compile(r"(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
_ENTITY_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e\x80-\xff]*)"')


def acceptable_codings(accept_encoding: str | None, best_first: Sequence[str]) -> tuple[str, ...]:
    """Give those codings that may be sent, the one to prefer first; empty if none may.

    No header accepts everything but promises nothing, so only then `identity` is preferred. Between equal
    weights the order given decides; `identity`, where it is not spoken of, comes last.
    """
    if accept_encoding is None:
        return (IDENTITY, *(coding for coding in best_first if coding != IDENTITY))
    weights = {name.removeprefix("x-"): weight for name, weight in _read_weights(accept_encoding).items()}
    offers = [(weight, coding) for coding in best_first if (weight := _weigh_coding(coding, weights)) > 0]
    return tuple(coding for _, coding in sorted(offers, key=lambda offer: -offer[0]))


def _weigh_coding(coding: str, weights: dict[str, float]) -> float:
    # RFC 9110, 12.5.3: identity is acceptable unless it is excluded by name or by "*;q=0".
    unnamed = 0.0001 if coding == IDENTITY and weights.get("*") != 0 else 0.0
    return weights.get(coding, weights.get("*", unnamed))


def prefers_html(accept: str | None) -> bool:
    """Tell whether a client asks for web pages by name and does not like plain text better: a browser."""
    weights = _read_weights(accept or "")
    plain = weights.get(PLAIN, weights.get("text/*", weights.get("*/*", 0.0)))
    return weights.get(HTML, 0.0) > 0 and weights[HTML] >= plain


def accepts_json(accept: str | None) -> bool:
    """Tell whether a client asks for JSON by name."""
    return _read_weights(accept or "").get(JSON, 0.0) > 0


def prefer_language(accept_language: str | None, offered: Sequence[str]) -> str:
    """Give the offered language that a client likes best, the first of them where it names none.

    A tag stands for every narrower one, and the other way round: zh-TW is answered in zh.
    """
    liked = sorted(_read_weights(accept_language or "").items(), key=lambda pair: -pair[1])
    mains = (name.partition("-")[0] for name, weight in liked if weight > 0)
    return next((main for main in mains if main in offered), offered[0])


def _read_weights(header: str) -> dict[str, float]:
    """Read names, in small letters, with their weights; one whose weight is no weight is left out."""
    weights: dict[str, float] = {}
    for part in header.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weight = next((found[1] for each in parameters if (found := _QUALITY.match(each))), "1")
        if name and _WEIGHT.fullmatch(weight):
            weights[name] = float(weight)
    return weights


def find_known_tag(if_none_match: str, tags: Sequence[str]) -> str | None:
    """Give the first of our entity tags (without quotes) that the client holds; None if it holds none.

    The comparison is the weak one, as RFC 9110, 13.1.2 wants it for If-None-Match.
    """
    if if_none_match.strip() == "*":
        return tags[0]
    held = set(_ENTITY_TAG.findall(if_none_match))
    return next((tag for tag in tags if tag in held), None)


def is_unmodified(if_modified_since: str, changed_at: datetime) -> bool:
    """Tell whether a client that has seen us then has the present content; False for what is no date."""
    seen = read_http_date(if_modified_since)
    return seen is not None and seen >= changed_at.replace(microsecond=0)


def read_http_date(text: str) -> datetime | None:
    """Read a date in any form that RFC 9110, 5.6.7 knows; None for anything else."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def write_http_date(moment: datetime) -> str:
    """Write an instant as HTTP wants it, to the second."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
