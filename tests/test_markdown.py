"""Markdown digests. `python -m tests.test_markdown` writes the golden files anew: look before a commit.

They are read back by the CommonMark parser that rich brings along.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.markdown import Markdown

from feedsvc.paper import Author, Entry, Kind
from feedsvc.render.characters import clean_line
from feedsvc.render.day import collect_day
from feedsvc.render.markdown import escape_text, render_day, write_text
from feedsvc.render.tex import to_text
from tests.builders import make_digest, make_paper
from tests.render_entries import ENTRIES, EXTRACTIVE, TEXTS, TRANSLATED, WITHDRAWN, make_entry

DATA = Path(__file__).parent / "data" / "markdown"
DAY = date(2026, 1, 14)
GOLDEN: dict[str, tuple[str, list[Entry]]] = {
    "empty": ("en", []),
    "english": (
        "en",
        [
            make_entry(digest=EXTRACTIVE),
            make_entry(make_paper(authors=tuple(Author(f"Author {n}") for n in range(23))), kind=Kind.CROSS),
            make_entry(WITHDRAWN, kind=Kind.REPLACE),
        ],
    ),
    "chinese": (
        "zh",
        [make_entry(digest=TRANSLATED), make_entry(make_paper(), make_digest(), kind=Kind.CROSS)],
    ),
}


def render(language: str, entries: list[Entry], *, brief: bool = False) -> str:
    return render_day(collect_day("A & B (cs.AI)", DAY, entries, language, brief=brief)).decode()


def read_inline(text: str) -> list[tuple[str, str]]:
    """Give the kinds and contents of what stands in the paragraph that a text is."""
    opening, inline, closing = Markdown(text).parsed
    assert (opening.type, closing.type) == ("paragraph_open", "paragraph_close")
    return [(token.type, token.content) for token in inline.children or []]


def read_tokens(document: str) -> Iterator[tuple[str, str, str]]:
    """Give the kind, content and address of everything within a document's blocks."""
    for block in Markdown(document).parsed:
        if block.type == "html_block":
            yield "html_block", block.content, ""
        for token in block.children or []:
            yield token.type, token.content, str(token.attrs.get("href", ""))


@pytest.mark.parametrize("name", GOLDEN)
def test_the_bytes_are_those_that_were_looked_at(name: str) -> None:
    assert render(*GOLDEN[name]) == (DATA / f"{name}.md").read_text("utf-8")


@given(TEXTS.map(clean_line).filter(bool))
def test_law_escaped_text_reads_as_it_was(text: str) -> None:
    assert read_inline(escape_text(text)) == [("text", text)]


@pytest.mark.parametrize(
    "text",
    [
        "1. A list that is none",
        "12) neither",
        "- no",
        "+ no",
        "# no",
        "===",
        "a * b_c_ ** d",
        "[a](b) ![c](d) <e> &amp;",
        "`f` ~~g~~ | h | $i$ ^j^ {#k}",
        "back\\slash\\",
        ": no",
    ],
)
def test_what_looks_like_a_sign_is_text(text: str) -> None:
    assert read_inline(escape_text(text)) == [("text", text)]


def test_what_unicode_cannot_say_is_code_with_backticks_enough() -> None:
    text = write_text(r"A $\frac{a`b}{\verb|``|}$ and $\frac{a+b}{c}$$\frac{d+e}{f}$.")

    codes = [content for kind, content in read_inline(text) if kind == "code_inline"]
    assert codes == [r"$\frac{a`b}{\verb|``|}$", r"$\frac{a+b}{c}$", r"$\frac{d+e}{f}$"]


def test_scripts_and_addresses_keep_what_they_are() -> None:
    written = write_text(r"See $x_{CE}$ at https://a.example/b_c*d.")

    assert written == "See x<sub>CE</sub> at <https://a.example/b_c*d>."


@settings(max_examples=30)
@given(st.lists(ENTRIES, max_size=3), st.sampled_from(("en", "zh")), st.booleans())
def test_law_whatever_is_in_a_paper_nothing_but_our_own_markup_comes_out(
    entries: list[Entry], language: str, brief: bool
) -> None:
    for kind, content, href in read_tokens(render(language, entries, brief=brief)):
        assert kind in (
            *("text", "softbreak", "code_inline", "html_inline"),
            *("link_open", "link_close", "strong_open", "strong_close", "em_open", "em_close"),
        )
        if kind == "html_inline":
            assert re.fullmatch(r'<a id="[\w./-]+">|</a>|</?su[bp]>', content)
        if kind == "link_open":
            assert href.startswith(("http://", "https://", "#"))


@settings(max_examples=30)
@given(ENTRIES)
def test_law_a_title_reads_as_in_the_feeds(entry: Entry) -> None:
    tokens = list(read_tokens(render("en", [entry])))
    title = entry.digest.title if entry.digest and entry.digest.title else entry.paper.title
    shown = clean_line(to_text(clean_line(title))) or f"arXiv:{entry.paper.id}"

    assert ("text", shown, "") in tokens
    assert ("text", f"1. {shown}", "") in tokens


def test_the_contents_lead_to_every_paper_and_group() -> None:
    document = render(*GOLDEN["english"])
    targets = set(re.findall(r"\]\(#([^)]+)\)", document))

    assert targets == {"new", "cross", "replace", "2601.06098", "2601.00001", "hep-th/9901001"}
    assert all(document.count(f'<a id="{target}"></a>') == 1 for target in targets)


def test_labels_are_bold_in_chinese_too() -> None:
    document = render(*GOLDEN["chinese"])
    tokens = list(read_tokens(document))
    bold = [tokens[at + 1][1] for at, (kind, _, _) in enumerate(tokens) if kind == "strong_open"]

    assert bold[:5] == ["作者", "背景", "创新", "结论", "原标题"]
    assert "**" not in "".join(content for _, content, _ in tokens)


def test_a_brief_document_has_the_first_sentence_of_each_section() -> None:
    brief = render("en", [make_entry(digest=EXTRACTIVE)], brief=True)

    assert "Claims are bold." in brief
    assert "Bounds are rare." not in brief


if __name__ == "__main__":
    DATA.mkdir(exist_ok=True)
    for name_, (language_, entries_) in GOLDEN.items():
        (DATA / f"{name_}.md").write_text(render(language_, entries_), "utf-8")


def test_a_badge_stands_under_the_title() -> None:
    digest = collect_day("A [feed]", DAY, (), "en")
    lines = (
        render_day(digest, ("https://a.org/feeds/x/badge.svg", "https://a.org/feeds/x")).decode().split("\n")
    )

    assert lines[2] == r"[![A \[feed\]](https://a.org/feeds/x/badge.svg)](https://a.org/feeds/x)"
