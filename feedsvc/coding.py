"""Content codings: bytes packed and unpacked. Pure.

Source: RFC 9110, 8.4.1 (gzip), RFC 7932 (br), RFC 8878 and RFC 9659 (zstd).
"""

from __future__ import annotations

import gzip
import hashlib

import brotli
import zstandard

BROTLI = "br"
ZSTD = "zstd"
GZIP = "gzip"
IDENTITY = "identity"
CODINGS = (ZSTD, BROTLI, GZIP, IDENTITY)
"""What can be sent, the one to prefer first."""

# The level for what changes daily, and the one for what stays: see docs/design.md, "Serving".
_LEVELS = {BROTLI: (5, 11), ZSTD: (6, 19), GZIP: (5, 9)}


def pack(body: bytes, coding: str, *, best: bool = False) -> bytes:
    """Give a body in a coding; the same body gives the same bytes.

    `best` takes many times as long for a tenth or two less: for what is packed once and sent for ever.
    """
    if coding == IDENTITY:
        return body
    level = _LEVELS[coding][best]
    if coding == BROTLI:
        packed: bytes = brotli.compress(body, quality=level)
        return packed
    if coding == ZSTD:
        # The library shrinks a buffer as large as the body, whose rest stays in use beside what is kept.
        return memoryview(zstandard.ZstdCompressor(level=level).compress(body)).tobytes()
    return gzip.compress(body, level, mtime=0)


def unpack(packed: bytes, coding: str) -> bytes:
    """Give the body that is packed under a coding. Raises an error of the coding's own for other bytes."""
    if coding == IDENTITY:
        return packed
    if coding == BROTLI:
        body: bytes = brotli.decompress(packed)
        return body
    return zstandard.decompress(packed) if coding == ZSTD else unpack_gzip(packed)


def unpack_gzip(packed: bytes) -> bytes:
    """Give the body that is packed under gzip. Raises OSError or EOFError for bytes that are none."""
    return gzip.decompress(packed)


def measure_gzip(packed: bytes) -> int:
    """Give the length of a body below 4 GB that is packed under gzip, from its end (RFC 1952, 2.3.1)."""
    return int.from_bytes(packed[-4:], "little")


def tag_body(body: bytes) -> str:
    """Give the entity tag of a document's plain bytes, without quotes."""
    return hashlib.sha256(body).hexdigest()[:32]
