"""What a model answered: TeX survives, prose and fences are no matter, what is no digest is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.digest.llm.answers import (
    SECTIONS,
    make_schema,
    mend_backslashes,
    read_summary,
    read_text,
)
from feedsvc.errors import BrokenAnswer

PARTS = {"background": "b", "innovation": "i", "conclusion": "c"}


def read_background(written: str, source: str = "") -> str:
    """Read an answer whose background stands in JSON as written."""
    return read_summary(
        f'{{"background": "{written}", "innovation": "i", "conclusion": "c"}}', source
    ).background


def test_an_object_is_read() -> None:
    summary = read_summary(json.dumps(PARTS | {"title": "t"}), "")

    assert (summary.title, summary.background, summary.conclusion) == ("t", "b", "c")


@pytest.mark.parametrize(
    "around", ["{}", "```json\n{}\n```", "Here it is:\n{}\nI hope it helps!", "<think>A {{brace}}</think>{}"]
)
def test_what_stands_around_the_object_is_no_matter(around: str) -> None:
    text = around.replace("{{", "{").replace("}}", "}").replace("{}", json.dumps(PARTS))

    assert read_summary(text, "").innovation == "i"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I am sorry.",
        "[1]",
        '{"background": "b"',
        '{"background": "b", "innovation": "i"}',
        '{"background": {"text": "b"}, "innovation": "i", "conclusion": "c"}',
        '{"background": null, "innovation": "i", "conclusion": "c"}',
        "{" * 5000 + "}" * 5000,
    ],
)
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(BrokenAnswer):
        read_summary(text, "")


def test_sentences_in_a_list_are_joined() -> None:
    assert read_summary(json.dumps(PARTS | {"background": ["One.", "Two."]}), "").background == "One. Two."


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"$\\alpha$", r"$\alpha$"),
        (r"$\alpha$", r"$\alpha$"),
        (r"$\\\\alpha$", r"$\alpha$"),
        (r"$\beta$ and $\frac{1}{2}$", r"$\beta$ and $\frac{1}{2}$"),
        (r"$\nabla f$, $\theta$, $\times$, $\rho$", r"$\nabla f$, $\theta$, $\times$, $\rho$"),
        (r"$\underline{x}$ and \u00e9", r"$\underline{x}$ and é"),
        (r"5\% of \$3, \{a\}, \(x\)", r"5\% of \$3, \{a\}, \(x\)"),
        (r"one\ntwo\tthree", "one two three"),
        (r"a \"quotation\"", 'a "quotation"'),
    ],
)
def test_backslashes_of_tex_survive(written: str, meant: str) -> None:
    assert read_background(written) == meant


def test_a_command_that_looks_like_an_escape_is_known_by_the_abstract() -> None:
    assert read_background(r"$\nabl$", source=r"where $\nabl$ is") == r"$\nabl$"


def test_a_new_line_before_a_word_is_no_command() -> None:
    assert read_background(r"First.\nThe second.", source=r"$\nabla$") == "First. The second."


@settings(max_examples=50)
@given(st.text(alphabet=st.characters(exclude_characters="\\\x7f", exclude_categories=["Cc", "Cs"])))
def test_text_without_backslashes_is_not_touched(text: str) -> None:
    written = json.dumps(text, ensure_ascii=False)

    assert mend_backslashes(written, "") == written


@pytest.mark.parametrize("text", ["译文", '"译文"', "“译文”", "「译文」", " 译文\n"])
def test_quotation_marks_around_a_translation_are_taken_off(text: str) -> None:
    assert read_text(text, "") == "译文"


def test_quotation_marks_within_a_translation_stay() -> None:
    assert read_text('"A" and "B"', "") == '"A" and "B"'


def test_an_empty_translation_is_refused() -> None:
    with pytest.raises(BrokenAnswer):
        read_text("<think>hm</think>\n", "")


def test_a_schema_bounds_every_text_and_names_all_keys() -> None:
    schema = make_schema(with_title=True)

    assert schema["required"] == ["title", *SECTIONS]
    assert all(part["maxLength"] > 0 for part in schema["properties"].values())
    assert "title" not in make_schema(with_title=False)["properties"]
