"""Models to which series are added, and from which they are taken away, by sums."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import model_mutations
import numpy as np
import pytest
from commands import run
from model_mutations import KINDS, mutated

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import InputError, WritingError
from msssm_ts.fitting.data import training_data
from msssm_ts.series.fingerprints import fingerprint
from msssm_ts.updating import files as files_module
from msssm_ts.updating import load_sums, save_updatable, summed, sums_beside

# A layer this small has a few hundred features: what follows from their sums is quick.
SMALL: dict[str, Any] = {
    "members": ["drawn_network"], "d_model": 4, "d_state": 4, "n_scales": 1, "random_state": 0,
    "updatable": True,
}  # fmt: skip
Model = MSSSMClassifier


def _series(n: int, seed: int = 0, length: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 3
    X = rng.normal(size=(n, length))
    X[y == 1, :5] += 1.5
    X[y == 2] *= 2
    return X, np.array(["bump", "calm", "loud"])[y]


X, Y = _series(90)
A, B = slice(0, 50), slice(50, 90)


def _weights(model: MSSSMClassifier) -> np.ndarray:
    members: Any = model.model_.vote.members
    return np.concatenate([np.vstack([m.ridge.coefficients, m.ridge.intercept]) for m in members])


def _at_once(clf: MSSSMClassifier, X: Any, y: Any) -> np.ndarray:
    """Return the weights that follow from sums over series all at once, by a model's features."""
    data = training_data(clf.model_.checked(X), y, known=clf.model_.labels)
    again = Model(**SMALL)
    again.model_, _ = summed(clf.model_, data, clf.class_weight)
    return _weights(again)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("run") / "model.safetensors"
    Model(**SMALL).fit(X[A], Y[A]).save(file)
    return file


def _load(file: Path) -> MSSSMClassifier:
    return Model.load(file, device="cpu")


def test_random_features_too_are_learned_in_parts() -> None:
    own = {"members": ["scan_ridge", "drawn_network"]}
    clf = Model(**(SMALL | own)).fit(X[A], Y[A])
    first = _weights(clf)
    together = _at_once(clf, X, Y)
    clf.partial_fit(X[B], Y[B])
    assert np.abs(_weights(clf) - first).max() > 1e-4
    np.testing.assert_allclose(_weights(clf), together, atol=1e-6)
    clf.withdraw(X[B], Y[B])
    np.testing.assert_allclose(_weights(clf), first, atol=1e-6)


def test_what_follows_from_sums_is_ridge_regression(model: Path) -> None:
    clf, w = _load(model), np.linspace(0.5, 2, 40)
    clf.partial_fit(X[B], Y[B], sample_weight=w)
    member: Any = clf.model_.vote.members[0]
    values = clf.model_.standardized(clf.model_.prepared(clf.model_.checked(X)))
    z, w = member.transform(values), np.concatenate([np.ones(50), w])
    signs = np.where(Y[:, None] == clf.classes_, 1.0, -1.0)
    share = w / w.sum()
    zc, yc = z - share @ z, signs - share @ signs
    gram = len(w) * zc.T @ (share[:, None] * zc)
    penalty = member.ridge.penalty * np.trace(gram) / len(w)
    right = len(w) * zc.T @ (share[:, None] * yc)
    truth = np.linalg.solve(gram + penalty * np.eye(len(gram)), right)
    np.testing.assert_allclose(member.ridge.coefficients, truth, atol=2e-5)


def test_parts_of_any_size_come_to_the_same(model: Path) -> None:
    one, many = _load(model).partial_fit(X[B], Y[B]), _load(model)
    for i in range(50, 90, 8):
        many.partial_fit(X[i : i + 8], Y[i : i + 8])
    np.testing.assert_allclose(_weights(many), _weights(one), atol=1e-6)


def test_nothing_is_lost_in_fifty_changes(model: Path) -> None:
    clf, rng = _load(model), np.random.default_rng(0)
    first = _weights(clf)
    for _ in range(25):
        rows = 50 + rng.choice(40, 7, replace=False)
        w = rng.uniform(0.1, 9, 7)
        clf.partial_fit(X[rows], Y[rows], sample_weight=w).withdraw(X[rows[::-1]])
    np.testing.assert_allclose(_weights(clf), first, atol=1e-6)
    assert clf.model_.record.training_data["counts"] == [17, 17, 16]
    assert len(clf.model_.record.notes) >= 50


