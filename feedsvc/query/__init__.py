"""The keyword language: text becomes a query, and a query says which announcements it takes in."""

from __future__ import annotations

from feedsvc.query.ast import Query
from feedsvc.query.parser import parse, point_at
from feedsvc.query.subject import Subject

__all__ = ["Query", "Subject", "parse", "point_at"]
