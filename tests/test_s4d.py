"""The core whose modes oscillate: where they start, what they compute, and what for."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from commands import run
from torch import Tensor
from torch.nn.functional import cross_entropy

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.network.memory import mode_frequencies
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.cores.s4d.core import S4D
from msssm_ts.model.cores.s4d.initialisation import INITIALISATIONS
from msssm_ts.training.schedule import make_optimizer

EVERY = pytest.mark.parametrize("initialisation", list(INITIALISATIONS))


def _core(initialisation: str = "lin", **sizes: Any) -> S4D:
    config = MSSSMConfig(1, 2, core="s4d", **{"d_model": 12, "d_state": 20} | sizes)
    return S4D(config, initialisation=initialisation)


def test_legs_is_the_spectrum_of_hippo() -> None:
    """A = −√((2n + 1)(2k + 1)) below the diagonal, −(n + 1) on it; B = √(2n + 1)."""
    root = np.sqrt(2 * np.arange(10) + 1)
    A = -np.tril(np.outer(root, root), -1) - np.diag(np.arange(10) + 1)
    values, vectors = np.linalg.eig(A + np.outer(root, root) / 2)
    np.testing.assert_allclose(values.real, -0.5)
    drive = np.abs(np.linalg.solve(vectors, root))
    order = [i for i in np.argsort(values.imag) if values[i].imag > 0]
    modes = INITIALISATIONS["legs"](5)
    np.testing.assert_allclose(modes.frequency, values.imag[order])
    np.testing.assert_allclose(modes.drive, drive[order])


@EVERY
@pytest.mark.parametrize("d_state", [5, 20, 160])
def test_the_coarsest_stream_has_the_slowest_modes_and_none_folds_over(
    initialisation: str, d_state: int
) -> None:
    ssm = _core(initialisation, d_state=d_state)
    n = max(1, round(d_state / 5) // 2)
    assert ssm.frequency.shape == (5, 12, n)
    turns = ssm.decay().imag
    assert turns.min() >= 0
    assert turns.max() < 0.9 * math.pi + 1e-5
    # By a unit of Δ, or of DFouT by a step.
    turns = turns if initialisation == "dfout" else turns / ssm.log_step.double().exp()[..., None]
    slowest, fastest = turns.amin(-1).mean(-1), turns.amax(-1).mean(-1)
    assert (slowest[:-1] > fastest[1:]).all()
    expected = INITIALISATIONS[initialisation](5 * n).frequency
    if initialisation != "dfout":
        torch.testing.assert_close(turns[:, 3].flip(0).flatten(), expected, rtol=1e-4, atol=1e-5)
    steps = ssm.log_step.exp()
    assert steps.max() <= 0.1001
    assert float(ssm.log_damping.detach().exp().min()) == pytest.approx(0.5)


def test_whatever_is_learnt_a_step_is_less_than_half_a_turn() -> None:
    ssm = _core()
    with torch.no_grad():
        ssm.frequency[:] = torch.linspace(-300, 300, ssm.frequency.numel()).view_as(ssm.frequency)
        ssm.log_step[:] = math.log(0.1)
    turns = ssm.decay().imag
    assert turns.abs().max() < math.pi
    # No bound at which a mode could not be learnt away.
    turns.square().sum().backward()
    assert (ssm.frequency.grad.abs() > 1e-3).float().mean() > 0.9
    frequencies = mode_frequencies(ssm)
    torch.testing.assert_close(frequencies, ssm.decay().imag.abs() / (2 * math.pi))


def _plain(ssm: S4D, x: Tensor, s: int) -> Tensor:
    """One stream, step by step, by the textbook: A, zero-order hold, and both of each pair."""
    step = ssm.log_step[s].exp().unsqueeze(-1)
    turn = 2 * torch.atan(step * ssm.frequency[s] / 2)
    A = torch.complex(-ssm.log_damping[s].exp(), turn / step)
    C, half = torch.view_as_complex(ssm.C[s]), A.shape[-1]
    A, C = torch.cat([A, A.conj()], -1), torch.cat([C, C.conj()], -1)
    decay, drive = torch.exp(step * A), (torch.exp(step * A) - 1) / A
    h, y = torch.zeros(len(x), *A.shape, dtype=A.dtype), []
    for now in x.unbind(1):
        h = decay * h + drive * now.unsqueeze(-1)
        out = (C * h).sum(-1)
        torch.testing.assert_close(out.imag, torch.zeros_like(out.imag))
        y.append(out.real + ssm.D[s] * now)
    assert h.shape[-1] == 2 * half
    return torch.stack(y, 1)


def test_it_is_s4d_with_zero_order_hold() -> None:
    torch.manual_seed(1)
    ssm = _core("legs").double()
    streams = torch.randn(5, 3, 40, 12, dtype=torch.float64)
    found = ssm(streams, streams[0])
    plain = torch.stack([_plain(ssm, x, s) for s, x in enumerate(streams)])
    torch.testing.assert_close(found, plain, rtol=1e-10, atol=1e-10)
    weights = list(ssm.parameters())
    # The same seed for both.
    draw = torch.randn_like(found)
    ours, theirs = (torch.autograd.grad((y * draw).sum(), weights) for y in (found, plain))
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


def _tones(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two tones 5 % apart, of any phase, under noise of twice their power."""
    y = torch.randint(0, 2, (n,), generator=generator)
    turn = 2 * math.pi * 0.1 * (1 + 0.05 * y).unsqueeze(1)
    phase = 2 * math.pi * torch.rand(n, 1, generator=generator)
    noise = torch.randn(n, 200, generator=generator)
    return (torch.sin(turn * torch.arange(200) + phase) + noise).unsqueeze(-1), y