def test_a_weight_counts_like_copies_and_none_like_absence(model: Path) -> None:
    heavy = _load(model).partial_fit(X[B], Y[B], sample_weight=np.full(40, 2.0))
    twice = _load(model).partial_fit(X[B], Y[B]).partial_fit(X[B], Y[B])
    # How many rows there are decides how much a penalty of the same size counts.
    assert np.abs(_weights(heavy) - _weights(twice)).max() < 0.1
    some = np.where(np.arange(40) < 10, 1.0, 0.0)
    few = _load(model).partial_fit(X[B], Y[B], sample_weight=some)
    same = _load(model).partial_fit(X[50:60], Y[50:60])
    np.testing.assert_allclose(_weights(few), _weights(same), atol=1e-6)
    assert "40 of them had been learned before" in twice.model_.record.notes[-1]


def test_weights_of_classes_go_on() -> None:
    clf = Model(**SMALL, class_weight={"loud": 3.0}).fit(X[A], Y[A]).partial_fit(X[B], Y[B])
    w = np.where(Y == "loud", 3.0, 1.0)
    same = Model(**SMALL).fit(X[A], Y[A], sample_weight=w[A])
    same.partial_fit(X[B], Y[B], sample_weight=w[B])
    np.testing.assert_allclose(_weights(clf), _weights(same), atol=1e-6)


def test_uneven_stamps_that_are_left_out_are_warned_of(model: Path) -> None:
    clf, times = _load(model), np.tile(np.arange(12.0) ** 2, (40, 1))
    for change in (clf.partial_fit, clf.withdraw):
        with pytest.warns(UserWarning, match="the model takes no notice") as caught:
            change(X[B], Y[B], times=times)
        assert [warning.filename for warning in caught] == [__file__]


def test_what_is_withdrawn_must_have_been_learned(model: Path) -> None:
    clf = _load(model)
    before = _weights(clf)
    for given, y, why in (
        (X[B], None, "40 of 40 series were never learned"),
        (X[[0, 0]], None, "1 of 2 series were never learned, or are withdrawn already"),
        (X[:2], Y[[1, 1]], "1 of 2 series were learned with another label, the first: number 1"),
        (X[A][Y[A] != "calm"], None, "would be left, of 1 class;"),
    ):
        with pytest.raises(InputError, match=why):
            clf.withdraw(given, y)
    assert (_weights(clf) == before).all()
    clf.withdraw(X[:1], Y[:1])
    with pytest.raises(InputError, match="1 of 1 series were never learned, or are withdrawn"):
        clf.withdraw(X[:1])
    assert fingerprint(clf.model_.checked(X)[0]) not in clf.model_.source.fingerprints
    assert clf.model_.familiarity is None
    assert "is no longer known" in clf.model_.record.notes[-1]
    with pytest.raises(InputError, match="does not know how unlike"):
        clf.unknown_score(X[:1])


def test_new_classes_are_named_at_first() -> None:
    two = np.flatnonzero(Y != "loud")[:40]
    clf = Model(**SMALL).partial_fit(X[two], Y[two], classes=["bump", "calm", "loud"])
    assert clf.predict_proba(X[:1]).shape == (1, 3)
    with pytest.raises(InputError, match="classes differ from those of the first call"):
        clf.partial_fit(X[B], Y[B], classes=["bump", "calm"])
    clf.partial_fit(X[B], Y[B], classes=["loud", "bump", "calm"])
    assert clf.model_.record.training_data["counts"][2] == 14
    assert (clf.predict(X[B]) == Y[B]).mean() > 0.6
    with pytest.raises(ValueError, match="has the label 'other', which is not among"):
        clf.partial_fit(X[:1], ["other"])


