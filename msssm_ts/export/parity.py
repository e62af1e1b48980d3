"""Whether an exported file answers as its model does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from msssm_ts.beside.graph import feature_rows
from msssm_ts.errors import ExportError
from msssm_ts.export.boundary import Boundary
from msssm_ts.export.formats import Run
from msssm_ts.fitted import FittedModel
from msssm_ts.preparation import vote
from msssm_ts.preparation.apply import prepare_series
from msssm_ts.series import Series
from msssm_ts.series.checks import Missing, check_series
from msssm_ts.series.side_features import SideFeatures

TOLERANCE = 1e-4
# Windows that go through a file at once.
_BATCH = 16


@dataclass(frozen=True)
class Source:
    """Series, and where they come from if not from where the training series do.

    Parameters
    ----------
    series : sequence of arrays of shape (n_channels, length)
        A list, or lazy.
    sampling_rate : float, optional
        In hertz.
    channel_names : sequence of str, optional
        Of the series.
    features : SideFeatures, optional
        What is known beside them.
    """

    series: Sequence[Series]
    sampling_rate: float | None = None
    channel_names: Sequence[str] | None = None
    features: SideFeatures | None = None


def native_proba(model: FittedModel, source: Source) -> NDArray[np.float64]:
    """Ask the model itself."""
    return model.predict_proba(
        source.series,
        sampling_rate=source.sampling_rate,
        channel_names=source.channel_names,
        features=source.features,
    )


# What a file answers about series, as its user would ask: (n_series, n_classes).
Predict = Callable[[Source], NDArray[np.float64]]


def exported_proba(
    run: Run, model: FittedModel, boundary: Boundary, source: Source
) -> NDArray[np.float64]:
    """Run a file as its user would: do what is to be done before, pad, average over windows."""
    missing: Missing = "interpolate" if boundary.interpolates else "mask"
    series = check_series(source.series, missing, "float32")
    values = prepare_series(
        series,
        boundary.outside,
        source.sampling_rate or model.source.sampling_rate,
        source.channel_names or model.source.channel_names,
    )
    windows, rows = values.series, None
    if model.beside is not None and model.beside.member is not None:
        assert source.features is not None
        rows = feature_rows(model.beside.member, source.features)
    proba = [
        run(padded(windows[i : i + _BATCH]), None if rows is None else rows[i : i + _BATCH])
        for i in range(0, len(windows), _BATCH)
    ]
    return vote(np.concatenate(proba).astype(np.float64), values.owner, len(series))


def padded(series: Sequence[Series]) -> NDArray[np.float32]:
    """Stack series (n_channels, length), shorter ones filled up with NaN.

    Examples
    --------
    >>> padded([np.ones((1, 2)), np.ones((1, 1))])
    array([[[ 1.,  1.]],
           [[ 1., nan]]], dtype=float32)
    """
    longest = max(s.shape[1] for s in series)
    batch = np.full((len(series), series[0].shape[0], longest), np.nan, np.float32)
    for row, s in zip(batch, series, strict=True):
        row[:, : s.shape[1]] = s
    return batch


def largest_difference(predict: Predict, model: FittedModel, sources: Iterable[Source]) -> float:
    """Return the largest difference of a probability between a file and its model.

    Parameters
    ----------
    predict : callable
        The file.
    model : FittedModel
        The model.
    sources : iterable of Source
        Each goes through the file at once.
    """
    differences = [0.0]
    for source in sources:
        native = native_proba(model, source)
        differences.append(float(np.abs(predict(source) - native).max()))
    # Unlike the built-in max, NumPy's does not lose NaN.
    return float(np.max(differences))


def demand_parity(difference: float, name: str, tolerance: float = TOLERANCE) -> None:
    """Refuse a file that differs.

    Raises
    ------
    ExportError
        If the difference is above the tolerance, or NaN.
    """
    if not difference <= tolerance:
        raise ExportError(
            f"{name}: its probabilities differ from the model's by up to {difference:.2g}, more "
            f"than {tolerance:g}; nothing was written"
        )
