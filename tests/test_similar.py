"""Training series that a model keeps, and which of them others are most like."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from commands import run

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import InputError
from msssm_ts.fitted import load_model, save_model
from msssm_ts.fitted.artifact import read_artifact, read_header
from msssm_ts.fitted.exemplars import PREFIX, answers_at
from msssm_ts.preparation import Preparation
from msssm_ts.series.excerpts import MOST_CHANNELS, POINTS, excerpts_of

QUICK = {"members": ["shapelet_ridge"], "random_state": 0}


def _waves(n: int, seed: int = 0) -> tuple[list[np.ndarray], np.ndarray]:
    """Two classes of sines; every fourth one is of a third kind, but of the second class."""
    rng = np.random.default_rng(seed)
    kinds = np.arange(n) % 4
    series = []
    for kind in kinds:
        t = np.arange(rng.integers(30, 60))
        pace = (0.3, 0.7, 0.3, 1.4)[kind]
        x = np.sin(pace * t + rng.uniform(0, 6)) + 0.2 * rng.normal(size=len(t))
        series.append(x[None].astype(np.float32))
    return series, np.where(kinds % 2, "quick", "slow")


@pytest.fixture(scope="module")
def fitted() -> MSSSMClassifier:
    X, y = _waves(48)
    weights = np.ones(48)
    # Left out: the others' numbers are still those of X.
    weights[:8] = 0
    ids = [f"w{i}" for i in range(48)]
    return MSSSMClassifier(exemplars=10, **QUICK).fit(X, y, weights, ids=ids)


def test_names_series_of_the_same_kind(fitted: MSSSMClassifier) -> None:
    X, y = _waves(48)
    new, _ = _waves(40, 1)
    distances, indices = fitted.kneighbors(new, 3)
    assert distances.shape == indices.shape == (40, 3)
    assert (np.diff(distances) >= 0).all()
    assert indices.min() >= 8
    kept = fitted.model_.exemplars
    assert np.unique(y[kept.numbers], return_counts=True)[1].tolist() == [10, 10]
    assert [kept.name(i) for i in range(20)] == [f"w{i}" for i in kept.numbers]
    # The third kind, of the second class, has neighbours of its own.
    assert (indices % 4 == np.arange(40)[:, None] % 4).mean() > 0.7
    assert (y[indices] == fitted.predict(new)[:, None]).mean() > 0.95
    # A training series is the nearest to itself, and 1 is about the distance to others.
    own = fitted.kneighbors([X[i] for i in kept.numbers], 2)
    assert (own[1][:, 0] == kept.numbers).mean() > 0.8
    assert 0.4 < np.median(own[0][:, 1]) < 2.5


def test_equals_all_distances_and_is_the_same_alone(fitted: MSSSMClassifier) -> None:
    new, _ = _waves(9, 2)
    distances, indices = fitted.kneighbors(new, 20)
    model = fitted.model_
    own = model.exemplars
    assert own.member == 0
    features = model.by_series(lambda values: model.projected(values, 0), model.checked(new))
    answers = answers_at(fitted.predict_proba(new))
    at = np.hstack([answers / own.units[0], features / own.units[1]])
    plain = np.sqrt(((at[:, None] - own.at.astype(float)[None]) ** 2).sum(-1))
    np.testing.assert_allclose(distances, np.sort(plain, 1), rtol=0, atol=1e-10)
    assert (indices == own.numbers[np.argsort(plain, 1, kind="stable")]).all()
    for i, one in enumerate(new):
        alone = fitted.kneighbors([one], 20)
        np.testing.assert_allclose(alone[0][0], distances[i], rtol=1e-6)
        assert (alone[1][0] == indices[i]).all()


def test_what_was_left_out_answers_for_itself(fitted: MSSSMClassifier) -> None:
    """An exemplar's answer is not that of a model that knows its label."""
    X, y = _waves(48)
    wrong = y.copy()
    wrong[20] = "quick" if y[20] == "slow" else "slow"
    model = MSSSMClassifier(exemplars=48, **QUICK).fit(X, wrong)
    own = model.model_.exemplars
    given = int(wrong[20] == "slow")
    left_out = np.square(own.at[20, :2].astype(float) * own.units[0])
    assert left_out.sum() == pytest.approx(1, abs=0.01)
    assert left_out[given] < 0.5 * model.predict_proba([X[20]])[0, given]


