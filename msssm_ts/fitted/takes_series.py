"""What comes before anything that was fitted: series are checked, prepared and standardised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msssm_ts.fitted.parts import Source, check_sampling_rate
from msssm_ts.kernels.parallel import at_work
from msssm_ts.preparation import Preparation
from msssm_ts.preparation.apply import prepare_series
from msssm_ts.series import Prepared, Series, Standardizer
from msssm_ts.series.checks import Missing, check_series, check_times


@dataclass(frozen=True)
class TakesSeries:
    """What models and encoders know of series, and do to them first.

    Parameters
    ----------
    source : Source
        What series must be like.
    missing : {"error", "mask", "interpolate"}
        What happens to NaN.
    dtype : {"float32", "float64"}
        Precision of the series and of networks.
    preparation : Preparation
        What is done to series first.
    standardizer : Standardizer
        Of prepared series.
    """

    source: Source
    missing: Missing
    dtype: str
    preparation: Preparation
    standardizer: Standardizer

    @property
    def uses_times(self) -> bool:
        """Whether time stamps of the steps make a difference."""
        return self.preparation.grid is not None

    @property
    def stamps_step(self) -> float:
        """The step of time that the model goes by, in the unit of its stamps; 0: none."""
        return self.preparation.grid or 0.0

    def checked(self, X: Any, channel_names: Sequence[str] | None = None) -> Sequence[Series]:
        """Check series, and that they have the channels that were learned from.

        Parameters
        ----------
        X : as for :class:`msssm_ts.MSSSMClassifier`
            Series.
        channel_names : sequence of str, optional
            Of them.

        Raises
        ------
        ValueError
            If they cannot be used.
        """
        series = check_series(X, self.missing, self.dtype)
        self.source.check_channels(series[0].shape[0], channel_names)
        return series

    def prepared(
        self,
        series: Sequence[Series],
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
    ) -> Prepared:
        """Prepare checked series as those that were learned from.

        Parameters
        ----------
        series : sequence of arrays of shape (n_channels, length)
            From :meth:`checked`.
        sampling_rate, channel_names, times
            Of them; what is not said about them is as it was when they were learned from.

        Raises
        ------
        ValueError
            If that cannot be done to them.
        """
        check_sampling_rate(sampling_rate)
        at_work()
        return prepare_series(
            series,
            self.preparation,
            sampling_rate or self.source.sampling_rate,
            self.source.channel_names if channel_names is None else tuple(channel_names),
            check_times(times, series),
        )

    def standardized(self, values: Prepared) -> Prepared:
        """Standardise prepared series, as what was learned takes them."""
        return values.standardized(self.standardizer, self.dtype)
