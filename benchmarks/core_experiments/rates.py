"""Whether a network answers at half of the rate when Δ is twice as long.

All answers of a core come from one network, trained at the full rate.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from core_experiments.experiment import SMALL, Arm, Experiment, Outcome, Series, Sides, scored
from core_experiments.initialisations import tones
from numpy.typing import NDArray

from msssm_ts import MSSSMClassifier
from msssm_ts.model.cores.lti.core import LTI
from msssm_ts.model.cores.s4d.core import S4D
from msssm_ts.preparation.filters import resample

_MOST_TURN = 0.99 * math.pi
_halved = partial(resample, rate=2.0, wanted=1.0)
_doubled = partial(resample, rate=1.0, wanted=2.0)
_last: list[Any] = []


def _same(what: Any) -> Any:
    return what


def trained(X: Series, y: NDArray[Any], parameters: Mapping[str, Any], seed: int) -> Any:
    """Return the model, and the seconds of its fit; once for all answers."""
    asked = (dict(parameters), seed)
    if not (_last and _last[0] is X and _last[1] == asked):
        began = time.perf_counter()
        model = MSSSMClassifier(**parameters, random_state=seed).fit(X, y)
        _last[:] = [X, asked, model, time.perf_counter() - began]
    return _last[2:]


def longer(model: MSSSMClassifier) -> MSSSMClassifier:
    """Return the model with twice the Δ in every stream and channel.

    Modes of s4d turn by twice as much to the letter, which is bent in the core; by less than half
    a turn, beyond which there is no such frequency at the lower rate.
    """
    scaled = copy.deepcopy(model)
    for core in scaled.network_.modules():
        if isinstance(core, LTI):
            step = 2 * core.initial_step.detach()
            # Softplus of it is the step.
            core.dt_bias.data = step + torch.log(-torch.expm1(-step))
        if isinstance(core, S4D):
            turn = 2 * core.log_factors().imag.detach()
            core.log_step.data += math.log(2)
            step = core.log_step.detach().exp().unsqueeze(-1)
            core.frequency.data = 2 * torch.tan(turn.clamp(-_MOST_TURN, _MOST_TURN) / 2) / step
    return scaled


def asked(seen: Callable[..., Any], change: Callable[..., Any] = _same) -> Callable[..., Outcome]:
    """Return what scores the model on series that are seen otherwise, perhaps after a change."""

    def score(sides: Sides, parameters: Mapping[str, Any], seed: int) -> Outcome:
        model, seconds = trained(sides.X, sides.y, parameters, seed)
        return scored(
            change(model), sides._replace(X_test=[seen(x) for x in sides.X_test]), seconds
        )

    return score


WAYS = {
    "as it comes": asked(_halved),
    "Δ twice as long": asked(_halved, longer),
    "resampled to the full rate": asked(lambda x: _doubled(_halved(x))),
    "the full rate": asked(_same),
}
CORES = {
    "lti": {},
    "lti, a single scale": {"n_scales": 0},
    "s4d, a single scale": {"core": "s4d", "n_scales": 0},
}

EXPERIMENT = Experiment(
    name="rates",
    question="At half of the rate, does it help to make Δ twice as long?",
    baseline="lti: as it comes",
    sets=("Trace", "Plane", "SyntheticControl"),
    generate={"tones": tones},
    parameters={"max_epochs": 20, **SMALL},
    arms=tuple(
        Arm(f"{core}: {way}", parameters, score=score, against=f"{core}: as it comes")
        for core, parameters in CORES.items()
        for way, score in WAYS.items()
    ),
    in_turns=False,
)
