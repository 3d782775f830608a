"""Writes names as arXiv's listings do, with accents in TeX; the query API has the same names in Unicode."""

from __future__ import annotations

import unicodedata

from feedsvc.accents import LETTERS, MARKS

_COMMANDS = {mark: command for command, mark in MARKS.items()}
_LETTERS = {letter: command for command, letter in LETTERS.items()}


def write_tex(name: str) -> str:
    r"""Put a name's accented letters into TeX (`Łoś` gives `{\L}o\'s`); others stay as they are."""
    return "".join(_write_letter(letter) for letter in unicodedata.normalize("NFC", name))


def _write_letter(letter: str) -> str:
    if letter in _LETTERS:
        return f"{{\\{_LETTERS[letter]}}}"
    parts = unicodedata.normalize("NFD", letter)
    text, marks = parts[0], parts[1:]
    if not text.isascii() or not _COMMANDS.keys() >= set(marks):
        return letter
    for command in (_COMMANDS[mark] for mark in marks):
        text = f"\\{command}{{{text}}}" if command.isalpha() or len(text) > 1 else f"\\{command}{text}"
    return text
