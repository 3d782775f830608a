"""Formulas as presentation MathML, for content: what Unicode cannot say and a converter can.

latex2mathml converts. What it would lose or let through (unknown macros, open braces, links, styles) is
refused here instead, so that the caller can show the source.
Source: MathML Core, https://www.w3.org/TR/mathml-core/
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Any

from latex2mathml.converter import convert
from lxml import etree
from pylatexenc.latex2text import fmt_math_text_style

from feedsvc.render.characters import clean_text

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
# Longer ones are whole derivations; the converter takes time in proportion to their square.
LONGEST = 1_000

_ELEMENT = re.compile(
    "math|mrow|mi|mo|mn|mtext|mspace|msub|msup|msubsup|munder|mover|munderover|mfrac|msqrt|mroot"
    "|mtable|mtr|mtd|mstyle|mpadded|mphantom|menclose"
)
_ATTRIBUTE = re.compile(
    "display|displaystyle|scriptlevel|stretchy|accent|fence|separator|form|linethickness|width|height|depth"
    "|lspace|rspace|voffset|minsize|maxsize|movablelimits|columnalign|notation"
)
# Browsers no longer style letters by attribute: each style has letters of its own.
_STYLES = {
    "bold": "bold",
    "italic": "italic",
    "bold-italic": "bold-italic",
    "script": "script",
    "bold-script": "bold-script",
    "fraktur": "fraktur",
    "double-struck": "doublestruck",
    "sans-serif": "sans",
    "monospace": "monospace",
}
_DELIMITERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))
_COMMAND = re.compile(r"\\(?:begin|end)\s*\{[^{}]*\}|\\[A-Za-z]+|\\.|\{\}", re.DOTALL)
_ARRAY = re.compile(r"\\begin\s*\{(?:array|tabular)\}\s*\{[^{}]*\}")
_DOLLAR = re.compile(r"(?<!\\)\$")
_BRACE = re.compile(r"\\.|([{}])", re.DOTALL)


def read_mathml(source: str) -> etree._Element | None:
    """Give a formula, delimiters included, as a `math` element; None where something would be lost.

    Its source stands in `alttext` and as an annotation, which browsers hide and plain text readers show.
    """
    tex = _strip_delimiters(source)
    if tex != clean_text(tex):
        return None  # signs that no XML can hold
    if not tex or len(tex) > LONGEST or _DOLLAR.search(tex) or not _is_balanced(tex):
        return None
    math = _convert(tex)
    if math is None or not _is_whole(tex, math):
        return None
    return _annotate(math, tex)


def _strip_delimiters(source: str) -> str:
    for opening, closing in _DELIMITERS:
        if source.startswith(opening) and source.endswith(closing) and len(source) > len(opening + closing):
            return source[len(opening) : -len(closing)].strip()
    return source.strip()


def _is_balanced(tex: str) -> bool:
    depth = 0
    for found in _BRACE.finditer(tex):
        depth += {"{": 1, "}": -1}.get(found[1] or "", 0)
        if depth < 0:
            return False
    return depth == 0


def _convert(tex: str) -> etree._Element | None:
    try:
        math = etree.fromstring(convert(tex))
    except Exception:
        # The converter raises whatever it stumbles over, and writes `<` of a text as it is.
        return None
    for element in math.iter():
        name = etree.QName(element)
        if name.namespace != NAMESPACE or not _ELEMENT.fullmatch(name.localname):
            return None
        _tidy_attributes(element)
    return math


def _tidy_attributes(element: etree._Element) -> None:
    style = _STYLES.get(str(element.attrib.get("mathvariant", "")))
    if style and element.text:
        element.text = str(fmt_math_text_style(element.text, style))
    is_upright = element.attrib.get("mathvariant") == "normal"
    kept = {name: value for name, value in element.attrib.items() if _ATTRIBUTE.fullmatch(str(name))}
    element.attrib.clear()
    element.attrib.update(kept | ({"mathvariant": "normal"} if is_upright else {}))


def _is_whole(tex: str, math: etree._Element) -> bool:
    """Tell whether every letter and figure of the source is there, and no macro is left as it was typed."""
    text = "".join(map(str, math.itertext()))
    if "\\" in text:
        return False
    typed = _COMMAND.sub(" ", _ARRAY.sub(" ", tex))
    return not _count_letters(typed) - _count_letters(text)


def _count_letters(text: str) -> Counter[str]:
    plain = unicodedata.normalize("NFKD", text)
    return Counter(letter for letter in plain if letter.isalnum())


def _annotate(math: etree._Element, tex: str) -> etree._Element:
    make: Any = etree.SubElement
    annotated = etree.Element(f"{{{NAMESPACE}}}math", nsmap={None: NAMESPACE})
    annotated.set("alttext", tex)
    semantics = make(annotated, f"{{{NAMESPACE}}}semantics")
    semantics.extend([*math] if len(math) == 1 else [_wrap(math)])
    make(semantics, f"{{{NAMESPACE}}}annotation", encoding="application/x-tex").text = f" ${tex}$"
    return annotated


def _wrap(math: etree._Element) -> etree._Element:
    row = etree.Element(f"{{{NAMESPACE}}}mrow")
    row.extend([*math])
    return row
