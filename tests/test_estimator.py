from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import InputError
from msssm_ts.fitted.artifact import SCHEMA_VERSION, read_artifact, read_header, write_artifact
from msssm_ts.series.checks import as_series_list
from msssm_ts.training import Progress

SMALL = {"members": ["network"], "d_model": 16, "n_layers": 1, "random_state": 0}


def _waves(n: int = 40, length: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Sines of two frequencies in noise."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    time = np.arange(length)
    X = np.sin(time * np.where(y, 0.9, 0.3)[:, None] + rng.uniform(0, 6, (n, 1)))
    return X + 0.3 * rng.normal(size=X.shape), y


def test_learns_what_can_be_learnt() -> None:
    X, y = _waves(80)
    model = MSSSMClassifier(max_epochs=15, **SMALL).fit(X[:60], y[:60])
    assert model.score(X[60:], y[60:]) >= 0.95
    proba = model.predict_proba(X[60:])
    np.testing.assert_allclose(proba.sum(1), 1, rtol=1e-12)
    assert model.history_["train_loss"][-1] < 0.5 * model.history_["train_loss"][0]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"sampling_rate": -1},
            "sampling_rate must be a positive number in hertz, or None, not -1",
        ),
        ({"sampling_rate": "250"}, "sampling_rate must be .* not '250'"),
        ({"sampling_rate": float("nan")}, "sampling_rate must be .* not nan"),
        ({"channel_names": "x"}, "channel_names must be a list of names, not 'x'"),
        (
            {"groups": [1.0] * 39 + [np.nan]},
            r"groups has no value for series 39 \(counted from 0\)",
        ),
        ({"groups": [None] * 40}, "groups has no value for series 0"),
    ],
)
def test_what_is_known_of_series_is_checked(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MSSSMClassifier(**SMALL).fit(*_waves(), **given)


def test_groups_that_may_be_one_and_a_rate_that_is_none() -> None:
    X, y = _waves(12)
    names = ["Ann", "ann", "Bob"] * 4
    model = MSSSMClassifier("fast").fit(X, y, groups=names, sampling_rate=50)
    said = "took Ann and ann for different groups, though only case differs"
    assert said in model.model_.record.notes
    with pytest.raises(ValueError, match="sampling_rate must be a positive number"):
        model.predict(X, sampling_rate=0)


def test_what_is_masked_is_missing() -> None:
    X, y = _waves()
    masked = np.ma.masked_greater(X, 1.0)
    with pytest.raises(ValueError, match="Input X contains NaN"):
        MSSSMClassifier(**SMALL).fit(masked, y)
    (series,) = as_series_list([masked[0]], "mask")
    np.testing.assert_array_equal(np.isnan(series[0]), masked.mask[0])


@pytest.mark.parametrize("core", ["s6", "lti"])
def test_same_seed_same_bits(core: str) -> None:
    X, y = _waves()
    first, second, other = (
        MSSSMClassifier(**SMALL | {"random_state": seed, "core": core, "max_epochs": 3}).fit(X, y)
        for seed in (5, 5, 6)
    )
    a, b, c = (list(m.network_.state_dict().values()) for m in (first, second, other))
    assert all(torch.equal(p, q) for p, q in zip(a, b, strict=True))
    assert not all(torch.equal(p, q) for p, q in zip(a, c, strict=True))


def test_fit_leaves_the_callers_random_numbers_alone() -> None:
    X, y = _waves()
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    MSSSMClassifier(max_epochs=1, **SMALL).fit(X, y)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    "labels",
    [
        np.array(["no", "yes"]),
        np.array([-1, 7]),
        np.array([False, True]),
        np.array([0.0, 2.0]),
        np.array(["a", "b"], dtype=object),
    ],
)
def test_labels_come_back_as_they_were(labels: np.ndarray, tmp_path: Path) -> None:
    X, y = _waves()
    model = MSSSMClassifier(max_epochs=1, **SMALL).fit(X, labels[y])
    assert model.predict(X).dtype == labels.dtype
    assert set(model.predict(X)) <= set(labels)
    model.save(tmp_path / "m.safetensors")
    loaded = MSSSMClassifier.load(tmp_path / "m.safetensors")
    assert loaded.classes_.dtype == labels.dtype
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))


