"""What every format says of an entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from lxml import etree

from feedsvc.paper import Author, Digest, Entry, Kind, Likeness
from feedsvc.render.content import render_text, split_paragraphs
from feedsvc.render.entry import describe_entry, has_html, name_license
from tests.builders import make_paper
from tests.render_entries import ENTRIES, EXTRACTIVE, FULL, TRANSLATED, WITHDRAWN, make_entry


def read_content(entry: Entry, language: str = "en", *, brief: bool = False) -> etree._Element:
    """Parse the content as a reader would."""
    return etree.fromstring(f"<div>{describe_entry(entry, language, brief=brief).content}</div>")


def read_lines(entry: Entry, language: str = "en", *, brief: bool = False) -> list[str]:
    """Give the text of each block."""
    return ["".join(block.itertext()) for block in read_content(entry, language, brief=brief)]


def test_a_title_is_plain_text() -> None:
    assert (
        describe_entry(make_entry(), "en").title == "A 𝒪(n log n) bound on <b>bold</b> claims & the ℓ₁-norm"
    )


@pytest.mark.parametrize("title", ["", " \n ", "\x00\x08"])
def test_a_paper_without_a_title_is_called_by_its_id(title: str) -> None:
    assert describe_entry(make_entry(make_paper(title=title)), "en").title == "arXiv:2601.00001"


def test_a_translated_title_stands_for_the_original_one() -> None:
    view = describe_entry(make_entry(digest=TRANSLATED), "zh")

    assert (view.title, view.title_language) == ("关于 ℓ₁ 范数的界", "zh")


@pytest.mark.parametrize(
    ("kind", "language", "facts"),
    [
        (Kind.NEW, "en", "New · 14 January 2026 · cs.AI, math.NA"),
        (Kind.CROSS, "en", "Cross-list · 14 January 2026 · cs.AI, math.NA"),
        (Kind.REPLACE, "en", "Replacement (v2) · 14 January 2026 · cs.AI, math.NA"),
        (Kind.REPLACE_CROSS, "zh", "交叉列表替换版本（v2） · 2026年1月14日 · cs.AI, math.NA"),
    ],
)
def test_the_first_line_tells_kind_day_and_categories(kind: Kind, language: str, facts: str) -> None:
    assert read_lines(make_entry(kind=kind), language)[0] == facts


@pytest.mark.parametrize(
    ("language", "authors"), [("en", "Authors: Ann Ärlig, 李 小龙"), ("zh", "作者：Ann Ärlig, 李 小龙")]
)
def test_the_second_line_names_the_authors(language: str, authors: str) -> None:
    assert read_lines(make_entry(), language)[1] == authors


def test_of_a_large_collaboration_the_first_authors_are_named() -> None:
    paper = make_paper(authors=tuple(Author(f"A. {number}") for number in range(3000)))
    line = read_lines(make_entry(paper))[1]

    assert line.endswith("A. 18, A. 19, and 2,980 more")
    assert len(line) < 200


def test_a_paper_without_authors_has_no_line_of_them() -> None:
    assert "Authors" not in "".join(read_lines(make_entry(make_paper(authors=()))))


def test_a_withdrawn_paper_says_so_first_and_links_no_files() -> None:
    entry = make_entry(WITHDRAWN)

    assert read_content(entry)[0][0].tag == "strong"
    assert read_lines(entry)[0].startswith("This paper has been withdrawn.")
    assert [link.type for link in describe_entry(entry, "en").links] == ["text/html"]


def test_an_extractive_digest_stands_for_the_abstract() -> None:
    lines = read_lines(make_entry(digest=EXTRACTIVE))

    assert lines[2:7] == [
        "Background",
        "Claims are bold. Bounds are rare.",
        "Innovation",
        "We bound x².",
        "The sentences are the abstract's own, sorted by role.",
    ]
    assert "The second paragraph" not in "".join(lines)


def test_an_empty_section_has_no_heading() -> None:
    assert "Conclusion" not in read_lines(make_entry(digest=EXTRACTIVE))


@pytest.mark.parametrize("method", ["extractive", "test-model"])
def test_a_digest_without_any_section_leaves_the_abstract(method: str) -> None:
    digest = Digest("2601.06098", 2, "en", method, (), (" ",), ())

    assert read_lines(make_entry(digest=digest)) == read_lines(make_entry())


def test_a_written_digest_is_followed_by_the_original_title_and_abstract() -> None:
    lines = read_lines(make_entry(digest=TRANSLATED), "zh")

    assert lines[2:8] == ["背景", "背景一。背景二。", "创新", "我们给出 x² 的界。", "结论", "结论成立。"]
    assert lines[8] == "由 test-model 根据摘要概括。"
    assert lines[9:12] == [
        "原标题",
        "A 𝒪(n log n) bound on <b>bold</b> claims & the ℓ₁-norm",
        "摘要",
    ]
    assert lines[12].startswith("We bound x² by")


def test_without_a_digest_the_abstract_stands_alone_in_its_paragraphs() -> None:
    assert read_lines(make_entry())[2:4] == [
        r"We bound x² by a+bc $\frac{a+b}{c}$.",
        "The second paragraph has xCE < 3 & more at https://github.com/a/b_c.",
    ]


def test_text_in_another_language_than_the_feeds_is_marked() -> None:
    content = read_content(make_entry(digest=EXTRACTIVE), "zh")

    assert [(block.text, block.get("lang")) for block in content[2:4]] == [
        ("背景", None),
        ("Claims are bold. Bounds are rare.", "en"),
    ]
    assert content.xpath("//span[@lang='en']/text()") == ["12 pages, 3 figures", "J. Claims 3 (2026) 1-12"]


def test_text_in_the_feeds_language_is_not_marked() -> None:
    assert read_content(make_entry(digest=EXTRACTIVE)).xpath("//@lang") == []


def test_a_feed_in_a_language_without_phrases_has_english_ones_marked_so() -> None:
    content = read_content(make_entry(digest=replace(EXTRACTIVE, language="fr")), "fr")

    assert [element.get("lang") for element in content] == ["en"]
    assert content.xpath("div/h3[1]/text()") == ["Background"]
    assert content.xpath("div/h3[1]/following-sibling::p[1]/@lang") == ["fr"]


def test_comments_journal_doi_and_licence_follow_the_text() -> None:
    assert read_lines(make_entry())[4] == (
        "Comments: 12 pages, 3 figuresJournal reference: J. Claims 3 (2026) 1-12"
        "DOI: 10.1000/182Licence: CC BY-NC-SA 4.0"
    )


def test_the_reason_for_an_entry_stands_before_the_other_notes() -> None:
    entry = make_entry(likeness=Likeness("2601.00001", ("graph", "pooling")))

    assert read_lines(entry)[4].startswith("Like 2601.00001: graph, poolingComments: ")


def test_the_last_line_links_abstract_page_pdf_and_html() -> None:
    links = [(link.text, link.get("href")) for link in read_content(make_entry())[-1]]

    assert links == [
        ("Abstract page", "https://arxiv.org/abs/2601.06098"),
        ("PDF", "https://arxiv.org/pdf/2601.06098v2"),
        ("HTML", "https://arxiv.org/html/2601.06098v2"),
    ]


@pytest.mark.parametrize("brief", [False, True])
def test_a_brief_entry_keeps_the_first_sentence_of_each_section(brief: bool) -> None:
    lines = read_lines(make_entry(digest=TRANSLATED), "zh", brief=brief)

    assert ("背景二。" in "".join(lines)) is not brief
    assert "背景一。" in "".join(lines)
    assert "结论成立。" in lines


def test_a_brief_abstract_is_cut_behind_its_first_sentence() -> None:
    paper = make_paper(
        abstract="The value of e.g. $x$ in Eq. 3 and elsewhere is bounded. Then more follows. " * 9
    )

    assert read_lines(make_entry(paper), brief=True)[2] == (
        "The value of e.g. x in Eq. 3 and elsewhere is bounded."
    )


def test_a_brief_abstract_without_a_first_sentence_is_cut_at_a_word() -> None:
    line = read_lines(make_entry(make_paper(abstract="word " * 1000)), brief=True)[2]

    assert line.endswith("word…")
    assert len(line) < 410


@pytest.mark.parametrize(
    "text", ["Code is at this https URL.", "Code is atthis https URL.", "Code is at\nthis ftp URL."]
)
def test_a_link_that_a_copy_lost_leads_to_the_abstract_page(text: str) -> None:
    paper = make_paper(abstract=text, comments="See this http URL")
    lines = read_lines(make_entry(paper))

    assert lines[2] == "Code is at https://arxiv.org/abs/2601.00001."
    assert lines[3] == "Comments: See https://arxiv.org/abs/2601.00001"


def test_markup_in_text_is_shown_not_obeyed() -> None:
    script = "<script>alert('a')</script> ]]> &lt;"
    content = read_content(make_entry(make_paper(abstract=script, comments=script)))

    assert content.xpath("//script") == []
    assert content[2].text == script


def test_formulas_use_only_elements_that_readers_keep() -> None:
    nodes = render_text(r"$x_{CE}^{n+1/2}$, $\unknown{n}$ at https://a.example")
    written = "".join(n if isinstance(n, str) else etree.tostring(n, encoding="unicode") for n in nodes)

    assert written == (
        r"x<sub>CE</sub><sup>n+1/2</sup>, <code>$\unknown{n}$</code> at "
        '<a href="https://a.example">https://a.example</a>'
    )


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("one\ntwo", ["one two"]),
        ("  one\n  two", ["one", "two"]),
        ("one\n\n\ntwo\n", ["one", "two"]),
        (" \n ", []),
    ],
)
def test_a_paragraph_begins_at_an_indented_or_behind_an_empty_line(text: str, paragraphs: list[str]) -> None:
    assert split_paragraphs(text) == paragraphs


@pytest.mark.parametrize(
    ("id", "submitted", "expected"),
    [
        ("2311.00001", datetime(2023, 11, 30, 23, tzinfo=UTC), False),
        ("2312.00001", datetime(2023, 12, 1, tzinfo=UTC), True),
        ("2601.00001", None, True),
        ("2312.00001", None, True),
        ("2311.99999", None, False),
        ("hep-th/9901001", None, False),
    ],
)
def test_html_is_linked_only_for_papers_submitted_since_december_2023(
    id: str, submitted: datetime | None, expected: bool
) -> None:
    assert has_html(make_paper(id, submitted=submitted)) is expected


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://creativecommons.org/licenses/by/4.0/", "CC BY 4.0"),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0", "CC BY-NC-ND 4.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0"),
        ("http://creativecommons.org/licenses/publicdomain/", "Public domain"),
        (
            "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
            "arXiv.org perpetual, non-exclusive license 1.0",
        ),
        ("https://example.org/terms", "https://example.org/terms"),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)
def test_a_licence_has_its_usual_name(url: str, name: str) -> None:
    assert name_license(url) == name


def test_a_licence_that_is_no_address_is_no_link() -> None:
    view = describe_entry(make_entry(make_paper(license="javascript:alert(1)")), "en")

    assert "license" not in [link.rel for link in view.links]
    assert 'href="javascript' not in view.content


def test_every_doi_of_a_field_is_linked_once() -> None:
    view = describe_entry(make_entry(make_paper(doi="10.1/a<b> 10.2/c 10.2/c")), "en")

    assert view.dois == ("10.1/a<b>", "10.2/c")
    assert [link.href for link in view.links if link.title == "doi"] == [
        "https://doi.org/10.1/a%3Cb%3E",
        "https://doi.org/10.2/c",
    ]


def test_authors_and_affiliations_without_a_name_are_left_out() -> None:
    authors = (Author(" ", ("X",)), Author("A\n B", ("", "KTH")))

    assert describe_entry(make_entry(make_paper(authors=authors)), "en").authors == (Author("A B", ("KTH",)),)


@settings(max_examples=60, deadline=None)
@given(ENTRIES)
def test_the_same_entry_is_described_alike_twice(entry: Entry) -> None:
    assert describe_entry(entry, "zh") == describe_entry(entry, "zh")


def test_fields_that_arxiv_does_not_give_are_left_out() -> None:
    view = describe_entry(make_entry(make_paper(comments="", license=" ")), "en")

    assert (view.comment, view.journal_ref, view.license, view.dois) == (None, None, None, ())
    assert view.body.notes == ()


def test_a_full_entry_keeps_its_fields() -> None:
    view = describe_entry(make_entry(), "en")

    assert (view.comment, view.journal_ref) == (FULL.comments, FULL.journal_ref)
    assert (view.license, view.version, view.kind) == (FULL.license, 2, Kind.NEW)
    assert [label.term for label in view.categories] == ["cs.AI", "math.NA"]
