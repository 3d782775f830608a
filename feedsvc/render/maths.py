"""Mathematics in TeX, read into Unicode where Unicode can say it.

pylatexenc parses and knows the symbols. What it would drop or blur (unknown macros, the reach of a script,
compound fractions, matrices) is refused here instead, so that the caller can keep the source.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from pylatexenc.latex2text import fmt_math_text_style
from pylatexenc.latex2text import get_default_latex_context_db as load_spellings
from pylatexenc.latexwalker import (
    LatexCharsNode,
    LatexGroupNode,
    LatexMacroNode,
    LatexMathNode,
    LatexSpecialsNode,
    LatexWalker,
    LatexWalkerError,
)
from pylatexenc.latexwalker import get_default_latex_context_db as load_grammar
from pylatexenc.macrospec import std_macro

from feedsvc.render import symbols
from feedsvc.render.spelling import (
    SPACE,
    STOP,
    Atom,
    Role,
    Script,
    Spelling,
    join_atoms,
    make_symbol,
    text_of,
)

# Deeper nesting is no mathematics for a feed, and would exhaust the parser's stack.
DEEPEST = 30
# Two formulas of five in a day are ones that other papers have too.
FORMULAS = 2_000

_ESCAPE = re.compile(r"(\\.)|([%&])", re.DOTALL)
_SIZING = re.compile(r"\\(?:left|right|middle|[bB]igg?[lrm]?)(?![A-Za-z])\s*(?:\.(?!\d))?")
_HANGING = f"[{symbols.COMBINING_RANGE}{re.escape(symbols.SCRIPT_CHARACTERS)}]"
_MARKED = re.compile(rf"\w{_HANGING}*")
_SINGLE = re.compile(rf"\d+(?:\.\d+)?|[d∂]?[^\W\d_]{_HANGING}*")
_PRODUCT = re.compile(rf"(?:[\w∂]|{_HANGING})+")


@lru_cache(FORMULAS)
def read_maths(tex: str) -> Spelling | None:
    """Spell the inside of a formula; None where Unicode cannot say it or the TeX is broken."""
    if _depth(tex) > DEEPEST:
        return None
    try:
        return join_atoms(_read_nodes(_parse(tex))) or None
    except (_Unsayable, RecursionError):
        return None


class _Unsayable(Exception):
    """Unicode has no way to say this formula."""


def _depth(tex: str) -> int:
    depth = deepest = 0
    for character in tex:
        depth += (character in "{[") - (character in "}]")
        deepest = max(deepest, depth)
    return deepest


@cache
def _load_grammar() -> Any:
    grammar = load_grammar()
    macros = [std_macro(name, arguments) for name, arguments in symbols.ARGUMENTS.items()]
    grammar.add_context_category("feedsvc", macros=macros, prepend=True)
    return grammar


@cache
def _load_spellings() -> dict[str, str]:
    spellings = load_spellings().filter_context(exclude_categories=["latex-placeholders"])
    known = {
        spec.macroname: spec.simplify_repl
        for spec in spellings.iter_macro_specs()
        if isinstance(spec.simplify_repl, str) and "%" not in spec.simplify_repl
    }
    known.pop("today", None)  # nothing in a document may say "now"
    return known | symbols.MACROS


def _parse(tex: str) -> list[Any]:
    """Parse with `%` and `&` as the signs that authors mean, not TeX's comments and columns."""
    source = _SIZING.sub("", _ESCAPE.sub(lambda found: found[1] or "\\" + found[2], tex))
    walker = LatexWalker(source, latex_context=_load_grammar(), tolerant_parsing=False)
    try:
        nodes, _, length = walker.get_latex_nodes(parsing_state=walker.make_parsing_state(in_math_mode=True))
    except (LatexWalkerError, IndexError) as error:  # IndexError: a \verb at the very end
        raise _Unsayable from error
    if sum(node.len for node in nodes) != len(source) or length != len(source):
        raise _Unsayable
    return list(nodes)


def _read_nodes(nodes: Iterable[Any]) -> list[Atom]:
    units = _split_units(nodes)
    atoms: list[Atom] = []
    for unit in units:
        if _is_sign(unit):
            if atoms and atoms[-1].role is Role.FRACTION:  # `a/b²` would say another thing
                raise _Unsayable
            atoms.append(_read_script(unit == "^", units))
        elif isinstance(unit, LatexMacroNode) and unit.macroname in symbols.SWITCHES:
            atoms.extend(_set_font(_read_nodes(units), symbols.SWITCHES[unit.macroname]))
        else:
            atoms.extend(_read_unit(unit))
    return atoms


def _split_units(nodes: Iterable[Any]) -> Iterator[Any]:
    """Give every typed character by itself and every other node whole."""
    for node in nodes:
        if isinstance(node, LatexCharsNode):
            yield from node.chars
        else:
            yield node


def _is_sign(unit: Any) -> bool:
    return isinstance(unit, str) and unit in "^_"


def _read_script(raised: bool, units: Iterator[Any]) -> Atom:
    unit = next((unit for unit in units if not isinstance(unit, str) or not unit.isspace()), None)
    if unit is None or _is_sign(unit):
        raise _Unsayable
    body = join_atoms(_read_unit(unit))
    if not body:
        raise _Unsayable
    table = symbols.SUPERSCRIPTS if raised else symbols.SUBSCRIPTS
    text = text_of(body).replace(" ", "")
    if any(isinstance(piece, Script) for piece in body) or not table.keys() >= set(text):
        return Atom((Script(raised, body),), Role.SCRIPT)
    return Atom(("".join(table[letter] for letter in text),), Role.SCRIPT)


