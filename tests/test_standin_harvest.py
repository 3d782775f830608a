"""Requests for lists, and their pages."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from feedsvc.standin.harvest import EARLIEST, Arguments, Harvest, Page, read_harvest, take_page
from feedsvc.standin.refusals import Code, Refusal
from tests.standin_papers import MONDAY, NOON, TUESDAY, small_corpus

CORPUS = small_corpus()
BASE = {"verb": "ListRecords", "metadataPrefix": "arXiv"}


def read(arguments: Arguments, skip: int = 0, now: datetime = NOON) -> Harvest:
    return read_harvest({**BASE, **arguments}, skip, now)


def page_of(size: int, skip: int = 0, now: datetime = NOON, arguments: Arguments | None = None) -> Page:
    return take_page(CORPUS, read(arguments or {}, skip, now), size, now)


def ids_in(page: Page) -> str:
    return "".join(record.paper.id[-1] for record in page.records)


def test_without_dates_everything_up_to_today_is_asked_for() -> None:
    harvest = read({})

    assert (harvest.first, harvest.last, harvest.wanted, harvest.skip) == (EARLIEST, NOON.date(), "", 0)


def test_arguments_are_kept_in_arxivs_order_whatever_theirs() -> None:
    given = {"set": "cs", "until": "2026-01-06", "from": "2026-01-05"}

    assert list(read(given).arguments) == ["verb", "metadataPrefix", "from", "until", "set"]
    assert (read(given).first, read(given).last) == (MONDAY, TUESDAY)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"from": "2001-01-01"}, "start date too early"),
        ({"until": "2026-01-08"}, "until date too late"),
        ({"from": "2026-01-07", "until": "2026-01-06"}, "greater than or equal to from date"),
        ({"from": "2026-01-08"}, "greater than or equal to from date"),
        ({"from": "2026-1-5"}, "from date format must be YYYY-MM-DD"),
        ({"until": "2026-02-30"}, "until date format must be YYYY-MM-DD"),
        ({"until": "2026-01-05T00:00:00Z"}, "until date format"),
        ({"set": "cs:AI"}, "Set does not exist"),
        ({"cookie": "x"}, "Unallowed parameter"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_in_arxivs_words(arguments: Arguments, reason: str) -> None:
    with pytest.raises(Refusal, match=reason) as caught:
        read(arguments)
    assert (caught.value.code, caught.value.echoed) == (Code.BAD_ARGUMENT, {})


def test_a_format_must_be_named_and_known() -> None:
    with pytest.raises(Refusal, match="metadataPrefix required") as missing:
        read_harvest({"verb": "ListRecords"}, 0, NOON)
    with pytest.raises(Refusal, match="Did not recognize requested format") as unknown:
        read({"metadataPrefix": "marc"})
    assert (missing.value.code, unknown.value.code) == (Code.BAD_ARGUMENT, Code.BAD_FORMAT)


def test_a_list_that_fits_on_a_page_has_no_token() -> None:
    assert (ids_in(page_of(6)), page_of(6).next) == ("132456", None)


def test_the_rest_is_asked_for_from_the_date_of_its_first_record() -> None:
    page = page_of(3)

    assert ids_in(page) == "132"
    assert page.next == ({**BASE, "from": "2026-01-06"}, 1)


def test_within_one_date_records_are_only_skipped() -> None:
    page = page_of(1, skip=1, arguments={"from": "2026-01-06"})

    assert ids_in(page) == "4"
    assert page.next == ({**BASE, "from": "2026-01-06"}, 2)


def test_a_list_without_records_is_refused_and_echoes_what_was_asked() -> None:
    with pytest.raises(Refusal, match="results in an empty list") as caught:
        page_of(6, arguments={"set": "q-bio"})
    assert (caught.value.code, caught.value.echoed) == (Code.NO_RECORDS, {**BASE, "set": "q-bio"})


def test_records_that_change_between_two_pages_shift_the_rest() -> None:
    """On Tuesday paper 2 moves on to Tuesday's records: it comes again, and paper 3 is passed over."""
    monday = datetime.combine(MONDAY, NOON.time(), NOON.tzinfo)
    before = page_of(2, now=monday, arguments={"set": "cs"})
    assert (ids_in(before), before.next) == ("12", ({**BASE, "set": "cs"}, 2))

    after = page_of(9, skip=2, now=NOON, arguments={"set": "cs"})
    assert ids_in(after) == "256"


def test_an_emptied_page_leads_to_itself_and_a_prolonged_one_past_its_end() -> None:
    page = page_of(9, skip=1)

    assert (page.empty().records, page.empty().next) == ((), (BASE, 1))
    assert (ids_in(page.prolong()), page.prolong().next) == ("32456", (BASE, 6))


def test_no_date_of_the_future_can_be_asked_for_but_today_always() -> None:
    assert read({"until": NOON.date().isoformat()}).last == date(2026, 1, 7)
