"""What the role model sees of a sentence: hashed word sequences, and its place in the abstract.

Training and judging read sentences by these functions alone, so they cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

PLACES = 32  # columns of `mark_places`

Hashes = NDArray[np.uint64]
Floats = NDArray[np.float32]

_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|[^\w\s]")
_OPENING_WORDS = 5
_ENDING = 3  # letters
_FEW, _RATHER_FEW = 6, 10  # tokens
_STOPS = frozenset(".!?")
_WORD = np.uint64(0xFFFFFFFF)
_BITS = np.uint64(32)
_OPENING = np.uint64(77)
_START, _END = np.uint64(crc32(b"^")), np.uint64(crc32(b"$"))
_LETTERS, _DIGITS, _CAPITAL = 1, 2, 4
_ENDS, _TENTHS, _LENGTHS = 6, 10, 8
_REACH = 3  # sentences looked at on either side


def read_tokens(sentence: str) -> list[str]:
    """Give the words and marks of a sentence, in small letters; any number is `#`."""
    return [_level(token) for token in _TOKEN.findall(sentence)]


def _level(token: str) -> str:
    return "#" if token[0].isdigit() else token.lower()


@dataclass(frozen=True, slots=True, eq=False)
class Grams:
    """The features of an abstract's sentences, one sentence behind the other, ascending within each.

    `hashes` have 32 bits; `lengths` says how many are each sentence's; `shapes` has a row of nine columns
    for each, which tells what it looks like.
    """

    hashes: Hashes
    lengths: NDArray[np.int64]
    shapes: Floats

    @property
    def starts(self) -> NDArray[np.int64]:
        """Give where each sentence's features begin; there is one at least, its start."""
        return np.cumsum(self.lengths) - self.lengths


@dataclass(frozen=True, slots=True, eq=False)
class _Tokens:
    """The tokens of an abstract's sentences, one behind the other, and how many are each sentence's.

    `owners` has the number of each token's sentence; `hashes` are those of tokens, `endings` those of how
    they end, 0 where that tells nothing; `looks` has a bit for each way to look.
    """

    counts: NDArray[np.int64]
    owners: NDArray[np.uint64]
    hashes: Hashes
    endings: Hashes
    looks: NDArray[np.uint64]

    def count_looks(self, look: np.uint64) -> NDArray[np.int64]:
        """Count the tokens of each sentence that look so."""
        owners = self.owners[(self.looks & look) != 0]
        return np.bincount(owners.astype(np.int64), minlength=len(self.counts))


def hash_grams(sentences: Sequence[str]) -> Grams:
    """Give the features of each sentence of an abstract, which has one at least, each once.

    Features are its words, pairs and triples of words side by side (its start and its end count as words),
    the words among its first five, and the endings of longer words, which tell tense.
    """
    tokens = _find_tokens(sentences)
    counts, owners = tokens.counts + 2, tokens.owners
    ends = counts.cumsum()
    words = np.full(counts.sum(), _START, dtype=np.uint64)
    words[ends - 1] = _END
    at = np.arange(len(owners)) + 2 * owners.astype(np.int64) + 1
    words[at] = tokens.hashes
    owner = np.repeat(np.arange(len(counts), dtype=np.uint64), counts)
    pairs = _mix(words[:-1], words[1:])
    triples = _mix(pairs[:-1], words[2:])
    opens = at - np.repeat(ends - counts, tokens.counts) <= _OPENING_WORDS
    ending = tokens.endings != 0
    marked = np.concatenate(
        [
            _mark(owners, tokens.hashes),
            _mark(owner[1:], pairs)[owner[1:] == owner[:-1]],
            _mark(owner[2:], triples)[owner[2:] == owner[:-2]],
            _mark(owners[opens], _mix(tokens.hashes[opens], _OPENING)),
            _mark(owners[ending], tokens.endings[ending]),
        ]
    )
    # np.unique hashes first, which takes longer than sorting so few.
    marked.sort()
    found = marked[np.concatenate([[True], marked[1:] != marked[:-1]])]
    lengths = np.bincount((found >> _BITS).astype(np.int64), minlength=len(counts))
    return Grams(found & _WORD, lengths, _describe_shapes(sentences, tokens))


def _find_tokens(sentences: Sequence[str]) -> _Tokens:
    found = [_TOKEN.findall(sentence) for sentence in sentences]
    told = map(_tell_token, chain.from_iterable(found))
    rows = np.fromiter(chain.from_iterable(told), dtype=np.uint64).reshape(-1, 3)
    counts = np.array([*map(len, found)], dtype=np.int64)
    owners = np.repeat(np.arange(len(counts), dtype=np.uint64), counts)
    return _Tokens(counts, owners, *rows.T)


@lru_cache(maxsize=1 << 16)
def _tell_token(token: str) -> tuple[int, int, int]:
    """Give what is looked at of a token: its hash, that of its ending, or 0, and what it looks like."""
    word, first = _level(token), token[0]
    ending = _hash_text(f"-{word[-_ENDING:]}") if len(word) > _ENDING + 1 else 0
    looks = (int(first.isalpha()) * _LETTERS) | (int(first.isdigit()) * _DIGITS)
    return _hash_text(word), ending, looks | (int(first.isupper()) * _CAPITAL)


