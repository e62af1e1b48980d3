"""The MS-SSM network as a member of the vote."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from msssm_ts.errors import InputError, Interrupted, TrainingError
from msssm_ts.file_checks import ListOf, Mapped, Maybe, Number, Record, Whole, anything
from msssm_ts.members.member import Member, State
from msssm_ts.members.network.head import set_head
from msssm_ts.members.network.initial import begun, check_shape, knows_features
from msssm_ts.members.network.method import METHOD, chosen_methods
from msssm_ts.members.network.need import need_of_network
from msssm_ts.members.network.settings import (
    augmentation,
    network_config,
    said_of_settings,
    training_settings,
)
from msssm_ts.members.network.variates import given_graph, lay_out
from msssm_ts.members.problem import Problem
from msssm_ts.members.room import Need
from msssm_ts.members.tensors import TensorSpec, check_range
from msssm_ts.method import Method
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.cores import CORES
from msssm_ts.model.device import resolve_device
from msssm_ts.model.shapes import weight_shapes
from msssm_ts.model.variates.method import METHODS
from msssm_ts.series import LazySeries, Prepared
from msssm_ts.training import (
    ClassificationLoss,
    Keeper,
    LabelledTensor,
    Reporter,
    SeriesTensor,
    StreamedSeries,
    Trainer,
    predict_embeddings,
    predict_logits,
)
from msssm_ts.training.processes import current

# Series that go through the network at once; answers do not depend on it.
_BATCH = 64
# A graph's order of the variates.
_ORDER = "axis.order"
_FACTS = Record(
    {
        "config": Mapped(anything),
        "best_epoch": Whole(),
        "history": Mapped(ListOf(Maybe(Number()))),
    }
)


@dataclass(frozen=True)
class NetworkMember(Member):
    """A trained network.

    Parameters
    ----------
    network : MSSSMNetwork
        In evaluation mode.
    multilabel : bool
        Whether outputs are labels on their own or classes.
    history : dict of str to list
        Of its training, one entry an epoch.
    best_epoch : int
        The epoch whose weights were kept; 0: none was finished.
    """

    network: MSSSMNetwork
    multilabel: bool
    history: Mapping[str, list[Any]] = field(default_factory=dict)
    best_epoch: int = 0

    kind: ClassVar[str] = "network"
    # A quarter of the vote beside all the others of the default.
    prior: ClassVar[float] = 97 / 180
    learns_by_steps: ClassVar[bool] = True
    weighs_labels: ClassVar[bool] = True

    @classmethod
    def check(cls, problem: Problem, parameters: Mapping[str, Any]) -> None:
        """Refuse an encoder of another shape to begin with, and a graph of other channels."""
        check_shape(network_config(parameters, problem), parameters["init"])
        given_graph(parameters, problem)

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
        """Train a new network, or go on with one; see :meth:`Member.fit`."""
        assert parameters is not None
        dtype, device = parameters["dtype"], resolve_device(parameters["device"])
        float_type = getattr(torch, dtype)
        # The caller's random numbers stay as they are.
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = (
                begun(network_config(parameters, problem), parameters["init"])
                if start is None
                else copy.deepcopy(start.network)
            )
            if start is None:
                lay_out(network, parameters, problem)
            network.to(device, float_type)
            positive = problem.positive_weights
            in_vain = problem.is_in_vain
            trainer = Trainer(
                network,
                training_settings(parameters, problem, network.config, seconds),
                ClassificationLoss(
                    parameters["label_smoothing"],
                    None if positive is None else torch.as_tensor(positive, dtype=float_type),
                ),
                () if reporter is None else reporter.callbacks,
                augmentation(parameters, problem, network.config),
                None
                if in_vain is None
                else lambda logits: in_vain(_probabilities(logits, problem.multilabel)),
                keeper,
                current(),
            )
            train, validation = _labelled(problem, float_type), problem.validation
            try:
                if start is None and knows_features(network.config, parameters["init"]):
                    set_head(network, train.series, problem, _BATCH)
                trainer.run(
                    train,
                    torch.Generator().manual_seed(seed),
                    None if validation is None else _labelled(validation, float_type),
                )
            except KeyboardInterrupt as error:
                # Before the first step there is nothing that could be called a model.
                has_weights = trainer.n_steps or start is not None
                raise Interrupted(cls._of(trainer, problem) if has_weights else None) from error
            except TrainingError as error:
                if trainer.n_steps or start is not None:
                    error.partial = cls._of(trainer, problem)
                raise
        return cls._of(trainer, problem).telling(
            said=said_of_settings(parameters, problem, begins=start is None)
        )

    @classmethod
    def need(cls, problem: Problem, parameters: Mapping[str, Any] | None = None) -> Need:
        """Return what a fit takes, where nothing ends it early."""
        assert parameters is not None
        return need_of_network(problem, parameters)

    @classmethod
    def _of(cls, trainer: Trainer, problem: Problem) -> Self:
        """Return what a trainer has made of its network so far."""
        history, best_epoch = vars(trainer.history), trainer.best_epoch or 0
        return cls(trainer.network, problem.multilabel, history, best_epoch)

    @property
    def uses_times(self) -> bool:
        """Whether time stamps say something to its core."""
        return self.time_unit > 0 or CORES.get(self.network.config.core).uses_times

    @property
    def time_unit(self) -> float:
        """The gap that counts as one step, in the unit of stamps that series must have; or 0."""
        return self.network.config.time_unit

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights."""
        return self.network.head.weight.dtype

    @property
    def stride(self) -> int:
        """Steps of the series to one of the network."""
        return self.network.config.stride

    @property
    def n_parameters(self) -> int:
        """Numbers that were learned."""
        return sum(p.numel() for p in self.network.parameters())

    @property
    def n_features(self) -> int:
        """What the head sees."""
        return int(self.network.head.in_features)

    def logits(self, values: Prepared) -> NDArray[np.float64]:
        """Return logits (n_series, n_outputs)."""
        tensor = series_tensor(values, self.dtype)
        return predict_logits(self.network, tensor, _BATCH).double().numpy()

    def predict_proba(self, values: Prepared) -> NDArray[np.float64]:
        """Return probabilities (n_series, n_outputs)."""
        return _probabilities(torch.from_numpy(self.logits(values)), self.multilabel)

    def transform(self, values: Prepared) -> NDArray[np.float64]:
        """Return what the head sees, (n_series, n_features)."""
        tensor = series_tensor(values, self.dtype)
        return predict_embeddings(self.network, tensor, _BATCH).double().numpy()

    def state(self) -> State:
        """Return all that a model file must hold."""
        tensors = self.network.state_dict()
        arrays = {name: t.detach().cpu().numpy() for name, t in tensors.items()}
        facts = {"config": asdict(self.network.config), "best_epoch": self.best_epoch}
        return State(arrays, facts | {"history": dict(self.history)})

    @classmethod
    def methods(cls, facts: Mapping[str, Any]) -> tuple[Method, ...]:
        """Return what a paper says of it."""
        config = facts["config"]
        own = CORES.get(config["core"]).methods
        return (METHOD, *own, *METHODS[config.get("variates", "mix")], *chosen_methods(config))

    @classmethod
    def expected(
        cls, facts: Mapping[str, Any], n_channels: int, n_outputs: int, multilabel: bool
    ) -> Mapping[str, TensorSpec]:
        """Return the shapes of the network's weights, all of one float type."""
        _FACTS("facts", facts)
        config = MSSSMConfig.from_dict(facts["config"])
        if (config.n_channels, config.n_outputs) != (n_channels, n_outputs):
            raise ValueError(
                f"a network from {config.n_channels} channels to {config.n_outputs} outputs, where "
                f"there are {n_channels} channels and {n_outputs} classes or labels"
            )
        # A core from outside may have numbers of other types.
        own = config.core in CORES.own_names()
        return {
            name: TensorSpec(shape, _type_of(name, own))
            for name, shape in weight_shapes(config).items()
        }

    @classmethod
    def from_state(cls, state: State, multilabel: bool) -> Self:
        """Return what :meth:`state` described, on the CPU."""
        facts = state.facts
        network = MSSSMNetwork(MSSSMConfig.from_dict(facts["config"]))
        for name, array in state.arrays.items():
            check_range(name, array)
            if name == _ORDER and sorted(array.tolist()) != list(range(len(array))):
                raise ValueError(f"{name} is no order of {len(array)} variates")
        weights = {name: torch.from_numpy(a) for name, a in state.arrays.items()}
        network.to(weights["head.weight"].dtype)
        network.load_state_dict(weights)
        return cls(network.eval(), multilabel, facts["history"], facts["best_epoch"])

    def to(self, device: str) -> Self:
        """Return it with its weights on a device."""
        if device == self.network.head.weight.device.type:
            return self
        return replace(self, network=copy.deepcopy(self.network).to(device))

    def __getstate__(self) -> dict[str, Any]:
        """Pickle from the CPU, so that a machine without this one's card can read it."""
        device = str(self.network.head.weight.device)
        return vars(self) | {"network": copy.deepcopy(self.network).cpu(), "_device": device}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        try:
            device = resolve_device(state.pop("_device"))
        except InputError:
            device = "cpu"
        vars(self).update(state | {"network": state["network"].to(device)})

    @classmethod
    def graph(cls, members: Sequence[Self], weights: Sequence[float], n_channels: int) -> nn.Module:
        """Return the networks one after the other."""
        from msssm_ts.members.network.graph import NetworkVotes

        networks = [member.network for member in members]
        return NetworkVotes(networks, weights, members[0].multilabel)


def _type_of(name: str, own: bool) -> str:
    if name == _ORDER:
        return "int64"
    return "float" if own or ".ssm." not in name else "any"


def series_tensor(values: Prepared, dtype: torch.dtype) -> SeriesTensor:
    """Return standardised series as the network takes them, lazy ones decoded batch by batch."""
    series = values.series
    if isinstance(series, LazySeries):
        owner = values.owner if values.is_cut else None
        return StreamedSeries(series, series.lengths, dtype, owner=owner, times=values.times)
    return SeriesTensor(series, dtype, values.times)


def _labelled(problem: Problem, dtype: torch.dtype) -> LabelledTensor:
    weights = problem.weights
    return LabelledTensor(
        series_tensor(problem.values, dtype),
        torch.from_numpy(problem.targets),
        None if weights is None else torch.as_tensor(weights, dtype=dtype),
    )


def _probabilities(logits: torch.Tensor, multilabel: bool) -> NDArray[np.float64]:
    logits = logits.double()
    proba: NDArray[np.float64] = (
        torch.sigmoid(logits) if multilabel else torch.softmax(logits, -1)
    ).numpy()
    return proba
