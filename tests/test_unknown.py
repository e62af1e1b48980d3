"""How unlike the training series others are: told of each, of a file, and kept with the model."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from numpy.typing import NDArray

from msssm_ts import MSSSMClassifier
from msssm_ts.cli.answering.unknown import Strangeness, unknown_of
from msssm_ts.datasets import LabelledSeries
from msssm_ts.errors import InputError
from msssm_ts.fitted import load_model
from msssm_ts.fitted.artifact import read_header
from msssm_ts.fitted.drift import drift_of
from msssm_ts.fitted.familiarity import N_DIRECTIONS, entropy, nearest, projected
from msssm_ts.fitted.schema import check_header

RIDGE = {"members": ["scan_ridge"], "random_state": 0}


def waves(n: int, seed: int, kinds: tuple[float, ...] = (0.3, 0.9)) -> tuple[Any, Any]:
    """Noisy sines of some frequencies, in turns."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % len(kinds)
    t = np.arange(40)
    x = np.sin(t * np.array(kinds)[y, None] + rng.uniform(0, 6, (n, 1)))
    return (x + 0.5 * rng.normal(size=x.shape)).astype(np.float32), y


@pytest.fixture(scope="module")
def model() -> MSSSMClassifier:
    X, y = waves(60, 0)
    return MSSSMClassifier(**RIDGE).fit(X, y)


