"""arXiv's categories: which there are, what stands for what."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feedsvc.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
ALIASES = {
    "cs.NA": "math.NA",
    "cs.SY": "eess.SY",
    "math.IT": "cs.IT",
    "math.MP": "math-ph",
    "q-fin.EC": "econ.GN",
    "stat.TH": "math.ST",
}


def test_there_are_155_active_ids_for_149_categories() -> None:
    assert (len(TAXONOMY.canonical), len(TAXONOMY.categories)) == (155, 149)


def test_there_are_six_aliases_each_named_by_its_category() -> None:
    found = {alias: c.id for c in TAXONOMY.categories.values() for alias in c.aliases}

    assert found == ALIASES


@pytest.mark.parametrize("alias", ALIASES)
def test_an_alias_is_the_same_category_under_another_name(alias: str) -> None:
    assert TAXONOMY.resolve(alias) == ALIASES[alias]
    assert alias not in TAXONOMY.categories


@pytest.mark.parametrize(
    ("text", "category"),
    [("cs.AI", "cs.AI"), ("CS.ai", "cs.AI"), ("cond-mat.str-el", "cond-mat.str-el"), ("HEP-TH", "hep-th")],
)
def test_a_category_is_found_in_any_letter_case(text: str, category: str) -> None:
    assert TAXONOMY.resolve(text) == category


@pytest.mark.parametrize("text", ["", "cs", "cs.XX", "cs.*", "cmp-lg", "astro-ph", "test.soft"])
def test_what_is_no_active_category_resolves_to_none(text: str) -> None:
    assert TAXONOMY.resolve(text) is None


def test_an_archive_stands_for_its_categories_aliases_under_their_canonical_id() -> None:
    members = TAXONOMY.members("cs")

    assert len(members) == 40
    assert {"cs.AI", "math.NA", "eess.SY"} <= set(members)
    assert not {"cs.NA", "cs.SY"} & set(members)


def test_a_category_stands_for_itself_also_where_an_archive_has_its_name() -> None:
    assert TAXONOMY.members("cs.AI") == ("cs.AI",)
    assert TAXONOMY.members("hep-th") == ("hep-th",)


@pytest.mark.parametrize("place", ["", "CS", "cs.NA", "cs.XX"])
def test_what_is_neither_stands_for_nothing(place: str) -> None:
    assert TAXONOMY.members(place) == ()


def test_every_category_stands_in_its_archive() -> None:
    for category in TAXONOMY.categories.values():
        assert category.id in TAXONOMY.archives[category.archive].categories


def test_every_category_of_an_archive_is_a_canonical_one_in_alphabetical_order() -> None:
    for archive in TAXONOMY.archives.values():
        assert set(archive.categories) <= TAXONOMY.categories.keys()
        assert list(archive.categories) == sorted(set(archive.categories))


def test_an_archive_has_its_name_and_group() -> None:
    archive = TAXONOMY.archives["cond-mat"]

    assert (archive.name, archive.group) == ("Condensed Matter", "Physics")


def test_names_are_known_for_closed_categories_too() -> None:
    assert TAXONOMY.name_of("cs.AI") == "Artificial Intelligence"
    assert TAXONOMY.name_of("cmp-lg") == "Computation and Language"
    assert TAXONOMY.name_of("cs.XX") == "cs.XX"


def test_the_table_agrees_with_arxivs_own(shared: Path) -> None:
    rows = json.loads((shared / "samples/arxiv/taxonomy.json").read_text("utf-8"))
    active = {row["id"]: row["alias_of"] or row["id"] for row in rows if row["active"]}

    assert {id_.lower(): canonical for id_, canonical in active.items()} == TAXONOMY.canonical
    assert {row["id"]: row["name"] for row in rows} == TAXONOMY.names
    assert {row["archive"] for row in rows if row["active"]} == TAXONOMY.archives.keys()
