"""Sentences that remember how they were made, so that whoever shows one can say it in another language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import reduce


def _as_it_is(text: str) -> str:
    return text


class Told(str):
    """An English sentence, its pattern, and what was put into the pattern's names in braces."""

    __slots__ = ("pattern", "values")

    pattern: str
    values: Mapping[str, object]

    def retell(self, sentences: Mapping[str, str], leave: Callable[[str], str] = _as_it_is) -> str | None:
        """Say it by translated patterns; None if its own has no translation.

        A part that was told itself, and has none, stays in English, as `leave` gives it.
        """
        pattern = sentences.get(self.pattern)
        if pattern is None:
            return None
        parts = {name: _retell_part(value, sentences, leave) for name, value in self.values.items()}
        return pattern.format(**parts)


def tell(pattern: str, /, **values: object) -> Told:
    """Make a sentence of a pattern; a value may be told itself."""
    told = Told(pattern.format(**values))
    told.pattern, told.values = pattern, values
    return told


def quote(text: str) -> Told:
    """Take a text of which nothing but itself is known: it is its own pattern."""
    return tell(text.replace("{", "{{").replace("}", "}}"))


def tell_all(parts: Iterable[Told]) -> Told:
    """Join parts, of which there is one at least, with commas."""
    return reduce(lambda first, second: tell("{first}, {second}", first=first, second=second), parts)


def _retell_part(value: object, sentences: Mapping[str, str], leave: Callable[[str], str]) -> object:
    if not isinstance(value, Told):
        return value
    told = value.retell(sentences, leave)
    return leave(value) if told is None else told
