"""Quantities in a text: value, unit and bound, in figures and in words, in English and in Chinese. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction


class Unit(StrEnum):
    """What is counted, as far as a check can tell: shares, multiples, time, or anything else."""

    NONE = ""
    PERCENT = "%"
    TIMES = "x"
    MILLISECOND = "ms"
    SECOND = "s"
    MINUTE = "min"
    HOUR = "h"
    DAY = "d"
    WEEK = "weeks"
    MONTH = "months"
    YEAR = "years"


class Bound(StrEnum):
    """What a quantity is said to be at the most, at the least or about.

    Of what is no share and no multiple, "over" may say more than, or in how many: scores over 120 scans.
    """

    NONE = ""
    UPPER = "at most"
    LOWER = "at least"
    OVER = "over"
    ABOUT = "about"


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity as a text has it. `is_vague` tells that only its order of magnitude is said: hundreds."""

    value: Fraction
    unit: Unit
    bound: Bound
    text: str
    is_vague: bool = False

    @property
    def amount(self) -> tuple[Fraction, str]:
        """Give how much it is of what: time that can be told in seconds, or in months, is told so."""
        if self.unit in _SECONDS:
            return self.value * _SECONDS[self.unit], "seconds"
        if self.unit in _MONTHS:
            return self.value * _MONTHS[self.unit], "months"
        return self.value, self.unit.value


