"""Resumption tokens."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedsvc.standin.refusals import Refusal
from feedsvc.standin.tokens import Issue, TokenBook, find_expiry, read_token, write_token

NOON = datetime(2026, 1, 7, 12, 0, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 8, tzinfo=UTC)
ARGUMENTS = st.dictionaries(
    st.sampled_from(["verb", "metadataPrefix", "from", "until", "set"]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
)


def test_a_token_is_written_as_recorded() -> None:
    """The page of the recorded harvest of `math`; a colon is encoded twice."""
    arguments = {"verb": "ListRecords", "metadataPrefix": "arXiv", "set": "math", "from": "2011-09-20"}

    assert write_token(arguments, 0) == (
        "verb%3DListRecords%26metadataPrefix%3DarXiv%26set%3Dmath%26from%3D2011-09-20%26skip%3D0"
    )
    assert write_token({"set": "cs:cs:AI"}, 3) == "set%3Dcs%253Acs%253AAI%26skip%3D3"


@given(ARGUMENTS, st.integers(0, 10**6))
def test_a_token_says_what_was_put_into_it(arguments: dict[str, str], skip: int) -> None:
    assert read_token(write_token(arguments, skip)) == (arguments, skip)


def test_a_token_that_was_sent_without_encoding_is_read_all_the_same() -> None:
    assert read_token("verb=ListRecords&set=math&skip=4") == ({"verb": "ListRecords", "set": "math"}, 4)


@pytest.mark.parametrize(
    "text", ["", "xxx", "verb%3DListRecords", "skip%3D-1", "skip%3D²", "skip=" + "9" * 5000]
)
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="invalid or expired"):
        read_token(text)


@pytest.mark.parametrize(
    "now", [NOON, datetime(2026, 1, 7, tzinfo=UTC), datetime(2026, 1, 7, 23, 59, tzinfo=UTC)]
)
def test_a_token_expires_at_the_next_midnight(now: datetime) -> None:
    assert find_expiry(now) == MIDNIGHT


def test_an_expired_token_is_refused_until_it_is_given_out_anew() -> None:
    book = TokenBook()
    book.note("a", Issue(MIDNIGHT, {}))

    book.check("a", NOON)
    with pytest.raises(Refusal, match="Token expired"):
        book.check("a", MIDNIGHT)
    book.note("a", Issue(find_expiry(MIDNIGHT), {}))
    book.check("a", MIDNIGHT)


def test_a_token_that_was_never_given_out_does_not_expire() -> None:
    TokenBook().check("a", MIDNIGHT)
