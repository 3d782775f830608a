"""Titles and text with TeX in them, read into pieces that any format can spell, or into plain Unicode."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from feedsvc.accents import decode_accents, split_maths
from feedsvc.render.maths import read_maths
from feedsvc.render.spelling import Script, spell_linear


@dataclass(frozen=True, slots=True)
class Source:
    """Mathematics that Unicode cannot say, as its author typed it, delimiters included."""

    tex: str


@dataclass(frozen=True, slots=True)
class Address:
    """A web address that stands in the text."""

    url: str


# No abstract is longer (arXiv takes 1,920 characters); what is, goes through as it is, quickly.
LONGEST = 20_000
# What an entry shows and what its summary begins with is one text, read once.
TEXTS = 64

Piece = str | Script | Source | Address


def to_text(tex: str) -> str:
    """Write text with TeX as plain Unicode; what Unicode cannot say stays as it was typed. Never raises."""
    return spell_linear([_spell_plain(piece) for piece in read_tex(tex)])


def _spell_plain(piece: Piece) -> str | Script:
    if isinstance(piece, Source):
        return piece.tex
    return piece.url if isinstance(piece, Address) else piece


@lru_cache(TEXTS)
def read_tex(tex: str) -> tuple[Piece, ...]:
    """Read text with TeX into pieces, in order; neighbouring texts are one piece. Never raises."""
    if len(tex) > LONGEST:
        return (tex,)
    if not _SIGN.search(tex):
        return tuple(filter(None, (decode_accents(tex),)))
    return _read_signs(tex)


def _read_signs(tex: str) -> tuple[Piece, ...]:
    vault = _Vault()
    text = "".join(
        vault.keep(*_read_formula(part)) if is_maths else _protect(part, vault)
        for is_maths, part in split_maths(decode_accents(tex))
    )
    text = _unwrap_macros(_LAYOUT.sub("", text))
    text = _spell_scripts(_spell_macros(text, vault), vault)
    return _merge(vault.open(_set_punctuation(text)))


class _Vault:
    """Keeps finished pieces out of the way of later steps: each leaves one private character in the text.

    Steps may move these characters, but not lose them.
    """

    FIRST, LAST = 0x100000, 0x10FFFD
    PATTERN = f"[{chr(FIRST)}-{chr(LAST)}]"

    def __init__(self) -> None:
        self._kept: list[tuple[Piece, ...]] = []

    def keep(self, *pieces: Piece) -> str:
        self._kept.append(pieces)
        return chr(self.FIRST + len(self._kept) - 1)

    def open(self, text: str) -> Iterator[Piece]:
        done = 0
        for found in re.finditer(self.PATTERN, text):
            yield text[done : found.start()]
            yield from self._kept[ord(found[0]) - self.FIRST]
            done = found.end()
        yield text[done:]


# Without any of these text is as it reads; it is most of what there is.
_SIGN = re.compile(rf"[\\$^_{{}}`~]|--|https?://|{_Vault.PATTERN}")

_DELIMITERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))


def _read_formula(formula: str) -> tuple[Piece, ...]:
    for opening, closing in _DELIMITERS:
        if formula.startswith(opening):
            return read_maths(formula[len(opening) : -len(closing)]) or (Source(formula),)
    return (Source(formula),)


# The characters of RFC 3986, less those that rather belong to the text around; TeX escapes some of the rest.
_IN_HOST = r"[A-Za-z0-9\-._~:@!&()*+,;=]|\\[_~&]"
_BEHIND_HOST = rf"{_IN_HOST}|[/?#\[\]]|\\#|\\?%[0-9A-Fa-f]{{2}}"
_URL = rf"https?://[A-Za-z0-9](?:{_IN_HOST})*(?:[/?#](?:{_BEHIND_HOST})*)?"
_PROTECTED = re.compile(rf"(?P<url>{_URL})|\\(?P<escaped>[${{}}])|(?P<private>{_Vault.PATTERN})")


def _protect(text: str, vault: _Vault) -> str:
    def keep(found: re.Match[str]) -> str:
        if not found["url"]:
            return vault.keep(found["escaped"] or found["private"])
        url = _trim(found["url"])
        return vault.keep(Address(re.sub(r"\\(.)", r"\1", url))) + found["url"][len(url) :]

    return _PROTECTED.sub(keep, text)


_PAIRS = {")": "(", "]": "["}


def _trim(url: str) -> str:
    """Leave off what ends the sentence, not the address."""
    while url[-1] in ".,;:!?*([\\" or (url[-1] in _PAIRS and url.count(url[-1]) > url.count(_PAIRS[url[-1]])):
        url = url[:-1]
    return url


_WRAPPED = re.compile(
    r"\\(?:(?:emph|text(?:it|bf|tt|sc|rm|sf|sl|up|md|normal)?|u(?:nder)?line|[mh]box|url)\s*\{(?P<plain>[^{}]*)\}"
    r"|href\s*\{(?P<address>[^{}]*)\}\s*\{(?P<link>[^{}]*)\}"
    r"|footnote\s*\{(?P<note>[^{}]*)\}"
    r"|enquote\s*\{(?P<quote>[^{}]*)\}"
    r")|(?<=[\w)\]])\\text(?P<script>super|sub)script\s*\{(?P<body>[^{}]*)\}"
    r"|\{\\(?:em|bf|it|tt|sc|rm|sf|sl|bfseries|itshape)(?![A-Za-z])\s*(?P<group>[^{}]*)\}"
)
_NESTED = 20


def _unwrap_macros(text: str) -> str:
    """Take the text out of macros that only dress it, the innermost first."""
    for _ in range(_NESTED):
        text, changes = _WRAPPED.subn(_unwrap, text)
        if not changes:
            break
    return text


def _unwrap(macro: re.Match[str]) -> str:
    if macro["address"] is not None:
        return f"{macro['link']} ({macro['address']})"
    if macro["note"] is not None:
        return f" ({macro['note']})"
    if macro["quote"] is not None:
        return f"“{macro['quote']}”"
    if macro["body"] is not None:
        return f"{'^' if macro['script'] == 'super' else '_'}{{{macro['body']}}}"
    return str(macro["plain"] if macro["plain"] is not None else macro["group"])


_LAYOUT = re.compile(
    r"(?:\\(?:noindent|par|newline|linebreak|(?:small|med|big)skip|centering|protect|ignorespaces)"
    r"|(?<!\{)\\(?:em|bf|it|tt|sc|rm|sf|sl|bfseries|itshape))(?![A-Za-z])[^\S\n]*"
    r"|\\[vh]space\*?\{[^{}]*\}|\\xspace(?![A-Za-z])(?:\{\})?|\\\\(?=\s)|\\[-/@]"
)


_BRACED = r"\{(?:[^{}]++|\{(?:[^{}]++|\{[^{}]*+\})*+\})*+\}"
_MACRO = re.compile(rf"\\[A-Za-z]+(?:{_BRACED})*")
_SCRIPT = re.compile(rf"(?<=[\w)\]])(?:[_^]{_BRACED})+|(?<=\d)\^-?\d+")


def _spell_macros(text: str, vault: _Vault) -> str:
    """Read mathematics whose author forgot the dollars."""
    return _MACRO.sub(lambda found: _spell(found[0], found[0], vault), text)


def _spell_scripts(text: str, vault: _Vault) -> str:
    return _SCRIPT.sub(
        lambda found: _spell(found[0], re.sub(r"^\^(-?\d+)$", r"^{\1}", found[0]), vault), text
    )


def _spell(typed: str, formula: str, vault: _Vault) -> str:
    if re.search(_Vault.PATTERN, formula):
        return typed
    spelling = read_maths(formula)
    if spelling is None:
        return typed
    return "".join(piece if isinstance(piece, str) else vault.keep(piece) for piece in spelling)


_QUOTED = re.compile(r"``(?=\S)([^`]{1,400}?)''")
_QUOTED_ONCE = re.compile(r"(?<![\w`\\])`(?=\w)([^`'\n]{1,100})'(?![\w'])")
_EM_DASH = re.compile(r"(?<![-<!])---(?![->])")
_EN_DASH = re.compile(r"(?<![-<!])(?<!^)(?<!\s)--(?![->])|(?<=\s)--(?=\s)")
_TIE = re.compile(r"(?<=[^\W\d_])~(?=[\w(])|(?<=[.)\]])~(?=\w)|(?<=\d)~(?=[^\W\d_])")


def _set_punctuation(text: str) -> str:
    """Set quotation marks, dashes and ties as TeX would; `--help`, `~5` and `10~20` are not meant."""
    text = _QUOTED_ONCE.sub(r"‘\1’", _QUOTED.sub(r"“\1”", text))
    return _TIE.sub(" ", _EN_DASH.sub("–", _EM_DASH.sub("—", text)))


def _merge(pieces: Iterable[Piece]) -> tuple[Piece, ...]:
    merged: list[Piece] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        elif piece:
            merged.append(piece)
    return tuple(merged)
