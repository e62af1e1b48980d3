"""Training series that are equal, value for value, and have other labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from msssm_ts.fitted.parts import Source
from msssm_ts.fitting.data import TrainingData
from msssm_ts.text import counted


def with_contradictions(data: TrainingData, source: Source) -> TrainingData:
    """Say how many series have the values of another one, and not its label.

    Of series that are known by their fingerprints: of very many, and of files, only some are.

    Parameters
    ----------
    data : TrainingData
        What there is to learn from.
    source : Source
        With fingerprints.
    """
    prints, encoded = source.fingerprints, data.targets.encoded
    if prints is None or len(prints) != len(data) or data.features is not None:
        # What is known beside the series may tell equal ones apart.
        return data
    order = np.argsort(prints, kind="stable")
    same = prints[order][1:] == prints[order][:-1]
    labels = encoded[order].reshape(len(order), -1)
    other = same & (labels[1:] != labels[:-1]).any(axis=1)
    if not other.any():
        return data
    pairs = zip(order[:-1][other].tolist(), order[1:][other].tolist(), strict=True)
    first, second = min(sorted(pair) for pair in pairs)
    # Of those that are equal, all but the most frequent label's.
    places = np.concatenate([[0], np.cumsum(~same)])
    pairs_of, counts = np.unique(np.column_stack([places, labels]), axis=0, return_counts=True)
    most = np.zeros(places[-1] + 1, np.int64)
    np.maximum.at(most, pairs_of[:, 0].astype(np.int64), counts)
    n = len(data) - int(most.sum())
    return replace(
        data,
        remarks=(
            *data.remarks,
            f"{counted(n, 'series has', 'series have')} the values of another and not its label, "
            f"such as series {first + 1} and {second + 1}: at most one can be right (msssm-ts data "
            "check names them)",
        ),
    )
