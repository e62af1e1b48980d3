"""What people pass from Python: labels, series, names and parameters of every kind."""

from __future__ import annotations

import warnings
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import torch

from msssm_ts import MSSSMClassifier, MSSSMEncoder
from msssm_ts.beside import as_side_features
from msssm_ts.errors import InputError
from msssm_ts.fitting.targets import encode_targets, label_names_of, loss_weights
from msssm_ts.parameters import Parameters, check_parameters
from msssm_ts.preparation import Preparation
from msssm_ts.series.checks import as_series_list, check_times

Kind = Enum("Kind", "QUIET LOUD")
MASKED = np.ma.array([1, 2], mask=[True, False])
PAIRS = np.empty(2, object)
PAIRS[:] = [("a", 1), ("b", 2)]


def _waves(n: int = 24, channels: int = 1) -> tuple[np.ndarray, np.ndarray]:
    X, y = np.random.default_rng(0).normal(size=(n, channels, 20)), np.repeat(["a", "b"], n // 2)
    X[n // 2 :] *= 4
    return X, y


def _fast(**settings: Any) -> MSSSMClassifier:
    return MSSSMClassifier(**{"members": ["quantile_trees"], "random_state": 0, **settings})


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([None, "a", "b"], "NaN, or nothing: 1 label missing, the first of series 0 .*unlabelled"),
        (np.array(["a", None], object), "1 label missing"),
        (pd.Series(["a", pd.NA], dtype="string"), "1 label missing, the first of series 1"),
        (pd.Series([1, pd.NA, pd.NA], dtype="Int64"), "2 labels missing"),
        (pd.Series(pd.Categorical([None, "a", "b"])), "1 label missing"),
        (pl.Series(["a", None]), "1 label missing"),
        (MASKED, "1 label missing"),
        ([1.0, float("nan")], "NaN"),
        ([1, "1", "a"], "text, such as '1', and numbers, such as 1"),
        ([Kind.QUIET, Kind.LOUD], "neither text nor numbers; make all of them text"),
        (PAIRS, "neither text nor numbers"),
        (np.array([("a",)] * 2, dtype=[("k", "U1")]), "neither text nor numbers"),
        (pd.to_datetime(["2020-01-01", "2020-01-02"]), "dates or times: make all of them text"),
        (np.array([1j, 2j]), "complex numbers"),
        ("ab", "label for each series, not str"),
        ({"a": 1}, "not dict"),
        ((label for label in "ab"), "not generator"),
        (["a", "a"], "only one class is present: every label is 'a'; give series of another"),
        (np.zeros((4, 2), int), "only one class is present: every series has the same labels"),
    ],
)
def test_labels_that_are_none_are_refused_with_a_remedy(y: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode_targets(y)


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (pd.Series([1, 2], dtype="Int64"), "int64"),
        (pd.Series([True, False], dtype="boolean"), "bool"),
        (np.array([1, 2], object), "int64"),
        (np.array([True, False], object), "bool"),
        (np.array([1, 2], np.longdouble), "float64"),
        (np.array(["a", "b"], object), "object"),
    ],
)
def test_labels_keep_the_kind_that_they_are_of(y: Any, kind: str) -> None:
    assert encode_targets(y).classes.dtype == kind


@pytest.mark.parametrize("matrix", [np.eye(2, dtype=bool), np.eye(2).astype(object).astype(int)])
def test_a_matrix_of_labels_may_be_of_any_kind(matrix: np.ndarray) -> None:
    for y in (matrix, pd.DataFrame(matrix), pd.DataFrame(matrix.astype(object))):
        assert encode_targets(y).multilabel


