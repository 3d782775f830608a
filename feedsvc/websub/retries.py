"""When something that failed is tried again, and when no more."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """Pauses that double from the first to the longest, in seconds, for so many attempts in all.

    With these, a delivery is tried for about three days: who was down for one is reached within six hours.
    """

    first: float = 60.0
    longest: float = 6 * 3600.0
    attempts: int = 20

    def pause_after(self, attempts: int, random: Random, asked: float = 0.0) -> float | None:
        """Give the seconds to wait after so many attempts; None if that was the last.

        Between half of the pause and all of it, by chance, so that those who failed together do not come
        back together; or as long as the other side `asked` for, within the longest pause.
        """
        if attempts >= self.attempts:
            return None
        whole = min(self.first * 2.0 ** min(attempts - 1, 60), self.longest)
        return max(whole * random.uniform(0.5, 1.0), min(asked, self.longest))


DELIVERIES = RetryPlan()
VERIFICATIONS = RetryPlan(first=5.0, longest=60.0, attempts=3)
