"""A pretrained encoder as a member of the vote: what it makes of each channel, into ridge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from torch import nn

from msssm_ts.errors import InputError
from msssm_ts.file_checks import Mapped, OneOf, Record, Whole, anything
from msssm_ts.kernels.channel_pools import FEW_POOLS, MOST_POOLS
from msssm_ts.members.closed_form import Transform, fit_closed_form, need_of
from msssm_ts.members.encoder_ridge.method import METHOD, OWN_METHOD, SOUND_METHOD
from msssm_ts.members.encoder_ridge.reading import HELD, AllChannels, ByChannel
from msssm_ts.members.encoder_ridge.views import MOST_MIXTURES, Views
from msssm_ts.members.member import State
from msssm_ts.members.problem import Problem
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.ridge_file import FACTS, MORE_FACTS, from_state_of, specs_of, state_of
from msssm_ts.members.ridge_member import RidgeMember
from msssm_ts.members.ridge_method import RIDGE_METHOD
from msssm_ts.members.room import Need, Room
from msssm_ts.members.scaling import Scaling
from msssm_ts.members.sound import own_stem
from msssm_ts.members.tensors import TensorSpec, check_range
from msssm_ts.method import Method
from msssm_ts.model import MSSSMConfig
from msssm_ts.model.cores import CORES
from msssm_ts.pretraining.encoder import SIZES
from msssm_ts.pretraining.known import Known
from msssm_ts.pretraining.objectives import OBJECTIVES
from msssm_ts.pretraining.sound import N_BANDS, WORDS, network_for_sound, sound_config
from msssm_ts.pretraining.weights import shipped
from msssm_ts.series import Prepared
from msssm_ts.series.checks import filled
from msssm_ts.text import counted
from msssm_ts.training import Keeper, Reporter

# What series are read in, with what is held of them, times as many.
_WORK = 3
# Series that views are measured on.
_N_MEASURED = 500
# Steps of all training series, each channel for itself, as many as a drawn layer takes: a minute.
_MOST_STEPS = 1 << 22
# What a step behind a filter bank takes, in those behind spectra.
_BANK = 10
_FACTS = Record(
    {**dict.fromkeys(SIZES, Whole(0, 4096)), **FACTS},
    # Older files do not say.
    {"n_pools": Whole(FEW_POOLS, MOST_POOLS), **MORE_FACTS},
)
_OWN_FACTS = Record(
    {"config": Mapped(anything), "objective": OneOf(*OBJECTIVES, WORDS), **FACTS}, MORE_FACTS
)


@dataclass(frozen=True)
class EncoderRidge(RidgeMember):
    """A pretrained encoder, what it is shown, and a ridge classifier on what it says.

    Parameters
    ----------
    reading : ByChannel or AllChannels
        The encoder that came along when the member was fitted, or one that has learned from the
        user's series, and how it is given series.
    scaling : Scaling
        Standardisation of the features.
    ridge : Ridge
        Classifier.
    """

    reading: ByChannel | AllChannels
    scaling: Scaling
    ridge: Ridge

    kind: ClassVar[str] = "encoder_ridge"
    title: ClassVar[str] = "pretrained encoder"
    # An eighth of the closed vote of the default (docs/recipe.md).
    prior: ClassVar[float] = 1 / 5
    learns_from_sums: ClassVar[bool] = True

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
        """Encode the series and fit the classifier; see :meth:`Member.fit`."""
        room = Room.of(parameters)
        reading = _reading(problem, parameters, seed)
        weights = np.ones(reading.n_features, np.float32)
        fit = fit_closed_form(problem, reading.features, weights, seed, seconds, reporter, room)
        said = fit.said(problem)
        return cls(reading, fit.scaling, fit.ridge).telling(fit.left_out(problem), said=said)

    @classmethod
    def check(cls, problem: Problem, parameters: Mapping[str, Any]) -> None:
        """Refuse an encoder of other channels."""
        init, n_channels = parameters["init"], problem.values.series[0].shape[0]
        if isinstance(init, Known) and init.config.n_channels != n_channels:
            raise InputError(
                f"the encoder that init={init.name!r} (--init) names reads "
                f"{counted(init.config.n_channels, 'channel')}, and there are {n_channels}"
            )

    @classmethod
    def need(cls, problem: Problem, parameters: Mapping[str, Any] | None = None) -> Need:
        """Return what a fit takes."""

        def draw(some: Problem) -> Transform:
            return _reading(some, parameters, 0).features

        n_features = _reading(problem.at_most(1, 0), parameters, 0).n_features
        return need_of(problem, n_features, Room.of(parameters), draw, _WORK * 4 * HELD)

    @classmethod
    def copies(cls, wanted: int, problem: Problem) -> int:
        """Return none where the series are too many or too long."""
        lengths, n_channels = problem.values.lengths, problem.values.series[0].shape[0]
        sound = _sound_config(problem.values)
        if sound is None:
            steps = int(lengths.sum()) * min(n_channels, MOST_MIXTURES)
        else:
            steps = int(-(-lengths // sound.stride).sum()) * (_BANK if sound.stem_stride > 1 else 1)
        return 0 if steps > _MOST_STEPS else wanted

    def features_of(self, values: Prepared) -> NDArray[np.float32]:
        """Return features (n_series, n_features), not standardised."""
        return self.reading.features(values)

    @property
    def most_measured(self) -> float:
        """Of sound, most of the vote: little else tells words apart. Of other series its prior."""
        return 0.8 if self.reading.objective == WORDS else 0.0

    @property
    def stride(self) -> int:
        """Steps of the series to one of the network."""
        return self.reading.stride

    @property
    def supposed(self) -> float:
        """Of sound three fifths (docs/tried/made-up-words.md)."""
        return 0.6 if self.most_measured else 0.0

    @property
    def n_features(self) -> int:
        """Columns of :meth:`transform`."""
        return self.reading.n_features

    def state(self) -> State:
        """Return all that a model file must hold."""
        arrays, facts = state_of(self.scaling, self.ridge)
        return State(self.reading.arrays() | arrays, self.reading.facts() | facts)

    @classmethod
    def methods(cls, facts: Mapping[str, Any]) -> tuple[Method, ...]:
        """Return what a paper says of it."""
        if "config" not in facts:
            return (METHOD, *CORES.get("lti").methods, RIDGE_METHOD)
        core = CORES.get(facts["config"]["core"]).methods
        if facts["objective"] == WORDS:
            return (SOUND_METHOD, *core, RIDGE_METHOD)
        return (OWN_METHOD, OBJECTIVES[facts["objective"]].method, *core, RIDGE_METHOD)

    @classmethod
    def expected(
        cls, facts: Mapping[str, Any], n_channels: int, n_outputs: int, multilabel: bool
    ) -> Mapping[str, TensorSpec]:
        """Return shapes and types by the facts."""
        own = "config" in facts
        (_OWN_FACTS if own else _FACTS)("facts", facts)
        specs, n_features = (AllChannels if own else ByChannel).expected(facts, n_channels)
        return specs | specs_of(n_features, n_outputs)

    @classmethod
    def from_state(cls, state: State, multilabel: bool) -> Self:
        """Return what :meth:`state` described."""
        arrays, facts = dict(state.arrays), state.facts
        for name, array in arrays.items():
            check_range(name, array)
        reading = (AllChannels if "config" in facts else ByChannel).from_state(arrays, facts)
        return cls(reading, *from_state_of(arrays, facts, multilabel))

    @classmethod
    def graph(cls, members: Sequence[Self], weights: Sequence[float], n_channels: int) -> nn.Module:
        """Return the members one after the other."""
        from msssm_ts.members.encoder_ridge.graph import EncoderGraph, OwnEncoderGraph
        from msssm_ts.members.graph import WeightedSum

        graphs: list[nn.Module] = []
        for member in members:
            reading = member.reading
            if isinstance(reading, AllChannels):
                graphs.append(OwnEncoderGraph(reading.known.network, member.scaling, member.ridge))
            else:
                parts = reading.encoder, reading.views, member.scaling, member.ridge
                graphs.append(EncoderGraph(*parts))
        return WeightedSum(graphs, weights)


def _reading(
    problem: Problem, parameters: Mapping[str, Any] | None, seed: int
) -> ByChannel | AllChannels:
    """Return the user's encoder where there is one, else the one that comes along."""
    init = None if parameters is None else parameters.get("init")
    if isinstance(init, Known):
        return AllChannels(init)
    if (sound := _sound_config(problem.values)) is not None:
        network = network_for_sound(sound.n_channels, sound.stem_stride)
        return AllChannels(Known(network, "the package", WORDS, {}, "auto"))
    some = problem.at_most(_N_MEASURED, seed).values.series
    return ByChannel(shipped(), Views.draw([filled(s) for s in some], seed))


def _sound_config(values: Prepared) -> MSSSMConfig | None:
    """Return the shape of the network that reads sound; None: these series are none for it."""
    stride, bands = (1, values.bands) if values.spectral else own_stem(values)
    return sound_config(values.series[0].shape[0], stride) if bands == N_BANDS else None
