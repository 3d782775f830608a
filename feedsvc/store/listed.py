"""Writing the rows of announcements: as a listing shows them, or where they are absent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, and_, bindparam, delete, insert, select, update

from feedsvc.paper import Announcement, Batch, Kind, Origin
from feedsvc.store import schema
from feedsvc.store.place import place_of
from feedsvc.store.revisions import Revision
from feedsvc.store.rows import announcement_row, read_announcement
from feedsvc.store.versions import chunked

FIRST = frozenset({Kind.NEW, Kind.CROSS})


def save_announcements(
    connection: Connection, batch: Batch, announcements: Iterable[Announcement], revision: Revision
) -> tuple[int, int]:
    """Save a category's day as a listing shows it; give how many rows are new and how many were mended.

    What was only estimated of these papers gives way.
    """
    listed = _once_a_paper(announcements)
    known = _known_rows(connection, listed)
    added: list[dict[str, Any]] = []
    mended: list[Announcement] = []
    confirmed: list[Announcement] = []
    for announcement in listed.values():
        before = known.get((batch.category, batch.day, announcement.paper))
        if before is None:
            added.append(announcement_row(announcement) | {"revision": revision.take()})
        elif (before.version, before.kind) != (announcement.version, announcement.kind):
            mended.append(announcement)
        elif before.origin is not announcement.origin:
            confirmed.append(announcement)
    if added:
        connection.execute(insert(schema.announcements), added)
    _mend(connection, mended, revision)
    _confirm(connection, confirmed)
    _drop_estimates(connection, listed.values(), known.values(), revision)
    return len(added), len(mended)


def insert_absent(connection: Connection, announcements: Sequence[Announcement], revision: Revision) -> int:
    """Save announcements of days on which the category does not show these papers yet; give how many."""
    wanted = {(a.category, a.day, a.paper): a for a in announcements}
    known = _known_rows(connection, {a.paper: a for a in announcements})
    absent = [a for key, a in wanted.items() if key not in known]
    if absent:
        number = revision.take()
        connection.execute(
            insert(schema.announcements), [announcement_row(a) | {"revision": number} for a in absent]
        )
    return len(absent)


def settle_estimates(
    connection: Connection, announcements: Collection[Announcement], revision: Revision
) -> None:
    """Let estimates give way to what another source tells: on the same day by name, on another by going."""
    known = _known_rows(connection, {a.paper for a in announcements})
    estimates = {key for key, row in known.items() if row.origin is Origin.ESTIMATED}
    _mend(connection, [a for a in announcements if (a.category, a.day, a.paper) in estimates], revision)
    _drop_estimates(connection, announcements, known.values(), revision)


def _known_rows(
    connection: Connection, papers: Collection[str]
) -> dict[tuple[str, object, str], Announcement]:
    table = schema.announcements.c
    rows = (
        read_announcement(row)
        for chunk in chunked(papers)
        for row in connection.execute(select(schema.announcements).where(table.paper.in_(chunk)))
    )
    return {(a.category, a.day, a.paper): a for a in rows}


def _once_a_paper(announcements: Iterable[Announcement]) -> dict[str, Announcement]:
    # A listing that repeats a paper must not cost its whole batch: the kind that goes before wins.
    last_wins = sorted(announcements, key=lambda a: (-a.kind.rank, a.version))
    return {announcement.paper: announcement for announcement in last_wins}


def _mend(connection: Connection, announcements: Sequence[Announcement], revision: Revision) -> None:
    """Let rows say what was told now."""
    if not announcements:
        return
    number = revision.take()
    changes = [
        _key_of(a)
        | {
            "version": a.version,
            "place": place_of(a.day, a.paper, a.version),
            "kind": a.kind.value,
            "origin": a.origin.value,
            "revision": number,
        }
        for a in announcements
    ]
    connection.execute(update(schema.announcements).where(_IS_KEY), changes)


def _confirm(connection: Connection, announcements: Sequence[Announcement]) -> None:
    """Let rows say who tells them, which changes no document."""
    if announcements:
        changes = [_key_of(a) | {"origin": a.origin.value} for a in announcements]
        connection.execute(update(schema.announcements).where(_IS_KEY), changes)


def _drop_estimates(
    connection: Connection,
    told: Iterable[Announcement],
    known: Iterable[Announcement],
    revision: Revision,
) -> None:
    by_place = {(announcement.category, announcement.paper): announcement for announcement in told}
    for estimate in known:
        announcement = by_place.get((estimate.category, estimate.paper))
        if announcement and estimate.origin is Origin.ESTIMATED and _is_corrected(estimate, announcement):
            connection.execute(delete(schema.announcements).where(_IS_KEY), _key_of(estimate))
            revision.note_dropped()


def _is_corrected(estimate: Announcement, announcement: Announcement) -> bool:
    if estimate.day == announcement.day:
        return False
    if estimate.kind in FIRST:
        return announcement.kind in FIRST
    return announcement.kind not in FIRST and estimate.version == announcement.version


def _key_of(announcement: Announcement) -> dict[str, object]:
    return {
        "at_category": announcement.category,
        "at_day": announcement.day,
        "at_paper": announcement.paper,
    }


_IS_KEY = and_(
    schema.announcements.c.category == bindparam("at_category"),
    schema.announcements.c.day == bindparam("at_day"),
    schema.announcements.c.paper == bindparam("at_paper"),
)
