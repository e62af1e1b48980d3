"""A pretrained encoder as a member of the vote: what it makes of each channel, into ridge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from msssm_ts.file_checks import Record, Whole
from msssm_ts.members.closed_form import (
    FACTS,
    MORE_FACTS,
    Transform,
    answers_of,
    fit_closed_form,
    from_state_of,
    need_of,
    specs_of,
    state_of,
)
from msssm_ts.members.encoder_ridge.method import METHOD
from msssm_ts.members.encoder_ridge.views import MOST_MIXTURES, Views
from msssm_ts.members.member import Member, State
from msssm_ts.members.problem import Problem
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.ridge_method import RIDGE_METHOD
from msssm_ts.members.room import Need, Room
from msssm_ts.members.scaling import Scaling
from msssm_ts.members.tensors import TensorSpec, check_range
from msssm_ts.method import Method
from msssm_ts.model.cores import CORES
from msssm_ts.pretraining.encoder import SIZES, Encoder, encoder_config, encoder_shapes
from msssm_ts.pretraining.weights import shipped
from msssm_ts.series import Prepared
from msssm_ts.series.checks import filled
from msssm_ts.training import Keeper, Reporter

# Numbers of a stream that are held at once: 16 MB.
_HELD = 1 << 22
# What these are worked out in, with them, times as many.
_WORK = 3
# Series that views are measured on.
_N_MEASURED = 500
# Steps of all training series, each channel for itself: so many take a minute.
_MOST_STEPS = 5_000_000
_FACTS = Record({**dict.fromkeys(SIZES, Whole(0, 4096)), **FACTS}, MORE_FACTS)


@dataclass(frozen=True)
class EncoderRidge(Member):
    """A pretrained encoder, what it is shown, and a ridge classifier on what it says.

    Parameters
    ----------
    encoder : Encoder
        As it was shipped when the member was fitted.
    views : Views
        Of the channels.
    scaling : Scaling
        Standardisation of the features.
    ridge : Ridge
        Classifier.
    """

    encoder: Encoder
    views: Views
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
        encoder, room = shipped(), Room.of(parameters)
        some = problem.at_most(_N_MEASURED, seed).values.series
        views = Views.draw([filled(s) for s in some], seed)
        transform = partial(_features, encoder, views)
        weights = np.ones(views.count * encoder.n_features, np.float32)
        fit = fit_closed_form(problem, transform, weights, seed, seconds, reporter, room)
        said = fit.said(problem)
        return cls(encoder, views, fit.scaling, fit.ridge).telling(fit.left_out(problem), said=said)

    @classmethod
    def need(cls, problem: Problem, parameters: Mapping[str, Any] | None = None) -> Need:
        """Return what a fit takes."""
        encoder = shipped()

        def draw(some: Problem) -> Transform:
            shown = [filled(s) for s in some.values.series]
            return partial(_features, encoder, Views.draw(shown, 0))

        n_views = 2 * min(problem.values.series[0].shape[0], MOST_MIXTURES)
        n_features = n_views * encoder.n_features
        return need_of(problem, n_features, Room.of(parameters), draw, _WORK * 4 * _HELD)

    @classmethod
    def copies(cls, wanted: int, problem: Problem) -> int:
        """Return none where the series are too many or too long."""
        n_channels = problem.values.series[0].shape[0]
        steps = int(problem.values.lengths.sum()) * min(n_channels, MOST_MIXTURES)
        return 0 if steps > _MOST_STEPS else wanted

    def transform(self, values: Prepared) -> NDArray[np.float64]:
        """Return standardised features (n_series, n_features)."""
        return self._standardized(values).astype(np.float64)

    def _standardized(self, values: Prepared) -> NDArray[np.float32]:
        z = _features(self.encoder, self.views, values)
        self.scaling.apply(z)
        return z

    def predict_proba(self, values: Prepared) -> NDArray[np.float64]:
        """Return probabilities (n_series, n_outputs)."""
        return answers_of(self.ridge, self._standardized, values, self.n_features)

    @property
    def n_features(self) -> int:
        """Columns of :meth:`transform`."""
        return self.views.count * self.encoder.n_features

    @property
    def n_parameters(self) -> int:
        """The ridge classifier's weights."""
        return self.ridge.coefficients.size + self.ridge.intercept.size

    def state(self) -> State:
        """Return all that a model file must hold."""
        tensors = self.encoder.state_dict()
        arrays: dict[str, NDArray[Any]] = {f"encoder.{k}": v.numpy() for k, v in tensors.items()}
        own_arrays, own_facts = state_of(self.scaling, self.ridge)
        views = {"mix": self.views.mix, "gain": self.views.gain}
        return State(arrays | views | own_arrays, self.encoder.sizes | own_facts)

    @classmethod
    def methods(cls, facts: Mapping[str, Any]) -> tuple[Method, ...]:
        """Return what a paper says of it."""
        return (METHOD, *CORES.get("lti").methods, RIDGE_METHOD)

    @classmethod
    def expected(
        cls, facts: Mapping[str, Any], n_channels: int, n_outputs: int, multilabel: bool
    ) -> Mapping[str, TensorSpec]:
        """Return shapes and types by the facts."""
        _FACTS("facts", facts)
        config = encoder_config(**{name: facts[name] for name in SIZES})
        mixtures = min(n_channels, MOST_MIXTURES)
        shapes = encoder_shapes(config)
        n_features = 2 * mixtures * Encoder.count_features(config)
        return {
            **{f"encoder.{name}": TensorSpec(shape) for name, shape in shapes.items()},
            "mix": TensorSpec((mixtures, n_channels)),
            "gain": TensorSpec((2, mixtures)),
            **specs_of(n_features, n_outputs),
        }

    @classmethod
    def from_state(cls, state: State, multilabel: bool) -> Self:
        """Return what :meth:`state` described."""
        arrays, facts = dict(state.arrays), state.facts
        for name, array in arrays.items():
            check_range(name, array)
        check_range("scale", arrays["scale"], least=0)
        prefix = "encoder."
        weights = {
            name.removeprefix(prefix): torch.tensor(array)
            for name, array in arrays.items()
            if name.startswith(prefix)
        }
        encoder = Encoder.of({name: facts[name] for name in SIZES}, weights)
        views = Views(arrays["mix"], arrays["gain"])
        return cls(encoder, views, *from_state_of(arrays, facts, multilabel))

    @classmethod
    def graph(cls, members: Sequence[Self], weights: Sequence[float], n_channels: int) -> nn.Module:
        """Return the members one after the other."""
        from msssm_ts.members.encoder_ridge.graph import EncoderGraph
        from msssm_ts.members.graph import WeightedSum

        graphs = [EncoderGraph(m.encoder, m.views, m.scaling, m.ridge) for m in members]
        return WeightedSum(graphs, weights)


def _features(
    encoder: Encoder, views: Views, values: Prepared, reporter: Reporter | None = None
) -> NDArray[np.float32]:
    """Return features (n_series, n_features), not standardised."""
    out = np.empty((len(values), views.count, encoder.n_features), np.float32)
    # In the order of their lengths there is little padding.
    order = np.argsort(values.lengths, kind="stable")
    config, largest = encoder.config, int(values.lengths.max(initial=1))
    size = max(1, _HELD // (views.count * config.n_streams * config.d_model * largest))
    for first in range(0, len(order), size):
        index = order[first : first + size]
        shown = [torch.from_numpy(views.of(filled(values.series[i]))) for i in index]
        lengths = torch.tensor([s.shape[1] for s in shown]).repeat_interleave(views.count)
        x = nn.utils.rnn.pad_sequence([s.mT for s in shown], batch_first=True)
        with torch.inference_mode():
            codes = encoder(x.mT.reshape(-1, x.shape[1], 1), lengths)
        out[index] = codes.view(len(index), views.count, -1).numpy()
        if reporter is not None:
            reporter.done(first + len(index), len(values))
    return out.reshape(len(values), -1)
