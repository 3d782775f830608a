"""Sentences that remember how they were made, so that whoever shows one can say it in another language."""

from __future__ import annotations

from collections.abc import Mapping


class Told(str):
    """An English sentence, its pattern, and what was put into the pattern's names in braces."""

    __slots__ = ("pattern", "values")

    pattern: str
    values: Mapping[str, object]

    def retell(self, sentences: Mapping[str, str]) -> str | None:
        """Say it by translated patterns; None if its own has no translation.

        A part that was told itself, and has none, stays in English.
        """
        pattern = sentences.get(self.pattern)
        if pattern is None:
            return None
        return pattern.format(**{name: _retell_part(value, sentences) for name, value in self.values.items()})


def tell(pattern: str, /, **values: object) -> Told:
    """Make a sentence of a pattern; a value may be told itself."""
    told = Told(pattern.format(**values))
    told.pattern, told.values = pattern, values
    return told


def _retell_part(value: object, sentences: Mapping[str, str]) -> object:
    return (value.retell(sentences) or value) if isinstance(value, Told) else value