def test_several_labels_windows_and_gaps() -> None:
    from msssm_ts.preparation import Preparation

    rng = np.random.default_rng(0)
    series = [rng.normal(size=(1, 20 + i % 5)) for i in range(40)]
    y = np.stack([np.arange(40) % 2, np.arange(40) % 3 == 0], 1).astype(int)
    series[3][0, 4] = np.nan
    crop = Preparation(window=1.0)
    settings = SMALL | {"missing": "mask", "preparation": crop}
    clf = Model(**settings).fit(series[:30], y[:30], sampling_rate=10.0)
    first = _weights(clf)
    clf.partial_fit(series[30:], y[30:])
    assert clf.model_.record.training_data["counts"] == y.sum(0).tolist()
    assert clf.sums_.equations[0].n_rows > 40
    clf.withdraw(series[30:])
    np.testing.assert_allclose(_weights(clf), first, atol=1e-6)


def test_others_do_not_vote_and_it_is_said() -> None:
    clf = Model("fast", random_state=0, updatable=True).fit(X[:12], Y[:12])
    assert {m.kind for m in clf.model_.vote.members} == {"scan_ridge"}
    assert any(
        "no quantile_trees, shapelet_ridge votes: an updatable" in line
        for line in clf.model_.record.notes
    )
    for other, why in (
        ({"members": ["quantile_trees"]}, "quantile_trees cannot learn from sums over series"),
        ({"at_most": 5}, "updatable with at_most=5: sums are over every series"),
        ({"time_budget": 1.0}, "updatable with time_budget=1: sums are over every series"),
    ):
        with pytest.raises(InputError, match=why):
            Model(**(SMALL | other)).fit(X[A], Y[A])
    with pytest.raises(InputError, match="updatable with features beside the series"):
        Model(**SMALL).fit(X[A], Y[A], features=np.ones((50, 1)))
    with pytest.raises(InputError, match="have nothing to act on in partial_fit without"):
        Model().partial_fit(X[A], Y[A], sampling_rate=5.0)


def test_a_model_that_keeps_no_sums_says_so(tmp_path: Path) -> None:
    plain = Model(**(SMALL | {"updatable": False})).fit(X[A], Y[A])
    with pytest.raises(InputError, match="has no sums and cannot be updated"):
        plain.withdraw(X[:1])
    plain.save(tmp_path / "plain.safetensors")
    assert os.listdir(tmp_path) == ["plain.safetensors"]
    with pytest.raises(InputError, match="was fitted without keeping sums; fit it again with"):
        _load(tmp_path / "plain.safetensors").withdraw(X[:1])


def test_sums_go_with_their_model_and_no_other(model: Path, tmp_path: Path) -> None:
    clf = _load(model).partial_fit(X[B], Y[B])
    clf.save(tmp_path / "more.safetensors")
    beside = tmp_path / "more.sums.safetensors"
    assert sorted(os.listdir(tmp_path)) == ["more.safetensors", beside.name]
    again = _load(tmp_path / "more.safetensors").withdraw(X[B], Y[B])
    np.testing.assert_allclose(_weights(again), _weights(_load(model)), atol=1e-6)
    beside.write_bytes(sums_beside(model).read_bytes())
    with pytest.raises(InputError, match="holds the sums of another model than"):
        _load(tmp_path / "more.safetensors").withdraw(X[:1])
    beside.unlink()
    alone = _load(tmp_path / "more.safetensors")
    np.testing.assert_array_equal(alone.predict_proba(X), clf.predict_proba(X))
    with pytest.raises(InputError, match="predicts, but cannot be updated: its sums"):
        alone.withdraw(X[:1])
    with pytest.warns(UserWarning, match="saved without its sums"):
        alone.save(tmp_path / "copy.safetensors")
    assert not sums_beside(tmp_path / "copy.safetensors").exists()


