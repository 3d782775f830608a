"""Giving every paper version a digest in every configured language that a summarizer can serve."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from feedsvc.digest import Summarizer
from feedsvc.store import Store
from feedsvc.store.papers import START, Cursor

CHUNK = 200


class Digester:
    """Makes the digests that are missing.

    Keeps in memory how far it has looked, so that papers which no summarizer can serve in a language are
    looked at once a process, not at every sweep.
    """

    def __init__(self, store: Store, summarizer: Summarizer, languages: Sequence[str]) -> None:
        self._store = store
        self._summarizer = summarizer
        self._cursors: dict[str, Cursor] = dict.fromkeys(languages, START)
        self._lock = Lock()

    def digest_papers(self) -> int:
        """Make what is missing; give how many digests were made."""
        with self._lock:
            return sum(self._digest_language(language) for language in self._cursors)

    def _digest_language(self, language: str) -> int:
        made = 0
        while due := self._store.digests.undigested(language, self._cursors[language], CHUNK):
            digests = (self._summarizer.summarize(paper, language) for _, paper in due)
            made += self._store.digests.save([digest for digest in digests if digest is not None])
            self._cursors[language] = due[-1][0]
        return made
