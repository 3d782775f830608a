"""How well roles are judged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from feedsvc.cli import main
from feedsvc.digest.evaluation import (
    LabelledAbstract,
    evaluate_roles,
    list_figures,
    read_abstracts,
    read_label,
)
from feedsvc.digest.headings import Role
from feedsvc.errors import FeedsvcError

B, O, M, R, X = Role  # noqa: E741 -- the roles by their first letters, X for other
LINE = json.dumps({"sentences": ["We ask.", "It works."], "labels": ["aims", "RESULTS"]})


def abstract(*roles: Role) -> LabelledAbstract:
    return LabelledAbstract(tuple(f"Sentence {at}." for at, _ in enumerate(roles)), roles)


def test_accuracy_is_the_share_of_sentences_judged_right() -> None:
    evaluation = evaluate_roles([abstract(B, O, M, R)], lambda sentences: (B, M, M, M))

    assert evaluation.accuracy == 0.5
    assert (evaluation.abstracts, evaluation.sentences) == (1, 4)


def test_macro_f1_is_the_mean_over_the_roles_that_occur() -> None:
    evaluation = evaluate_roles([abstract(B, B, M)], lambda sentences: (B, M, M))

    assert [evaluation.measure_f1(role) for role in Role] == [2 / 3, None, 2 / 3, None, None]
    assert evaluation.macro_f1 == pytest.approx(2 / 3)


def test_a_role_that_is_never_judged_right_counts_as_zero() -> None:
    evaluation = evaluate_roles([abstract(B, O)], lambda sentences: (B, B))

    assert evaluation.macro_f1 == pytest.approx((2 / 3 + 0) / 2)


def test_confusion_counts_by_true_and_judged_role() -> None:
    evaluation = evaluate_roles([abstract(B, O), abstract(O)], lambda sentences: (M,) * len(sentences))

    assert {pair: count for pair, count in evaluation.confusion.items() if count} == {(B, M): 1, (O, M): 2}


def test_sections_are_held_against_those_that_the_true_roles_give() -> None:
    evaluation = evaluate_roles([abstract(B, O, M, R)], lambda sentences: (B, M, O, M))

    assert evaluation.accuracy == 0.25
    assert evaluation.section_accuracy == 1.0  # an empty conclusion takes the last sentence


def test_an_abstract_without_sentences_changes_nothing() -> None:
    evaluation = evaluate_roles([abstract(), abstract(B)], lambda sentences: (B,) * len(sentences))

    assert evaluation.accuracy == 1.0


@pytest.mark.parametrize(
    ("label", "role"),
    [
        ("background", B),
        ("Introduction", B),
        ("aims", O),
        ("OBJECTIVE", O),
        ("methods", M),
        ("materials_and_methods", M),
        ("Results", R),
        ("conclusions", R),
        ("outcome", R),
        (" other ", X),
    ],
)
def test_synonyms_of_labels_are_understood(label: str, role: Role) -> None:
    assert read_label(label) is role


def test_abstracts_are_read_from_json_lines(tmp_path: Path) -> None:
    file = tmp_path / "roles.jsonl"
    file.write_text(f"{LINE}\n\n{LINE}\n", "utf-8")

    assert read_abstracts(file) == [LabelledAbstract(("We ask.", "It works."), (O, R))] * 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 2: no JSON, "),
        ("[]", "line 2: "),
        ('{"sentences": ["a"]}', "line 2: expected an object"),
        ('{"sentences": ["a"], "labels": ["b", "c"]}', "line 2: 1 sentences but 2 labels"),
        ('{"sentences": ["a"], "labels": ["prelude"]}', "line 2: 'prelude' names no role"),
        ('{"sentences": ["a"], "labels": [3]}', "line 2: "),
        ('{"sentences": "a", "labels": ["result"]}', "line 2: "),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "roles.jsonl"
    file.write_text(f"{LINE}\n{line}\n", "utf-8")

    with pytest.raises(FeedsvcError, match=message):
        read_abstracts(file)


def test_a_file_without_a_sentence_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "roles.jsonl"
    file.write_text('{"sentences": [], "labels": []}\n', "utf-8")

    with pytest.raises(FeedsvcError, match="no labelled sentence"):
        read_abstracts(file)


def test_the_command_prints_the_figures_as_json(tmp_path: Path) -> None:
    file = tmp_path / "roles.jsonl"
    file.write_text(LINE, "utf-8")

    result = CliRunner().invoke(main, ["digest", "evaluate", str(file), "--json"])

    assert json.loads(result.stdout) == json.loads(
        json.dumps(list_figures(evaluate_roles(read_abstracts(file))))
    )
    assert {"accuracy", "macro_f1", "confusion"} <= json.loads(result.stdout).keys()


def test_the_command_prints_shares_and_confusion(tmp_path: Path) -> None:
    file = tmp_path / "roles.jsonl"
    file.write_text(LINE, "utf-8")

    lines = CliRunner().invoke(main, ["digest", "evaluate", str(file)]).stdout.splitlines()

    assert [line.rsplit(maxsplit=1)[0] for line in lines[:3]] == ["accuracy", "macro F1", "three sections"]
    assert [line.split()[0] for line in lines[5:10]] == [role.value for role in Role]


def test_the_command_refuses_what_it_cannot_read_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "roles.jsonl"
    file.write_text("{}", "utf-8")

    result = CliRunner().invoke(main, ["digest", "evaluate", str(file)])

    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
