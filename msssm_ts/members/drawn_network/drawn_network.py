"""A drawn MS-SSM layer and a ridge classifier on its features."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from msssm_ts.file_checks import Record, anything
from msssm_ts.kernels.threshold_pools import N_POOLS
from msssm_ts.members.closed_form import Transform, fit_closed_form, need_of
from msssm_ts.members.drawn_network.method import METHOD
from msssm_ts.members.member import State
from msssm_ts.members.problem import Problem
from msssm_ts.members.read_ahead import read_ahead
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.ridge_file import FACTS, MORE_FACTS, from_state_of, specs_of, state_of
from msssm_ts.members.ridge_member import RidgeMember
from msssm_ts.members.ridge_method import RIDGE_METHOD
from msssm_ts.members.room import Need, Room
from msssm_ts.members.scaling import Scaling
from msssm_ts.members.tensors import TensorSpec, check_range
from msssm_ts.method import Method
from msssm_ts.model import MSSSMConfig
from msssm_ts.model.config import clamp_scales
from msssm_ts.model.cores import CORES
from msssm_ts.model.drawn import MOST_MIXED, N_THRESHOLDS, DrawnNetwork
from msssm_ts.series import Prepared
from msssm_ts.series.checks import filled
from msssm_ts.training import Keeper, Reporter

# Steps of all series beyond which their streams would take longer than all other members.
_MOST_STEPS = 1 << 22
# Series that thresholds are from.
_N_SERIES = 64
# Numbers of the streams that are held at once: 64 MB.
_HELD = 1 << 24
# Copies of the channels, and of their changes, that a layer makes of a batch while it mixes them.
_COPIES = 6
# What these are worked out in, with them, times as many.
_WORK = 3.5
# What of a network's shape says something of a single layer that is drawn.
_SHAPE = ("n_channels", "n_outputs", "n_scales", "d_model", "d_state", "kernel_size", "core")
_FACTS = Record(
    {
        **dict.fromkeys(_SHAPE, anything),
        **FACTS,
    },
    MORE_FACTS,
)


@dataclass(frozen=True)
class DrawnMember(RidgeMember):
    """A drawn layer, the standardisation of its features and the ridge classifier.

    Parameters
    ----------
    network : DrawnNetwork
        Layer and thresholds.
    scaling : Scaling
        Standardisation of the features.
    ridge : Ridge
        Classifier.
    """

    network: DrawnNetwork
    scaling: Scaling
    ridge: Ridge

    kind: ClassVar[str] = "drawn_network"
    title: ClassVar[str] = "drawn network"
    learns_from_sums: ClassVar[bool] = True
    # A tenth of the closed vote of the default (docs/recipe.md).
    prior: ClassVar[float] = 1 / 6

    @classmethod
    def fit(
        cls,
        problem: Problem,
        seed: int,
        parameters: Mapping[str, Any] | None = None,
        reporter: Reporter | None = None,
        seconds: float | None = None,
        start: Self | None = None,
        keeper: Keeper | None = None,
    ) -> Self:
        """Draw the layer and fit the classifier; see :meth:`Member.fit`."""
        assert parameters is not None
        network = _drawn(problem, _config(parameters, problem), seed)
        transform = partial(_features, network)
        weights, room = np.ones(network.n_features, np.float32), Room.of(parameters)
        fit = fit_closed_form(problem, transform, weights, seed, seconds, reporter, room)
        said = fit.said(problem)
        return cls(network, fit.scaling, fit.ridge).telling(fit.left_out(problem), said=said)

    @classmethod
    def need(cls, problem: Problem, parameters: Mapping[str, Any] | None = None) -> Need:
        """Return what a fit takes."""
        assert parameters is not None
        config = _config(parameters, problem)
        with torch.random.fork_rng(devices=[]):
            n_features = DrawnNetwork(config).n_features

        def draw(some: Problem) -> Transform:
            return partial(_features, _drawn(some, config, 0))

        # Thresholds are found from all of some series at once.
        sample = min(len(problem), _N_SERIES) * int(problem.values.lengths.max())
        numbers = max(_HELD, sample * config.n_streams * config.d_model)
        beside = int(_WORK * 4 * numbers)
        return need_of(problem, n_features, Room.of(parameters), draw, beside)

    @classmethod
    def copies(cls, wanted: int, problem: Problem) -> int:
        """Return none where the series are too many or too long."""
        return 0 if int(problem.values.lengths.sum()) > _MOST_STEPS else wanted

    def features_of(self, values: Prepared) -> NDArray[np.float32]:
        """Return features (n_series, n_features), not standardised."""
        return _features(self.network, values)

    @property
    def uses_times(self) -> bool:
        """Whether time stamps say something to its core."""
        return CORES.get(self.network.config.core).uses_times

    @property
    def n_features(self) -> int:
        """Columns of :meth:`transform`."""
        return self.network.n_features

    def state(self) -> State:
        """Return all that a model file must hold."""
        tensors = self.network.state_dict()
        arrays: dict[str, NDArray[Any]] = {f"network.{k}": v.numpy() for k, v in tensors.items()}
        own_arrays, own_facts = state_of(self.scaling, self.ridge)
        shape = {name: getattr(self.network.config, name) for name in _SHAPE}
        return State(arrays | own_arrays, shape | own_facts)

    @classmethod
    def methods(cls, facts: Mapping[str, Any]) -> tuple[Method, ...]:
        """Return what a paper says of it."""
        return (METHOD, *CORES.get(facts["core"]).methods, RIDGE_METHOD)

    @classmethod
    def expected(
        cls, facts: Mapping[str, Any], n_channels: int, n_outputs: int, multilabel: bool
    ) -> Mapping[str, TensorSpec]:
        """Return shapes and types by the facts."""
        _FACTS("facts", facts)
        config = _layer(**{name: facts[name] for name in _SHAPE})
        if (config.n_channels, config.n_outputs) != (n_channels, n_outputs):
            raise ValueError(
                f"a drawn network from {config.n_channels} channels to {config.n_outputs} outputs, "
                f"where there are {n_channels} channels and {n_outputs} classes or labels"
            )
        d, M, mixed = config.d_model, config.n_streams, min(n_channels, MOST_MIXED)
        filters = TensorSpec((config.n_scales, d, config.kernel_size))
        n_features = M * d * N_THRESHOLDS * N_POOLS
        # A core from outside may have numbers of other types.
        kind = "float32" if config.core in CORES.own_names() else "any"
        return {
            "network.channels": TensorSpec((mixed, d), "int64"),
            "network.weights": TensorSpec((mixed, d)),
            "network.offset": TensorSpec((d,)),
            "network.gain": TensorSpec((d,)),
            "network.thresholds": TensorSpec((M, d, N_THRESHOLDS)),
            "network.scale": TensorSpec((M, d)),
            "network.decomposition.phi": filters,
            "network.decomposition.psi": filters,
            **{
                f"network.ssm.{name}": TensorSpec(shape, kind)
                for name, shape in CORES.get(config.core).weight_shapes(config).items()
            },
            **specs_of(n_features, n_outputs),
        }

    @classmethod
    def from_state(cls, state: State, multilabel: bool) -> Self:
        """Return what :meth:`state` described."""
        arrays, facts = dict(state.arrays), state.facts
        config = _layer(**{name: facts[name] for name in _SHAPE})
        for name, array in arrays.items():
            check_range(name, array)
        chosen = arrays["network.channels"]
        if chosen.size and not 0 <= chosen.min() <= chosen.max() < 2 * config.n_channels:
            raise ValueError("network.channels: views that there are not")
        if not (arrays["network.scale"] > 0).all():
            raise ValueError("network.scale: deviations that are not above 0")
        with torch.random.fork_rng(devices=[]):
            network = DrawnNetwork(config).eval()
        prefix = "network."
        network.load_state_dict(
            {
                name.removeprefix(prefix): torch.from_numpy(array)
                for name, array in arrays.items()
                if name.startswith(prefix)
            }
        )
        return cls(network, *from_state_of(arrays, facts, multilabel))

    @classmethod
    def graph(cls, members: Sequence[Self], weights: Sequence[float], n_channels: int) -> nn.Module:
        """Return the members one after the other."""
        from msssm_ts.members.drawn_network.graph import DrawnGraph
        from msssm_ts.members.graph import WeightedSum

        return WeightedSum([DrawnGraph(m.network, m.scaling, m.ridge) for m in members], weights)


def _config(parameters: Mapping[str, Any], problem: Problem) -> MSSSMConfig:
    """Return the layer's sizes, those of the trained network."""
    same = ("d_model", "d_state", "kernel_size", "core")
    return _layer(
        n_channels=problem.values.series[0].shape[0],
        n_outputs=problem.n_outputs,
        n_scales=clamp_scales(parameters["n_scales"], int(problem.values.lengths.max())),
        **{name: parameters[name] for name in same},
    )