def test_a_file_keeps_them_and_older_ones_refuse(fitted: MSSSMClassifier, tmp_path: Path) -> None:
    file, new = tmp_path / "m.safetensors", _waves(6, 3)[0]
    fitted.save(file)
    again = MSSSMClassifier.load(file, device="cpu")
    for one, other in zip(fitted.kneighbors(new, 4), again.kneighbors(new, 4), strict=True):
        assert (one == other).all()
    assert again.model_.exemplars.to_dict() == fitted.model_.exemplars.to_dict()
    plain = replace(fitted.model_, exemplars=None)
    save_model(plain, tmp_path / "plain.safetensors")
    arrays, header = read_artifact(tmp_path / "plain.safetensors")
    assert "exemplars" not in header
    assert not any(name.startswith(PREFIX) for name in arrays)
    sizes = [path.stat().st_size for path in (file, tmp_path / "plain.safetensors")]
    assert sizes[0] - sizes[1] < 20 * 1000
    old = MSSSMClassifier.load(tmp_path / "plain.safetensors", device="cpu")
    with pytest.raises(InputError, match="--exemplars 50 keeps"):
        old.kneighbors(new)
    with pytest.raises(InputError, match="keeps 20; ask for fewer"):
        fitted.kneighbors(new, 21)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"numbers": np.arange(20)[::-1].copy()}, "do not grow"),
        ({"labels": np.full(20, 2)}, "beyond the 2"),
        ({"names": ("a",)}, "1 names of 20"),
        ({"member": 1}, "member 1 of 1"),
        ({"at": np.zeros((20, 65), np.float16)}, r"must have \(n_kept, 66\)"),
        ({"at": np.zeros((19, 66), np.float16)}, r"must have \(19\)"),
        ({"units": (0.0, 1.0)}, "units"),
    ],
)
def test_a_spoilt_file_is_refused(
    fitted: MSSSMClassifier, tmp_path: Path, change: dict, said: str
) -> None:
    wrong = replace(fitted.model_.exemplars, **change)
    save_model(replace(fitted.model_, exemplars=wrong), tmp_path / "m.safetensors")
    with pytest.raises(InputError, match=said):
        load_model(tmp_path / "m.safetensors")


def test_windows_several_labels_and_no_features() -> None:
    X, y = _waves(32)
    series = [np.tile(x, 4)[:, :100] for x in X]
    both = np.stack([y == "quick", np.arange(32) % 4 == 3], 1).astype(int)
    windows = Preparation(window=30.0, sampling_rate=1.0)
    trees = {"members": ["quantile_trees"], "random_state": 0}
    model = MSSSMClassifier(exemplars=4, preparation=windows, **trees)
    model.fit(series, both, sampling_rate=1.0)
    own = model.model_.exemplars
    assert own.member is None
    assert own.at.shape == (12, 2)
    assert own.labels.shape == (12, 2)
    assert own.names is None
    assert own.name(0) == str(own.numbers[0] + 1)
    _, indices = model.kneighbors(series[3:4], 3)
    assert (both[indices[0]] == [1, 1]).all()


def test_what_has_nothing_to_act_on() -> None:
    X, y = _waves(12)
    model = MSSSMClassifier(**QUICK).fit(X, y, ids=range(12))
    assert any(note.startswith("ids had nothing to act on") for note in model.model_.record.notes)
    parts = MSSSMClassifier(exemplars=3, d_model=4, n_layers=1, random_state=0).partial_fit(X, y)
    assert parts.model_.exemplars is None
    assert any("of series in parts none" in note for note in parts.model_.record.notes)
    with pytest.raises(ValueError, match="inconsistent numbers"):
        MSSSMClassifier(exemplars=3, **QUICK).fit(X, y, ids=["a"])


