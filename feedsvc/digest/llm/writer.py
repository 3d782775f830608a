"""From a paper to a model's digest that can be trusted, or to none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from feedsvc.digest.checks import Finding, Rule, Written, check_digest, find_lost_addresses
from feedsvc.digest.extractive import ORIGINAL, ExtractiveSummarizer
from feedsvc.digest.llm.answers import SECTIONS, Summary, make_schema, read_summary, read_text
from feedsvc.digest.llm.endpoint import Endpoint, Message, Reply, Schema
from feedsvc.digest.llm.prompts import ask_again, ask_for_summary, ask_for_translation
from feedsvc.digest.llm.purse import NOTHING, Prices, Purse, estimate_tokens
from feedsvc.digest.llm.recall import Recall
from feedsvc.digest.sentences import split_sentences
from feedsvc.errors import BrokenAnswer, BudgetSpent, ModelError
from feedsvc.paper import Digest, Paper

LEAST_SENTENCES = 3
"""A shorter abstract is its own best digest, and has not enough in it for three sections."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An attempt in a language, the first or the second, that failed the checks."""

    language: str
    attempt: int
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of asking for a digest: the digest, if one passed, and the attempts that failed this time.

    `is_refused` tells that none passed, now or when it was asked for before.
    """

    digest: Digest | None
    refusals: tuple[Refusal, ...] = ()
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class _Attempt:
    """`earlier` are refusals of the summary that was to be translated."""

    asked: list[Message]
    answer: str
    summary: Summary | None
    findings: tuple[Finding, ...]
    earlier: tuple[Refusal, ...] = ()


class ModelWriter:
    """Has one model write digests, and holds each against its abstract. Safe to use from threads.

    A digest that fails is asked for once more with what was found. Where the model does not keep to the
    language, it is given its own summary in the original to translate, part by part; that it needs this is
    remembered.
    """

    def __init__(
        self, endpoint: Endpoint, recall: Recall, purse: Purse, prices: Prices, *, most_tokens: int
    ) -> None:
        self._endpoint = endpoint
        self._recall = recall
        self._purse = purse
        self._prices = prices
        self._most_tokens = most_tokens
        # Languages in which the model does not sum up and translate at once.
        self._apart: set[str] = set()

    @property
    def model(self) -> str:
        """The model's name, which is the method of its digests."""
        return self._endpoint.model

    def stop(self) -> None:
        """Wait for no answer any more."""
        self._endpoint.stop()

    def close(self) -> None:
        """Let go of the endpoint's connections."""
        self._endpoint.close()

    def recall(self, paper: Paper, language: str) -> Outcome | None:
        """Give what came of asking for the same title and abstract before; None if nobody did."""
        recalled = self._recall.find(paper, language)
        return None if recalled is None else Outcome(recalled.digest, is_refused=recalled.digest is None)

    def write(self, paper: Paper, language: str) -> Outcome:
        """Write a paper's digest in a language, or recall what came of that before.

        Raises BudgetSpent, ModelError, and what the clock raises where waiting is over.
        """
        recalled = self.recall(paper, language)
        if recalled is not None:
            return recalled
        if language == ORIGINAL and len(split_sentences(paper.abstract)) < LEAST_SENTENCES:
            return Outcome(None)
        outcome = self._try_twice(paper, language)
        self._recall.keep(paper, language, outcome.digest)
        return outcome

    def _try_twice(self, paper: Paper, language: str) -> Outcome:
        first = self._try_apart(paper, language) if language in self._apart else self._try(paper, language)
        if not first.findings:
            return Outcome(self._make_digest(first, paper, language), first.earlier)
        second = self._try_otherwise(paper, language, first)
        refusals = [*first.earlier, Refusal(language, 1, first.findings), *second.earlier]
        if second.findings:
            return Outcome(None, (*refusals, Refusal(language, 2, second.findings)), is_refused=True)
        return Outcome(self._make_digest(second, paper, language), tuple(refusals))

    def _try_otherwise(self, paper: Paper, language: str, first: _Attempt) -> _Attempt:
        """Ask again, part by part where the language was the matter, else with what was found."""
        is_lost = any(finding.rule is Rule.LANGUAGE for finding in first.findings)
        if language == ORIGINAL or not (is_lost or language in self._apart):
            return self._try(paper, language, first)
        second = self._try_apart(paper, language)
        if not second.findings:
            self._apart.add(language)
        return second

    def _try(self, paper: Paper, language: str, before: _Attempt | None = None) -> _Attempt:
        """Ask for everything at once; after an attempt that failed, with what was found."""
        is_translated = language != ORIGINAL
        if before is None:
            asked = ask_for_summary(paper, language, with_title=is_translated)
        else:
            asked = ask_again(before.asked, before.answer, before.findings)
        answer = self._ask(asked, make_schema(with_title=is_translated)).text
        try:
            summary = read_summary(answer, f"{paper.title}\n{paper.abstract}")
        except BrokenAnswer as error:
            return _fail(asked, answer, error)
        return _judge(asked, answer, summary, paper, language)

    def _try_apart(self, paper: Paper, language: str) -> _Attempt:
        """Have the model's summary in the original, or else the extractive one, translated part by part."""
        outcome = self.write(paper, ORIGINAL)
        made = outcome.digest or ExtractiveSummarizer().summarize(paper, ORIGINAL)
        parts = {"title": paper.title} | {name: " ".join(getattr(made, name)) for name in SECTIONS}
        try:
            translated = {
                part: read_text(self._ask(ask_for_translation(part, text, language), None).text, text)
                for part, text in parts.items()
                if text
            }
        except BrokenAnswer as error:
            return _fail([], "", error, outcome.refusals)
        summary = Summary(**{**dict.fromkeys(SECTIONS, ""), **translated})
        return replace(_judge([], "", summary, paper, language), earlier=outcome.refusals)

    def _make_digest(self, attempt: _Attempt, paper: Paper, language: str) -> Digest:
        assert attempt.summary is not None
        background, innovation, conclusion = (
            tuple(split_sentences(getattr(attempt.summary, name))) for name in SECTIONS
        )
        title = attempt.summary.title if language != ORIGINAL else None
        return Digest(
            paper.id, paper.version, language, self.model, background, innovation, conclusion, title
        )

    def _ask(self, messages: Sequence[Message], schema: Schema | None) -> Reply:
        """Ask within the budget: the most that it may cost is set aside before, and settled after."""
        tokens_in = sum(estimate_tokens(message.text) for message in messages)
        most = self._prices.of(tokens_in, self._most_tokens)
        day = self._purse.reserve(most)
        if day is None:
            raise BudgetSpent(f"{self.model}: the day's budget does not allow {most.tokens} more tokens")
        spent = NOTHING
        try:
            reply = self._endpoint.ask(messages, schema, self._most_tokens)
            written = estimate_tokens(reply.text) if reply.tokens_out is None else reply.tokens_out
            spent = self._prices.of(tokens_in if reply.tokens_in is None else reply.tokens_in, written)
            return reply
        except ModelError as error:
            spent = most if error.may_cost else NOTHING
            raise
        finally:
            self._purse.settle(day, spent - most)


