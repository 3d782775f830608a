"""Reading digests from files: whatever the fields are called, and what is said of a line that holds none."""

from __future__ import annotations

import json

import pytest

from feedsvc.digest.written import check_lines
from feedsvc.errors import BrokenAnswer

ABSTRACT = "Trees are slow. We plant five of them. They grow by 70%."


@pytest.mark.parametrize(
    "record",
    [
        {"abstract": ABSTRACT, "background": "Trees.", "innovation": "Plants.", "conclusion": "By 80%."},
        {
            "abstract_en": ABSTRACT,
            "seed_background": "树。",
            "seed_innovation": "种。",
            "seed_conclusion": "长80%。",
        },
        {
            "summary": ABSTRACT,
            "background": ["Trees."],
            "innovation": ["Plants."],
            "conclusion": ["By", "80%."],
        },
    ],
)
def test_sections_are_found_under_any_of_their_names(record: dict[str, object]) -> None:
    (checked,) = check_lines([json.dumps(record | {"arxiv_id": "2601.00001"})])

    assert checked.paper == "2601.00001"
    assert [str(finding) for finding in checked.findings] == [
        "quantity in the conclusion: '80%' is not in the abstract"
    ]


def test_without_a_translated_title_there_is_none_to_check() -> None:
    record = {
        "abstract": ABSTRACT,
        "title": "Trees",
        "background": "树",
        "innovation": "种",
        "conclusion": "长",
    }
    (checked,) = check_lines([json.dumps(record)])

    assert checked.findings == ()


def test_a_section_that_is_missing_is_empty() -> None:
    record = {"abstract": ABSTRACT, "background": "Trees.", "innovation": "Plants."}
    (checked,) = check_lines([json.dumps(record)])

    assert [finding.rule.value for finding in checked.findings] == ["empty"]


def test_empty_lines_are_passed_over() -> None:
    assert list(check_lines(["", "\n"])) == []


@pytest.mark.parametrize("line", ["{", "[]", "1", '{"abstract": "a"}', '{"background": "a"}'])
def test_a_line_that_holds_no_digest_is_named(line: str) -> None:
    with pytest.raises(BrokenAnswer, match=r"^line 2: "):
        list(check_lines(["", line]))
