"""What a model was asked and answered before, so that nothing is paid for twice."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Protocol

from feedsvc.digest.llm.prompts import VERSION
from feedsvc.paper import Digest, Paper


class Memory(Protocol):
    """Keeps texts under keys, over restarts and for all processes."""

    def find(self, key: str) -> str | None:
        """Give what is kept under a key."""

    def keep(self, key: str, text: str) -> None:
        """Keep a text under a key, in the place of an earlier one."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """What came of a question: a digest that passed the checks, or None where none did."""

    digest: Digest | None


class Recall:
    """Remembers the outcome by title, abstract, prompt version, model and language."""

    def __init__(self, memory: Memory, model: str) -> None:
        self._memory = memory
        self._model = model

    def find(self, paper: Paper, language: str) -> Recalled | None:
        """Give what came of asking for this paper; None if it was never asked for."""
        text = self._memory.find(self._key(paper, language))
        if text is None:
            return None
        kept = json.loads(text)
        if kept is None:
            return Recalled(None)
        return Recalled(
            Digest(
                paper=paper.id,
                version=paper.version,
                language=language,
                method=self._model,
                background=tuple(kept["background"]),
                innovation=tuple(kept["innovation"]),
                conclusion=tuple(kept["conclusion"]),
                title=kept["title"],
            )
        )

    def keep(self, paper: Paper, language: str, digest: Digest | None) -> None:
        """Remember what came of asking for a paper."""
        kept = digest and {
            "title": digest.title,
            "background": digest.background,
            "innovation": digest.innovation,
            "conclusion": digest.conclusion,
        }
        self._memory.keep(self._key(paper, language), json.dumps(kept, ensure_ascii=False))

    def _key(self, paper: Paper, language: str) -> str:
        parts = (paper.title, paper.abstract, str(VERSION), self._model, language)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()
