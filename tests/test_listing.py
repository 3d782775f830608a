"""Listings, recorded and invented, read into a day's announcements."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from feedsvc.arxiv.listing import Listing, parse_listing
from feedsvc.arxiv.wire import fold_text
from feedsvc.errors import AnswerError, BrokenAnswer, ErrorAnswer
from feedsvc.paper import Kind
from tests.recordings import count_records, list_recordings

CASES = sorted((Path(__file__).parent / "data" / "listing").glob("*.xml"))

# Papers of each kind, in the order of precedence, in each recorded file; or why it is refused.
RECORDED: dict[str, tuple[int, int, int, int] | type[AnswerError]] = {
    "atom_cs.AI_2025-08-20_excerpt.xml": (2, 5, 0, 0),
    "atom_cs.AI_2025-08-20_truncated.xml": BrokenAnswer,
    "gen_atom_astro-ph_2011-02-03.xml": (69, 5, 19, 6),
    "gen_atom_error_bad_archive.xml": ErrorAnswer,
    "gen_atom_math_empty_saturday.xml": (0, 0, 0, 0),
    "gen_atom_quant-ph_2011-02-03.xml": (15, 9, 10, 3),
    "gen_rss20_cs_2011-02-03.xml": (22, 3, 5, 1),
    "gen_rss20_error_bad_category.xml": ErrorAnswer,
    "gen_rss20_error_old_version.xml": ErrorAnswer,
    "gen_rss20_hep-th+hep-ph_2011-02-03.xml": (28, 10, 22, 4),
    "gen_rss20_math_2011-02-03.xml": (70, 11, 44, 6),
    "gen_rss20_math_empty_saturday.xml": (0, 0, 0, 0),
    "rss10_rdf_hep-ex_2018-05-24_excerpt.xml": BrokenAnswer,
    "rss10_rdf_hep-ex_2021-07-09_excerpt.xml": BrokenAnswer,
    "rss20_stat_2024-03-26.xml": (35, 27, 41, 20),
}


@pytest.fixture(scope="session")
def recorded(shared: Path) -> dict[str, Listing]:
    """Give every recorded listing that can be read, by file name."""
    good = [p for p in list_recordings(shared, "rss", "atom") if isinstance(RECORDED.get(p.name), tuple)]
    return {path.name: parse_listing(path.read_bytes()) for path in good}


def dump(value: object) -> object:
    return json.loads(json.dumps(asdict(value), default=str))  # type: ignore[call-overload]


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_an_invented_answer_reads_as_expected(case: Path) -> None:
    expected = json.loads(case.with_suffix(".json").read_text("utf-8"))
    if "error" in expected:
        with pytest.raises(AnswerError) as caught:
            parse_listing(case.read_bytes())
        assert type(caught.value).__name__ == expected["error"]
        assert str(caught.value).startswith(expected["message"])
        assert "\n" not in str(caught.value)
    else:
        assert dump(parse_listing(case.read_bytes())) == expected


def test_every_recorded_file_is_read_by_these_tests(shared: Path) -> None:
    assert {path.name for path in list_recordings(shared, "rss", "atom")} == set(RECORDED)


def test_a_recorded_listing_has_as_many_papers_as_its_readme_counts(
    shared: Path, recorded: dict[str, Listing]
) -> None:
    counts = count_records(shared)

    assert {name: len(listing.items) for name, listing in recorded.items()} == {
        name: counts[name] for name in recorded
    }


@pytest.mark.parametrize("name", [name for name, found in RECORDED.items() if isinstance(found, tuple)])
def test_a_recorded_listing_has_all_its_papers_of_each_kind(recorded: dict[str, Listing], name: str) -> None:
    counted = Counter(item.kind for item in recorded[name].items)

    assert tuple(counted[kind] for kind in Kind) == RECORDED[name]
    assert recorded[name].skipped == ()


@pytest.mark.parametrize("name", [name for name, found in RECORDED.items() if not isinstance(found, tuple)])
def test_a_recorded_error_or_cut_or_retired_answer_is_refused(shared: Path, name: str) -> None:
    (path,) = [p for p in list_recordings(shared, "rss", "atom") if p.name == name]
    expected = RECORDED[name]
    assert isinstance(expected, type)

    with pytest.raises(expected):
        parse_listing(path.read_bytes())


@pytest.mark.parametrize(
    ("name", "day", "place", "source"),
    [
        ("rss20_stat_2024-03-26.xml", date(2024, 3, 26), "stat", "rss"),
        ("gen_rss20_math_empty_saturday.xml", date(2011, 2, 5), "math", "rss"),
        ("gen_atom_math_empty_saturday.xml", date(2011, 2, 5), "math", "atom"),
        ("gen_rss20_hep-th+hep-ph_2011-02-03.xml", date(2011, 2, 3), "hep-th+hep-ph", "rss"),
        ("atom_cs.AI_2025-08-20_excerpt.xml", date(2025, 8, 20), "cs.AI", "atom"),
    ],
)
def test_a_recorded_listing_knows_its_day_and_place(
    recorded: dict[str, Listing], name: str, day: date, place: str, source: str
) -> None:
    listing = recorded[name]

    assert (listing.day, listing.place, listing.source) == (day, place, source)


def test_the_time_of_building_is_in_utc(recorded: dict[str, Listing]) -> None:
    assert recorded["rss20_stat_2024-03-26.xml"].built_at == datetime(2024, 3, 26, 4, 0, 3, tzinfo=UTC)


def test_a_recorded_paper_has_every_field(recorded: dict[str, Listing]) -> None:
    paper = next(i.paper for i in recorded["gen_rss20_cs_2011-02-03.xml"].items if i.paper.id == "1011.3722")

    assert (paper.version, paper.primary, paper.categories) == (
        2,
        "cond-mat.dis-nn",
        ("cond-mat.dis-nn", "cs.IT", "math.IT"),
    )
    assert paper.doi == "10.1088/1751-8113/44/8/085002"
    assert paper.journal_ref == "J. Phys. A: Math. Theor. 44 (2011) 085002"
    assert paper.license == "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
    assert (paper.comments, paper.submitted, paper.revised, paper.complete) == (None, None, None, False)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("rss20_stat_2024-03-26.xml", ["Matteo Gasparin", "Aaditya Ramdas"], ["Mahdi Rezapour"]),
        (
            "gen_rss20_cs_2011-02-03.xml",
            ["Christoffer Sloth", "Rafael Wisniewski"],
            ["Tomoyuki Obuchi", "Kazutaka Takahashi", "Koujin Takeda"],
        ),
        (
            "gen_atom_astro-ph_2011-02-03.xml",
            ["David O. Jones", "Andrew A. West", "Jonathan B. Foster"],
            ["C. Farina", "W. J. M. Kort-Kamp", "Sebastiao Mauro Filho", "Ilya L. Shapiro"],
        ),
        (
            "atom_cs.AI_2025-08-20_excerpt.xml",
            ["Chunhua Liu", "Kabir Manandhar Shrestha", "Sukai Huang"],
            ["Carol White", "Dave Brown"],
        ),
    ],
)
def test_the_first_and_last_recorded_papers_have_their_authors(
    recorded: dict[str, Listing], name: str, first: list[str], last: list[str]
) -> None:
    items = recorded[name].items

    assert [author.name for author in items[0].paper.authors] == first
    assert [author.name for author in items[-1].paper.authors] == last


def test_no_recorded_author_keeps_tex_or_joints(recorded: dict[str, Listing]) -> None:
    names = [a.name for listing in recorded.values() for i in listing.items for a in i.paper.authors]

    assert len(names) > 1500
    assert [name for name in names if re.search(r"[\\{}(),;:$]|\s\s|^\W|^and | -|et al", name)] == []


def test_every_recorded_paper_has_title_abstract_authors_and_categories(recorded: dict[str, Listing]) -> None:
    papers = [item.paper for listing in recorded.values() for item in listing.items]

    assert [p.id for p in papers if not (p.title and p.abstract and p.authors and p.categories)] == []


def test_no_recorded_abstract_keeps_what_is_no_abstract(recorded: dict[str, Listing]) -> None:
    abstracts = [item.paper.abstract for listing in recorded.values() for item in listing.items]

    assert [
        a for a in abstracts if re.search(r"Announce Type|^Abstract|this https? URL|\s\s|^\s|\s$", a)
    ] == []


def test_no_recorded_text_is_lost(shared: Path, recorded: dict[str, Listing]) -> None:
    """The bytes between the tags, found without an XML reader, are in the papers, folded."""
    for path in list_recordings(shared, "rss", "atom"):
        if path.name not in recorded:
            continue
        text = path.read_text("utf-8")
        bodies = re.findall(
            r"Announce Type: \S+\s+Abstract: (.*?)</(?:description|summary)>", text, re.DOTALL
        )
        plain = [re.sub("&lt;", "<", re.sub("&gt;", ">", body)).replace("&amp;", "&") for body in bodies]
        assert [item.paper.abstract for item in recorded[path.name].items] == list(map(fold_text, plain))


def test_a_listing_cut_anywhere_is_never_taken_for_a_day(shared: Path) -> None:
    body = (shared / "samples/arxiv/atom/atom_cs.AI_2025-08-20_excerpt.xml").read_bytes().rstrip()
    for end in range(1, len(body), 97):
        with pytest.raises(BrokenAnswer):
            parse_listing(body[:end])


RSS = """<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">
<channel><title>cs.AI updates on arXiv.org</title><pubDate>Wed, 14 Jan 2026 00:00:00 -0500</pubDate>
<item><title>{text}</title><description>arXiv:2601.90001v1 Announce Type: new
Abstract: {text}</description><guid isPermaLink="false">oai:arXiv.org:2601.90001v1</guid>
<category>cs.AI</category><arxiv:announce_type>new</arxiv:announce_type><dc:creator>{text}</dc:creator></item></channel></rss>"""

ATOM = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns="http://www.w3.org/2005/Atom"><title>cs.AI updates on arXiv.org</title>
<updated>2026-01-14T05:00:03Z</updated><entry><id>oai:arXiv.org:2601.90001v1</id><title>{text}</title>
<summary>arXiv:2601.90001v1 Announce Type: new
Abstract: {text}</summary><category term="cs.AI"/><arxiv:announce_type>new</arxiv:announce_type>
<dc:creator>{text}</dc:creator></entry></feed>"""


