"""Sample papers, and the bundled sample as a whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from feedsvc.calendar import announced_at, switches_at
from feedsvc.paper import Kind
from feedsvc.standin.corpus import Row
from feedsvc.standin.sample import (
    build_corpus,
    load_sample,
    load_sample_digests,
    parse_sample,
    read_sample_papers,
)
from feedsvc.taxonomy import load_taxonomy
from tests.standin_papers import MONDAY, TUESDAY, WEDNESDAY, new_on, sample_paper

REPLACED_ON_TUESDAY = {"day": TUESDAY, "version": 2}


def cross_listed(category: str, version: int = 1) -> dict[str, object]:
    return {"day": TUESDAY, "version": version, "category": category}


def test_a_first_version_is_new_in_its_primary_category_and_cross_in_the_others() -> None:
    corpus = build_corpus([sample_paper(1, ["cs.AI", "cs.LG"], new_on(MONDAY))])

    assert corpus.pages == {
        MONDAY: {"cs.AI": (Row("2601.90001", 1, Kind.NEW),), "cs.LG": (Row("2601.90001", 1, Kind.CROSS),)}
    }


def test_a_later_cross_list_is_not_announced_with_the_first_version() -> None:
    corpus = build_corpus([sample_paper(1, ["cs.AI", "cs.LG"], [*new_on(MONDAY), cross_listed("cs.LG")])])

    assert corpus.page(MONDAY, "cs.LG") == ()
    assert corpus.page(TUESDAY, "cs.LG") == (Row("2601.90001", 1, Kind.CROSS),)


def test_a_later_version_is_replaced_where_it_was_announced_so_far() -> None:
    replaced = {"day": WEDNESDAY, "version": 2}
    items = [*new_on(MONDAY), cross_listed("stat.ML"), replaced]
    corpus = build_corpus([sample_paper(1, ["cs.AI", "cs.LG", "stat.ML"], items)])

    assert {c: rows[0].kind for c, rows in corpus.pages[WEDNESDAY].items()} == {
        "cs.AI": Kind.REPLACE,
        "cs.LG": Kind.REPLACE_CROSS,
        "stat.ML": Kind.REPLACE_CROSS,
    }


def test_a_cross_list_on_the_day_of_a_replacement_is_announced_once() -> None:
    items = [*new_on(MONDAY), REPLACED_ON_TUESDAY, cross_listed("cs.LG", version=2)]
    corpus = build_corpus([sample_paper(1, ["cs.AI", "cs.LG"], items)])

    assert corpus.page(TUESDAY, "cs.LG") == (Row("2601.90001", 2, Kind.CROSS),)


def test_a_page_runs_by_kind_and_identifier() -> None:
    corpus = build_corpus(
        [
            sample_paper(4, ["cs.AI"], [*new_on(MONDAY), REPLACED_ON_TUESDAY]),
            sample_paper(3, ["cs.LG", "cs.AI"], new_on(TUESDAY)),
            sample_paper(2, ["cs.AI"], new_on(TUESDAY)),
            sample_paper(1, ["cs.AI"], new_on(TUESDAY)),
        ]
    )

    assert [row.paper[-1] for row in corpus.page(TUESDAY, "cs.AI")] == ["1", "2", "3", "4"]


def test_a_revision_keeps_what_it_does_not_change() -> None:
    revisions = [{"version": 2, "revised": "2026-01-05T12:00:00+01:00", "title": "Better"}]
    corpus = build_corpus(
        [sample_paper(1, ["cs.AI"], [*new_on(MONDAY), REPLACED_ON_TUESDAY], revisions=revisions)]
    )

    first, second = corpus.papers["2601.90001", 1], corpus.papers["2601.90001", 2]
    assert (second.title, second.abstract) == ("Better", first.abstract)
    assert second.revised == datetime(2026, 1, 5, 11, 0, tzinfo=UTC)
    assert (first.revised, second.submitted) == (None, first.submitted)
    assert first.complete
    assert second.complete


def test_every_announcement_day_is_one_step_from_its_midnight_on() -> None:
    corpus = build_corpus([sample_paper(1, ["cs.AI"], [*new_on(MONDAY), REPLACED_ON_TUESDAY])])

    assert [(step.at, step.day) for step in corpus.timeline] == [
        (switches_at(MONDAY), MONDAY),
        (switches_at(TUESDAY), TUESDAY),
    ]


def test_a_version_without_a_revision_is_refused() -> None:
    with pytest.raises(ValidationError, match="announces version 2"):
        sample_paper(1, ["cs.AI"], [*new_on(MONDAY), REPLACED_ON_TUESDAY], revisions=[])


def test_a_cross_list_to_a_foreign_category_is_refused() -> None:
    with pytest.raises(ValidationError, match=r"cross-listed to 'cs\.LG'"):
        sample_paper(1, ["cs.AI"], [*new_on(MONDAY), cross_listed("cs.LG")])


def test_an_unknown_key_is_refused() -> None:
    row = json.loads(sample_paper(1, ["cs.AI"], new_on(MONDAY)).model_dump_json()) | {"commets": ""}

    with pytest.raises(ValidationError, match="commets"):
        parse_sample(json.dumps([row]))


def test_the_bundled_sample_shows_all_there_is_to_show() -> None:
    corpus = load_sample()
    rows = [row for page in corpus.pages.values() for rows in page.values() for row in rows]
    listed = {category for page in corpus.pages.values() for category in page}
    late = {item.category for paper in read_sample_papers() for item in paper.announcements if item.category}

    assert len({row.paper for row in rows}) >= 100
    assert [day.isoformat() for day in sorted(corpus.pages)] == [f"2026-01-{day:02}" for day in range(5, 10)]
    assert len(listed) >= 12
    assert {row.kind for row in rows} == set(Kind)
    assert late
    assert len(load_sample_digests()) >= 30


def test_the_bundled_sample_is_sound() -> None:
    papers = read_sample_papers()
    corpus = load_sample()

    assert len({paper.id for paper in papers}) == len(papers)
    assert {c for paper in papers for c in paper.categories} <= load_taxonomy().categories.keys()
    unmarked = [p.id for p in corpus.papers.values() if "sample" not in (p.comments or "").lower()]
    assert unmarked == []
    for paper in papers:
        first = min(item.day for item in paper.announcements)
        assert paper.submitted < announced_at(first), paper.id


def test_a_bundled_digest_is_whole_and_of_the_first_version() -> None:
    known = {paper.id for paper in read_sample_papers()}

    for paper, digest in load_sample_digests().items():
        assert paper in known
        assert (digest.paper, digest.version, digest.language) == (paper, 1, "zh")
        assert digest.method == "hand-written sample"
        assert all((digest.title, digest.background, digest.innovation, digest.conclusion))
