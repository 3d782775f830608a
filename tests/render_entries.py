"""Entries and heads for the tests of the renderers, and hypothesis's worst ideas of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import strategies as st

from feedsvc.paper import Author, Digest, Entry, Kind, Paper
from feedsvc.render import Head
from tests.builders import make_digest, make_paper

ANNOUNCED = datetime(2026, 1, 14, 1, 0, tzinfo=UTC)
HEAD = Head(
    id="urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    title="Artificial Intelligence",
    subtitle="New papers in cs.AI & friends",
    updated=ANNOUNCED,
    self_url="https://feeds.example/feeds/cs.AI.xml",
    page_url="https://feeds.example/feeds/cs.AI",
    language="en",
    generator_version="0.1.0",
)
FULL = make_paper(
    "2601.06098",
    2,
    title=r"A $\mathcal{O}(n \log n)$ bound on <b>bold</b> claims & the $\ell_1$-norm",
    abstract="We bound $x^2$ by $\\frac{a+b}{c}$.\n  The second paragraph has $x_{CE} < 3$ & more "
    "at https://github.com/a/b_c.",
    authors=(Author("Ann Ärlig", ("KTH", "MIT, Cambridge")), Author("李 小龙")),
    categories=("cs.AI", "math.NA"),
    comments="12 pages, 3 figures",
    doi="10.1000/182",
    journal_ref="J. Claims 3 (2026) 1-12",
    license="http://creativecommons.org/licenses/by-nc-sa/4.0/",
    submitted=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    complete=True,
)
EXTRACTIVE = make_digest(
    "2601.06098",
    2,
    background=("Claims are bold.", "Bounds are rare."),
    innovation=("We bound $x^2$.",),
    conclusion=(),
)
TRANSLATED = Digest(
    paper="2601.06098",
    version=2,
    language="zh",
    method="test-model",
    background=("背景一。", "背景二。"),
    innovation=("我们给出 $x^2$ 的界。",),
    conclusion=("结论成立。",),
    title="关于 $\\ell_1$ 范数的界",
)
WITHDRAWN = make_paper("hep-th/9901001", 3, comments="This paper has been withdrawn due to an error")


def make_entry(
    paper: Paper = FULL, digest: Digest | None = None, kind: Kind = Kind.NEW, **fields: object
) -> Entry:
    """Make an entry announced on Wednesday, 14 January 2026."""
    entry = Entry(paper, kind, ANNOUNCED, ANNOUNCED, digest)
    return replace(entry, **fields)  # type: ignore[arg-type]


def make_head(**fields: object) -> Head:
    """Make the head of the feed cs.AI."""
    return replace(HEAD, **fields)  # type: ignore[arg-type]


ARCHIVE_HEAD = make_head(
    self_url="https://feeds.example/feeds/cs.AI/2026-01-14.xml",
    page_url="https://feeds.example/feeds/cs.AI/2026-01-14",
    current_url="https://feeds.example/feeds/cs.AI.xml",
    previous_url="https://feeds.example/feeds/cs.AI/2026-01-13.xml",
    next_url="https://feeds.example/feeds/cs.AI/2026-01-15.xml",
)
PIECES = (
    *(
        "]]>",
        "<script>alert(1)</script>",
        "&amp;",
        "&",
        "<",
        ">",
        '"',
        "'",
        "javascript:alert(1)",
        "<![CDATA[",
    ),
    *(
        "$",
        "$$",
        "{",
        "}",
        "\\",
        "\\frac",
        "^",
        "_",
        "\\(",
        "\\emph{",
        "%",
        "~",
        "--",
        "``",
        "''",
        "\\begin{x}",
    ),
    *(
        "\x00",
        "\x08",
        "\x0b",
        "\x7f",
        "\x85",
        "\ufffe",
        "\ufdd0",
        "\u202e",
        "\u200f",
        "\u2028",
        "\r\n",
        "\n  ",
    ),
    *("\ud800", "\udfff", "\U00100000", "\U0010ffff", "https://a.example/b_c?d=e&f.", "$x^2$", "中文。", "é"),
)
TEXTS = st.lists(
    st.sampled_from(PIECES) | st.text(st.characters(exclude_categories=()), max_size=8), max_size=12
).map("".join)
MOMENTS = st.datetimes(datetime(1991, 8, 14), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_SENTENCES = st.lists(TEXTS, max_size=3).map(tuple)
PAPERS = st.builds(
    Paper,
    id=st.integers(1, 99999).map(lambda number: f"2601.{number:05}"),
    version=st.integers(1, 9),
    title=TEXTS,
    abstract=TEXTS,
    authors=st.lists(st.builds(Author, TEXTS, _SENTENCES), max_size=3).map(tuple),
    categories=st.lists(st.sampled_from(("cs.AI", "math.NA", "q-bio")), min_size=1, unique=True).map(tuple),
    comments=st.none() | TEXTS,
    doi=st.none() | TEXTS,
    journal_ref=st.none() | TEXTS,
    license=st.none() | TEXTS,
    submitted=st.none() | MOMENTS,
)
DIGESTS = st.builds(
    Digest,
    paper=st.just("2601.00001"),
    version=st.just(1),
    language=st.sampled_from(("en", "zh", "cs-CZ")),
    method=st.sampled_from(("extractive", "a {model}")),
    background=_SENTENCES,
    innovation=_SENTENCES,
    conclusion=_SENTENCES,
    title=st.none() | TEXTS,
)
ENTRIES = st.builds(Entry, PAPERS, st.sampled_from(Kind), MOMENTS, MOMENTS, st.none() | DIGESTS)