def list_one(template: str, text: str) -> Listing:
    return parse_listing(template.format(text=escape(text)).encode())


@pytest.mark.parametrize("template", [RSS, ATOM], ids=["rss", "atom"])
@pytest.mark.parametrize(
    "text",
    [
        "if $p<q$ and a > b",
        "a <b and c> d",
        "<p>Two</p> <p>paragraphs",
        "<script>alert(1)</script> <img src=x onerror=y>",
        "AT&T, &amp; &lt;b&gt; &eacute; &#60;",
        "<!-- no comment --> ]]>",
        "x <https://example.org/?a=1&b=2> y",
        "see javascript:void and data:text",
    ],
)
def test_no_text_is_lost_between_angle_brackets(template: str, text: str) -> None:
    (item,) = list_one(template, text).items

    assert (item.paper.title, item.paper.abstract) == (text, text)


def is_double_utf_8(text: str) -> bool:
    """Tell whether text looks like UTF-8 that somebody read as Latin-1: feedparser mends that unasked."""
    try:
        return text.encode("latin-1").decode("utf-8") != text
    except UnicodeError:
        return False


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn", "Zs", "Zl", "Zp"])))
def test_any_text_comes_through_as_it_is(text: str) -> None:
    whole = f"a {text} z"
    assume(not is_double_utf_8(whole))
    (item,) = list_one(RSS, whole).items

    assert (item.paper.title, item.paper.abstract) == (fold_text(whole), fold_text(whole))


