"""Features beside the series in a fit: what they say, and whether that helps the vote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.beside import Beside, SideMember
from msssm_ts.beside.joint import Exponents, Told, chosen_exponents
from msssm_ts.beside.member import left_out_evidence
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.fitting.problems import Problems
from msssm_ts.members.strata import standing_for
from msssm_ts.text import plural
from msssm_ts.training import Reporter

Array = NDArray[np.float64]

# Where nothing tells how much features and vote have in common.
_UNMEASURED = Exponents(1.0, 0.5)


def _balanced(targets: NDArray[Any], weights: Array) -> Array:
    """Return weights with which every class weighs the same.

    How frequent they are the vote knows; trees that know it, too, see no rare class
    (docs/beats.md). With several labels at once the weights stay as they are.

    Examples
    --------
    >>> _balanced(np.array([0, 0, 0, 1]), np.ones(4)).round(3)
    array([0.667, 0.667, 0.667, 2.   ])
    """
    if targets.ndim == 2:
        return weights
    sums = np.bincount(targets, weights)
    # A class whose series all have no weight has nothing to share out.
    shares = np.where(sums > 0, sums, 1.0)[targets]
    balanced: Array = weights * weights.sum() / ((sums > 0).sum() * shares)
    return balanced


@dataclass(frozen=True)
class FeatureSide:
    """What features say of the training series.

    Parameters
    ----------
    problems : Problems
        Of the training data.
    member : SideMember
        Fitted to all series.
    evidence : array of shape (n_series, n_outputs), optional
        By members that have not learned from the series; None where there are too few.
    seed : int
        Of all that is drawn.
    """

    problems: Problems
    member: SideMember
    evidence: Array | None
    seed: int

    @classmethod
    def of(
        cls, problems: Problems, seed: int, reporter: Reporter | None = None
    ) -> FeatureSide | None:
        """Learn what features say; None where there are no features, or nothing to tell apart."""
        data = problems.data
        n_outputs, multilabel = len(data.targets.classes), data.targets.multilabel
        if data.features is None or (n_outputs < 2 and not multilabel):
            return None
        encoded, features = data.targets.encoded, data.features
        own = np.ones(len(data)) if problems.weights is None else problems.weights
        more: dict[str, Any] = {
            "weights": _balanced(encoded, own),
            "positive_weights": problems.positive_weights,
            "seed": seed,
        }
        member = SideMember.fit(features, encoded, n_outputs, **more)
        telling = (reporter or Reporter()).named("features beside the series")

        def done(fold: int, n_folds: int) -> None:
            telling.done(len(data) * fold // n_folds, len(data))

        done(0, 1)
        more |= {"groups": data.groups, "done": done}
        evidence = left_out_evidence(features, encoded, n_outputs, **more)
        return cls(problems, member, evidence, seed)

    def joined(self, left_out: Array | None) -> tuple[Beside, str]:
        """Return the features' part in what a vote answers, and a note where there is one.

        Parameters
        ----------
        left_out : array of shape (n_series, n_outputs), optional
            What the vote answers of the training series when they are left out; NaN where that is
            not known.
        """
        told = self._told(left_out)
        if told is not None:
            exponents = chosen_exponents(told, self.seed)
        else:
            # How much vote and features have in common is not known: do they tell anything at all?
            prior = self.member.prior
            nothing = np.broadcast_to(prior, (len(self.problems.data), len(prior)))
            alone = self._told(nothing)
            helps = alone is not None and chosen_exponents(alone, self.seed).features > 0
            exponents = _UNMEASURED if helps else Exponents()
        names = tuple(column.name for column in self.member.columns)
        if not exponents.features:
            return Beside(names), "features beside the series told nothing new: they do not vote"
        unmeasured = (
            "how much features beside the series count was not measured: no member knows what it "
            "says of series left out"
        )
        notes = [self._giving_away(), *([unmeasured] if told is None else [])]
        return Beside(names, exponents, self.member), "; ".join(filter(None, notes))

    def _giving_away(self) -> str:
        """Say which features may be the label in other words."""
        data = self.problems.data
        if data.features is None or data.targets.multilabel:
            return ""
        names = data.features.giving_away(data.targets.encoded)
        return (
            f"{enumerate_names(names)} beside the series {plural(len(names), 'has', 'have')} one "
            "value for each class, as if the label stood there: what new series do not have tells "
            "nothing of them"
            if names
            else ""
        )

    def answers(self, beside: Beside, proba: Array, index: NDArray[np.int64]) -> Array:
        """Return a vote's answers joined with what others than these series let features say.

        Parameters
        ----------
        beside : Beside
            From :meth:`joined`.
        proba : array of shape (n_rows, n_outputs)
            The vote's.
        index : integer array of shape (n_rows,)
            Which of the training series each is, or is a window of.
        """
        if self.evidence is None:
            return proba
        return beside.with_evidence(proba, self.evidence[index])

    def _told(self, left_out: Array | None) -> Told | None:
        """Put together what is known of series that were left out, where there is enough."""
        if left_out is None or self.evidence is None:
            return None
        known = np.flatnonzero(~np.isnan(left_out).any(1))
        if not len(known):
            return None
        data, weights = self.problems.data, self.problems.weights
        own = np.ones(len(data)) if weights is None else weights
        # Rare classes are told of whole, frequent ones in part.
        share = standing_for(known, data.targets.encoded, own)
        share *= own[known].sum() / share.sum()
        return Told(
            left_out[known],
            self.evidence[known],
            data.targets.encoded[known],
            share,
            None if data.groups is None else data.groups[known],
        )
