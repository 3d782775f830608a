"""How summarizers are combined."""

from __future__ import annotations

import pytest

from feedsvc.digest import Chain, Summarizer
from feedsvc.digest.extractive import ExtractiveSummarizer
from feedsvc.errors import FeedsvcError, UpstreamError
from feedsvc.paper import Digest, Paper

PAPER = Paper("2601.00001", 1, "Title", "We prove a theorem.", (), ("math.CO",))


class Fixed:
    """Serves one language with one sentence."""

    def __init__(self, language: str) -> None:
        self._language = language

    def summarize(self, paper: Paper, language: str) -> Digest | None:
        if language != self._language:
            return None
        return Digest(paper.id, paper.version, language, "fixed", ("b",), ("i",), ("c",))


class Failing:
    """Fails every time."""

    def summarize(self, paper: Paper, language: str) -> Digest | None:
        raise UpstreamError("the model is away")


def make_method(summarizer: Summarizer, language: str) -> str | None:
    digest = summarizer.summarize(PAPER, language)
    return digest.method if digest else None


def test_a_chain_gives_the_first_digest_it_gets() -> None:
    assert make_method(Chain(Fixed("en"), ExtractiveSummarizer()), "en") == "fixed"


def test_a_chain_goes_on_where_a_language_is_not_served() -> None:
    assert make_method(Chain(Fixed("zh"), ExtractiveSummarizer()), "en") == "extractive"


def test_a_chain_gives_none_where_nobody_serves_the_language() -> None:
    assert make_method(Chain(Fixed("zh"), ExtractiveSummarizer()), "fr") is None
    assert make_method(Chain(), "en") is None


def test_a_chain_asks_nobody_after_the_first_digest() -> None:
    assert make_method(Chain(Fixed("en"), Failing()), "en") == "fixed"


def test_a_chain_hands_errors_on() -> None:
    with pytest.raises(FeedsvcError, match="the model is away"):
        Chain(Failing(), ExtractiveSummarizer()).summarize(PAPER, "en")
