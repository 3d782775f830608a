"""Mistakes that visitors make: each is told where it stands, and what was expected there."""

from __future__ import annotations

import pytest

from feedsvc.errors import QueryError
from feedsvc.query import parse

PREFIXES = "ti:, abs:, co:, jr:, all:, au:, cat:, in:, kind:, is:, id:, like:, announced:"
SPAN = "a span such as 2026-01..2026-02 or 2026-01.., or an age such as 7d"
DATE = f"a date such as 2026-01-14, 2026-01 or 2026, {SPAN}"
OF_ANNOUNCEMENT = "what counts is the day of announcement"

# A query, where the caret stands, and what is said.
MISTAKES = [
    # nothing to look for
    ("", 0, "expected a word or a quoted phrase, with or without a prefix such as ti:"),
    ("   ", 3, "expected a word or a quoted phrase, with or without a prefix such as ti:"),
    ("a +++", 2, "expected a word with letters or digits"),
    ('a ""', 2, "expected a word with letters or digits"),
    # operators
    ("AND a", 0, "expected a word or a quoted phrase before 'AND'; the word itself is written \"AND\""),
    ("a OR", 4, "expected a word or a quoted phrase after 'OR'"),
    ("a or or b", 5, "expected a word or a quoted phrase after 'or'; the word itself is written \"or\""),
    ("a AND NOT", 9, "expected a word or a quoted phrase after 'NOT'"),
    ("a - b", 2, "expected a word directly behind the '-'"),
    ("a – b", 2, "expected a word directly behind the '–'"),
    ("a --", 3, "expected a word directly behind the '-'"),
    ("a && b", 2, "expected AND, or nothing, in place of '&&'"),
    ("a | b", 2, "expected OR in place of '|'"),
    ("a + b", 2, "expected AND in place of '+'"),
    ("a !b", 2, "expected '-' or NOT in place of '!'"),
    ("-a", 0, "expected something to look for besides what is excluded"),
    ("NOT (a b)", 0, "expected something to look for besides what is excluded"),
    ("* -a", 0, "expected something to look for besides what is excluded"),
    ("a OR -b", 5, "expected something to look for besides what is excluded"),
    ("a -b OR (c OR -d)", 14, "expected something to look for besides what is excluded"),
    # parentheses and quotation marks
    ("a ()", 3, "expected a word or a quoted phrase in the parentheses"),
    ("a (b OR (c d)", 2, "expected a closing parenthesis for this one"),
    ("a b) c", 3, "expected an opening parenthesis before this one"),
    ('a "b c', 2, "expected a second quotation mark for this one"),
    ("“a b", 0, "expected a second quotation mark for this one"),
    ("a” b", 1, "expected a second quotation mark for this one"),
    # prefixes
    ("ti:", 3, "expected a word or a quoted phrase after 'ti:'"),
    ("a ti: OR b", 6, "expected a word or a quoted phrase after 'ti:'; the word itself is written \"OR\""),
    (
        "ti:(a OR b)",
        3,
        "expected a word or a quoted phrase after 'ti:', and parentheses around both: (ti:… OR ti:…)",
    ),
    ("a ti:-b", 5, "expected '-' in front of 'ti:', to exclude it"),
    ("ti:au:hinton", 3, "expected a word or a quoted phrase after 'ti:', not a second prefix"),
    ("ti : a", 3, "expected a prefix such as ti: with its ':' directly behind it"),
    ("a title:b", 2, "expected ti: in place of title:, or quotation marks around what is text"),
    ("Author:Hinton", 0, "expected au: in place of Author:, or quotation marks around what is text"),
    ("autor:Hinton", 0, "expected au: in place of autor:, or quotation marks around what is text"),
    ("category=cs.AI", 0, "expected cat: in place of 'category='"),
    (
        "a foo:b",
        2,
        f"expected one of {PREFIXES}, or quotation marks around what is text",
    ),
    # what arXiv's own language has and this one has not
    (
        "a AND submittedDate:[202301010600 TO 202401010600]",
        6,
        f"expected announced:2023-01-01..2024-01-01 in place of submittedDate: {OF_ANNOUNCEMENT}",
    ),
    (
        "lastUpdatedDate:2023",
        0,
        f"expected announced:2026-01..2026-02 in place of lastUpdatedDate: {OF_ANNOUNCEMENT}",
    ),
    ("rn:CERN-TH", 0, f"expected another prefix, report numbers are not looked at: {PREFIXES}"),
    ("wom?n", 3, "expected a word, or its beginning and '*': '?' stands for no letter"),
    ("network~2", 7, "expected '~' only in front of a word"),
    # identifiers
    ("2601.06098v2", 0, 'expected id:2601.06098v2 for the paper, or as text "2601.06098v2"'),
    ("a https://arxiv.org/abs/2601.06098", 2, "expected id:2601.06098 for the paper"),
    ("arXiv:hep-th/9901001", 0, "expected id:hep-th/9901001 for the paper"),
    ("like:graphs", 5, "expected one arXiv identifier such as 2601.06098 or hep-th/9901001"),
    ("id:12", 3, "expected one arXiv identifier such as 2601.06098 or hep-th/9901001"),
    (
        "id:2601.06098,2601.06099",
        3,
        "expected one arXiv identifier such as 2601.06098 or hep-th/9901001: several are joined by OR",
    ),
    # categories, kinds, claims, names
    ("graph cs.lg", 6, 'expected cat:cs.lg for what is listed there, or as text "cs.lg"'),
    ("cat:cs.AI OR cs.*", 13, 'expected cat:cs.* for what is listed there, or as text "cs"'),
    ("cat:", 4, "expected a category such as cs.AI after 'cat:'"),
    ("like:", 5, "expected an arXiv identifier after 'like:'"),
    ("a cat:cs.ZZ", 6, "expected a category such as cs.AI or an archive such as cs.*"),
    ("cat:NA", 4, "expected a category such as math.NA or an archive such as math.*"),
    ("cat:mth.NA", 4, "expected a category such as math.NA or an archive such as math.*"),
    ('cat:"machine learning"', 4, "expected a category such as cs.LG or an archive such as cs.*"),
    (
        "in:cs.AI,cs.LG",
        3,
        "expected one category or archive: several are joined by OR, as in cat:cs.AI OR cat:cs.LG",
    ),
    ("kind:new,cross", 5, "expected one of new, cross, replace, replace-cross: several are joined by OR"),
    ("kind:updated", 5, "expected one of new, cross, replace, replace-cross"),
    ("is:good", 3, "expected 'primary' after 'is:'"),
    ("is:new", 3, "expected 'primary' after 'is:', or kind:new"),
    ("au:12", 3, "expected an author's name"),
    ("au:Hinton, G", 3, 'expected quotation marks around a name with commas: "Hinton, …"'),
    ("au:hint*", 7, "expected a whole name, without '*'"),
    ("au:~hinton", 3, "expected a whole name, without '~'"),
    # beginnings and stems
    ("a trans*mer", 7, "expected '*' only at the end of a word"),
    ("*former", 0, "expected '*' only at the end of a word"),
    ('"trans* models"', 6, "expected '*' only behind the last word of a phrase"),
    ('"graph* \U00036259"', 6, "expected '*' only behind the last word of a phrase"),
    ("C++*", 3, "expected a letter or digit directly before '*'"),
    ("/trans.*er/", 0, "expected words: regular expressions are not understood"),
    ("~", 0, "expected a single word directly behind '~'"),
    ("~graph-networks", 0, "expected a single word directly behind '~'"),
    ('~"graph networks"', 0, "expected a single word directly behind '~'"),
    ('"~networks"', 0, "expected '~' in front of a single word, without quotation marks"),
    ('"graph networks"~5', 16, "expected a single word directly behind '~'"),
    ("ti:~networks*", 12, "expected either '~' or '*', not both"),
    # dates
    ("a announced:", 12, "expected a date such as 2026-01-14 after 'announced:'"),
    (
        "announced:yesterday",
        10,
        f"expected {DATE}",
    ),
    (
        "announced:14.01.2026",
        10,
        f"expected {DATE}",
    ),
    ("announced:2026-13", 10, "expected a month from 01 to 12, not 13"),
    ("announced:2026-02-30", 10, "expected a day from 01 to 28, not 30"),
    ("announced:2026-02..2026-01", 10, "expected the earlier date before the '..'"),
    ("announced:2026-01 .. 2026-02", 18, "expected a date directly before the '..', without a space"),
    ("announced:0d", 10, "expected an age from 1d to 100y"),
    # too much
    ("a " * 25, 48, "expected no more than 24 words and phrases"),
    ("a" * 257, 256, "expected no more than 256 characters, not 257"),
    ("ﷺ" * 100, 0, "expected no more than 256 characters once spelt out"),
]