_SCALES = {
    **{"k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9, "G": 10**9, "T": 10**12},
    **{"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12},
    **{"千": 10**3, "万": 10**4, "百万": 10**6, "千万": 10**7, "亿": 10**8, "十亿": 10**9, "万亿": 10**12},
}
_WORDS = {
    **{"zero": 0, "one": 1, "two": 2, "both": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7},
    **{"eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14},
    **{"fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20},
    **{"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90},
    "hundred": 100,
}
_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TIMES_WORDS = {"twice": 2, "double": 2, "doubles": 2, "doubled": 2, "triple": 3, "triples": 3, "tripled": 3}
_SHARES = {
    **{"half": Fraction(1, 2), "third": Fraction(1, 3), "quarter": Fraction(1, 4), "一半": Fraction(1, 2)},
    **{"two thirds": Fraction(2, 3), "three quarters": Fraction(3, 4)},
}
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6}
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}

_UPPER = (
    r"up to(?: an?)?|at most|as (?:much|many|high|large) as|no more than|upper bound of"
    r"|≤|\\leq?(?:slant)?(?![A-Za-z])|(?:a )?maxim(?:um|al)\b[\w\s]{0,30}? of|直至|直到"
)
_LOWER = (
    "more than|above|exceeding|surpassing|beyond|at least(?: (?:an?|another|an additional|a factor of))?"
    r"|(?:no|not) (?:less|fewer) than|(?:a )?minimum of|lower bound of|>|≥|\\geq?(?:slant)?(?![A-Za-z])"
    "|(?<!不)超过|超出|(?<!不)超|逾|(?<!不)[大多高]于"
)
_OVER = "over|exceed(?:s|ed)?|surpass(?:es|ed)?|in excess of|(?:great|larg|high|old|long|bett)er than"
# In Chinese a verb may stand between these and the figure: 至少需要合并 30 个.
_HAN_UPPER = "[高长可]达|多至|最[高长]达?|最多|多达|至多|不超过|不[多大高]于|小于或?等于|最大|上限"
_HAN_LOWER = "至少|不[少小低]于|大于或?等于|下限"
_BETWEEN = (
    r"(?:(?![二两三四五六七八九十百千万]|一[个种类项篇组层台名次]|[超逾不]|[大多高低少小]于)"
    r"[\u3400-\u9fff]){0,10}"
)
_ABOUT = "about|approximately|around|nearly|almost|roughly|some|~|≈|大约|约|近|将近|接近|平均约"
_BEFORE = re.compile(
    rf"(?:(?P<upper>{_UPPER}|(?:{_HAN_UPPER}){_BETWEEN})|(?P<lower>{_LOWER}|(?:{_HAN_LOWER}){_BETWEEN})"
    rf"|(?P<over>{_OVER})|(?P<about>{_ABOUT}))"
    r"(?:提升|提高|降低|减少|增加|增长|改善|加快|加速|节省|[了达到至])*\s*$",
    re.IGNORECASE,
)
# What is counted may stand before it: 200 个及以下, 3 kg or more.
_COUNTED = r"(?:[^\W\d]{1,12}\s+)?"
_HAN_COUNTED = r"(?:[A-Za-z]{1,4}\s*)?[\u3400-\u9fff]{0,3}?[及或]?"
_AFTER = re.compile(
    r"\s*(?:(?P<lower>\+|[多余](?=[篇个种项名次份张幅条步家台小])|有余"
    rf"|{_COUNTED}(?:or more|(?:and|or) (?:above|higher|older|longer|over|greater|larger|better))\b"
    rf"|{_HAN_COUNTED}(?:以上(?![述下])|更[多久高长大]))"
    rf"|(?P<upper>{_COUNTED}or (?:less|fewer)\b"
    rf"|{_HAN_COUNTED}(?:以下(?![列述游])|[以之]?内(?![部容在核])|更[少低短小]))"
    rf"|(?P<about>{_HAN_COUNTED}(?:左右|上下(?!文))))",
    re.IGNORECASE,
)

# A figure within a name (GPT-4, Qwen2.5, LLaMA3.1-8B, CIFAR-10N, 1D) is no quantity.
_IN_NAME = re.compile(r"(?:[A-Za-z][A-Za-z0-9_.-]*|第\s*)$")
# Nor is one in a Chinese date, which English writes with words: 1 月 14 日, 20 世纪 90 年代.
_IN_DATE = re.compile(r"\s*(?:月|日(?!均)|世纪|年代)")
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9.])(?P<figure>(?:\d{1,3}(?:,\d{3}){1,50}|\d{1,200})(?:\.\d{1,200})?)"
    r"(?:(?P<letter>[kKMBGT])(?![A-Za-z])"
    r"|\s*(?P<scale>thousand|million|billion|trillion|百万|千万|十亿|万亿|千|万|亿)(?![A-Za-z]))?"
    r"(?!(?!(?:ms|msec|s|h|min|hrs?|yrs?)(?![\w^{-]))[A-Za-z0-9]*[A-WYZa-wyz])"
)
_UNIT = re.compile(
    r"\s*(?:(?P<percent>\\?%|percent\b|per cent\b|pp\b|个百分点"
    r"|(?:(?:percentage|absolute|lost|missing|F1|accuracy) )?points?\b)"
    r"|(?P<times>[x×](?![A-Za-z])|\\times|-?\s?fold\b|times\b|倍))",
    re.IGNORECASE,
)
_TIME_UNITS = {
    Unit.MILLISECOND: r"ms(?:ecs?)?\b|milliseconds?\b|毫秒",
    Unit.SECOND: r"s(?![\w^{-])|secs?\b|seconds?\b|秒",
    Unit.MINUTE: r"mins?\b|minutes?\b|分钟",
    Unit.HOUR: r"h(?![\w^{-])|hours?\b|hrs?\b|个?小时",
    Unit.DAY: r"days?\b|天(?!然)",
    Unit.WEEK: r"weeks?\b|周(?![边围期年岁])",
    Unit.MONTH: r"months?\b|个月",
    Unit.YEAR: r"y(?:ea)?rs?\b|年(?![代级龄])",
}
_TIME = re.compile(
    "(?:[\\s~-]|\\\\,)*(?:"
    + "|".join(f"(?P<{unit.name}>{said})" for unit, said in _TIME_UNITS.items())
    + ")",
    re.I,
)
_SECONDS = {
    Unit.MILLISECOND: Fraction(1, 1000),
    Unit.SECOND: Fraction(1),
    Unit.MINUTE: Fraction(60),
    Unit.HOUR: Fraction(3600),
    Unit.DAY: Fraction(86_400),
    Unit.WEEK: Fraction(7 * 86_400),
}
_MONTHS = {Unit.MONTH: 1, Unit.YEAR: 12}
_FRACTION = re.compile(r"(?<![\w./])(\d{1,2})/(\d{1,2})(?![\w/])")
_WORD = re.compile(
    rf"(?<![\w-])(?P<word>{'|'.join((*_WORDS, *_TIMES_WORDS))})"
    rf"(?:-(?P<ones>{'|'.join(_ONES)})\b)?"
    r"(?:[\s-]+(?P<scale>hundred|thousand|million|billion))?(?:\b|(?=fold\b))",
    re.IGNORECASE,
)
_SHARE = re.compile(
    r"\b(?:(?P<many>two[- ]thirds|three[- ]quarters)|(?:one[- ])?(?P<one>half|third|quarter)"
    r"|(?P<halved>halv(?:es|ed|ing)))\b"
    r"|(?P<han>一半)",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"\s+an?(?=\s+(?:second|minute|hour|day|week|month|year)\b)", re.IGNORECASE)
