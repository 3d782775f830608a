"""What the readers of arXiv's answers share. That only sound XML gets through is tested with each of them."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from feedsvc.arxiv.wire import fold_text, read_texts, read_time

FIRST = datetime(1991, 8, 14, tzinfo=UTC)
MOMENTS = st.integers(0, 1000 * 365 * 24 * 3600).map(lambda seconds: FIRST + timedelta(seconds=seconds))
ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.text(st.characters(exclude_characters="\\")) | st.text(alphabet="ab é\u0301 \t\n\r\v\u00a0\u2028"))
def test_every_run_of_white_space_is_one_blank(text: str) -> None:
    assert fold_text(text) == " ".join(unicodedata.normalize("NFC", text).split())


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        (None, ""),
        (" \n ", ""),
        ("  One line\nand the next ", "One line and the next"),
        ("wrapped\n  and indented", "wrapped and indented"),
        ("two  blanks", "two blanks"),
        ("a\ttab and a\u00a0hard blank", "a tab and a hard blank"),
        ("Poincar\\'e\nand Erd\\H{o}s", "Poincaré and Erdős"),
        ("soft\u00adhyphen  stays", "soft\u00adhyphen stays"),
        *(
            (f"{'long ' * 80}{blank}end", f"{'long ' * 80}end")
            for blank in " \t\n\v\f\r\x1c\x1d\x1e\x1f\u2009"
        ),
    ],
)
def test_text_is_folded_to_one_line(text: str | None, folded: str) -> None:
    assert fold_text(text) == folded


@given(MOMENTS, ZONES)
def test_a_date_is_the_same_instant_however_it_is_written(moment: datetime, zone: timezone) -> None:
    written = (
        moment.isoformat(),
        moment.isoformat().replace("+00:00", "Z"),
        moment.astimezone(zone).isoformat(),
        format_datetime(moment.astimezone(zone)),
        format_datetime(moment, usegmt=True),
        format_datetime(moment, usegmt=True).replace(", 0", ", ").partition(", ")[2],
        f"  {format_datetime(moment, usegmt=True)}\n",
    )

    assert {read_time(text) for text in written} == {moment}


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "Mon, 31 Feb 2016 14:13:24 GMT",
        "Mon, 7 Mrz 2016 14:13:24 GMT",
        "Mon, 7 Mar 2016 25:13:24 GMT",
        "Mon, 7 Mar 2016 14:13:::4 GMT",
        "Mon, 7 Mar 0016 14:13:24 GMT",
        "2016-03-07T14:13:24",
        "2016-03-07",
        "1900-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
    ],
)
def test_what_is_no_instant_is_none(text: str | None) -> None:
    assert read_time(text) is None


def test_children_are_told_by_their_names_without_namespace() -> None:
    element = etree.fromstring('<a xmlns:x="urn:x"><b>1</b><x:c/><b>2</b><d> 3 <e>4</e></d></a>')

    assert read_texts(element) == {"b": "2", "c": "", "d": " 3 "}