@pytest.fixture(scope="module")
def file(model: MSSSMClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    model.save(path)
    return path


def test_others_of_the_kind_are_as_strange_as_those_left_out(model: MSSSMClassifier) -> None:
    found = model.unknown_score(waves(400, 1)[0])
    assert found.min() >= 0
    assert found.max() <= 60 / 61
    assert np.quantile(found, [0.25, 0.5, 0.75]) == pytest.approx([0.25, 0.5, 0.75], abs=0.12)


def test_another_kind_is_stranger(model: MSSSMClassifier) -> None:
    assert np.median(model.unknown_score(waves(40, 1, (2.2,))[0])) > 0.95
    # By the doubt of the answer alone: between two kinds that it knows well.
    X, y = waves(60, 0)
    own = model.model_.familiarity
    at = model.model_.projected(
        model.model_.standardized(model.model_.prepared(model.model_.checked(X))), own.member
    )
    sure, unsure = np.eye(2)[y], np.full((60, 2), 0.5)
    assert (own.strangeness(at, unsure) > own.strangeness(at, sure)).all()


def test_is_the_share_of_left_out_series_no_stranger(model: MSSSMClassifier) -> None:
    own = model.model_.familiarity
    held = np.array(own.held.quantiles)
    assert len(held) == own.held.count == 60
    asked = np.array([0.0, held[0], (held[9] + held[10]) / 2, 1.0])
    assert own.unknown(asked) == pytest.approx(np.array([0, 1, 10, 60]) / 61)


def test_nearest_leaves_out_what_is_not_apart() -> None:
    rng = np.random.default_rng(0)
    at, known = rng.normal(size=(4, 5)), rng.normal(size=(7, 5))
    apart = rng.random((4, 7)) < 0.6
    for i in range(4):
        squares = sorted(((known[j] - at[i]) ** 2).sum() for j in range(7) if apart[i, j])
        expected = np.sqrt(np.mean(squares[:3]))
        assert nearest(at, known, apart)[i] == pytest.approx(expected)
    assert nearest(at, known, np.zeros((4, 7), bool)).tolist() == [np.inf] * 4


def test_projection_keeps_distances_and_never_changes() -> None:
    x = np.random.default_rng(0).normal(size=(8, 9000)).astype(np.float32)
    at = projected(x)
    assert at.shape == (8, N_DIRECTIONS)
    ratio = [
        ((at[i] - at[j]) ** 2).sum() / ((x[i] - x[j]) ** 2).sum()
        for i in range(8)
        for j in range(i)
    ]
    assert np.mean(ratio) == pytest.approx(1, abs=0.1)
    # Whatever comes with it.
    np.testing.assert_array_equal(projected(x[:1]), at[:1])
    # Files rest on these very directions.
    assert (np.sign(projected(np.eye(3))[:, :6])).astype(int).tolist() == DIRECTIONS


DIRECTIONS = [[-1, 1, -1, 1, 1, 1], [-1, -1, 1, -1, -1, -1], [1, -1, 1, 1, 1, -1]]


def test_entropy_of_several_labels_is_of_each() -> None:
    assert entropy(np.array([[0.5, 0.5], [0.9, 0.9], [1.0, 0.0]])) == pytest.approx(
        [1, -2 * 0.9 * np.log2(0.9), 0], abs=1e-9
    )


@pytest.mark.parametrize("kind", ["groups", "labels", "channels", "windows"])
def test_of_other_data(kind: str) -> None:
    X, y = waves(40, 0)
    series: Any = list(X[:, None])
    more: dict[str, Any] = {}
    parameters: dict[str, Any] = dict(RIDGE)
    if kind == "groups":
        # Each is there four times: only who leaves groups out sees how far the next one is.
        series = [x + 1e-3 * i for i in range(4) for x in series[:20]]
        y, more = np.tile(y[:20], 4), {"groups": np.tile(np.arange(20), 4)}
    elif kind == "labels":
        y = np.stack([y, np.arange(40) % 4 == 0], axis=1).astype(int)
    elif kind == "channels":
        parameters["missing"] = "interpolate"
        series = [np.stack([x[0], x[0] ** 2])[:, : 30 + i % 9] for i, x in enumerate(series)]
        for x in series:
            x[0, 3] = np.nan
    else:
        from msssm_ts.preparation import Preparation

        parameters["preparation"] = Preparation(window=20)
    clf = MSSSMClassifier(**parameters).fit(series, y, **more)
    own = clf.model_.familiarity
    assert own is not None
    assert own.held.count == (20 if kind == "groups" else 40)
    found = clf.unknown_score(series)
    # What was learned from is near to itself.
    assert found.mean() < 0.4
    strange = [x * 4 + 3 for x in series]
    assert np.median(clf.unknown_score(strange)) > 0.9
    if kind == "groups":
        new = waves(40, 5)[0][:, None]
        assert 0.3 < clf.unknown_score(new).mean() < 0.7


def test_a_network_is_told_by_series_set_aside() -> None:
    X, y = waves(60, 0)
    settings: dict[str, Any] = {"d_model": 8, "n_layers": 1, "max_epochs": 2, "random_state": 0}
    aside = np.arange(60) % 3 == 0
    clf = MSSSMClassifier(members=["network"], **settings).fit(X, y, validation=aside)
    assert clf.model_.familiarity is not None
    assert clf.model_.familiarity.held.count == 20
    assert len(clf.model_.familiarity.known) == 60
    clf = MSSSMClassifier(members=["network"], early_stopping=False, **settings).fit(X, y)
    assert clf.model_.familiarity is None


def test_is_kept_and_old_files_do_without(
    model: MSSSMClassifier, file: Path, tmp_path: Path
) -> None:
    X = waves(20, 3)[0]
    again = MSSSMClassifier.load(file)
    assert (again.unknown_score(X) == model.unknown_score(X)).all()
    # A tenth of the file at most, and little.
    assert model.model_.familiarity.known.nbytes < min(file.stat().st_size / 10, 150_000)
    model_ = replace(model.model_, familiarity=None)
    old = MSSSMClassifier._of(model_)
    old.save(tmp_path / "old.safetensors")
    old = MSSSMClassifier.load(tmp_path / "old.safetensors")
    assert (old.predict_proba(X) == model.predict_proba(X)).all()
    with pytest.raises(InputError, match="does not know how unlike its training series"):
        old.unknown_score(X)


def test_refuses_headers_that_no_fit_has_written(file: Path, tmp_path: Path) -> None:
    header = read_header(file)
    said = header["familiarity"]
    held = said["held"]
    for wrong, what in [
        ({"member": 1}, "member 1 of 1"),
        ({"held": {**held, "quantiles": held["quantiles"][::-1]}}, "do not grow"),
        ({"held": {**held, "quantiles": []}}, "quantiles"),
        ({"unit": 0.0}, "unit"),
        ({"entropy": {"mean": 0.0, "sd": 0.0}}, "sd"),
    ]:
        with pytest.raises(ValueError, match=what):
            check_header({**header, "familiarity": {**said, **wrong}})
    from msssm_ts.fitted import save_model

    model = load_model(file)
    assert model.familiarity is not None
    narrow = replace(model.familiarity, known=model.familiarity.known[:, :8])
    save_model(replace(model, familiarity=narrow), tmp_path / "narrow.safetensors")
    with pytest.raises(InputError, match="familiar has shape"):
        load_model(tmp_path / "narrow.safetensors")


def _drawn(n: int, seed: int) -> NDArray[np.float64]:
    return np.random.default_rng(seed).integers(0, 101, n) / 101


def test_drift_is_seldom_found_where_none_is() -> None:
    found = [drift_of(_drawn(60, seed), 100) for seed in range(400)]
    assert not any(d is not None and d.is_there for d in found)
    # One fewer than asked for.
    assert drift_of(_drawn(9, 0), 100) is None
    # What is more familiar than those left out is nothing to warn of.
    known = drift_of(_drawn(60, 0) / 5, 100)
    assert known is not None
    assert (known.shift < 0.05, known.is_there) == (True, False)


def test_drift_has_the_statistic_and_its_chance() -> None:
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(0)
    held, new = np.sort(rng.normal(size=80)), rng.normal(1.4, size=50)
    unknown = np.searchsorted(held, new, side="right") / 80 * (80 / 81)
    found = drift_of(unknown, 80)
    expected = ks_2samp(held, new, alternative="greater", method="asymp")
    assert found is not None
    assert found.shift == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue, rel=0.7)
    assert found.is_there
    # As far off, and too few to say so.
    few = drift_of(unknown[np.argsort(unknown)[::5]], 80)
    assert few is not None
    assert few.shift > 0.3
    assert not few.is_there
    # Beyond chance, and too little to speak of.
    many = drift_of(np.arange(2000) / 2000 * 0.8 + 0.19, 1000)
    assert many is not None
    assert many.p < 1e-6
    assert not many.is_there


