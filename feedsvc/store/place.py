"""Where an announcement stands among all: one integer, made of its day, paper and version alone.

Rows that are kept in the order of this number are in the order of announcement, whenever they were written:
history that is filled in later takes the places that it always had.
"""

from __future__ import annotations

from datetime import date
from zlib import crc32

from feedsvc.paper import order_id

# Never renumbered: the places of stored rows are made of it. The new scheme has no archive and counts as 0.
_ARCHIVES = [
    "acc-phys",
    "adap-org",
    "alg-geom",
    "ao-sci",
    "astro-ph",
    "atom-ph",
    "bayes-an",
    "chao-dyn",
    "chem-ph",
    "cmp-lg",
    "comp-gas",
    "cond-mat",
    "cs",
    "dg-ga",
    "funct-an",
    "gr-qc",
    "hep-ex",
    "hep-lat",
    "hep-ph",
    "hep-th",
    "math",
    "math-ph",
    "mtrl-th",
    "nlin",
    "nucl-ex",
    "nucl-th",
    "patt-sol",
    "physics",
    "plasm-ph",
    "q-alg",
    "q-bio",
    "quant-ph",
    "solv-int",
    "supr-con",
]
_NUMBERS = {archive: number for number, archive in enumerate(_ARCHIVES, start=1)}
FIRST_DAY = date(1991, 1, 1)
_ORIGIN = FIRST_DAY.toordinal()
_MONTH_ORIGIN = 1991 * 12
_DAY_BITS, _MONTH_BITS, _NUMBER_BITS, _ARCHIVE_BITS, _VERSION_BITS = 16, 11, 17, 6, 13
PAPER_BITS = _MONTH_BITS + _NUMBER_BITS + _ARCHIVE_BITS + _VERSION_BITS
"""What stands above these bits of a place is its day, in days since FIRST_DAY."""


def place_of(day: date, paper: str, version: int) -> int:
    """Give the place of a paper version announced on a day: later days behind earlier, then later papers.

    It fits 63 bits.
    """
    month, number = order_id(paper)
    archive, slash, _ = paper.partition("/")
    place = month - _MONTH_ORIGIN
    place = place << _NUMBER_BITS | number
    place = place << _ARCHIVE_BITS | (_number_archive(archive) if slash else 0)
    place = place << _VERSION_BITS | min(version, (1 << _VERSION_BITS) - 1)
    return first_place(day) | place


def first_place(day: date) -> int:
    """Give the place before which every earlier day's stand, and none of this day's or a later one's.

    A day before 1991 counts as the first one there is, a day after 2170 as the last.
    """
    return min(max(day.toordinal() - _ORIGIN, 0), (1 << _DAY_BITS) - 1) << PAPER_BITS


def day_of(place: int) -> date:
    """Give the day of a place."""
    return date.fromordinal((place >> PAPER_BITS) + _ORIGIN)


def last_place(day: date) -> int:
    """Give the place behind which none of a day's or an earlier one's stand."""
    return first_place(day) | (1 << PAPER_BITS) - 1


def _number_archive(archive: str) -> int:
    # An archive that never was may share a number: it is still a place, and always the same.
    known = len(_ARCHIVES) + 1
    return _NUMBERS.get(archive) or known + crc32(archive.encode()) % ((1 << _ARCHIVE_BITS) - known)
