"""Real feed readers as functions: each polls one feed over HTTP and tells what it has to show by now.

A reader keeps its memory in a folder from one poll to the next. Those that are not installed are named by
`find_missing`.
"""

from __future__ import annotations

import json
import mailbox
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

import feedparser
from reader import make_reader

ROOT = Path(__file__).resolve().parents[1]
NODE_MODULES = ROOT / ".readers" / "node_modules"
POLL = ROOT / "tests" / "readers" / "poll.mjs"
SECONDS = 60


@dataclass(frozen=True)
class Shown:
    """One item that a reader shows; `authors` is what it says of them, whatever its way to join them."""

    id: str
    title: str
    authors: str
    content: str


Poll = Callable[[str, Path], list[Shown]]


def poll_reader(url: str, folder: Path) -> list[Shown]:
    """Poll with the library `reader`."""
    with make_reader(str(folder / "reader.sqlite")) as program:
        program.add_feed(url, exist_ok=True)
        program.update_feed(url)
        return [
            Shown(e.id, e.title or "", e.authors_str or "", " ".join(c.value for c in e.content))
            for e in program.get_entries()
        ]


def poll_feedparser(url: str, folder: Path) -> list[Shown]:
    """Poll with feedparser and a memory of the ETag and of what was seen."""
    file = folder / "memory.json"
    memory = json.loads(file.read_text()) if file.exists() else {"etag": None, "shown": {}}
    parsed = feedparser.parse(url, etag=memory["etag"])
    assert not parsed.bozo
    for entry in parsed.entries:
        authors = ", ".join(author.name for author in entry.authors)
        memory["shown"][entry.id] = [entry.id, entry.title, authors, entry.content[0].value]
    memory["etag"] = parsed.get("etag") or memory["etag"]
    file.write_text(json.dumps(memory))
    return [Shown(*values) for values in memory["shown"].values()]


def poll_newsboat(url: str, folder: Path) -> list[Shown]:
    """Poll with newsboat, and read its cache."""
    (folder / "urls").write_text(f"{url}\n")
    (folder / "config").write_text("max-items 0\n")
    files = ("-u", folder / "urls", "-c", folder / "cache.db", "-C", folder / "config")
    _run(folder, "newsboat", *map(str, files), "-x", "reload")
    with sqlite3.connect(folder / "cache.db") as cache:
        rows = cache.execute("SELECT guid, title, author, content FROM rss_item").fetchall()
    cache.close()
    return [Shown(*row) for row in rows]


def poll_rss2email(url: str, folder: Path) -> list[Shown]:
    """Poll with rss2email, and read the mails that it delivered; it names no id but the link."""
    config = folder / "rss2email.cfg"
    command = ("r2e", "-c", str(config), "-d", str(folder / "rss2email.json"))
    if not config.exists():
        config.write_text(
            "[DEFAULT]\nto = you@a.example\nfrom = feeds@a.example\nemail-protocol = maildir\n"
            f"maildir-path = {folder}\nmaildir-mailbox = mail\nsame-server-fetch-interval = 0\n"
        )
        mailbox.Maildir(folder / "mail").close()
        _run(folder, *command, "add", "feed", url)
    _run(folder, *command, "run")
    return [_read_mail(mail) for mail in mailbox.Maildir(folder / "mail")]


def _read_mail(mail: Message) -> Shown:
    payload = mail.get_payload(decode=True)
    assert isinstance(payload, bytes)
    subject, sender = (str(make_header(decode_header(mail[name]))) for name in ("Subject", "From"))
    return Shown(
        mail["X-RSS-URL"],
        " ".join(subject.split()),
        sender,
        payload.decode(mail.get_content_charset() or "ascii"),
    )


def poll_with_node(package: str) -> Poll:
    """Poll with a parser from npm."""

    def poll(url: str, folder: Path) -> list[Shown]:
        memory = str(folder / "memory.json")
        out = _run(folder, "node", str(POLL), str(NODE_MODULES), package, url, memory)
        return [
            Shown(item["id"], item["title"], ", ".join(item["authors"]), item["content"])
            for item in json.loads(out)
        ]

    return poll


def _run(folder: Path, *command: str) -> str:
    environment = {**os.environ, "HOME": str(folder), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


NODE_PACKAGES = ("rss-parser", "@rowanmanning/feed-parser")
PROGRAMS: Mapping[str, Poll] = {
    "feedparser": poll_feedparser,
    "reader": poll_reader,
    "newsboat": poll_newsboat,
    "rss2email": poll_rss2email,
    **{package: poll_with_node(package) for package in NODE_PACKAGES},
}

# These show one author of several, be it the first or the last, of documents with these suffixes.
ONE_AUTHOR: Mapping[str, tuple[str, ...]] = {
    "reader": ("rss", "xml"),
    "newsboat": ("rss",),
    "rss2email": ("rss", "xml"),
    "rss-parser": ("xml",),
}
# Newsboat keeps the validators of a feed from its second poll on.
LEARNS_LATE = ("newsboat",)
# A mail that was sent stays as it is.
SHOWS_FOR_GOOD = ("rss2email",)


def find_missing(program: str) -> str | None:
    """Say what has to be installed for a reader, if it is not there."""
    if program in NODE_PACKAGES:
        if shutil.which("node") is None:
            return "node is not installed (Debian packages nodejs and npm)"
        if not (NODE_MODULES / program).is_dir():
            return f"{program} is not installed (npm install --prefix .readers {program})"
    if program == "newsboat" and shutil.which("newsboat") is None:
        return "newsboat is not installed (Debian package newsboat)"
    if program == "rss2email" and shutil.which("r2e") is None:
        return "rss2email is not installed (Debian package rss2email)"
    return None
