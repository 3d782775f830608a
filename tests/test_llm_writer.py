"""From a paper to a digest that can be trusted, against a model that is wrong in every way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

import pytest

from feedsvc.digest.checks import Rule
from feedsvc.digest.llm.endpoint import Endpoint
from feedsvc.digest.llm.purse import NOTHING, Prices, Spent, estimate_tokens
from feedsvc.digest.llm.recall import Recall
from feedsvc.digest.llm.writer import ModelWriter, Outcome
from feedsvc.errors import BudgetSpent, ModelError
from tests.builders import make_paper
from tests.fake_model import (
    CHINESE,
    ENGLISH,
    FakeModel,
    break_off,
    complete,
    ignore_language,
    refuse,
    run_model,
    say,
    say_json,
)
from tests.loopback import FakeClock

DAY = date(2026, 1, 5)
PAPER = make_paper(
    title="Walks in graphs",
    abstract="Walks in graphs of up to 25B nodes were hard to follow by any means. We follow them with a new"
    " lamp, made of glass. In our trials the walkers come home 70% sooner than before, and are happy.",
)


@dataclass
class Kept:
    """A memory."""

    texts: dict[str, str] = field(default_factory=dict)

    def find(self, key: str) -> str | None:
        return self.texts.get(key)

    def keep(self, key: str, text: str) -> None:
        self.texts[key] = text


@dataclass
class Counted:
    """A purse with a bound on tokens."""

    most: int = 1_000_000
    spent: Spent = NOTHING
    reserved: list[Spent] = field(default_factory=list)

    def reserve(self, most: Spent) -> date | None:
        if self.spent.tokens + most.tokens > self.most:
            return None
        self.reserved.append(most)
        self.settle(DAY, most)
        return DAY

    def settle(self, day: date, difference: Spent) -> None:
        assert day == DAY
        self.spent = Spent(
            self.spent.tokens + difference.tokens, self.spent.millionths + difference.millionths
        )


@dataclass
class Desk:
    """A writer and what it works with."""

    model: FakeModel
    writer: ModelWriter
    memory: Kept
    purse: Counted

    def write(self, language: str = "en") -> Outcome:
        return self.writer.write(PAPER, language)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Give a writer whose model answers well unless it is told otherwise."""
    with run_model() as model:
        endpoint = Endpoint(model.url, "fake", "", FakeClock(), timeout_seconds=5, attempts=2)
        memory, purse = Kept(), Counted()
        writer = ModelWriter(endpoint, Recall(memory, "fake"), purse, Prices(1.0, 2.0), most_tokens=500)
        yield Desk(model, writer, memory, purse)
        endpoint.close()


def rules_of(outcome: Outcome) -> list[list[Rule]]:
    return [[finding.rule for finding in refusal.findings] for refusal in outcome.refusals]


def test_a_good_answer_is_a_digest_of_the_models(desk: Desk) -> None:
    digest = desk.write().digest

    assert digest is not None
    assert (digest.paper, digest.version, digest.language) == (PAPER.id, 1, "en")
    assert (digest.method, digest.title) == ("fake", None)
    assert digest.conclusion == (ENGLISH["conclusion"],)


def test_a_translation_has_a_title(desk: Desk) -> None:
    digest = desk.write("zh").digest

    assert digest is not None
    assert (digest.title, digest.innovation) == (CHINESE["title"], (CHINESE["innovation"],))
    assert len(desk.model.requests) == 1


@pytest.mark.parametrize(
    ("move", "rule"),
    [
        (say("I cannot do that."), Rule.FORM),
        (say('{"background": "Walks'), Rule.FORM),
        (say_json(**ENGLISH | {"background": "Walks of 250M nodes were hard to follow."}), Rule.QUANTITY),
        (say_json(**ENGLISH | {"background": "Walks in graphs of over 25B nodes were hard."}), Rule.BOUND),
        (say_json(**ENGLISH | {"conclusion": " "}), Rule.EMPTY),
        (say_json(**CHINESE), Rule.LANGUAGE),
        (say_json(**ENGLISH | {"innovation": "The authors train GPT-4."}), Rule.NAME),
        (say_json(**ENGLISH | {"innovation": "word " * 200}), Rule.LENGTH),
    ],
    ids=["prose", "half", "number", "bound", "empty", "language", "name", "long"],
)
def test_what_is_wrong_is_asked_for_again_with_the_finding(desk: Desk, move: object, rule: Rule) -> None:
    desk.model.moves = [move]  # type: ignore[list-item]
    outcome = desk.write()

    assert outcome.digest is not None
    assert rule in rules_of(outcome)[0]
    assert (outcome.refusals[0].attempt, len(outcome.refusals)) == (1, 1)
    assert str(outcome.refusals[0].findings[0]) in desk.model.questions()[1]


def test_what_is_wrong_twice_is_given_up(desk: Desk) -> None:
    desk.model.always = say_json(**ENGLISH | {"background": "It took 250M walkers."})
    outcome = desk.write()

    assert outcome.digest is None
    assert [(r.language, r.attempt) for r in outcome.refusals] == [("en", 1), ("en", 2)]
    assert len(desk.model.requests) == 2


def test_a_model_that_overlooks_the_language_translates_its_summary_part_by_part(desk: Desk) -> None:
    desk.model.always = ignore_language
    outcome = desk.write("zh")

    assert outcome.digest is not None
    assert (outcome.digest.title, outcome.digest.background) == (CHINESE["title"], (CHINESE["background"],))
    assert rules_of(outcome)[0][0] is Rule.LANGUAGE
    assert sum("Translate this" in question for question in desk.model.questions()) == 4


