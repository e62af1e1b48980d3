"""Options of a fit that have nothing to act on are said, and channels that never vary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from msssm_ts.cli.fit.preparing import notes
from msssm_ts.cli.given.unlabelled import like
from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.preparation import Preparation

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


def test_missing_values_that_are_none() -> None:
    said = "--missing interpolate has nothing to act on here: no value is missing"
    assert notes(Preparation(), _series(), "interpolate") == [said]
    gaps = notes(Preparation(), _series(still=True), "interpolate")
    assert gaps[0] == "2 values are missing in 2 series: interpolated (--missing)"


def test_unlabelled_series_that_are_those_of_data(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("label,t0,t1\na,1,2\nb,3,4\n")
    said: list[object] = []
    names = [str(tmp_path / name) for name in ("b.csv", "a.csv")]
    like(load(tmp_path / "a.csv"), names, ReadOptions(), said.append)
    assert [str(line).endswith("which are learned from twice") for line in said] == [False] * 2 + [
        True
    ]
