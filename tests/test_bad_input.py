"""Whatever a paper brings, every document stays valid, and nothing of it runs in a browser."""

from __future__ import annotations

import html
import json
import os
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.paper import Author, Entry, Kind, Paper
from feedsvc.render import Head, load_formats
from feedsvc.render.day import collect_day, describe_day
from feedsvc.render.entry import Link
from feedsvc.render.markdown import render_day
from feedsvc.render.opml import Outline, render_opml
from tests.builders import make_digest, make_paper
from tests.render_entries import ENTRIES, TEXTS, make_entry, make_head
from tests.validity import find_faults

FORMATS = load_formats()
DAY = date(2026, 1, 14)
SCRIPT = "<script>document.title='ran';alert(1)</script><img src=x onerror=\"alert(2)\">"
TEXT = {
    "control characters": "".join(map(chr, (*range(32), *range(127, 160)))) + "end",
    "lone surrogates": "a\ud800b\udfffc\udc00\ud800",
    "noncharacters": "a\ufffeb\uffffc\ufdd0d\U0010ffffe",
    "the end of CDATA": "]]> and ]]&gt; <![CDATA[ ]]>]]>",
    "a script": SCRIPT,
    "a script in entities": html.escape(SCRIPT) + "&lt;script&gt;&#60;script&#62;",
    "a script in TeX": rf"$\text{{{SCRIPT}}}$ \href{{javascript:alert(1)}}{{x}} \url{{javascript:alert(1)}}",
    "a script in MathML": rf"$\begin{{pmatrix}}{SCRIPT}\end{{pmatrix}}$ $\class{{a}}{{b}}$",
    "a link that runs": 'javascript:alert(1) https://a.example/"onclick=alert(1) data:text/html,<script>',
    "marks of direction": "\u200f\u202eright\u202c \u2067to\u2069 left \u061c\u200e \u202b\u202b\u202a",
    "unbalanced dollars and braces": "$ $$ $x {{{ }} \\{ \\frac{ {a \\(b \\[c $$$ \\begin{matrix} \\text{",
    "a deep nest": "{" * 900 + "$" + "\\sqrt{" * 150 + "}" * 100,
    "entities": "&amp; &nbsp; &bogus; & &#0; &#x1f; &#xd800;",
    "Markdown": "[x](javascript:alert(1)) ![](x) `code` <b> | # * _ ~ \n# heading\n- list\n```\n",
    "nothing": "",
    "blanks": " \n\t\r\n \u2028 \u00a0 ",
}


def make_papers(text: str) -> list[Paper]:
    """Make papers with a text in every field that may hold one."""
    fields: dict[str, Any] = {
        "title": text,
        "abstract": text,
        "authors": (Author(text, (text,)), Author("Ada", (text, text))),
        "comments": text,
        "doi": text,
        "journal_ref": text,
        "license": text,
    }
    alone = [make_paper(f"2601.{number:05}", **{name: fields[name]}) for number, name in enumerate(fields)]
    return [make_paper("2601.99999", **fields), *alone]


def make_entries(papers: list[Paper], text: str) -> list[Entry]:
    """Announce papers, each with a digest in another way, or none."""
    told = (text,)
    digests = (
        None,
        make_digest(background=told, innovation=told, conclusion=(text, text)),
        make_digest(language="zh", method="a model", background=told, innovation=told, title=text),
    )
    return [make_entry(paper, digests[n % 3], kind=Kind.CROSS) for n, paper in enumerate(papers)]


def make_documents(entries: list[Entry], head: Head, language: str = "en") -> list[tuple[str, bytes]]:
    """Make every kind of document there is, in every format."""
    digest = collect_day(head.title, DAY, entries, language)
    view = describe_day(
        digest, "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c9", (Link("https://a.example/", "alternate"),)
    )
    documents = [("md", render_day(digest))]
    for suffix, format_ in FORMATS.items():
        for brief in (False, True):
            fragments = [format_.render_fragment(entry, language, brief=brief) for entry in entries]
            documents.append((suffix, format_.assemble(head, fragments)))
        documents.append((suffix, format_.assemble(head, [format_.render_view(view, language)])))
    feeds = [Outline(head.title or "untitled", "https://a.example/a.xml", "https://a.example/a", "Group")]
    return [*documents, ("opml", render_opml("feeds", feeds))]


