"""Features beside the series in a fit: what they say, and whether that helps the vote."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.beside import Beside, SideMember
from msssm_ts.beside.joint import Exponents, Told, chosen_exponents
from msssm_ts.beside.member import left_out_evidence
from msssm_ts.fitted.vote import Vote
from msssm_ts.fitting.problems import Problems
from msssm_ts.members.problem import Problem

Array = NDArray[np.float64]

# Where nothing tells how much features and vote have in common.
_UNMEASURED = Exponents(1.0, 0.5)


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
    def of(cls, problems: Problems, seed: int) -> FeatureSide | None:
        """Learn what features say; None where there are no features, or nothing to tell apart."""
        data = problems.data
        n_outputs, multilabel = len(data.targets.classes), data.targets.multilabel
        if data.features is None or (n_outputs < 2 and not multilabel):
            return None
        encoded, features = data.targets.encoded, data.features
        more: dict[str, Any] = {
            "weights": problems.weights,
            "positive_weights": problems.positive_weights,
            "seed": seed,
        }
        member = SideMember.fit(features, encoded, n_outputs, **more)
        evidence = left_out_evidence(features, encoded, n_outputs, groups=data.groups, **more)
        return cls(problems, member, evidence, seed)

    def joined(self, vote: Vote, learned: Part, aside: Part | None) -> tuple[Beside, str]:
        """Return the features' part in what a vote answers, and a note where there is one.

        Parameters
        ----------
        vote : Vote
            Fitted.
        learned : Part
            What its members have learned from.
        aside : Part, optional
            Series set aside, with what the vote said of them.
        """
        told = self._told(learned.saying(getattr(vote, "left_out", None))) or self._told(aside)
        if told is not None:
            exponents = chosen_exponents(told, self.seed)
        else:
            # What the vote knows is not known: do they tell anything at all?
            everything = np.arange(len(self.problems.data))
            nothing = np.broadcast_to(self.member.prior, (len(everything), len(self.member.prior)))
            alone = self._told(Part(everything, nothing))
            helps = alone is not None and chosen_exponents(alone, self.seed).features > 0
            exponents = _UNMEASURED if helps else Exponents()
        names = self.member_names
        if not exponents.features:
            return Beside(names), "features beside the series told nothing new: they do not vote"
        note = (
            ""
            if told is not None
            else (
                "how much features beside the series count was not measured: no member knows what "
                "it says of series left out"
            )
        )
        return Beside(names, exponents, self.member), note

    @property
    def member_names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(column.name for column in self.member.columns)

    def left_out(self, beside: Beside, proba: Array, index: NDArray[np.int64]) -> Array:
        """Return a vote's probabilities joined with what left-out members say of some series."""
        if self.evidence is None:
            return proba
        return beside.with_evidence(proba, self.evidence[index])

    def _told(self, part: Part | None) -> Told | None:
        """Put together what is known of series that were left out, where there is enough."""
        if part is None or part.proba is None or self.evidence is None:
            return None
        data, known = self.problems.data, ~np.isnan(part.proba).any(1)
        index = part.index[known]
        if not len(index):
            return None
        weights = np.ones(len(data)) if self.problems.weights is None else self.problems.weights
        return Told(
            part.proba[known],
            self.evidence[index],
            data.targets.encoded[index],
            weights[index],
            # Windows of a series tell of each other.
            index if data.groups is None else data.groups[index],
        )


@dataclass(frozen=True)
class Part:
    """Series, or windows of them, and what a vote says of them.

    Parameters
    ----------
    index : integer array of shape (n_rows,)
        Which of the training series each is, or is a window of.
    proba : array of shape (n_rows, n_outputs), optional
        The vote's answers; NaN where they are not known.
    """

    index: NDArray[np.int64]
    proba: Array | None = None

    @classmethod
    def of(cls, index: NDArray[np.int64], problem: Problem) -> Part:
        """Take a problem that was made of some series."""
        return cls(index[problem.values.owner])

    def saying(self, proba: Array | None) -> Part:
        """Return the same with a vote's answers."""
        return Part(self.index, proba)
