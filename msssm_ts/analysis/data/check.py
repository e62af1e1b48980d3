"""Everything that is looked for in data before they are fitted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from msssm_ts.analysis.data.channels import (
    clipped_channels,
    constant_channels,
    copied_channels,
    flat_channels,
    scales_that_differ,
)
from msssm_ts.analysis.data.described import units_and_rates, unknown
from msssm_ts.analysis.data.digest import MOST_CHANNELS
from msssm_ts.analysis.data.duplicates import equal_series, group_leaks, near_series
from msssm_ts.analysis.data.finding import Finding
from msssm_ts.analysis.data.labels import class_findings
from msssm_ts.analysis.data.parts import Part, look_at
from msssm_ts.analysis.data.values import far_values, filled_up, missing_values, odd_lengths
from msssm_ts.datasets import LabelledSeries


@dataclass(frozen=True)
class DataCheck:
    """What a look at data found.

    Parameters
    ----------
    findings : tuple of Finding
        Those that break scores or labels first.
    unknown : tuple of str
        What the source does not say: the sampling rate, units.
    left_out : tuple of str
        What was not looked at, a sentence each.
    """

    findings: tuple[Finding, ...]
    unknown: tuple[str, ...]
    left_out: tuple[str, ...]

    @property
    def breaks(self) -> bool:
        """Whether there is a leak, or a contradiction."""
        return any(finding.breaks for finding in self.findings)


def check_data(
    training: LabelledSeries,
    test: LabelledSeries | None = None,
    *,
    most: int | None = None,
    tell: Callable[[float, float], None] | None = None,
) -> DataCheck:
    """Look at data before fitting: for what is wrong with them, or odd.

    Every series is read once at most. Nothing is measured against a number in a unit: far, long
    and alike are so beside the other series.

    Parameters
    ----------
    training : LabelledSeries
        What a model is to be fitted to; what it sets aside for validation is a part of its own.
    test : LabelledSeries, optional
        What the model is to answer.
    most : int, optional
        Series of each part whose values are looked at, spread from first to last; otherwise 20 000,
        or fewer of long ones. Labels, groups and lengths of all are.
    tell : callable, optional
        Is told how many series of a part have been read, and of how many.

    Raises
    ------
    InputError
        If the test series have other channels.

    Examples
    --------
    >>> waves = [np.sin(np.arange(20.0) * f)[None] for f in np.linspace(0.3, 0.9, 6)]
    >>> twice = LabelledSeries([*waves, waves[0]], np.array([*"ababab", "b"]))
    >>> [finding.kind for finding in check_data(twice).findings]
    ['contradiction', 'duplicates']
    """
    named = {"train": training}
    aside = training.validation
    if aside is not None and 0 < aside.sum() < len(aside):
        named = {
            "train": training.take(np.flatnonzero(~aside)),
            "validation": training.take(np.flatnonzero(aside)),
        }
    if test is not None:
        named["test"] = test
    if len(named) == 1:
        named = {"": training}
    parts = look_at(named, most, tell)
    near, not_compared = near_series(parts)
    findings = [*_found(parts), *near]
    findings.sort(key=lambda finding: not finding.breaks)
    left_out = [*_not_read(parts), *filter(None, [not_compared])]
    if parts[0].digests.deviations.shape[1] > MOST_CHANNELS:
        left_out.append(f"copies of channels were not looked for: more than {MOST_CHANNELS}")
    return DataCheck(tuple(findings), tuple(unknown(parts)), tuple(left_out))


def _found(parts: list[Part]) -> Iterator[Finding]:
    test = parts[-1] if parts[-1].name == "test" else None
    yield from group_leaks(parts)
    yield from equal_series(parts)
    yield from class_findings([p for p in parts if p is not test], test)
    for look in (missing_values, far_values, odd_lengths, filled_up):
        yield from look(parts)
    for look in (constant_channels, clipped_channels, flat_channels):
        yield from look(parts)
    for look in (copied_channels, scales_that_differ):
        yield from look(parts)
    yield from units_and_rates(parts)


def _not_read(parts: list[Part]) -> Iterator[str]:
    """Say which parts were looked at in part."""
    for part in parts:
        n, held = part.data.n_series, len(part.held)
        if len(part.index) < n:
            yield (
                f"the values of {len(part.index)} of {n} series{part.within} were looked at, "
                "spread from first to last (--most)"
            )
        if held < len(part.index):
            yield f"values far from all others were looked for in {held} series{part.within}"
