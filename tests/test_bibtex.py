"""Papers as BibTeX: fields, keys, escapes."""

from __future__ import annotations

import pytest

from feedsvc.paper import Author, Paper
from feedsvc.render.bibtex import escape_text, make_key, render_bibtex, write_author, write_title


def make_paper(**fields: object) -> Paper:
    known: dict[str, object] = {
        "id": "2601.06098",
        "version": 2,
        "title": "The art of BERT",
        "abstract": "",
        "authors": (Author("Jiří Novák"), Author("Ada Lovelace")),
        "categories": ("cs.CL", "cs.AI"),
    }
    return Paper(**(known | fields))  # type: ignore[arg-type]


def test_an_entry_has_the_fields_that_arxivs_own_have() -> None:
    paper = make_paper(doi="10.1000/a_b", journal_ref="J. Foo & Bar 3 (2026)")

    assert render_bibtex(paper, 2026) == (
        "@misc{novak2026art,\n"
        "  title         = {The art of {BERT}},\n"
        "  author        = {Ji{\\v{r}}{\\'\\i} Nov{\\'a}k and Ada Lovelace},\n"
        "  year          = {2026},\n"
        "  eprint        = {2601.06098},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass  = {cs.CL},\n"
        "  url           = {https://arxiv.org/abs/2601.06098},\n"
        "  doi           = {10.1000/a_b},\n"
        "  note          = {J. Foo {\\&} Bar 3 (2026)}\n"
        "}\n"
    )


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("50% of #1 & _x $5 ~", "50{\\%} of {\\#}1 {\\&} {\\_}x {\\$}5 {\\textasciitilde}"),
        ("Łódź, Øre", "{\\L}{\\'o}d{\\'z}, {\\O}re"),
        ("{x}", "{\\textbraceleft}x{\\textbraceright}"),
        ("α", "{\\ensuremath{\\alpha}}"),
        ("王小明", "王小明"),
    ],
)
def test_what_means_something_to_tex_is_escaped(text: str, escaped: str) -> None:
    assert escape_text(text) == escaped


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("Deep learning", "Deep learning"),
        ("On GPT-4 and mRNA", "On {GPT}-4 and {mRNA}"),
        ("Plan B works", "Plan {B} works"),
        (r"Bounds of $\sqrt{n}$ in $O(n)$", r"Bounds of {$\sqrt{n}$} in {$O(n)$}"),
        (r"The \emph{new} 50\% rule", r"The new 50{\%} rule"),
        (r"Schr\"odinger's cats", "Schr{\\\"o}dinger's cats"),
        (r"An odd $\{$", r"An odd "),
    ],
)
def test_a_title_keeps_its_capitals_and_its_mathematics(title: str, written: str) -> None:
    assert write_title(title).startswith(written)
    assert write_title(title).count("{") == write_title(title).count("}")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Ada Lovelace", "Ada Lovelace"),
        ("Ludwig van Beethoven", "Ludwig van Beethoven"),
        ("The ATLAS Collaboration", "{The ATLAS Collaboration}"),
        ("Romeo and Juliet", "{Romeo and Juliet}"),
        ("Sammy Davis Jr.", "Davis, Jr., Sammy"),
        ("Plato", "Plato"),
        ("Henry VIII II", "VIII, II, Henry"),
    ],
)
def test_a_name_is_taken_apart_rightly(name: str, written: str) -> None:
    assert write_author(Author(name)) == written


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({}, "novak2026art"),
        ({"authors": ()}, "arxiv2026art"),
        ({"title": "王"}, "novak2026"),
        ({"authors": (Author("王小明"),)}, "arxiv2026art"),
    ],
)
def test_a_key_is_plain_ascii(fields: dict[str, object], key: str) -> None:
    assert make_key(make_paper(**fields), 2026) == key