def test_that_a_model_must_translate_part_by_part_is_remembered(desk: Desk) -> None:
    desk.model.always = ignore_language
    desk.write("zh")
    before = len(desk.model.requests)
    outcome = desk.writer.write(replace(PAPER, title="Walks, again"), "zh")

    assert outcome.digest is not None
    assert outcome.refusals == ()
    assert len(desk.model.requests) - before == 5


def test_a_refused_summary_is_not_what_is_translated(desk: Desk) -> None:
    wrong = say_json(**ENGLISH | {"background": "It took 250M walkers."})
    desk.model.moves = [say_json(title="Walks", **ENGLISH), wrong, wrong]
    outcome = desk.write("zh")

    assert outcome.digest is not None
    assert [(r.language, r.attempt) for r in outcome.refusals] == [("zh", 1), ("en", 1), ("en", 2)]
    assert any("up to 25B nodes were hard" in question for question in desk.model.questions()[3:])


def test_nothing_is_paid_for_twice(desk: Desk) -> None:
    first = desk.write()
    again = desk.write()

    assert again.digest == first.digest
    assert len(desk.model.requests) == 1


def test_a_refusal_is_not_paid_for_twice_either(desk: Desk) -> None:
    desk.model.always = say("no")
    desk.write()
    again = desk.write()

    assert again == Outcome(None, is_refused=True)
    assert len(desk.model.requests) == 2


def test_another_version_with_the_same_abstract_costs_nothing(desk: Desk) -> None:
    desk.write()
    digest = desk.writer.write(replace(PAPER, version=2), "en").digest

    assert digest is not None
    assert digest.version == 2
    assert len(desk.model.requests) == 1


@pytest.mark.parametrize("change", [{"title": "Other walks"}, {"abstract": PAPER.abstract + " So we hope."}])
def test_another_title_or_abstract_is_asked_for_anew(desk: Desk, change: dict[str, str]) -> None:
    desk.write()
    desk.writer.write(replace(PAPER, **change), "en")  # type: ignore[arg-type]

    assert len(desk.model.requests) == 2


def test_what_is_remembered_is_recalled_without_asking(desk: Desk) -> None:
    before = desk.writer.recall(PAPER, "en")
    digest = desk.write().digest

    assert before is None
    assert desk.writer.recall(PAPER, "en") == Outcome(digest)
    assert Recall(desk.memory, "another").find(PAPER, "en") is None
    assert len(desk.model.requests) == 1


def test_a_lost_link_is_put_back(desk: Desk) -> None:
    paper = replace(PAPER, abstract=f"{PAPER.abstract} See https://example.org/walks.")
    outcome = desk.writer.write(paper, "en")

    assert outcome.refusals == ()
    assert outcome.digest is not None
    assert outcome.digest.conclusion[-1].endswith("https://example.org/walks")


def test_a_short_abstract_is_its_own_digest(desk: Desk) -> None:
    outcome = desk.writer.write(replace(PAPER, abstract="We walk. It is good."), "en")

    assert outcome == Outcome(None)
    assert desk.model.requests == []


def test_a_short_abstract_may_be_translated_with_empty_sections(desk: Desk) -> None:
    short = replace(PAPER, abstract="We follow walks in graphs by a lamp of glass, which walkers like.")
    desk.model.moves = [
        say_json(title=CHINESE["title"], background="", innovation=CHINESE["innovation"], conclusion="")
    ]
    digest = desk.writer.write(short, "zh").digest

    assert digest is not None
    assert (digest.background, digest.innovation) == ((), (CHINESE["innovation"],))


def test_a_translation_without_a_title_is_asked_for_again(desk: Desk) -> None:
    desk.model.moves = [say_json(**CHINESE | {"title": ""})]
    outcome = desk.write("zh")

    assert outcome.digest is not None
    assert [(f.rule, f.place) for f in outcome.refusals[0].findings] == [(Rule.EMPTY, "title")]


def test_what_was_spent_is_what_the_endpoint_counted(desk: Desk) -> None:
    desk.write()

    assert desk.purse.spent == Spent(400, 300 + 2 * 100)
    assert desk.purse.reserved[0].tokens > 500


def test_where_the_endpoint_does_not_count_it_is_estimated(desk: Desk) -> None:
    desk.model.moves = [lambda _model, _said: complete(json.dumps(ENGLISH), usage=None)]
    desk.write()

    assert 100 < desk.purse.spent.tokens < desk.purse.reserved[0].tokens


def test_past_the_budget_nothing_is_asked(desk: Desk) -> None:
    desk.purse.most = 600
    with pytest.raises(BudgetSpent):
        desk.write()

    assert desk.model.requests == []
    assert desk.memory.texts == {}


def test_a_refused_request_costs_nothing(desk: Desk) -> None:
    desk.model.always = refuse(503)
    with pytest.raises(ModelError):
        desk.write()

    assert desk.purse.spent == Spent(0, 0)


def test_a_half_answer_is_asked_again_at_once(desk: Desk) -> None:
    desk.model.moves = [break_off]

    assert desk.write().digest is not None


def test_tokens_are_rather_overestimated() -> None:
    assert estimate_tokens("a" * 30) == 10
    assert estimate_tokens("漫步者") == 3
    assert estimate_tokens("") == 0
