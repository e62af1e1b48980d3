"""The classifier for sktime's pipelines, benchmarks and checks.

sktime's base class cannot pass scikit-learn's checks, so this is a class of its own around
:class:`msssm_ts.MSSSMClassifier`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sktime.classification.base import BaseClassifier

from msssm_ts.estimator import MSSSMClassifier as _Estimator
from msssm_ts.preparation import Preparation
from msssm_ts.presets import PresetName
from msssm_ts.series import Missing
from msssm_ts.targets import ClassWeight
from msssm_ts.training import Callback


class MSSSMClassifier(BaseClassifier):  # type: ignore[misc]
    """Time-series classifier with a multi-scale state-space model, for sktime.

    Takes whatever sktime takes: several channels, unequal lengths, and missing values, which are
    masked by default.

    Parameters
    ----------
    preset, time_budget, n_scales, core, d_model, n_layers, d_state, kernel_size, bidirectional, \
dropout, pooling, max_epochs, batch_size, learning_rate, weight_decay, label_smoothing, \
class_weight, missing, early_stopping, validation_fraction, n_iter_no_change, warm_start, dtype, \
device, random_state, verbose, callbacks
        As in :class:`msssm_ts.MSSSMClassifier`; ``missing`` is "mask" by default.

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
    >>> clf = MSSSMClassifier(d_model=16, n_layers=1, max_epochs=2, random_state=0)
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

    def __init__(
        self,
        preset: PresetName = "default",
        time_budget: float | None = None,
        n_scales: int = 3,
        core: Literal["s6", "lti"] = "lti",
        d_model: int = 64,
        n_layers: int = 3,
        d_state: int = 20,
        kernel_size: int = 8,
        bidirectional: bool = True,
        dropout: float = 0.1,
        pooling: Literal["mean", "max", "mean_max", "last"] = "mean_max",
        stem_stride: int | Literal["auto"] = "auto",
        max_epochs: int | None = None,
        batch_size: int | None = None,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.05,
        label_smoothing: float = 0.1,
        mixup: float | Literal["auto"] = "auto",
        shift: float | Literal["auto"] = "auto",
        class_weight: ClassWeight = None,
        missing: Missing = "mask",
        preparation: Preparation | None = None,
        early_stopping: bool | Literal["auto"] = "auto",
        validation_fraction: float = 0.15,
        n_iter_no_change: int = 20,
        warm_start: bool = False,
        dtype: Literal["float32", "float64"] = "float32",
        device: str = "auto",
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        callbacks: Sequence[Callback] | None = None,
    ):
        self.preset = preset
        self.time_budget = time_budget
        self.n_scales = n_scales
        self.core = core
        self.d_model = d_model
        self.n_layers = n_layers
        self.d_state = d_state
        self.kernel_size = kernel_size
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.pooling = pooling
        self.stem_stride = stem_stride
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.label_smoothing = label_smoothing
        self.mixup = mixup
        self.shift = shift
        self.class_weight = class_weight
        self.missing = missing
        self.preparation = preparation
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.dtype = dtype
        self.device = device
        self.random_state = random_state
        self.verbose = verbose
        self.callbacks = callbacks
        super().__init__()
        if missing == "error":
            self.set_tags(**{"capability:missing_values": False})

    def _fit(self, X: list[pd.DataFrame], y: NDArray[Any]) -> MSSSMClassifier:
        self.estimator_ = _Estimator(**self.get_params(deep=False))
        self.estimator_.fit(_as_arrays(X), y)
        return self

    def _predict_proba(self, X: list[pd.DataFrame]) -> NDArray[np.float64]:
        return self.estimator_.predict_proba(_as_arrays(X))

    def _predict(self, X: list[pd.DataFrame]) -> NDArray[Any]:
        return self.estimator_.predict(_as_arrays(X))

    @classmethod
    def get_test_params(cls, parameter_set: str = "default") -> list[dict[str, Any]]:
        """Return settings with which sktime's checks run: small, and one of each core.

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
            small,
            small | {"preset": "network", "core": "s6", "n_scales": 1, "missing": "interpolate"},
        ]


def _as_arrays(X: list[pd.DataFrame]) -> list[NDArray[Any]]:
    """Turn sktime's frames (steps, channels) into arrays (channels, steps)."""
    return [frame.to_numpy(dtype=float).T for frame in X]
