"""Labels, several at once, weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from kernel_cases import relative_rms
from sklearn.metrics import f1_score

from msssm_ts import MSSSMClassifier
from msssm_ts.fitting.split import split_targets
from msssm_ts.fitting.targets import best_thresholds, check_weights, encode_targets, loss_weights
from msssm_ts.training import ClassificationLoss

SMALL = {
    "members": ["network"],
    "d_model": 16,
    "n_layers": 1,
    "learning_rate": 0.01,
    "random_state": 0,
}


def _several_labels(n: int = 120, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A slow wave, a fast one, both or none; a rarer label goes with a spike."""
    rng = np.random.default_rng(seed)
    y = np.stack([rng.random(n) < p for p in (0.5, 0.5, 0.25)], 1).astype(int)
    time = np.arange(40)
    parts = np.stack([np.sin(0.3 * time), np.sin(1.3 * time), 4.0 * (time == 20)])
    return y @ parts + 0.2 * rng.normal(size=(n, 40)), y


def test_several_labels_at_once() -> None:
    X, y = _several_labels()
    model = MSSSMClassifier(max_epochs=40, early_stopping=True, **SMALL).fit(X[:90], y[:90])
    proba = model.predict_proba(X[90:])
    assert proba.shape == (30, 3)
    assert ((proba > 0) & (proba < 1)).all()
    predicted = model.predict(X[90:])
    assert set(np.unique(predicted)) <= {0, 1}
    assert f1_score(y[90:], predicted, average="macro") > 0.9
    assert model.thresholds_.shape == (3,)


def test_several_labels_survive_a_file(tmp_path: object) -> None:
    X, y = _several_labels(60)
    model = MSSSMClassifier(max_epochs=2, early_stopping=True, **SMALL).fit(X, y)
    model.save(f"{tmp_path}/m.safetensors")
    loaded = MSSSMClassifier.load(f"{tmp_path}/m.safetensors")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_array_equal(loaded.thresholds_, model.thresholds_)


def test_thresholds_are_best_by_f1() -> None:
    rng = np.random.default_rng(0)
    truth = rng.random((200, 2)) < [0.1, 0.5]
    proba = np.clip(truth * 0.2 + rng.random((200, 2)) * 0.3, 0, 1)
    chosen = best_thresholds(proba, truth)
    for label in range(2):
        scores = [f1_score(truth[:, label], proba[:, label] >= t) for t in np.unique(proba)]
        best = f1_score(truth[:, label], proba[:, label] >= chosen[label])
        assert best == pytest.approx(max(scores))
    assert best_thresholds(proba, np.zeros((200, 2))).tolist() == [0.5, 0.5]


def test_each_label_has_the_threshold_of_its_own_column() -> None:
    truth = np.array([[1, 0, 0], [1, 0, 1], [0, 1, 1], [0, 0, 0]])
    # Present from 0.2, 0.6 and 0.9 on; absent, less than 0.1, 0.55 and 0.8.
    proba = np.where(truth, [0.2, 0.6, 0.9], [0.1, 0.55, 0.8])
    low, middle, high = best_thresholds(proba, truth)
    assert 0.1 < low <= 0.2
    assert 0.55 < middle <= 0.6
    assert 0.8 < high <= 0.9


def test_the_split_keeps_every_label() -> None:
    rng = np.random.default_rng(0)
    for seed in range(20):
        y = (rng.random((40, 6)) < [0.5, 0.3, 0.05, 0.05, 0.03, 0.03]).astype(int)
        targets = encode_targets(y)
        kept, aside = split_targets(targets, 0.3, seed)
        assert sorted([*kept, *aside]) == list(range(40))
        assert (y[kept].any(0) == y.any(0)).all()
        assert len(aside) >= 5