def test_names_of_labels_are_the_columns_or_one_for_each() -> None:
    y = pd.DataFrame([[0, 1], [1, 1]], columns=["AF", "PVC"])
    targets = encode_targets(y)
    assert label_names_of(None, y, targets) == ["AF", "PVC"]
    assert label_names_of(["x", "y"], y, targets) == ["x", "y"]
    assert label_names_of(None, y.to_numpy(), targets) is None
    for names, message in (("ab", "1 label_names, but y has 2 columns"), (["a", "a"], "'a' twice")):
        with pytest.raises(ValueError, match=message):
            label_names_of(names, y, targets)
    with pytest.raises(ValueError, match="one column of classes"):
        label_names_of(["a", "b"], ["a", "b"], encode_targets(["a", "b"]))


def test_labels_that_all_series_have_are_said() -> None:
    X, y = _waves()
    matrix = np.column_stack([y == "a", np.ones(24), np.zeros(24)]).astype(int)
    model = _fast().fit(X, matrix, label_names=["AF", "beat", "none"])
    said = "every series has beat, none has none: of such labels nothing can be learned"
    assert said in model.model_.record.notes


@pytest.mark.parametrize(
    ("X", "message"),
    [
        ("ecg.csv", "not str; msssm_ts.datasets.load reads files"),
        ({"a": [1.0]}, "not a dict"),
        (None, "not NoneType"),
        ((x for x in [1.0]), "not a generator: list"),
        (pd.DataFrame({"c": [1.0, pd.Series([1.0, 2.0])]}), "cells that hold series.*sktime"),
        (
            pd.DataFrame({"v": [1.0] * 4}, index=pd.MultiIndex.from_product([[0, 1], [0, 1]])),
            "several levels, as sktime's frames have: msssm_ts.sktime",
        ),
    ],
)
def test_what_is_no_array_of_series_is_refused_with_a_remedy(X: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        as_series_list(X)


def test_arrays_of_arrays_and_half_precision_are_series() -> None:
    cells = np.empty(2, object)
    cells[:] = [np.ones(3), np.ones(5)]
    assert [s.shape for s in as_series_list(cells)] == [(1, 3), (1, 5)]
    assert as_series_list(torch.ones(2, 3).bfloat16())[0].shape == (1, 3)


@pytest.mark.parametrize("kind", [list, tuple, np.array, pd.Index, pd.Series])
def test_names_of_channels_may_come_in_any_array(kind: Any) -> None:
    X, y = _waves(channels=2)
    model = _fast().fit(X, y, channel_names=kind(["I", "II"]))
    assert model.model_.source.channel_names == ("I", "II")
    proba = model.predict_proba(X[:, ::-1], channel_names=kind(["II", "I"]))
    np.testing.assert_array_equal(proba, model.predict_proba(X))


@pytest.mark.parametrize("name", [1, None])
def test_names_of_channels_are_text(name: Any) -> None:
    X, y = _waves()
    with pytest.raises(ValueError, match=f"channel_names must be text, not {name}"):
        _fast().fit(X, y, channel_names=[name])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("random_state", "x", "whole number from 0 on, a RandomState or None, not 'x'"),
        ("random_state", -1, "not -1"),
        ("random_state", 1.5, "not 1.5"),
        ("random_state", True, "not True"),
        ("random_state", np.random.default_rng(0), "not Generator"),
        ("verbose", "yes", "must be 0, 1 or more, not 'yes'"),
        ("callbacks", print, "must be a list of callables"),
        ("callbacks", [1], "must be a list of callables"),
        ("device", torch.device("cpu"), "must be text, such as 'auto'"),
        ("class_weight", {"a": 0, "b": 1}, "above 0, but 'a' has 0; leave out the series"),
    ],
)
def test_parameters_of_another_kind_are_refused(name: str, value: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=f"{name} must be.*{message}|{message}"):
        check_parameters(vars(Parameters()) | {name: value})


@pytest.mark.parametrize("value", [None, 0, np.int64(3), np.random.RandomState(0)])
def test_seeds_of_every_kind_are_taken(value: Any) -> None:
    check_parameters(vars(Parameters()) | {"random_state": value, "verbose": True})