@pytest.mark.parametrize(("text", "position", "expected"), MISTAKES)
def test_a_mistake_is_explained_where_it_stands(text: str, position: int, expected: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)

    assert (caught.value.position, caught.value.expected) == (position, expected)
    assert str(caught.value) == f"at character {position + 1} of {text!r}: {expected}"


@pytest.mark.parametrize(
    ("text", "line"),
    [("a b)", "   ^"), ("a\tb\n)", "    ^"), ("扩散 a)", "\u3000\u3000  ^"), ("e\u0301tale)", "     ^")],
)
def test_a_caret_stands_under_the_place(text: str, line: str) -> None:
    """Chinese characters take two columns, combining accents none; a tab is shown as one space."""
    with pytest.raises(QueryError) as caught:
        parse(text)

    shown, caret = caught.value.pointer().split("\n")
    assert caret == line
    assert len(shown) == len(text)


SUGGESTED = [
    "category:cs.AI",
    "autor:hinton",
    "https://arxiv.org/abs/2601.06098",
    "submittedDate:[20230101 TO 20240101]",
]


@pytest.mark.parametrize("text", SUGGESTED)
def test_what_is_suggested_can_be_read(text: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)

    suggestion = caught.value.expected.removeprefix("expected ").split()[0]
    assert parse(suggestion if suggestion[-1] != ":" else suggestion + text.partition(":")[2])


# fmt: off
PLAIN = [
    "C++", "R&D", "n=4", "10:30", "A*", "C*-algebra", "what?", "50%", "#1", r"S\~ao", "x/y", "O'Neil", "—a",
    '"a* search"', '"2601.06098"', '"/usr/"', '"Fig.~3"', '"title:a"', '"a & b"', "a, b", "ti:a:b", "„a b“",
    "”a b”", "«a b»", '"cs.AI"', "cs", "node.js",
]
# fmt: on


@pytest.mark.parametrize("text", PLAIN)
def test_signs_that_are_part_of_a_text_are_no_mistakes(text: str) -> None:
    assert parse(text)
