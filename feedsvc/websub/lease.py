"""For how long a subscription holds: never for ever."""

from __future__ import annotations

from dataclasses import dataclass

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class LeaseBounds:
    """The least and the longest lease in seconds, and the one that is granted to who asks for none.

    Ten days are what the Recommendation calls a good default (section 8.2).
    """

    least: int = 3600
    usual: int = 10 * DAY_SECONDS
    longest: int = 30 * DAY_SECONDS

    def grant(self, asked: int | None) -> int:
        """Give the seconds that are granted."""
        return min(max(self.usual if asked is None else asked, self.least), self.longest)
