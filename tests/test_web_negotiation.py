"""What request headers ask for, by tables."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.coding import GZIP, IDENTITY
from feedsvc.web.negotiation import (
    acceptable_codings,
    find_known_tag,
    is_unmodified,
    prefers_html,
    read_http_date,
    write_http_date,
)

BOTH = (GZIP, IDENTITY)
CHANGED = datetime(2026, 1, 14, 5, 10, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "codings"),
    [
        (None, (IDENTITY, GZIP)),
        ("", (IDENTITY,)),
        ("gzip", (GZIP, IDENTITY)),
        ("GZIP", (GZIP, IDENTITY)),
        ("x-gzip", (GZIP, IDENTITY)),
        ("gzip, deflate, br, zstd", (GZIP, IDENTITY)),
        ("br", (IDENTITY,)),
        ("identity", (IDENTITY,)),
        ("*", (GZIP, IDENTITY)),
        ("gzip;q=0", (IDENTITY,)),
        ("gzip;q=0.000, *", (IDENTITY,)),
        ("gzip;q=0.5", (GZIP, IDENTITY)),
        ("gzip;q=0.2, identity;q=0.8", (IDENTITY, GZIP)),
        ("identity;q=0.2, gzip;q=0.8", (GZIP, IDENTITY)),
        ("gzip ; Q=1.000 , identity ; q=1", (GZIP, IDENTITY)),
        ("identity;q=0", ()),
        ("identity;q=0, gzip", (GZIP,)),
        ("*;q=0", ()),
        ("*;q=0, gzip", (GZIP,)),
        ("*;q=0, identity", (IDENTITY,)),
        ("br, *;q=0", ()),
        ("gzip;q=0, identity;q=0", ()),
        ("gzip;q=high", (IDENTITY,)),
        ("gzip;q=2", (IDENTITY,)),
        (", ,;q=1,", (IDENTITY,)),
    ],
)
def test_codings_follow_the_weights(header: str | None, codings: tuple[str, ...]) -> None:
    assert acceptable_codings(header, BOTH) == codings


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        ("text/html", True),
        ("Text/HTML;q=0.5, */*;q=0.1", True),
        ("text/plain, text/html;q=0.5", False),
        ("text/html;q=0", False),
        ("*/*", False),
        ("application/atom+xml, application/xml;q=0.9", False),
        ("", False),
        (None, False),
    ],
)
def test_pages_are_for_those_who_name_them(header: str | None, expected: bool) -> None:
    assert prefers_html(header) is expected


@pytest.mark.parametrize(
    ("header", "known"),
    [
        ('"abc"', "abc"),
        ('"abc-gzip"', "abc-gzip"),
        ('W/"abc"', "abc"),
        ('"other", W/"abc" ,"more"', "abc"),
        ('"abc","abc-gzip"', "abc-gzip"),
        ("*", "abc-gzip"),
        (" * ", "abc-gzip"),
        ('"ABC"', None),
        ('"ab", "c"', None),
        ("abc", None),
        ('"abc', None),
        ("", None),
    ],
)
def test_a_held_tag_is_recognised(header: str, known: str | None) -> None:
    assert find_known_tag(header, ("abc-gzip", "abc")) == known


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Wed, 14 Jan 2026 05:10:07 GMT", True),
        ("Wednesday, 14-Jan-26 05:10:07 GMT", True),
        ("Wed Jan 14 05:10:07 2026", True),
        ("Wed, 14 Jan 2026 05:10:08 GMT", True),
        ("Fri, 01 Jan 2038 00:00:00 GMT", True),
        ("Wed, 14 Jan 2026 05:10:06 GMT", False),
        ("yesterday", False),
        ("Wed, 14 Jan 2026", False),
        ("Wed, 14 Jan 99999 05:10:07 GMT", False),
        ("Wed, 14 Jan 2026 25:10:07 GMT", False),
        ("Fri, 31 Dec 9999 23:59:59 -2300", False),
        ("0", False),
        ("", False),
    ],
)
def test_a_date_is_compared_by_at_least(header: str, expected: bool) -> None:
    assert is_unmodified(header, CHANGED) is expected


def test_parts_of_a_second_do_not_count() -> None:
    assert is_unmodified(write_http_date(CHANGED), CHANGED + timedelta(microseconds=999_999))


@given(st.integers(0, 253_402_300_799))
def test_a_written_date_reads_back(seconds: int) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)

    assert read_http_date(write_http_date(moment)) == moment


@given(st.text())
def test_no_header_is_too_strange(text: str) -> None:
    codings = acceptable_codings(text, BOTH)

    assert set(codings) <= set(BOTH)
    assert find_known_tag(text, ("0123456789abcdef",)) in (None, "0123456789abcdef")
    assert isinstance(prefers_html(text), bool)
    assert isinstance(is_unmodified(text, CHANGED), bool)


@given(st.lists(st.sampled_from(["gzip", "identity", "*", "br"]), max_size=5), st.data())
def test_a_coding_refused_by_name_is_never_sent(names: list[str], data: st.DataObject) -> None:
    refused = data.draw(st.sampled_from(BOTH))
    header = ", ".join([*(name for name in names if name != refused), f"{refused};q=0"])

    assert refused not in acceptable_codings(header, BOTH)
