"""Whatever is passed, fit and predict work or say in one sentence which argument is wrong."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from msssm_ts import MSSSMClassifier

SLOW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
DTYPES = st.sampled_from(["float64", "float32", "float16", "int64", "int8", "uint8", "bool"])
VALUES = {"elements": {"min_value": 0, "max_value": 100}}


def _model(**options: Any) -> MSSSMClassifier:
    sizes = {
        "members": ["network"],
        "d_model": 4,
        "n_layers": 1,
        "d_state": 2,
        "kernel_size": 2,
        "n_scales": 2,
    }
    return MSSSMClassifier(**sizes | {"max_epochs": 1, "random_state": 0} | options)


@st.composite
def series(draw: Any, n: int) -> Any:
    """X of n series, in any of the forms that are accepted."""
    dtype, channels, length = draw(DTYPES), draw(st.integers(1, 3)), draw(st.integers(1, 20))
    shapes: list[tuple[int, ...]] = [(n, length), (n, channels, length)]
    form = draw(st.sampled_from(["table", "cube", "nested lists", "list"]))
    if form == "list":
        lengths = draw(st.lists(st.integers(1, 20), min_size=n, max_size=n))
        return [draw(npst.arrays(dtype, (channels, k), fill=st.just(1))) for k in lengths]
    values = draw(npst.arrays(dtype, shapes[form == "cube"], fill=st.just(1)))
    return values.tolist() if form == "nested lists" else values


@st.composite
def labels(draw: Any, n: int) -> Any:
    """Y of n labels, of at least two classes."""
    kinds = st.sampled_from([
        st.integers(-5, 5), st.booleans(), st.text(max_size=5), st.sampled_from([0.0, 1.0, -3.0]),
    ])  # fmt: skip
    values = draw(st.lists(draw(kinds), min_size=n, max_size=n).filter(lambda v: len(set(v)) > 1))
    form = draw(st.sampled_from(["list", "array", "objects", "matrix"]))
    if form == "matrix":
        return draw(npst.arrays("int64", (n, 3), elements=st.integers(0, 1)))
    if form == "objects":
        return np.array(values, dtype=object)
    return np.array(values) if form == "array" else values


@SLOW
@given(st.data())
def test_what_is_accepted_works(data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 12))
    X, y = data.draw(series(n)), data.draw(labels(n))
    core = data.draw(st.sampled_from(["s6", "lti"]))
    try:
        model = _model(core=core).fit(X, y)
    except (ValueError, TypeError) as error:
        _names_the_argument(error)
        return
    proba, predicted = model.predict_proba(X), model.predict(X)
    assert proba.shape == (n, len(model.classes_))
    assert np.isfinite(proba).all()
    assert predicted.shape == np.shape(y)
    if not model.multilabel_:
        np.testing.assert_allclose(proba.sum(1), 1, rtol=1e-6)
        # Numbers that are held as objects are numbers.
        assert np.asarray(y).dtype in (predicted.dtype, object)
        assert set(predicted.tolist()) <= set(np.asarray(y).tolist())


@SLOW
@given(
    X=st.one_of(
        npst.arrays(
            st.sampled_from(["float64", "complex128", "U3", "object", "datetime64[s]"]),
            npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
        ),
        st.lists(st.one_of(st.none(), st.text(), st.lists(st.floats(), max_size=4)), max_size=5),
        st.none(),
        st.text(),
    ),
    y=st.one_of(
        st.none(),
        st.lists(st.one_of(st.integers(0, 2), st.floats(), st.text(max_size=3)), max_size=6),
        npst.arrays(st.sampled_from(["float64", "int64", "U2"]), npst.array_shapes(max_dims=3)),
    ),
)
def test_anything_else_is_refused_by_name(X: Any, y: Any) -> None:
    try:
        _model().fit(X, y)
    except (ValueError, TypeError) as error:
        _names_the_argument(error)


@SLOW
@given(
    name=st.sampled_from([
        "n_scales", "core", "d_model", "n_layers", "d_state", "kernel_size", "dropout", "pooling",
        "max_epochs", "batch_size", "learning_rate", "weight_decay", "label_smoothing", "missing",
        "class_weight", "early_stopping", "validation_fraction", "n_iter_no_change", "warm_start",
        "dtype", "stem_stride", "mixup", "shift", "masks", "warp",
        "preparation",
    ]),
    value=st.one_of(
        st.integers(-3, -1), st.floats(-5, -0.1), st.text(max_size=4), st.just([]), st.just({1}),
    ),
)  # fmt: skip
def test_parameters_are_refused_by_name(name: str, value: Any) -> None:
    X, y = np.arange(40.0).reshape(4, 10), [0, 1, 0, 1]
    with pytest.raises((ValueError, TypeError), match=name):
        _model(**{name: value}).fit(X, y)


def _names_the_argument(error: Exception) -> None:
    assert "\n\n" not in str(error).strip() or "Reshape your data" in str(error)
    named = re.compile(
        r"\b[Xy]\b|series|sample|class|label|array|[Ff]ound|argument|dtype", re.IGNORECASE
    )
    assert named.search(str(error)), repr(error)
