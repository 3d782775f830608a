"""Readers of what others send, under any bytes: their own errors and no other, and bounded output.

Whatever `python -m tests.fuzzing` found lies below `tests/data/fuzzing`, and is read here.
"""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fuzz_targets import MOST_AT_LEAST, TARGETS, Target, read_hub
from tests.fuzzing import CASES

FOUND = sorted(path for path in CASES.rglob("*") if path.is_file())
# What parsers have stumbled over elsewhere.
NESTED = b"[" * 2_000
PIECES = st.sampled_from(
    (
        *(
            b"\x00",
            b"\xff\xfe",
            b"\xed\xa0\x80",
            b"\r\n",
            b"\n",
            b'"',
            b"'",
            b"\\",
            b"{",
            b"}",
            b"$",
            b"%",
            b",",
        ),
        *(
            b"(",
            b")",
            b"*",
            b"~",
            b":",
            b"ti:",
            b"au:",
            b"OR ",
            b"<",
            b">",
            b"&",
            b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
        ),
        *(
            b"<rss>",
            b"<feed xmlns='http://www.w3.org/2005/Atom'>",
            b"]]>",
            b"\\frac",
            b"\\begin{a}",
            b"^",
            b"_",
        ),
        *(
            b"q=0",
            b";",
            b"*",
            b'W/"',
            b"Mon, 01 Jan 0001 00:00:00 GMT",
            b"99999999999999999999",
            b"-1",
            b"1e999",
        ),
        *(
            b"hub.mode=subscribe\n",
            b"hub.callback=http://",
            b"[::1]",
            b"@",
            b"127.0.0.1",
            b"\xd9\xa1",
            b"\xe2\x80\xae",
        ),
        *(b"query = ", b"title = 'x'\n", b"limit = ", b"@article{", b"eprint = {", b"2601.00001", b"\x1b[2J"),
    )
)


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize(
    "hostile", [b"", NESTED, b'{"a":' * 2_000, b"{" * 5_000, b"((" * 2_000, b"\\sqrt{" * 900]
)
def test_what_is_deep_is_read_or_refused(name: str, hostile: bytes) -> None:
    TARGETS[name](hostile)


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name[-12:]}")
def test_what_fuzzing_found_is_read_or_refused(path: object) -> None:
    case = CASES / str(path)

    TARGETS[case.parent.name](case.read_bytes())


@pytest.mark.parametrize("name", TARGETS)
def test_law_any_bytes_are_read_or_refused(name: str) -> None:
    target: Target = TARGETS[name]

    @settings(max_examples=60)
    @given(
        st.one_of(
            st.binary(max_size=200), st.lists(PIECES | st.binary(max_size=5), max_size=30).map(b"".join)
        )
    )
    @example(b"\xff" * 40)
    def read(data: bytes) -> None:
        target(data)

    read()


def test_a_broken_rule_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz_targets.read_request", lambda form, allowance: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        read_hub(b"")


def test_a_reader_that_makes_much_of_little_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz_targets.to_text", lambda text: "x" * (MOST_AT_LEAST + 101))

    with pytest.raises(AssertionError, match="1 became 2101"):
        TARGETS["tex"](b"a")