@pytest.mark.parametrize("several", [False, True])
def test_weight_k_counts_like_k_copies_in_the_loss(several: bool) -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(4, 3, generator=generator, dtype=torch.float64)
    y = np.array([[0, 1, 1], [1, 0, 0], [0, 0, 1], [1, 1, 1]]) if several else [0, 1, 2, 1]
    targets, counts = encode_targets(y), np.array([1, 3, 2, 1])
    copies = np.repeat(np.arange(4), counts)
    weights, _ = loss_weights(targets, counts.astype(float), None)
    assert weights is not None
    loss = ClassificationLoss(label_smoothing=0.1)
    encoded = torch.from_numpy(targets.encoded)
    weighted = loss(logits, encoded, torch.from_numpy(weights))
    repeated = loss(logits[copies], encoded[copies])
    assert relative_rms(weighted, repeated) < 1e-14


def test_weight_zero_is_absence() -> None:
    X, y = _several_labels()
    labels, absent = y[:, 0], np.arange(120) % 3 == 0
    X[absent] = 1e6
    ones = MSSSMClassifier(max_epochs=2, **SMALL).fit(X[~absent], labels[~absent])
    zeros = MSSSMClassifier(max_epochs=2, **SMALL).fit(X, labels, sample_weight=~absent)
    np.testing.assert_array_equal(zeros.predict_proba(X), ones.predict_proba(X))


def test_class_weights_move_the_answer() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 20)), np.arange(200) % 10 == 0
    shares = [
        MSSSMClassifier(max_epochs=6, class_weight=w, **SMALL)
        .fit(X, y)
        .predict_proba(X)[:, 1]
        .mean()
        for w in (None, "balanced", {False: 1.0, True: 100.0})
    ]
    assert shares[0] < 0.25 < shares[1] < shares[2]


def test_weights_are_as_given_zeros_too() -> None:
    assert check_weights([0.0, 2.0, 0.0, 0.5], 4).tolist() == [0.0, 2.0, 0.0, 0.5]
    assert check_weights(None, 3).tolist() == [1.0, 1.0, 1.0]


def test_class_weights_multiply_the_series_weights() -> None:
    targets = encode_targets(["a", "b", "b", "b"])
    weights, positive = loss_weights(targets, np.ones(4), "balanced")
    assert positive is None
    np.testing.assert_allclose(weights, [2.0, 2 / 3, 2 / 3, 2 / 3])  # type: ignore[arg-type]
    weights, _ = loss_weights(targets, np.array([1.0, 0.0, 1.0, 1.0]), {"a": 6.0, "b": 1.0})
    np.testing.assert_allclose(weights, [3.0, 0.0, 0.5, 0.5])  # type: ignore[arg-type]
    assert loss_weights(targets, np.full(4, 7.0), None) == (None, None)


def test_class_weights_of_several_labels() -> None:
    targets = encode_targets([[1, 0], [0, 0], [0, 1], [0, 1]])
    _, positive = loss_weights(targets, np.ones(4), "balanced")
    assert positive is not None
    assert positive.tolist() == [3.0, 1.0]
    _, positive = loss_weights(targets, np.ones(4), {1: 7.0})
    assert positive is not None
    assert positive.tolist() == [1.0, 7.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sample_weight": np.ones(3)}, "sample_weight"),
        ({"sample_weight": np.zeros(120)}, "at least one non-zero"),
        ({"sample_weight": -np.ones(120)}, "[Nn]egative"),
        ({"y": None}, "requires y to be passed"),
        ({"y": np.full(120, np.nan)}, "y contains NaN"),
        ({"y": np.random.default_rng(0).random((120, 2))}, "Unknown label type|1d array"),
    ],
)
def test_bad_labels_and_weights_are_refused(change: dict[str, object], message: str) -> None:
    X, y = _several_labels()
    with pytest.raises(ValueError, match=message):
        MSSSMClassifier(max_epochs=1, **SMALL).fit(**{"X": X, "y": y[:, 0]} | change)


@pytest.mark.parametrize(
    ("y", "said"),
    [
        ([[0, 2], [2, 2], [0, 0]], "must be 0 and 1, but holds 2"),
        (np.array([[-1, 1], [1, 1]]), "must be 0 and 1, but holds -1"),
        ([["a"], ["a", "b"], []], "MultiLabelBinarizer"),
        (np.array(["a", 1, "b"], dtype=object), "text, such as 'a', and numbers, such as 1"),
    ],
)
def test_labels_that_are_none(y: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        encode_targets(y)
