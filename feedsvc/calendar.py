"""When arXiv announces: days, evenings, holidays. Pure; `now` is handed in.

A *day* is the date arXiv's feed carries, Monday to Friday in US/Eastern. Its papers went public at 20:00
Eastern the evening before; the feed switches to it at midnight.
Source: https://info.arxiv.org/help/availability.html
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

EASTERN = ZoneInfo("America/New_York")
EVENING = time(20, 0)
FREEZE = time(14, 0)
FRIDAY = 4


def eastern_date(now: datetime) -> date:
    """Give the date on arXiv's wall calendar."""
    return now.astimezone(EASTERN).date()


def is_weekday(day: date) -> bool:
    """Tell whether arXiv's feed can carry this date."""
    return day.weekday() <= FRIDAY


def announced_at(day: date) -> datetime:
    """Give the instant, in UTC, at which a day's papers went public: 20:00 Eastern the evening before."""
    return datetime.combine(day - timedelta(days=1), EVENING, EASTERN).astimezone(UTC)


def day_announced_at(moment: datetime) -> date:
    """Give the day whose papers went public at an instant."""
    local = moment.astimezone(EASTERN)
    return local.date() + timedelta(days=1) if local.time() >= EVENING else local.date()


def switches_at(day: date) -> datetime:
    """Give the instant, in UTC, at which arXiv's feed switches to a day: its midnight, Eastern."""
    return datetime.combine(day, time(), EASTERN).astimezone(UTC)


def newest_day(now: datetime) -> date:
    """Give the newest day that arXiv's feed should carry: today, or the Friday before on a weekend."""
    day = eastern_date(now)
    while not is_weekday(day):
        day -= timedelta(days=1)
    return day


def announced_day(now: datetime) -> date:
    """Give the newest day whose papers are public: from 20:00 Eastern on that is the next weekday's."""
    day = day_announced_at(now)
    while not is_weekday(day) or announced_at(day) > now:
        day -= timedelta(days=1)
    return day


def next_switch(now: datetime) -> datetime:
    """Give the next instant, in UTC, at which arXiv's feed switches to a new day, holidays aside."""
    day = eastern_date(now) + timedelta(days=1)
    while not is_announcement_expected(day):
        day += timedelta(days=1)
    return switches_at(day)


def is_announcement_expected(day: date) -> bool:
    """Tell whether a day should have announcements: a weekday that does not follow a skipped evening.

    arXiv's table lists the dates whose afternoon freeze is skipped. The freeze of Monday to Thursday is
    announced the same evening, under the next day's date; that of Friday on Sunday evening, under Monday's.
    """
    if not is_weekday(day):
        return False
    freeze = day - timedelta(days=3 if day.weekday() == 0 else 1)
    return freeze not in load_holidays()


def day_of_submission(submitted: datetime) -> date:
    """Give the day on which a version submitted at an instant is announced, unless it is held back.

    The freeze is at 14:00 Eastern, Monday to Friday, but for the dates of arXiv's table.
    """
    local = submitted.astimezone(EASTERN)
    freeze = local.date() if local.time() < FREEZE else local.date() + timedelta(days=1)
    while not is_weekday(freeze) or freeze in load_holidays():
        freeze += timedelta(days=1)
    return freeze + timedelta(days=3 if freeze.weekday() == FRIDAY else 1)


@cache
def load_holidays() -> frozenset[date]:
    """Read arXiv's table of dates without a freeze, 2003 to 2026, that ships with the package."""
    text = resources.files("feedsvc").joinpath("data/holidays.json").read_text("utf-8")
    return frozenset(date.fromisoformat(row) for row in json.loads(text))