def tones_told_apart(core: str, seed: int, n_steps: int) -> float:
    """Accuracy of one layer of one scale, trained on tones that are new at every step."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    sizes = {"n_scales": 0, "d_model": 16, "n_layers": 1, "d_state": 16, "dropout": 0.0}
    network = MSSSMNetwork(MSSSMConfig(1, 2, core=core, bidirectional=False, **sizes))
    optimizer = make_optimizer(network, 1e-2, 1e-2, 0.01)
    for _ in range(n_steps):
        x, y = _tones(32, generator)
        optimizer.zero_grad()
        cross_entropy(network(x), y).backward()
        optimizer.step()
    x, y = _tones(1000, generator)
    with torch.no_grad():
        return float((network.eval()(x).argmax(1) == y).float().mean())


def test_tones_that_real_modes_cannot_tell_apart() -> None:
    """At as many real states."""
    assert tones_told_apart("s4d", 0, 120) > 0.95
    assert tones_told_apart("lti", 0, 120) < 0.75


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rhythms of 2 and 3 Hz, sampled at 50 Hz."""
    folder = tmp_path_factory.mktemp("rhythms")
    rng = np.random.default_rng(0)
    y = np.arange(16) % 2
    t, phase = np.arange(64) / 50, rng.uniform(0, 6, size=(16, 1))
    X = np.sin(2 * np.pi * (2 + y[:, None]) * t + phase) + 0.1 * rng.normal(size=(16, 64))
    np.savez(folder / "rhythms.npz", X=X[:, None], y=y, sampling_rate=50.0)
    return folder / "rhythms.npz"


def test_from_the_terminal_to_the_file(table: Path, tmp_path: Path) -> None:
    options = ("--members", "network", "--core", "s4d", "--causal", "--width", "8", "--layers", "1")
    for name in ("one", "two"):
        run("fit", table, *options, "--max-epochs", "2", "--out", tmp_path / name, "-q")
    one, two = (MSSSMClassifier.load(tmp_path / name) for name in ("one", "two"))
    weights = one.network_.state_dict()
    # As before, to the bit.
    assert all(torch.equal(w, two.network_.state_dict()[k]) for k, w in weights.items())
    with np.load(table) as arrays:
        X = arrays["X"]
    proba = one.predict_proba(X)
    assert np.ptp(proba[:, 0]) > 0
    np.testing.assert_allclose(one.stream().step(X[3])[-1], proba[3], atol=1e-5)
    out, _ = run("inspect", tmp_path / "one", "--out", tmp_path / "pictures")
    assert "modes: from slowest to fastest, in Hz" in out
    facts = json.loads(
        run("inspect", tmp_path / "one", "--json", "--out", tmp_path / "pictures", "--force")[0]
    )
    frequencies = mode_frequencies(one.network_.blocks[0].cores[0].ssm)
    assert frequencies is not None
    for row, of_stream in zip(facts["streams"], frequencies, strict=True):
        assert row["mode_slowest_hertz"] == pytest.approx(50 * float(of_stream.min()))
        assert row["mode_median"] == pytest.approx(float(of_stream.median()))
        assert row["mode_fastest_hertz"] == pytest.approx(50 * float(of_stream.max()))
        assert row["eigenvalues"][1] < 1
