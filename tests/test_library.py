"""Reading which arXiv papers somebody's library holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.feed.library import read_library, share_out
from feedsvc.paper import ArxivId

# As reference managers, DBLP, INSPIRE and search engines write them.
ENTRIES = [
    ("@misc{a, eprint = {2601.06098v2}, archivePrefix={arXiv}, primaryClass={cs.LG}}", "2601.06098"),
    ('@article{a, eprint = "hep-th/9711200"}', "hep-th/9711200"),
    ("@article{a, eprint = {arXiv:0706.1234}}", "0706.1234"),
    ("@article{a, eprint = 0309136, archivePrefix={arXiv}, primaryClass = {math.GT}}", "math/0309136"),
    ('@article{a, eprint = "9711200", archivePrefix = "hep-th"}', "hep-th/9711200"),
    ("@article{a, journal={arXiv preprint arXiv:1706.03762}, year={2017}}", "1706.03762"),
    ("@article{a, journal = {CoRR}, volume = {abs/1810.04805}}", "1810.04805"),
    ("@online{a,\n  URL = {http://arxiv.org/abs/1810.04805v1},\n}", "1810.04805"),
    ("@misc{a, howpublished = {\\url{https://arxiv.org/pdf/2312.00752.pdf}}}", "2312.00752"),
    ("@article{a, doi = {10.48550/ARXIV.2001.01234}}", "2001.01234"),
    ("@misc{a, note = {Accepted. arXiv: 2401.00001 [cs.CL]}}", "2401.00001"),
    ("@misc{a, arxivId = {1706.03762}}", "1706.03762"),
    ("@article(a, eprint = 2601.06098)", "2601.06098"),
    (
        '@article(a, title = "On (2,3)-torsion", eprint = "9901001", archivePrefix = "hep-th")',
        "hep-th/9901001",
    ),
    ('@article(a, title = "A (b)", abstract = "After 1706.03762.", eprint = "2601.00001")', "2601.00001"),
    ("@article{a, title = {One {Nested} = {Title}}, eprint = {2601.06098}}", "2601.06098"),
]


@pytest.mark.parametrize(("entry", "paper"), ENTRIES)
def test_a_bibtex_entry_says_in_its_fields_where_it_is(entry: str, paper: str) -> None:
    assert read_library(entry) == (paper,)


@pytest.mark.parametrize(
    "entry",
    [
        "@article{2601.06098, title = {On 2601.06098}, abstract = {We extend arXiv:2601.06098.}}",
        "@article{a, doi = {10.1103/PhysRevD.2601.06099}, pages = {1234.5678}}",
        "@article{a, eprint = {12345678}, eprinttype = {pubmed}}",
        "@article{a, eprint = {2613.00001}}",
        "@article{a, url = {https://example.org/2601.06098}}",
    ],
)
def test_what_an_entry_only_speaks_of_does_not_count(entry: str) -> None:
    assert read_library(entry) == ()


def test_all_entries_are_read_in_their_order_and_each_paper_once() -> None:
    text = "% my library\n" + "\n\n".join(entry for entry, _ in ENTRIES)

    assert read_library(text) == tuple(dict.fromkeys(paper for _, paper in ENTRIES))


def test_an_entry_that_nobody_closed_does_not_hide_the_next() -> None:
    assert read_library("@misc{a, note = {arXiv:2601.00001\n@misc{b, eprint={2601.00002}}") == (
        "2601.00001",
        "2601.00002",
    )


@pytest.mark.parametrize("entry", ["@misc{b, eprint={2601.00002}}", "@misc(b, eprint = 2601.00002)"])
def test_before_and_behind_entries_papers_may_be_named_bare(entry: str) -> None:
    assert read_library(f"2601.00001\n{entry} 2601.00003\n{entry}\narXiv:2601.00004") == (
        "2601.00001",
        "2601.00002",
        "2601.00003",
        "2601.00004",
    )


@pytest.mark.parametrize("between", ["},\n", "}},\n", "}\n", "},\n % kept\n "])
def test_braces_too_many_do_not_end_an_entry(between: str) -> None:
    entry = f"@misc{{a, title={{A}}{between}abstract={{We extend 2501.00001.}}, eprint={{2601.00001}}}}"

    assert read_library(entry) == ("2601.00001",)


def test_an_entry_that_is_commented_out_does_not_count() -> None:
    old = "% @misc{old, abstract={After 1706.03762},\n%  eprint={2501.00001}}\n"
    entry = "@misc{a, eprint={2601.00001}}\n"

    assert read_library(entry + old) == read_library(old + entry) == ("2601.00001",)
    assert read_library("% 2601.00002") == ("2601.00002",), "what is no BibTeX has no comments"


def test_other_text_may_name_papers_bare() -> None:
    text = (
        "2601.06098, 1706.03762v3;hep-th/9901001\n(2601.00003). https://arxiv.org/abs/2601.00001v2\n"
        "arXiv:2601.00002 10.1103/1234.5678 12601.060981 v2601.06098 2601.99999.1"
    )

    assert read_library(text) == (
        "2601.06098",
        "1706.03762",
        "hep-th/9901001",
        "2601.00003",
        "2601.00001",
        "2601.00002",
    )


# fmt: off
SNIPPETS = st.sampled_from([
    "@misc{", "@", "{", "}", '"', ",", "\n", " ", " = ", "=", "eprint", "note", "primaryClass", "cs.LG",
    "arXiv:", "abs/", "arxiv.org/abs/", "2601.06098", "hep-th/9901001", "9901001", "v2", ".", "/", "-", "é",
])
# fmt: on


@given(st.text(max_size=60) | st.lists(SNIPPETS, max_size=40).map("".join))
def test_law_whatever_is_sent_gives_identifiers_or_nothing(text: str) -> None:
    papers = read_library(text)

    assert len(set(papers)) == len(papers)
    assert all(ArxivId.parse(paper) == ArxivId(paper) for paper in papers)


def test_a_library_is_shared_out_newest_first() -> None:
    papers = ("2601.00001", "hep-th/9901001", "1706.03762", "2601.00002")

    assert share_out(papers, 3) == [["2601.00002", "2601.00001", "1706.03762"], ["hep-th/9901001"]]
    assert share_out((), 3) == []
