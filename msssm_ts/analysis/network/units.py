"""Steps and cycles, or seconds and hertz where the sampling rate is known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Units:
    """How times and frequencies are shown.

    Parameters
    ----------
    rate : float or None
        Sampling rate, in hertz.

    Examples
    --------
    >>> known, unknown = Units(100.0), Units(None)
    >>> known.duration(50), known.time, unknown.duration(50), unknown.time
    (0.5, 's', 50.0, 'steps')
    >>> known.frequency(0.25), known.cycles, unknown.frequency(0.25), unknown.cycles
    (25.0, 'Hz', 0.25, 'cycles per step')
    """

    rate: float | None

    @property
    def time(self) -> str:
        """Unit of durations."""
        return "s" if self.rate else "steps"

    @property
    def cycles(self) -> str:
        """Unit of frequencies."""
        return "Hz" if self.rate else "cycles per step"

    @property
    def axis(self) -> str:
        """Label of a time axis."""
        return "time (s)" if self.rate else "step"

    def duration(self, steps: float) -> float:
        """Convert steps."""
        return steps / (self.rate or 1.0)

    def frequency(self, cycles: float) -> float:
        """Convert cycles per step."""
        return cycles * (self.rate or 1.0)
