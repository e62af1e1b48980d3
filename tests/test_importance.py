"""Importance over a set: what is planted is found, and nothing else."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from commands import run

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.importance.measure import importance

RATE = 50.0


def made_up(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Three channels of noise at 50 Hz for 1 s; channel 2 tells between 30 and 40 % of the time."""
    X, y = np.random.default_rng(seed).normal(size=(n, 3, 50)), np.arange(n) % 2
    X[y == 1, 1, 15:20] += 3
    return X, y


@pytest.fixture(scope="module")
def model() -> MSSSMClassifier:
    X, y = made_up(50, 0)
    known = {"channel_names": ("=a", "b", "c"), "sampling_rate": RATE}
    classifier = MSSSMClassifier(members=["quantile_trees"], random_state=0)
    return classifier.fit(X, np.where(y, "yes", "no"), **known)


@pytest.fixture(scope="module")
def folder(model: MSSSMClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("importance")
    (folder / "run").mkdir()
    model.save(folder / "run" / "model.safetensors")
    X, y = made_up(30, 1)
    known = {"channel_names": ("=a", "b", "c"), "fs": RATE, "units": ["mV", "g", "g"]}
    np.savez(
        folder / "new.npz", X=X, y=np.where(y, "yes", "no"), groups=np.arange(30) // 3, **known
    )
    np.savez(folder / "unlabelled.npz", X=X, **known)
    return folder


def test_the_planted_channel_and_time_are_found(model: MSSSMClassifier) -> None:
    X, y = made_up(40, 2)
    labels = np.where(y, "yes", "no")
    found = importance(model.model_, X, labels, n_segments=10, n_repeats=2)
    assert found.both is not None
    planted = found.both.probability[1, 3]
    assert planted > 0.1
    others = np.delete(found.both.probability.ravel(), 13)
    assert np.abs(others).max() < planted / 4
    assert found.segments.probability.argmax() == 3
    assert np.abs(np.delete(found.segments.probability, 3)).max() < planted / 4
    channels, errors = found.channels.accuracy, found.channels.accuracy_error
    assert channels is not None
    assert errors is not None
    assert channels[1] > 0.2 > 4 * np.abs(channels[[0, 2]]).max()
    assert channels[1] > 3 * errors[1] > 0
    again = importance(model.model_, X, labels, n_segments=10, n_repeats=2)
    assert np.array_equal(found.channels.probability, again.channels.probability)
    other = importance(model.model_, X, labels, n_segments=2, n_repeats=1, seed=5)
    assert not np.array_equal(found.channels.probability, other.channels.probability)


def test_standard_errors_are_of_independent_units(model: MSSSMClassifier) -> None:
    X, y = made_up(12, 3)
    labels = np.where(y, "yes", "no")
    how = {"n_segments": 2, "n_repeats": 1}
    one = importance(model.model_, X, labels, **how)
    # Every series four times is no more evidence, if it is said which belong together.
    four, kind = np.concatenate([X] * 4), np.concatenate([labels] * 4)
    grouped = importance(model.model_, four, kind, groups=np.tile(np.arange(12), 4), **how)
    single = importance(model.model_, four, kind, **how)
    assert (one.n_units, grouped.n_units, single.n_units) == (12, 12, 48)
    segments = one.segments.probability_error
    assert grouped.segments.probability_error == pytest.approx(segments)
    assert (single.segments.probability_error < 0.6 * segments).all()
    # By hand.
    hidden = X.copy()
    hidden[:, :, :25] = hidden[:, :, 25:26]
    truth = (model.classes_ == labels[:, None]).astype(float)
    fall = ((model.predict_proba(X) - model.predict_proba(hidden)) * truth).sum(1)
    assert one.segments.probability[0] == pytest.approx(fall.mean())
    assert segments[0] == pytest.approx(fall.std(ddof=1) / np.sqrt(12))


def test_several_labels_lengths_and_no_labels() -> None:
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(1, 20 + i % 5)) for i in range(24)]
    y = np.stack([np.arange(24) % 2, np.arange(24) // 12], axis=1)
    for series, row in zip(X, y, strict=True):
        series[0, :5] += 4 * row[0]
    model = MSSSMClassifier(members=["quantile_trees"], random_state=0).fit(X, y)
    found = importance(model.model_, X, y, n_segments=4, n_repeats=1)
    assert found.both is None
    assert found.segments.probability.argmax() == 0
    moved = importance(model.model_, X, n_segments=4, n_repeats=1)
    assert moved.accuracy is None
    assert moved.channels.accuracy is None
    assert ((moved.segments.probability >= 0) & (moved.segments.probability <= 1)).all()
    with pytest.raises(ValueError, match="two series or more"):
        importance(model.model_, X[:1])
    with pytest.raises(ValueError, match="two segments or more"):
        importance(model.model_, X, n_segments=1)


def test_the_command(folder: Path, tmp_path: Path) -> None:
    asked = ("inspect", folder / "run", folder / "new.npz", "--importance", "--segments", "10",
             "--repeats", "1", "--out", tmp_path)  # fmt: skip
    out, err = run(*asked)
    assert "channel hidden" in out
    assert "b (g)" in out
    # Seconds, for the rate is known.
    assert "time hidden (s)" in out
    assert "0.3 to 0.4" in out
    assert "30 series of 10 groups (group)" in out
    assert "importance.csv, importance.png" in err
    assert "names begin with =" in err
    assert (tmp_path / "importance.png").read_bytes()[:4] == b"\x89PNG"
    with (tmp_path / "importance.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3 + 10 + 30
    top = max(
        (r for r in rows if r["hidden"] == "both"), key=lambda r: float(r["probability_drop"])
    )
    assert (top["channel"], top["unit"], top["from"], top["to"]) == ("b", "g", "0.3", "0.4")
    assert "exists already" in run(*asked, code=2)[1]
    run(*asked, "--safe-csv", "--force")
    assert "channel,'=a,mV," in (tmp_path / "importance.csv").read_text()


def test_json_without_labels_of_some_series(folder: Path, tmp_path: Path) -> None:
    data = folder / "unlabelled.npz"
    asked = ("inspect", folder / "run", data, "--importance", "--segments", "2",
             "--max-series", "6", "--out", tmp_path)  # fmt: skip
    out, err = run(*asked, "--json")
    facts = json.loads(out)
    assert (facts["labelled"], facts["n_series"], facts["time"]) == (False, 6, "s")
    assert facts["importance"][0]["accuracy_drop"] is None
    assert "6 of 30 series are drawn (--max-series)" in err
    assert "no labels" in err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--importance", "--series", "1"), "--series with --importance"),
        (("--importance", "--cost"), "--cost with --importance"),
        (("--segments", "3"), "--segments: is of --importance"),
        (("--safe-csv",), "--safe-csv: is of --importance"),
        (("--seed", "3"), "--seed: is of --importance"),
    ],
)
def test_options_that_do_not_go_together(
    options: tuple[str, ...], sentence: str, folder: Path
) -> None:
    out, err = run("inspect", folder / "run", folder / "new.npz", *options, code=2)
    assert out == ""
    assert sentence in err
    assert "DATA" in run("inspect", folder / "run", "--importance", code=2)[1]