def check_all(documents: list[tuple[str, bytes]]) -> None:
    """Hold documents against the rules of their formats."""
    for suffix, document in documents:
        assert find_faults(suffix, document) == [], suffix


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("text", TEXT.values(), ids=TEXT)
def test_bad_text_in_any_field_leaves_every_document_valid(text: str, language: str) -> None:
    head = make_head(title=f"About {text}", subtitle=text, language=language)

    check_all(make_documents(make_entries(make_papers(text), text), head, language))


def test_three_thousand_authors_leave_every_document_valid() -> None:
    authors = tuple(Author(f"Author {number} & <Co>", ("CERN",)) for number in range(3000))

    check_all(make_documents([make_entry(make_paper(authors=authors))], make_head()))


@pytest.mark.parametrize("sentence", ["A sentence with $x_1$ & <y>. ", "$\\frac{a}{b}$ ", "{", "x", "\n\n"])
def test_an_abstract_of_a_hundred_kilobytes_leaves_every_document_valid(sentence: str) -> None:
    abstract = sentence * (100_000 // len(sentence))

    check_all(make_documents([make_entry(make_paper(abstract=abstract))], make_head()))


@settings(max_examples=25)
@given(st.lists(ENTRIES, max_size=2, unique_by=lambda e: e.paper.id), TEXTS, st.sampled_from(("en", "zh")))
def test_law_any_entries_make_valid_documents(entries: list[Entry], title: str, language: str) -> None:
    ordered = [replace(entry, updated=max(entry.published, entry.updated)) for entry in entries]

    check_all(make_documents(ordered, make_head(title=title, language=language), language))


def test_nothing_in_a_document_runs_in_a_browser(tmp_path: Path) -> None:
    """Chromium opens the documents as XML, as a person would, and the content as a reader would show it."""
    path = shutil.which("chromium")
    if path is None and os.environ.get("FEEDSVC_TEST_BROWSER") == "required":
        pytest.fail("Chromium is not installed (Debian package chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if path is None:
        pytest.skip("Chromium is not installed (Debian package chromium)")
    pages = write_pages(tmp_path)
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page()
        ran: list[str] = []

        def note_dialog(dialog: Any) -> None:
            ran.append(dialog.message)
            dialog.dismiss()

        page.on("dialog", note_dialog)
        page.on("request", lambda request: ran.append(request.url))
        page.goto((tmp_path / "bait.html").as_uri())
        assert "1" in ran, "the bait is not taken: this test would see nothing"
        for file in pages:
            ran.clear()
            page.goto(file.as_uri())
            assert ran == [file.as_uri()]
            assert page.title() != "ran"
        browser.close()


def write_pages(folder: Path) -> list[Path]:
    """Write documents full of scripts, and their content as pages; `bait.html` holds what does run."""
    entries = [
        replace(entry, paper=replace(entry.paper, id=f"2601.{number:05}"))
        for number, entry in enumerate(
            entry
            for text in TEXT.values()
            if "script" in text
            for entry in make_entries(make_papers(text), text)
        )
    ]
    bodies: dict[str, bytes] = {"bait.html": SCRIPT.encode()}
    for suffix, document in make_documents(entries, make_head(title=SCRIPT)):
        if suffix in ("xml", "rss", "opml"):
            bodies[f"{len(bodies)}.xml"] = document
        elif suffix == "json":
            contents = [item["content_html"] for item in json.loads(document)["items"]]
            bodies[f"{len(bodies)}.html"] = (
                b"<!doctype html><meta charset=utf-8>" + "\n".join(contents).encode()
            )
    for name, body in bodies.items():
        (folder / name).write_bytes(body)
    return [folder / name for name in bodies if name != "bait.html"]
