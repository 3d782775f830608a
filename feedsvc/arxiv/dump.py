"""arXiv's dump of all metadata as Kaggle publishes it: JSON lines, a paper each, in its newest version.

Source: https://www.kaggle.com/datasets/Cornell-University/arxiv
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from feedsvc.arxiv.authors import split_authors, tidy_affiliations, tidy_name
from feedsvc.arxiv.wire import fold_text, read_time
from feedsvc.errors import BrokenAnswer, InvalidIdError
from feedsvc.history import PaperHistory
from feedsvc.paper import ArxivId, Author, Paper

# The longest record there is has some 5,000 authors and takes less than a megabyte.
LONGEST_LINE = 10_000_000
LONGEST_ID = 32
_HEAD = 65_536
_VERSION = re.compile(r"v([1-9]\d{0,3})", re.ASCII)
# Escapes that JSON knows and text in a database cannot hold: halves of characters, and NUL.
_DOUBTFUL = re.compile(rb"\\u(?:[dD][89a-fA-F]|0000)")
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


class UnreadableLine(Exception):
    """One line lacks what a paper cannot do without; the text says what."""


class Dump:
    """A dump that is being read, line by line."""

    def __init__(self, file: BinaryIO, *, is_packed: bool) -> None:
        self._file = file
        self._size = file.seek(0, 2)
        file.seek(0)
        self.fingerprint = _fingerprint(file, self._size)
        self._lines = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if is_packed else file

    def lines(self, after: int = 0) -> Iterator[tuple[int, bytes]]:
        """Give each line with its number, which counts from 1, without reading those up to a number.

        A line that is too long for a record comes cut off. Raises BrokenAnswer where a packed file is no gzip
        or ends too early.
        """
        number = after
        try:
            for line in islice(self._read_lines(), after, None):
                number += 1
                yield number, line
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise BrokenAnswer(
                f"the dump breaks off behind line {number}: {error}; expected a whole gzip file"
            ) from error

    def share(self) -> float:
        """Give how much of the file has been read, from 0 to 1."""
        return self._file.tell() / self._size if self._size else 1.0

    def _read_lines(self) -> Iterator[bytes]:
        while line := self._lines.readline(LONGEST_LINE):
            yield line
            while len(line) == LONGEST_LINE and not line.endswith(b"\n"):
                line = self._lines.readline(LONGEST_LINE)


@contextmanager
def open_dump(path: Path) -> Iterator[Dump]:
    """Open a dump; a name that ends in `.gz` is unpacked. Raises BrokenAnswer for a file it cannot open."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise BrokenAnswer(f"{path} cannot be opened: {error.strerror}") from error
    with file:
        yield Dump(file, is_packed=path.suffix == ".gz")


def read_dumped(line: bytes) -> tuple[PaperHistory, Paper]:
    """Read one line: what is told of the paper's history, and its newest version. Raises UnreadableLine."""
    record = _read_json(line)
    categories = tuple(dict.fromkeys(_text(record, "categories").split()))
    title = fold_text(_text(record, "title"))
    if not (title and categories):
        raise UnreadableLine("no category" if title else "no title")
    id_ = _read_id(record)
    versions = _read_versions(record)
    newest, revised = versions[-1]
    paper = Paper(
        id=id_,
        version=newest,
        title=title,
        abstract=fold_text(_text(record, "abstract")),
        authors=_read_authors(record),
        categories=categories,
        comments=fold_text(_text(record, "comments")) or None,
        doi=fold_text(_text(record, "doi")) or None,
        journal_ref=fold_text(_text(record, "journal-ref")) or None,
        license=fold_text(_text(record, "license")) or None,
        submitted=versions[0][1],
        revised=revised if newest > 1 else None,
        complete=True,
    )
    return PaperHistory(id_, categories, versions, _read_day(record)), paper


def _fingerprint(file: BinaryIO, size: int) -> str:
    """Give a name for the file's content by its size and its beginning: the whole would take minutes."""
    head = file.read(_HEAD)
    file.seek(0)
    return hashlib.sha256(b"%d %s" % (size, head)).hexdigest()[:16]


def _read_json(line: bytes) -> dict[str, Any]:
    if len(line) == LONGEST_LINE:
        raise UnreadableLine(f"longer than {LONGEST_LINE} bytes")
    try:
        record = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        raise UnreadableLine(f"no JSON: {error}") from error
    if not isinstance(record, dict):
        raise UnreadableLine(f"{record!r:.40}, expected a JSON object")
    if _DOUBTFUL.search(line):
        _check_characters(record)
    return record


def _check_characters(record: dict[str, Any]) -> None:
    text = json.dumps(record, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UnreadableLine(f"half a character, {text[error.start]!a}") from error
    if _NUL.search(text):
        raise UnreadableLine("the character NUL")


def _text(record: dict[str, Any], key: str) -> str:
    value = record.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise UnreadableLine(f"{key} {value!r:.60}, expected text")
    return value


def _read_id(record: dict[str, Any]) -> str:
    try:
        paper = ArxivId.parse(_text(record, "id")).paper
    except InvalidIdError as error:
        raise UnreadableLine(str(error)) from error
    if len(paper) > LONGEST_ID:
        raise UnreadableLine(f"{paper!r:.60} is longer than any identifier")
    return paper


def _read_versions(record: dict[str, Any]) -> tuple[tuple[int, datetime], ...]:
    """Give the number and instant of each version, oldest first."""
    told = record.get("versions")
    if not told or not isinstance(told, list):
        raise UnreadableLine("no version")
    versions = [_read_version(version) for version in told]
    return tuple(sorted(versions) if len(versions) > 1 else versions)


def _read_version(version: object) -> tuple[int, datetime]:
    if isinstance(version, dict):
        number = _VERSION.fullmatch(_text(version, "version"))
        created = read_time(_text(version, "created"))
        if number and created:
            return int(number[1]), created
    raise UnreadableLine(f"the version {version!r:.80}, expected one like 'v1' and a date")


def _read_day(record: dict[str, Any]) -> date:
    text = _text(record, "update_date")
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UnreadableLine(f"update_date {text!r}, expected one like 2007-05-23") from error


def _read_authors(record: dict[str, Any]) -> tuple[Author, ...]:
    told = record.get("authors_parsed")
    if not told:
        return split_authors(_text(record, "authors"))
    try:
        authors = [_make_author(*_check_parts(author)) for author in told]
    except TypeError as error:
        raise UnreadableLine(f"authors_parsed {told!r:.60}, expected lists of text") from error
    return tuple([author for author in authors if author.name])


def _check_parts(author: object) -> list[str]:
    if not isinstance(author, list) or not author:
        raise TypeError(f"{author!r} is no list of text")
    return author


# Who writes one paper writes more of them about the same time, and a dump is in the order of time.
@lru_cache(50_000)
def _make_author(keyname: str, forenames: str = "", suffix: str = "", *affiliations: str) -> Author:
    """Write an author as the API does, forenames before the keyname. Raises TypeError for what is no text."""
    name = " ".join([part for part in (forenames, keyname, suffix) if part])
    return Author(tidy_name(name), tidy_affiliations(affiliations))
