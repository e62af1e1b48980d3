from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import wfdb
from recordings import write_record

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.datasets.wfdb import morphology
from msssm_ts.datasets.wfdb.beat_features import USUAL
from msssm_ts.datasets.wfdb.context import interval_features
from msssm_ts.datasets.wfdb.morphology import shape_features, windows_of
from msssm_ts.errors import InputError

OFFSETS = np.arange(-35, 56) / 125


def slow_intervals(seconds: np.ndarray, stretches: np.ndarray) -> dict[str, list[float]]:
    """The same, beat by beat."""
    n = len(seconds)

    def interval(i: int) -> float:
        """Between beat i - 1 and beat i."""
        if not 0 < i < n or stretches[i] != stretches[i - 1]:
            return np.nan
        return seconds[i] - seconds[i - 1]

    def mean(values: list[float]) -> float:
        known = [v for v in values if not np.isnan(v)]
        return sum(known) / len(known) if known else np.nan

    every = [v for v in map(interval, range(n)) if not np.isnan(v)]
    usual = np.median(every) if every else np.nan
    late = np.quantile(every, 0.8) if every else np.nan
    rows: dict[str, list[float]] = {}
    for i in range(n):
        before, after = interval(i), interval(i + 1)
        means = {
            str(k): mean([interval(j) for j in range(i - k, i) if j >= 0]) for k in (10, 32, 80)
        }
        last = [interval(j) for j in range(i) if seconds[j] >= seconds[i] - 300]
        means |= {"5min": mean(last), "record": usual, "late": late}
        row = {"interval_before": before, "interval_after": after}
        row |= {f"interval_before_over_{k}": before / m for k, m in means.items()}
        row |= {f"interval_after_over_{k}": after / m for k, m in means.items()}
        row["interval_before_over_after"] = before / after
        row["interval_before_over_previous"] = before / interval(i - 1)
        row["previous_interval_over_record"] = interval(i - 1) / usual
        row["next_interval_over_record"] = interval(i + 2) / usual
        near = [abs(interval(j) - interval(j - 1)) for j in range(i - 16, i + 17) if 0 < j < n]
        near = [v for v in near if not np.isnan(v)]
        row["irregularity"] = (np.median(near) if near else np.nan) / usual
        for name, value in row.items():
            rows.setdefault(name, []).append(value)
    return rows