def test_excerpts_show_what_is_short() -> None:
    rng = np.random.default_rng(0)
    long = rng.normal(size=(MOST_CHANNELS + 2, 5000))
    long[1, 3210] = 40.0
    long[2] = 7.0
    long[3, :2500] = np.nan
    short = rng.normal(size=(MOST_CHANNELS + 2, 9))
    short[0, 4] = np.nan
    found = excerpts_of([long, short])
    assert found.codes.shape == (2, MOST_CHANNELS, POINTS)
    steps, values = found.of(0)
    assert values.shape == (MOST_CHANNELS, POINTS)
    assert abs(steps[values[1].argmax()] - 3210) < 5000 / POINTS * 2
    assert values[1].max() == pytest.approx(40)
    assert (values[2] == 7).all()
    assert np.isnan(values[3, : POINTS // 2]).all()
    assert not np.isnan(values[3, POINTS // 2 :]).any()
    steps, values = found.of(1)
    assert steps.tolist() == list(range(9))
    span = np.nanmax(short[:MOST_CHANNELS], 1) - np.nanmin(short[:MOST_CHANNELS], 1)
    assert np.nanmax(abs(values - short[:MOST_CHANNELS]) / span[:, None]) <= 0.5 / 254 + 1e-9
    assert np.isnan(values[0, 4])
    huge = np.array([[-1.5e308, 1.5e308, 0.0]])
    np.testing.assert_allclose(excerpts_of([huge]).of(0)[1], huge, atol=1e306)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("similar")
    X, y = _waves(40)
    for part, chosen in (("TRAIN", range(32)), ("TEST", range(32, 40))):
        with (folder / f"d_{part}.csv").open("w", newline="") as out:
            rows = csv.writer(out)
            rows.writerow(["name", "kind", *(f"t{i}" for i in range(30))])
            rows.writerows([f"r{i}", y[i], *X[i][0, :30].round(5)] for i in chosen)
    said = run(
        *("fit", folder / "d_TRAIN.csv", "--label", "kind", "--id", "name"),
        *("--members", "shapelet_ridge", "--exemplars", "5", "--out", folder / "run"),
    )[1]
    assert "10 of 32 training series are kept in the model" in said
    return folder


def test_predict_names_them(files: Path) -> None:
    model, data = files / "run", files / "d_TEST.csv"
    out = run("predict", model, data, "--similar", "2", "-q")[0]
    rows = [*csv.DictReader(out.splitlines())]
    added = [f"similar_{i}{what}" for i in (1, 2) for what in ("", "_label", "_distance")]
    assert [*rows[0]] == ["id", "prediction", "p_quick", "p_slow", *added]
    names = {f"r{i}" for i in range(32)}
    assert all({row["similar_1"], row["similar_2"]} <= names for row in rows)
    kinds = dict(zip((f"r{i}" for i in range(40)), _waves(40)[1], strict=True))
    assert all(row["similar_1_label"] == kinds[row["similar_1"]] for row in rows)
    told = json.loads(run("predict", model, data, "--similar", "2", "--json", "-q")[0])
    assert [one["similar_2"] for one in told] == [row["similar_2"] for row in rows]
    assert told[0]["similar_1_distance"] <= told[0]["similar_2_distance"]
    assert "similar_1" not in run("predict", model, data, "-q")[0]
    assert "exemplars" in run("info", model)[0]
    assert "holds excerpts of training series" in run("card", model)[0]
    assert read_header(model)["exemplars"]["per_class"] == 5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("--similar 11", "the model keeps 10 training series; ask for 10 at most"),
        ("--similar 2 --early 0.9", "leave it or --early out"),
        ("--similar 2 --windows", "leave it or --windows out"),
    ],
)
def test_what_cannot_be_named_is_refused(files: Path, options: str, said: str) -> None:
    _, err = run("predict", files / "run", files / "d_TEST.csv", *options.split(), code=2)
    assert said in err


def test_inspect_draws_them(files: Path) -> None:
    model, data = files / "run", files / "d_TEST.csv"
    facts = json.loads(run("inspect", model, data, "--series", "r35", "--json", "-q")[0])
    assert len(facts["similar"]) == 5
    assert facts["similar"][0]["number"] == int(facts["similar"][0]["name"][1:]) + 1
    assert Path(facts["pictures"][-1]).read_bytes().startswith(b"\x89PNG")
    assert "most like training series" in run("inspect", model, data, "--force")[0]


def test_a_model_that_forgets_series_keeps_none() -> None:
    X, y = _waves(40)
    model = MSSSMClassifier(updatable=True, exemplars=4, members=["scan_ridge"], random_state=0)
    model.fit(X[:32], y[:32])
    kept = model.model_.exemplars
    model.partial_fit(X[32:], y[32:])
    assert model.model_.exemplars is kept
    model.withdraw(X[:2])
    assert model.model_.exemplars is None
    assert any("no longer kept" in note for note in model.model_.record.notes)
