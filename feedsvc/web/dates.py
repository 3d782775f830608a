"""Days as pages write them, in the language of the page."""

from __future__ import annotations

from datetime import date

from markupsafe import Markup

from feedsvc.render.phrases import load_phrases
from feedsvc.web.pages import read_language

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CHINESE = "一二三四五六日"


def write_short_day(day: date) -> str:
    """Write a day without its year: `14 Jan`."""
    if read_language() == "zh":
        return f"{day.month}月{day.day}日"
    return f"{day.day} {day:%b}"


def write_weekday(day: date) -> str:
    """Write a day's weekday, shortened: `Wed`."""
    return f"周{CHINESE[day.weekday()]}" if read_language() == "zh" else WEEKDAYS[day.weekday()][:3]


def write_long_day(day: date) -> str:
    """Write a day with its weekday and year."""
    language = read_language()
    written = load_phrases(language).format_date(day)
    if language == "zh":
        return f"{written} 星期{CHINESE[day.weekday()]}"
    return f"{WEEKDAYS[day.weekday()]} {written}"


def write_time(day: date) -> Markup:
    """Write a day as an element of HTML."""
    return Markup('<time datetime="{}">{}</time>').format(day.isoformat(), write_long_day(day))
