"""Features that a model was fitted with, and their part in what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.beside.joint import Exponents, joint_proba
from msssm_ts.beside.member import SideMember
from msssm_ts.errors import InputError
from msssm_ts.series.side_features import SideFeatures


@dataclass(frozen=True)
class Beside:
    """Features beside the series, in a fitted model.

    Parameters
    ----------
    names : tuple of str
        Of the features that were given.
    exponents : Exponents
        How much vote and features count.
    member : SideMember, optional
        What the features say; None where they do not vote.
    """

    names: tuple[str, ...]
    exponents: Exponents = Exponents()  # noqa: RUF009
    member: SideMember | None = None

    @property
    def votes(self) -> bool:
        """Whether the features have a part in the answers."""
        return self.member is not None

    @property
    def n_parameters(self) -> int:
        """Numbers that were learned."""
        return 0 if self.member is None else self.member.n_parameters

    def check(self, features: SideFeatures | None) -> None:
        """Refuse series without the features that they need.

        Raises
        ------
        InputError
            Naming those that are missing.
        """
        if self.member is None:
            return
        if features is None:
            raise InputError(
                f"the model was trained with features beside the series ({', '.join(self.names)}), "
                "which are not given; give them, too"
            )
        missing = [name for name in self.names if name not in features.names]
        if missing:
            raise InputError(
                f"the features lack {', '.join(map(repr, missing))}, which the model was trained "
                f"with; there are {', '.join(features.names)}"
            )

    def joined(
        self, proba: NDArray[np.float64], features: SideFeatures | None
    ) -> NDArray[np.float64]:
        """Return the vote's probabilities (n_series, n_outputs) with what the features say.

        Raises
        ------
        InputError
            If features that vote are not there.
        """
        if self.member is None:
            return proba
        self.check(features)
        assert features is not None
        return self.with_evidence(proba, self.member.evidence(features))

    def with_evidence(
        self, proba: NDArray[np.float64], evidence: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return the same where what the features say is known, (n_series, n_outputs)."""
        if self.member is None:
            return proba
        return joint_proba(proba, evidence, self.exponents, self.member.multilabel)

    def summary(self) -> dict[str, Any]:
        """Return names, exponents and how much each feature matters, for JSON and tables."""
        said: dict[str, Any] = {"names": list(self.names), "exponents": self.exponents._asdict()}
        if self.member is not None:
            parts = zip(self.names, self.member.importance.tolist(), strict=True)
            said["importance"] = {name: round(part, 4) for name, part in parts}
        return said
