"""Run scikit-learn's and sktime's checks of an estimator with each option on, and with none.

    python benchmarks/checkers.py [--only TEXT]

Networks are tiny. The first row has no option; with one, as many checks have to run. The series of
both checkers have no time stamps, so that those of ``--stamps`` are made up here: the same for all
series of a length. Several channels, for ``--variates``, have some of sktime's series alone. A
check that is expected to fail with none is with every option.
"""

from __future__ import annotations

import os

# Read when scipy is imported; without it a check of scikit-learn's is left out.
os.environ.setdefault("SCIPY_ARRAY_API", "1")

import argparse
import sys
import time
import warnings
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.estimator_checks import estimator_checks_generator
from sktime.utils.estimator_checks import check_estimator

import msssm_ts
import msssm_ts.sktime

OPTIONS: dict[str, dict[str, Any]] = {
    "none": {},
    "--core s6": {"core": "s6"},
    "--core s4d": {"core": "s4d"},
    "--core gru": {"core": "gru"},
    "--core lstm": {"core": "lstm"},
    "--variates scan": {"variates": "scan"},
    "--variates coupled": {"variates": "coupled"},
    "--variates graph": {"variates": "graph"},
    "--directions quasiseparable": {"directions": "quasiseparable"},
    "--pyramid": {"pyramid": True, "n_layers": 2},
    "--stamps grid": {"stamps": "grid"},
    "--stamps use": {"stamps": "use"},
    "--stamps use --core s4d": {"stamps": "use", "core": "s4d"},
    "--motifs": {"motifs": 4},
    "--workspace": {"workspace": 2},
    "--experts": {"experts": 4},
    "--exemplars": {"exemplars": 2},
}
SMALL: dict[str, Any] = {
    "members": ["network"],
    "d_model": 8,
    "n_layers": 1,
    "d_state": 4,
    "kernel_size": 2,
    "max_epochs": 5,
    "early_stopping": False,
    "batch_size": 16,
    "random_state": 0,
}
PASSED = "passed"
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": (
        "copies of a series fall into other batches than one series of that weight"
    ),
}


class _Stamped(msssm_ts.MSSSMClassifier):
    """The estimator, with time stamps wherever it is given series."""

    # scikit-learn looks for these names.
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **known: Any) -> _Stamped:
        return super().fit(X, y, sample_weight, **known | {"times": _stamps(X)})

    def partial_fit(self, X: Any, y: Any, *given: Any, **known: Any) -> Any:
        return super().partial_fit(X, y, *given, **known | {"times": _stamps(X)})

    def predict(self, X: Any, **known: Any) -> NDArray[Any]:
        return super().predict(X, **known | {"times": _stamps(X)})

    def predict_proba(self, X: Any, **known: Any) -> NDArray[np.float64]:
        return super().predict_proba(X, **known | {"times": _stamps(X)})

    def decision_function(self, X: Any, **known: Any) -> NDArray[np.float64]:
        return super().decision_function(X, **known | {"times": _stamps(X)})

    def transform(self, X: Any, **known: Any) -> NDArray[np.float64]:
        return super().transform(X, **known | {"times": _stamps(X)})

    def score(self, X: Any, y: Any, sample_weight: Any = None, **known: Any) -> float:
        return super().score(X, y, sample_weight, **known | {"times": _stamps(X)})


class _StampedFrames(msssm_ts.sktime.MSSSMClassifier):
    __doc__ = msssm_ts.sktime.MSSSMClassifier.__doc__

    def _fit(self, X: list[pd.DataFrame], y: NDArray[Any]) -> Any:
        return super()._fit(_indexed(X), y)

    def _predict_proba(self, X: list[pd.DataFrame]) -> NDArray[np.float64]:
        return super()._predict_proba(_indexed(X))

    def _predict(self, X: list[pd.DataFrame]) -> NDArray[Any]:
        return super()._predict(_indexed(X))


def uneven(n: int) -> NDArray[np.int64]:
    """Return stamps with a pause behind every third."""
    steps = np.arange(n)
    return steps + 4 * (steps // 3)


def scikit_learn(option: Mapping[str, Any], only: Collection[str] | None = None) -> dict[str, str]:
    """Run scikit-learn's checks; return what came of each, "passed" or what was said.

    Parameters
    ----------
    option : mapping
        Of the estimator.
    only : collection of str, optional
        Names of checks; by default all of them.
    """
    kind = _Stamped if "stamps" in option else msssm_ts.MSSSMClassifier
    estimator = kind(**SMALL | {"n_scales": 1, "learning_rate": 0.02} | option)
    came: dict[str, str] = {}
    for one, check in estimator_checks_generator(estimator):
        name = check.func.__name__
        if only is not None and name not in only:
            continue
        settings = ", ".join(f"{k}={v}" for k, v in check.keywords.items())
        try:
            check(one)
            said = PASSED
        except Exception as error:
            said = PASSED if name in EXPECTED else repr(error)
        came[f"{name}({settings})"] = said
    return came


def sktime(option: Mapping[str, Any], only: Collection[str] | None = None) -> dict[str, str]:
    """Run sktime's checks; as :func:`scikit_learn`.

    Names are those of a check with its fixture, {} for the class.
    """
    kind = _StampedFrames if "stamps" in option else msssm_ts.sktime.MSSSMClassifier

    def get_test_params(cls: Any, parameter_set: str = "default") -> list[dict[str, Any]]:
        return [SMALL | option, SMALL | {"missing": "interpolate"} | option]

    with patch.object(kind, "get_test_params", classmethod(get_test_params)):
        some = None if only is None else [name.format(kind.__name__) for name in only]
        came = check_estimator(kind, verbose=False, fixtures_to_run=some)
    return {name: PASSED if said == "PASSED" else repr(said) for name, said in came.items()}


def _stamps(X: Any) -> list[NDArray[np.float64]] | None:
    """Return stamps of series as scikit-learn's checks give them; none of what is no series."""
    if not isinstance(X, list | np.ndarray) or np.ndim(X) not in (2, 3):
        return None
    return [uneven(np.shape(X)[-1])] * len(X)


def _indexed(X: Sequence[pd.DataFrame]) -> list[pd.DataFrame]:
    return [frame.set_axis(uneven(len(frame))) for frame in X]


def main() -> None:
    """Run all, and say which did not pass."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", default="", help="Options that have this text in them, and none.")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    print(
        "| | scikit-learn: ran, not passed | sktime: ran, not passed | seconds |\n|---|---|---|---|"
    )
    least: list[int] = []
    bad: list[str] = []
    for name, option in OPTIONS.items():
        if least and asked.only not in name:
            continue
        began = time.perf_counter()
        came = [checker(option) for checker in (scikit_learn, sktime)]
        failed = [{k: v for k, v in one.items() if v != PASSED} for one in came]
        cells = [f"{len(one)}, {len(no)}" for one, no in zip(came, failed, strict=True)]
        print(
            f"| {name} | {cells[0]} | {cells[1]} | {time.perf_counter() - began:.0f} |", flush=True
        )
        least = least or [len(one) for one in came]
        bad += [f"{name}: {k}: {v[:300]}" for no in failed for k, v in no.items()]
        if any(len(one) < n for one, n in zip(came, least, strict=True)):
            bad.append(f"{name}: fewer checks ran than with none")
    print("", *bad, sep="\n")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
