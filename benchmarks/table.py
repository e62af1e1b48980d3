"""Rows of a benchmark, printed as they come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from timing import Timing


@dataclass(frozen=True)
class Row:
    """One implementation of one case."""

    case: str
    who: str
    what: str
    milliseconds: float
    low: float
    high: float
    speedup_of_ours: float | None
    roofline_fraction: float | None
    peak_memory_of_input: float | None

    @classmethod
    def of(
        cls,
        case: str,
        who: str,
        what: str,
        timing: Timing,
        ours: Timing | None,
        roofline_fraction: float | None,
        memory: float | None,
    ) -> Row:
        """Make a row; ``ours`` is what a rival's time is divided by."""
        times = [1e3 * t for t in (timing.median, timing.low, timing.high)]
        speedup = None if ours is None else timing.median / ours.median
        return cls(case, who, what, *times, speedup, roofline_fraction, memory)


def show(rows: Iterator[Row]) -> None:
    """Print rows as they come."""
    case = None
    for row in rows:
        if row.case != case:
            case = row.case
            print(f"\n{case}")
        text = f"  {row.what:<19} {row.who:<25} {row.milliseconds:9.2f} ms"
        text += f" ({row.low:.2f}–{row.high:.2f})"
        if row.speedup_of_ours is not None:
            text += f"   ours {row.speedup_of_ours:.1f}× faster"
        if row.roofline_fraction is not None:
            text += f"   {row.roofline_fraction:.0%} of the roofline"
        if row.peak_memory_of_input is not None:
            text += f"   extra memory {row.peak_memory_of_input:.1f}× input"
        print(text, flush=True)
