"""Sketching recent papers, so that those like a given one are found without reading them again."""

from __future__ import annotations

from feedsvc.likeness.weights import read_terms
from feedsvc.likeness.words import count_stems
from feedsvc.store import Store

CHUNK = 1000


class Sketcher:
    """Makes the sketches that are missing; knows in memory the last revision at which none was."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._done_at: int | None = None

    def sketch_papers(self) -> int:
        """Make what is missing and drop what is old; give how many sketches changed."""
        if self._store.revision() == self._done_at:
            return 0
        made = 0
        likeness = self._store.likeness
        while True:
            revision = self._store.revision()
            due = likeness.unsketched(CHUNK)
            if not due:
                break
            made += likeness.save([(paper, read_terms(count_stems(paper.paper))) for paper in due])
        likeness.forget_old()
        self._done_at = revision
        return made