# Of a range the second figure has the unit of both: 5-10%, between 5 and 10 percent.
_RANGE = re.compile(r"\s*(?:-{1,2}|[–~至到]|to\b)\s*\d+(?:\.\d+)?", re.IGNORECASE)
_RANGE_BETWEEN = re.compile(r"\s+and\s+\d+(?:\.\d+)?", re.IGNORECASE)
_ENUMERATION = re.compile(r"\((i{1,3}|iv|vi?)\)", re.IGNORECASE)
_VAGUE = re.compile(
    r"(?P<word>several|a few|multiple|many|tens|dozens|hundreds|thousands)(?: of)?(?:[- ]times|[- ]?fold)"
    r"|(?P<orders>an?|one|two|three|several|multiple) orders? of magnitude"
    r"|(?P<some>[数几好多上]+)(?P<ten>[十百千万])?(?P<times>倍)"
    r"|(?P<count>[一两三数几多])个数量级",
    re.IGNORECASE,
)
_VAGUE_ORDERS = {
    **{"several": 0, "a few": 0, "multiple": 0, "many": 0},
    **{"tens": 1, "dozens": 1, "hundreds": 2, "thousands": 3},
}
_TENS = {None: 0, "十": 1, "百": 2, "千": 3, "万": 4}
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "一": 1, "两": 2, "三": 3}
_HAN = "零〇一二两三四五六七八九十百千万"
_HAN_PERCENT = re.compile(rf"百分之([{_HAN}]+)")
_HAN_SHARE = re.compile(rf"([{_HAN}]+)分之([{_HAN}]+)")
_HAN_TIMES = re.compile(rf"(?<![{_HAN}数几好多上])([{_HAN}]+)倍")
# What is counted, from three on: one and two are said of much that an abstract does not count.
_HAN_COUNT = re.compile(
    rf"(?<![{_HAN}第之数几])(?!四周)([三四五六七八九]|十[{_HAN}]?|[{_HAN}]十[{_HAN}]?)"
    r"(?=分钟|毫秒|秒|小时|天(?!然)|周(?![边围期年岁])|个月|个小时|[个种项篇类组层](?![人别]))"
)


def read_quantities(text: str) -> list[Quantity]:
    """Give the quantities of a text, in no order, each as often as it stands there.

    Whole numbers in words count (three, 三个); figures within names (GPT-4) and ordinals do not.
    """
    return [
        *_read_figures(text),
        *_read_fractions(text),
        *_read_words(text),
        *_read_han(text),
        *_read_vague(text),
    ]


def _read_figures(text: str) -> Iterator[Quantity]:
    for found in _NUMBER.finditer(text):
        in_name = _IN_NAME.search(text, max(0, found.start() - 40), found.start())
        if in_name or _IN_DATE.match(text, found.end()):
            continue
        scale = found["letter"] or (found["scale"] or "").lower()
        value = Fraction(found["figure"].replace(",", "")) * _SCALES.get(scale, 1)
        yield _measure(text, found.start(), found.end(), value)


def _read_fractions(text: str) -> Iterator[Quantity]:
    for found in _FRACTION.finditer(text):
        if int(found[2]):
            yield _measure(text, found.start(), found.end(), Fraction(int(found[1]), int(found[2])))
    for found in _SHARE.finditer(text):
        name = (found["many"] or found["one"] or found["han"] or "half").lower().replace("-", " ")
        article = _ARTICLE.match(text, found.end())
        yield _measure(text, found.start(), (article or found).end(), _SHARES[name])


