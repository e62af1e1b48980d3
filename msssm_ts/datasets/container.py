"""The one container for labelled series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.series import LazySeries, Series
from msssm_ts.series.lazy import take
from msssm_ts.series.side_features import SideFeatures
from msssm_ts.text import plural


@dataclass(frozen=True)
class LabelledSeries:
    """Series as a reader found them.

    Parameters
    ----------
    values : sequence of arrays of shape (n_channels, length)
        The series, each with as many channels: a list, or a
        :class:`msssm_ts.series.LazySeries` where the source is larger than memory may be. NaN is a
        missing value.
    labels : array of shape (n_series,) or (n_series, n_labels), optional
        Their labels, integers or strings, or a matrix of 0 and 1 where a series can have several;
        None where the source has none.
    label_names : tuple of str, optional
        Names of the columns of a matrix of labels.
    channel_names : tuple of str, optional
        Names of the channels, where the source has them.
    sampling_rate : float, optional
        In hertz, where the source has it.
    groups : array of shape (n_series,), optional
        What each series belongs to: a patient, a speaker, a record.
    group_name : str
        What those are called in the source.
    ids : array of shape (n_series,), optional
        Names of the series, where the source has them; no two are equal.
    folds : array of shape (n_series,), optional
        The part of a predefined split that each series belongs to.
    validation : boolean array of shape (n_series,), optional
        Series that the source, or the user, sets aside for validation.
    times : sequence of arrays of shape (length,), optional
        Time stamps of the steps, where they are not evenly spaced.
    step : float, optional
        Of time stamps that are evenly spaced, in their unit; there are no ``times`` then.
    units : tuple of str, optional
        Of each channel's values, where the source has them; such as mV.
    features : SideFeatures, optional
        What is known of each series beside it, an age or the interval before a beat.
    source : str
        Where they come from, for messages.
    account : Account
        What the reader took for what, and what it left out; the summary ends with it.
    has_test_part : bool, optional
        Whether the source has a part for tests beside these series; None where the reader does not
        know without reading it again.

    Examples
    --------
    >>> data = LabelledSeries([np.zeros((1, 5)), np.ones((1, 5))], np.array(["a", "b"]))
    >>> data.summary()
    '2 series, 1 channel × 5 steps, 2 classes: a b'
    """

    values: Sequence[Series]
    labels: NDArray[Any] | None = None
    label_names: tuple[str, ...] | None = None
    channel_names: tuple[str, ...] | None = None
    sampling_rate: float | None = None
    groups: NDArray[Any] | None = None
    group_name: str = "group"
    ids: NDArray[Any] | None = None
    folds: NDArray[Any] | None = None
    validation: NDArray[np.bool_] | None = None
    times: Sequence[NDArray[np.float64]] | None = None
    step: float | None = None
    units: tuple[str, ...] | None = None
    features: SideFeatures | None = None
    source: str = ""
    account: Account = field(default_factory=Account)
    has_test_part: bool | None = None

    def _repr_html_(self) -> str:
        from msssm_ts.datasets.shown import dataset_html

        return dataset_html(self)

    @property
    def stamps(self) -> Sequence[NDArray[np.float64]] | None:
        """Time stamps of each series, even ones, too; None where there were none.

        Examples
        --------
        >>> LabelledSeries([np.zeros((1, 3))], step=0.5).stamps
        [array([0. , 0.5, 1. ])]
        """
        if self.times is not None or self.step is None:
            return self.times
        return [self.step * np.arange(n) for n in self.lengths]

    @property
    def n_series(self) -> int:
        """Number of series."""
        return len(self.values)

    @property
    def n_channels(self) -> int:
        """Channels of every series."""
        return int(self.values[0].shape[0])

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Steps of each series, shape (n_series,)."""
        if isinstance(self.values, LazySeries):
            return self.values.lengths
        return np.array([v.shape[1] for v in self.values])

    @property
    def unit(self) -> str:
        """The unit that all channels share; empty where there is none."""
        units = set(self.units or ())
        return units.pop() if len(units) == 1 else ""

    @property
    def multilabel(self) -> bool:
        """Whether a series can have several labels."""
        return self.labels is not None and self.labels.ndim == 2

    @property
    def classes(self) -> NDArray[Any] | None:
        """The different labels, sorted; the names of a matrix's columns; None without labels."""
        if self.labels is None:
            return None
        if self.multilabel:
            return np.array(self.label_names or range(self.labels.shape[1]))
        return np.unique(self.labels)

    def as_estimator_input(self) -> NDArray[Any] | Sequence[Series]:
        """Array (n_series, n_channels, n_timepoints), or the sequence where lengths differ."""
        if isinstance(self.values, LazySeries) or len(np.unique(self.lengths)) > 1:
            return self.values
        return np.stack(self.values)

    def take(self, index: NDArray[np.int64]) -> LabelledSeries:
        """Return some of the series with all that belongs to them, lazy ones as lazy.

        Parameters
        ----------
        index : integer array
            Which.

        Examples
        --------
        >>> data = LabelledSeries([np.zeros((1, 5)), np.ones((1, 5))], np.array(["a", "b"]))
        >>> data.take(np.array([1])).labels.tolist()
        ['b']
        """

        def of(values: NDArray[Any] | None) -> NDArray[Any] | None:
            return None if values is None else values[index]

        return replace(
            self,
            values=take(self.values, index),
            labels=of(self.labels),
            groups=of(self.groups),
            ids=of(self.ids),
            folds=of(self.folds),
            validation=of(self.validation),
            times=None if self.times is None else [self.times[i] for i in index],
            features=None if self.features is None else self.features.take(index),
        )

    def origin(self, options: ReadOptions | None = None) -> dict[str, Any]:
        """Return what was understood of the source, as a model keeps it.

        Parameters
        ----------
        options : ReadOptions, optional
            With which it was read.

        Examples
        --------
        >>> LabelledSeries([np.zeros((1, 5))], units=("mV",)).origin()["units"]
        ['mV']
        """
        return {
            "summary": self.summary(),
            "units": None if self.units is None else list(self.units),
            "options": {} if options is None else options.given(),
            "account": self.account.to_dict(),
        }

    def summary(self) -> str:
        """Say in one line what was understood."""
        # It may take reading a series.
        n_channels = self.n_channels
        low, high = int(self.lengths.min()), int(self.lengths.max())
        steps = f"{high}" if low == high else f"{low}–{high}"
        parts = [
            f"{_spaced(self.n_series)} series",
            f"{_spaced(n_channels)} {plural(n_channels, 'channel')} × {steps} "
            f"{plural(high, 'step')}"
            + (f" at {self.sampling_rate:g} Hz" if self.sampling_rate else "")
            + (" with times" if self.times is not None else ""),
        ]
        if self.features is not None:
            parts.append(f"beside them {enumerate_names(self.features.names)}")
        if self.classes is None:
            parts.append("no labels")
        else:
            shown = " ".join(str(c) for c in self.classes[:10])
            more = " …" if len(self.classes) > 10 else ""
            kind = ("label", "labels") if self.multilabel else ("class", "classes")
            count = len(self.classes)
            parts.append(f"{_spaced(count)} {plural(count, *kind)}: {shown}{more}")
        line = ", ".join(parts)
        if self.groups is not None:
            line += f"; grouped by {self.group_name} ({len(np.unique(self.groups))})"
        said = self.account.line()
        return f"{line}; {said}" if said else line


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")
