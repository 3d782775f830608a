"""Whether a digest can be trusted: what it says is held against the abstract it was made from. Pure.

What these rules find is certain enough to keep a digest from being published; that they find nothing proves
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from feedsvc.digest.headings import Role
from feedsvc.digest.language import is_in_language
from feedsvc.digest.quantities import Bound, Quantity, Unit, read_quantities
from feedsvc.digest.roles import find_sure
from feedsvc.digest.sentences import split_sentences


class Rule(StrEnum):
    """What was broken."""

    QUANTITY = "quantity"  # a number that the abstract does not have
    BOUND = "bound"  # "up to", "at least" lost or turned round
    LINK = "link"  # an address that was lost, or that the abstract does not have
    NAME = "name"  # an acronym or a model's name that the paper does not have
    LANGUAGE = "language"  # not in the language that was asked for
    EMPTY = "empty"  # a section without a word
    LENGTH = "length"  # a section longer than the abstract it sums up
    COPY = "copy"  # two sections that say the same
    PLACE = "place"  # results in the background
    FORM = "form"  # a model's answer that holds no digest


@dataclass(frozen=True, slots=True)
class Written:
    """A digest as somebody wrote it: its language, a title if it has one, and its sections by name."""

    language: str
    title: str | None
    sections: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, and where: the title, or the name of a section."""

    rule: Rule
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.rule} in the {self.place}: {self.message}"


_ADDRESS = re.compile(r"https?://[^\s<>\"'`)\]}\u0080-\U0010ffff]+")
# TeX's, before _ and the like.
_ESCAPE = re.compile(r"\\(?=[_~#%&])")
# Letters with two capitals or with a digit among them: RLHF, GPT-4, Qwen2.5, CIFAR-10N.
_NAME = re.compile(
    r"(?<![\w\\])(?=[\w.-]{0,40}(?:[A-Z][\w.-]{0,40}[A-Z]|[A-Za-z][\w.-]{0,40}\d))"
    r"[A-Za-z][A-Za-z0-9]*(?:[.-][A-Za-z0-9]+)*",
    re.ASCII,
)
_RESULTS = re.compile(
    r"实验(?:结果)?(?:表明|显示|证明)|结果(?:表明|显示)"
    r"|(?:优于|超过)(?!\s*[\d数几一二两三四五六七八九十百千万亿])[^。]{0,20}(?:基线|方法|模型)"
    r"|(?:提高|提升|降低|减少|达到)了?[^。，A-Za-z\d]{0,12}\d+(?:\.\d+)?\s*(?:\\?%|个百分点|倍)"
    r"|\b(?:results|experiments) (?:show|demonstrate|indicate)|\boutperform(?:s|ed)?\b",
    re.IGNORECASE,
)
# Of abstracts not trained on, this finds 44 % of the results with shares or multiples, and no sentence of the
# background.
_SURE_RESULT = 0.7
_UNCOUNTED = (1, 2)
_LEAST_WORDS_TO_COPY = 12
_COPIED = 0.8


def check_digest(written: Written, title: str, abstract: str) -> list[Finding]:
    """Give everything that is wrong with a digest of a paper of this title and abstract, rule by rule."""
    source = f"{title}\n{abstract}"
    places = [("title", written.title)] if written.title else []
    texts = [(place, text) for place, text in (*places, *written.sections) if text.strip()]
    return [
        *(finding for place, text in texts for finding in _check_quantities(place, text, source)),
        *_check_lost_links(written, abstract),
        *(finding for place, text in texts for finding in _check_links(place, text, source)),
        *(finding for place, text in texts for finding in _check_names(place, text, source)),
        *(finding for place, text in texts for finding in _check_language(place, text, written.language)),
        *_check_sections(written.sections, abstract),
        *_check_background(dict(written.sections).get("background", ""), abstract),
    ]


def _check_quantities(place: str, text: str, source: str) -> Iterator[Finding]:
    known = dict.fromkeys(read_quantities(source))
    for said in dict.fromkeys(read_quantities(text)):
        meant = [each for each in known if _is_same(said, each)]
        if not meant:
            yield Finding(Rule.QUANTITY, place, f"{said.text!r} is not in the abstract")
        elif problem := _compare_bounds(said, meant):
            yield Finding(Rule.BOUND, place, f"{said.text!r} {problem}")


def _is_same(said: Quantity, known: Quantity) -> bool:
    if said.is_vague:
        # "Several times" says what 3x or 4.5 times says, hundreds of times does not.
        is_order = said.value == 1 and known.unit is Unit.TIMES and 2 <= known.value < 10
        return (known.is_vague and said.value == known.value) or is_order
    if known.is_vague:
        return False
    if said.amount == known.amount:
        return True
    # What is counted is not always told: a lag of five, which a digest calls days; an accuracy of 95.2.
    units = {said.unit, known.unit}
    is_score = units == {Unit.NONE, Unit.PERCENT} and said.value.denominator > 1
    is_told = Unit.NONE not in units or Unit.PERCENT in units
    return said.value == known.value and (is_score or not is_told)


