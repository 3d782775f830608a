"""Folders of crawled pages: a small invented one, and the real one."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path

import pytest

from feedsvc.errors import SettingsError
from feedsvc.paper import Author, Kind
from feedsvc.standin.corpus import Corpus
from feedsvc.standin.crawl import find_day, load_crawl
from feedsvc.standin.sections import REPLACEMENTS, History, read_sections

FRIDAY = date(2026, 1, 9)
MONDAY = date(2026, 1, 12)


def row(topic: str, paper: str, title: str = "A title", authors: str = "Ada Byron,Bo Li") -> dict[str, str]:
    return {
        "topic": topic,
        "pdf_url": f"https://arxiv.org/pdf/{paper}",
        "html_url": f"https://arxiv.org/abs/{paper}",
        "authors": authors,
        "title": title,
        "abstract": "An abstract.",
    }


def write_day(folder: Path, dated: str, *rows: dict[str, str], packed: bool = False) -> None:
    text = "".join(json.dumps(r) + "\n" for r in rows).encode()
    file = folder / f"{dated}.jsonl{'.gz' if packed else ''}"
    file.write_bytes(gzip.compress(text) if packed else text)


@pytest.fixture
def crawl(tmp_path: Path) -> Corpus:
    """Load Friday's page, served on two dates, and Monday's."""
    friday = [
        row("cs.AI", "2601.04001", authors="Ada Byron(Here),Bo Li"),
        row("cs.AI", "2601.04003"),
        row("cs.AI", "2601.04002"),
        row("cs.AI", "2401.00001", title="As replaced on Friday"),
        row("cs.LG", "2601.04002"),
        row("cs.LG", "2601.04003"),
        row("cs.LG", "2401.00001"),
    ]
    write_day(tmp_path, "20260110", *friday)
    write_day(tmp_path, "20260111", *friday, packed=True)
    monday = [
        row("cs.AI", "2601.05001"),
        row("cs.AI", "2401.00001", title="As replaced on Monday"),
        row("cs.LG", "2601.05002"),
        row("cs.LG", "2601.04001"),
    ]
    write_day(tmp_path, "20260113", *monday, packed=True)
    return load_crawl(tmp_path)


@pytest.mark.parametrize(
    ("dated", "day"),
    [
        (date(2026, 1, 9), date(2026, 1, 8)),
        (date(2026, 1, 10), FRIDAY),
        (date(2026, 1, 11), FRIDAY),
        (date(2026, 1, 12), FRIDAY),
        (date(2026, 1, 13), MONDAY),
        (date(2026, 1, 21), date(2026, 1, 19)),
    ],
)
def test_a_date_shows_the_last_announcement_before_it(dated: date, day: date) -> None:
    """The last case: nothing is announced under 20 January, after Martin Luther King's day."""
    assert find_day(dated) == day


def test_every_file_is_a_step_and_a_weekend_shows_fridays_page_again(crawl: Corpus) -> None:
    assert [(step.at.isoformat(), step.day) for step in crawl.timeline] == [
        ("2026-01-10T00:30:00+00:00", FRIDAY),
        ("2026-01-11T00:30:00+00:00", FRIDAY),
        ("2026-01-13T00:30:00+00:00", MONDAY),
    ]
    assert set(crawl.pages) == {FRIDAY, MONDAY}


def test_kinds_are_inferred(crawl: Corpus) -> None:
    assert [r.kind for r in crawl.page(FRIDAY, "cs.AI")] == [Kind.NEW, Kind.NEW, Kind.CROSS, Kind.REPLACE]
    assert [(r.paper, r.kind) for r in crawl.page(FRIDAY, "cs.LG")] == [
        ("2601.04002", Kind.NEW),
        ("2601.04003", Kind.CROSS),
        ("2401.00001", Kind.REPLACE_CROSS),
    ]


def test_versions_count_from_1_for_new_and_from_2_for_replaced_papers(crawl: Corpus) -> None:
    versions = {(r.paper, day): r.version for day in crawl.pages for r in crawl.page(day, "cs.AI")}

    assert versions["2601.04001", FRIDAY] == 1
    assert (versions["2401.00001", FRIDAY], versions["2401.00001", MONDAY]) == (2, 3)


def test_a_later_cross_list_keeps_the_version(crawl: Corpus) -> None:
    assert [(r.paper, r.version) for r in crawl.page(MONDAY, "cs.LG") if r.kind is Kind.CROSS] == [
        ("2601.04001", 1)
    ]


def test_each_version_has_the_text_of_its_own_day(crawl: Corpus) -> None:
    titles = [crawl.papers["2401.00001", version].title for version in (2, 3)]

    assert titles == ["As replaced on Friday", "As replaced on Monday"]


def test_categories_are_the_topics_of_all_days_with_the_primary_one_first(crawl: Corpus) -> None:
    assert crawl.papers["2601.04002", 1].categories == ("cs.LG", "cs.AI")
    assert crawl.papers["2601.04001", 1].categories == ("cs.AI", "cs.LG")


def test_authors_keep_their_affiliations(crawl: Corpus) -> None:
    assert crawl.papers["2601.04001", 1].authors == (Author("Ada Byron", ("Here",)), Author("Bo Li"))


