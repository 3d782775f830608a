"""What changed lately in the store, read once for all who ask whether it touches what they made."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from threading import Lock

from feedsvc.query import Subject

MOST_SUBJECTS = 1_000
"""Above so many changes since a document was made it is quicker to make it anew than to look through them."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """Everything that changed after one revision up to another, and perhaps some of what came later."""

    since: int
    until: int
    subjects: Sequence[Subject]


class Chronicle:
    """Keeps the newest changes, at most a thousand. Safe to use from threads."""

    def __init__(
        self, read_changes: Callable[[int, int], Sequence[Subject] | None], most: int = MOST_SUBJECTS
    ) -> None:
        """Take a function that gives the changes since a revision, at most so many; None if it cannot."""
        self._read_changes = read_changes
        self._most = most
        self._chapters: deque[Chapter] = deque()
        self._lock = Lock()

    def begin_chapter(self, revision: int) -> None:
        """Take note that something is made at a revision: only what comes after it will be asked for.

        Raises StoreError.
        """
        with self._lock:
            self._write_on(revision, revision)

    def find_changes(self, since: int, until: int) -> Iterable[Subject] | None:
        """Give what changed after one revision up to another; None if that is too much, or too long ago.

        Raises StoreError.
        """
        with self._lock:
            self._write_on(since, until)
            if since < self._chapters[0].since:
                return None
            later = [chapter for chapter in self._chapters if chapter.until > since]
        return [subject for chapter in later for subject in chapter.subjects]

    def forget(self) -> None:
        """Begin anew: the store is another than it was."""
        with self._lock:
            self._chapters.clear()

    def _write_on(self, since: int, until: int) -> None:
        if not self._chapters:
            self._chapters.append(Chapter(since, since, ()))
        last = self._chapters[-1]
        if until <= last.until:
            return
        subjects = self._read_changes(last.until, self._most + 1)
        if subjects is None or len(subjects) > self._most:
            # What cannot be told, or is too much, is where everything begins anew.
            self._chapters.clear()
            self._chapters.append(Chapter(until, until, ()))
        elif subjects:
            self._chapters.append(Chapter(last.until, until, subjects))
            self._cut()
        else:
            self._chapters[-1] = replace(last, until=until)

    def _cut(self) -> None:
        held = sum(len(each.subjects) for each in self._chapters)
        while held > self._most:
            held -= len(self._chapters.popleft().subjects)
