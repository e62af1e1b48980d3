"""What all members with a ridge classifier on standardised features are."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from msssm_ts.members.closed_form import in_parts
from msssm_ts.members.member import Member
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import Scaling
from msssm_ts.series import Prepared


class RidgeMember(Member):
    """A member whose features are standardised and classified by ridge regression.

    A subclass says what its features are, and holds the rest in fields of these names.

    Attributes
    ----------
    scaling : Scaling
        Standardisation of the features.
    ridge : Ridge
        Classifier.
    """

    scaling: Scaling
    ridge: Ridge

    @abstractmethod
    def features_of(self, values: Prepared) -> NDArray[np.float32]:
        """Return features (n_series, n_features), not standardised."""

    @property
    @abstractmethod
    def n_features(self) -> int:
        """Columns of :meth:`transform`."""

    def _standardized(self, values: Prepared) -> NDArray[np.float32]:
        z = self.features_of(values)
        self.scaling.apply(z)
        return z

    def transform(self, values: Prepared) -> NDArray[np.float64]:
        """Return standardised features (n_series, n_features)."""
        return self._standardized(values).astype(np.float64)

    def predict_proba(self, values: Prepared) -> NDArray[np.float64]:
        """Return probabilities (n_series, n_outputs), part by part of the series."""
        parts = in_parts(len(values), self.n_features)
        answers = [self.ridge.predict_proba(self._standardized(values.take(p))) for p in parts]
        return np.concatenate(answers)

    @property
    def n_parameters(self) -> int:
        """The ridge classifier's weights."""
        return self.ridge.coefficients.size + self.ridge.intercept.size
