"""Metadata in arXiv's formats, its elements in the recorded order."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest
from lxml import etree

from feedsvc.paper import Author, Paper
from feedsvc.standin.markup import DC
from feedsvc.standin.metadata import FORMATS, Name, add_metadata, join_authors, split_name
from feedsvc.standin.records import Record, Version
from tests.standin_papers import TUESDAY, plain_paper

OAI_SAMPLES = Path("samples/arxiv/oai")
FIRST = Version(1, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), 17, "D")
SECOND = Version(2, datetime(2026, 1, 5, 16, 0, tzinfo=UTC), 0, "I")
PAPER = plain_paper(
    "2601.00002",
    version=2,
    title="On $a < b$ & c",
    authors=(Author("Łucja van der Törngren", ("Here",)), Author("Ada Byron Jr.")),
    categories=("hep-th", "math.NA", "cs.LG"),
    comments="Sample paper",
    doi="10.1/x",
    journal_ref="J. Num. 1",
    license="http://creativecommons.org/licenses/by/4.0/",
)

Orders = set[tuple[str, str, str]]


def write(
    prefix: str, paper: Paper = PAPER, versions: tuple[Version, ...] = (FIRST, SECOND)
) -> etree._Element:
    parent = etree.Element("metadata")
    add_metadata(parent, FORMATS[prefix], Record(paper, TUESDAY), versions)
    return parent[0]


def texts_of(root: etree._Element, name: str) -> list[str | None]:
    return [element.text for element in root.iter(f"{{*}}{name}")]


def orders_of(root: etree._Element) -> Orders:
    """Give each element with every two of its children's names, in the order in which they stand."""
    return {
        (str(element.tag), str(one.tag), str(other.tag))
        for element in root.iter()
        for one, other in combinations(element, 2)
    }


@pytest.mark.parametrize(
    ("prefix", "files"),
    [
        ("arXiv", "gen_oai_arXiv_math_page*.xml"),
        ("arXivRaw", "*arXivRaw_[ce]*s*.xml"),
        ("oai_dc", "gen_oai_oai_dc_hep-th.xml"),
    ],
)
def test_elements_and_attributes_are_the_recorded_ones_in_the_recorded_order(
    prefix: str, files: str, shared: Path
) -> None:
    root = write(prefix)
    recorded = [
        element
        for file in sorted((shared / OAI_SAMPLES).glob(files))
        for element in etree.parse(file).getroot().iter(str(root.tag))
    ]
    known = set[tuple[str, str, str]]().union(*map(orders_of, recorded))

    assert len(recorded) > 40
    assert orders_of(root) <= known
    assert any(dict(element.attrib) == dict(root.attrib) for element in recorded)
    assert any(element.nsmap.items() >= root.nsmap.items() for element in recorded)


@pytest.mark.parametrize("prefix", FORMATS)
def test_what_a_paper_lacks_is_left_out(prefix: str) -> None:
    bare = write(prefix, plain_paper("2601.00003"), (FIRST,))

    assert all(element.text or len(element) for element in bare.iter())
    assert "comments" not in {etree.QName(element).localname for element in bare.iter()}


def test_arxiv_tells_the_newest_versions_date_and_that_of_the_last_change() -> None:
    root = write("arXiv")

    assert (texts_of(root, "created"), texts_of(root, "updated")) == (["2026-01-05"], ["2026-01-06"])
    assert texts_of(root, "title") == ["On $a < b$ & c"]
    assert texts_of(root, "categories") == ["hep-th cs.LG cs.NA math.NA"]


def test_arxiv_tells_names_in_parts_without_affiliations() -> None:
    root = write("arXiv")

    assert texts_of(root, "keyname") == [r"van der T\"orngren", "Byron"]
    assert texts_of(root, "forenames") == [r"{\L}ucja", "Ada"]
    assert texts_of(root, "suffix") == ["Jr."]


def test_arxivraw_tells_every_version() -> None:
    root = write("arXivRaw")

    assert [element.get("version") for element in root.iter("{*}version")] == ["v1", "v2"]
    assert texts_of(root, "date") == ["Fri, 02 Jan 2026 03:04:05 GMT", "Mon, 05 Jan 2026 16:00:00 GMT"]
    assert (texts_of(root, "size"), texts_of(root, "source_type")) == (["17kb", "0kb"], ["D", "I"])
    assert texts_of(root, "submitter") == [r"{\L}ucja van der T\"orngren"]


def test_dublin_core_tells_first_and_newest_date_and_each_name_of_a_category_once() -> None:
    root = write("oai_dc")

    assert texts_of(root, "date") == ["2026-01-02", "2026-01-05"]
    assert texts_of(root, "creator") == [r"van der T\"orngren, {\L}ucja", "Byron Jr., Ada"]
    assert texts_of(root, "subject") == [
        "High Energy Physics - Theory",
        "Machine Learning",
        "Numerical Analysis",
    ]
    assert texts_of(root, "identifier") == ["http://arxiv.org/abs/2601.00002", "J. Num. 1", "doi:10.1/x"]
    assert texts_of(write("oai_dc", PAPER, (FIRST,)), "date") == ["2026-01-02"]
    assert root.nsmap["dc"] == DC


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada Byron", Name("Byron", "Ada")),
        ("Ada B. Byron", Name("Byron", "Ada B.")),
        ("Plato", Name("Plato")),
        ("Vincent van Gogh", Name("van Gogh", "Vincent")),
        ("José da Silva Jr.", Name("da Silva", r"Jos\'e", "Jr.")),
        ("de Finetti", Name("Finetti", "de")),
        ("The Sample Collaboration", Name("The Sample Collaboration")),
        ("Jr.", Name("Jr.")),
        ("", Name("")),
    ],
)
def test_a_name_is_split_before_its_last_word_and_particles(name: str, parts: Name) -> None:
    assert split_name(Author(name)) == parts


@pytest.mark.parametrize(
    ("paper", "names", "line"),
    [
        ("2601.00001", ["A B", "C D", "E F"], "A B, C D, E F"),
        ("2601.00002", ["A B", "C D", "E F"], "A B, C D and E F"),
        ("2601.00002", ["A B", "C D"], "A B and C D"),
        ("2601.00002", ["A B"], "A B"),
        ("2601.00001", ["Kurt Gödel"], r"Kurt G\"odel"),
    ],
)
def test_some_lines_of_authors_have_an_and(paper: str, names: list[str], line: str) -> None:
    assert join_authors(plain_paper(paper, authors=tuple(map(Author, names)))) == line


def test_affiliations_stand_behind_the_name_in_parentheses() -> None:
    assert join_authors(plain_paper("2601.00001", authors=(Author("A B", ("Here", "There")),))) == (
        "A B (Here, There)"
    )
