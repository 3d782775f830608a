"""Telling whether a text is in the language that was asked for."""

from __future__ import annotations

import pytest

from feedsvc.digest.language import guess_language, is_in_language

ENGLISH = "We show that the model of the paper is better than any other that was tried."
CHINESE = "我们证明了该模型优于所有其他模型。"
GERMAN = "Wir zeigen, dass das Modell besser ist als jedes andere."
RUSSIAN = "Мы показываем, что модель лучше других."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "en"),
        (CHINESE, "zh"),
        (CHINESE, "zh-Hant"),
        ("使用GRPO和RLHF训练LLaMA3.1-8B模型", "zh"),
        (GERMAN, "de"),
        (RUSSIAN, "ru"),
        ("モデルを提案する", "ja"),
        ("70% → 80%", "zh"),
        ("", "zh"),
    ],
)
def test_a_text_in_the_language_is_taken(text: str, language: str) -> None:
    assert is_in_language(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [(ENGLISH, "zh"), (ENGLISH, "de"), (ENGLISH, "ru"), (CHINESE, "en"), (CHINESE, "de"), (RUSSIAN, "en")],
)
def test_a_text_in_another_is_not(text: str, language: str) -> None:
    assert not is_in_language(text, language)


def test_a_title_may_be_mostly_names() -> None:
    assert is_in_language("GroupSegment-SHAP：分组解释", "zh", is_title=True)
    assert not is_in_language("GroupSegment-SHAP: Group Players", "zh", is_title=True)


@pytest.mark.parametrize(
    ("text", "language"), [(ENGLISH, "en"), (CHINESE, "zh"), (GERMAN, "en"), ("", "en"), (RUSSIAN, "ru")]
)
def test_a_language_is_guessed_by_its_script(text: str, language: str) -> None:
    assert guess_language(text) == language
