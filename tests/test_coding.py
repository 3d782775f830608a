"""Content codings."""

from __future__ import annotations

import gzip

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from feedsvc.coding import (
    BROTLI,
    CODINGS,
    GZIP,
    IDENTITY,
    ZSTD,
    measure_gzip,
    pack,
    tag_body,
    unpack,
    unpack_gzip,
)

TEXT = b"<entry><title>A random walk</title></entry>" * 200
UNPACK = {
    BROTLI: brotli.decompress,
    ZSTD: zstandard.decompress,
    GZIP: gzip.decompress,
    IDENTITY: bytes,
}


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("best", [False, True])
@given(body=st.binary(max_size=500))
@settings(max_examples=20)
def test_what_is_packed_can_be_unpacked(coding: str, best: bool, body: bytes) -> None:
    packed = pack(body, coding, best=best)

    assert UNPACK[coding](packed) == body
    assert unpack(packed, coding) == body


@pytest.mark.parametrize("coding", [BROTLI, ZSTD, GZIP])
def test_the_same_body_gives_the_same_smaller_bytes(coding: str) -> None:
    assert pack(TEXT, coding) == pack(TEXT, coding)
    assert len(pack(TEXT, coding, best=True)) <= len(pack(TEXT, coding)) < len(TEXT) / 10


def test_gzip_is_unpacked_whole() -> None:
    assert unpack_gzip(pack(TEXT, GZIP)) == TEXT


@pytest.mark.parametrize("broken", [b"no gzip", pack(TEXT, GZIP)[:-9]])
def test_what_is_no_whole_gzip_is_refused(broken: bytes) -> None:
    with pytest.raises((OSError, EOFError)):
        unpack_gzip(broken)


def test_a_tag_is_of_these_bytes_and_no_others() -> None:
    assert tag_body(b"one") == tag_body(b"one") != tag_body(b"two")
    assert len(tag_body(b"")) == 32


@given(body=st.binary(max_size=500))
def test_the_length_of_a_body_is_known_without_unpacking_it(body: bytes) -> None:
    assert measure_gzip(pack(body, GZIP)) == len(body)
