"""Answers made of ready bytes, without a web framework."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from feedsvc.coding import GZIP, pack
from feedsvc.web.delivery import Asked, Ready, answer, make_ready, show_in_browser
from feedsvc.web.packing import Packings

CHANGED = datetime(2026, 1, 14, 5, 10, 7, tzinfo=UTC)
PACKED = pack(b"<feed/>", GZIP)
READY = Ready("application/atom+xml; charset=utf-8", PACKED, "abc", CHANGED, GZIP)


def test_a_whole_answer_carries_what_is_handed_in_and_what_describes_the_body() -> None:
    given = answer(READY, Asked(), {"Vary": "Accept-Encoding"}, Packings())

    assert (given.status, given.body) == (200, b"<feed/>")
    assert given.headers == {
        "Vary": "Accept-Encoding",
        "ETag": '"abc"',
        "Content-Type": "application/atom+xml; charset=utf-8",
        "Content-Length": "7",
        "Last-Modified": "Wed, 14 Jan 2026 05:10:07 GMT",
    }


def test_gzip_sends_the_bytes_packed_before() -> None:
    given = answer(READY, Asked(accept_encoding="gzip"), {}, Packings())

    assert given.body == PACKED
    assert (given.headers["Content-Encoding"], given.headers["ETag"]) == ("gzip", '"abc-gzip"')


def test_304_has_no_body_and_says_which_copy_is_good() -> None:
    given = answer(READY, Asked(accept_encoding="gzip", if_none_match='W/"abc"'), {"Vary": "x"}, Packings())

    assert (given.status, given.body) == (304, b"")
    assert given.headers == {"Vary": "x", "ETag": '"abc"'}


def test_a_date_is_no_condition_for_what_has_none() -> None:
    ready = make_ready(b"text", "text/plain")
    given = answer(ready, Asked(if_modified_since="Fri, 01 Jan 2038 00:00:00 GMT"), {}, Packings())

    assert given.status == 200


def test_the_same_bytes_always_have_the_same_tag_and_are_packed_alike() -> None:
    first, second = make_ready(b"text", "text/plain"), make_ready(b"text", "text/plain")

    assert first == second
    assert first.in_coding(GZIP, Packings()) == second.in_coding(GZIP, Packings())
    assert make_ready(b"other", "text/plain").etag != first.etag


@pytest.mark.parametrize(
    ("content_type", "destination", "shown"),
    [
        ("application/atom+xml; charset=utf-8", "document", "application/xml; charset=utf-8"),
        ("application/rss+xml", "document", "application/xml; charset=utf-8"),
        ("application/atom+xml", "empty", "application/atom+xml"),
        ("application/atom+xml", None, "application/atom+xml"),
        ("application/feed+json", "document", "application/feed+json"),
    ],
)
def test_only_xml_opened_by_a_person_changes_its_type(
    content_type: str, destination: str | None, shown: str
) -> None:
    ready = Ready(content_type, b"", "abc")

    assert show_in_browser(ready, Asked(destination=destination)).content_type == shown
