"""What is told beside each beat of a record: its intervals, and its shape in every lead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from msssm_ts.datasets.signals.joined import Joined
from msssm_ts.datasets.signals.names import lead_key
from msssm_ts.datasets.units import unit_factor
from msssm_ts.datasets.wfdb.context import Values, interval_features, ratio
from msssm_ts.datasets.wfdb.morphology import Windows, shapes_of, windows_of

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

    The signal is read piece by piece: what is kept grows with the beats, not with the samples.

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
    common, leads = joined.positions[file], _leads(joined, file, dropped)
    places = tuple(dict.fromkeys((*common, *leads)))

    def read(start: int, stop: int) -> Values:
        item = joined.form.item(record, start, stop, places)
        return np.asarray(joined.form.read(item), dtype=np.float64)

    def block(first: int, stop: int) -> Windows:
        return windows_of(seconds[first:stop], rate, n_steps, len(places), read)

    found = interval_features(seconds, within)
    of_leads = shapes_of(block, len(seconds), len(places))
    shapes = dict(zip(places, of_leads, strict=True))
    for name in next(iter(shapes.values())):
        found[name] = _mean([shapes[place][name] for place in leads])
    for lead, place in zip(joined.channels, common, strict=True):
        found |= {f"{lead}_{name}": values for name, values in shapes[place].items()}
    back = np.argsort(order)
    return {name: values[back] for name, values in found.items()}


def _leads(joined: Joined, file: Path, dropped: Sequence[str]) -> tuple[int, ...]:
    """Return the places of a record's leads: what is in volts; where nothing is, what all have."""
    record = joined.records[file]
    gone = {lead_key(name) for name in dropped}
    signals = enumerate(zip(record.names, record.units, record.rates, strict=True))
    leads = tuple(
        i
        for i, (name, unit, rate) in signals
        if unit_factor(unit, "mV") is not None
        and rate == joined.rate_of(file)
        and lead_key(name) not in gone
    )
    return leads or joined.positions[file]


def _mean(of_leads: list[Values]) -> Values:
    """Mean over the leads in which a number is known; NaN where it is in none."""
    table = np.stack(of_leads)
    known = ~np.isnan(table)
    return ratio(np.where(known, table, 0.0).sum(0), known.sum(0).astype(np.float64))
