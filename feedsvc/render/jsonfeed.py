"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/), with what it has no names for under `_arxiv`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from feedsvc.paper import Entry
from feedsvc.render import Head
from feedsvc.render.characters import clean_line
from feedsvc.render.entry import EntryView, describe_entry

VERSION = "https://jsonfeed.org/version/1.1"
ABOUT = "https://info.arxiv.org/help/api/user-manual.html"


class JsonFormat:
    """Writes JSON Feed documents."""

    suffix = "json"
    content_type = "application/feed+json; charset=utf-8"

    def render_fragment(self, entry: Entry, language: str, *, brief: bool = False) -> bytes:
        """Write one entry; `brief` keeps only the first sentence of each section."""
        return self.render_view(describe_entry(entry, language, brief=brief), language)

    def render_view(self, view: EntryView, language: str) -> bytes:
        """Write what was described already, be it no paper, as an item."""
        return _write(describe_item(view))

    def assemble(self, head: Head, fragments: Sequence[bytes]) -> bytes:
        """Put a document together from its entries' fragments, in their order."""
        feed = _write(_describe_feed(head)).removesuffix(b"}")
        return b"".join((feed, b',"items":[', b",\n".join(fragments), b"]}\n"))

    def check(self, document: bytes) -> None:
        """Raise ValueError for bytes that are no JSON Feed, or name an item twice."""
        try:
            feed = json.loads(document)
        except ValueError as error:
            raise ValueError(f"no JSON: {error}; expected a JSON Feed") from error
        if (
            not isinstance(feed, dict)
            or feed.get("version") != VERSION
            or not isinstance(feed.get("items"), list)
        ):
            raise ValueError(f"expected a JSON Feed, an object with the version {VERSION} and items")
        ids = Counter(item["id"] for item in feed["items"])
        repeated = [id_ for id_, times in ids.items() if times > 1]
        if repeated:
            raise ValueError(f"items {repeated!r} stand more than once: expected every id once")


FORMAT = JsonFormat()


def describe_item(view: EntryView) -> dict[str, Any]:
    """Give an item; what an entry does not have is left out."""
    links = {link.title: link.href for link in view.links}
    arxiv = {
        "about": ABOUT,
        "version": view.version,
        "announce_type": view.kind.value if view.kind else None,
        "primary_category": next((label.term for label in view.categories), None),
        "pdf": links.get("pdf"),
        "html": links.get("html"),
        "doi": view.dois[0] if view.dois else None,
        "journal_ref": view.journal_ref,
        "comment": view.comment,
        "license": view.license,
    }
    item = {
        "id": view.id,
        "url": view.page_url,
        "title": view.title,
        "content_html": view.content,
        "summary": view.summary,
        "date_published": view.published.isoformat(),
        "date_modified": view.updated.isoformat(),
        "authors": [{"name": author.name} for author in view.authors],
        "tags": [label.term for label in view.categories],
        "_arxiv": _without_gaps(arxiv) if view.version else None,
    }
    return _without_gaps(item)


def _describe_feed(head: Head) -> dict[str, Any]:
    about = {
        "id": head.id,
        "updated": head.updated.isoformat(),
        "version": head.generator_version,
        "archive": True if head.current_url else None,
        **{relation.replace("-", "_"): url for relation, url in head.archive_links.items()},
    }
    feed = {
        "version": VERSION,
        "title": clean_line(head.title) or head.id,
        "home_page_url": head.page_url,
        "feed_url": head.self_url,
        "next_url": head.previous_url,
        "description": clean_line(head.subtitle) or None,
        "authors": [{"name": clean_line(head.author)}],
        "language": head.language,
        "hubs": [{"type": "WebSub", "url": head.hub_url}] if head.hub_url else None,
        "_feedsvc": _without_gaps(about),
    }
    return _without_gaps(feed)


def _without_gaps(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, [], "")}


def _write(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