def _fail(
    asked: list[Message], answer: str, error: BrokenAnswer, earlier: tuple[Refusal, ...] = ()
) -> _Attempt:
    return _Attempt(asked, answer, None, (Finding(Rule.FORM, "answer", str(error)),), earlier)


def _judge(asked: list[Message], answer: str, summary: Summary, paper: Paper, language: str) -> _Attempt:
    summary = restore_links(summary, paper.abstract)
    return _Attempt(asked, answer, summary, tuple(_find_faults(summary, paper, language)))


def restore_links(summary: Summary, abstract: str) -> Summary:
    """Give a summary with the abstract's addresses that it lost, each a sentence at its end."""
    lost = find_lost_addresses(abstract, " ".join(getattr(summary, name) for name in SECTIONS))
    if not lost:
        return summary
    return summary.model_copy(update={"conclusion": " ".join([summary.conclusion, *lost]).strip()})


def _find_faults(summary: Summary, paper: Paper, language: str) -> Iterator[Finding]:
    """Give what the checks find; of an abstract too short for three sections some may be empty."""
    is_translated = language != ORIGINAL
    title = summary.title if is_translated else None
    sections = tuple((name, getattr(summary, name)) for name in SECTIONS)
    if is_translated and not title:
        yield Finding(Rule.EMPTY, "title", "is empty")
    is_short = len(split_sentences(paper.abstract)) < LEAST_SENTENCES and any(text for _, text in sections)
    for finding in check_digest(Written(language, title, sections), paper.title, paper.abstract):
        if not (is_short and finding.rule is Rule.EMPTY):
            yield finding
