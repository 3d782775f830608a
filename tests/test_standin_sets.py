"""Sets."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from feedsvc.standin.markup import OAI
from feedsvc.standin.refusals import Refusal
from feedsvc.standin.sets import check_set, is_within, list_sets, read_category, spell_set, spell_sets
from feedsvc.taxonomy import load_taxonomy
from tests.standin_papers import plain_paper


def test_the_sets_are_the_recorded_ones_in_their_order(shared: Path) -> None:
    root = etree.parse(shared / "samples/arxiv/oai/gen_oai_listsets.xml").getroot()
    recorded = [
        (s.findtext(f"{{{OAI}}}setSpec"), s.findtext(f"{{{OAI}}}setName")) for s in root.iter(f"{{{OAI}}}set")
    ]

    assert list(list_sets()) == recorded


@pytest.mark.parametrize(
    ("category", "spec"),
    [
        ("cs.AI", "cs:cs:AI"),
        ("hep-th", "physics:hep-th"),
        ("cond-mat.str-el", "physics:cond-mat:str-el"),
        ("math-ph", "physics:math-ph"),
    ],
)
def test_a_category_is_a_set_inside_its_archive_and_group(category: str, spec: str) -> None:
    assert spell_set(category) == spec
    assert read_category(spec) == category


def test_every_category_and_alias_has_a_set() -> None:
    assert {spell_set(name) for name in ("cs.NA", "math.NA", "eess.SY", "cs.SY")} <= dict(list_sets()).keys()
    assert {spell_set(category) for category in load_taxonomy().categories} <= dict(list_sets()).keys()


def test_a_paper_is_in_the_sets_of_both_names_of_a_category() -> None:
    assert spell_sets(plain_paper("2601.00001", categories=("hep-th", "math.NA"))) == [
        "physics:hep-th",
        "cs:cs:NA",
        "math:math:NA",
    ]


@pytest.mark.parametrize(
    ("wanted", "is_in"),
    [
        ("math", True),
        ("math:math", True),
        ("math:math:NA", True),
        ("math:math:N", False),
        ("cs", False),
        ("physics", True),
        ("physics:hep-th", True),
        ("physics:hep", False),
    ],
)
def test_groups_and_archives_hold_their_categories(wanted: str, is_in: bool) -> None:
    assert is_within(["physics:hep-th", "math:math:NA"], wanted) is is_in


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cs:AI", "Set does not exist"),
        ("cs.AI", "Set does not exist"),
        ("", "Set does not exist"),
        ("math:math-ph", "Set does not exist"),
        ("cs:cs:AI:x", "Set has too many levels"),
    ],
)
def test_what_is_no_set_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Refusal, match=reason):
        check_set(text)
