"""Judges every answer that the load's readers get: is it whole, is it what it says it is, is it current?"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from feedsvc.coding import IDENTITY, unpack

# A validator that another one has followed must not be confirmed any more after so many seconds: a web
# process looks for new documents four times a second, and a busy machine may be late.
GRACE_SECONDS = 2.0
# Latencies are counted in steps of a twentieth.
STEP = 1.05
LEAST_MS = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: what for, under which coding, with which validators, and when (seconds of any clock).

    `holds` is the tag of what the reader has, who asks by its date alone.
    """

    path: str
    coding: str
    at: float
    tag: str | None = None
    date: str | None = None
    holds: str | None = None

    @property
    def is_conditional(self) -> bool:
        """Tell whether 304 may be the answer."""
        return self.tag is not None or self.date is not None


@dataclass(frozen=True, slots=True)
class Held:
    """What a reader keeps of an answer to ask with the next time."""

    tag: str
    date: str | None


@dataclass(slots=True)
class _Line:
    """The tags of one address under one coding, the oldest first, and when the newest was first seen."""

    tags: list[str] = field(default_factory=list)
    newest_at: float = 0.0


class Judge:
    """Takes every answer in turn; `faults` counts what was wrong, in words.

    `grace` is how long an outdated validator may still be confirmed; None where something in between keeps
    answers for as long as it is allowed to.
    """

    def __init__(self, grace: float | None = GRACE_SECONDS) -> None:
        self._grace = grace
        self._bodies: dict[tuple[str, str], bytes] = {}
        self._lines: dict[tuple[str, str], _Line] = {}
        self.held: dict[tuple[str, str], Held] = {}
        self.outdated: dict[tuple[str, str], str] = {}
        self.faults: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.parsed = 0

    @property
    def changes(self) -> int:
        """How many times an address was seen to have a new body."""
        return sum(len(line.tags) - 1 for line in self._lines.values())

    def take(self, asked: Asked, status: int, headers: Mapping[str, str], body: bytes, now: float) -> None:
        """Judge one answer, of the length that its head names."""
        self.statuses[status] += 1
        if status == 200:
            self._take_whole(asked, headers, body, now)
        elif status == 304:
            self._take_unmodified(asked, headers, body)
        else:
            self.note(f"status {status}", asked)

    def note(self, fault: str, asked: Asked) -> None:
        """Count a fault."""
        self.faults[f"{fault}: {asked.path} {asked.coding}"] += 1

    def _take_whole(self, asked: Asked, headers: Mapping[str, str], body: bytes, now: float) -> None:
        coding = headers.get("content-encoding", IDENTITY)
        if coding != asked.coding:
            self.note(f"coded as {coding}", asked)
        tag = headers.get("etag")
        digest = hashlib.sha256(body).digest()
        # Pages have no tag: each is a body of its own.
        key = asked.path, tag or digest.hex()
        if key not in self._bodies:
            self._bodies[key] = digest
            self._read(asked, coding, headers.get("content-type", ""), body)
        elif self._bodies[key] != digest:
            self.note("one tag, two bodies", asked)
        if tag is None:
            return
        if asked.tag == tag:
            self.note("sent what the client holds", asked)
        self._follow(asked, tag, now)
        self.held[asked.path, asked.coding] = Held(tag, headers.get("last-modified"))

    def _take_unmodified(self, asked: Asked, headers: Mapping[str, str], body: bytes) -> None:
        tag = headers.get("etag")
        if body or not asked.is_conditional or tag is None:
            self.note("a 304 with a body, without a tag or without being asked", asked)
        elif asked.tag is not None and tag != asked.tag:
            self.note("a 304 for another tag", asked)
        elif asked.holds is not None and self._is_behind(asked, tag):
            self.note("a 304 by date for what the reader does not hold", asked)
        else:
            self._expect_current(asked, tag)

    def _is_behind(self, asked: Asked, tag: str) -> bool:
        """Tell whether a reader holds something older than a tag's body, who was told that nothing changed.

        Who holds something newer has it from a process that was quicker to notice.
        """
        tags = self._lines[asked.path, asked.coding].tags
        return tag not in tags or tags.index(tag) > tags.index(str(asked.holds))

    def _follow(self, asked: Asked, tag: str, now: float) -> None:
        """Note a new tag; one that another has followed must not come back."""
        line = self._lines.setdefault((asked.path, asked.coding), _Line())
        if tag in line.tags:
            self._expect_current(asked, tag)
            return
        if line.tags:
            self.outdated[asked.path, asked.coding] = line.tags[-1]
        line.tags.append(tag)
        line.newest_at = now

    def _expect_current(self, asked: Asked, tag: str) -> None:
        line = self._lines.get((asked.path, asked.coding))
        if line is None or tag not in line.tags:
            self.note("a tag that no body had", asked)
        elif self._grace is not None and tag != line.tags[-1] and asked.at > line.newest_at + self._grace:
            self.note("outdated", asked)

    def _read(self, asked: Asked, coding: str, type_: str, body: bytes) -> None:
        """Unpack a body that was not seen before, and read it as what it says it is."""
        self.parsed += 1
        try:
            check_body(type_.partition(";")[0], unpack(body, coding))
        except Exception as error:
            self.note(f"torn ({type(error).__name__})", asked)


def check_body(type_: str, body: bytes) -> None:
    """Read a body to its end as what its type says. Raises an error of its reader's, or ValueError."""
    if type_.endswith("xml") or type_ == "text/x-opml":
        etree.fromstring(body)
    elif type_.endswith("json"):
        json.loads(body)
    elif type_ == "text/html":
        if not body.rstrip().endswith(b"</html>"):
            raise ValueError("a page without its end")
    elif not body.decode("utf-8").endswith("\n"):
        raise ValueError(f"{type_}: expected whole lines")


class Latencies:
    """How long answers took, counted in steps."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._bounds = [LEAST_MS * STEP**step for step in range(400)]

    def add(self, ms: float) -> None:
        """Count one."""
        self._counts[bisect_left(self._bounds, ms)] += 1

    def centile(self, share: float) -> float:
        """Give the milliseconds that such a share of all answers took at most, to a twentieth; 0 of none."""
        left = share * self._counts.total()
        for step in sorted(self._counts):
            left -= self._counts[step]
            if left <= 0:
                return self._bounds[step]
        return 0.0
