"""How series get into an encoder, and what comes out: features for the ridge classifier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from msssm_ts.members.encoder_ridge.views import MOST_MIXTURES, Views
from msssm_ts.members.tensors import TensorSpec
from msssm_ts.model import MSSSMConfig
from msssm_ts.pretraining.encoder import Encoder, config_of, count_features, encoder_shapes
from msssm_ts.pretraining.known import (
    Known,
    arrays_without_head,
    network_from,
    shapes_without_head,
)
from msssm_ts.pretraining.layers import codes, count_codes
from msssm_ts.series import LazySeries, Prepared
from msssm_ts.series.checks import filled
from msssm_ts.text import counted
from msssm_ts.training import Reporter, SeriesTensor, StreamedSeries

# Numbers of a stream that are held at once: 16 MB.
HELD = 1 << 22
_ENCODER = "encoder."


@dataclass(frozen=True)
class ByChannel:
    """The encoder that comes with the package reads every channel, and its changes.

    Parameters
    ----------
    encoder : Encoder
        As it was shipped when the member was fitted.
    views : Views
        Of the channels.
    """

    encoder: Encoder
    views: Views
    objective: ClassVar[str] = "series"
    stride: ClassVar[int] = 1

    @property
    def n_features(self) -> int:
        """Numbers of a series."""
        return self.views.count * self.encoder.n_features

    def features(self, values: Prepared, reporter: Reporter | None = None) -> NDArray[np.float32]:
        """Return features (n_series, n_features), not standardised."""
        encoder, views = self.encoder, self.views
        out = np.empty((len(values), views.count, encoder.n_features), np.float32)

        def read(index: NDArray[np.int64]) -> NDArray[Any]:
            shown = [torch.from_numpy(views.of(filled(values.series[i]))) for i in index]
            lengths = torch.tensor([s.shape[1] for s in shown]).repeat_interleave(views.count)
            x = nn.utils.rnn.pad_sequence([s.mT for s in shown], batch_first=True)
            made: NDArray[Any] = (
                encoder(x.mT.reshape(-1, x.shape[1], 1), lengths)
                .view(len(index), views.count, -1)
                .numpy()
            )
            return made

        _fill(out, values, views.count * _each(encoder.config), read, reporter)
        return out.reshape(len(values), -1)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a file holds of it."""
        tensors = self.encoder.state_dict()
        views = {"mix": self.views.mix, "gain": self.views.gain}
        return {f"{_ENCODER}{name}": t.numpy() for name, t in tensors.items()} | views

    def facts(self) -> dict[str, Any]:
        """Return what a file says of it."""
        return dict(self.encoder.facts)

    @staticmethod
    def expected(facts: Mapping[str, Any], n_channels: int) -> tuple[dict[str, TensorSpec], int]:
        """Return shapes of the arrays, and the number of features."""
        mixtures = min(n_channels, MOST_MIXTURES)
        shapes = encoder_shapes(config_of(facts))
        return {
            **{f"{_ENCODER}{name}": TensorSpec(shape) for name, shape in shapes.items()},
            "mix": TensorSpec((mixtures, n_channels)),
            "gain": TensorSpec((2, mixtures)),
        }, 2 * mixtures * count_features(facts)

    @classmethod
    def from_state(cls, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Self:
        """Return what arrays and facts are of."""
        weights = {name: torch.tensor(array) for name, array in _own(arrays).items()}
        return cls(Encoder.of(facts, weights), Views(arrays["mix"], arrays["gain"]))


@dataclass(frozen=True)
class AllChannels:
    """A network that has learned from the user's series reads all channels as it did then.

    Parameters
    ----------
    known : Known
        That network.
    """

    known: Known

    @property
    def objective(self) -> str:
        """What the network has learned."""
        return self.known.objective

    @property
    def stride(self) -> int:
        """Steps of the series to one of the network."""
        return self.known.config.stride

    @property
    def n_features(self) -> int:
        """Numbers of a series."""
        return count_codes(self.known.config)

    def features(
        self,
        values: Prepared,
        reporter: Reporter | None = None,
        dtype: type[np.floating[Any]] = np.float32,
    ) -> NDArray[Any]:
        """Return features (n_series, n_features), not standardised."""
        network = self.known.network
        own, series = network.norm.weight.dtype, values.series
        tensor = (
            StreamedSeries(series, series.lengths, own, 0, times=values.times)
            if isinstance(series, LazySeries)
            else SeriesTensor(series, own, values.times)
        )
        out = np.empty((len(values), self.n_features), dtype)

        def read(index: NDArray[np.int64]) -> NDArray[Any]:
            made: NDArray[Any] = codes(network, *tensor.batch(torch.from_numpy(index))).numpy()
            return made

        _fill(out, values, _each(network.config), read, reporter)
        return out

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what a file holds of it."""
        own = arrays_without_head(self.known.network)
        return {f"{_ENCODER}{name}": array for name, array in own.items()}

    def facts(self) -> dict[str, Any]:
        """Return what a file says of it."""
        return {"config": asdict(self.known.config), "objective": self.known.objective}

    @staticmethod
    def expected(facts: Mapping[str, Any], n_channels: int) -> tuple[dict[str, TensorSpec], int]:
        """Return shapes of the arrays, and the number of features."""
        config = MSSSMConfig.from_dict(facts["config"])
        if config.n_channels != n_channels:
            raise ValueError(
                f"an encoder of {counted(config.n_channels, 'channel')}, not {n_channels}"
            )
        shapes = shapes_without_head(config)
        specs = {f"{_ENCODER}{name}": TensorSpec(s, "any") for name, s in shapes.items()}
        return specs, count_codes(config)

    @classmethod
    def from_state(cls, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Self:
        """Return what arrays and facts are of."""
        network = network_from(MSSSMConfig.from_dict(facts["config"]), _own(arrays))
        return cls(Known(network, "a model", facts["objective"], {}, "random"))


def _own(arrays: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return {k.removeprefix(_ENCODER): v for k, v in arrays.items() if k.startswith(_ENCODER)}


def _each(config: MSSSMConfig) -> int:
    """Numbers that are held of a step of a series, about."""
    return config.n_streams * config.d_model * config.n_variates


def _fill(
    out: NDArray[Any],
    values: Prepared,
    each: int,
    read: Callable[[NDArray[np.int64]], NDArray[Any]],
    reporter: Reporter | None,
) -> None:
    """Read all series, as many at once as there is room for."""
    # In the order of their lengths there is little padding.
    order = np.argsort(values.lengths, kind="stable")
    size = max(1, HELD // (each * int(values.lengths.max(initial=1))))
    for first in range(0, len(order), size):
        index = order[first : first + size]
        with torch.inference_mode():
            out[index] = read(index)
        if reporter is not None:
            reporter.done(first + len(index), len(values))
