"""What a paper's history tells of announcements that no listing was seen of, and what it cannot tell."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from feedsvc.calendar import day_of_submission
from feedsvc.history import Coverage, PaperHistory, estimate_history, rebuild_history
from feedsvc.paper import Announcement, Kind, Origin

MONDAY = date(2026, 1, 5)
TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + timedelta(days=n) for n in range(1, 5))


def freeze_of(day: date) -> datetime:
    """Give an instant of submission whose paper is announced on a weekday after Monday."""
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(days=1)


def history(*days: date, changed: date, categories: tuple[str, ...] = ("cs.AI", "cs.LG")) -> PaperHistory:
    """Make a history whose versions were sent in for these days."""
    versions = tuple((number, freeze_of(day)) for number, day in enumerate(days, start=1))
    return PaperHistory("2601.00001", categories, versions, changed)


def coverage(*gaps: date, first: date = MONDAY, last: date = FRIDAY) -> Coverage:
    return Coverage(first, last, frozenset(gaps))


def row(day: date, kind: Kind = Kind.NEW, version: int = 1, category: str = "cs.AI") -> Announcement:
    return Announcement(day, category, "2601.00001", version, kind)


def rebuilt(
    told: PaperHistory,
    known: tuple[Announcement, ...] = (),
    gaps: Coverage | None = None,
    place: str = "cs.AI",
    lacked_on: date | None = None,
) -> list[tuple[date, Kind, int, Origin]]:
    rows = rebuild_history(told, place, known, gaps or coverage(), lacked_on)
    return [(a.day, a.kind, a.version, a.origin) for a in rows]


def test_a_new_paper_of_a_missed_day_is_exact() -> None:
    told = history(WEDNESDAY, changed=WEDNESDAY)

    assert rebuilt(told, gaps=coverage(WEDNESDAY)) == [(WEDNESDAY, Kind.NEW, 1, Origin.REBUILT)]


def test_it_is_a_cross_list_in_its_other_categories() -> None:
    told = history(WEDNESDAY, changed=WEDNESDAY)

    found = rebuilt(told, gaps=coverage(WEDNESDAY), place="cs.LG")
    assert found == [(WEDNESDAY, Kind.CROSS, 1, Origin.REBUILT)]


def test_what_the_ledger_has_is_not_given_again() -> None:
    told = history(WEDNESDAY, changed=WEDNESDAY)

    assert rebuilt(told, known=(row(WEDNESDAY),), gaps=coverage(WEDNESDAY)) == []


def test_a_replacement_of_a_missed_day_is_exact_when_the_first_version_is_known() -> None:
    told = history(TUESDAY, THURSDAY, changed=THURSDAY)

    found = rebuilt(told, known=(row(TUESDAY),), gaps=coverage(THURSDAY))
    assert found == [(THURSDAY, Kind.REPLACE, 2, Origin.REBUILT)]


def test_both_versions_come_back_when_both_days_were_missed() -> None:
    told = history(TUESDAY, THURSDAY, changed=THURSDAY)

    found = rebuilt(told, gaps=coverage(TUESDAY, THURSDAY))
    assert found == [
        (TUESDAY, Kind.NEW, 1, Origin.REBUILT),
        (THURSDAY, Kind.REPLACE, 2, Origin.REBUILT),
    ]


def test_a_paper_that_was_held_back_came_on_the_one_day_that_is_missing() -> None:
    told = history(TUESDAY, changed=FRIDAY)

    assert rebuilt(told, gaps=coverage(FRIDAY)) == [(FRIDAY, Kind.NEW, 1, Origin.REBUILT)]


def test_where_two_missed_days_are_possible_the_day_is_estimated() -> None:
    told = history(WEDNESDAY, changed=FRIDAY)

    found = rebuilt(told, gaps=coverage(WEDNESDAY, FRIDAY))
    assert found == [(WEDNESDAY, Kind.NEW, 1, Origin.ESTIMATED)]


def test_a_paper_that_a_whole_listing_left_out_is_put_on_its_day() -> None:
    told = history(WEDNESDAY, changed=WEDNESDAY)

    assert rebuilt(told) == [(WEDNESDAY, Kind.NEW, 1, Origin.REBUILT)]


def test_a_paper_from_before_our_time_is_not_ours() -> None:
    told = history(MONDAY - timedelta(days=60), changed=WEDNESDAY)

    assert rebuilt(told, gaps=coverage(WEDNESDAY)) == []


def test_an_old_paper_replaced_on_a_missed_day_gives_the_replacement_only() -> None:
    told = history(MONDAY - timedelta(days=60), WEDNESDAY, changed=WEDNESDAY)

    found = rebuilt(told, gaps=coverage(WEDNESDAY))
    assert [(kind, version) for _, kind, version, _ in found] == [(Kind.REPLACE, 2)]


def test_a_paper_held_back_into_our_time_is_taken_and_flagged() -> None:
    told = history(MONDAY - timedelta(days=4), changed=WEDNESDAY)

    assert rebuilt(told, gaps=coverage(WEDNESDAY)) == [(WEDNESDAY, Kind.NEW, 1, Origin.ESTIMATED)]


def test_a_later_cross_list_of_a_known_paper_is_found_by_the_last_change() -> None:
    told = history(TUESDAY, changed=THURSDAY)

    found = rebuilt(told, gaps=coverage(THURSDAY), place="cs.LG", lacked_on=TUESDAY)
    assert found == [(THURSDAY, Kind.CROSS, 1, Origin.REBUILT)]


def test_a_cross_list_since_the_last_announcement_comes_in_the_version_of_its_day() -> None:
    told = history(TUESDAY, THURSDAY, changed=THURSDAY)

    found = rebuilt(told, gaps=coverage(THURSDAY), place="cs.LG", lacked_on=TUESDAY)
    assert found == [(THURSDAY, Kind.CROSS, 2, Origin.REBUILT)]


def test_a_cross_list_comes_before_what_is_known_of_the_category() -> None:
    told = history(TUESDAY, FRIDAY, changed=FRIDAY)
    later = row(FRIDAY, Kind.REPLACE_CROSS, 2, "cs.LG")

    found = rebuilt(told, (later,), coverage(WEDNESDAY, THURSDAY), "cs.LG", TUESDAY)
    assert found == [(THURSDAY, Kind.CROSS, 1, Origin.ESTIMATED)]
    found = rebuilt(told, (later,), coverage(WEDNESDAY), "cs.LG", TUESDAY)
    assert found == [(WEDNESDAY, Kind.CROSS, 1, Origin.REBUILT)]


def test_a_later_cross_list_that_listings_left_out_is_put_on_the_last_change() -> None:
    told = history(TUESDAY, changed=FRIDAY)

    found = rebuilt(told, place="cs.LG", lacked_on=TUESDAY)
    assert found == [(FRIDAY, Kind.CROSS, 1, Origin.ESTIMATED)]
    found = rebuilt(told, place="cs.LG", lacked_on=THURSDAY)
    assert found == [(FRIDAY, Kind.CROSS, 1, Origin.REBUILT)]


def test_a_category_that_was_not_there_long_ago_is_taken_for_new_on_a_missed_day_only() -> None:
    old = MONDAY - timedelta(days=60)
    told = history(old, changed=WEDNESDAY)

    assert rebuilt(told, place="cs.LG", lacked_on=old) == []
    found = rebuilt(told, gaps=coverage(WEDNESDAY), place="cs.LG", lacked_on=old)
    assert found == [(WEDNESDAY, Kind.CROSS, 1, Origin.ESTIMATED)]


def test_a_cross_list_missed_with_two_versions_may_be_of_either_and_both_say_so() -> None:
    told = history(TUESDAY, THURSDAY, changed=THURSDAY)

    found = rebuilt(told, gaps=coverage(TUESDAY, THURSDAY), place="cs.LG")
    assert found == [
        (TUESDAY, Kind.CROSS, 1, Origin.ESTIMATED),
        (THURSDAY, Kind.REPLACE_CROSS, 2, Origin.ESTIMATED),
    ]


def test_a_paper_first_seen_as_a_replacement_gets_its_first_announcement() -> None:
    told = history(TUESDAY, THURSDAY, changed=THURSDAY)

    found = rebuilt(told, (row(THURSDAY, Kind.REPLACE, 2),), coverage(TUESDAY))
    assert found == [(TUESDAY, Kind.NEW, 1, Origin.REBUILT)]


def test_versions_from_before_a_category_was_added_are_not_announced_there() -> None:
    told = history(TUESDAY, WEDNESDAY, changed=FRIDAY)

    assert rebuilt(told, (row(FRIDAY, Kind.CROSS, 2, "cs.LG"),), place="cs.LG") == []


def test_a_version_from_before_our_time_is_not_announced_again_for_a_later_change() -> None:
    told = history(MONDAY - timedelta(days=60), MONDAY - timedelta(days=20), changed=WEDNESDAY)

    assert rebuilt(told, gaps=coverage(WEDNESDAY)) == []


def test_a_change_on_a_day_that_is_still_to_be_judged_waits_or_is_flagged() -> None:
    told = history(TUESDAY, changed=FRIDAY)

    assert rebuilt(told, gaps=coverage(last=THURSDAY)) == []
    found = rebuilt(told, gaps=coverage(TUESDAY, last=THURSDAY))
    assert found == [(TUESDAY, Kind.NEW, 1, Origin.ESTIMATED)]


def test_a_version_replaced_before_the_freeze_was_never_announced() -> None:
    told = history(WEDNESDAY, WEDNESDAY, changed=WEDNESDAY)

    assert rebuilt(told, gaps=coverage(WEDNESDAY)) == [(WEDNESDAY, Kind.NEW, 2, Origin.REBUILT)]


def test_what_is_announced_only_after_the_days_that_can_be_judged_waits() -> None:
    told = history(FRIDAY, changed=FRIDAY)

    assert rebuilt(told, gaps=coverage(WEDNESDAY, last=THURSDAY)) == []


@given(
    offsets=st.lists(st.integers(0, 10), min_size=1, max_size=4).map(sorted),
    change=st.integers(0, 14),
    gaps=st.sets(st.integers(0, 4)),
)
def test_no_version_is_announced_twice_and_none_before_it_was_sent_in(
    offsets: list[int], change: int, gaps: set[int]
) -> None:
    start = datetime(2026, 1, 5, 12, tzinfo=UTC)
    versions = tuple((n, start + timedelta(days=o, minutes=n)) for n, o in enumerate(offsets, start=1))
    told = PaperHistory("2601.00001", ("cs.AI",), versions, (start + timedelta(days=change)).date())
    found = rebuilt(told, gaps=coverage(*(MONDAY + timedelta(days=n) for n in gaps)))

    assert len({version for _, _, version, _ in found}) == len(found)
    assert all(day >= day_of_submission(dict(versions)[version]) for day, _, version, _ in found)


@given(
    day=st.sampled_from([TUESDAY, WEDNESDAY, THURSDAY, FRIDAY]),
    gaps=st.sets(st.sampled_from([TUESDAY, FRIDAY])),
)
def test_rebuilding_again_over_what_was_rebuilt_adds_nothing(day: date, gaps: set[date]) -> None:
    told = history(day, changed=day)
    rows = tuple(rebuild_history(told, "cs.AI", (), coverage(*gaps), None))

    assert rebuilt(told, known=rows, gaps=coverage(*gaps)) == []


def test_long_ago_only_the_first_announcement_is_estimated() -> None:
    told = history(TUESDAY, THURSDAY, changed=FRIDAY)

    rows = list(estimate_history(told, {"cs.AI", "cs.LG"}))
    assert [(a.day, a.category, a.kind, a.version) for a in rows] == [
        (TUESDAY, "cs.AI", Kind.NEW, 2),
        (TUESDAY, "cs.LG", Kind.CROSS, 2),
    ]
    assert all(a.origin is Origin.ESTIMATED and a.released is None for a in rows)


def test_an_alias_and_its_category_are_one_place() -> None:
    told = history(TUESDAY, changed=TUESDAY, categories=("math.NA", "cs.NA"))

    assert told.places() == ("math.NA",)