def test_three_kinds_of_input_mean_the_same() -> None:
    X, y = _waves()
    model = MSSSMClassifier(max_epochs=2, **SMALL).fit(X, y)
    expected = model.predict_proba(X)
    for same in (X[:, None, :], list(X[:, None, :]), X.tolist(), X.astype(np.float32)):
        np.testing.assert_allclose(model.predict_proba(same), expected, atol=1e-6)


def test_a_prediction_does_not_depend_on_its_batch() -> None:
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(3, n)) for n in rng.integers(1, 50, size=30)]
    model = MSSSMClassifier(max_epochs=2, **SMALL).fit(X, np.arange(30) % 3)
    together = model.predict_proba(X)
    alone = np.concatenate([model.predict_proba([x]) for x in X])
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-6)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_very_short_series(length: int) -> None:
    X, y = _waves(length=length)
    model = MSSSMClassifier(max_epochs=1, **SMALL).fit(X, y)
    assert model.predict_proba(X).shape == (40, 2)
    assert 2**model.network_.config.n_scales <= max(length, 2)


def test_scaling_a_channel_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 2, 15))
    y = np.arange(20) % 2
    scale, shift = np.array([1000.0, 0.001])[:, None], np.array([5.0, -3.0])[:, None]
    models = [MSSSMClassifier(max_epochs=2, **SMALL).fit(Z, y) for Z in (X, X * scale + shift)]
    np.testing.assert_allclose(
        models[0].predict_proba(X), models[1].predict_proba(X * scale + shift), atol=1e-4
    )


@pytest.mark.parametrize("core", ["s6", "lti"])
def test_an_outlier_beyond_all_measure_still_gets_probabilities(core: str) -> None:
    X, y = _waves()
    model = MSSSMClassifier(max_epochs=1, core=core, **SMALL).fit(X, y)
    X[0, 4], X[1, 4] = 1e30, -3e38
    assert np.isfinite(model.predict_proba(X)).all()


def test_constant_channel() -> None:
    X = np.zeros((10, 2, 8))
    X[:, 1] = 7.0
    X[::2, 0, 3] = 1.0
    model = MSSSMClassifier(max_epochs=1, **SMALL).fit(X, np.arange(10) % 2)
    assert np.isfinite(model.predict_proba(X)).all()


def test_early_stopping_keeps_a_validation_split() -> None:
    X, y = _waves(60)
    model = MSSSMClassifier(
        max_epochs=6, early_stopping=True, validation_fraction=0.25, **SMALL
    ).fit(X, y)
    assert all(v is not None for v in model.history_["val_loss"])
    assert model.best_iter_ == int(np.argmin(model.history_["val_loss"])) + 1
    assert model.n_iter_ == len(model.history_["epoch"])
    small = MSSSMClassifier(max_epochs=1, **SMALL).fit(X, y)
    assert small.history_["val_loss"] == [None]


class _Interrupt:
    def __init__(self, step: int):
        self.step = step

    def __call__(self, progress: Progress) -> None:
        if progress.step == self.step:
            raise KeyboardInterrupt


@pytest.mark.parametrize(("step", "epochs"), [(1, 0), (12, 2)])
def test_an_interrupt_leaves_a_usable_model(step: int, epochs: int, tmp_path: Path) -> None:
    X, y = _waves()
    model = MSSSMClassifier(max_epochs=9, callbacks=[_Interrupt(step)], **SMALL)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert model.n_iter_ == epochs
    model.save(tmp_path / "m.safetensors")
    loaded = MSSSMClassifier.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (np.where(np.arange(30) == 4, np.nan, X), y), "NaN"),
        (lambda X, y: (np.where(np.arange(30) == 4, np.inf, X), y), "infinity"),
        (lambda X, y: (np.where(np.arange(30) == 4, -1e160, X), y), "infinity.*3.4e38"),
        (lambda X, y: (X, np.zeros(len(y), int)), "only one class"),
        (lambda X, y: (X, y[:-1]), "inconsistent numbers of samples"),
        (lambda X, y: (X[:0], y[:0]), "minimum of 1 is required"),
        (lambda X, y: (X[:, :0], y), "minimum of 1 is required"),
        (lambda X, y: ([X[:1], *[X[:2]] * 39], y), "same number of channels"),
        (lambda X, y: ([np.ones((1, 0)), *[X[:1]] * 39], y), "at least one value"),
        (lambda X, y: (X[None, None], y), "dim 4"),
        (lambda X, y: (X, y + 0.5), "Unknown label type"),
    ],
)
def test_bad_data_is_refused(change: object, message: str) -> None:
    X, y = change(*_waves())  # type: ignore[operator]
    with pytest.raises(ValueError, match=message):
        MSSSMClassifier(max_epochs=1, **SMALL).fit(X, y)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("n_scales", -1, ValueError),
        ("d_model", 2.5, TypeError),
        ("core", "s7", ValueError),
        ("dropout", 1.0, ValueError),
        ("learning_rate", 0, ValueError),
        ("max_epochs", 0, ValueError),
        ("pooling", "median", ValueError),
        ("early_stopping", "yes", ValueError),
        ("device", "abacus", InputError),
    ],
)
def test_bad_parameters_are_named_in_fit(name: str, value: object, kind: type) -> None:
    X, y = _waves()
    model = MSSSMClassifier(**{name: value})  # type: ignore[arg-type]
    with pytest.raises(kind, match=name):
        model.fit(X, y)


