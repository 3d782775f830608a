"""A service under load for some seconds, and that what is wrong would be found: `make load` runs minutes."""

from __future__ import annotations

import asyncio
import dataclasses
import gzip
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.load import (
    MOST_RATE,
    MOST_TIMES,
    Figures,
    find_breaches,
    find_end,
    find_growth,
    find_unbuilt,
    list_rows,
    name_record,
    run_load,
)
from tests.load_answers import GRACE_SECONDS, Asked, Judge, Latencies, check_body
from tests.load_readers import Plan, Readers, Report
from tests.load_service import LoadedService, Size
from tests.load_worker import Teller
from tests.loopback import Server, write

SIZE = Size(days=3, categories=4, papers=12, processes=2)
SECONDS, RATE = 15, 150
PATH = "/feeds/cs.AI.xml"
BODY = gzip.compress(b"<feed/>", mtime=0)
HEADERS = {"content-encoding": "gzip", "etag": '"a-gzip"', "content-type": "application/atom+xml"}


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Figures:
    folder = tmp_path_factory.mktemp("load")
    return run_load(folder, f"sqlite:///{folder}/load.sqlite3", SIZE, SECONDS, RATE)


def test_nothing_breaks_while_days_are_announced(figures: Figures) -> None:
    assert figures.breaches == []


def test_readers_asked_for_enough_to_tell(figures: Figures) -> None:
    report = figures.report

    assert report.answers > 300
    assert report.unmodified > report.answers / 2
    assert report.changes > 0
    assert report.parsed > 30
    assert figures.delivered > 0
    assert {"worker", "web", "web 1", "web 2"} <= figures.memory.keys()


def test_readers_end_when_their_last_part_is_over(figures: Figures) -> None:
    assert SECONDS * 0.9 <= figures.report.seconds < SECONDS * MOST_TIMES


def test_every_figure_has_its_row(figures: Figures) -> None:
    rows = {row.what: row for row in list_rows(figures, 50)}

    assert rows["answers judged"].ours == figures.report.answers
    assert rows["wrong in any way"].ours == 0
    assert rows["99th centile"].wanted == 50


def asked(at: float = 0.0, tag: str | None = None, date: str | None = None, coding: str = "gzip") -> Asked:
    return Asked(PATH, coding, at, tag, date)


def judge_one(status: int, headers: dict[str, str], body: bytes, request: Asked | None = None) -> list[str]:
    judge = Judge()
    judge.take(request or asked(), status, headers, body, 0.0)
    return [fault.partition(":")[0] for fault in judge.faults]


def test_a_good_answer_is_no_fault() -> None:
    assert judge_one(200, HEADERS, BODY) == []


@pytest.mark.parametrize("status", [404, 500, 502, 503])
def test_any_other_status_is_a_fault(status: int) -> None:
    assert judge_one(status, {}, b"") == [f"status {status}"]


@pytest.mark.parametrize(
    "body", [BODY[:-3], b"<feed/>", gzip.compress(b"<feed>")], ids=["cut", "not packed", "not whole"]
)
def test_a_torn_body_is_a_fault(body: bytes) -> None:
    assert "torn" in judge_one(200, HEADERS, body)[0]


def test_another_coding_than_was_asked_for_is_a_fault() -> None:
    assert judge_one(200, HEADERS, BODY, asked(coding="br")) == ["coded as gzip"]


def test_one_tag_for_two_bodies_is_a_fault() -> None:
    judge = Judge()
    judge.take(asked(), 200, HEADERS, BODY, 0.0)
    judge.take(asked(), 200, HEADERS, gzip.compress(b"<feed></feed>", mtime=0), 1.0)

    assert [fault.partition(":")[0] for fault in judge.faults] == ["one tag, two bodies"]


def test_a_whole_answer_to_who_holds_it_is_a_fault() -> None:
    assert judge_one(200, HEADERS, BODY, asked(tag='"a-gzip"')) == ["sent what the client holds"]


@pytest.mark.parametrize(
    ("request_", "headers", "body"),
    [
        (asked(), {"etag": '"a-gzip"'}, b""),
        (asked(tag='"a-gzip"'), {}, b""),
        (asked(tag='"a-gzip"'), {"etag": '"a-gzip"'}, b"x"),
        (asked(tag='"b-gzip"'), {"etag": '"a-gzip"'}, b""),
        (asked(tag='"c-gzip"'), {"etag": '"c-gzip"'}, b""),
    ],
)
def test_a_304_that_nobody_asked_for_or_of_an_unknown_tag_is_a_fault(
    request_: Asked, headers: dict[str, str], body: bytes
) -> None:
    judge = Judge()
    judge.take(asked(), 200, HEADERS, BODY, 0.0)
    judge.take(request_, 304, headers, body, 0.0)

    assert judge.faults.total() == 1


