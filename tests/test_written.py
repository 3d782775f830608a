"""Reading digests from files: whatever the fields are called, and what is said of a line that holds none."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from feedsvc.cli import main
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


def test_the_command_prints_the_findings_and_counts_them() -> None:
    record = {"abstract": ABSTRACT, "background": "Trees.", "innovation": "Plants.", "conclusion": "By 80%."}
    lines = json.dumps(record) + "\n" + json.dumps(record | {"conclusion": "By 70%."}) + "\n"

    told = CliRunner().invoke(main, ["digest", "check", "-"], input=lines)
    as_json = CliRunner().invoke(main, ["digest", "check", "--json", "-"], input=lines)

    assert told.stdout.splitlines() == [
        "line 1, 1: quantity in the conclusion: '80%' is not in the abstract",
        "1 of 2 digests have something wrong",
    ]
    assert [len(json.loads(line)["findings"]) for line in as_json.stdout.splitlines()] == [1, 0]


@pytest.mark.parametrize(("conclusion", "status"), [("By 80%.", 1), ("By 70%.", 0)])
def test_the_command_ends_with_1_for_findings_only_where_it_is_strict(conclusion: str, status: int) -> None:
    record = {"abstract": ABSTRACT, "background": "Trees.", "innovation": "Plants.", "conclusion": conclusion}
    line = json.dumps(record)

    assert CliRunner().invoke(main, ["digest", "check", "-"], input=line).exit_code == 0
    assert CliRunner().invoke(main, ["digest", "check", "--strict", "-"], input=line).exit_code == status


def test_the_command_says_in_one_line_what_it_cannot_read() -> None:
    result = CliRunner().invoke(main, ["digest", "check", "-"], input="{}")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("feedsvc: line 1: expected an abstract")
