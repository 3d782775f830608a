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
        self, read_changes: Callable[[int, int], Sequence[Subject] | None], most: int = MOST_SUBJECTS
    ) -> None:
        """Take a function that gives the changes since a revision, at most so many; None if it cannot."""
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
                self._write_on(known, until)
            if self._chapters and since < self._chapters[0].since:
                return None
            later = [chapter for chapter in self._chapters if chapter.until > since]
        return [subject for chapter in later for subject in chapter.subjects]

    def _write_on(self, since: int, until: int) -> None:
        subjects = self._read_changes(since, self._most + 1)
        if subjects is None or len(subjects) > self._most:
            # What cannot be told, or is too much, is where everything begins anew.
            self._chapters.clear()
            self._chapters.append(Chapter(until, until, ()))
            return
        self._chapters.append(Chapter(since, until, subjects))
        while sum(len(each.subjects) for each in self._chapters) > self._most:
            self._chapters.popleft()