def _layer(**shape: Any) -> MSSSMConfig:
    """Return the settings of a network of one layer.

    Raises
    ------
    ValueError
        For a size that is out of range.
    """
    rest = asdict(MSSSMConfig(1, 1, n_layers=1, bidirectional=False, dropout=0.0))
    return MSSSMConfig.from_dict(rest | shape)


def _drawn(problem: Problem, config: MSSSMConfig, seed: int) -> DrawnNetwork:
    """Draw the layer, and thresholds from some of the series."""
    # The caller's random numbers stay as they are.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = DrawnNetwork(config).eval()
        sample = problem.at_most(_N_SERIES, seed).values
        x, lengths, times, _ = next(_batches(sample, range(len(sample)), len(sample)))
        network.calibrate(x, lengths, times)
    return network


def _features(
    network: DrawnNetwork, values: Prepared, reporter: Reporter | None = None
) -> NDArray[np.float32]:
    """Return features (n_series, n_features), not standardised."""
    out = np.empty((len(values), network.n_features), np.float32)
    config = network.config
    # In the order of their lengths there is little padding.
    order = np.argsort(values.lengths, kind="stable")
    largest = int(values.lengths.max(initial=1))
    # Channels are held some times over while they are mixed.
    widest = max(config.n_streams * config.d_model, _COPIES * config.n_channels)
    size = max(1, _HELD // (widest * largest))
    done = 0
    batches = read_ahead(values.series, _batches(values, order, size))
    for x, lengths, times, index in batches:
        with torch.inference_mode():
            out[index] = network(x, lengths, times).numpy()
        done += len(index)
        if reporter is not None:
            reporter.done(done, len(values))
    return out


def _batches(
    values: Prepared, order: Sequence[int] | NDArray[np.int64], size: int
) -> Iterator[tuple[Tensor, Tensor, Tensor | None, NDArray[np.int64]]]:
    """Yield series (b, l, n_channels), lengths, time stamps, and which they are."""
    for i in range(0, len(order), size):
        index = np.asarray(order[i : i + size], dtype=np.int64)
        series = [filled(values.series[j]) for j in index]
        lengths = torch.tensor([s.shape[1] for s in series])
        x = nn.utils.rnn.pad_sequence([torch.from_numpy(s).mT for s in series], batch_first=True)
        times = None
        if values.times is not None:
            stamps = [torch.as_tensor(values.times[j], dtype=torch.float32) for j in index]
            times = nn.utils.rnn.pad_sequence(stamps, batch_first=True)
        yield x, lengths, times, index
