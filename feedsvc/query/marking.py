"""Where in a text the words stand for which a query took it in: what a person wants to see marked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from feedsvc.query.ast import And, AuthorTerm, Field, Leaf, Not, Or, Prefix, Query, Stemmed, Term
from feedsvc.query.stems import stem_word
from feedsvc.query.words import tokenise

# A word with its accents, as letters with marks of their own behind them or as TeX commands in it.
_PIECE = re.compile(r"""(?:[^\W_]|[\u0300-\u036f]|\\["'`^~=.](?:\{\w+\}|\w))+""")

Span = tuple[int, int]
"""Where something begins in a text, and where what follows it does."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int


def mark_words(query: Query, field: Field, text: str) -> tuple[Span, ...]:
    """Give the places of a query's words in a text of a field, in order, none within another.

    Words that a query excludes are not marked.
    """
    tokens = list(_read_tokens(text))
    words = [token.text for token in tokens]
    found = {
        (tokens[first].start, tokens[first + length - 1].end)
        for leaf in _wanted_leaves(query)
        for first, length in _find_leaf(leaf, field, words)
    }
    return _merge(sorted(found))


def mark_names(query: Query, names: Sequence[str]) -> tuple[int, ...]:
    """Give the positions of the authors whom a query names, or whose names hold its words."""
    leaves = list(_wanted_leaves(query))

    def is_meant(name: str) -> bool:
        tokens = tokenise(name)
        return any(
            leaf.is_name(tokens) if isinstance(leaf, AuthorTerm) else any(_find_leaf(leaf, Field.ALL, tokens))
            for leaf in leaves
            if isinstance(leaf, AuthorTerm) or getattr(leaf, "field", None) is Field.ALL
        )

    return tuple(number for number, name in enumerate(names) if tokenise(name) and is_meant(name))


def _read_tokens(text: str) -> Iterator[_Token]:
    for piece in _PIECE.finditer(text):
        tokens = tokenise(piece[0])
        if len(tokens) == piece.end() - piece.start():  # a token each character, as in Chinese
            for number, token in enumerate(tokens, piece.start()):
                yield _Token(token, number, number + 1)
        else:
            for token in tokens:
                yield _Token(token, piece.start(), piece.end())


def _wanted_leaves(query: Query) -> Iterator[Leaf]:
    match query:
        case Not():
            return
        case And(operands) | Or(operands):
            for operand in operands:
                yield from _wanted_leaves(operand)
        case _:
            yield query


def _find_leaf(leaf: Leaf, field: Field, words: Sequence[str]) -> Iterator[tuple[int, int]]:
    match leaf:
        case Term(own, tokens) | Prefix(own, tokens) if own in (field, Field.ALL):
            is_prefix = isinstance(leaf, Prefix)
            for first in range(len(words) - len(tokens) + 1):
                if _stands_at(words, first, tokens, is_prefix=is_prefix):
                    yield first, len(tokens)
        case Stemmed(own, stem) if own in (field, Field.ALL):
            yield from ((n, 1) for n, word in enumerate(words) if stem_word(word) == stem)


def _stands_at(words: Sequence[str], first: int, tokens: Sequence[str], *, is_prefix: bool) -> bool:
    *whole, last = tokens
    end = words[first + len(whole)]
    is_last = end.startswith(last) if is_prefix else end == last
    return is_last and list(words[first : first + len(whole)]) == whole


def _merge(spans: Sequence[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return tuple(merged)
