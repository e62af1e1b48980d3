"""Cores with a nonlinear recurrence: what they can keep, and how they begin."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from sklearn.utils.estimator_checks import estimator_checks_generator
from torch import Tensor

from msssm_ts import MSSSMClassifier
from msssm_ts.kernels.diagonal_recurrence import diagonal_recurrence
from msssm_ts.kernels.diagonal_recurrence.reference import states_of
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.cores.gated import GatedCore

EVERY = pytest.mark.parametrize("core", ["gru", "lstm"])


def _events(n: int, length: int, seed: int = 5) -> tuple[Tensor, Tensor]:
    """Series of rare events in noise (n, length), and whether they are odd in number so far."""
    draw = torch.Generator().manual_seed(seed)
    event = torch.rand(n, length, generator=draw) < 0.1
    noise = 0.1 * torch.randn(n, length, generator=draw)
    return event + noise, event.cumsum(1) % 2 == 1


def test_one_unit_flips_at_every_event() -> None:
    """By hand: an event opens the gate, and then the opposite of the state is written."""
    x, odd = _events(8, 300)
    # z = σ(40 (x − ½)), r = 1, c = tanh(4 x − 8 h): from 0 or −1 to 1, from 1 to −1.
    units = [torch.tensor(v).view(-1, 1, 1) for v in ([40.0, 0, 4], [0.0, 0, -8], [-20.0, 30])]
    y = diagonal_recurrence("gru", x[..., None], *units, torch.ones(1, 1), torch.zeros(1))
    assert torch.equal(y[..., 0] > 0.5, odd)


def _closest(core: str, seed: int) -> float:
    """The correlation of the best unit, or of a linear core's best output, with the parity."""
    x, odd = _events(300, 40)
    torch.manual_seed(seed)
    network = MSSSMNetwork(MSSSMConfig(1, 2, core=core, bidirectional=False, n_layers=1))
    block = network.blocks[0]
    ssm = block.cores[0].ssm
    with torch.no_grad():
        signal = block.input(block.norm(network.stem(((x - x.mean()) / x.std())[..., None])))
        streams = block.cores[0].decomposition.streams(signal)
        if isinstance(ssm, GatedCore):
            inputs = streams.permute(1, 2, 0, 3).flatten(2)
            last = states_of(core, inputs, *ssm.weights())[:, -1, 0].flatten(1)
        else:
            last = ssm(streams, signal)[:, :, -1].transpose(0, 1).flatten(1)
    labels = odd[:, -1:].float()
    both = torch.cat([labels, last + 1e-6 * torch.rand(last.shape)], 1)
    return float(torch.corrcoef(both.T)[0, 1:].abs().max())


@EVERY
def test_units_that_track_parity_are_there_from_the_start(core: str) -> None:
    """What training has to find then is which ones: gates too mild leave nothing to find."""
    assert min(_closest(core, seed) for seed in range(3)) > 0.8
    assert _closest("lti", 0) < 0.3


@EVERY
def test_memories_begin_log_uniform(core: str) -> None:
    torch.manual_seed(0)
    ssm = MSSSMNetwork(MSSSMConfig(1, 2, core=core, n_layers=1)).blocks[0].cores[0].ssm
    # The share of a state that a step keeps where the signal is 0.
    share = torch.sigmoid(ssm.bias[0] if core == "lstm" else -ssm.bias[0])
    steps = (1 / (1 - share)).detach().log()
    edges = torch.linspace(np.log(2.0), np.log(500.0), 5)
    parts = torch.histogram(steps.flatten(), edges).hist / steps.numel()
    torch.testing.assert_close(parts, torch.full((4,), 0.25), rtol=0, atol=0.06)


@EVERY
def test_where_nothing_comes_in_a_unit_stays(core: str) -> None:
    ssm = MSSSMNetwork(MSSSMConfig(1, 2, core=core, n_layers=1)).blocks[0].cores[0].ssm
    silent = torch.zeros(ssm.C.shape[1], 1, 9, ssm.C.shape[2])
    assert not ssm(silent, silent[0]).any()


@EVERY
def test_fits_alike_twice_and_survives_a_few_checks(core: str) -> None:
    settings = {"members": ["network"], "core": core, "d_model": 8, "n_layers": 1, "d_state": 4}
    model = MSSSMClassifier(**settings, max_epochs=2, random_state=0, n_scales=1)
    X = np.random.default_rng(0).normal(size=(12, 2, 15))
    first, second = (model.fit(X, np.arange(12) % 3).predict_proba(X) for _ in range(2))
    assert np.array_equal(first, second)
    wanted = ("check_estimators_pickle", "check_methods_subset_invariance", "check_dict_unchanged")
    checks = [c for c in estimator_checks_generator(model) if c[1].func.__name__ in wanted]
    assert len(checks) >= 3
    for estimator, check in itertools.islice(checks, 4):
        check(estimator)
