"""A few checks of scikit-learn's and sktime's with each option; benchmarks/checkers.py runs all."""

from __future__ import annotations

import importlib
import pickle
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import msssm_ts.sktime
from msssm_ts import MSSSMClassifier, MSSSMEncoder
from msssm_ts.errors import InputError
from msssm_ts.model.cores import CORES
from msssm_ts.parameters import specs

SMALL = {
    "members": ["network"], "d_model": 8, "n_layers": 1, "max_epochs": 1, "random_state": 0,
}  # fmt: skip
SERIES = np.random.default_rng(0).normal(size=(12, 20))
LABELS = np.arange(12) % 2
TIMES = np.cumsum(np.random.default_rng(1).integers(1, 4, (12, 20)), axis=1)


@pytest.fixture(scope="module")
def checkers() -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
        module = importlib.import_module("checkers")
        patch.setitem(module.SMALL, "max_epochs", 1)
        yield module


SCIKIT_LEARN = (
    "check_methods_sample_order_invariance", "check_estimators_partial_fit_n_features",
    "check_fit_score_takes_y",
)  # fmt: skip
SKTIME = ("test_classifier_output[{}-0-ClassifierFitPredictMultivariate]",)


# Run in full elsewhere, or like another here.
LEFT_OUT = {"none", "--core s6", "--core lstm", "--variates scan", "--stamps use", "--exemplars"}


def test_some_checks_with_each_option(checkers: ModuleType) -> None:
    assert set(checkers.OPTIONS) > LEFT_OUT
    for name, option in checkers.OPTIONS.items():
        if name in LEFT_OUT:
            continue
        came = checkers.scikit_learn(option, SCIKIT_LEARN) | checkers.sktime(option, SKTIME)
        assert came == dict.fromkeys(came, "passed"), (name, came)
        assert len(came) == len(SCIKIT_LEARN) + len(SKTIME), (name, came)


def test_a_check_that_fails_is_seen(checkers: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MSSSMClassifier, "score", lambda self, X, why: 0.0)
    (said,) = checkers.scikit_learn({}, ["check_fit_score_takes_y"]).values()
    assert "Expected y or Y" in said
    monkeypatch.setattr(MSSSMClassifier, "predict", lambda self, X, times=None: "no")
    assert "passed" not in checkers.sktime({}, SKTIME).values()


def test_every_way_of_a_network_is_among_the_options(checkers: ModuleType) -> None:
    """What is added to the parameters' choices has to be checked, too."""
    tried = {(k, v) for option in checkers.OPTIONS.values() for k, v in option.items()}
    for name, default, spec in specs():
        if name in ("variates", "directions", "stamps"):
            assert {(name, c) for c in spec.check.choices()} - tried == {(name, default)}
        if name == "core":
            assert {(name, c) for c in CORES.own_names()} - tried == {(name, default)}


@pytest.mark.parametrize("stamps", ["grid", "use"])
def test_stamps_reach_every_method_that_is_given_series(stamps: str) -> None:
    model = MSSSMClassifier(**SMALL, stamps=stamps)
    made = model.fit_transform(SERIES, LABELS, times=TIMES)
    np.testing.assert_array_equal(made, model.transform(SERIES, times=TIMES))
    right = model.predict(SERIES, times=TIMES) == LABELS
    assert model.score(SERIES, LABELS, times=TIMES) == right.mean()
    with pytest.raises(InputError, match="these series have none"):
        model.score(SERIES, LABELS)
    before = model.predict_proba(SERIES, times=TIMES)
    model.partial_fit(SERIES, LABELS, times=TIMES)
    assert (model.predict_proba(SERIES, times=TIMES) != before).any()
    with pytest.raises(ValueError, match=r"these have none|times are missing"):
        model.partial_fit(SERIES, LABELS)


