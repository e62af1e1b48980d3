from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from msssm_ts import MSSSMClassifier
from msssm_ts.kernels import use_backend
from msssm_ts.kernels.threshold_pools import threshold_pools
from msssm_ts.members.drawn_network import drawn_network as module
from msssm_ts.members.drawn_network.drawn_network import DrawnMember
from msssm_ts.members.member import State
from msssm_ts.members.problem import Problem
from msssm_ts.members.tensors import check_shapes
from msssm_ts.model import MSSSMConfig
from msssm_ts.model.drawn import DrawnNetwork
from msssm_ts.model.minimal import SSM, Decomposition
from msssm_ts.parameters import specs
from msssm_ts.series import Prepared

SMALL = {"d_model": 16, "random_state": 0}


def _waves(n: int = 50, length: int = 60, noise: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    X = noise * rng.normal(size=(n, 1, length)) + np.sin(np.arange(length) / (2 + y[:, None, None]))
    return X, y


def _parameters(**more: Any) -> dict[str, Any]:
    return {**{name: default for name, default, _ in specs()}, "d_model": 16, **more}


def _member(n_channels: int = 1, **more: Any) -> tuple[DrawnMember, list[np.ndarray]]:
    """A member of two classes, and series of unequal length that it has learned from."""
    rng = np.random.default_rng(0)
    lengths = [1, 2, 3, *rng.integers(4, 40, 17)]
    series = [rng.normal(size=(n_channels, n)).astype(np.float32) for n in lengths]
    problem = Problem.of(series, np.arange(20) % 2, 2)
    return DrawnMember.fit(problem, 0, _parameters(**more)), series


@pytest.mark.parametrize(("core", "n_scales"), [("lti", 0), ("lti", 2), ("s6", 2)])
def test_features_are_those_of_plain_loops(core: str, n_scales: int) -> None:
    config = MSSSMConfig(3, 2, n_scales=n_scales, d_model=6, kernel_size=3, core=core, n_layers=1)
    torch.manual_seed(0)
    network = DrawnNetwork(config)
    x, lengths = torch.randn(4, 11, 3), torch.tensor([11, 1, 2, 7])
    network.calibrate(x, lengths)
    found = network(x, lengths)
    bank, scans = Decomposition(6, n_scales, 3), SSM(config)
    bank.load_state_dict(network.decomposition.state_dict())
    scans.load_state_dict(network.ssm.state_dict())
    for i, n in enumerate(lengths.tolist()):
        one = x[i, :n]
        views = torch.cat([one, torch.diff(one, dim=0, prepend=one[:1])], 1)
        signal = torch.stack(
            [
                sum(
                    (network.weights[k, c] * views[:, network.channels[k, c]] for k in range(3)),
                    start=torch.zeros(n),
                )
                for c in range(6)
            ],
            1,
        )
        signal = ((signal - network.offset) * network.gain).unsqueeze(0)
        y = scans(bank(signal), signal)[0]
        expected = []
        for s in range(config.n_streams):
            for q in range(3):
                excess = (y[:, s] - network.thresholds[s, :, q]) / network.scale[s]
                expected.append((10 * excess + 0.5).clamp(0, 1).mean(0))
                expected.append(excess.clamp(min=0).mean(0))
        torch.testing.assert_close(found[i], torch.cat(expected), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("d", "length"), [(1, 1), (5, 67), (19, 130)])
def test_pools_are_those_of_the_reference(dtype: torch.dtype, d: int, length: int) -> None:
    torch.manual_seed(0)
    y = torch.randn(2, 3, length, d, dtype=dtype)
    thresholds, scale = torch.randn(2, d, 3, dtype=dtype), torch.rand(2, d, dtype=dtype) + 0.1
    lengths = torch.tensor([length, 1, max(1, length // 2)])
    found = threshold_pools(y, thresholds, scale, lengths)
    with use_backend("reference"):
        expected = threshold_pools(y, thresholds, scale, lengths)
    assert found.shape == (3, 2, 3, 2, d)
    torch.testing.assert_close(found, expected)
    # What lies behind the end of a series is of no account.
    y[:, 1, 1:] = 1e6
    assert torch.equal(threshold_pools(y, thresholds, scale, lengths), found)


@pytest.mark.parametrize("n_taps", [1, 2, 3, 8, 9])
def test_filters_are_drawn_with_mean_zero(n_taps: int) -> None:
    torch.manual_seed(0)
    bank = DrawnNetwork(MSSSMConfig(1, 2, d_model=16, kernel_size=n_taps)).decomposition
    torch.testing.assert_close(bank.phi.sum(-1), torch.ones(3, 16))
    mean = bank.psi.mean(-1)
    torch.testing.assert_close(mean, torch.full_like(mean, float(n_taps == 1)), atol=1e-6, rtol=0)
    assert n_taps == 1 or len(bank.psi.flatten(0, 1).unique(dim=0)) > 1
    assert (bank.psi > 0).sum(-1).unique().tolist() == [max(1, n_taps // 3)]


def test_half_of_the_channels_read_differences() -> None:
    torch.manual_seed(0)
    network = DrawnNetwork(MSSSMConfig(5, 2, d_model=64))
    used = torch.where(network.weights != 0, network.channels, -1)
    assert network.channels[:, :32].min() >= 0
    assert network.channels[:, :32].max() < 5
    assert network.channels[:, 32:].min() >= 5
    assert network.channels[:, 32:].max() < 10
    count = (used >= 0).sum(0)
    assert (count >= 1).all()
    assert count.unique().tolist() == [1, 2, 3, 4]
    # A channel is mixed in once only.
    assert all(len(column.unique()) == 4 for column in network.channels.mT)


def test_thresholds_lie_among_the_streams_values() -> None:
    torch.manual_seed(0)
    network = DrawnNetwork(MSSSMConfig(1, 2, d_model=16))
    x = 100 + 5 * torch.randn(20, 50, 1)
    network.calibrate(x)
    y = network.streams(x).flatten(1, 2)
    above = (y.unsqueeze(-1) > network.thresholds.unsqueeze(1)).float().mean(1)
    assert 0 < above.min() < 0.2
    assert 0.8 < above.max() < 1
    torch.testing.assert_close(network.scale, y.std(1, correction=0), rtol=1e-4, atol=1e-5)
    assert network.signal(x).mean().abs() < 1e-3


@pytest.mark.parametrize("core", ["lti", "s6", "s4d"])
def test_answers_do_not_depend_on_what_comes_along(core: str) -> None:
    member, series = _member(2, core=core)
    together = member.predict_proba(Prepared.of(series))
    alone = np.concatenate([member.predict_proba(Prepared.of([s])) for s in series])
    assert np.array_equal(together, alone)
    assert member.transform(Prepared.of(series)).shape == (20, member.n_features)


def test_a_file_holds_what_it_says_and_answers_the_same() -> None:
    member, series = _member(2, n_scales=1)
    state = member.state()
    specs = DrawnMember.expected(state.facts, 2, 2, multilabel=False)
    check_shapes(specs, state.arrays)
    loaded = DrawnMember.from_state(state, multilabel=False)
    values = Prepared.of(series)
    assert np.array_equal(loaded.predict_proba(values), member.predict_proba(values))
    with pytest.raises(ValueError, match="2 channels to 2 outputs"):
        DrawnMember.expected(state.facts, 3, 2, multilabel=False)
    for name, bad in (("channels", 4), ("scale", 0.0)):
        arrays = {k: v.copy() for k, v in state.arrays.items()}
        arrays[f"network.{name}"].flat[0] = bad
        with pytest.raises(ValueError, match=f"network.{name}"):
            DrawnMember.from_state(State(arrays, state.facts), multilabel=False)


def test_settings_of_the_network_act_on_few_series() -> None:
    X, y = _waves(noise=2.0)
    answers = []
    for more in ({"n_scales": 0}, {}, {"n_scales": 5}, {"core": "s6"}, {"core": "s4d"}):
        model = MSSSMClassifier(**SMALL, **more).fit(X[:40], y[:40])
        assert "nothing to act on" not in " ".join(model.model_.record.notes)
        answers.append(model.predict_proba(X[40:]))
        assert model.score(X[40:], y[40:]) > 0.6
    for i, one in enumerate(answers):
        assert all(np.abs(one - other).max() > 1e-3 for other in answers[:i])
    model = MSSSMClassifier(**SMALL, n_layers=2).fit(X[:40], y[:40])
    assert "without a network, n_layers=2 had nothing to act on" in model.model_.record.notes


def test_several_labels_weights_and_groups() -> None:
    X, y = _waves()
    both = np.stack([y, 1 - y], 1)
    model = MSSSMClassifier(members=["drawn_network"], **SMALL)
    proba = model.fit(X, both).predict_proba(X)
    assert ((proba > 0.5) == both).mean() > 0.9
    plain = model.fit(X, y).model_.vote.members[0]
    weighted = model.fit(X, y, np.where(np.arange(50) < 10, 5.0, 1.0)).model_.vote.members[0]
    assert isinstance(plain, DrawnMember)
    assert isinstance(weighted, DrawnMember)
    assert not np.array_equal(plain.ridge.coefficients, weighted.ridge.coefficients)
    assert 0.5 < plain.ridge.left_out_accuracy <= 1
    assert math.isfinite(plain.ridge.temperature)


def test_it_is_left_out_where_the_series_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = _waves()
    kinds = [member.kind for member in MSSSMClassifier(**SMALL).fit(X, y).model_.vote.members]
    assert kinds[-2:] == ["drawn_network", "encoder_ridge"]
    monkeypatch.setattr(module, "_MOST_STEPS", X.size - 1)
    model = MSSSMClassifier(**SMALL, n_scales=2).fit(X, y).model_
    assert [member.kind for member in model.vote.members] == [*kinds[:-2], "encoder_ridge"]
    said = model.record.notes
    assert "no drawn_network votes: the series are too many or too long for it" in said
    assert "without a network, n_scales=2, d_model=16 had nothing to act on" in said
    named = MSSSMClassifier(members=["drawn_network"], **SMALL).fit(X, y).model_
    assert [member.kind for member in named.vote.members] == ["drawn_network"]
