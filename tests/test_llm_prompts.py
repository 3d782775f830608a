"""What a model is asked, and which terms go with it."""

from __future__ import annotations

import tomllib
from importlib import resources

from feedsvc.digest.checks import Finding, Rule
from feedsvc.digest.llm.glossary import find_terms
from feedsvc.digest.llm.prompts import (
    VERSION,
    ask_again,
    ask_for_summary,
    ask_for_translation,
    name_language,
)
from tests.builders import make_paper

PAPER = make_paper(title="Lamps for $n$ walkers", abstract=r"We prompt $\alpha$ tokens for $5. It is safe.")


def test_the_paper_stands_in_the_question_letter_by_letter() -> None:
    question = ask_for_summary(PAPER, "en", with_title=False)[-1].text

    assert PAPER.title in question
    assert PAPER.abstract in question


def test_a_title_is_asked_for_only_with_a_translation() -> None:
    original = ask_for_summary(PAPER, "en", with_title=False)[-1].text
    translated = ask_for_summary(PAPER, "zh", with_title=True)[-1].text

    assert "keys are background, innovation" in original
    assert "keys are title, background, innovation" in translated
    assert "Simplified Chinese" in translated


def test_only_terms_of_the_abstract_go_with_the_question() -> None:
    question = ask_for_summary(PAPER, "zh", with_title=True)[-1].text

    assert "prompt = 提示词\n" in question
    assert "token = 词元\n" in question
    assert "calibration" not in question


def test_a_language_without_a_glossary_is_asked_without_terms() -> None:
    assert "Use these terms" not in ask_for_summary(PAPER, "de", with_title=True)[-1].text
    assert "Use these terms" not in ask_for_translation("title", "Prompts", "de")[-1].text


def test_asking_again_holds_the_answer_and_what_was_found() -> None:
    asked = ask_for_summary(PAPER, "en", with_title=False)
    finding = Finding(Rule.QUANTITY, "conclusion", "'250M' is not in the abstract")
    again = ask_again(asked, "{...}", [finding])

    assert again[: len(asked)] == asked
    assert [message.role for message in again[len(asked) :]] == ["assistant", "user"]
    assert str(finding) in again[-1].text


def test_every_prompt_has_a_file_of_the_version_in_use() -> None:
    files = {file.name for file in resources.files("feedsvc.digest.llm").joinpath("prompts").iterdir()}

    assert {f"{name}-{VERSION}.txt" for name in ("system", "summarize", "translate", "again")} <= files


def test_a_language_is_named_by_the_nearest_wider_one() -> None:
    assert name_language("pt-BR") == "Brazilian Portuguese"
    assert name_language("de-AT") == "German"
    assert name_language("eo") == "eo"


def test_terms_are_found_in_any_case_number_and_hyphenation() -> None:
    found = find_terms("Finetuning, fine tuning; EMBEDDINGS of Logit-Lens outputs", "zh")

    assert list(found) == ["fine-tuning", "logit lens", "embedding"]


def test_a_term_within_a_word_or_a_longer_term_is_not_found() -> None:
    assert find_terms("tokenization of prompted agentic text", "zh") == {}
    assert list(find_terms("large language models", "zh")) == ["large language model"]
    assert list(find_terms("self-attention is attention", "zh")) == ["self-attention", "attention"]


def test_a_command_of_tex_is_no_term() -> None:
    assert find_terms(r"$\token$", "zh") == {}


def test_a_variant_of_a_language_has_its_glossary() -> None:
    assert find_terms("a token", "zh-Hans") == find_terms("a token", "zh") == {"token": "词元"}


def test_the_chinese_glossary_has_the_usual_terms_and_no_empty_one() -> None:
    folder = resources.files("feedsvc.digest.llm").joinpath("glossaries")
    terms = tomllib.loads(folder.joinpath("zh.toml").read_text("utf-8"))["terms"]

    wanted = {"token", "prompt", "logit lens", "calibration", "fine-tuning", "embedding"}
    assert wanted <= terms.keys()
    assert len(terms) > 100
    assert all(meaning.strip() for meaning in terms.values())
