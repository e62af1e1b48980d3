"""Members together, and how much each counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from msssm_ts.members.member import Member
from msssm_ts.series import Prepared

# Part of a vote that must be known of a series for it to tell of the whole.
_ENOUGH = 2 / 3


@dataclass(frozen=True)
class Vote:
    """The weighted mean of members' probabilities.

    Parameters
    ----------
    members : tuple of Member
        Those of a kind next to each other.
    weights : tuple of float
        Part of the vote of each; their sum is 1.
    """

    members: tuple[Member, ...]
    weights: tuple[float, ...]

    def of_kind(self, kind: str) -> tuple[Member, ...]:
        """Return the members of a kind."""
        return tuple(member for member in self.members if member.kind == kind)

    def by_kind(self) -> Iterator[tuple[tuple[Member, ...], tuple[float, ...]]]:
        """Yield the members of each kind with their weights, in the order of the vote."""
        for kind in dict.fromkeys(member.kind for member in self.members):
            pairs = zip(self.members, self.weights, strict=True)
            own = [(member, weight) for member, weight in pairs if member.kind == kind]
            yield tuple(member for member, _ in own), tuple(weight for _, weight in own)

    def predict_proba(self, values: Prepared) -> NDArray[np.float64]:
        """Return probabilities (n_series, n_outputs) of standardised series."""
        parts = [
            weight * member.predict_proba(values)
            for member, weight in zip(self.members, self.weights, strict=True)
        ]
        proba: NDArray[np.float64] = np.sum(parts, axis=0)
        return proba

    def logits(self, values: Prepared, multilabel: bool) -> NDArray[np.float64]:
        """Return a single member's logits, or what would give the probabilities."""
        own = self.members[0].logits(values) if len(self.members) == 1 else None
        if own is not None:
            return own
        return logits_of(self.predict_proba(values), multilabel)

    @property
    def featured(self) -> Member | None:
        """The member whose features are the model's: one that learns by steps before others."""
        with_features = [m for m in self.members if m.n_features is not None]
        with_features.sort(key=lambda m: not m.learns_by_steps)
        return with_features[0] if with_features else None

    @property
    def left_out(self) -> NDArray[np.float64] | None:
        """What it answers of training series left out, (n_series, n_outputs), after a fit.

        Of a series that some members do not tell of it is the answer of the others, NaN where these
        have less than two thirds of the vote of all that tell of any (a trained network knows only
        the series that were set aside, and may be half of it); None where those that tell have
        less than two thirds of the vote.
        """
        pairs = zip(self.members, self.weights, strict=True)
        told = [(m.left_out, weight) for m, weight in pairs if m.left_out is not None]
        if sum(weight for _, weight in told) < _ENOUGH * sum(self.weights):
            return None
        answers = sum(weight * np.nan_to_num(own) for own, weight in told)
        known = sum(weight * ~np.isnan(own).any(1) for own, weight in told)
        enough = known >= _ENOUGH * sum(weight for _, weight in told)
        found: NDArray[np.float64] = np.where(enough, known, np.nan)
        return np.asarray(answers) / found[:, None]

    @property
    def n_parameters(self) -> int:
        """Numbers that were learned, by all members."""
        return sum(member.n_parameters for member in self.members)

    def to(self, device: str) -> Vote:
        """Return it on a device."""
        return replace(self, members=tuple(member.to(device) for member in self.members))


def logits_of(proba: NDArray[np.float64], multilabel: bool) -> NDArray[np.float64]:
    """Return what would give probabilities (n_series, n_outputs)."""
    proba = np.clip(proba, 1e-12, 1 - 1e-12)
    return np.log(proba) - np.log1p(-proba) if multilabel else np.log(proba)


def prior_weights(
    members: tuple[Member, ...], priors: Mapping[str, float] | None = None
) -> tuple[float, ...]:
    """Return weights by the members' kinds, alike within a kind; their sum is 1.

    Parameters
    ----------
    members : tuple of Member
        Those that vote.
    priors : mapping from str to float, optional
        Instead of what kinds say themselves.
    """
    kinds = [member.kind for member in members]
    found = {member.kind: member.prior for member in members}
    found |= {kind: prior for kind, prior in (priors or {}).items() if kind in found}
    total = sum(found.values())
    return tuple(found[kind] / total / kinds.count(kind) for kind in kinds)
