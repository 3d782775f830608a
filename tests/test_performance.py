"""The page of figures says what was recorded, and every benchmark runs."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.page import BLOCK, CURVES, PAGE, PICTURES, write_page
from benchmarks.plot import draw
from benchmarks.results import FOLDER, load
from benchmarks.suite import BENCHMARKS, grow, measure, name_growth
from benchmarks.table import HEADINGS, Point, Row, Scale, lay_out

TEXT = PAGE.read_text("utf-8")
# Those that need no other program (serving needs nginx and wrk), at their smallest.
SMALL = {
    "parse": 5,
    "record": 30,
    "digest": 10,
    "match": 50,
    "like": 40,
    "search": 60,
    "build": 20,
    "memory": 3,
    "push": 9,
}


def test_the_page_is_what_the_record_gives() -> None:
    written = write_page(TEXT, FOLDER)

    assert written.text == TEXT
    for name, picture in written.pictures.items():
        assert (PAGE.parent / PICTURES / name).read_text("utf-8") == picture, name


def test_every_benchmark_and_every_curve_stands_on_the_page() -> None:
    named = {(kind, name) for _, kind, name, _ in BLOCK.findall(TEXT)}

    assert {("results", name) for name in BENCHMARKS} <= named
    assert {("curve", name) for name in CURVES} <= named


def test_the_page_states_no_figure_of_its_own() -> None:
    prose = BLOCK.sub("", TEXT)

    assert re.findall(r"\d[\d.,]* ?(?:ms|µs|s|MB|kB|GB|%|times|papers|a second)\b", prose) == []


def test_a_page_that_says_something_else_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "parse.json").write_text((FOLDER / "parse.json").read_text("utf-8"), "utf-8")
    page = "before\n<!-- results parse -->\n| API | 1,000,000 papers/s |\n<!-- end -->\nafter\n"

    written = write_page(page, tmp_path).text

    assert "1,000,000" not in written
    assert written.startswith("before\n<!-- results parse -->\n| what |")
    assert written.endswith("\n<!-- end -->\nafter\n")


def test_a_block_without_a_record_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"parse\.json"):
        write_page("<!-- results parse -->\n<!-- end -->", tmp_path)


@pytest.mark.parametrize("name", SMALL)
def test_a_benchmark_measures_and_records_what_it_measured(name: str, tmp_path: Path) -> None:
    recorded = measure(BENCHMARKS[name], Scale(SMALL[name], 1), tmp_path)

    assert recorded.rows
    assert load(tmp_path, name) == recorded
    assert all(row.ours > 0 for row in recorded.rows if row.unit.endswith("/s"))
    assert recorded.head["machine"].keys() == {"cores", "processor", "memory_gb", "system", "python"}


@pytest.mark.parametrize("name", SMALL)
def test_a_curve_has_a_point_of_each_way_at_each_size(name: str, tmp_path: Path) -> None:
    benchmark = BENCHMARKS[name]
    for growth in benchmark.growths:
        recorded = grow(benchmark, growth, [SMALL[name]], Scale(0, 1), tmp_path)

        assert len({point.way for point in recorded.points}) == len(recorded.points) > 0
        assert load(tmp_path, name_growth(benchmark, growth)) == recorded


def test_of_a_rate_more_is_better_and_of_a_time_less() -> None:
    rate = Row("a", "papers/s", 200, naive=10, limit=400, wanted=10, against="naive")
    time = Row("b", "ms", 5, naive=50, limit=1, wanted=0.5, against="limit")

    assert (rate.times, rate.share, rate.is_met) == (20, 0.5, True)
    assert (time.times, time.share, time.is_met) == (10, 0.2, False)
    assert Row("c", "MB", 600, wanted=500, against="ours").is_met is False
    assert Row("d", "papers/s", 600, wanted=500, against="ours").is_met is True
    assert Row("e", "s", 1).is_met is None


def test_a_table_has_a_column_for_each_heading() -> None:
    lines = list(lay_out([Row("a", "ms", 5, naive=50, naive_way="slowly")]))

    assert [word in lines[0] for word in HEADINGS] == [True] * len(HEADINGS)
    assert "50 (slowly)" in lines[1]
    assert lines[1].endswith("  10")


def test_a_plot_is_well_formed_and_holds_every_point_within_its_frame() -> None:
    points = [Point("ours & theirs", 10.0**n, 3.0**n) for n in range(5)] + [Point("limit", 1, 0.001)]

    root = ElementTree.fromstring(draw(points, "papers", "ms"))
    circles = [element for element in root.iter() if element.tag.endswith("circle")]

    assert len(circles) == len(points)
    assert all(80 <= float(c.attrib["cx"]) <= 520 and 30 <= float(c.attrib["cy"]) <= 330 for c in circles)
    assert "ours & theirs" in [element.text for element in root.iter()]
