"""What is told beside each beat of a record: its intervals, and its shape in every lead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.signals.joined import Joined
from msssm_ts.datasets.signals.names import lead_key
from msssm_ts.datasets.units import unit_factor
from msssm_ts.datasets.wfdb.context import Values, interval_features, ratio
from msssm_ts.datasets.wfdb.morphology import POINTS_IN_WINDOW, shape_features, windows_of

# What is told beside a beat where nothing else is asked for: what leaving records out chose
# (docs/beats.md). None compares intervals with the record's usual one, for that one is an early one
# where most beats are.
_COMPARED = ("10", "32", "80", "5min")
USUAL = (
    *(f"interval_before_over_{one}" for one in _COMPARED),
    *(f"interval_after_over_{one}" for one in _COMPARED),
    "interval_before_over_after",
    "irregularity",
    *("width_half", "width_quarter", "height", "qrs_likeness", "qrs_difference", "likeness_32"),
)


def beat_features(
    joined: Joined, file: Path, samples: list[int], dropped: Sequence[str] = ()
) -> dict[str, Values]:
    """Return numbers of all beats of a record, from their times and the signal alone.

    Parameters
    ----------
    joined : Joined
        How the record is read.
    file : Path
        Its header.
    samples : list of int
        When the beats are, at the record's rate.
    dropped : sequence of str
        Leads that are not looked at.

    Returns
    -------
    dict of str to array of shape (n_beats,)
        Those of :func:`interval_features`; those of :func:`shape_features`, as means over all
        leads that the record has; and the same of each lead that all records have, with its name
        before theirs (``MLII_width_half``). :data:`USUAL` names those taken unasked.

    Raises
    ------
    InputError
        If the signal cannot be decoded.
    """
    # Annotations of several authors may not be in order.
    order = np.argsort(samples, kind="stable")
    ordered = np.array(samples, dtype=np.int64)[order]
    rate, stretches = joined.rate_of(file), joined.stretches_of(file)
    within = np.searchsorted([start for start, _ in stretches], ordered, side="right")
    seconds = ordered / rate
    record, n_steps = joined.records[file], joined.length_of(file)
    places = _leads(joined, file, dropped)
    demand(4 * len(places) * len(seconds) * POINTS_IN_WINDOW, file, "its beats")

    def read(start: int, stop: int) -> Values:
        item = joined.form.item(record, start, stop, places)
        return np.asarray(joined.form.read(item), dtype=np.float64)

    found = interval_features(seconds, within)
    windows = windows_of(seconds, rate, n_steps, len(places), read)
    shapes = dict(zip(places, map(shape_features, windows), strict=True))
    for name in next(iter(shapes.values())):
        found[name] = _mean([of_lead[name] for of_lead in shapes.values()])
    for lead, place in zip(joined.channels, joined.positions[file], strict=True):
        found |= {f"{lead}_{name}": values for name, values in shapes[place].items()}
    back = np.argsort(order)
    return {name: values[back] for name, values in found.items()}


def _leads(joined: Joined, file: Path, dropped: Sequence[str]) -> tuple[int, ...]:
    """Return the places of a record's leads: those that all have, and others in volts like them."""
    record, common = joined.records[file], joined.positions[file]
    gone = {lead_key(name) for name in dropped}
    others = (
        i
        for i, (unit, rate) in enumerate(zip(record.units, record.rates, strict=True))
        if i not in common
        and rate == joined.rate_of(file)
        and unit_factor(unit, "mV") is not None
        and lead_key(record.names[i]) not in gone
    )
    return (*common, *others)


def _mean(of_leads: list[Values]) -> Values:
    """Mean over the leads in which a number is known; NaN where it is in none."""
    table = np.stack(of_leads)
    known = ~np.isnan(table)
    return ratio(np.where(known, table, 0.0).sum(0), known.sum(0).astype(np.float64))