@pytest.mark.parametrize("n", [1, 2, 3, 150])
def test_intervals_are_those_of_a_loop(n: int) -> None:
    rng = np.random.default_rng(n)
    seconds = np.cumsum(rng.uniform(1, 6, n))
    # A gap, and a stretch of one beat.
    stretches = np.searchsorted([seconds[n // 2], seconds[min(n // 2 + 1, n - 1)]], seconds)
    for own in (np.zeros(n, int), stretches):
        found, slow = interval_features(seconds, own), slow_intervals(seconds, own)
        assert list(found) == list(slow)
        for name, values in slow.items():
            np.testing.assert_allclose(found[name], values, rtol=1e-9, err_msg=name)


def test_no_stretches_are_one() -> None:
    seconds = np.array([0.1, 1.0, 2.5])
    found, one = interval_features(seconds), interval_features(seconds, np.zeros(3, int))
    assert all(np.array_equal(found[k], one[k], equal_nan=True) for k in one)


def complex_of(width: float, height: float, p: float = 0.1) -> np.ndarray:
    """A beat: a P wave, a triangle so many seconds wide at half its height, a T wave."""
    triangle = np.clip(1 - np.abs(OFFSETS) / width, 0, None) * height
    return (
        triangle
        + p * np.exp(-(((OFFSETS + 0.16) / 0.03) ** 2))
        + 0.2 * np.exp(-(((OFFSETS - 0.28) / 0.05) ** 2))
    )


def test_shapes_by_hand() -> None:
    beats = np.stack([complex_of(0.04, 1.0)] * 40 + [complex_of(0.08, -2.0, p=0.0)])
    beats += np.random.default_rng(0).normal(0, 1e-3, beats.shape)
    found = shape_features(beats.astype(np.float32))
    assert found["height"][:40] == pytest.approx(1, abs=0.02)
    assert found["height"][40] == pytest.approx(-2, rel=0.1)
    # Points of 8 ms: 5 are above a half of a triangle 40 ms wide there, 11 of one of 80 ms.
    assert found["width_half"][40] == pytest.approx(11 / 5, abs=0.5)
    assert found["width_quarter"][40] == pytest.approx(15 / 7, abs=0.4)
    assert found["area"][40] == pytest.approx(4, rel=0.15)
    assert (found["qrs_likeness"][:40] > 0.99).all()
    assert found["qrs_likeness"][40] < 0.3
    assert found["p_likeness"][40] < 0.8 < 0.99 < found["p_likeness"][:40].min()
    assert found["t_likeness"][40] > 0.99
    assert found["p_difference"][40] > 10 * found["p_difference"][:40].max()
    assert found["qrs_difference"][40] > 20 * found["qrs_difference"][:40].max()
    # The first beat has none before it.
    assert np.isnan(found["likeness_32"][0])
    assert found["likeness_32"][1:40].min() > 0.99
    assert found["likeness_32"][40] < 0


def test_an_annotation_that_lies_beside_the_peak_is_as_like() -> None:
    beats = np.stack([complex_of(0.04, 1.0)] * 9)
    moved = np.roll(complex_of(0.04, 1.0), 3)
    found = shape_features(np.stack([*beats, moved]).astype(np.float32))
    assert found["qrs_likeness"][-1] == pytest.approx(1, abs=1e-3)
    assert found["qrs_difference"][-1] < 0.02


def test_blocks_of_beats_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    beats = np.random.default_rng(0).normal(size=(150, len(OFFSETS))).astype(np.float32)
    beats[[20, 70], 3] = np.nan
    whole = shape_features(beats)
    monkeypatch.setattr(morphology, "_BLOCK", 40)
    for name, values in shape_features(beats).items():
        np.testing.assert_allclose(values, whole[name], err_msg=name)
        assert np.isnan(values[[20, 70]]).all()
    last = np.delete(beats[100 - 32 : 100], 2, axis=0)
    last = last - np.median(last, axis=1)[:, None]
    expected = np.corrcoef(last.mean(0), beats[100])[0, 1]
    assert whole["likeness_32"][100] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_flat_and_missing_signals_say_nothing(value: float) -> None:
    found = shape_features(np.full((4, len(OFFSETS)), value, np.float32))
    assert all(np.isnan(values).all() for values in found.values())


def test_windows_at_any_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(morphology, "_STRETCH", 2.0)
    seconds = np.array([0.1, 1.0, 1.9, 5.0, 9.9])
    found = {}
    for rate in (100.0, 360.0):
        steps = np.arange(round(10 * rate)) / rate
        signal = np.stack([np.sin(3 * steps), np.cos(2 * steps)])
        found[rate] = windows_of(
            seconds, rate, signal.shape[1], 2, lambda a, b, signal=signal: signal[:, a:b]
        )
    places = seconds[:, None] + OFFSETS
    inside = (places >= 0) & (places <= 9.99)
    for windows in found.values():
        np.testing.assert_allclose(windows[0][inside], np.sin(3 * places)[inside], atol=1e-3)
        np.testing.assert_allclose(windows[1][inside], np.cos(2 * places)[inside], atol=1e-3)
        assert np.isnan(windows[:, places < 0]).all()
    assert np.isnan(found[100.0][:, 4]).any()


def test_features_of_records(tmp_path: Path) -> None:
    at = {90: "N", 300: "N", 500: "V", 700: "+", 900: "A"}
    values = write_record(tmp_path / "r1", leads=("MLII", "V1"), beats=at)
    write_record(tmp_path / "r2", leads=("MLII", "V1"), beats={400: "N"})
    assert load(tmp_path).features.names == USUAL
    every = ("interval_*", "MLII_*", "V1_*", "height")
    columns = dict(load(tmp_path, ReadOptions(beside=every)).features.items())
    assert len(columns) == 16 + 2 * 10 + 1
    # Beats that are no series, at 90 and 900, are neighbours; what is no beat is none.
    np.testing.assert_allclose(columns["interval_before"], [210 / 360, 200 / 360, np.nan])
    np.testing.assert_allclose(columns["interval_after"], [200 / 360, 400 / 360, np.nan])
    seconds = np.array([90, 300, 500, 900]) / 360
    windows = windows_of(seconds, 360.0, 1000, 2, lambda a, b: values[:, a:b])
    np.testing.assert_allclose(columns["V1_height"][:2], shape_features(windows[1])["height"][1:3])
    mean = (columns["MLII_height"] + columns["V1_height"]) / 2
    np.testing.assert_allclose(columns["height"], mean)


def test_shapes_are_means_over_all_leads_of_a_record(tmp_path: Path) -> None:
    at = {200: "N", 450: "V", 700: "N"}
    write_record(tmp_path / "r1", leads=("MLII", "V1", "V2"), beats=at)
    write_record(tmp_path / "r2", leads=("MLII", "V5"), beats=at)
    header = tmp_path / "r2.hea"

    def mean(*drop: str) -> np.ndarray:
        data = load(tmp_path, ReadOptions(beside=("qrs_likeness",), drop=drop))
        return data.features.columns[0]

    data = load(tmp_path, ReadOptions(beside=("MLII_qrs_likeness",)))
    assert data.channel_names == ("MLII",)
    (one,) = data.features.columns
    assert (mean() != one).all()
    np.testing.assert_array_equal(mean("V1", "V2", "v5"), one)
    # A pressure is no lead.
    first, mlii, v5, *rest = header.read_text().splitlines()
    header.write_text("\n".join([first, mlii, v5.replace("/mV", "/mmHg"), *rest]) + "\n")
    assert (mean() == one).tolist() == [False] * 3 + [True] * 3


def test_classes_of_beats_say_nothing(tmp_path: Path) -> None:
    at = range(200, 2000, 300)
    found = []
    for name, symbols in (("a", "NNVNAN"), ("b", "VVNAFQ")):
        write_record(tmp_path / name / "r", length=2200, beats=dict(zip(at, symbols, strict=True)))
        found.append(load(tmp_path / name).features)
    for one, other in zip(found[0].columns, found[1].columns, strict=True):
        np.testing.assert_array_equal(one, other)


def test_no_interval_spans_a_gap(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for part in ("r_1", "r_2"):
        wfdb.wrsamp(
            part,
            100,
            ["mV"],
            ["MLII"],
            rng.normal(size=(500, 1)),
            fmt=["16"],
            adc_gain=[1000.0],
            baseline=[0],
            write_dir=str(tmp_path),
        )
    (tmp_path / "r.hea").write_text("r/3 1 100 1300\nr_1 500\n~ 300\nr_2 500\n")
    wfdb.wrann("r", "atr", np.array([100, 250, 400, 900, 1100]), list("NNNNN"), write_dir=tmp_path)
    data = load(tmp_path / "r.hea")
    assert data.ids.tolist() == ["r:100", "r:250", "r:400", "r:900", "r:1100"]
    asked = load(tmp_path / "r.hea", ReadOptions(beside=("interval_before", "interval_after")))
    before, after = asked.features.columns
    np.testing.assert_allclose(before, [np.nan, 1.5, 1.5, np.nan, 2.0])
    np.testing.assert_allclose(after, [1.5, 1.5, np.nan, 2.0, np.nan])


def test_none_and_some_of_them(tmp_path: Path) -> None:
    write_record(tmp_path / "r", beats={300: "N", 600: "V"})
    assert load(tmp_path, ReadOptions(beside=("none",))).features is None
    some = load(tmp_path, ReadOptions(beside=("irregularity", "MLII_w*")))
    assert some.features.names == ("irregularity", "MLII_width_half", "MLII_width_quarter")
    (tmp_path / "people.csv").write_text("record,age\nr,61\n")
    both = load(tmp_path, ReadOptions(beside=("age", "irregularity")))
    assert both.features.names == ("age", "irregularity")
    assert both.features.columns[0].tolist() == [61.0, 61.0]
    with pytest.raises(InputError, match="no column 'irregular'"):
        load(tmp_path, ReadOptions(beside=("irregular",)))