def _read_words(text: str) -> Iterator[Quantity]:
    for found in _WORD.finditer(text):
        word = found["word"].lower()
        if word in _TIMES_WORDS:
            value = Fraction(_TIMES_WORDS[word])
            bound = _harden(_bound(text, *found.span()), Unit.TIMES, value)
            yield Quantity(value, Unit.TIMES, bound, found[0])
        else:
            scale = {"hundred": 100}.get(found["scale"] or "", _SCALES.get(found["scale"] or "", 1))
            number = _WORDS[word] + _WORDS.get((found["ones"] or "").lower(), 0)
            yield _measure(text, found.start(), found.end(), Fraction(number * scale))
    for found in _ENUMERATION.finditer(text):
        yield Quantity(Fraction(_ROMAN[found[1].lower()]), Unit.NONE, Bound.NONE, found[0])


def _read_han(text: str) -> Iterator[Quantity]:
    for pattern, unit in ((_HAN_PERCENT, Unit.PERCENT), (_HAN_TIMES, Unit.TIMES)):
        for found in pattern.finditer(text):
            # What is raised by once (一倍) is doubled.
            is_once = unit is Unit.TIMES and found[1] == "一"
            value = Fraction(2 if is_once else _read_numeral(found[1]))
            yield Quantity(value, unit, _bound(text, *found.span()), found[0])
    for found in _HAN_COUNT.finditer(text):
        yield _measure(text, *found.span(), Fraction(_read_numeral(found[1])))
    for found in _HAN_SHARE.finditer(text):
        whole = _read_numeral(found[1])
        if whole and whole != 100:
            share = Fraction(_read_numeral(found[2]), whole)
            yield Quantity(share, Unit.NONE, _bound(text, *found.span()), found[0])


def _read_vague(text: str) -> Iterator[Quantity]:
    for found in _VAGUE.finditer(text):
        if found["word"]:
            order = _VAGUE_ORDERS[found["word"].lower()]
        elif found["times"]:
            order = _TENS[found["ten"]]
        else:
            order = _COUNTS.get((found["orders"] or found["count"]).lower(), 1)
        yield Quantity(Fraction(10**order), Unit.TIMES, Bound.NONE, found[0], is_vague=True)


def _measure(text: str, start: int, end: int, value: Fraction) -> Quantity:
    unit, after = _find_unit(text, start, end)
    bound = _bound(text, start, end)
    if bound is Bound.NONE:
        bound = _bound(text, start, after)
    return Quantity(value, unit, _harden(bound, unit, value), text[start:after].strip())


def _harden(bound: Bound, unit: Unit, value: Fraction) -> Bound:
    """Take "over" for a bound where it can be nothing else: with a share or a multiple."""
    is_share = unit in (Unit.PERCENT, Unit.TIMES) or value < 1
    return Bound.LOWER if bound is Bound.OVER and is_share else bound


def _find_unit(text: str, start: int, end: int) -> tuple[Unit, int]:
    """Give the unit of a figure, and where it ends; that of a range stands behind its second figure."""
    unit, after = _read_unit(text, end)
    if unit is Unit.NONE:
        is_between = text[max(0, start - 9) : start].rstrip()[-7:].lower() == "between"
        if found := (_RANGE_BETWEEN if is_between else _RANGE).match(text, end):
            unit, _ = _read_unit(text, found.end())
    return unit, after


def _read_unit(text: str, end: int) -> tuple[Unit, int]:
    if found := _UNIT.match(text, end):
        return (Unit.PERCENT if found["percent"] else Unit.TIMES), found.end()
    if found := _TIME.match(text, end):
        return Unit[found.lastgroup or Unit.NONE.name], found.end()
    return Unit.NONE, end


def _bound(text: str, start: int, end: int) -> Bound:
    for found in (_BEFORE.search(text, max(0, start - 45), start), _AFTER.match(text, end)):
        if found:
            return next(Bound[name.upper()] for name, said in found.groupdict().items() if said)
    return Bound.NONE


def _read_numeral(text: str) -> int:
    """Read a Chinese numeral below a hundred million: 七十, 一百二十, 三万."""
    total = section = digit = 0
    for sign in text:
        if sign in _DIGITS:
            digit = _DIGITS[sign]
            continue
        scale = {"十": 10, "百": 100, "千": 1000}.get(sign)
        if scale is None:
            total, section, digit = (total + section + digit) * 10**4, 0, 0
        else:
            section, digit = section + (digit or 1) * scale, 0
    return total + section + digit