@given(st.binary(max_size=300))
def test_nonsense_is_a_broken_answer(body: bytes) -> None:
    with pytest.raises(BrokenAnswer):
        parse_listing(body)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("Wed, 14 Jan 2026 00:00:00 -0500", date(2026, 1, 14)),
        ("Wed, 14 Jan 2026 05:00:00 GMT", date(2026, 1, 14)),
        ("Wed, 14 Jan 2026 04:59:59 +0000", date(2026, 1, 13)),
        ("Tue, 14 Jul 2026 00:00:00 -0400", date(2026, 7, 14)),
    ],
)
def test_the_day_is_the_eastern_date(written: str, day: date) -> None:
    body = RSS.format(text="x").replace("Wed, 14 Jan 2026 00:00:00 -0500", written)

    assert parse_listing(body.encode()).day == day


@pytest.mark.parametrize("written", ["", "yesterday", "Wed, 14 Jan 9999 00:00:00 -0500", "2026-01-14"])
def test_a_listing_without_a_sensible_day_is_broken(written: str) -> None:
    body = RSS.format(text="x").replace("Wed, 14 Jan 2026 00:00:00 -0500", written)

    with pytest.raises(BrokenAnswer, match="day"):
        parse_listing(body.encode())


def test_several_creators_are_several_authors() -> None:
    body = RSS.format(text="x").replace(
        "<dc:creator>x</dc:creator>", "<dc:creator>Ann Lee</dc:creator><dc:creator>Bo Li</dc:creator>"
    )

    (item,) = parse_listing(body.encode()).items
    assert [author.name for author in item.paper.authors] == ["Ann Lee", "Bo Li"]


def test_a_feed_of_somebody_elses_has_no_place() -> None:
    listing = parse_listing(RSS.format(text="x").replace("cs.AI updates on arXiv.org", "My blog").encode())

    assert (listing.place, listing.title) == ("", "My blog")


@pytest.mark.parametrize(
    "body",
    [
        b'<?xml version="1.0" encoding="UTF-16"?><rss/>',
        b'<?xml version="1.0" encoding="ISO-8859-1"?><rss>\xe9</rss>',
        "<?xml version='1.0'?><rss/>".encode("utf-16"),
        b"<!-- " + b"x" * 100_000 + b' --><!DOCTYPE a [<!ENTITY x "y">]><rss>&x;</rss>',
        b"\xef\xbb\xbf  <html><body>",
        b'<?xml version="1.0"?><!DOCTYPE html PUBLIC "x" "y"><html/>',
        b"<rss>" + b"<a>" * 10_000,
        b"{}",
        b"",
    ],
)
def test_what_is_no_plain_xml_in_utf_8_is_refused(body: bytes) -> None:
    with pytest.raises(BrokenAnswer):
        parse_listing(body)
