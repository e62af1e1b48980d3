"""Whether an exported file answers as its model does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import ExportError
from msssm_ts.export.boundary import Boundary
from msssm_ts.export.formats import Run
from msssm_ts.fitted import FittedClassifier
from msssm_ts.inputs import prepare_series
from msssm_ts.lazy import Series
from msssm_ts.preparation import vote

TOLERANCE = 1e-4
_LENGTHS = (1, 2, 9, 40, 131)
_SEED = 20_251


def test_series(classifier: FittedClassifier, boundary: Boundary) -> list[list[Series]]:
    """Make series that the model has not seen, in batches of several lengths and sizes.

    Noise, and what signals look like: waves, drifts, steps, spikes; in the units of the training
    series where those are known. Gaps where the model takes them.
    """
    rng = np.random.default_rng(_SEED)
    batches = []
    for size, length in zip((1, 1, 3, 5, 2), _LENGTHS, strict=True):
        batches.append([_signal(rng, classifier, boundary, length) for _ in range(size)])
    batches.append([_signal(rng, classifier, boundary, n) for n in (*_LENGTHS, 77)])
    return batches


def _signal(
    rng: np.random.Generator, classifier: FittedClassifier, boundary: Boundary, length: int
) -> Series:
    inside, channels = boundary.inside, classifier.n_channels_in_
    if inside.features != "raw":
        # A hop of the spectra is a step of the network.
        length *= max(1, round(inside.frame_step * boundary.known_rate))
    length *= classifier.network_.config.stem_stride
    t = np.arange(length) / max(1, length - 1)
    kind = rng.integers(5)
    shape = rng.standard_normal((channels, length))
    if kind == 1:
        shape = 0.1 * shape + np.sin(rng.uniform(3, 60, (channels, 1)) * t)
    elif kind == 2:
        shape = 0.2 * shape + rng.uniform(-3, 3, (channels, 1)) * t
    elif kind == 3:
        shape = 0.1 * shape + np.sign(t - rng.uniform(0, 1, (channels, 1)))
    elif kind == 4:
        shape *= np.where(rng.uniform(size=shape.shape) < 0.05, 20.0, 0.3)
    known_units = classifier.preparation_.standardize in ("global", "none")
    known_units &= classifier.preparation_.features == "raw"
    if known_units and len(classifier.standardizer_.mean) == channels:
        scale = classifier.standardizer_
        shape = scale.mean[:, None] + scale.std[:, None] * shape
    else:
        shape *= 0.2
    if classifier.missing == "mask" and not _filters(boundary):
        shape[:, rng.uniform(size=length) < 0.2] = np.nan
        shape[:, length // 2] = 0.0
    series: Series = shape.astype(np.float32)
    return series


def _filters(boundary: Boundary) -> bool:
    whole = boundary.outside.bandpass, boundary.outside.features, boundary.inside.features
    return whole != (None, "raw", "raw")


def exported_proba(
    run: Run, classifier: FittedClassifier, boundary: Boundary, series: Sequence[Series]
) -> NDArray[np.float64]:
    """Run a file as its user would: do what is to be done before, pad, average over windows."""
    if boundary.interpolates:
        from msssm_ts.series import interpolated

        series = [interpolated(s) for s in series]
    values = prepare_series(
        series, boundary.outside, classifier.sampling_rate_, classifier.channel_names_
    )
    return vote(run(padded(values.series)).astype(np.float64), values.owner, len(series))


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


def largest_difference(
    run: Run,
    classifier: FittedClassifier,
    boundary: Boundary,
    batches: Sequence[Sequence[Series]],
) -> float:
    """Return the largest difference of a probability between a file and its model.

    Parameters
    ----------
    run : callable
        The file.
    classifier : FittedClassifier
        The model.
    boundary : Boundary
        What the file leaves to its user.
    batches : sequence of sequences of arrays of shape (n_channels, length)
        Each goes through the file at once.
    """
    differences = [0.0]
    for batch in batches:
        exported = exported_proba(run, classifier, boundary, batch)
        differences.append(float(np.abs(exported - classifier.predict_proba(batch)).max()))
    # Unlike the built-in max, NumPy's does not lose NaN.
    return float(np.max(differences))


def in_batches(series: Sequence[Series], size: int = 16) -> Iterator[Sequence[Series]]:
    """Cut series into batches."""
    for begin in range(0, len(series), size):
        yield series[begin : begin + size]


def demand(difference: float, name: str) -> None:
    """Refuse a file that differs.

    Raises
    ------
    ExportError
        If the difference is above TOLERANCE, or NaN.
    """
    if not difference <= TOLERANCE:
        raise ExportError(
            f"{name}: its probabilities differ from the model's by up to {difference:.2g}, more "
            f"than {TOLERANCE:g}; nothing was written"
        )