def test_weights_of_no_class_are_said() -> None:
    X, y = _waves()
    model = _fast(class_weight={"a": 1, "b": 2, "c": 3}).fit(X, y)
    said = "class_weight of 'c' had nothing to act on: there are 'a', 'b'"
    assert said in model.model_.record.notes


def test_weights_too_far_apart_are_refused() -> None:
    targets = encode_targets(["a", "b"])
    with pytest.raises(ValueError, match="the smallest weight of a series 1e-100 of the largest"):
        loss_weights(targets, np.array([1.0, 1e-100]), None)
    loss_weights(targets, np.array([1.0, 1e-30]), None)


def test_series_of_another_size_are_warned_of() -> None:
    X, y = _waves(channels=2)
    X[:, 1] = 7.0
    model = _fast().fit(X, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.predict(X)
    with pytest.warns(UserWarning, match="channel 1 lie about [5-9]00 times as far") as caught:
        model.predict(X * [[1000], [1]])
    assert [warning.filename for warning in caught] == [__file__]
    chosen = _fast(preparation=Preparation(channels=("I",)))
    chosen.fit(X[:, ::-1], y, channel_names=["II", "I"])
    with pytest.warns(UserWarning, match="values of I lie about"):
        chosen.predict(X * 1000, channel_names=["I", "II"])


def test_an_encoder_warns_of_series_of_another_size() -> None:
    X, _ = _waves()
    encoder = MSSSMEncoder(d_model=4, n_layers=1, max_epochs=1, random_state=0).fit(X)
    with pytest.warns(UserWarning, match="channel 1 lie about [5-9]00 times as far"):
        encoder.transform(X * 1000)


def test_a_validation_part_that_cuts_through_groups_is_said() -> None:
    X, y = _waves()
    part = np.arange(24) % 4 == 0
    said = "validation sets aside series of 6 groups that others are learned from"
    for groups, n in ((np.arange(24) // 2, 1), (np.where(part, 0, 1), 0)):
        model = _fast().fit(X, y, groups=groups, validation=part)
        assert sum(said in line for line in model.model_.record.notes) == n


@pytest.mark.parametrize(
    ("name", "asked", "message"),
    [
        ("m.xyz", None, "m.xyz: ends in none of .onnx, .pt2, .safetensors, .c; name the file so"),
        ("m.pt2", "onnx", "m.pt2: ends in .pt2, but the format"),
    ],
)
def test_a_file_is_what_its_name_says(tmp_path: Path, name: str, asked: Any, message: str) -> None:
    model = _fast().fit(*_waves())
    with pytest.raises(InputError, match=message):
        model.export(tmp_path / name, asked)
    assert model.export(tmp_path / "m.safetensors").format == "safetensors"
    assert [file.name for file in tmp_path.iterdir()] == ["m.safetensors"]


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        ({"core": "s6"}, "core is lti there and s6 here"),
        ({"n_scales": 2}, "n_scales is 3 there and 2 here"),
        ({"stem_stride": 2}, "a filter bank stands before"),
        ({"init": "random", "d_model": 8}, None),
        ({}, None),
    ],
)
def test_a_network_of_another_shape_says_that_it_begins_at_random(
    settings: dict[str, Any], shape: str | None
) -> None:
    X, y = _waves(8)
    asked = {"max_epochs": 1, "batch_size": 8, **settings}
    model = _fast(**{**asked, "members": ["network"]}).fit(X, y)
    said = [line for line in model.model_.record.notes if "begins with random weights" in line]
    assert len(said) == (shape is not None)
    assert shape is None or said[0].endswith(shape)
    if shape is None:
        # It is not of what somebody asked for where series are short, or of several channels.
        for other in (X[:, :, :5], X.repeat(2, 1)):
            model = _fast(**{**asked, "members": ["network"]}).fit(other, y)
            assert "begins with random weights" not in " ".join(model.model_.record.notes)


def test_a_network_that_goes_on_does_not_begin() -> None:
    X, y = _waves(8)
    model = _fast(members=["network"], d_model=8, n_layers=1, max_epochs=1, warm_start=True)
    assert "begins with random weights" in " ".join(model.fit(X, y).model_.record.notes)
    assert "begins with random weights" not in " ".join(model.fit(X, y).model_.record.notes)


def test_learning_in_parts_forgets_nothing_in_silence() -> None:
    X, y = _waves(8)
    with pytest.raises(InputError, match="no network that could go on, and partial_fit"):
        _fast().fit(X, y).partial_fit(X, y)
    small = {"d_model": 4, "n_layers": 1, "max_epochs": 1, "init": "random"}
    model = _fast(**small, members=["scan_ridge", "network"]).fit(X, y).partial_fit(X, y)
    said = " ".join(model.model_.record.notes)
    assert "members=['scan_ridge', 'network'] had nothing to act on: without updatable" in said
    assert "scan_ridge of the model so far no longer vote" in said
    assert "preset='fast' had nothing" in " ".join(
        MSSSMClassifier("fast", **small).partial_fit(X, y).model_.record.notes
    )


@pytest.mark.parametrize(
    ("left", "remedy"),
    [
        ("encoder.safetensors", "'msssm-ts fit DATA --init {run}' makes one with it"),
        ("best.toml", "'msssm-ts fit DATA --config {run}/best.toml' makes one"),
        ("scores.json", "'msssm-ts fit DATA --config {run}/config.toml' makes one"),
        ("checkpoint", "'msssm-ts fit --resume {run}' goes on with a fit"),
    ],
)
def test_runs_without_a_model_say_how_to_make_one(tmp_path: Path, left: str, remedy: str) -> None:
    (tmp_path / left).touch()
    with pytest.raises(InputError, match="and no model: ") as caught:
        MSSSMClassifier.load(tmp_path)
    assert str(caught.value).endswith(remedy.format(run=tmp_path))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("groups", np.ma.array(np.arange(24), mask=np.arange(24) == 3), "series 3 .*masked"),
        ("groups", np.array([1, "1"] * 12, object), "text for some series and not for others"),
        ("validation", np.ma.array([True, False] * 12, mask=[True] + [False] * 23), "series 0"),
        ("validation", pd.Series([pd.NA] + [True] * 23, dtype="boolean"), "True or False"),
        ("sample_weight", np.ma.array(np.ones(24), mask=[True] + [False] * 23), "series 0 .*mask"),
        ("times", np.full((24, 20), "a"), "times of series 0 must be numbers or dates"),
    ],
)
def test_what_belongs_to_series_is_there_for_each(name: str, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _fast().fit(*_waves(), **{name: value})


@pytest.mark.parametrize("unit", ["s", "ms", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_dates_are_seconds_in_any_unit(unit: str, zone: str | None) -> None:
    dates = pd.date_range("2026-01-01", periods=3, freq="h", tz=zone).as_unit(unit)
    (stamps,) = check_times([dates], [np.ones((1, 3))]) or ()
    assert stamps.tolist() == [0.0, 3600.0, 7200.0]


def test_times_may_come_as_a_frame() -> None:
    frame = pd.DataFrame([[0.0, 1.0, 5.0], [0.0, 2.0, 3.0]])
    stamps = check_times(frame, [np.ones((1, 3))] * 2)
    assert stamps is not None
    assert stamps[1].tolist() == [0.0, 2.0, 3.0]


def test_masked_features_are_missing() -> None:
    masked = np.ma.array([[1.0], [2.0]], mask=[[True], [False]])
    assert np.isnan(as_side_features(masked, 2).columns[0]).tolist() == [True, False]


def test_equal_series_of_other_labels_are_counted() -> None:
    X, y = np.ones((24, 1, 20)), np.repeat(["a", "b"], [16, 8])
    X[-1] = 3.0
    said = "7 series have the values of another and not its label, such as series 16 and 17"
    assert said in " ".join(_fast().fit(X, y).model_.record.notes)