def _read_unit(unit: Any) -> list[Atom]:
    if isinstance(unit, str):
        return [SPACE if unit.isspace() else make_symbol(unit)]
    if isinstance(unit, LatexCharsNode):
        return _read_nodes([unit])
    if isinstance(unit, LatexGroupNode | LatexMathNode):
        return _read_nodes(unit.nodelist)
    if isinstance(unit, LatexSpecialsNode):
        return [SPACE] if unit.specials_chars == "~" else [make_symbol(c) for c in unit.specials_chars]
    if isinstance(unit, LatexMacroNode):
        return _read_macro(unit)
    raise _Unsayable


def _read_macro(macro: Any) -> list[Atom]:
    name: str = macro.macroname
    if name in symbols.PLAIN:
        return _read_argument(macro)
    if name in symbols.FONTS:
        return _set_font(_read_argument(macro), symbols.FONTS[name])
    if name in symbols.MARKS:
        return [_mark(_read_text(macro), symbols.MARKS[name])]
    if name == "not":
        return [_negate(_read_text(macro))]
    if name in symbols.FRACTIONS:
        return [_divide(_read_text(macro, 0), _read_text(macro, 1))]
    if name == "sqrt":
        return [_take_root(_read_text(macro, 0) if _has(macro, 0) else "", _join_argument(macro))]
    if name in symbols.BRACKETED:
        left, right = symbols.BRACKETED[name]
        return [Atom((left, *_join_argument(macro), right), Role.WORD)]
    if name in symbols.NAMED:
        return [Atom(_join_argument(macro), Role.NAME)]
    if name == "pmod":
        return [SPACE, Atom(("(mod ", *_join_argument(macro), ")"), Role.WORD)]
    return _read_symbol(macro)


def _read_symbol(macro: Any) -> list[Atom]:
    text = "" if macro.macroname in symbols.DROPPED else _load_spellings().get(macro.macroname)
    if text is None or any(given is not None for given in _arguments(macro)):
        raise _Unsayable
    if not text.strip():
        return [SPACE] if text else []
    return [make_symbol(text), *([STOP] if macro.macro_post_space else [])]


def _arguments(macro: Any) -> list[Any]:
    return list(macro.nodeargd.argnlist) if macro.nodeargd else []


def _has(macro: Any, index: int) -> bool:
    given = _arguments(macro)
    return bool(given) and given[index] is not None


def _read_argument(macro: Any, index: int = -1) -> list[Atom]:
    if not _has(macro, index):
        raise _Unsayable
    return _read_unit(_arguments(macro)[index])


def _join_argument(macro: Any, index: int = -1) -> Spelling:
    return join_atoms(_read_argument(macro, index))


def _read_text(macro: Any, index: int = -1) -> str:
    spelling = _join_argument(macro, index)
    if len(spelling) != 1 or isinstance(spelling[0], Script):
        raise _Unsayable
    return spelling[0]


def _set_font(atoms: list[Atom], font: str) -> list[Atom]:
    """Set a single letter in bold, which then tells a vector from a number, but no word and no figure."""
    letters = sum(letter.isalnum() for atom in atoms for letter in text_of(atom.spelling))
    if not font or (font == "bold" and letters > 1):
        return atoms
    return [replace(atom, spelling=tuple(_style(piece, font) for piece in atom.spelling)) for atom in atoms]


def _style(piece: str | Script, font: str) -> str | Script:
    if isinstance(piece, Script):
        return piece
    zero = symbols.ZEROS.get(font, ord("0"))
    digits = {ord("0") + digit: zero + digit for digit in range(10)}
    return str(fmt_math_text_style(piece, font)).translate(digits)


def _mark(text: str, mark: str) -> Atom:
    if mark == symbols.MARKS["overline"] and text.isalnum():
        return Atom(("".join(letter + mark for letter in text),), Role.WORD)
    if not _MARKED.fullmatch(text):
        raise _Unsayable
    return Atom((unicodedata.normalize("NFC", text[0] + mark + text[1:]),), Role.WORD)


def _negate(text: str) -> Atom:
    relation = make_symbol(text)
    if relation.role is not Role.OPERATOR:
        raise _Unsayable
    return replace(relation, spelling=(unicodedata.normalize("NFC", text + "\u0338"),))


def _divide(numerator: str, denominator: str) -> Atom:
    text = f"{numerator}/{denominator}"
    if text in symbols.VULGAR:
        return Atom((symbols.VULGAR[text],), Role.WORD)
    if not _PRODUCT.fullmatch(numerator) or not _SINGLE.fullmatch(denominator):
        raise _Unsayable
    return Atom((text,), Role.FRACTION)


def _take_root(degree: str, body: Spelling) -> Atom:
    if degree not in symbols.ROOTS or not body:
        raise _Unsayable
    root = symbols.ROOTS[degree]
    is_single = len(body) == 1 and _SINGLE.fullmatch(text_of(body))
    return Atom((root, *body) if is_single else (f"{root}(", *body, ")"), Role.WORD)
