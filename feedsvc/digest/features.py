"""What the role model sees of a sentence: hashed word sequences, and its place in the abstract.

Training and judging read sentences by these functions alone, so they cannot disagree.
"""

from __future__ import annotations

import re
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

PLACES = 32  # columns of `mark_places`

Hashes = NDArray[np.uint64]
Floats = NDArray[np.float32]

_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|[^\w\s]")
_OPENING_WORDS = 5
_ENDING = 3  # letters
_WORD = np.uint64(0xFFFFFFFF)
_OPENING = np.uint64(77)
_ENDS, _TENTHS, _LENGTHS = 6, 10, 8
_REACH = 3  # sentences looked at on either side


def read_tokens(sentence: str) -> list[str]:
    """Give the words and marks of a sentence, in small letters; any number is `#`."""
    return ["#" if token[0].isdigit() else token for token in _TOKEN.findall(sentence.lower())]


def hash_grams(sentence: str) -> Hashes:
    """Give the features of a sentence, each as a hash of 32 bits, ascending, each once.

    Features are its words, pairs and triples of words side by side (its start and its end count as words),
    the words among its first five, and the endings of longer words, which tell tense.
    """
    tokens = read_tokens(sentence)
    words = np.array([_hash_text(token) for token in ("^", *tokens, "$")], dtype=np.uint64)
    pairs = _mix(words[:-1], words[1:])
    triples = _mix(pairs[:-1], words[2:])
    opening = words[1 : 1 + _OPENING_WORDS]
    endings = [_hash_ending(token) for token in tokens if len(token) > _ENDING + 1]
    parts = (
        words[1:-1],
        pairs,
        triples,
        _mix(opening, np.full_like(opening, _OPENING)),
        np.array(endings, dtype=np.uint64),
    )
    return np.unique(np.concatenate(parts))


def look_up(vocabulary: NDArray[np.uint32], hashes: Hashes) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Give the row of each hash in an ascending vocabulary, and whether it stands there at all."""
    sought = hashes.astype(np.uint32)
    rows = np.minimum(np.searchsorted(vocabulary, sought), len(vocabulary) - 1)
    return rows, vocabulary[rows] == sought


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
    padded[_REACH : _REACH + count] = np.pad(chances, ((0, 0), (0, 1)))
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


def _mix(first: NDArray[np.uint64], second: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash two rows of 32 bits into one; the constants are odd and otherwise arbitrary."""
    mixed = (first * np.uint64(0x9E3779B1) + second * np.uint64(0x85EBCA77) + np.uint64(0x165667B1)) & _WORD
    mixed ^= mixed >> np.uint64(15)
    mixed = (mixed * np.uint64(0x2C1B3C6D)) & _WORD
    return mixed ^ (mixed >> np.uint64(13))


@lru_cache(maxsize=1 << 16)
def _hash_text(text: str) -> int:
    return crc32(text.encode("utf-8", "surrogatepass"))


@lru_cache(maxsize=1 << 16)
def _hash_ending(token: str) -> int:
    return crc32(b"-" + token[-_ENDING:].encode("utf-8", "surrogatepass"))