def _describe_shapes(sentences: Sequence[str], tokens: _Tokens) -> Floats:
    """Give a row for each sentence that tells what it looks like, whatever its words are.

    Headings, addresses, notes and what was cut wrongly look otherwise than sentences do. Columns: the
    logarithm of the number of tokens, whether there are fewer than six, and than ten; the share of words that
    begin with a capital, of numbers and of marks among the tokens; whether it ends as a sentence does,
    whether it begins with a small letter, and with no letter at all.
    """
    count = np.maximum(1, tokens.counts)
    letters, digits, capitals = map(tokens.count_looks, map(np.uint64, (_LETTERS, _DIGITS, _CAPITAL)))
    columns = (
        np.log(count + 1),
        count < _FEW,
        count < _RATHER_FEW,
        capitals / np.maximum(1, letters),
        digits / count,
        (count - letters - digits) / count,
        [sentence.rstrip()[-1:] in _STOPS for sentence in sentences],
        [sentence[:1].islower() for sentence in sentences],
        [not sentence[:1].isalpha() for sentence in sentences],
    )
    return np.stack(columns, axis=1).astype(np.float32)


def _mark(owners: NDArray[np.uint64], hashes: Hashes) -> NDArray[np.uint64]:
    """Put the number of its sentence above each hash, so that sorting keeps sentences apart."""
    return (owners << _BITS) | hashes


def hash_phrase(phrase: str) -> int:
    """Give the feature that a sentence with a phrase of one to three tokens has; ^ stands for its start.

    Raises ValueError for a longer phrase.
    """
    tokens = read_tokens(phrase)
    words = [np.array([_hash_text(token)], dtype=np.uint64) for token in tokens]
    match words:
        case [word]:
            return int(word[0])
        case [first, second]:
            return int(_mix(first, second)[0])
        case [first, second, third]:
            return int(_mix(_mix(first, second), third)[0])
        case _:
            raise ValueError(f"{phrase!r} has {len(tokens)} tokens: expected one to three")


def look_up(vocabulary: NDArray[np.uint32], hashes: Hashes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give the row of each hash in an ascending vocabulary, and whether it stands there at all."""
    sought = hashes.astype(np.uint32)
    rows = np.minimum(np.searchsorted(vocabulary, sought), len(vocabulary) - 1)
    return rows, vocabulary[rows] == sought


@lru_cache(maxsize=64)
def mark_places(count: int) -> Floats:
    """Give a row for each of `count` sentences that tells where in the abstract it stands.

    Columns: the place from the start and from the end (the sixth or a later one share a column), the tenth,
    the length of the abstract, how far along the sentence is from 0 to 1, and a constant.
    """
    at = np.arange(count)
    rows = np.zeros((count, PLACES), dtype=np.float32)
    rows[at, np.minimum(at, _ENDS - 1)] = 1
    rows[at, _ENDS + np.minimum(count - 1 - at, _ENDS - 1)] = 1
    rows[at, 2 * _ENDS + _TENTHS * at // max(1, count)] = 1
    rows[at, 2 * _ENDS + _TENTHS + min(count - 1, 2 * _LENGTHS - 2) // 2] = 1
    rows[:, -2] = at / max(1, count - 1)
    rows[:, -1] = 1
    rows.setflags(write=False)
    return rows


def describe_surroundings(chances: Floats) -> Floats:
    """Give a row for each sentence of an abstract that tells what is thought of it and of those around it.

    `chances` holds the probability of each role for each sentence. A row holds those of the three sentences
    before to the three after (and which of these there are not), the logarithms of its own; and the sums
    before and after, the mean of all, and the highest of all, before and after.
    """
    count, roles = chances.shape
    padded = np.zeros((count + 2 * _REACH, roles + 1), dtype=np.float32)
    padded[:, -1] = 1
    padded[_REACH : _REACH + count, :-1] = chances
    padded[_REACH : _REACH + count, -1] = 0
    around = [padded[shift : shift + count] for shift in range(2 * _REACH + 1)]
    edge = np.zeros((1, roles), dtype=np.float32)
    before = np.concatenate([edge, chances[:-1]])
    after = np.concatenate([chances[1:], edge])
    return np.concatenate(
        [
            *around,
            np.log(chances + np.float32(1e-4)),
            before.cumsum(0),
            after[::-1].cumsum(0)[::-1],
            np.broadcast_to(chances.mean(0), chances.shape),
            np.broadcast_to(chances.max(0), chances.shape),
            np.maximum.accumulate(before),
            np.maximum.accumulate(after[::-1])[::-1],
        ],
        axis=1,
    )


def stack_neighbours(rows: Floats) -> tuple[Floats, Floats]:
    """Give the row before each, and the row after each; zeros where there is none."""
    edge = np.zeros_like(rows[:1])
    return np.concatenate([edge, rows[:-1]]), np.concatenate([rows[1:], edge])


def _mix(first: Hashes, second: Hashes | np.uint64) -> Hashes:
    """Hash two rows of 32 bits into one; the constants are odd and otherwise arbitrary."""
    mixed = (first * np.uint64(0x9E3779B1) + second * np.uint64(0x85EBCA77) + np.uint64(0x165667B1)) & _WORD
    mixed ^= mixed >> np.uint64(15)
    mixed = (mixed * np.uint64(0x2C1B3C6D)) & _WORD
    return mixed ^ (mixed >> np.uint64(13))


def _hash_text(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass"))
