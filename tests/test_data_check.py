"""``msssm-ts data check``: a small table for each kind of finding, and one without any."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from numpy.typing import NDArray

from msssm_ts.analysis.data.check import DataCheck, check_data
from msssm_ts.analysis.data.finding import Finding
from msssm_ts.datasets import LabelledSeries
from msssm_ts.series import LazySeries

N, LENGTH = 24, 40


def _waves(seed: int = 0, n: int = N, channels: int = 2) -> list[NDArray[np.float64]]:
    """Draw series in which nothing is odd."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(channels, LENGTH)).cumsum(axis=1) for _ in range(n)]


def _data(values: Any = None, **described: Any) -> LabelledSeries:
    values = _waves() if values is None else values
    described.setdefault("labels", np.array(["a", "b"] * len(values))[: len(values)])
    return LabelledSeries(values, **described)


def _only(found: DataCheck, kind: str) -> Finding:
    """Return the one finding that there is."""
    assert [f.kind for f in found.findings] == [kind], [f.line() for f in found.findings]
    return found.findings[0]


def _write(file: Path, data: LabelledSeries) -> Path:
    """Write a wide table of one channel."""
    with file.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["id", "patient", "label", *(f"t{i}" for i in range(LENGTH))])
        for i, values in enumerate(data.values):
            assert data.labels is not None
            assert data.groups is not None
            rows.writerow([f"r{i}", data.groups[i], data.labels[i], *values[0].round(5)])
    return file


def test_nothing_is_found_in_data_in_which_nothing_is_odd() -> None:
    groups = np.arange(N) // 4
    found = check_data(_data(groups=groups), _data(_waves(1), groups=groups + 100))
    assert [f.line() for f in found.findings] == []
    assert (found.unknown, found.left_out) == (("sampling rate", "units"), ())
    told = check_data(_data(sampling_rate=50.0, units=("mV", "mV")))
    assert (told.findings, told.unknown) == ((), ())


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_findings_are_the_same_in_any_unit(unit: float) -> None:
    values = [unit * v for v in _waves()]
    assert check_data(_data(values)).findings == ()
    values[3] = values[9] + 1e-3 * unit
    values[5][0, 10:22] = values[5][0].max() + unit
    kinds = {f.kind: f.where for f in check_data(_data(values)).findings}
    assert kinds == {
        "clipped": ("series 6: channel 1",),
        "near_duplicates": ("series 4 ~ series 10",),
    }


