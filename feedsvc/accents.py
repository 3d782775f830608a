r"""TeX accents and text macros to Unicode, outside mathematics: the writing of authors' names and titles.

`Mat\'ern` becomes Matérn. Mathematics stays TeX, and so do `\$`, `\{` and `\}`, which would else be read as
TeX again further on; whatever else is not understood stays as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

# The combining mark of each accent command: https://www.ctan.org/pkg/encguide (encodings OT1, T1, T5)
MARKS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "H": "\u030b",
    "c": "\u0327",
    "k": "\u0328",
    "r": "\u030a",
    "u": "\u0306",
    "v": "\u030c",
    "b": "\u0331",
    "d": "\u0323",
    "h": "\u0309",
    "t": "\u0361",
    "textcommabelow": "\u0326",
}

# fmt: off
# Letters of words: as in TeX, a blank behind the command only ends its name.
LETTERS = {
    "AA": "Å", "AE": "Æ", "DH": "Ð", "DJ": "Đ", "L": "Ł", "NG": "Ŋ", "O": "Ø", "OE": "Œ", "SS": "ẞ",
    "TH": "Þ", "aa": "å", "ae": "æ", "dh": "ð", "dj": "đ", "l": "ł", "ng": "ŋ", "o": "ø", "oe": "œ",
    "ss": "ß", "th": "þ", "i": "ı", "j": "ȷ",
}

# Greek stands outside mathematics where an author forgot the dollars; arXiv's API gives the letter there too.
GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "varepsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "vartheta": "ϑ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ",
    "nu": "ν", "xi": "ξ", "omicron": "ο", "pi": "π", "varpi": "ϖ", "rho": "ρ", "varrho": "ϱ", "sigma": "σ",
    "varsigma": "ς", "tau": "τ", "upsilon": "υ", "phi": "ϕ", "varphi": "φ", "chi": "χ", "psi": "ψ",
    "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π",
    "Sigma": "Σ", "Upsilon": "Υ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}

SYMBOLS = {
    "LaTeX": "LaTeX", "TeX": "TeX", "P": "¶", "S": "§", "copyright": "©", "dag": "†", "ddag": "‡",
    "deg": "°", "dots": "…", "ldots": "…", "textellipsis": "…", "euro": "€", "texteuro": "€",
    "pounds": "£", "guillemotleft": "«", "guillemotright": "»", "textasciicircum": "^",
    "textasciitilde": "~", "textdegree": "°", "textemdash": "—", "textendash": "–", "textgreater": ">",
    "textless": "<", "textmu": "µ", "textquotedblleft": "“", "textquotedblright": "”",
    "textquoteleft": "‘", "textquoteright": "’", "textregistered": "®", "texttrademark": "™",
    "textunderscore": "_",
}
# fmt: on

_MACROS = LETTERS | GREEK | SYMBOLS
_DOTLESS = {"ı": "i", "ȷ": "j"}

_LETTER = r"[^\W\d_]"
_NAME_ENDS = r"(?![A-Za-z])"
_MOST_BRACES = 4
_OPENING = rf"\{{{{0,{_MOST_BRACES}}}"
_CLOSING = r"\}{0,8}"
_WORD_MARKS = "|".join(mark for mark in MARKS if mark.isalpha())
_ACCENT = (
    r"(?:\\['`^\"~=.](?:\{\s*)?"
    rf"|\\(?:{_WORD_MARKS}){_NAME_ENDS}(?:\s*\{{\s*|(?=\\)|\s+(?={_LETTER}|\\)))"
)
_BASE = rf"(?:\\(?:{'|'.join(LETTERS | GREEK)}){_NAME_ENDS}\s?|{_LETTER})"
_TOKEN = re.compile(
    "|".join(
        (
            r"\\\\",
            rf"(?P<lead>{_OPENING})(?P<accents>{_ACCENT}{{1,4}})(?P<base>{_BASE})(?P<rest>{_LETTER}*)(?P<close>{_CLOSING})",
            rf"(?P<open>{_OPENING})\\(?P<macro>{'|'.join(_MACROS)}){_NAME_ENDS}(?P<blank>\{{\s*\}}|\\?\s)?"
            rf"(?P<shut>{_CLOSING})",
            r"\\(?P<caret>[\^~])\{\s*\}",
            r"(?P<unknown>\\[A-Za-z]+(?:\s*\{|\\[\s,])?)",
            r"\\(?P<escaped>[%&_#])",
            r"(?P<space>\\[\s,])",
        )
    )
)
_MARK = re.compile(rf"\\((?:{_WORD_MARKS}){_NAME_ENDS}|['`^\"~=.])")

_ENVIRONMENTS = "equation|align|alignat|eqnarray|gather|multline|displaymath|math|array|cases|[bpvVB]?matrix"
_FAR = r".{1,3000}?"
_MATHS = re.compile(
    r"\\\\|\\\$"
    rf"|\$\$(?P<display>{_FAR})\$\$"
    r"|\$(?P<formula>(?:[^$\\]++|\\.)++)\$"
    rf"|\\\((?P<round>{_FAR})\\\)|\\\[(?P<square>{_FAR})\\\]"
    rf"|\\begin\{{(?P<environment>(?:{_ENVIRONMENTS})\*?)\}}{_FAR}\\end\{{(?P=environment)\}}",
    re.DOTALL,
)
_OTHER_MATHS = re.compile(r"\\(?:[\\(\[]|begin)")
_BARE_WORD = re.compile(r"(?<![\\{A-Za-z])[A-Za-z]{2,}")


def decode_accents(text: str) -> str:
    r"""Turn TeX accents, letters and escapes outside mathematics into Unicode, composed (NFC).

    Never raises; what is not understood stays. A blank ends a letter's command (`S\o ren`), except behind a
    number, where authors mean the unit (`5 \AA resolution`).
    """
    if "\\" in text:
        text = _decode_plain(text) or "".join(
            part if is_maths or "\\" not in part else _decode_prose(part)
            for is_maths, part in split_maths(text)
        )
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _decode_plain(text: str) -> str:
    """Decode a text in which each dollar plainly opens or closes a formula, and nothing else does.

    Gives nothing for others. So it is with most texts, and this takes a tenth of the time of `split_maths`.
    """
    parts = text.split("$")
    prose, formulas = parts[::2], parts[1::2]
    if len(prose) == len(formulas) or not all(map(_is_plainly_formula, formulas, prose[1:])):
        return ""
    between = "$".join(prose)
    if "\\" not in between:
        return "" if "\\$" in text else text
    if "\\$" in text or _OTHER_MATHS.search(between):
        return ""
    parts[::2] = map(_decode_prose, prose)
    return "$".join(parts)


def _is_plainly_formula(text: str, behind: str) -> bool:
    return bool(text) and not text[-1].isspace() and not (text[0].isdigit() and behind[:1].isdigit())


def split_maths(text: str) -> Iterator[tuple[bool, str]]:
    """Cut a text into parts, in order, each with whether it is mathematics, its delimiters included.

    A dollar that opens a price, not a formula, is no delimiter. The parts joined are the text.
    """
    done = 0
    for found in _find_maths(text):
        if found.start() > done:
            yield False, text[done : found.start()]
        yield True, found[0]
        done = found.end()
    if done < len(text):
        yield False, text[done:]


def _find_maths(text: str) -> Iterator[re.Match[str]]:
    """Find each formula; what could open one is looked for by itself, many times as fast as by a pattern."""
    start = 0
    dollar = backslash = -1
    while True:
        dollar = dollar if dollar >= start else _find_or_end(text, "$", start)
        backslash = backslash if backslash >= start else _find_or_end(text, "\\", start)
        place = min(dollar, backslash)
        if place == len(text):
            return
        found = _MATHS.match(text, place)
        if found is None or (found["formula"] and _is_price(found)):
            start = place + 1
            continue
        if found.lastgroup:
            yield found
        start = found.end()


def _find_or_end(text: str, mark: str, start: int) -> int:
    place = text.find(mark, start)
    return place if place >= 0 else len(text)


def _is_price(dollars: re.Match[str]) -> bool:
    """Tell whether the text between two dollars is prose: `$5 and $10`, `$5 each, so $x$`."""
    formula, behind = dollars["formula"], dollars.string[dollars.end() : dollars.end() + 1]
    if formula[0].isdigit() and behind.isdigit():
        return True
    opens_like_price = not formula[0].isspace() and formula[-1].isspace()
    return opens_like_price and bool(_BARE_WORD.search(formula))


def _decode_prose(text: str) -> str:
    """Decode every token, leaping from one backslash to the next; a substitution would try each character."""
    pieces, done = [], 0
    place = text.find("\\")
    while place >= 0:
        token = _match_token(text, done, place)
        if token:
            pieces += [text[done : token.start()], _decode_token(token)]
            done = token.end()
        place = text.find("\\", max(done, place + 1))
    return "".join([*pieces, text[done:]])


def _match_token(text: str, start: int, backslash: int) -> re.Match[str] | None:
    """Match the token of a backslash, with the braces right before it if they belong to it."""
    opening = backslash
    while backslash - opening < _MOST_BRACES and opening > start and text[opening - 1] == "{":
        opening -= 1
    return _TOKEN.match(text, opening) or _TOKEN.match(text, backslash)


def _decode_token(token: re.Match[str]) -> str:
    if token["base"]:
        return _compose_letter(token)
    if token["macro"]:
        return _write_macro(token)
    if token["space"]:
        return " "
    return token["caret"] or token["escaped"] or token[0]


def _compose_letter(token: re.Match[str]) -> str:
    inner = token["accents"].count("{")
    lead, close = len(token["lead"]), len(token["close"])
    if close < inner:
        return token[0]
    stripped = min(lead, close - inner)
    letter = _put_marks(token["accents"], token["base"])
    return "{" * (lead - stripped) + letter + token["rest"] + "}" * (close - inner - stripped)


@lru_cache(2000)
def _put_marks(accents: str, base: str) -> str:
    letter = base.strip()
    letter = _MACROS[letter[1:]] if letter.startswith("\\") else letter
    marks = (MARKS[mark] for mark in reversed(_MARK.findall(accents)))
    return unicodedata.normalize("NFC", _DOTLESS.get(letter, letter) + "".join(marks))


def _write_macro(token: re.Match[str]) -> str:
    opened, shut = len(token["open"]), len(token["shut"])
    stripped = min(opened, shut)
    return "{" * (opened - stripped) + _MACROS[token["macro"]] + _keep_blank(token) + "}" * (shut - stripped)


def _keep_blank(token: re.Match[str]) -> str:
    blank = token["blank"] or ""
    if "{" in blank or (blank and token["shut"]):
        return ""
    ends_name = token["macro"] in LETTERS and not blank.startswith("\\")
    behind_number = token.string[: token.start()].rstrip()[-1:].isdigit()
    return "" if ends_name and not behind_number else blank[-1:]
