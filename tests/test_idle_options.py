"""Options of a fit that have nothing to act on are said, and channels that never vary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from msssm_ts import MSSSMClassifier
from msssm_ts.cli.fit.preparing import _channels, notes
from msssm_ts.cli.given.unlabelled import like
from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.errors import InputError
from msssm_ts.preparation import Preparation
from msssm_ts.series import LazySeries

LABELS = np.array(["a", "b"])


def _series(rate: float | None = 10.0, *, still: bool = False) -> LabelledSeries:
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(2, n)) for n in (20, 40)]
    if still:
        for v in values:
            v[1] = 7
            v[1, 0] = np.nan
    return LabelledSeries(values, LABELS, channel_names=("x", "valid"), sampling_rate=rate)


@pytest.mark.parametrize(
    ("rate", "window", "idle"), [(10, 4, True), (10, 3.9, False), (None, 40, True)]
)
def test_windows_that_cut_nothing(rate: float | None, window: float, idle: bool) -> None:
    said = notes(Preparation(window=window), _series(rate), "mask")
    assert (f"--crop {window:g} had nothing to cut: no series is longer" in said) is idle


def test_ungrouped_without_groups() -> None:
    data = _series()
    idle = "--ungrouped had nothing to act on: there are no groups (--group)"
    assert notes(Preparation(), data, "mask", ungrouped=True) == [idle]
    assert notes(Preparation(), data, "mask") == []
    grouped = LabelledSeries(data.values, LABELS, groups=np.array([1, 2]))
    assert notes(Preparation(), grouped, "mask", ungrouped=True) == []


def test_channels_that_never_vary() -> None:
    (gaps, still) = notes(Preparation(), _series(still=True), "mask")
    assert gaps.startswith("2 values are missing")
    assert still.startswith("channels that never vary: valid; ")


def test_a_channel_is_chosen_once() -> None:
    assert _channels("Valid [mV],x", _series()) == ("valid", "x")
    with pytest.raises(InputError, match="--channels x, X: the same channel twice"):
        _channels("x, X", _series())


def test_missing_values_that_are_none() -> None:
    said = "--missing interpolate has nothing to act on here: no value is missing"
    assert notes(Preparation(), _series(), "interpolate") == [said]
    gaps = notes(Preparation(), _series(still=True), "interpolate")
    assert gaps[0] == "2 values are missing in 2 series: interpolated (--missing)"


def test_gaps_and_still_channels_of_series_that_are_decoded_later() -> None:
    rng = np.random.default_rng(0)
    held = [rng.normal(size=(2, 30)) for _ in range(12)]
    for v in held:
        v[1] = 7
    held[3][0, 4:6] = np.nan
    values = LazySeries(range(12), held.__getitem__, [30] * 12)
    clf = MSSSMClassifier("fast", missing="mask", random_state=0)
    notes = clf.fit(values, np.arange(12) % 2, channel_names=("x", "valid")).model_.record.notes
    assert "2 values are missing in 1 of 12 series: masked (--missing)" in notes
    assert any(n.startswith("channels that never vary in 12 series: valid; ") for n in notes)
    held[3][0, 4:6] = 0
    # One value a series, but not the same: it may tell classes apart.
    for i, v in enumerate(held):
        v[1] = i
    assert clf.fit(values, np.arange(12) % 2).model_.record.notes == ()
    for v in held:
        v[1] = rng.normal(size=30)
    assert clf.fit(values, np.arange(12) % 2).model_.record.notes == ()
    held[4][:] = 0
    (note,) = clf.fit(values, np.arange(12) % 2).model_.record.notes
    assert note.startswith("1 of 12 series has one value throughout (series 5): ")


def test_equal_series_of_other_labels() -> None:
    held = list(np.random.default_rng(0).normal(size=(12, 1, 30)))
    labels = np.arange(12) % 2
    clf = MSSSMClassifier("fast", random_state=0)
    held[5] = held[3]
    assert clf.fit(held, labels).model_.record.notes == ()
    held[8] = held[3]
    (note,) = clf.fit(held, labels).model_.record.notes
    assert note.startswith("1 series has the values of another and not its label, such as series ")
    # An age may tell them apart.
    ages = {"age": np.arange(12.0)}
    assert "not its label" not in str(clf.fit(held, labels, features=ages).model_.record.notes)


def test_unlabelled_series_that_are_those_of_data(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("label,t0,t1\na,1,2\nb,3,4\n")
    said: list[object] = []
    names = [str(tmp_path / name) for name in ("b.csv", "a.csv")]
    like(load(tmp_path / "a.csv"), names, ReadOptions(), said.append)
    assert [str(line).endswith("which are learned from twice") for line in said] == [False] * 2 + [
        True
    ]