def test_a_channel_that_rests_in_between() -> None:
    values = _waves()
    middle = float(np.median(values[5][1]))
    values[5][1, 10:22] = middle
    flat = _only(check_data(_data(values)), "flat")
    assert (flat.count, flat.where) == (1, ("series 6: channel 2",))
    assert "for up to 12 steps in between" in flat.text
    # What moves in steps rests elsewhere, too, and what is off rests at its lowest.
    values[5][1, 30:32] = 0.5
    assert check_data(_data(values)).findings == ()
    values[5][1] = np.where(np.arange(LENGTH) // 12 == 1, 0.0, 1 + np.arange(LENGTH) % 7)
    values[5][1, [0, -1]] = 0.0
    assert check_data(_data(values)).findings == ()


def test_classes_that_are_small_or_rare() -> None:
    labels = np.array(["a"] * 90 + ["b"] * 6 + ["c"] * 2)
    found = check_data(_data(_waves(n=98, channels=1), labels=labels))
    small, rare = found.findings
    assert (small.kind, small.where) == ("small_classes", ("c: 2",))
    assert (rare.kind, rare.where) == ("imbalance", ("b: 6",))
    assert "--class-weight balanced" in rare.advice
    matrix = np.array([[1, 0]] * (N - 1) + [[0, 1]])
    several = check_data(_data(labels=matrix, label_names=("u", "v")))
    assert _only(several, "small_classes").where == ("v: 1",)


def test_a_class_of_one_patient_and_one_that_only_the_test_part_has() -> None:
    groups = np.repeat(np.arange(6), 4)
    labels = np.where(groups == 5, "b", "a")
    assert _only(check_data(_data(labels=labels, groups=groups)), "one_group").where == ("b: 5",)
    test = _data(_waves(1, 4), labels=np.array([*"abbz"]))
    assert _only(check_data(_data(), test), "unknown_classes").where == ("z: 1",)


def test_duplicates_contradictions_and_leaks() -> None:
    values = _waves()
    twice = _only(check_data(_data([*values, values[2].copy()])), "duplicates")
    assert (twice.count, twice.where, twice.breaks) == (1, ("series 3 = series 25",), False)
    torn, _ = check_data(_data([*values, values[1].copy()])).findings
    assert torn.kind == "contradiction"
    assert (torn.where, torn.breaks) == (("series 2: b = series 25: a",), True)
    leak = _only(check_data(_data(values), _data([*_waves(1), values[4]])), "leak")
    assert (leak.where, leak.breaks) == (("train series 5 = test series 25",), True)
    aside = np.arange(N + 1) == N
    held_out = check_data(_data([*values, values[4]], validation=aside))
    assert "1 series of validation stands in train" in _only(held_out, "leak").text


def test_near_duplicates_are_told_from_series_that_are_merely_alike() -> None:
    values = _waves()
    copy = 3 * values[7] - 5 + 1e-3 * np.random.default_rng(2).normal(size=values[7].shape)
    near = _only(check_data(_data(values), _data([*_waves(1), copy])), "near_leak")
    assert near.where == ("train series 8 ~ test series 25",)
    assert "correlation 0.9999" in near.text
    # Smooth series, every one of which is like all others.
    steps, rng = np.linspace(0, 1, LENGTH), np.random.default_rng(0)
    smooth = [
        (np.exp(-(((steps - 0.5) / 0.2) ** 2)) + 1e-3 * rng.normal(size=LENGTH))[None]
        for _ in range(60)
    ]
    assert check_data(_data(smooth)).findings == ()


def test_groups_on_both_sides() -> None:
    groups = np.arange(N) // 4
    test = _data(_waves(1), groups=groups + 5, group_name="patient")
    leak = _only(check_data(_data(groups=groups, group_name="patient"), test), "group_leak")
    assert (leak.where, leak.breaks) == (("5",), True)
    assert "1 patient is in train and in test, there with 4 of 24 series" in leak.text


def test_channels_that_rest_are_cut_off_or_are_copies() -> None:
    names = ("I", "II")
    values = _waves()
    for v in values:
        v[1] = 7.1
    dead = _only(check_data(_data(values, channel_names=names)), "constant_channels")
    assert dead.where == ("II",)
    assert "--channels" in dead.advice
    for v in values:
        v[1] = 3 - 2 * v[0]
    assert _only(check_data(_data(values)), "copied_channels").where == ("channel 1 = channel 2",)
    values = _waves()
    values[3][0] = 4.0
    off = _only(check_data(_data(values, channel_names=names)), "constant_channels")
    assert off.where == ("series 4: I",)
    values[3][:] = 4.0
    values[5] = values[3].copy()
    assert _only(check_data(_data(values)), "constant_series").where == ("series 4", "series 6")
    twice, still = check_data(_data([*values, values[8]])).findings
    assert (still.kind, twice.where) == ("constant_series", ("series 9 = series 25",))


def test_a_rail_is_told_from_rest_and_from_filling() -> None:
    def found(values: NDArray[np.float64]) -> list[str]:
        return [f.kind for f in check_data(_data([*_waves(channels=1), values[None]])).findings]

    wave = np.sin(np.linspace(0.5, 20, LENGTH)) + np.linspace(0, 0.1, LENGTH)
    assert found(np.where((wave > 0.6) & (wave < 2), 0.6, wave)) == []
    slow = np.sin(np.linspace(0.5, 9, LENGTH)) + np.linspace(0, 0.01, LENGTH)
    assert found(np.minimum(slow, 0.5)) == ["clipped"]
    assert found(np.where(np.arange(LENGTH) < 30, slow, 0.0)) == ["filled_up"]
    assert found(np.round(wave)) == []


@pytest.mark.parametrize("unit", ["of full scale", "mV"])
def test_sound_may_be_cut_off_for_most_of_the_time(unit: str) -> None:
    values = _waves()
    values[4] = np.clip(9 * np.sin(np.linspace(0, 12.5, LENGTH))[None].repeat(2, 0), -1, 1)
    found = check_data(replace(_data(values), units=(unit, unit))).findings
    names = [f.kind for f in found]
    assert ("clipped" in names) == (unit != "mV")


def test_values_and_lengths_that_are_far_from_the_others() -> None:
    values = _waves()
    values[2][1, 3] = np.nan
    gap = _only(check_data(_data(values)), "missing")
    assert (gap.count, gap.where) == (1, ("series 3",))
    assert gap.advice.startswith("fit masks them; --missing interpolate fills them")
    values = _waves()
    values[2][1, 3] = 1e5
    far = _only(check_data(_data(values)), "outliers")
    assert "1 value of channel 2 (series 3, step 4: 100000)" in far.text
    assert "limited to" in far.advice
    values[2][1, 3] = 1e30
    assert "fit refuses it" in _only(check_data(_data(values)), "outliers").advice
    values = _waves()
    values[6] = values[6][:, :5]
    assert _only(check_data(_data(values)), "lengths").where == ("series 7",)
    lengths = np.random.default_rng(0).integers(20, LENGTH, N)
    spread = [v[:, :n] for v, n in zip(_waves(), lengths, strict=True)]
    assert check_data(_data(spread)).findings == ()


def test_units_rates_and_scales_that_parts_do_not_share() -> None:
    train = _data(sampling_rate=50.0, units=("mV", "mV"))
    other = [1000 * v for v in _waves(1)]
    kinds = [f.kind for f in check_data(train, _data(other, sampling_rate=100.0)).findings]
    assert kinds == ["scale", "units", "rates"]
    same = {"sampling_rate": 50.0}
    differ = check_data(train, _data(_waves(1), units=("mV", "uV"), **same))
    assert _only(differ, "units").where == ("channel 2: mV, uV",)
    assert (
        "refuses"
        in check_data(train, _data(_waves(1), units=("mV", "mmHg"), **same)).findings[0].advice
    )
    assert _only(check_data(_data(units=("mV", ""))), "units").where == ("channel 2",)
    groups = np.arange(N) // 4
    mixed = [v * (1000 if g == 2 else 1) for v, g in zip(_waves(), groups, strict=True)]
    assert "scale" in [f.kind for f in check_data(_data(mixed, groups=groups)).findings]


def test_channels_are_compared_by_name() -> None:
    values = _waves()
    turned = _data([v[::-1] for v in values], channel_names=("II", "I"))
    leak = check_data(_data(values, channel_names=("I", "II")), turned).findings[0]
    assert (leak.kind, leak.count) == ("leak", N)


def test_lazy_series_are_read_once_and_many_are_sampled() -> None:
    values, reads = _waves(), []

    def read(i: int) -> NDArray[np.float64]:
        reads.append(i)
        return values[i]

    lazy = LazySeries(range(N), read, [LENGTH] * N)
    names = ("x", "y")
    data = _data(lazy, channel_names=names)
    check_data(data)
    assert reads == list(range(N))
    reads.clear()
    found = check_data(data, most=5)
    assert reads == [0, 5, 11, 17, 23]
    assert found.left_out[0].startswith("the values of 5 of 24 series were looked at")


def test_command(tmp_path: Path) -> None:
    groups = np.array([f"p{i // 4}" for i in range(N)])
    values = _waves(channels=1)
    train = _write(tmp_path / "x_TRAIN.csv", _data(values, groups=groups))
    out, err = run("data", "check", train)
    assert out == "nothing found\n"
    assert "no test part to compare with (--test TESTDATA)" in err
    assert "not known: sampling rate (say it with --fs)" in err
    test = _data([*_waves(1, 6, 1), values[2]], groups=np.array([*"qrstuv", "p0"]))
    file = _write(tmp_path / "x_TEST.csv", test)
    out, err = run("data", "check", train, "--strict", code=1)
    assert f"test: {file}, taken for what is to be answered (--test)" in err
    assert out.splitlines() == [
        "group leak: 1 patient is in train and in test, there with 1 of 7 series (p0): scores say "
        "nothing of another patient; split by patient",
        "leak: 1 series of test stands in train, value for value (train r2 = test r6): scores say "
        "nothing of new ones there; take them out of one part",
    ]
    assert run("data", "check", train, "--test", "none", "--strict", "-q") == (
        "nothing found\n",
        "",
    )
    found = json.loads(run("data", "check", train, "--test", file, "--json", "-q")[0])
    assert [f["kind"] for f in found["findings"]] == ["group_leak", "leak"]
    assert (found["breaks"], found["unknown"]) == (True, ["sampling rate", "units"])
    _, err = run("data", "check", train, "--test", tmp_path / "none.csv", code=2)
    assert "none.csv" in err
