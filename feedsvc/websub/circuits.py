"""Leaving hosts in peace that do not answer, so that they cost the others nothing."""

from __future__ import annotations

from dataclasses import dataclass

ENOUGH = 5
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 3600.0


@dataclass(slots=True)
class _Circuit:
    silent: int = 0
    opened: int = 0
    until: float = 0.0


class Circuits:
    """How often each host did not answer in a row. Times are seconds since 1970, handed in.

    After five silences a host is left alone for half a minute; each further one doubles that, up to an hour.
    Any answer, even a refusal, closes the circuit again.
    """

    def __init__(self) -> None:
        self._circuits: dict[str, _Circuit] = {}

    def open_until(self, host: str, now: float) -> float | None:
        """Give until when a host is left alone; None if it may be asked."""
        circuit = self._circuits.get(host)
        return circuit.until if circuit is not None and circuit.until > now else None

    def note_answer(self, host: str) -> None:
        """Keep that a host answered."""
        self._circuits.pop(host, None)

    def note_silence(self, host: str, now: float) -> None:
        """Keep that a host did not answer."""
        circuit = self._circuits.setdefault(host, _Circuit())
        circuit.silent += 1
        # Those that were on their way when the circuit opened tell nothing new.
        if circuit.silent >= ENOUGH and circuit.until <= now:
            circuit.until = now + min(FIRST_PAUSE * 2.0 ** min(circuit.opened, 20), LONGEST_PAUSE)
            circuit.opened += 1
