"""What people pass as X and y: series in cells, other containers, indices, missing labels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from msssm_ts import MSSSMClassifier
from msssm_ts.series.checks import as_series_list

N, STEPS = 8, 20
X = np.random.default_rng(0).normal(size=(N, 2, STEPS)).astype(np.float32)
y = np.arange(N) % 2


def _objects(series: list[Any]) -> np.ndarray:
    cells = np.empty(len(series), dtype=object)
    cells[:] = series
    return cells


@pytest.mark.parametrize(
    "made",
    [
        lambda: pd.DataFrame({"a": [*map(list, X[:, 0])], "b": [*map(list, X[:, 1])]}),
        lambda: pd.DataFrame({c: [pd.Series(v) for v in X[:, i]] for i, c in enumerate("ab")}),
        lambda: pl.DataFrame({"a": X[:, 0].tolist(), "b": X[:, 1].tolist()}),
        lambda: pd.Series(list(X)),
        lambda: _objects(list(X)),
        lambda: _objects([x.tolist() for x in X]),
    ],
)
def test_series_in_cells(made: Callable[[], Any]) -> None:
    series = as_series_list(made())
    assert [s.shape for s in series] == [(2, STEPS)] * N
    np.testing.assert_array_equal(series[3], X[3])


def test_series_of_different_lengths_in_cells() -> None:
    cut = [x[:, : STEPS - i] for i, x in enumerate(X)]
    for given in (
        pd.DataFrame({"a": [x[0] for x in cut], "b": [x[1] for x in cut]}),
        pd.Series(cut),
        _objects(cut),
    ):
        assert [s.shape[1] for s in as_series_list(given)] == [STEPS - i for i in range(N)]
    uneven = pd.DataFrame({"a": [x[0] for x in X], "b": [x[1] for x in cut]})
    with pytest.raises(
        ValueError, match=r"channels of series 1 of X differ in length \(\[20, 19\]"
    ):
        as_series_list(uneven)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"a": X}, "not a dict: pass list"),
        ((x for x in X), r"not a generator: list\(X\)"),
        (pl.DataFrame(X[:, 0]).lazy(), r"not a lazy frame: X.collect\(\)"),
        (np.zeros(3, dtype=[("a", float), ("b", float)]), "not records of 2 fields"),
        (pd.DataFrame({"a": [1.0], "when": pd.to_datetime(["2024"])}), "column 'when': drop it"),
    ],
)
def test_what_holds_no_series_is_refused(given: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        as_series_list(given)


def _classifier() -> MSSSMClassifier:
    return MSSSMClassifier(members=["scan_ridge"], random_state=0)


def test_columns_of_lists_have_a_width() -> None:
    frame = pd.DataFrame({"a": [*map(list, X[:, 0])]})
    fitted = _classifier().fit(frame, pd.Series(y, dtype="Int64"))
    assert fitted.n_features_in_ == STEPS
    assert fitted.classes_.dtype.kind == "i"
    assert fitted.predict(frame).tolist() == fitted.predict(X[:, 0]).tolist()


def test_a_label_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match=r"1 label missing, the first of series 2 "):
        _classifier().fit(X, [0, 1, None, 1, 0, 1, 0, 1])


def test_an_index_in_another_order_is_said() -> None:
    frame, turned = pd.DataFrame(X[:, 0]), pd.Series(y, index=range(N)[::-1])
    with pytest.warns(UserWarning, match=r"index of y is that of X in another order.*y.loc"):
        _classifier().fit(frame, turned)
    weights = pd.Series(np.ones(N), index=range(N)[::-1])
    with pytest.warns(UserWarning, match="index of sample_weight"):
        _classifier().fit(frame, y, sample_weight=weights)
