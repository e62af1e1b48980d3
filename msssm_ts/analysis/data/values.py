"""Values that are missing or far from all others, and series of odd lengths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from msssm_ts.analysis.data.finding import Finding
from msssm_ts.analysis.data.parts import Part
from msssm_ts.datasets.units import SOUND_UNIT
from msssm_ts.series.outliers import find_limits
from msssm_ts.text import counted, plural

# Times the distance between quartiles, beyond them, from where on a length is odd.
_BEYOND = 3.0
# As a factor: nearer ones are never odd.
_NEAR = 2.0


def missing_values(parts: Sequence[Part]) -> Iterator[Finding]:
    """Find values that are missing, and those that are infinite."""
    kinds = {
        "missing": (
            "missing",
            "fit masks them; --missing interpolate fills them, --missing error refuses them",
        ),
        "infinite": ("infinite", "fit refuses them; write NaN, with --missing mask"),
    }
    for part in parts:
        for kind, (word, advice) in kinds.items():
            counts = getattr(part.digests, kind)
            rows = np.flatnonzero(counts.any(axis=1))
            if not len(rows):
                continue
            named = np.flatnonzero(counts.any(axis=0))
            of = "" if len(named) == counts.shape[1] else f" of {counted(len(named), 'channel')}"
            n = int(counts.sum())
            yield Finding(
                kind,
                f"{counted(n, 'value')}{of} in {len(rows)} of {len(part.index)} "
                f"series{part.within} {plural(n, 'is', 'are')} {word}",
                n,
                advice,
                tuple(part.place(int(part.index[r])) for r in rows),
            )


def far_values(parts: Sequence[Part]) -> Iterator[Finding]:
    """Find values that lie far from all others of their channel, as a fit would."""
    for part in parts:
        # Values of sound are bounded, and spectra take logarithms.
        if part.data.unit == SOUND_UNIT or not len(part.held):
            continue
        try:
            _, remarks = find_limits(part.held, part.data.channel_names, part.held_index)
        except ValueError as error:
            text, _, advice = str(error).partition("; ")
            yield Finding("outliers", _in(part, text), 1, f"fit refuses it; {advice}")
            continue
        for remark in remarks:
            text, _, done = remark.rpartition(": ")
            yield Finding(
                "outliers",
                _in(part, text),
                int(remark.partition(" ")[0]),
                f"in a fit {done}; for missing values write NaN, with --missing mask",
            )


def odd_lengths(parts: Sequence[Part]) -> Iterator[Finding]:
    """Find series that are far longer, or shorter, than most."""
    for part in parts:
        lengths = part.data.lengths
        logs = np.log(np.maximum(lengths, 1))
        low, middle, high = np.quantile(logs, (0.25, 0.5, 0.75))
        beyond = max(_BEYOND * (high - low), np.log(_NEAR))
        odd = np.flatnonzero((logs < low - beyond) | (logs > high + beyond))
        if len(odd):
            some = lengths[odd]
            steps = f"{some.min()} to {some.max()} steps"
            if len(odd) == 1:
                steps = counted(int(some[0]), "step")
            yield Finding(
                "lengths",
                f"{len(odd)} of {len(lengths)} series{part.within} "
                f"{plural(len(odd), 'has', 'have')} {steps}, where half have "
                f"{round(np.exp(low))} to {round(np.exp(high))}",
                len(odd),
                "cut all to windows of one length with --crop (fit), or leave them out",
                tuple(part.place(i) for i in odd[np.argsort(-np.abs(logs[odd] - middle))].tolist()),
            )


def filled_up(parts: Sequence[Part]) -> Iterator[Finding]:
    """Find series that begin or end with one value again and again, as if brought to a length."""
    for part in parts:
        steps = part.digests.filled_up
        rows = np.flatnonzero((steps > 0) & part.digests.varies)
        if len(rows):
            yield Finding(
                "filled_up",
                f"{len(rows)} of {len(part.index)} series{part.within} "
                f"{'begins or ends' if len(rows) == 1 else 'begin or end'} with the same value for "
                f"up to {counted(steps[rows].max(), 'step')}, twice as long as they rest between",
                len(rows),
                "if they were filled up to a length, cut that off, or write NaN there",
                tuple(part.place(int(part.index[r])) for r in rows[np.argsort(-steps[rows])]),
            )


def _in(part: Part, text: str) -> str:
    return f"{part.name}, {text}" if part.name else text