def test_score_is_told_of_the_series_what_predict_is() -> None:
    X = np.random.default_rng(2).normal(size=(30, 2, 20))
    y = np.arange(30) % 2
    X[y == 1, 0] *= 3
    model = MSSSMClassifier("fast", random_state=0).fit(X, y, channel_names=["a", "b"])
    known = {"channel_names": ["b", "a"]}
    assert model.score(X[:, ::-1], y, **known) == model.score(X, y) > 0.9
    assert model.score(X[:, ::-1], y) < 0.9


def frames(index) -> list[pd.DataFrame]:
    return [pd.DataFrame({"x": x}, index=index(t)) for x, t in zip(SERIES, TIMES, strict=True)]


@pytest.mark.parametrize(
    ("index", "unit"),
    [
        (pd.Index, 1.0),
        (lambda t: pd.Timestamp("2026-01-01") + pd.to_timedelta(t, "h"), 3600.0),
        (lambda t: pd.PeriodIndex.from_ordinals(20_000 + t, freq="D"), 86400.0),
    ],
)
def test_sktimes_index_is_the_time(index, unit: float) -> None:
    plain = MSSSMClassifier(**SMALL, stamps="use").fit(SERIES, LABELS, times=TIMES * unit)
    model = msssm_ts.sktime.MSSSMClassifier(**SMALL, stamps="use").fit(frames(index), LABELS)
    expected = plain.predict_proba(SERIES, times=TIMES * unit)
    np.testing.assert_array_equal(model.predict_proba(frames(index)), expected)
    np.testing.assert_array_equal(model.predict(frames(index)), expected.argmax(1))
    assert (expected != model.predict_proba(frames(lambda t: pd.RangeIndex(len(t))))).any()


def test_an_uneven_index_that_is_left_out_is_said() -> None:
    model = msssm_ts.sktime.MSSSMClassifier(**SMALL).fit(frames(pd.Index), LABELS)
    notes = " ".join(model.estimator_.model_.record.notes)
    assert "time stamps were left out, though they are uneven" in notes
    with pytest.warns(UserWarning, match=LEFT) as caught:
        model.predict(frames(pd.Index))
    assert [warning.filename for warning in caught] == [__file__]
    even = model.fit(frames(lambda t: pd.RangeIndex(5, 5 + len(t))), LABELS)
    assert "stamps" not in " ".join(even.estimator_.model_.record.notes)


LEFT = "^time stamps are left out, though they are uneven: the model takes no notice$"


def test_uneven_stamps_that_a_model_takes_no_notice_of_are_warned_of_once() -> None:
    model = MSSSMClassifier("fast", exemplars=3, random_state=0).fit(SERIES, LABELS)
    for ask in (
        *(model.predict, model.predict_proba, model.decision_function, model.transform),
        *(model.kneighbors, lambda X, times: model.score(X, LABELS, times=times)),
    ):
        with pytest.warns(UserWarning, match=LEFT) as caught:
            answer = ask(SERIES, times=TIMES)
        # Where it was asked, not somewhere in the package.
        assert [warning.filename for warning in caught] == [__file__]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            np.testing.assert_array_equal(answer, ask(SERIES, times=2 * np.mgrid[:12, :20][1]))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        tree = {"members": ["quantile_trees"], "random_state": 0}
        gridded = MSSSMClassifier(**tree, stamps="grid").fit(SERIES, LABELS, times=TIMES)
        gridded.predict(SERIES, times=TIMES)


def test_an_encoder_warns_of_stamps_that_it_takes_no_notice_of() -> None:
    encoder = MSSSMEncoder(d_model=4, n_layers=1, max_epochs=1, random_state=0)
    for ask in (encoder.fit, encoder.transform):
        with pytest.warns(UserWarning, match=LEFT) as caught:
            ask(SERIES, times=TIMES)
        assert [warning.filename for warning in caught] == [__file__]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            ask(SERIES, times=2 * np.mgrid[:12, :20][1])


def test_old_pickles_find_the_classifier() -> None:
    assert pickle.loads(b"cmsssm_ts.estimator\nMSSSMClassifier\n.") is MSSSMClassifier