@pytest.mark.parametrize(
    ("holds", "told", "faults"),
    [("a", "b", ["a 304 by date for what the reader does not hold"]), ("b", "a", []), ("b", "b", [])],
)
def test_a_304_by_date_to_who_holds_something_older_is_a_fault(
    holds: str, told: str, faults: list[str]
) -> None:
    judge = see_two()
    date = "Wed, 14 Jan 2026 17:00:00 GMT"
    by_date = dataclasses.replace(asked(9.0, date=date), holds=f'"{holds}-gzip"')

    judge.take(by_date, 304, {"etag": f'"{told}-gzip"'}, b"", 10.0)

    assert [fault.partition(":")[0] for fault in judge.faults] == faults


def see_two(grace: float | None = GRACE_SECONDS) -> Judge:
    """Give a judge who saw a second body come after the first, at 10 seconds."""
    judge = Judge(grace)
    judge.take(asked(), 200, HEADERS, BODY, 0.0)
    newer = HEADERS | {"etag": '"b-gzip"'}
    judge.take(asked(9.0), 200, newer, gzip.compress(b"<feed></feed>", mtime=0), 10.0)
    return judge


@pytest.mark.parametrize(
    ("at", "grace", "faults"),
    [(10.0 + GRACE_SECONDS, GRACE_SECONDS, 0), (10.1 + GRACE_SECONDS, GRACE_SECONDS, 1), (99.0, None, 0)],
)
def test_an_outdated_tag_may_be_confirmed_for_a_moment_only(
    at: float, grace: float | None, faults: int
) -> None:
    confirming, sending = see_two(grace), see_two(grace)

    confirming.take(asked(at, tag='"a-gzip"'), 304, {"etag": '"a-gzip"'}, b"", at)
    sending.take(asked(at), 200, HEADERS, BODY, at)

    assert (confirming.faults.total(), sending.faults.total()) == (faults, faults)


def test_what_readers_hold_is_the_newest() -> None:
    judge = see_two()

    assert judge.held[PATH, "gzip"].tag == '"b-gzip"'
    assert judge.outdated[PATH, "gzip"] == '"a-gzip"'
    assert judge.changes == 1


@pytest.mark.parametrize(
    ("type_", "body"),
    [
        ("application/atom+xml", b"<feed><entry></feed>"),
        ("application/feed+json", b'{"items": ['),
        ("text/markdown", b"# A day\n\n- half a li"),
        ("text/html", b"<html><body>"),
    ],
)
def test_half_a_body_of_any_type_is_refused(type_: str, body: bytes) -> None:
    with pytest.raises((SyntaxError, ValueError)):
        check_body(type_, body)


def read_from(server: Server, seconds: float = 0.6, is_over: Callable[[], bool] = lambda: False) -> Report:
    plan = Plan(server.port, seconds=seconds, rate=50, groups=[(1.0, [PATH])], grace=None)
    return asyncio.run(Readers(plan).run(is_over))


@pytest.mark.parametrize(
    ("length", "fault"), [(20, "cut off within an answer"), (3, "more bytes than Content-Length names")]
)
def test_readers_notice_a_body_of_another_length(length: int, fault: str) -> None:
    server = Server()
    server.replies = [write(b"<feed/>", length=length)]
    try:
        report = read_from(server)
    finally:
        server.close()

    assert any(found.startswith(fault) for found in report.faults), report.faults


def test_readers_end_when_they_are_told_to_though_their_time_is_not_over() -> None:
    server = Server()
    server.replies = [write(b"<feed/>")]
    looks = iter([False] * 20)
    try:
        report = read_from(server, seconds=60, is_over=lambda: next(looks, True))
    finally:
        server.close()

    assert report.seconds < 30


def test_a_day_counts_as_built_when_a_round_that_began_after_its_announcement_has_ended() -> None:
    days = {"2026-01-14": datetime(2026, 1, 14, tzinfo=UTC), "2026-01-15": datetime(2026, 1, 15, tzinfo=UTC)}
    now, told = [datetime(2026, 1, 13, 23, tzinfo=UTC)], list[str]()

    def announce_within() -> None:
        now[0] += timedelta(hours=2)

    Teller(announce_within, lambda: now[0], days, told.append).run_due()
    assert told == []

    teller = Teller(lambda: None, lambda: now[0], days, told.append)
    teller.run_due()
    teller.run_due()
    assert told == ["2026-01-14"]


