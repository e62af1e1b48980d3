"""The member on shapelets: its kernel, what is drawn, its file, and what it answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from msssm_ts import MSSSMClassifier
from msssm_ts.kernels import use_backend
from msssm_ts.kernels.shapelets import GROUP, TAPS, shapelet_features
from msssm_ts.members.member import State
from msssm_ts.members.problem import Problem
from msssm_ts.members.shapelet_ridge import shapelet_ridge as module
from msssm_ts.members.shapelet_ridge.features import LONGEST_LAG, ShapeletFeatures
from msssm_ts.members.shapelet_ridge.shapelet_ridge import ShapeletRidge
from msssm_ts.members.tensors import check_shapes
from msssm_ts.series import Prepared

LENGTHS = (1, 2, 3, 11, 40, 90)


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "N_GROUPS", 10)


def _series(n_channels: int = 2, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(n_channels, l)).astype(np.float32) for l in LENGTHS * 4]


def _fitted(n_channels: int = 2, seed: int = 0, **more: Any) -> tuple[ShapeletRidge, list]:
    series = _series(n_channels)
    problem = Problem.of(series, np.arange(len(series)) // 6 % 2, 2, **more)
    return ShapeletRidge.fit(problem, seed), series


def _group(seed: int = 0, n: int = 6, n_channels: int = 2) -> tuple:
    rng = np.random.default_rng(seed)
    mix = (rng.random((n, n_channels)) < 0.7).astype(np.float32)
    lags, scaled = np.array([1, 2, 4, 3, 7, 1])[:n], np.arange(n) % 3 > 0
    s = rng.normal(size=(n, TAPS, GROUP))
    s = ((s - s.mean(1, keepdims=True)) / s.std(1, keepdims=True)).astype(np.float32)
    return mix, lags, scaled, s, np.where(scaled[:, None], 3.0, -9.0) * np.ones((1, GROUP), "f4")


def test_the_kernel_equals_the_reference() -> None:
    series, group = _series(), _group()
    fast = shapelet_features(series, *group)
    with use_backend("reference"):
        plain = shapelet_features(
            series, *(a.astype("f4") if a.dtype == "f8" else a for a in group)
        )
    assert fast.shape == (24, 6, 2, GROUP)
    np.testing.assert_allclose(fast[:, :, 0], plain[:, :, 0], rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(fast[:, :, 1:], plain[:, :, 1:], atol=1e-6)


@pytest.mark.parametrize("scaled", [True, False])
def test_a_series_own_piece_is_found_where_it_was(scaled: bool) -> None:
    x = np.random.default_rng(1).normal(size=(1, 80)).astype(np.float32)
    piece = x[0, 20 + 3 * np.arange(TAPS)]
    s = (piece - piece.mean()) / piece.std() if scaled else piece
    s = np.repeat(s[None, :, None], GROUP, 2)
    best = TAPS if scaled else 0.5 * np.square(piece).sum()
    group = np.ones((1, 1), "f4"), np.array([3]), np.array([scaled]), s
    other = 5 * x + 3 if scaled else x
    found = shapelet_features([other], *group, np.full((1, GROUP), best - 0.01, "f4"))[0, 0, :, 0]
    # 50 windows; the piece is one of them, and nothing else is as near.
    assert found == pytest.approx([best, 1 / 50], rel=1e-4)


def test_what_is_flat_fits_nothing() -> None:
    mix, lags, _, s, thresholds = _group()
    given = mix, lags, np.full(6, True), s, np.full_like(thresholds, 3)
    found = shapelet_features([np.full((2, 50), 7.1, np.float32)], *given)
    np.testing.assert_allclose(found[:, :, 0], 0, atol=1e-2)
    assert found[:, :, 1].max() == 0


def test_shapelets_are_pieces_of_training_series() -> None:
    series = [x for x in _series(1) if x.shape[1] == 90]
    problem = Problem.of(series, np.arange(4) % 2, 2)
    features, _ = ShapeletFeatures.draw(problem, 0, 10)
    assert features.lags.min() == 1
    assert 5 <= features.lags.max() <= 8
    assert features.scaled.mean() == pytest.approx(0.8)
    for v, g in ((0, 0), (1, 0), (0, 5), (1, 5)):
        lag, s = features.lags[v, g], features.shapelets[v, g]
        views = [np.diff(x[0]) if v else x[0] for x in series]
        steps = lag * np.arange(TAPS)
        pieces = np.concatenate([y[np.arange(len(y) - steps[-1])[:, None] + steps] for y in views])
        if features.scaled[v, g]:
            pieces = (pieces - pieces.mean(1, keepdims=True)) / pieces.std(1, keepdims=True)
        nearest = np.abs(pieces[:, :, None] - s).max(1).min(0)
        assert nearest.max() < 1e-3
    # A twentieth to a tenth of the windows of a series of the class are good.
    shares = features.transform(series).reshape(4, 20, 2, GROUP)[:, :, 1] ** 2
    assert 0.03 < np.median(shares) < 0.12


def test_thresholds_come_from_a_series_of_the_same_label() -> None:
    """Inside a class series are all alike: a twentieth to a tenth of the windows is good there."""
    t = np.arange(60.0)
    kinds = [np.sin(0.5 * t), np.sin(2 * t)]
    series = [kinds[k][None].astype("f4") for k in (0, 0, 0, 1, 1, 1)]
    features, _ = ShapeletFeatures.draw(Problem.of(series, np.arange(6) // 3, 2), 0, 10)
    shares = features.transform(series).reshape(6, 20, 2, GROUP)[:, :, 1] ** 2
    assert (shares.max(0) > 0.02).all()
    assert (shares.max(0) < 0.15).all()


def test_answers_do_not_depend_on_what_comes_along_or_on_threads() -> None:
    member, series = _fitted()
    together = member.predict_proba(Prepared.of(series))
    alone = np.concatenate([member.predict_proba(Prepared.of([s])) for s in series])
    assert np.array_equal(together, alone)
    threads, many = torch.get_num_threads(), [np.tile(s, 300) for s in series]
    known = member.features.transform(many)
    try:
        torch.set_num_threads(3)
        assert np.array_equal(member.features.transform(many), known)
    finally:
        torch.set_num_threads(threads)
    again, _ = _fitted()
    assert np.array_equal(again.predict_proba(Prepared.of(series)), together)
    other, _ = _fitted(seed=1)
    assert not np.array_equal(other.features.shapelets, member.features.shapelets)
    assert member.transform(Prepared.of(series)).shape == (24, member.n_features)


def test_a_file_holds_what_it_says_and_answers_the_same() -> None:
    member, series = _fitted()
    state, values = member.state(), Prepared.of(series)
    check_shapes(ShapeletRidge.expected(state.facts, 2, 2, multilabel=False), state.arrays)
    loaded = ShapeletRidge.from_state(state, multilabel=False)
    assert np.array_equal(loaded.predict_proba(values), member.predict_proba(values))
    for name, bad in (
        ("lags", 0), ("lags", LONGEST_LAG + 1), ("shapelets", np.inf), ("mix", np.nan),
        ("thresholds", np.nan), ("scale", -1.0), ("coefficients", np.inf),
    ):  # fmt: skip
        arrays = {k: v.copy() for k, v in state.arrays.items()}
        arrays[name].flat[0] = bad
        with pytest.raises(ValueError, match=f"^{name} must lie"):
            ShapeletRidge.from_state(State(arrays, state.facts), multilabel=False)
    with pytest.raises(ValueError, match="n_groups"):
        ShapeletRidge.expected(state.facts | {"n_groups": 1 << 40}, 2, 2, multilabel=False)


def test_several_labels_weights_groups_and_gaps() -> None:
    rng = np.random.default_rng(0)
    matrix = (rng.random((60, 2)) < 0.5).astype(int)
    t = np.arange(50)
    X = matrix @ np.stack([np.sin(0.3 * t), np.sin(1.1 * t)]) + 0.3 * rng.normal(size=(60, 50))
    model = MSSSMClassifier(members=["shapelet_ridge"], missing="mask", random_state=0)
    assert ((model.fit(X, matrix).predict_proba(X) > 0.5) == matrix).mean() > 0.9
    y = matrix[:, 0]
    plain = model.fit(X, y).model_.vote.members[0]
    weighted = model.fit(X, y, np.where(np.arange(60) < 10, 5.0, 1.0)).model_.vote.members[0]
    grouped = model.fit(X, y, groups=np.arange(60) // 4).model_.vote.members[0]
    assert isinstance(plain, ShapeletRidge)
    assert isinstance(weighted, ShapeletRidge)
    assert isinstance(grouped, ShapeletRidge)
    assert not np.array_equal(plain.ridge.coefficients, weighted.ridge.coefficients)
    assert plain.ridge.temperature != grouped.ridge.temperature
    X[:, 10:14] = np.nan
    assert model.fit(X, y).score(X, y) > 0.9


def test_the_graph_answers_the_same() -> None:
    from msssm_ts.members.graph import GraphInput

    member, series = _fitted()
    length = torch.tensor([x.shape[1] for x in series])
    x = torch.zeros(len(series), 2, 90)
    for row, s in zip(x, series, strict=True):
        row[:, : s.shape[1]] = torch.from_numpy(s)
    graph = ShapeletRidge.graph([member, member], [0.25, 0.5], 2)
    found = graph(GraphInput(x, x, length, torch.ones(len(series), 90, dtype=torch.bool)))
    wanted = 0.75 * member.predict_proba(Prepared.of(series))
    np.testing.assert_allclose(found.numpy(), wanted, atol=1e-5)
