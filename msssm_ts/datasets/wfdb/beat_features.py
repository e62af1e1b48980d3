"""What is told beside each beat of a record: its intervals, and its shape in every lead."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from msssm_ts.datasets.signals.joined import Joined
from msssm_ts.datasets.wfdb.context import Values, interval_features
from msssm_ts.datasets.wfdb.morphology import Windows, shapes_of, windows_of


def beat_features(joined: Joined, file: Path, samples: list[int]) -> dict[str, Values]:
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

    Returns
    -------
    dict of str to array of shape (n_beats,)
        Those of :func:`interval_features`, and those of :func:`shape_features` with the lead's
        name before theirs (``MLII_width_half``).

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
    leads, n_steps = joined.channels, joined.length_of(file)

    def read(start: int, stop: int) -> Values:
        return np.asarray(joined.form.read(joined.item(file, start, stop)), dtype=np.float64)

    def block(first: int, stop: int) -> Windows:
        return windows_of(seconds[first:stop], rate, n_steps, len(leads), read)

    found = interval_features(seconds, within)
    for lead, shapes in zip(leads, shapes_of(block, len(seconds), len(leads)), strict=True):
        found |= {f"{lead}_{name}": values for name, values in shapes.items()}
    back = np.argsort(order)
    return {name: values[back] for name, values in found.items()}