def make_service(built: set[str]) -> LoadedService:
    days = {"2026-01-14": "", "2026-01-15": ""}
    return LoadedService(0, 0, "", days, {}, built=built)


def test_a_day_that_is_not_built_in_time_is_a_breach() -> None:
    assert list(find_unbuilt(make_service({"2026-01-15"}), patience=0)) == []
    assert len(list(find_unbuilt(make_service(set()), patience=0))) == 1


@pytest.mark.parametrize(
    ("built_at", "is_broken", "end"),
    [(50.0, False, 100), (90.0, False, 115), (None, False, 325), (250.0, False, 275), (None, True, 100)],
    ids=["early", "late", "never", "very late", "a process ended"],
)
def test_readers_ask_for_a_last_part_after_the_last_day_is_built(
    built_at: float | None, is_broken: bool, end: float
) -> None:
    assert find_end(100, built_at, is_broken=is_broken) == end


def test_a_process_that_ended_is_noticed_though_nobody_asked_after_it() -> None:
    service = make_service(set())
    with subprocess.Popen([sys.executable, "-c", ""], text=True, stdout=subprocess.PIPE) as ended:
        assert ended.stdout is not None
        ended.stdout.read()
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        service.processes["worker"], service.started["worker"] = ended.pid, ended
        service.note_memory(1.0)

    assert service.ended == {"worker"}
    assert service.memory == {}


def test_readers_notice_a_connection_that_ends_without_an_answer() -> None:
    server = Server()
    server.replies = [lambda peer: peer.close()]
    try:
        report = read_from(server)
    finally:
        server.close()

    assert report.answers == 0
    assert any(found.startswith("closed without an answer") for found in report.faults), report.faults


def test_a_centile_is_met_to_a_twentieth() -> None:
    latencies = Latencies()
    for ms in range(1, 1001):
        latencies.add(ms)

    assert 990 <= latencies.centile(0.99) <= 990 * 1.06
    assert 500 <= latencies.centile(0.5) <= 500 * 1.06
    assert Latencies().centile(0.99) == 0


def make_figures(growth: float, **changes: object) -> Figures:
    report = Report(60, 1000, 900, 40, 10, 5, 0, 1.0, 60.0, 80.0, {})
    changed = dataclasses.replace(report, **changes)  # type: ignore[arg-type]
    return Figures(SIZE, 100, changed, 3, {"web 1": (100.0, growth)})


def test_memory_that_grows_is_a_breach_and_memory_that_stays_is_none() -> None:
    steady = [(float(second), 100.0 + second % 2) for second in range(100)]
    growing = [(float(second), 100.0 + second) for second in range(100)]

    assert abs(find_growth(steady, 75)[1]) < 1
    assert 20 < find_growth(growing, 75)[1] < 30
    assert len(list(find_breaches(make_figures(6.0), 600, 0))) == 1
    assert list(find_breaches(make_figures(4.0), 600, 0)) == []
    assert list(find_breaches(make_figures(6.0), 60, 0)) == []


def test_a_late_99th_centile_is_a_breach_only_where_it_is_judged() -> None:
    assert len(list(find_breaches(make_figures(0.0), 60, 50))) == 1
    assert list(find_breaches(make_figures(0.0), 60, 0)) == []


@pytest.mark.parametrize("changes", [{"answers": 0}, {"changes": 0}, {"faults": {"status 503: /": 2}}])
def test_faults_and_runs_that_show_nothing_are_breaches(changes: dict[str, object]) -> None:
    assert len(list(find_breaches(make_figures(0.0, **changes), 60, 0))) == 1


def test_the_folder_of_the_cache_is_the_only_thing_that_is_changed_in_its_configuration(
    tmp_path: Path,
) -> None:
    from tests.load_service import PROXY, _write_proxy

    _write_proxy(tmp_path, 1, 2)
    written = (tmp_path / "nginx.conf").read_text("utf-8")

    kept = [line for line in PROXY.read_text("utf-8").splitlines() if line not in written]
    assert len(kept) == 3


def test_runs_of_one_kind_are_kept_in_one_place_and_paced_ones_beside_them() -> None:
    assert name_record(Size(3, 150, 2_350, 2), MOST_RATE) == "load-2"
    assert name_record(Size(3, 150, 2_350, 1, is_cached=True), MOST_RATE) == "load-1-cache"
    assert name_record(Size(3, 150, 2_350, 1), 1_000) == "load-1-paced"
