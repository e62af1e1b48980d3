"""Whether series are of the size of those that a model was trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.series import Series
from msssm_ts.series.outliers import FILLS
from msssm_ts.text import counted

if TYPE_CHECKING:
    from msssm_ts.fitted.takes_series import TakesSeries

# Root mean squares of series in the training's deviations: of half of the series beyond the one, or
# of all, if they are many, below the other. No test part of 52 sets of the archives comes near.
_LARGE, _SMALL, _MANY = 8.0, 1 / 20, 8
# Deviations from the training's mean from where on a number that stands for no value is none.
_FAR = 20.0


def in_order(
    model: TakesSeries, series: Sequence[Series], given: Sequence[str] | None
) -> tuple[list[Series], Sequence[str]]:
    """Return series with their channels as a model wants them, and the channels' names.

    Parameters
    ----------
    model : FittedModel or FittedEncoder
        That is to be asked.
    series : sequence of arrays of shape (n_channels, length)
        One at least.
    given : sequence of str, optional
        Names of their channels, with all that the model wants; by default they are in its order.
    """
    names = model.preparation.channels
    if names and given:
        place = [list(given).index(name) for name in names]
        series = [one[place] for one in series]
    return list(series), names or [f"channel {i + 1}" for i in range(len(series[0]))]


def scale_line(model: TakesSeries, series: Sequence[Series], names: Sequence[str]) -> str:
    """Say which channels are of another size than those that a model was trained on.

    Nothing is said where the preparation takes the size, or the level, away.

    Parameters
    ----------
    model : FittedModel or FittedEncoder
        To be asked about them.
    series : sequence of arrays of shape (n_channels, length)
        Some, as the model wants their channels.
    names : sequence of str
        Of the channels.

    Examples
    --------
    >>> from msssm_ts import MSSSMClassifier
    >>> X = np.random.default_rng(0).normal(size=(20, 30))
    >>> model = MSSSMClassifier("fast", random_state=0).fit(X, np.arange(20) % 2).model_
    >>> scale_line(model, X[:, None], ["ecg"])
    ''
    >>> scale_line(model, 1000 * X[:, None], ["ecg"]).partition(":")[0]
    "values of ecg lie about 1000 times as far from the training's mean as its own"
    """
    preparation, scale = model.preparation, model.standardizer
    plain = preparation.features == "raw" and preparation.bandpass is None
    if not plain or preparation.standardize != "global":
        return ""
    sizes = np.array([_sizes(one, scale.mean, scale.std) for one in series])
    # A channel that was constant in the training is at its mean where it still is.
    still = scale.std == np.where(scale.mean == 0, 1, np.abs(scale.mean))
    said: dict[str, list[str]] = {}
    for name, column, constant in zip(names, sizes.T, still, strict=True):
        own = column[~np.isnan(column)]
        if len(own) and np.median(own) > _LARGE:
            said.setdefault(f"about {float(f'{np.median(own):.1g}'):g} times", []).append(name)
        elif len(own) >= _MANY and own.max() < _SMALL and not constant:
            said.setdefault(f"less than {_SMALL:g} times", []).append(name)
    if not said:
        return ""
    told = ", ".join(f"of {enumerate_names(of)} lie {times}" for times, of in said.items())
    return (
        f"values {told} as far from the training's mean as its own: another unit, gain or offset?"
    )


def fills_line(model: TakesSeries, series: Sequence[Series], names: Sequence[str]) -> str:
    """Say which values of new series programs write where there is no value.

    They lie far beyond what a model was trained on.

    Parameters
    ----------
    model, series, names
        As for :func:`scale_line`.

    Examples
    --------
    >>> from msssm_ts import MSSSMClassifier
    >>> X = np.random.default_rng(0).normal(size=(20, 30))
    >>> model = MSSSMClassifier("fast", random_state=0).fit(X, np.arange(20) % 2).model_
    >>> X[3, 4:6] = -999
    >>> fills_line(model, X[:, None], ["ecg"]).partition(":")[0]
    'numbers that may stand for missing values are taken as they are'
    """
    preparation, scale = model.preparation, model.standardizer
    plain = preparation.features == "raw" and preparation.bandpass is None
    if not plain or preparation.standardize != "global":
        return ""
    said = []
    for channel, name in enumerate(names):
        values = np.concatenate([one[channel] for one in series]).astype(np.float64)
        far = values[np.abs(values - scale.mean[channel]) > _FAR * scale.std[channel]]
        found = far[np.isclose(far[:, None], np.array(FILLS), rtol=1e-6).any(axis=1)]
        if len(found):
            marks = enumerate_names([f"{v:g}" for v in np.unique(found.astype(np.float32))], 3)
            said.append(f"{marks} in {name} ({counted(len(found), 'value')})")
    if not said:
        return ""
    told = ", ".join(said)
    return (
        f"numbers that may stand for missing values are taken as they are: {told}; write NaN, or "
        "leave the cell empty, if they do"
    )


def _sizes(one: Series, mean: Series, deviation: Series) -> Series:
    """Return the root mean square of each channel in the training's deviations."""
    squares = ((one - mean[:, None]) / deviation[:, None]) ** 2
    n = (~np.isnan(squares)).sum(axis=1)
    sums: Series = np.sqrt(np.nansum(squares, axis=1) / np.where(n, n, np.nan))
    return sums
