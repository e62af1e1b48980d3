"""Options of a fit that have nothing to act on are said, and channels that never vary."""

from __future__ import annotations

import warnings
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


def test_groups_that_are_the_classes_or_one() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 30)), np.arange(12) % 2
    clf = MSSSMClassifier("fast", members=["scan_ridge"], random_state=0)

    def said(labels: np.ndarray, groups: np.ndarray) -> str:
        return " ".join(clf.fit(X, labels, groups=groups).model_.record.notes)

    assert "every class is of one of the groups alone: " in said(y, np.array(["p", "q"])[y])
    assert "every class is of one of the groups alone: " in said(y % 2 + (y > 2), y)
    assert "all series are of one of the groups: " in said(y, np.zeros(12))
    assert "groups" not in said(y, np.arange(12) // 3)
    # Of two classes one alone is of one group: the other can be told.
    assert "groups" not in said(y, np.where(y == 1, 0, np.arange(12) % 4))


def test_groups_that_are_the_classes_in_a_table(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    rows = [f"{'ab'[i % 2]},{'pq'[i % 2]},{i % 3},{i},{-i}" for i in range(12)]
    file.write_text("\n".join(["label,who,site,t0,t1", *rows]) + "\n")

    def said(group: str, part: str = "train", **needs: bool) -> str:
        other = "site" if group == "who" else "who"
        options = ReadOptions(group=group, drop=(other,), split=part)  # type: ignore[arg-type]
        return load(file, options, **needs).account.line()

    assert "every class is of one of the groups (who) alone" in said("who")
    assert "every class" not in said("site") + said("who", "test")
    assert "every class" not in said("who", needs_labels=False)


def test_steps_that_are_passed_as_channels() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(8, 60, 2)), np.arange(8) % 2
    clf = MSSSMClassifier("fast", members=["scan_ridge"], random_state=0)
    said = "X has 60 channels of 2 steps: if these are 60 steps of 2 channels, pass X.transpose"
    for turned in (X, list(X), X.cumsum(1), np.where(X > 1, np.nan, X)):
        with pytest.warns(UserWarning, match=said):
            clf.set_params(missing="mask").fit(turned, y)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clf.fit(X.transpose(0, 2, 1), y)
        clf.fit(X, y, channel_names=[f"c{i}" for i in range(60)])
        # Channels, each with a level of its own; and few of them, or of more steps.
        clf.fit(X + rng.permutation(600)[:60, None], y)
        clf.fit(X[:, :20], y)
        clf.fit(rng.normal(size=(8, 60, 7)), y)


def test_whole_numbers_beyond_what_a_number_holds(tmp_path: Path) -> None:
    steps = np.random.default_rng(0).integers(0, 9, (12, 20)) * 2
    clf = MSSSMClassifier("fast", members=["scan_ridge"], random_state=0)
    for X, n in ((2**53 + steps, 1), (2**40 + steps, 0), (np.full((12, 20), 2**53), 0)):
        notes = clf.fit(X, np.arange(12) % 2).model_.record.notes
        assert sum("hardly more than any number resolves" in note for note in notes) == n


def test_what_python_is_given_and_cannot_be_meant() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(24, 2, 30)), np.arange(24) % 2
    clf = MSSSMClassifier("fast", members=["scan_ridge"], random_state=0)
    with pytest.raises(ValueError, match="channel_names has 'a' twice"):
        clf.fit(X, y, channel_names=["a", "a"])
    with pytest.raises(ValueError, match="validation must say of each series whether"):
        clf.fit(X, y, validation=np.arange(24) % 3)
    with pytest.raises(TypeError, match=r"must hold numbers, not datetime64\[s\]"):
        clf.fit((1000 * X[:, 0]).astype("datetime64[s]"), y)
    with pytest.raises(ValueError, match=r"if they are \(length, n_channels\), pass \[x.T for x"):
        clf.fit([x.T[: 20 + i % 5] for i, x in enumerate(X)], y)
    notes = clf.fit(X, np.eye(2, dtype=int)[y]).model_.record.notes
    assert any(note.startswith("every series has just one of the 2 labels") for note in notes)
    clf.fit(X, y)
    with pytest.warns(UserWarning, match="no names of channels: they are taken in the order b, a"):
        clf.predict(X, channel_names=["b", "a"])