def _compare_bounds(said: Quantity, meant: Sequence[Quantity]) -> str | None:
    bounds = {each.bound for each in meant}
    named = _name_bounds(bounds)
    # "One problem is …" says nothing of "at least one".
    is_plain = said.bound is Bound.NONE and said.unit is Unit.NONE and said.value in _UNCOUNTED
    if said.bound in bounds or is_plain:
        return None
    is_lower = said.bound is Bound.LOWER and Bound.OVER not in bounds
    if is_lower or (said.bound is Bound.OVER and bounds == {Bound.UPPER}):
        return f"is said as a lower bound, in the abstract it is {named}"
    if said.bound is Bound.UPPER and bounds <= {Bound.LOWER, Bound.OVER}:
        return f"is said as an upper bound, in the abstract it is {named}"
    is_lost = said.bound is Bound.NONE and bounds <= {Bound.UPPER, Bound.LOWER}
    return f"lost that it is {named}" if is_lost else None


def _name_bounds(bounds: Iterable[Bound]) -> str:
    return " or ".join(sorted(bound.value or "said without one" for bound in bounds))


def find_addresses(text: str) -> list[str]:
    """Give the web addresses that a text has, each once, in order."""
    return list(dict.fromkeys(each.rstrip(".,;:!?*(") for each in _ADDRESS.findall(_ESCAPE.sub("", text))))


def find_lost_addresses(abstract: str, said: str) -> list[str]:
    """Give the web addresses of an abstract that a digest's text does not have."""
    kept = _ESCAPE.sub("", said)
    return [address for address in find_addresses(abstract) if address not in kept]


def _check_lost_links(written: Written, abstract: str) -> Iterator[Finding]:
    for address in find_lost_addresses(abstract, " ".join(text for _, text in written.sections)):
        yield Finding(Rule.LINK, "digest", f"{address} is lost")


def _check_links(place: str, text: str, source: str) -> Iterator[Finding]:
    """Find addresses of the writer's own; one that the abstract has without a scheme is none."""
    known = _ESCAPE.sub("", source)
    for address in find_addresses(text):
        bare = re.escape(address.partition("://")[2].removesuffix("/"))
        if not re.search(rf"(?<![\w.-]){bare}/?(?![\w/-])", known):
            yield Finding(Rule.LINK, place, f"{address} is not in the abstract")


def _check_names(place: str, text: str, source: str) -> Iterator[Finding]:
    known = source.lower().replace("‐", "-").replace("–", "-")
    for name in dict.fromkeys(_NAME.findall(text)):
        # A name put together from two of the paper's is not invented.
        parts = name.split("-")
        if not _stands_in(known, name) and (len(parts) == 1 or not all(_stands_in(known, p) for p in parts)):
            yield Finding(Rule.NAME, place, f"{name!r} is not in the title or abstract")


def _stands_in(known: str, name: str) -> bool:
    return name.lower().removesuffix("s") in known


def _check_language(place: str, text: str, language: str) -> Iterator[Finding]:
    if not is_in_language(text, language, is_title=place == "title"):
        yield Finding(Rule.LANGUAGE, place, f"is not in {language}: {text[:40]!r}")


def _check_sections(sections: Sequence[tuple[str, str]], abstract: str) -> Iterator[Finding]:
    for place, text in sections:
        if not text.strip():
            yield Finding(Rule.EMPTY, place, "is empty")
        elif len(text) > max(len(abstract), 200):
            yield Finding(Rule.LENGTH, place, f"has {len(text)} characters, the abstract {len(abstract)}")
    for number, (place, text) in enumerate(sections):
        for earlier, other in sections[:number]:
            if _is_copy(text, other):
                yield Finding(Rule.COPY, place, f"says what the {earlier} says")


def _check_background(text: str, abstract: str) -> Iterator[Finding]:
    """Find results in the background: words that tell of some, figures that the abstract has as results."""
    if found := _RESULTS.search(text):
        yield Finding(Rule.PLACE, "background", f"tells of results: {found[0]!r}")
        return
    sentences = split_sentences(abstract)
    sure = find_sure(sentences, Role.RESULT, _SURE_RESULT)
    pairs = zip(sure, sentences, strict=True)
    known = [(is_sure, own) for is_sure, sentence in pairs for own in read_quantities(sentence)]
    for said in read_quantities(text):
        meant = [is_sure for is_sure, own in known if _is_same(said, own)]
        if said.unit in (Unit.PERCENT, Unit.TIMES) and meant and all(meant):
            yield Finding(Rule.PLACE, "background", f"tells of results: {said.text!r}")


def _is_copy(text: str, other: str) -> bool:
    """Tell whether most of the shorter text's pairs of words or characters stand in the other, too."""
    one, two = (_pairs(each) for each in (text, other))
    least = min(len(one), len(two))
    return least >= _LEAST_WORDS_TO_COPY and len(one & two) >= _COPIED * least


def _pairs(text: str) -> set[tuple[str, str]]:
    words = re.findall(r"[\u3400-\u9fff]|[^\W_]+", text.lower())
    return set(pairwise(words))
