"""A formula spelled in Unicode: its values, and how its atoms stand beside each other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from feedsvc.render import symbols


@dataclass(frozen=True, slots=True)
class Script:
    """A body above or below the line that has no Unicode characters of its own there."""

    raised: bool
    body: Spelling


Spelling = tuple[str | Script, ...]


def spell_linear(spelling: Sequence[str | Script]) -> str:
    """Write a spelling as plain text, its scripts as `x_CE` and `n^(1/2)`."""
    text = ""
    for piece in reversed(spelling):
        text = (piece if isinstance(piece, str) else _spell_script(piece, text)) + text
    return text


def _spell_script(script: Script, following: str) -> str:
    body = spell_linear(script.body)
    is_plain = body.isalnum() and not set(body) & set(symbols.SCRIPT_CHARACTERS)
    is_clear = is_plain and not following[:1].isalnum()
    sign = "^" if script.raised else "_"
    return sign + (body if is_clear or (len(body) == 1 and not body.isalnum()) else f"({body})")


def text_of(spelling: Spelling) -> str:
    """Give what of a spelling stands on the line."""
    return "".join(piece for piece in spelling if isinstance(piece, str))


class Role(Enum):
    """What an atom is to its neighbours; SPACE was typed for itself, STOP only ended a macro's name."""

    WORD = auto()
    NAME = auto()
    FRACTION = auto()
    OPERATOR = auto()
    OPEN = auto()
    CLOSE = auto()
    SCRIPT = auto()
    SPACE = auto()
    STOP = auto()


@dataclass(frozen=True, slots=True)
class Atom:
    """A part of a formula that no blank divides."""

    spelling: Spelling
    role: Role


SPACE = Atom((), Role.SPACE)
STOP = Atom((), Role.STOP)


def make_symbol(text: str) -> Atom:
    """Give the atom of one symbol, or of one function's name."""
    if text == "'":
        return Atom(("′",), Role.SCRIPT)
    if text in symbols.OPENING:
        return Atom((text,), Role.OPEN)
    if text in symbols.CLOSING:
        return Atom((text,), Role.CLOSE)
    if _is_operator(text):
        return Atom((text,), Role.OPERATOR)
    return Atom((text,), Role.NAME if len(text) > 1 and text.isascii() else Role.WORD)


def _is_operator(text: str) -> bool:
    return text in symbols.TYPED_OPERATORS or (
        len(text) == 1 and unicodedata.category(text) == "Sm" and text not in symbols.NO_OPERATORS
    )


def join_atoms(atoms: Iterable[Atom]) -> Spelling:
    """Put atoms in a row, with blanks where the author or the kind of the neighbours wants them."""
    solid, gaps = _separate(atoms)
    pieces: list[str | Script] = []
    for index, atom in enumerate(solid):
        if index and _is_apart(solid[index - 1], atom, gaps[index - 1 : index + 2]):
            pieces.append(" ")
        is_factor = atom.role is Role.FRACTION and _is_multiplied(solid[index + 1 : index + 2])
        pieces.extend(("(", *atom.spelling, ")") if is_factor else atom.spelling)
    return _merge(pieces)


def _is_multiplied(following: Sequence[Atom]) -> bool:
    """Tell whether a fraction needs its brackets: `a/b log n` could be either product."""
    return any(_starts_word(atom) or atom.role is Role.OPEN for atom in following)


def _separate(atoms: Iterable[Atom]) -> tuple[list[Atom], list[Role | None]]:
    """Give the atoms that are no blanks, and the blank that stands before each and behind the last.

    Operators typed together (`:=`) are one; one with nothing to its left is a sign, close to what follows.
    """
    solid: list[Atom] = []
    gaps: list[Role | None] = [None]
    for atom in atoms:
        if atom.role in (Role.SPACE, Role.STOP):
            gaps[-1] = Role.SPACE if Role.SPACE in (gaps[-1], atom.role) else Role.STOP
            continue
        left = solid[-1].role if solid else Role.OPEN
        if atom.role is left is Role.OPERATOR and gaps[-1] is None:
            solid[-1] = replace(atom, spelling=solid[-1].spelling + atom.spelling)
            continue
        if atom.role is Role.OPERATOR and left in (Role.OPERATOR, Role.OPEN):
            atom = replace(atom, role=Role.WORD)
        solid.append(atom)
        gaps.append(None)
    return solid, gaps


def _is_apart(left: Atom, right: Atom, gaps: Sequence[Role | None]) -> bool:
    """Judge two neighbours by the blanks before the left one, between them, and behind the right one."""
    before, between, behind = gaps
    if right.role in (Role.SCRIPT, Role.CLOSE) or left.role is Role.OPEN:
        return False
    if left.role is Role.OPERATOR:
        return Role.SPACE in (before, between)
    if right.role is Role.OPERATOR:
        return Role.SPACE in (between, behind)
    is_name = {left.role, right.role} & {Role.NAME, Role.FRACTION}
    return between is Role.SPACE or (bool(is_name) and _ends_word(left) and _starts_word(right))


def _ends_word(atom: Atom) -> bool:
    last = atom.spelling[-1] if atom.spelling else ""
    return isinstance(last, Script) or last[-1:].isalnum() or atom.role in (Role.CLOSE, Role.SCRIPT)


def _starts_word(atom: Atom) -> bool:
    first = atom.spelling[0] if atom.spelling else ""
    return isinstance(first, str) and (first[:1].isalnum() or first[:1] in symbols.PREFIXES)


def _merge(pieces: Iterable[str | Script]) -> Spelling:
    """Join neighbouring texts, with single blanks in them and none at either end."""
    merged: list[str | Script] = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    texts = [re.sub(r"\s+", " ", piece) if isinstance(piece, str) else piece for piece in merged]
    for end, strip in ((0, str.lstrip), (-1, str.rstrip)):
        if texts and isinstance(edge := texts[end], str):
            texts[end] = strip(edge)
    return tuple(piece for piece in texts if piece)
