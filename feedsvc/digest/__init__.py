"""Structured summaries of papers: the protocol all ways to make one share, and how they are combined."""

from __future__ import annotations

from typing import Protocol

from feedsvc.paper import Digest, Paper


class Summarizer(Protocol):
    """Makes digests.

    A digest names the paper's id and version, the language asked for and the method; the sentences of a
    section stand in reading order. Asking twice does no harm and records nothing. Summarizers are
    independent of each other and of the store; one may be asked from several threads.
    """

    def summarize(self, paper: Paper, language: str) -> Digest | None:
        """Sum up a paper in a language (BCP 47); None if this summarizer cannot serve that language.

        Raises FeedsvcError where it could serve the language but failed this time.
        """
        ...


class Chain:
    """Asks summarizers in turn; an error of one goes to the caller, not to the next."""

    def __init__(self, *summarizers: Summarizer) -> None:
        self._summarizers = summarizers

    def summarize(self, paper: Paper, language: str) -> Digest | None:
        """Give the digest of the first summarizer that serves the language; None if none does."""
        made = (summarizer.summarize(paper, language) for summarizer in self._summarizers)
        return next((digest for digest in made if digest is not None), None)
