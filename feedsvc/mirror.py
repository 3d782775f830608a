"""Writing the whole service as files, from which any web server gives the same addresses.

What is written is what the web application answers, byte for byte. Its own entity tags tell what is written
already, so an unchanged address costs no more than a 304.
"""

from __future__ import annotations

import html
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from feedsvc.coding import BROTLI, GZIP, IDENTITY, pack, tag_body, unpack
from feedsvc.errors import MirrorError
from feedsvc.feed import MARKDOWN, PAGE
from feedsvc.pipeline import write_count
from feedsvc.service import Service
from feedsvc.store import Store

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

log = logging.getLogger(__name__)

MANIFEST = ".feedsvc-mirror.json"
TEMPORARY = ".feedsvc-part"
SUFFIXES = {IDENTITY: "", GZIP: ".gz", BROTLI: ".br"}
PAGES = ("/", "/subscriptions.opml", "/subscriptions.json", "/status", "/status.json", "/robots.txt")
NOT_FOUND = "/404.html"
# Of so many announced days each feed's documents are written: six weeks. Older files go.
DAYS = 30
FILE_TYPES = frozenset({"xml", "rss", "json", "md", "opml", "txt", "html", "css", "svg", "js", "bib"})
LEADING = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>arXiv feeds</title>
<meta http-equiv="refresh" content="0; url={target}">
<link rel="canonical" href="{target}">
<p><a href="{target}">It is here.</a></p>
</html>
"""
# What the application is told, so that it shows nothing that needs a server.
ENVIRON = {"feedsvc.is_static": True}


Source = Callable[[Service], Iterable[str]]
"""Gives addresses to write, as paths below the base address, percent-encoded, without parameters."""


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What writing did, in addresses; `removed` are those that are no more, `refused` those with an error."""

    written: int = 0
    same: int = 0
    removed: int = 0
    refused: int = 0


def list_feeds(service: Service) -> Iterator[str]:
    """Give every feed that is kept ready, in every language and format, its page and its badge."""
    languages = (None, *service.settings.languages[1:])
    suffixes = (*sorted(service.publisher.suffixes), PAGE)
    for feed in service.publisher.ready_feeds():
        yield feed.badge_path
        yield from (feed.path(suffix, language) for language in languages for suffix in suffixes)


def list_pages(service: Service) -> Iterator[str]:
    """Give the index in its forms, and what pages are made with."""
    folder = Path(service.app.static_folder or "")
    yield from (f"/static/{path.name}" for path in sorted(folder.iterdir()) if path.is_file())
    yield from PAGES


def list_days(service: Service) -> Iterator[str]:
    """Give the documents of every ready feed's last days, and its daily feed, with the pages they lead to."""
    languages = (None, *service.settings.languages[1:])
    suffixes = (*sorted(service.publisher.suffixes), PAGE)
    days = list(islice(_recent_days(service.store), DAYS))
    for feed in service.publisher.ready_feeds():
        for language in languages:
            yield from (feed.as_daily().path(suffix, language) for suffix in suffixes)
            for day in map(feed.on_day, days):
                yield from (day.path(suffix, language) for suffix in (*suffixes, MARKDOWN))


def _recent_days(store: Store) -> Iterator[date]:
    """Give the days with announcements, newest first."""
    day = store.ledger.newest_day()
    while day is not None:
        yield day
        day, _ = store.announcements.days_around(day)


# The index comes last, so that it never leads to what is not yet there.
SOURCES: tuple[Source, ...] = (list_days, list_feeds, list_pages)


