"""Queries made at random: of every node, for laws, and as text of every sort, for what must not break."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random

from hypothesis import strategies as st

from feedsvc.paper import Kind
from feedsvc.query.ast import (
    EVERYTHING,
    AnnouncedIn,
    AnnouncedOn,
    AnnouncedWithin,
    Field,
    HasId,
    IsPrimary,
    ListedIn,
    OfKind,
    Prefix,
    Query,
    Stemmed,
    Term,
    Unit,
    all_of,
    any_of,
    negate,
)
from feedsvc.query.mistakes import TermError
from feedsvc.query.terms import read_author
from feedsvc.query.words import is_character, is_letter, tokenise

FIELDS = st.sampled_from(Field)
WORDS = st.sampled_from(
    ["and", "or", "not", "andnot", "x", "graph", "schrodinger", "αβ", "alpha", "模", "型"]
)
TOKENS = st.lists(WORDS, min_size=1, max_size=4).map(tuple) | st.text(max_size=12).map(tokenise).filter(bool)
PLACES = st.sampled_from(["cs.AI", "math.NA", "cs.*", "hep-th", "q-bio.*"])
DAYS = st.dates(date(1991, 8, 14), date(2099, 12, 31))
NAMES = st.text(max_size=14) | st.sampled_from(
    ["Hinton, G. E.", "O'Neil", "van der Berg", "李明", "E, W", "o_x_y"]
)


def _authors(name: str) -> Query:
    try:
        return read_author(name)
    except TermError:
        return EVERYTHING


def _is_beginning(tokens: tuple[str, ...]) -> bool:
    return not is_letter(tokens[-1]) and not is_character(tokens[-1])


LEAVES: st.SearchStrategy[Query] = st.one_of(
    st.just(EVERYTHING),
    st.builds(Term, FIELDS, TOKENS),
    st.builds(Prefix, FIELDS, TOKENS.filter(_is_beginning)),
    st.builds(Stemmed, FIELDS, TOKENS.filter(_is_beginning).map(lambda tokens: tokens[-1])).filter(
        lambda node: not node.stem.isdecimal()
    ),
    NAMES.map(_authors),
    st.builds(ListedIn, PLACES),
    st.builds(AnnouncedIn, PLACES),
    st.tuples(DAYS, DAYS).map(lambda days: AnnouncedOn(*sorted(days))),
    st.builds(AnnouncedOn, DAYS, st.just(date.max)),
    st.builds(AnnouncedOn, st.just(date.min), DAYS),
    st.builds(AnnouncedWithin, st.integers(1, 1200), st.sampled_from(Unit)),
    st.builds(OfKind, st.sampled_from(Kind)),
    st.just(IsPrimary()),
    st.builds(HasId, st.sampled_from(["2601.06098", "hep-th/9901001"]), st.none() | st.integers(1, 99)),
)
QUERIES: st.SearchStrategy[Query] = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4).map(all_of) | st.lists(inner, max_size=4).map(any_of) | inner.map(negate)
    ),
    max_leaves=10,
)

# fmt: off
_PIECES = [
    " ", " ", " ", "(", ")", '"', "“", "”", "-", "–", " AND ", " OR ", " NOT ", " ANDNOT ", "*", "~",
    "~~", "?", "/", "\\", r"\aa", r"\alpha", r"\emph", "℃", "½", "\U00036259", r"\"", r"\'e", "{", "}",
    "$", "^", "_", "+", "%", "%22", "%28", "%2", "%FF", "+AND+", "&", "|", "!", "=", ":", "..", "[", "]",
    " TO ", "'", "’", "\t", "\n", "\0", "\u200b", "\u0301", "\ud800", "é", "ﬁ", "ﷺ", "ß", "İ", "模", "型",
    "が", "한", "α", "Σ", "ς", "𝒩", "٣", "²", "a", "b", "x", "the", "graph", "networks", "2026", "01", "7d",
    "ti:", "abs:", "au:", "co:", "jr:", "all:", "cat:", "in:", "kind:", "is:", "id:", "announced:", "rn:",
    "doi:", "title:", "submittedDate:", "cs.AI", "cs.*", "new", "primary", "2601.06098", "hep-th/9901001",
    "hinton_g", "O'Neil", "search_query=", "&start=0", "https://arxiv.org/abs/",
]
_SAMPLES = [
    'ti:"graph neural net*" AND (cat:cs.LG OR in:stat.*) -kind:replace announced:2026-01..2026-02',
    "au:del_maestro+ANDNOT+%28ti:checkerboard+OR+ti:Pyrochlore%29",
    "((self-supervised OR ~learning) transform*) ANDNOT (au:\"O'Neil, K.\" OR id:2601.06098v2)",
    r'au:"Schr\"odinger, E." jr:"Phys. Rev. Lett." OR co:~figures is:primary announced:7d',
    "扩散模型 OR (が NOT $\\mathcal{N}=4$) -(a -(b -(c -(d -(e)))))",
    "http://export.arxiv.org/api/query?search_query=all:electron+AND+submittedDate:[202301010600+TO+202401010600]",
]
# fmt: on


def make_texts(seed: int, count: int) -> Iterator[str]:
    """Give so many texts, the same for a seed: pieces of the language, mutated queries, any characters."""
    random = Random(seed)
    makers = (_join_pieces, _mutate, _mutate, _draw_characters)
    for _ in range(count):
        yield random.choice(makers)(random)


def _join_pieces(random: Random) -> str:
    return "".join(random.choices(_PIECES, k=random.randint(0, 40)))


def _mutate(random: Random) -> str:
    text = random.choice(_SAMPLES)
    for _ in range(random.randint(1, 8)):
        start, end = sorted(random.choices(range(len(text) + 1), k=2))
        piece = random.choice((random.choice(_PIECES), text[start:end][:20], ""))
        text = text[:start] + piece + text[random.choice((start, start + 1, end)) :]
    return text


def _draw_characters(random: Random) -> str:
    ends = (0x80, 0x80, 0x80, 0x3000, 0x10000, 0x110000)
    return "".join(chr(random.randrange(random.choice(ends))) for _ in range(random.randint(0, 260)))
