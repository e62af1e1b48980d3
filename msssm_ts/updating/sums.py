"""What an updatable model keeps of the series that it has learned: sums, one set a member."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import InputError
from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitting.targets import Targets
from msssm_ts.members.normal_equations import NormalEquations
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import Scaling
from msssm_ts.parameter_checks import ClassWeight
from msssm_ts.series import Prepared
from msssm_ts.updating.learned import Learned


class FromSums(Protocol):
    """A member that follows from sums; see :class:`msssm_ts.members.member.Member`."""

    ridge: Ridge
    scaling: Scaling

    def transform(self, values: Prepared) -> NDArray[np.float64]:
        """Return standardised features (n_series, n_features)."""


@dataclass(frozen=True)
class Sums:
    """Sums over series, from which an updatable model's classifiers follow.

    Parameters
    ----------
    equations : tuple of NormalEquations
        One for each member of the vote, over the features that it uses.
    learned : Learned
        The series.
    class_weights : array of shape (n_outputs,)
        What a series of each class counts beside its own weight, by ``class_weight`` in the first
        fit.
    """

    equations: tuple[NormalEquations, ...]
    learned: Learned
    class_weights: NDArray[np.float64]

    def solved(self, model: FittedModel) -> FittedModel:
        """Return a model whose classifiers are those that follow from the sums.

        Raises
        ------
        InputError
            If none follow, as from the sums of a file that somebody has made up.
        """
        members = []
        for member, sums in zip(from_sums(model), self.equations, strict=True):
            used, ridge = used_features(member), member.ridge
            # A solution uses them up.
            own = replace(sums, products=sums.products.copy())
            try:
                weights, intercept = own.solution(ridge.penalty)
            except (ValueError, ArithmeticError) as error:
                raise InputError(f"no classifier follows from these sums ({error})") from error
            if not (np.isfinite(weights).all() and np.isfinite(intercept).all()):
                raise InputError("no classifier follows from these sums")
            coefficients = np.zeros((len(used), weights.shape[1]), np.float32)
            coefficients[used] = weights
            ridge = replace(ridge, coefficients=coefficients, intercept=intercept, left_out=None)
            members.append(replace(cast(Any, member), ridge=ridge))
        return replace(model, vote=replace(model.vote, members=tuple(members)))


def from_sums(model: FittedModel) -> tuple[FromSums, ...]:
    """Return the members of an updatable model."""
    return cast(tuple[FromSums, ...], model.vote.members)


def used_features(member: FromSums) -> NDArray[np.bool_]:
    """Return which of its features (n_features,) a member's sums are over."""
    used: NDArray[np.bool_] = member.scaling.scale > 0
    return used


def is_updatable(parameters: Mapping[str, Any]) -> bool:
    """Whether a model with these parameters was fitted to be updated; older files do not say."""
    return bool(parameters.get("updatable"))


def class_weights_of(targets: Targets, class_weight: ClassWeight) -> NDArray[np.float64]:
    """Return what a series of each class counts; ones for several labels at once.

    Examples
    --------
    >>> class_weights_of(Targets(np.array(["a", "b"]), np.array([0, 0, 0, 1])), "balanced")
    array([0.66666667, 2.        ])
    """
    n = len(targets.classes)
    if class_weight is None or targets.multilabel:
        return np.ones(n)
    if isinstance(class_weight, Mapping):
        return np.array([float(class_weight.get(c, 1.0)) for c in targets.classes.tolist()])
    counts = np.bincount(targets.encoded, minlength=n)
    there = counts > 0
    # A class that is still to come counts like the rarest.
    counts = np.where(there, counts, counts[there].min())
    weights: NDArray[np.float64] = len(targets.encoded) / (there.sum() * counts)
    return weights
