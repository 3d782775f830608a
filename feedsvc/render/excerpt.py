"""Documents with some of their entries left out, cut from the bytes of the whole one.

A module of its own and no duty of a format's: what it cannot cut it gives whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import compress

_ENTRIES = {
    "xml": re.compile(rb"<entry>.*?</entry>", re.DOTALL),
    "rss": re.compile(rb"<item>.*?</item>", re.DOTALL),
}


def keep_entries(format_: str, body: bytes, kept: Sequence[bool]) -> bytes:
    """Give a document with only those entries for which `kept` is true, in their order.

    The whole document, where its format is not known here or it has another number of entries.
    """
    if format_ == "json":
        return _keep_items(body, kept)
    if format_ not in _ENTRIES:
        return body
    found = list(_ENTRIES[format_].finditer(body))
    if len(found) != len(kept) or not found:
        return body
    head, tail = body[: found[0].start()], body[found[-1].end() :]
    return b"".join((head, *(match[0] for match in compress(found, kept)), tail))


def _keep_items(body: bytes, kept: Sequence[bool]) -> bytes:
    feed = json.loads(body)
    if len(feed["items"]) != len(kept):
        return body
    feed["items"] = list(compress(feed["items"], kept))
    return json.dumps(feed, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
