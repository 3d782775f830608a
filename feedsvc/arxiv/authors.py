"""A listing's one line of authors, cut into the authors that the API names one by one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from feedsvc.arxiv.wire import fold_text
from feedsvc.paper import Author

_SEPARATOR = re.compile(r"\s*[,;:]\s*|(?:^|\s+)(?:and|&)\s+")
_AND = re.compile(r"^(?:and|&)\s+")
_SUFFIX = re.compile(r"(?:Jr|Sr|II|III|IV|2nd|3rd)\.?", re.IGNORECASE)
_COMMA_SUFFIX = re.compile(rf"\s*,+\s*(?={_SUFFIX.pattern}$)", re.IGNORECASE)
_ET_AL = re.compile(r"(?:^|\s+)et\.?\s+al\b.*$", re.IGNORECASE)
_ROLE = re.compile(r"(?:eds?|editors?)\.?", re.IGNORECASE)
_ON_BEHALF = re.compile(r"^(?:for|on behalf of)\s+(?:the\s+)?(?=.*\bcollaborations?\b)", re.IGNORECASE)
_NUMBERS = re.compile(r"[\d\s,;&*]+(?:and\s*[\d\s,;&*]+)*")
# What else than a part of a name a word may be.
_ODD_WORDS = frozenset(
    ("and", "ed", "editor", "editors", "eds", "et", "for", "ii", "iii", "iv", "jr", "on", "sr")
)
_GLUED = re.compile(r"\.(?=[^\W\d_])")
_SPACED_HYPHEN = re.compile(r"\.\s+-(?=\w)")
_LEGEND = re.compile(r"\((\d+)\)\s*((?:[^()]|\([^()\d][^()]*\))+)")


def split_authors(text: str) -> tuple[Author, ...]:
    """Cut a line such as `A. Ag\\"uero (IMF, Lyon), F. Oe, Jr.` into authors, in order.

    Commas inside parentheses belong to an affiliation; editors' marks and `et al.` are left out.
    A number in place of an affiliation is looked up in the legend at the line's end, if there is one.
    """
    line = fold_text(text)
    if names := _cut_plain(line.replace(", and ", ", ").replace(" and ", ", ")):
        return tuple(map(Author, names))
    joined = _join_suffixes(_read_drafts(line))
    drafts = [_Draft(name, draft.groups) for draft in joined if (name := tidy_name(draft.name.strip()))]
    legend = _take_legend(drafts)
    return tuple(
        [Author(draft.name, _affiliations(draft, legend) if draft.groups else ()) for draft in drafts]
    )


def _cut_plain(line: str) -> list[str]:
    """Cut a line of names that are nothing but words with a blank, hyphen, apostrophe or `. ` between.

    Gives none where anything else is in it. Most lines are of this kind; all that is below would read them
    the same way, ten times as slowly.
    """
    names = _space_initials(line)
    spaced = names.replace(", ", " ").replace(". ", " ").replace("-", " ").replace("'", " ")
    words = spaced.casefold().split(" ")
    # Two separators side by side leave an empty word.
    is_plain = "".join(words).isalpha() and "" not in words and _ODD_WORDS.isdisjoint(words)
    return names.split(", ") if is_plain and unicodedata.is_normalized("NFC", names) else []


def _space_initials(names: str) -> str:
    """Write `M.H. Oe` as `M. H. Oe`."""
    return names if names.count(".") == names.count(". ") else _GLUED.sub(". ", names)


def make_authors(told: Sequence[tuple[str, Sequence[str]]]) -> tuple[Author, ...]:
    """Give the authors that a source names one by one, with affiliations; what is no name is left out."""
    names = _cut_plain(", ".join([name for name, _ in told]))
    if len(names) != len(told):
        names = [tidy_name(name) for name, _ in told]
    return tuple(
        [
            Author(name, tidy_affiliations(affiliations) if affiliations else ())
            for name, (_, affiliations) in zip(names, told, strict=True)
            if name
        ]
    )


def tidy_name(text: str) -> str:
    """Write one name alike from every source: accents decoded, `M.H.` and `C. -C.` spaced, `, Jr.` joined.

    Gives nothing for what is no name, such as `et al.` or `Eds.`.
    """
    plain = _cut_plain(text)
    if len(plain) == 1:
        return plain[0]
    name = _ET_AL.sub("", _AND.sub("", fold_text(text).replace("{", "").replace("}", ""))).strip(" ,;:")
    name = _SPACED_HYPHEN.sub(".-", _space_initials(name))
    name = _ON_BEHALF.sub("", _COMMA_SUFFIX.sub(" ", name))
    return "" if _ROLE.fullmatch(name) else name


def tidy_affiliations(texts: Iterable[str]) -> tuple[str, ...]:
    """Write affiliations alike from every source; an editor's mark is none."""
    folded = [fold_text(text).strip(" ,;") for text in texts]
    return tuple([text for text in folded if text and not _ROLE.fullmatch(text)])


@dataclass(slots=True)
class _Draft:
    name: str
    groups: list[str] = field(default_factory=list)


def _read_drafts(line: str) -> list[_Draft]:
    drafts = [_Draft("")]
    for is_group, piece in _cut_groups(line):
        if is_group:
            drafts[-1].groups.append(piece)
        else:
            first, *others = _SEPARATOR.split(piece)
            drafts[-1].name += first
            drafts.extend(_Draft(name) for name in others)
    return drafts


def _cut_groups(line: str) -> Iterator[tuple[bool, str]]:
    """Give the text within outer parentheses (True) and between them (False).

    A parenthesis that nobody closes ends at the next comma, so that it swallows no other author.
    """
    place = 0
    while place < len(line):
        start = line.find("(", place)
        if start < 0:
            break
        yield False, line[place:start].replace(")", "")
        end = _find_closing(line, start)
        yield True, line[start + 1 : end]
        place = end + (line[end : end + 1] == ")")
    yield False, line[place:].replace(")", "")


def _find_closing(line: str, start: int) -> int:
    depth = 0
    for bracket in re.finditer(r"[()]", line[start:]):
        depth += 1 if bracket[0] == "(" else -1
        if depth == 0:
            return start + bracket.start()
    comma = line.find(",", start)
    return comma if comma >= 0 else len(line)


def _join_suffixes(drafts: list[_Draft]) -> list[_Draft]:
    """Give `Jr.` and a parenthesis standing alone back to the author before them."""
    joined: list[_Draft] = []
    for draft in drafts:
        name = draft.name.strip()
        if joined and (not name or _SUFFIX.fullmatch(name)):
            joined[-1].name += f" {name}"
            joined[-1].groups += draft.groups
        else:
            joined.append(draft)
    return joined


def _take_legend(drafts: list[_Draft]) -> dict[str, str]:
    """Take `((1) Lyon, (2) Nice)` off the last author and give it as a table."""
    if not drafts or not drafts[-1].groups or not drafts[-1].groups[-1].lstrip().startswith("("):
        return {}
    legend = dict(_LEGEND.findall(drafts[-1].groups[-1]))
    if legend:
        drafts[-1].groups.pop()
    return legend


def _affiliations(draft: _Draft, legend: dict[str, str]) -> tuple[str, ...]:
    found: list[str] = []
    for group in draft.groups:
        if _NUMBERS.fullmatch(group.strip()):
            found += [legend.get(number, "") for number in re.findall(r"\d+", group)]
        else:
            found.append(group)
    return tidy_affiliations(tuple(found))
