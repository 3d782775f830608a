"""Which characters may stand in a document: what XML cannot carry and what disturbs its surroundings goes."""

from __future__ import annotations

import re

# Char of XML 1.0 section 2.2, less what its note discourages: C1 controls and noncharacters.
_ILLEGAL = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(1, 17))
    + "]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
# Embeddings, overrides and isolates reach beyond a title that forgets to close them; marks do not.
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_LINE_END = re.compile("\r\n?|[\x85\u2028\u2029]")


def clean_text(text: str) -> str:
    """Make text fit for XML: line ends as `\\n`, controls gone, a lone surrogate as U+FFFD."""
    # No printable character is among those; line feeds stay.
    if text.replace("\n", " ").isprintable():
        return text
    text = _SURROGATE.sub("\ufffd", _LINE_END.sub("\n", text))
    return _DIRECTION.sub("", _ILLEGAL.sub("", text))


def clean_line(text: str) -> str:
    """Make text fit for XML, on one line with single spaces."""
    return " ".join(clean_text(text).split())
