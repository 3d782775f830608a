"""Holds a document against JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.validity_values import (
    Faults,
    check_markup,
    find_bad_characters,
    find_repeated,
    is_language,
    is_media_type,
    is_rfc_3339,
    is_web_address,
    parse_xml,
)

VERSION = "https://jsonfeed.org/version/1.1"

Rule = Callable[[Any], bool]


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and is_web_address(value)


def _is_instant(value: Any) -> bool:
    return isinstance(value, str) and is_rfc_3339(value)


def _are(rule: Rule) -> Rule:
    return lambda value: isinstance(value, list) and bool(value) and all(map(rule, value))


def _has(required: Mapping[str, Rule], optional: Mapping[str, Rule]) -> Rule:
    """Make the rule of an object: what it must have, what it may have, nothing else but extensions."""
    return lambda value: (
        isinstance(value, dict)
        and required.keys() <= value.keys()
        and all({**required, **optional}.get(name, _extension(name))(each) for name, each in value.items())
    )


def _extension(name: str) -> Rule:
    return lambda value: name[:1] == "_" and name[1:2].isalpha() and isinstance(value, dict)


def _is_person(value: Any) -> bool:
    rules = {"name": _is_text, "url": _is_address, "avatar": _is_address}
    return _has({}, rules)(value) and bool(value.keys() & rules.keys())


_ATTACHMENT = _has(
    {"url": _is_address, "mime_type": lambda value: _is_text(value) and is_media_type(value)},
    {"title": _is_text, "size_in_bytes": lambda v: type(v) is int, "duration_in_seconds": lambda v: v > 0},
)
_SHARED: Mapping[str, Rule] = {
    "authors": _are(_is_person),
    "language": lambda value: _is_text(value) and is_language(value),
}
_FEED: Mapping[str, Rule] = {
    "version": lambda value: value == VERSION,
    "title": _is_text,
    "home_page_url": _is_address,
    "feed_url": _is_address,
    "description": _is_text,
    "user_comment": _is_text,
    "next_url": _is_address,
    "icon": _is_address,
    "favicon": _is_address,
    "expired": lambda value: isinstance(value, bool),
    "hubs": _are(_has({"type": _is_text, "url": _is_address}, {})),
    "items": lambda value: isinstance(value, list),
    **_SHARED,
}
_ITEM: Mapping[str, Rule] = {
    "id": _is_text,
    "url": _is_address,
    "external_url": _is_address,
    "title": _is_text,
    "content_html": _is_text,
    "content_text": _is_text,
    "summary": _is_text,
    "image": _is_address,
    "banner_image": _is_address,
    "date_published": _is_instant,
    "date_modified": _is_instant,
    "tags": _are(_is_text),
    "attachments": _are(_ATTACHMENT),
    **_SHARED,
}


def find_json_faults(document: bytes) -> Faults:
    """Give what is wrong with a JSON Feed; raises ValueError for what is no JSON or names a member twice."""
    feed = json.loads(document, object_pairs_hook=_make_object)
    if not isinstance(feed, dict):
        yield "feed: no object"
        return
    yield from find_bad_characters(_spell_out(feed))
    yield from _check_object("feed", feed, _FEED, ("version", "title", "items", "feed_url"))
    if feed.get("next_url") is not None and feed.get("next_url") == feed.get("feed_url"):
        yield "feed: its next page is itself"
    items = [item for item in feed.get("items", ()) if isinstance(item, dict)]
    if len(items) != len(feed.get("items", ())):
        yield "feed: an item that is no object"
    yield from find_repeated("item id", (str(item.get("id")) for item in items))
    for item in items:
        yield from _check_item(item)


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if faults := list(find_repeated("member", (name for name, _ in pairs))):
        raise ValueError(faults[0])
    return dict(pairs)


def _check_object(
    name: str, value: dict[str, Any], rules: Mapping[str, Rule], required: tuple[str, ...]
) -> Faults:
    for member in required:
        if member not in value:
            yield f"{name}: no {member}"
    for member, each in value.items():
        rule = rules.get(member, _extension(member))
        if not rule(each):
            yield f"{name}: {member} {str(each)[:80]!r}"


def _check_item(item: dict[str, Any]) -> Faults:
    name = f"item {item.get('id')}"
    yield from _check_object(name, item, _ITEM, ("id", "url", "date_published"))
    if not item.keys() & {"content_html", "content_text"}:
        yield f"{name}: no content"
    if isinstance(html := item.get("content_html"), str):
        fragment = parse_xml(f"<div>{html}</div>".encode())
        yield from (f"{name}: {fault}" for fault in check_markup(fragment, ""))
    published, modified = item.get("date_published"), item.get("date_modified")
    if _is_instant(published) and _is_instant(modified) and str(published) > str(modified):
        yield f"{name}: published after it was modified"


def _spell_out(value: Any) -> str:
    """Give all text in a value, as it was before it was escaped."""
    if isinstance(value, dict):
        return " ".join((*value, *map(_spell_out, value.values())))
    return " ".join(map(_spell_out, value)) if isinstance(value, list) else str(value)
