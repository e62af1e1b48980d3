"""What is told beside each beat of a record: its intervals, and its shape in every lead."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.signals.joined import Joined
from msssm_ts.datasets.wfdb.context import Values, interval_features
from msssm_ts.datasets.wfdb.morphology import POINTS_IN_WINDOW, shape_features, windows_of


def beat_features(joined: Joined, file: Path, samples: list[int]) -> dict[str, Values]:
    """Return numbers of all beats of a record, from their times and the signal alone.

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
    demand(4 * len(leads) * len(seconds) * POINTS_IN_WINDOW, file, "its beats")

    def read(start: int, stop: int) -> Values:
        return np.asarray(joined.form.read(joined.item(file, start, stop)), dtype=np.float64)

    found = interval_features(seconds, within)
    windows = windows_of(seconds, rate, n_steps, len(leads), read)
    for lead, of_lead in zip(leads, windows, strict=True):
        found |= {f"{lead}_{name}": values for name, values in shape_features(of_lead).items()}
    back = np.argsort(order)
    return {name: values[back] for name, values in found.items()}
