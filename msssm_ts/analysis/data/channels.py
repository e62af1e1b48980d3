"""Channels that say nothing, are cut off, or say the same as another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.data.digest import MOST_CHANNELS
from msssm_ts.analysis.data.finding import Finding
from msssm_ts.analysis.data.parts import Part
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.text import counted, plural

# What the correlation of copies lacks of 1: the rounding of float32 and of 16 bits.
_ROUNDING = 1e-6
# So many times as large as elsewhere: another unit, and no other amplifier.
_OTHER_UNIT = 100.0
_CHOOSE = "; name the others with --channels (fit)"


def constant_channels(parts: Sequence[Part]) -> Iterator[Finding]:
    """Find channels that vary in no series, series that do not vary, and channels that rest."""
    never = np.logical_and.reduce([~(p.digests.deviations > 0).any(axis=0) for p in parts])
    dead = [parts[0].channel(c) for c in np.flatnonzero(never).tolist()]
    if dead:
        yield Finding(
            "constant_channels",
            f"{counted(len(dead), 'channel varies', 'channels vary')} in no series",
            len(dead),
            "they tell nothing, and may be off" + _choosing(parts[0]),
            tuple(dead),
        )
    for part in parts:
        still = part.index[~part.digests.varies]
        if len(still):
            yield Finding(
                "constant_series",
                f"{len(still)} series{part.within} {plural(len(still), 'does', 'do')} not vary",
                len(still),
                "leave them out, unless rest is what they are about",
                tuple(part.place(i) for i in still.tolist()),
            )
        resting = part.digests.constant & ~never & part.digests.varies[:, None]
        rows = np.flatnonzero(resting.any(axis=1))
        if len(rows):
            yield Finding(
                "constant_channels",
                f"{len(rows)} of {len(part.index)} series{part.within} "
                f"{plural(len(rows), 'has', 'have')} a channel that does not vary",
                len(rows),
                "look at them (msssm-ts data preview); where a lead is off, write NaN and take "
                "--missing mask (fit)",
                _places(part, rows.tolist(), resting),
            )


def clipped_channels(parts: Sequence[Part]) -> Iterator[Finding]:
    """Find series in which a channel stays at its highest or lowest value for long."""
    for part in parts:
        stretches = part.digests.stretches
        rows = _longest_first(stretches)
        if len(rows):
            yield Finding(
                "clipped",
                f"{len(rows)} of {len(part.index)} series{part.within} "
                f"{plural(len(rows), 'stays', 'stay')} at the highest or lowest value of a "
                f"channel for up to {counted(stretches.max(), 'step')}, twice as long as at any "
                "other",
                len(rows),
                "if the values are cut off there, what is beyond is lost: record with less gain",
                _places(part, rows.tolist(), stretches > 0),
            )


def flat_channels(parts: Sequence[Part]) -> Iterator[Finding]:
    """Find series in which a channel that moves otherwise rests for long in between."""
    for part in parts:
        flat = part.digests.flat
        rows = _longest_first(flat)
        if len(rows):
            yield Finding(
                "flat",
                f"{len(rows)} of {len(part.index)} series{part.within} "
                f"{plural(len(rows), 'keeps', 'keep')} one value of a channel for up to "
                f"{counted(flat.max(), 'step')} in between, ten times as long as any other",
                len(rows),
                "if a lead was off there, or a sender, write NaN, with --missing mask (fit)",
                _places(part, rows.tolist(), flat > 0),
            )


def _longest_first(steps: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the series of which steps (n_series, n_channels) are told, those of most first."""
    rows = np.flatnonzero(steps.any(axis=1))
    return rows[np.argsort(-steps[rows].max(axis=1), kind="stable")]


def copied_channels(parts: Sequence[Part]) -> Iterator[Finding]:
    """Find channels that are the same in all series, but for scale, offset and sign."""
    if parts[0].digests.deviations.shape[1] > MOST_CHANNELS:
        return
    alike = np.fmin.reduce([p.digests.alike for p in parts])
    pairs = np.argwhere(np.triu(alike > 1 - _ROUNDING, 1)).tolist()
    if pairs:
        channel = parts[0].channel
        copies = {b for _, b in pairs}
        yield Finding(
            "copied_channels",
            f"{counted(len(copies), 'channel is a copy', 'channels are copies')} of another in all "
            "series, but for scale, offset or sign",
            len(copies),
            "they tell nothing new" + _choosing(parts[0]),
            tuple(f"{channel(a)} = {channel(b)}" for a, b in pairs),
        )


def scales_that_differ(parts: Sequence[Part]) -> Iterator[Finding]:
    """Find parts, and groups, whose values are a hundred times as large as those of the others."""
    first = _typical(parts[0].digests.deviations)
    for part in parts[1:]:
        ratio = _typical(part.digests.deviations) / first
        far = np.flatnonzero(np.abs(np.log(ratio)) >= np.log(_OTHER_UNIT))
        if len(far):
            yield Finding(
                "scale",
                f"{counted(len(far), 'channel varies', 'channels vary')} "
                f"{_times(float(ratio[far[0]]))} as much in {part.name} as in {parts[0].name}",
                len(far),
                "another unit? Bring both to one first",
                tuple(part.channel(c) for c in far.tolist()),
            )
    for part in parts:
        yield from _groups_that_differ(part)


def _groups_that_differ(part: Part) -> Iterator[Finding]:
    if part.data.groups is None:
        return
    names, member = np.unique(np.asarray(part.data.groups)[part.index], return_inverse=True)
    if len(names) < 3:
        return
    order = np.argsort(member, kind="stable")
    rows = np.split(order, np.cumsum(np.bincount(member))[:-1])
    typical = np.array([_typical(part.digests.deviations[r]) for r in rows])
    ratio = typical / _typical(typical)
    far = np.flatnonzero((np.abs(np.log(ratio)) >= np.log(_OTHER_UNIT)).any(axis=1))
    if len(far):
        name = part.data.group_name
        yield Finding(
            "scale",
            f"values of {len(far)} of {counted(len(names), name)}{part.within} vary a hundred "
            "times as much as those of most, or a hundredth",
            len(far),
            "another unit? Bring all to one first, or take --standardize series (fit)",
            tuple(str(names[g]) for g in far),
        )


def _typical(deviations: np.ndarray) -> np.ndarray:
    """Return the median of each channel's deviations where it varies; NaN where it never does."""
    varying = np.where(deviations > 0, deviations, np.nan)
    known = ~np.isnan(varying).all(axis=0)
    found = np.full(varying.shape[1], np.nan)
    found[known] = np.nanmedian(varying[:, known], axis=0)
    return found


def _times(ratio: float) -> str:
    return f"{ratio:.3g} times" if ratio > 1 else f"1/{1 / ratio:.3g}"


def _places(part: Part, rows: Sequence[int], which: np.ndarray) -> tuple[str, ...]:
    """Name series, and of several channels those that are meant."""
    places = []
    for row in rows:
        name = part.place(int(part.index[row]))
        if which.shape[1] > 1:
            meant = [part.channel(c) for c in np.flatnonzero(which[row]).tolist()]
            name += f": {enumerate_names(meant, 3)}"
        places.append(name)
    return tuple(places)


def _choosing(part: Part) -> str:
    """Say how channels are left out, which takes names."""
    return "" if part.data.channel_names is None else _CHOOSE