@pytest.mark.parametrize("step", ["sums", "model", "name"])
def test_a_write_that_is_cut_short_leaves_a_pair(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    clf = _load(model)
    file = tmp_path / "model.safetensors"
    clf.save(file)
    clf.partial_fit(X[B], Y[B])

    def fails(*_: Any) -> None:
        raise WritingError(file, OSError(28, "no space"))

    with monkeypatch.context() as patched:
        if step == "name":
            patched.setattr(files_module.os, "replace", _replace_but(sums_beside(file)))
        else:
            patched.setattr(files_module, {"sums": "_write", "model": "checksum_of"}[step], fails)
        with pytest.raises(WritingError):
            save_updatable(clf.model_, clf.sums_, file)
    there = _load(file)
    sums = load_sums(there.model_, file)
    n = 90 if step == "name" else 50
    assert len(sums.learned) == n == there.model_.record.training_data["n_series"]
    save_updatable(clf.model_, clf.sums_, file)
    assert len(load_sums(_load(file).model_, file).learned) == 90
    assert sorted(os.listdir(tmp_path)) == ["model.safetensors", "sums.safetensors"]


def _replace_but(refused: Path) -> Any:
    replace_file = os.replace

    def run(old: Any, new: Any) -> None:
        if Path(new) == refused and "next" in Path(old).name and ".part" not in Path(old).name:
            raise OSError(28, "no space")
        replace_file(old, new)

    return run


def test_spoilt_sums_are_refused_or_give_numbers(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_mutations, "KEY", "msssm_ts_sums")
    clf, file = _load(model), tmp_path / "model.safetensors"
    file.write_bytes(model.read_bytes())
    data, rng, n_refused = sums_beside(model).read_bytes(), np.random.default_rng(0), 0
    for kind, renewed in KINDS:
        sums_beside(file).write_bytes(mutated(data, kind, renewed, rng))
        try:
            own = load_sums(clf.model_, file)
            answer = own.solved(clf.model_).predict_proba(X[:3])
        except InputError as error:
            n_refused += "\n" not in str(error)
            continue
        assert np.isfinite(answer).all(), (kind, renewed)
    assert n_refused > len(KINDS) // 2


def _table(file: Path, rows: slice) -> None:
    lines = ["kind,who," + ",".join(f"t{i}" for i in range(X.shape[1]))]
    for i, (values, kind) in enumerate(zip(X[rows], Y[rows], strict=True)):
        lines.append(f"{kind},w{i // 4}," + ",".join(f"{v:.4f}" for v in values))
    file.write_text("\n".join(lines) + "\n")


def test_the_command_adds_and_withdraws(tmp_path: Path) -> None:
    first, more, odd, folder = (tmp_path / n for n in ("a.csv", "b.csv", "c.csv", "run"))
    _table(first, A)
    _table(more, B)
    _table(odd, slice(50, 52))
    odd.write_text(odd.read_text().replace("\nloud", "\nother"))
    small = ("--members", "drawn_network", "--width", "4", "--state", "4", "--scales", "1")
    options = ("--label", "kind", "--group", "who", "--updatable", *small)
    run("fit", first, *options, "-o", folder, "-q")
    before = _load(folder)
    (folder / "model.onnx").write_text("of the model before")
    out, err = run("update", folder, more)
    expected = before.score(*_read(more))
    assert f"accuracy before learning  {expected:.4f} (40 new series)" in out
    assert "bump: 13, calm: 13, loud: 14" in out or "added" in out
    assert "read with --label kind" in err
    assert "groups (who) are not kept" in err
    assert "removed, made of the model before: model.onnx" in err
    metrics = json.loads((folder / "metrics.json").read_text())
    assert sum(metrics["updates"][0]["added"].values()) == 40
    assert metrics["notes"][-1].endswith(f"accuracy on them before learning them: {expected:.4f}")
    assert "40 series added" in run("info", folder)[0].replace("\n", " ")
    assert "1 of 2 series have labels that" in run("update", folder, odd, code=2)[1]
    out, _ = run("update", folder, "--withdraw", more, "-o", tmp_path / "other", "--json")
    assert sum(json.loads(out)["withdrawn"].values()) == 40
    np.testing.assert_allclose(_weights(_load(tmp_path / "other")), _weights(before), atol=1e-6)
    assert (tmp_path / "other" / "config.toml").is_file()
    assert len(load_sums(_load(folder).model_, folder).learned) == 90
    assert "40 of 40 series were never" in run(
        "update", tmp_path / "other", "--withdraw", more, code=2
    )[1]  # fmt: skip
    run("fit", first, "--label", "kind", *small, "-o", folder, "--force", "-q")
    assert not (folder / "sums.safetensors").exists()


def _read(file: Path) -> tuple[np.ndarray, np.ndarray]:
    rows = [line.split(",") for line in file.read_text().splitlines()[1:]]
    return np.array([r[2:] for r in rows], float), np.array([r[0] for r in rows])
