"""The classifier for sktime's pipelines, benchmarks and checks.

sktime's base class cannot pass scikit-learn's checks, so this is a class of its own around
:class:`msssm_ts.MSSSMClassifier`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sktime.classification.base import BaseClassifier

from msssm_ts.estimator import MSSSMClassifier as _Estimator
from msssm_ts.parameter_rows import documented
from msssm_ts.parameters import Parameters, redefined
from msssm_ts.series.stamps import uneven_step

if TYPE_CHECKING:
    from msssm_ts.series.checks import Missing


@documented
@dataclass(eq=False, repr=False)
class MSSSMClassifier(Parameters, BaseClassifier):  # type: ignore[misc]
    """Time-series classifier with a multi-scale state-space model, for sktime.

    Takes whatever sktime takes: several channels, unequal lengths, and missing values, which are
    masked by default. The index of a series' frame is its time stamps, for ``stamps``; what is
    counted from 0, too.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    estimator_ : msssm_ts.MSSSMClassifier
        The fitted classifier.

    References
    ----------
    Karami, Behrouz, Zhong, Pascanu, Mirrokni, "MS-SSM: A Multi-Scale State Space Model for
    Efficient Sequence Modeling", COLM 2025, arXiv 2512.23824.

    Examples
    --------
    >>> from sktime.datasets import load_unit_test
    >>> from msssm_ts.sktime import MSSSMClassifier
    >>> X, y = load_unit_test(split="train")
    >>> clf = MSSSMClassifier("fast", random_state=0)
    >>> clf.fit(X, y).predict_proba(X).shape
    (20, 2)
    """

    _tags = {  # noqa: RUF012
        "authors": "msssm-ts developers",
        "maintainers": "msssm-ts developers",
        "python_dependencies": ["torch", "numba"],
        "X_inner_mtype": "df-list",
        "capability:multivariate": True,
        "capability:unequal_length": True,
        "capability:missing_values": True,
        "capability:predict_proba": True,
        "capability:class_weight": True,
        "capability:random_state": True,
        "capability:categorical_in_X": False,
        "property:randomness": "derandomized",
    }

    missing: Missing = redefined("missing", "mask")

    def __post_init__(self) -> None:
        # Called by the dataclass, and by sktime's constructor at its end.
        if "_X_metadata" not in vars(self):
            BaseClassifier.__init__(self)
        elif self.missing == "error":
            self.set_tags(**{"capability:missing_values": False})

    def _fit(self, X: list[pd.DataFrame], y: NDArray[Any]) -> MSSSMClassifier:
        self.estimator_ = _Estimator(**self.get_params(deep=False))
        names, times = _names(X), _stamps(X, self.stamps != "ignore")
        self.estimator_.fit(_as_arrays(X), y, channel_names=names, times=times)
        return self

    def _predict_proba(self, X: list[pd.DataFrame]) -> NDArray[np.float64]:
        return self.estimator_.predict_proba(_as_arrays(X), **self._known(X))

    def _predict(self, X: list[pd.DataFrame]) -> NDArray[Any]:
        return self.estimator_.predict(_as_arrays(X), **self._known(X))

    def _known(self, X: list[pd.DataFrame]) -> dict[str, Any]:
        """Return stamps, and names by which columns in another order are known again."""
        names, own = _names(X), self.estimator_.model_.source.channel_names
        known = names if names and own and set(names) == set(own) else None
        return {"times": self._stamps(X), "channel_names": known}

    def _stamps(self, X: list[pd.DataFrame]) -> list[NDArray[np.float64]] | None:
        return _stamps(X, self.estimator_.model_.needs_times)

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Return settings with which sktime's checks run: small, a vote and a network.

        Parameters
        ----------
        parameter_set : str
            There is only the default one.

        Returns
        -------
        list of dict
            Constructor arguments.
        """
        small = {"d_model": 8, "n_layers": 1, "d_state": 4, "max_epochs": 3}
        return [
            {"members": ["scan_ridge", "network"], "early_stopping": False, **small},
            {
                "members": ["network"],
                "core": "s6",
                "n_scales": 1,
                "missing": "interpolate",
                **small,
            },
        ]


def _as_arrays(X: list[pd.DataFrame]) -> list[NDArray[Any]]:
    """Turn sktime's frames (steps, channels) into arrays (channels, steps)."""
    return [frame.to_numpy(dtype=float).T for frame in X]


def _names(X: list[pd.DataFrame]) -> list[str] | None:
    """Return what the columns are called, where that is text."""
    names = list(X[0].columns)
    return names if all(isinstance(name, str) for name in names) else None


def _stamps(X: list[pd.DataFrame], wanted: bool) -> list[NDArray[np.float64]] | None:
    """Return the index of each frame as numbers, of dates in seconds, from where it begins.

    None where they are even and nobody wants them.
    """
    stamps = [_since(frame.index) for frame in X]
    return stamps if wanted or uneven_step(stamps) else None


def _since(index: pd.Index) -> NDArray[np.float64]:
    moments = index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index
    since = moments - moments[0]
    seconds = since.total_seconds() if isinstance(since, pd.TimedeltaIndex) else since
    if isinstance(index, pd.PeriodIndex) and len(set(np.diff(index.asi8))) < 2:
        # Months are of one length, for who counts them.
        return np.linspace(0, seconds[-1], len(index))
    return np.asarray(seconds, np.float64)