def test_made_up_submissions_rise_with_the_identifier(crawl: Corpus) -> None:
    moments = [crawl.papers[paper, 1].submitted for paper in ("2601.04001", "2601.04002", "2601.05001")]

    assert None not in moments
    assert moments == sorted(moments, key=lambda moment: moment or datetime.min.replace(tzinfo=UTC))
    assert crawl.papers["2601.04001", 1].revised is None
    assert crawl.papers["2401.00001", 2].revised is not None


def test_a_paper_twice_on_a_page_counts_where_it_stands_first(tmp_path: Path) -> None:
    write_day(tmp_path, "20260110", row("cs.AI", "2601.04001"), row("cs.AI", "2601.04001", title="Again"))
    corpus = load_crawl(tmp_path)

    assert [tuple(r) for r in corpus.page(FRIDAY, "cs.AI")] == [("2601.04001", 1, Kind.NEW)]
    assert corpus.papers["2601.04001", 1].title == "A title"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"topic": "cs.AI"}', "html_url"),
        ("no json", "JSON"),
        (json.dumps(row("cs.XX", "2601.04001")), r"'cs\.XX' is no category"),
        (json.dumps(row("cs.AI", "nonsense")), "no arXiv identifier"),
    ],
)
def test_a_row_that_cannot_be_read_is_named(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "20260110.jsonl").write_text(json.dumps(row("cs.AI", "2601.04001")) + "\n" + line + "\n")

    with pytest.raises(SettingsError, match=rf"20260110\.jsonl line 2: (.|\n)*{message}"):
        load_crawl(tmp_path)


def test_only_a_line_feed_ends_a_row(tmp_path: Path) -> None:
    text = json.dumps(row("cs.AI", "2601.04001", title="Two\u2028lines"), ensure_ascii=False)
    (tmp_path / "20260110.jsonl").write_text(f"{text}\n\n", encoding="utf-8")

    assert load_crawl(tmp_path).papers["2601.04001", 1].title == "Two\u2028lines"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("20260110.jsonl", b"\xff"),
        ("20260110.jsonl.gz", b"no gzip"),
        ("20260110.jsonl.gz", gzip.compress(b"{}" * 99, mtime=0)[:20]),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(SettingsError, match=f"{name} cannot be read"):
        load_crawl(tmp_path)


@pytest.mark.parametrize("name", ["notes.txt", "papers.jsonl"])
def test_a_folder_without_daily_files_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("")

    with pytest.raises(SettingsError, match="expected ones like"):
        load_crawl(tmp_path)


def test_a_file_named_by_no_date_is_refused(tmp_path: Path) -> None:
    (tmp_path / "20261399.jsonl").write_text("")

    with pytest.raises(SettingsError, match="named by their dates"):
        load_crawl(tmp_path)


@pytest.fixture(scope="module")
def real(shared: Path) -> Corpus:
    """Load what a crawler saw of five categories on seven days of January 2026."""
    return load_crawl(shared / "data" / "arxiv_days")


def test_the_real_crawl_has_no_paper_that_is_new_or_primarily_replaced_twice_a_day(real: Corpus) -> None:
    """No page was read with an eye on this: it would fail wherever a section were cut in the wrong place."""
    for day, page in real.pages.items():
        homes = Counter(r.paper for rows in page.values() for r in rows if r.kind in {Kind.NEW, Kind.REPLACE})
        assert [paper for paper, times in homes.items() if times > 1] == [], day


def test_the_real_crawl_has_no_paper_both_announced_and_replaced_on_a_day(real: Corpus) -> None:
    for day, page in real.pages.items():
        rows = {(r.paper, r.kind in REPLACEMENTS) for rows in page.values() for r in rows}
        assert len(rows) == len({paper for paper, _ in rows}), day


def test_the_real_crawl_announces_a_paper_as_new_once(real: Corpus) -> None:
    new = Counter(
        r.paper for page in real.pages.values() for rows in page.values() for r in rows if r.kind is Kind.NEW
    )

    assert set(new.values()) == {1}
    assert len(new) == 1660


def test_without_any_one_section_the_rest_of_a_real_page_is_still_read_right(real: Corpus) -> None:
    """Of the rows left on a page, at most one in a hundred is read otherwise than on the whole page."""
    *_, yesterday, day = sorted(real.pages)
    page = {topic: [(r.paper, r.kind) for r in rows] for topic, rows in real.pages[day].items()}
    earlier = {t: [r.paper for r in rows] for t, rows in real.pages[yesterday].items()}
    history = History().extend(
        earlier, {t: [r.kind for r in rows] for t, rows in real.pages[yesterday].items()}
    )
    left = wrong = 0
    for topic, missing in product(page, Kind):
        shown = page | {topic: [row for row in page[topic] if row[1] is not missing]}
        kinds = read_sections({t: [p for p, _ in rows] for t, rows in shown.items()}, (0, 0), history)
        left += len(shown[topic])
        wrong += sum(read is not true for read, (_, true) in zip(kinds[topic], shown[topic], strict=True))

    assert wrong <= left / 100


def test_the_kinds_agree_with_those_inferred_by_others(real: Corpus, shared: Path) -> None:
    day = date(2026, 1, 13)
    kinds = {(topic, r.paper): r.kind for topic, rows in real.pages[day].items() for r in rows}
    lines = (shared / "data" / "seed_source" / "seed_39_with_abstracts.jsonl").read_text("utf-8").splitlines()
    expected = {(s["topic"], s["arxiv_id"]): s["listing_section"] for s in map(json.loads, lines)}

    assert {place: kinds[place].value for place in expected} == expected