def write_mirror(service: Service, folder: Path, sources: Iterable[Source] = SOURCES) -> Mirrored:
    """Write every address of the sources below a folder, and remove what an earlier run wrote and none names.

    Each file is replaced whole; one whose content did not change is not touched. An address that cannot be
    answered keeps the files it had. Raises MirrorError where a folder or file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _Mirror(service, folder).write(path for source in sources for path in source(service))
    except OSError as error:
        raise MirrorError(f"{folder}: {error}: expected a folder that can be written to") from error


@dataclass(frozen=True, slots=True)
class _Written:
    """What a file holds, by its tag, and the sizes of it and its packed siblings."""

    tag: str
    sizes: tuple[int, ...]


def describe_mirrored(mirrored: Mirrored) -> str:
    """Say in a line what became of the files."""
    removed = f", {mirrored.removed} removed" if mirrored.removed else ""
    refused = f", {mirrored.refused} refused" if mirrored.refused else ""
    return f"wrote     {write_count(mirrored.written, 'file')}, {mirrored.same} as before{removed}{refused}"


class _Mirror:
    def __init__(self, service: Service, folder: Path) -> None:
        self._client = service.app.test_client(use_cookies=False)
        self._folder = folder
        self._former = _read_manifest(folder / MANIFEST)
        self._present: dict[str, _Written] = {}

    def write(self, paths: Iterable[str]) -> Mirrored:
        for left in self._folder.rglob(f"*{TEMPORARY}"):
            left.unlink()
        outcomes = [self._write_path(path) for path in (*dict.fromkeys(paths), NOT_FOUND)]
        gone = sorted(self._former.keys() - self._present.keys())
        for name in gone:
            self._remove(name)
        if self._present != self._former:
            _replace({self._folder / MANIFEST: _write_manifest(self._present)})
        return Mirrored(
            outcomes.count("written"), outcomes.count("same"), len(gone), outcomes.count("refused")
        )

    def _write_path(self, path: str) -> str:
        name = name_file(path)
        former = self._former.get(name)
        known = former if former is not None and self._is_whole(name, former) else None
        answer = self._ask(path, IDENTITY, known.tag if known else "")
        if answer.status_code == 304 and known is not None:
            self._present[name] = known
            return "same"
        body = _read_page(path, answer)
        if body is None:
            log.error("%s answers %s, its files stay", path, answer.status_code, extra={"action": "refuse"})
            if former is not None:
                self._present[name] = former
            return "refused"
        tag = answer.headers.get("ETag") or f'"{tag_body(body)}"'
        if known is not None and known.tag == tag:
            self._present[name] = known
            return "same"
        bodies = (body, self._pack(path, body, GZIP), self._pack(path, body, BROTLI))
        _replace(dict(zip(self._files(name), bodies, strict=True)), answer.last_modified)
        self._present[name] = _Written(tag, tuple(map(len, bodies)))
        return "written"

    def _ask(self, path: str, coding: str, tag: str = "") -> TestResponse:
        headers = {"Accept": "text/html, */*;q=0.5", "Accept-Encoding": coding}
        if tag:
            headers["If-None-Match"] = tag
        return self._client.get(path, headers=headers, environ_overrides=ENVIRON, buffered=True)

    def _pack(self, path: str, body: bytes, coding: str) -> bytes:
        """Give the packed bytes that the application sends, which has them already; else pack them here."""
        answer = self._ask(path, coding)
        is_same = answer.status_code == 200 and answer.headers.get("Content-Encoding") == coding
        packed = bytes(answer.data) if is_same else pack(body, coding)
        # Between the two questions another process may have published something newer.
        return packed if unpack(packed, coding) == body else pack(body, coding)

    def _files(self, name: str) -> tuple[Path, ...]:
        return tuple(self._folder / f"{name}{suffix}" for suffix in SUFFIXES.values())

    def _is_whole(self, name: str, known: _Written) -> bool:
        """Tell whether the files are there in the sizes in which they were written."""
        try:
            return tuple(path.stat().st_size for path in self._files(name)) == known.sizes
        except FileNotFoundError:
            return False

    def _remove(self, name: str) -> None:
        for path in self._files(name):
            path.unlink(missing_ok=True)
        for parent in (self._folder / name).parents:
            if parent == self._folder or any(parent.iterdir()):
                return
            parent.rmdir()


def name_file(path: str) -> str:
    """Give the file, below the folder, that a web server sends for a path.

    A page without a suffix becomes the index of a folder of its name.
    """
    name = unquote(path).strip("/")
    if ".." in name.split("/"):
        raise ValueError(f"{path!r} leads out of the folder")
    if name.rpartition(".")[2] in FILE_TYPES:
        return name
    return f"{name}/index.html" if name else "index.html"


def _read_page(path: str, answer: TestResponse) -> bytes | None:
    """Give what is to be written for an answer; None for one that is an error."""
    if answer.status_code == (404 if path == NOT_FOUND else 200):
        return bytes(answer.data)
    if answer.status_code in (302, 308):
        target = html.escape(answer.headers["Location"])
        return LEADING.format(target=target).encode()
    return None


def _read_manifest(path: Path) -> dict[str, _Written]:
    """Read what an earlier run wrote; nothing where there is none, or none that can be read."""
    try:
        rows = json.loads(path.read_text("utf-8"))
        return {name: _Written(tag, tuple(sizes)) for name, (tag, *sizes) in rows.items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, AttributeError) as error:
        log.warning(
            "%s cannot be read, everything is written anew: %s", path, error, extra={"action": "read"}
        )
        return {}


def _write_manifest(written: Mapping[str, _Written]) -> bytes:
    rows = {name: [each.tag, *each.sizes] for name, each in sorted(written.items())}
    return f"{json.dumps(rows, ensure_ascii=False, indent=0)}\n".encode()


def _replace(bodies: Mapping[Path, bytes], changed_at: datetime | None = None) -> None:
    """Write files beside their places first, then put them there, so that none is ever seen half-written."""
    parts = {path: path.with_name(f"{path.name}{TEMPORARY}") for path in bodies}
    for path, part in parts.items():
        part.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(bodies[path])
        if changed_at is not None:
            os.utime(part, (changed_at.timestamp(), changed_at.timestamp()))
    for path, part in parts.items():
        part.replace(path)
