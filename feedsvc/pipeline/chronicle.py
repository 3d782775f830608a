"""What changed lately in the store, read once for all who ask whether it touches what they made."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
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
        self, read_changes: Callable[[int, int], Sequence[Subject]], most: int = MOST_SUBJECTS
    ) -> None:
        """Take a function that gives the changes since a revision, at most so many."""
        self._read_changes = read_changes
        self._most = most
        self._chapters: deque[Chapter] = deque()
        self._lock = Lock()

    def find_changes(self, since: int, until: int) -> Iterable[Subject] | None:
        """Give what changed after one revision up to another; None if that is too much, or too long ago.

        Raises StoreError.
        """
        with self._lock:
            known = self._chapters[-1].until if self._chapters else since
            if until > known:
                self._write_on(Chapter(known, until, self._read_changes(known, self._most + 1)))
            if not self._chapters or since < self._chapters[0].since:
                return None
            later = [chapter for chapter in self._chapters if chapter.until > since]
        return [subject for chapter in later for subject in chapter.subjects]

    def _write_on(self, chapter: Chapter) -> None:
        self._chapters.append(chapter)
        while sum(len(each.subjects) for each in self._chapters) > self._most:
            self._chapters.popleft()
