"""One line of authors, cut into the authors that the API names one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedsvc.arxiv.authors import split_authors, tidy_affiliations, tidy_name
from feedsvc.arxiv.listing import parse_listing
from feedsvc.errors import AnswerError
from feedsvc.paper import Author
from tests.recordings import list_recordings

OAI = "{http://arxiv.org/OAI/arXiv/}"


def names(line: str) -> list[str]:
    return [author.name for author in split_authors(line)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("  ", []),
        ("Ann Lee", ["Ann Lee"]),
        ("Ann Lee, Bo Li", ["Ann Lee", "Bo Li"]),
        ("Ann Lee,Bo Li,\n  Ca Ma", ["Ann Lee", "Bo Li", "Ca Ma"]),
        ("Ann Lee and Bo Li", ["Ann Lee", "Bo Li"]),
        ("Ann Lee, Bo Li, and Ca Ma", ["Ann Lee", "Bo Li", "Ca Ma"]),
        ("Ann Lee & Bo Li", ["Ann Lee", "Bo Li"]),
        ("Andy Wand, Alexandra Land", ["Andy Wand", "Alexandra Land"]),
        ("Ann Lee,, Bo Li,", ["Ann Lee", "Bo Li"]),
    ],
)
def test_commas_and_the_word_and_part_authors(line: str, expected: list[str]) -> None:
    assert names(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r"Fr\'ed\'eric Lagouti\`ere, Ji\v{r}\'i Nov\'ak", ["Frédéric Lagoutière", "Jiří Novák"]),
        (r"\'S. R. Gal, J. K\k{e}dra, {\L}. Stawarz", ["Ś. R. Gal", "J. Kędra", "Ł. Stawarz"]),
        (r"M. F\"u{\ss}ling, A. Djannati-Ata\"i", ["M. Füßling", "A. Djannati-Ataï"]),
        (r"{\'A}lvaro {Garc\'ia}", ["Álvaro García"]),
        ("Jiří Novák", ["Jiří Novák"]),
    ],
)
def test_names_are_in_unicode(line: str, expected: list[str]) -> None:
    assert names(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Ann Lee (Ohio State)", [Author("Ann Lee", ("Ohio State",))]),
        (
            "E. Bertone (INAOE, Puebla, Mexico), M. Chavez (INAOE, Puebla, Mexico)",
            [
                Author("E. Bertone", ("INAOE, Puebla, Mexico",)),
                Author("M. Chavez", ("INAOE, Puebla, Mexico",)),
            ],
        ),
        (
            "Ann Lee (Dept (Lab (Room 1), Floor 2), Town), Bo Li",
            [Author("Ann Lee", ("Dept (Lab (Room 1), Floor 2), Town",)), Author("Bo Li")],
        ),
        ("Ann Lee (X) (Y), Bo Li", [Author("Ann Lee", ("X", "Y")), Author("Bo Li")]),
        (
            r"A. P\'al (Lor\'and E\"otv\"os University), B. Li",
            [Author("A. Pál", ("Loránd Eötvös University",)), Author("B. Li")],
        ),
        (
            "Ann Lee (R and D, A & B) and Bo Li (C)",
            [Author("Ann Lee", ("R and D, A & B",)), Author("Bo Li", ("C",))],
        ),
        ("Ann Lee, (Ohio State), Bo Li", [Author("Ann Lee", ("Ohio State",)), Author("Bo Li")]),
        ("Ann Lee (and the WISH Team)", [Author("Ann Lee", ("and the WISH Team",))]),
    ],
)
def test_affiliations_stand_in_parentheses(line: str, expected: list[Author]) -> None:
    assert list(split_authors(line)) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Ann Lee (Lab, Bo Li, Ca Ma", ["Ann Lee", "Bo Li", "Ca Ma"]),
        ("Ann Lee (Lab (Room), Bo Li", ["Ann Lee", "Bo Li"]),
        ("Ann Lee Lab), Bo Li", ["Ann Lee Lab", "Bo Li"]),
        ("Ann Lee (", ["Ann Lee"]),
    ],
)
def test_a_parenthesis_left_open_swallows_no_author(line: str, expected: list[str]) -> None:
    assert names(line) == expected


def test_numbers_are_looked_up_in_the_legend() -> None:
    people = r"Irina Lupu (1), Laurent George (2 and 1), Jo\"el Goossens (1,2)"
    line = f"{people} ((1) U.L.B., Brussels, (2) ECE (Paris))"

    assert split_authors(line) == (
        Author("Irina Lupu", ("U.L.B., Brussels",)),
        Author("Laurent George", ("ECE (Paris)", "U.L.B., Brussels")),
        Author("Joël Goossens", ("U.L.B., Brussels", "ECE (Paris)")),
    )


def test_numbers_without_a_legend_say_nothing() -> None:
    assert split_authors("Ann Lee (1), Bo Li (2, 3)") == (Author("Ann Lee"), Author("Bo Li"))


@pytest.mark.parametrize("mark", ["Eds.", "Ed.", "eds", "Editor", "editors"])
def test_an_editors_mark_is_no_affiliation(mark: str) -> None:
    assert split_authors(f"V. Bozza ({mark}), L. Mancini ({mark})") == (
        Author("V. Bozza"),
        Author("L. Mancini"),
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("  HESS Collaboration, A. Abramowski", ["HESS Collaboration", "A. Abramowski"]),
        ("The XYZ Collaboration: A. Bo, C. Do", ["The XYZ Collaboration", "A. Bo", "C. Do"]),
        ("Keck Array, BICEP2 Collaborations,  :, P. Ade", ["Keck Array", "BICEP2 Collaborations", "P. Ade"]),
        ("A. G. Knospe, for the ALICE Collaboration", ["A. G. Knospe", "ALICE Collaboration"]),
        ("D. Vos, on behalf of the LHCb collaboration", ["D. Vos", "LHCb collaboration"]),
        ("V. Schaffenroth, MUCHFUSS collaboration", ["V. Schaffenroth", "MUCHFUSS collaboration"]),
        ("Editors:, Ann Lee", ["Ann Lee"]),
    ],
)
def test_a_collaboration_is_an_author(line: str, expected: list[str]) -> None:
    assert names(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("G. David Forney, Jr., Pascal O. Vontobel", ["G. David Forney Jr.", "Pascal O. Vontobel"]),
        ("Harry B. Hunt, III, S. S. Ravi", ["Harry B. Hunt III", "S. S. Ravi"]),
        ("Thomas N. Gautier III, John Geary", ["Thomas N. Gautier III", "John Geary"]),
        ("W. A. Rodrigues Jr, R. da Rocha", ["W. A. Rodrigues Jr", "R. da Rocha"]),
        ("Robert W. Heath,, Jr., S. Vis", ["Robert W. Heath Jr.", "S. Vis"]),
    ],
)
def test_a_suffix_belongs_to_the_name_before_it(line: str, expected: list[str]) -> None:
    assert names(line) == expected


def test_a_suffix_keeps_the_affiliation_behind_it() -> None:
    assert split_authors("A. Abe, Jr. (MIT), B. Bo") == (Author("A. Abe Jr.", ("MIT",)), Author("B. Bo"))


@pytest.mark.parametrize(
    "line",
    [
        "LHCb collaboration: R. Aaij, et al. (909 additional authors not shown)",
        "LHCb collaboration, R. Aaij et al.",
        "LHCb collaboration, R. Aaij, et al (12 additional authors not shown)",
    ],
)
def test_et_al_is_nobody(line: str) -> None:
    assert split_authors(line) == (Author("LHCb collaboration"), Author("R. Aaij"))


@pytest.mark.parametrize(
    ("written", "tidied"),
    [
        ("C. -C. Lu", "C.-C. Lu"),
        ("J. -P. Vialle", "J.-P. Vialle"),
        ("M.H. Karwan", "M. H. Karwan"),
        ("  Moustapha   Diaby ", "Moustapha Diaby"),
        ("Forney, Jr.", "Forney Jr."),
        ("Heath, Jr", "Heath Jr"),
        ("Jean-Marc Azaïs", "Jean-Marc Azaïs"),
        ("and Linsheng Zhu", "Linsheng Zhu"),
        ("O'Neil", "O'Neil"),
        ("Anderson", "Anderson"),
        ("Edison", "Edison"),
        ("et al.", ""),
        ("Eds.", ""),
        (":", ""),
        ("", ""),
    ],
)
def test_a_name_is_written_alike_from_every_source(written: str, tidied: str) -> None:
    assert tidy_name(written) == tidied


def test_affiliations_are_folded_and_empty_ones_left_out() -> None:
    assert tidy_affiliations(["Ohio\n  State, ", "", " ", "Eds.", r"Universit\'e"]) == (
        "Ohio State",
        "Université",
    )


def test_the_recorded_listings_name_the_authors_of_arxivs_own_parser(shared: Path) -> None:
    """OAI-PMH has the names of the same papers cut by arXiv into forenames, key name and suffix."""
    cut: dict[str, list[str]] = {}
    for path in list_recordings(shared, "oai"):
        if path.name.startswith("gen_oai_arXiv_math"):
            for record in etree.parse(path).iter(f"{OAI}arXiv"):
                cut[record.findtext(f"{OAI}id") or ""] = [_join_name(a) for a in record.iter(f"{OAI}author")]
    listed = {
        item.paper.id: [author.name for author in item.paper.authors]
        for path in list_recordings(shared, "rss", "atom")
        if path.name.startswith("gen_") and "error" not in path.name
        for item in parse_listing(path.read_bytes()).items
    }
    common = listed.keys() & cut.keys()

    assert len(common) > 100
    assert {paper: listed[paper] for paper in common} == {paper: cut[paper] for paper in common}


def _join_name(author: etree._Element) -> str:
    parts = (author.findtext(f"{OAI}{part}") for part in ("forenames", "keyname", "suffix"))
    return tidy_name(" ".join(part for part in parts if part))


def test_the_recorded_raw_lines_give_the_names_of_the_listings(shared: Path) -> None:
    """OAI-PMH's arXivRaw has the lines as submitted, with numbered affiliations, `and` and `,` mixed."""
    raw = {}
    for path in list_recordings(shared, "oai"):
        if "arXivRaw" in path.name:
            for record in etree.parse(path).iter("{http://arxiv.org/OAI/arXivRaw/}arXivRaw"):
                raw[record.findtext("{*}id")] = record.findtext("{*}authors") or ""
    checked = 0
    for path in list_recordings(shared, "rss", "atom"):
        try:
            items = parse_listing(path.read_bytes()).items
        except AnswerError:
            continue
        for paper in (item.paper for item in items if item.paper.id in raw):
            assert names(raw[paper.id]) == [author.name for author in paper.authors]
            checked += 1
    assert checked > 25


