"""An encoder that has learned without labels, a frozen value, and what it says of series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.fitted.answers import checked_finite
from msssm_ts.fitted.takes_series import TakesSeries
from msssm_ts.members.encoder_ridge.reading import AllChannels
from msssm_ts.model import MSSSMNetwork
from msssm_ts.preparation import vote
from msssm_ts.pretraining.known import Known
from msssm_ts.series import Series


@dataclass(frozen=True)
class EncoderRecord:
    """How an encoder came about.

    Parameters
    ----------
    objective : str
        What it has learned.
    parameters : dict
        Those of :class:`msssm_ts.MSSSMEncoder`, as far as JSON can hold them.
    history : dict of str to list
        The loss and more, one entry an epoch.
    n_steps : int
        Of the optimiser.
    seconds : float
        That took.
    seed : int
        Of all that was drawn.
    device : str
        Where it was trained.
    threads : int
        How many torch was given.
    training_data : dict
        How many series, the shortest and the longest.
    notes : tuple of str
        What was noticed.
    versions : dict of str to str
        Of this and the libraries that it rests on.
    """

    objective: str
    parameters: dict[str, Any]
    history: dict[str, list[Any]]
    n_steps: int
    seconds: float
    seed: int
    device: str
    threads: int
    training_data: dict[str, int]
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FittedEncoder(TakesSeries):
    """All that it takes to encode series as those that were learned from.

    Parameters
    ----------
    source : Source
        What series must be like.
    missing : {"error", "mask", "interpolate"}
        What happens to NaN.
    dtype : {"float32", "float64"}
        Precision of the series and of the network.
    preparation : Preparation
        What is done to series first.
    standardizer : Standardizer
        Of prepared series.
    network : MSSSMNetwork
        In evaluation mode; its head is of no use.
    record : EncoderRecord
        How it came about.
    """

    network: MSSSMNetwork
    record: EncoderRecord

    @property
    def n_features(self) -> int:
        """Numbers that a series becomes."""
        return AllChannels(self.known("")).n_features

    def known(self, name: str) -> Known:
        """Return what a fit can begin with; ``name`` is what messages and a model call it."""
        record = self.record
        return Known(self.network, name, record.objective, record.parameters, name)

    def features(
        self,
        series: Sequence[Series],
        sampling_rate: float | None = None,
        channel_names: Sequence[str] | None = None,
        times: Any = None,
    ) -> NDArray[np.float64]:
        """Return features (n_series, n_features) of checked series; windows' means where cut.

        Parameters
        ----------
        series : sequence of arrays of shape (n_channels, length)
            From :meth:`checked`.
        sampling_rate, channel_names, times
            Of them; what is not said about them is as it was when the encoder learned.
        """
        values = self.standardized(self.prepared(series, sampling_rate, channel_names, times))
        reading = AllChannels(self.known(""))
        found = reading.features(values, dtype=np.float64 if self.is_double else np.float32)
        return checked_finite(vote(found.astype(np.float64), values.owner, len(series)), "features")

    @property
    def is_double(self) -> bool:
        """Whether its weights are float64."""
        return self.network.norm.weight.dtype == torch.float64
