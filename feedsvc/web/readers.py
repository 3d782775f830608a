"""The feed readers that a page offers, and the links with which each takes a feed over. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from feedsvc.errors import AddressError
from feedsvc.told import tell


@dataclass(frozen=True, slots=True)
class Reader:
    """A feed reader and the link that subscribes in it."""

    name: str
    link: str


def offer_readers(address: str, own: str = "") -> tuple[Reader, ...]:
    """Give the readers for a feed's public address; `own` is that of a visitor's FreshRSS or Miniflux."""
    escaped = quote(address, safe="")
    return (
        Reader("feed:", f"feed:{address}"),
        Reader("Feedly", f"https://feedly.com/i/subscription/feed/{escaped}"),
        Reader("Inoreader", f"https://www.inoreader.com/?add_feed={escaped}"),
        Reader("NewsBlur", f"https://www.newsblur.com/?url={escaped}"),
        *_offer_own(escaped, own),
    )


def _offer_own(escaped: str, own: str) -> Iterator[Reader]:
    if own:
        base = own.rstrip("/")
        yield Reader("FreshRSS", f"{base}/i/?c=feed&a=add&url_rss={escaped}")
        yield Reader("Miniflux", f"{base}/bookmarklet?uri={escaped}")


def read_own(text: str) -> str:
    """Read the address of somebody's own reader; a host alone is taken for https. Raises AddressError."""
    address = text.strip()
    if not address:
        return ""
    whole = address if "://" in address else f"https://{address}"
    try:
        parts = urlsplit(whole)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        # What a name and a password look like can be a trick, and they would stand in the address bar.
        is_good = is_good and parts.username is None and parts.password is None
    except ValueError:
        is_good = False
    if not is_good or any(sign.isspace() for sign in whole):
        pattern = "own={text!r}: expected the address of a reader, like https://rss.example.org"
        raise AddressError(tell(pattern, text=address))
    return whole.partition("?")[0].partition("#")[0]