NAME = st.from_regex(r"[A-Z][a-z]{1,8} [A-Z]\. [A-Z][a-zéöł]{1,8}(-[A-Z][a-z]{1,5})?", fullmatch=True)
AFFILIATION = st.from_regex(
    r"[A-Z][a-z]{1,8}(, [A-Z][a-z]{1,5})?( \([A-Z]{2,4}(, [a-z]{2})?\))?", fullmatch=True
)
PLACE = AFFILIATION.filter(lambda text: text not in ("Ed", "Eds", "Editor", "Editors"))
AUTHOR = st.builds(Author, NAME, st.lists(PLACE, max_size=2).map(tuple))


@given(st.lists(AUTHOR, max_size=8))
def test_a_line_made_of_authors_gives_them_back(authors: list[Author]) -> None:
    line = ", ".join(" ".join((a.name, *(f"({text})" for text in a.affiliations))) for a in authors)

    assert list(split_authors(line)) == authors


WORDS = [
    "A",
    "B.",
    "Bo",
    "Lu-Chi",
    "O'Hara",
    "Müller",
    "and",
    "&",
    "et",
    "al",
    "Et",
    "Al.",
    "Eds",
    "eds.",
    "ed",
]
WORDS += [
    "for",
    "For",
    "the",
    "on",
    "behalf",
    "of",
    "Collaboration",
    "Jr",
    "Jr.",
    "II",
    "e\u0301",
    "\u212bsa",
    "M.H.",
    "C.-C.",
]
WORDY = st.lists(st.sampled_from([*WORDS, "-", ",", ";", ".", " ", "  "]), max_size=6).map(
    lambda words: " ".join(words).strip()
)


@given(WORDY)
def test_a_plain_name_is_what_the_rules_would_make_of_it(text: str) -> None:
    """Braces mean nothing, but keep a name from being taken for a plain one."""
    assert tidy_name(text) == tidy_name(f"{text}{{}}")


@given(
    st.lists(WORDY.filter(bool) | NAME, min_size=1, max_size=5),
    st.sampled_from([", ", " and ", ", and ", ","]),
)
def test_a_plain_line_is_what_the_rules_would_make_of_it(texts: list[str], joint: str) -> None:
    """A parenthesis at its end keeps a line from being taken for a plain one."""
    line = joint.join(texts)

    assert names(line) == names(f"{line}, Zoe Last (Lyon)")[:-1]


@given(st.text(alphabet="aB.,;:()&- \\'{}1édn", max_size=60))
def test_no_line_is_too_odd(line: str) -> None:
    for author in split_authors(line):
        assert author.name == author.name.strip() != ""
        assert all(author.affiliations)