def test_another_number_of_channels_is_refused() -> None:
    X, y = _waves()
    model = MSSSMClassifier(max_epochs=1, **SMALL).fit(X, y)
    with pytest.raises(ValueError, match=r"2 channels, but .* was trained on 1"):
        model.predict(np.zeros((3, 2, 30)))


def test_not_fitted_and_clone() -> None:
    model = MSSSMClassifier(**SMALL)
    with pytest.raises(NotFittedError):
        model.predict(np.zeros((3, 30)))
    assert clone(model).get_params() == model.get_params()


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    X, y = _waves()
    model = MSSSMClassifier(max_epochs=1, **SMALL)
    model.fit(X, y, channel_names=["lead II"], sampling_rate=360.0)
    model.save(tmp_path / "model.safetensors")
    return tmp_path / "model.safetensors"


def test_the_file_holds_everything(saved: Path) -> None:
    loaded = MSSSMClassifier.load(saved.parent)
    source = loaded.model_.source
    assert (source.channel_names, source.sampling_rate) == (("lead II",), 360.0)
    assert loaded.get_params()["d_model"] == 16
    assert loaded.history_["epoch"] == [1]
    header = read_header(saved)
    assert header["schema_version"] == SCHEMA_VERSION
    assert set(header["versions"]) == {"msssm-ts", "torch", "numpy", "numba", "python"}


def test_damaged_foreign_and_newer_files_are_refused(saved: Path) -> None:
    whole = saved.read_bytes()
    tensors, header = read_artifact(saved)
    for size in (0, 7, 100, len(whole) // 2, len(whole) - 1):
        saved.write_bytes(whole[:size])
        with pytest.raises(InputError, match="damaged, or not a file of msssm-ts"):
            MSSSMClassifier.load(saved)
    write_artifact(saved, tensors, header | {"schema_version": SCHEMA_VERSION + 1})
    with pytest.raises(InputError, match="update the source of msssm-ts"):
        MSSSMClassifier.load(saved)
    write_artifact(saved, tensors | {"members.0.head.bias": np.full(2, np.nan, np.float32)}, header)
    with pytest.raises(InputError, match=r"head\.bias holds NaN"):
        MSSSMClassifier.load(saved)
    write_artifact(saved, {k: v for k, v in tensors.items() if k != "members.0.head.bias"}, header)
    with pytest.raises(InputError, match="do not fit together"):
        MSSSMClassifier.load(saved)
    from safetensors.numpy import save_file

    save_file(tensors, saved)
    with pytest.raises(InputError, match="not one that msssm-ts wrote"):
        MSSSMClassifier.load(saved)
    with pytest.raises(InputError, match="no such model file"):
        MSSSMClassifier.load(saved.parent / "elsewhere")


def test_a_failed_write_leaves_the_old_file(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()
    tensors, header = read_artifact(saved)

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_disk)
    with pytest.raises(OSError, match="no space left"):
        write_artifact(saved, tensors, header)
    assert saved.read_bytes() == before
    assert [f.name for f in saved.parent.iterdir()] == [saved.name]


def test_labels_that_differ_by_spelling_alone_are_said() -> None:
    X = np.random.default_rng(0).normal(size=(12, 20))
    model = MSSSMClassifier(members=["scan_ridge"], random_state=0)
    y = np.array([" a", "a", "b", "b"] * 3)
    assert model.fit(X, y).model_.record.notes[0].startswith("took ' a' and 'a' for different")
    # What has read the labels says so itself.
    assert not model.fit(X, y, origin={"units": ["mV"]}).model_.record.notes
    assert not model.fit(X, np.arange(12) % 2).model_.record.notes