def _table(path: Path, X: Any) -> Path:
    np.savetxt(path, X, delimiter=",", header=",".join(f"t{i}" for i in range(40)), comments="")
    return path


def test_predict_adds_a_column_and_warns_of_a_strange_file(file: Path, tmp_path: Path) -> None:
    X = waves(30, 7)[0]
    usual, loud = _table(tmp_path / "usual.csv", X), _table(tmp_path / "loud.csv", X * 3)
    plain, err = run("predict", file, usual)
    assert "unlike" not in err
    out, err = run("predict", file, usual, "--unknown")
    assert "unlike" not in err
    rows = list(csv.DictReader(io.StringIO(out)))
    assert list(rows[0]) == ["id", "prediction", "unknown", "p_0", "p_1"]
    expected = MSSSMClassifier.load(file).unknown_score(
        np.loadtxt(usual, delimiter=",", skiprows=1)
    )
    assert [float(row.pop("unknown")) for row in rows] == pytest.approx(expected, abs=1e-6)
    assert rows == list(csv.DictReader(io.StringIO(plain)))
    _, err = run("predict", file, loud)
    assert "these 30 series are unlike those of the training, by a shift of" in err
    out, err = run("predict", file, loud, "--unknown", "--json", "--coverage", "0.9", "-q")
    said = json.loads(out)
    assert list(said["predictions"][0]) == ["id", "prediction", "set", "unknown", "p_0", "p_1"]
    assert said["drift"]["is_drift"]
    assert said["drift"]["n_series"] == 30
    assert err == ""
    _, err = run("predict", file, _table(tmp_path / "few.csv", X[:9] * 3))
    assert "unlike" not in err
    for other in ("--windows", "--early=0.9"):
        _, err = run("predict", file, usual, "--unknown", other, code=2)
        assert "--unknown is of whole series" in err


def test_predict_says_that_an_old_model_does_not_know(file: Path, tmp_path: Path) -> None:
    from msssm_ts.fitted import save_model

    old = tmp_path / "old.safetensors"
    save_model(replace(load_model(file), familiarity=None), old)
    data = _table(tmp_path / "usual.csv", waves(12, 7)[0] * 3)
    _, err = run("predict", old, data)
    assert "unlike" not in err
    _, err = run("predict", old, data, "--unknown", code=2)
    assert "fit it again" in err


def test_few_series_are_not_asked_about_in_vain(
    model: MSSSMClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files come a few at a time; of all of them together it is told whether they are many."""
    X, _ = waves(12, 5)
    asked: list[int] = []

    def unknown(classifier: Any, series: Any, proba: Any) -> Any:
        asked.append(series.n_series)
        return unknown_of(classifier, series, proba)

    monkeypatch.setattr("msssm_ts.cli.answering.unknown.unknown_of", unknown)
    heard = Strangeness(model, of_each=False)
    for part in (X[:5], X[5:9], X[9:10], X[10:]):
        series = LabelledSeries([x[None] for x in part])
        assert heard.of(series, model.predict_proba(part)) is None
        if sum(asked) < 10:
            assert (asked, heard.drift()) == ([], None)
    assert asked == [5, 4, 1, 2]
    together = model.unknown_score(X)
    drift = heard.drift()
    assert drift is not None
    assert drift == drift_of(together, model.model_.familiarity.held.count)
