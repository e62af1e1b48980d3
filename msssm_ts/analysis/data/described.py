"""What the source says of its values, or does not: units and rates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msssm_ts.analysis.data.finding import Finding
from msssm_ts.analysis.data.parts import Part
from msssm_ts.datasets.units import unit_factor
from msssm_ts.text import counted, plural


def units_and_rates(parts: Sequence[Part]) -> Iterator[Finding]:
    """Find units and rates that parts do not share, and units that some channels lack."""
    first = parts[0]
    for part in parts:
        units = part.data.units
        lacking = [part.channel(c) for c, u in enumerate(units or ()) if not u]
        if units is not None and 0 < len(lacking) < len(units):
            yield Finding(
                "units",
                f"{counted(len(lacking), 'channel has', 'channels have')} no unit{part.within}, "
                "where others have",
                len(lacking),
                "data in another unit will be taken as they are; write the unit into the source",
                tuple(lacking),
            )
    for part in parts[1:]:
        yield from _units(first, part)
        ours, theirs = first.data.sampling_rate, part.data.sampling_rate
        if ours != theirs:
            said = [f"{r:g} Hz" if r else "an unknown rate" for r in (ours, theirs)]
            advice = "a model resamples to its own" if ours and theirs else "say it with --fs"
            yield Finding(
                "rates",
                f"{first.name} is sampled at {said[0]}, {part.name} at {said[1]}",
                1,
                advice,
            )


def unknown(parts: Sequence[Part]) -> list[str]:
    """Return what no part says: ``sampling rate``, ``units``."""
    data = [part.data for part in parts]
    found = [] if any(d.sampling_rate for d in data) else ["sampling rate"]
    return found if any(any(d.units or ()) for d in data) else [*found, "units"]


def _units(first: Part, part: Part) -> Iterator[Finding]:
    ours, theirs = first.data.units or (), part.data.units or ()
    if any(ours) != any(theirs):
        lacks, has = (part, first) if any(ours) else (first, part)
        yield Finding(
            "units",
            f"{lacks.name} has no units, where {has.name} has",
            1,
            f"its values are taken for those of {has.name}; write the units into the source",
        )
        return
    pairs = [(c, a, b) for c, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a and b]
    differ = [(c, a, b) for c, a, b in pairs if unit_factor(b, a) != 1]
    if differ:
        never = any(unit_factor(b, a) is None for _, a, b in differ)
        yield Finding(
            "units",
            f"{counted(len(differ), 'channel')} of {part.name} "
            f"{plural(len(differ), 'has', 'have')} other units than in {first.name}",
            len(differ),
            "evaluate refuses them; they measure something else" if never else "evaluate converts",
            tuple(f"{part.channel(c)}: {a}, {b}" for c, a, b in differ),
        )
