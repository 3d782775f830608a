"""The URL grammar: one content, one address."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.errors import AddressError, QueryError, UnknownFeedError
from feedsvc.feed.address import Address, resolve
from feedsvc.feed.catalogue import Catalogue, load_catalogue

LANGUAGES = ("en", "zh", "cs-CZ")
FORMATS = ("xml", "rss", "json", "md", "html")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder: Path = tmp_path_factory.mktemp("feeds")
    (folder / "rlhf.toml").write_text('title = "RLHF"\nquery = "rlhf OR rlvr"', "utf-8")
    (folder / "trees.toml").write_text(
        'title = "Trees"\nquery = "trees"\nkinds = ["new"]\nlimit = 50', "utf-8"
    )
    (folder / "surveys.toml").write_text(
        'title = "Surveys"\nquery = "ti:survey"\ncategories = ["cs.AI", "cs.CL"]', "utf-8"
    )
    return load_catalogue(folder)


def ask(catalogue: Catalogue, url: str) -> Address:
    parts = urlsplit(url)
    path = unquote(parts.path).removeprefix("/feeds/")
    return resolve(path, parse_qsl(parts.query, keep_blank_values=True), catalogue, LANGUAGES, FORMATS)


CANONICAL = [
    "/feeds/cs.AI.xml",
    "/feeds/cs.AI.rss",
    "/feeds/cs.AI.json",
    "/feeds/cs.AI",
    "/feeds/cs.xml",
    "/feeds/hep-th.xml",
    "/feeds/rlhf.xml",
    "/feeds/cs.AI+cs.CL+rlhf.xml",
    "/feeds/cs+cs.AI.xml",
    "/feeds/keyword/diffusion-models.xml",
    "/feeds/keyword/%E6%89%A9%E6%95%A3.xml",
    "/feeds/keyword/2026-01-14.xml",
    "/feeds/author/hinton_g.xml",
    "/feeds/like/2601.06098.xml",
    "/feeds/like/2601.06098",
    "/feeds/zh/like/0704.0001+2601.06098+hep-th/9901001.json?announce=new&limit=10",
    "/feeds/search.xml?q=like:2601.06098+-cat:cs.CV",
    "/feeds/search.xml?q=a+OR+b",
    "/feeds/search?q=ti:%22a+b%22",
    "/feeds/zh/cs.AI.xml",
    "/feeds/cs-CZ/keyword/a-b",
    "/feeds/cs.AI.xml?announce=new&limit=10&primary=1",
    "/feeds/cs.AI.xml?announce=new,cross,replace",
    "/feeds/search.xml?limit=10&q=a+b",
    "/feeds/trees.xml?announce=new,cross&limit=200",
    "/feeds/search.xml?announce=new,cross&q=a+kind:replace",
    "/feeds/cs.AI/2026-01-14.xml",
    "/feeds/cs.AI/2026-01-14.md",
    "/feeds/cs.AI/2026-01-14",
    "/feeds/cs/2026-01-14.json?announce=new",
    "/feeds/zh/cs.AI+cs.CL+rlhf/2026-01-14.rss",
    "/feeds/keyword/2026-01-14/2026-01-14.xml",
    "/feeds/keyword/diffusion-models/2026-01-14.md",
    "/feeds/author/hinton_g/2026-01-14.xml",
    "/feeds/like/2601.06098+hep-th/9901001/2026-01-14.xml",
    "/feeds/zh/search/2026-01-14.xml?limit=10&q=a+OR+b",
    "/feeds/daily/cs.AI.xml",
    "/feeds/daily/cs.AI",
    "/feeds/zh/daily/cs.AI+rlhf.json?announce=new",
    "/feeds/daily/keyword/diffusion-models.rss",
    "/feeds/daily/search.xml?q=a+OR+b",
]


@pytest.mark.parametrize("url", CANONICAL)
def test_a_canonical_address_stands(catalogue: Catalogue, url: str) -> None:
    address = ask(catalogue, url)

    assert address.url == url
    assert address.is_canonical


MOVED = [
    ("/feeds/CS.ai.XML", "/feeds/cs.AI.xml"),
    ("/feeds/cs.AI.atom", "/feeds/cs.AI.xml"),
    ("/feeds/cs.AI.html", "/feeds/cs.AI"),
    ("/feeds/cs.NA.xml", "/feeds/math.NA.xml"),
    ("/feeds/CS.rss", "/feeds/cs.rss"),
    ("/feeds/RLHF.xml", "/feeds/rlhf.xml"),
    ("/feeds/rlhf+cs.CL+cs.ai+cs.AI.xml", "/feeds/cs.AI+cs.CL+rlhf.xml"),
    ("/feeds/cs.NA+math.NA.xml", "/feeds/math.NA.xml"),
    ("/feeds/cs.AI.xml?announce=new,cross", "/feeds/cs.AI.xml"),
    ("/feeds/cs.AI.xml?announce=cross,new,new", "/feeds/cs.AI.xml"),
    ("/feeds/cs.AI.xml?limit=200&primary=0", "/feeds/cs.AI.xml"),
    ("/feeds/cs.AI.xml?limit=010", "/feeds/cs.AI.xml?limit=10"),
    ("/feeds/cs.AI.xml?primary=1&announce=REPLACE,new", "/feeds/cs.AI.xml?announce=new,replace&primary=1"),
    ("/feeds/trees.xml?announce=new&limit=50", "/feeds/trees.xml"),
    ("/feeds/en/cs.AI.xml", "/feeds/cs.AI.xml"),
    ("/feeds/ZH/cs.AI.xml", "/feeds/zh/cs.AI.xml"),
    ("/feeds/cs-cz/cs.AI.xml", "/feeds/cs-CZ/cs.AI.xml"),
    ("/feeds/search.xml?q=b+OR+a", "/feeds/search.xml?q=a+OR+b"),
    ("/feeds/search.xml?q=a+OR+b&limit=10", "/feeds/search.xml?limit=10&q=a+OR+b"),
    ("/feeds/search.xml?q=cat:CS.ai", "/feeds/cs.AI.xml"),
    ("/feeds/search.xml?q=in:cs.*", "/feeds/cs.xml"),
    ("/feeds/search.xml?q=RLVR+or+RLHF&primary=1", "/feeds/rlhf.xml?primary=1"),
    ("/feeds/search.xml?q=trees", "/feeds/trees.xml?announce=new,cross&limit=200"),
    ("/feeds/search.xml?q=trees&announce=new&limit=50", "/feeds/trees.xml"),
    ("/feeds/keyword/Trees.xml?announce=new", "/feeds/trees.xml?limit=200"),
    ("/feeds/search.xml?q=ti:survey+(in:cs.CL+OR+in:cs.AI)", "/feeds/surveys.xml"),
    ("/feeds/search.xml?q=%22Diffusion+Models%22", "/feeds/keyword/diffusion-models.xml"),
    ("/feeds/search.xml?q=transformers", "/feeds/keyword/transformers.xml"),
    ("/feeds/search.xml?q=au:%22Hinton,+G.%22", "/feeds/author/hinton_g.xml"),
    ("/feeds/search.xml?q=au:Hinton", "/feeds/author/hinton.xml"),
    ("/feeds/keyword/Diffusion_Mod%C3%A8ls.rss", "/feeds/keyword/diffusion-models.rss"),
    ("/feeds/keyword/gpt-3.5", "/feeds/keyword/gpt-3-5"),
    ("/feeds/KEYWORD/a.xml", "/feeds/keyword/a.xml"),
    ("/feeds/keyword/Transform*.xml", "/feeds/search.xml?q=transform*"),
    ("/feeds/keyword/graph-net*.xml", "/feeds/search.xml?q=%22graph+net*%22"),
    ("/feeds/keyword/~networks.xml", "/feeds/search.xml?q=~network"),
    ("/feeds/keyword/A*.xml", "/feeds/keyword/a.xml"),
    ("/feeds/search.xml?q=announced:1w", "/feeds/search.xml?q=announced:7d"),
    ("/feeds/like/2601.06098v2.xml", "/feeds/like/2601.06098.xml"),
    ("/feeds/LIKE/hep-th/9901001+2601.06098+2601.06098v1.rss", "/feeds/like/2601.06098+hep-th/9901001.rss"),
    ("/feeds/like/math.GT/0309136,2601.06098.xml", "/feeds/like/2601.06098+math/0309136.xml"),
    ("/feeds/like/https://arxiv.org/abs/2601.06098.xml", "/feeds/like/2601.06098.xml"),
    ("/feeds/search.xml?q=like:2601.06098", "/feeds/like/2601.06098.xml"),
    ("/feeds/search.xml?q=like:2601.06099v3+OR+like:2601.06098", "/feeds/like/2601.06098+2601.06099.xml"),
    ("/feeds/CS.ai/2026-1-4.XML", "/feeds/cs.AI/2026-01-04.xml"),
    ("/feeds/cs.AI/2026-01-14.atom", "/feeds/cs.AI/2026-01-14.xml"),
    ("/feeds/rlhf+cs.AI+rlhf/2026-01-14.md", "/feeds/cs.AI+rlhf/2026-01-14.md"),
    ("/feeds/en/cs.NA/2026-01-14.xml?limit=200", "/feeds/math.NA/2026-01-14.xml"),
    ("/feeds/search/2026-01-14.xml?q=cat:CS.ai", "/feeds/cs.AI/2026-01-14.xml"),
    ("/feeds/Daily/CS.ai.xml", "/feeds/daily/cs.AI.xml"),
    ("/feeds/daily/search.xml?q=transformers", "/feeds/daily/keyword/transformers.xml"),
    ("/feeds/author/O'Neil.xml", "/feeds/author/o_neil.xml"),
    ("/feeds/author/Hinton_G_1.xml", "/feeds/author/hinton_g.xml"),
]


@pytest.mark.parametrize(("asked", "canonical"), MOVED)
def test_another_spelling_leads_to_the_canonical_address(
    catalogue: Catalogue, asked: str, canonical: str
) -> None:
    address = ask(catalogue, asked)

    assert address.url == canonical
    assert not address.is_canonical
    assert address == ask(catalogue, canonical)


def test_a_query_is_not_a_defined_feed_whose_categories_it_lacks(catalogue: Catalogue) -> None:
    assert ask(catalogue, "/feeds/search.xml?q=ti:survey").feed.place == "search"


def test_percent_encoding_does_not_move_an_address(catalogue: Catalogue) -> None:
    assert ask(catalogue, "/feeds/%63s.AI.xml").is_canonical
    assert ask(catalogue, "/feeds/search.xml?q=a%20OR%20b").is_canonical


def test_format_and_language_are_told(catalogue: Catalogue) -> None:
    address = ask(catalogue, "/feeds/zh/cs.AI.json")

    assert (address.format, address.language) == ("json", "zh")
    assert (ask(catalogue, "/feeds/cs.AI").format, ask(catalogue, "/feeds/cs.AI").language) == ("html", None)


def test_every_spelling_of_one_feed_has_one_id(catalogue: Catalogue) -> None:
    urls = ["/feeds/cs.AI.xml", "/feeds/zh/cs.ai.rss?limit=200", "/feeds/search.json?q=cat:cs.AI"]

    assert len({ask(catalogue, url).feed.id for url in urls}) == 1


@pytest.mark.parametrize(
    ("papers", "title"),
    [
        ("2601.06098", "Papers like 2601.06098"),
        ("2601.06099+2601.06098", "Papers like 2601.06098 or 2601.06099"),
        ("1+2+3+4+5", "Papers like 2601.00001, 2601.00002, 2601.00003 and 2 more"),
    ],
)
def test_the_title_names_the_first_given_papers(catalogue: Catalogue, papers: str, title: str) -> None:
    place = "+".join(f"2601.{int(paper):05}" if len(paper) == 1 else paper for paper in papers.split("+"))

    assert ask(catalogue, f"/feeds/like/{place}.xml").feed.title == title


def test_before_a_day_stands_a_feed_and_no_language(catalogue: Catalogue) -> None:
    """A saved feed may be called as a language looks: `my-feed` would be one."""
    saved = catalogue.define("trees")
    known = replace(
        catalogue, find_saved=lambda name: replace(saved, place=name) if name == "my-feed" else None
    )

    assert ask(known, "/feeds/my-feed/2026-01-14.xml").url == "/feeds/my-feed/2026-01-14.xml"
    assert ask(known, "/feeds/zh/my-feed/2026-1-14.xml").url == "/feeds/zh/my-feed/2026-01-14.xml"


UNKNOWN = [
    ("/feeds/rlfh.xml", "rlfh", "rlhf"),
    ("/feeds/cs.A.xml", "cs.A", "cs.AI"),
    ("/feeds/cs.SX", "cs.SX", "cs.SI"),
    ("/feeds/cs.AI+hepth.xml", "hepth", "hep-th"),
]


@pytest.mark.parametrize(("url", "name", "near"), UNKNOWN)
def test_an_unknown_feed_is_answered_with_names_near_it(
    catalogue: Catalogue, url: str, name: str, near: str
) -> None:
    with pytest.raises(UnknownFeedError) as caught:
        ask(catalogue, url)

    assert caught.value.name == name
    assert near in caught.value.near


@pytest.mark.parametrize(
    "url", ["/feeds/", "/feeds/.xml", "/feeds/cs.AI+.xml", "/feeds/x/y/z.xml", "/feeds/cs/.xml"]
)
def test_a_broken_path_is_no_feed(catalogue: Catalogue, url: str) -> None:
    with pytest.raises(AddressError):
        ask(catalogue, url)


REFUSED = [
    ("/feeds/cs.AI.xml?colour=red", "'colour'"),
    ("/feeds/cs.AI.xml?q=a", "'q'"),
    ("/feeds/cs.AI.xml?announce=old", "announce='old'"),
    ("/feeds/cs.AI.xml?announce=", "announce=''"),
    ("/feeds/cs.AI.xml?primary=yes", "primary='yes'"),
    ("/feeds/cs.AI.xml?limit=0", "limit='0'"),
    ("/feeds/cs.AI.xml?limit=201", "limit='201'"),
    ("/feeds/cs.AI.xml?limit=-1", "limit='-1'"),
    ("/feeds/cs.AI.xml?limit=%D9%A3", "limit="),
    ("/feeds/cs.AI.xml?limit=1&limit=2", "twice"),
    ("/feeds/cs.AI.pdf", "'pdf' is no format"),
    ("/feeds/keyword/a.pdf", "'pdf' is no format"),
    ("/feeds/fr/cs.AI.xml", "'fr' is no language"),
    ("/feeds/search.xml", "parameter q"),
    ("/feeds/keyword/trans*mer.xml", "only at the end of a word"),
    ("/feeds/keyword/-.xml", "letters or digits"),
    ("/feeds/author/12.xml", "author's name"),
    (f"/feeds/keyword/{'a' * 257}.xml", "too long"),
    ("/feeds/cs.AI/2026-13-14.xml", "'2026-13-14' is no day: expected a date such as 2026-01-14"),
    ("/feeds/cs.AI/2026-02-30", "'2026-02-30' is no day"),
    ("/feeds/cs.AI/0000-01-01.md", "'0000-01-01' is no day"),
    ("/feeds/cs.AI/2026-01.xml", "'2026-01' is no day"),
    ("/feeds/cs.AI/yesterday.rss", "'yesterday' is no day"),
    ("/feeds/cs.AI/x/2026-01-14.xml", "no feed is called 'cs.AI/x'"),
    ("/feeds/search/14.xml?q=a+b", "'14' is no day"),
    (
        "/feeds/cs.AI.md",
        "'md' is the digest of one day: expected it behind a date, as in cs.AI/2026-01-14.md",
    ),
    ("/feeds/daily/cs.AI.md", "'md' is the digest of one day"),
    ("/feeds/daily.xml", "names no feed"),
    ("/feeds/daily/.xml", "names no feed"),
    ("/feeds/daily/cs.AI/2026-01-14.xml", "expected it without 'daily/'"),
    ("/feeds/daily/zh/cs.AI.xml", "expected 'zh/daily/cs.AI'"),
    ("/feeds/daily/zh/2026-01-14.xml", "expected it without 'daily/'"),
    ("/feeds/cs.CL+keyword/random-walk.xml", "'keyword/…' cannot be joined with '+'"),
    ("/feeds/daily/cs.CL+author/hinton_g.xml", "'author/…' cannot be joined with '+'"),
    ("/feeds/author/2026-01-14.xml", "letters or digits"),
    ("/feeds/zh/2026-01-14.xml", "no feed is called 'zh'"),
    ("/feeds/like/graphs.xml", "'graphs' is no arXiv identifier"),
    ("/feeds/like/2601.06098+graphs.xml", "joined with '+'"),
    ("/feeds/like/.xml", "0 papers are given: expected from 1 to 20"),
    ("/feeds/like.xml", "0 papers are given"),
    (f"/feeds/like/{'+'.join(f'2601.{n:05}' for n in range(21))}.xml", "21 papers are given"),
]


@pytest.mark.parametrize(("url", "message"), REFUSED)
def test_what_is_not_understood_is_refused(catalogue: Catalogue, url: str, message: str) -> None:
    with pytest.raises(AddressError) as caught:
        ask(catalogue, url)

    assert message in str(caught.value)


def test_a_page_is_refused_where_there_are_none(catalogue: Catalogue) -> None:
    with pytest.raises(AddressError, match="names no format"):
        resolve("cs.AI", [], catalogue, LANGUAGES, ("xml",))


def test_a_bad_query_says_where_it_is_bad(catalogue: Catalogue) -> None:
    with pytest.raises(QueryError) as caught:
        ask(catalogue, "/feeds/search.xml?q=a+OR")

    assert caught.value.position == 4


PLACES = st.sampled_from(
    [
        "cs.AI",
        "cs",
        "rlhf",
        "trees",
        "keyword/a-b",
        "keyword/é",
        "author/e_w",
        "author/de_silva_a",
        "like/2601.06098",
        "like/hep-th/9901001+2601.06098v2",
        "daily",
        "daily/cs.AI",
        "daily/keyword/a-b",
        "cs.NA/2026-1-4",
        "keyword/a/2026-01-14",
        "cs/2026-99-01",
        "",
    ]
)
JOINS = st.lists(st.sampled_from(["cs.AI", "cs.NA", "hep-th", "cs", "trees"]), min_size=1).map("+".join)
QUERIES = st.text(max_size=20) | st.lists(
    st.sampled_from(
        ["a", "b c", '"b c"', "au:e_w", "cat:cs.NA", "kind:new", "OR", "-d", "trees", "(e OR f)"]
    ),
    max_size=4,
).map(" ".join)
OPTIONS = st.tuples(
    st.sampled_from(["announce", "limit", "primary", "x"]),
    st.sampled_from(["new", "cross,new", "1", "0", "200", "replace-cross,replace,cross,new"]),
)
ASKED = st.tuples(
    st.sampled_from(["", "en/", "zh/", "CS-cz/"]),
    PLACES | JOINS | st.just("search") | st.text(max_size=12),
    st.sampled_from(["", ".xml", ".atom", ".RSS", ".html", ".md"]),
    st.lists(OPTIONS, max_size=2) | st.tuples(st.tuples(st.just("q"), QUERIES), OPTIONS).map(list),
)


@given(ASKED)
def test_a_canonical_address_leads_to_itself(
    catalogue: Catalogue, asked: tuple[str, str, str, list[tuple[str, str]]]
) -> None:
    """Whatever is asked, it is refused on purpose or leads, in one step, to an address that stands."""
    language, place, suffix, params = asked
    try:
        first = resolve(language + place + suffix, params, catalogue, LANGUAGES, FORMATS)
    except (AddressError, QueryError):
        return
    again = ask(catalogue, first.url)

    assert again == first
    assert again.is_canonical


@given(
    st.permutations(["cs.AI", "hep-th", "trees", "cs.NA"]),
    st.permutations([("announce", "replace,new"), ("limit", "5"), ("primary", "1")]),
    st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_order_and_letter_case_do_not_matter(
    catalogue: Catalogue, parts: list[str], params: list[tuple[str, str]], upper: list[bool]
) -> None:
    spelt = "+".join(part.upper() if is_upper else part for part, is_upper in zip(parts, upper, strict=True))
    url = "/feeds/cs.AI+hep-th+math.NA+trees.xml?announce=new,replace&limit=5&primary=1"

    assert resolve(f"{spelt}.xml", params, catalogue, LANGUAGES, FORMATS) == ask(catalogue, url)
