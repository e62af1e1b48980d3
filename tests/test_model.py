from __future__ import annotations

import math
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn.functional import silu, softplus

from msssm_ts.kernels import selective_scan, use_backend
from msssm_ts.model import MSSSM, MSSSMConfig, MSSSMNetwork
from msssm_ts.model.block import ChannelDropout
from msssm_ts.model.classifier import counted_steps, pool
from msssm_ts.model.cores.diagonal import scale_dependent_diagonal
from msssm_ts.model.cores.lti.core import LTI
from msssm_ts.model.cores.s6.core import S6
from msssm_ts.model.decomposition import MultiScaleDecomposition
from msssm_ts.model.stem import FilterBankStem, gabor_filters
from msssm_ts.training.schedule import make_optimizer


def _config(**changes: object) -> MSSSMConfig:
    return MSSSMConfig(**{"n_channels": 2, "n_outputs": 3, "d_model": 16, "n_layers": 2} | changes)  # type: ignore[arg-type]


def test_diagonal_is_s4d_real_shared_out_over_the_scales() -> None:
    diagonal = scale_dependent_diagonal(5, 4)
    assert diagonal.flip(0).flatten().tolist() == [-float(i) for i in range(1, 21)]
    assert diagonal[-1].tolist() == [-1, -2, -3, -4]
    ssm = S6(_config(d_model=8, n_scales=3, d_state=20))
    torch.testing.assert_close(ssm.A[:, 3], diagonal)


def test_initial_steps_lie_in_their_range() -> None:
    step = LTI(_config(d_model=64), dt_min=1e-3, dt_max=1e-1).initial_step
    assert step.min() >= 1e-3 * 0.99
    assert step.max() <= 1e-1 * 1.01


@pytest.mark.parametrize("n_scales", [0, 1, 2, 3, 4, 6])
def test_effective_state_is_kept(n_scales: int) -> None:
    config = _config(n_scales=n_scales, d_state=20)
    effective = config.n_streams * config.stream_state
    assert abs(effective - 20) <= config.n_streams / 2


def test_every_stream_has_a_state_however_small_the_whole() -> None:
    assert _config(n_scales=6, d_state=1).stream_state == 1


def test_the_layer_is_what_the_equations_say() -> None:
    """A direct transcription with loops, one series, one channel at a time."""
    torch.manual_seed(1)
    config = _config(d_model=4, n_scales=2, kernel_size=3, d_state=8)
    layer = MSSSM(config).double()
    x, gate = torch.randn(2, 9, 4, dtype=torch.float64)
    bands = [x]
    a = x
    for s in range(2):
        filtered = []
        for taps in (layer.decomposition.phi[s], layer.decomposition.psi[s]):
            out = torch.zeros_like(x)
            for t in range(9):
                for k in range(3):
                    if t - 2**s * k >= 0:
                        out[t] += taps[:, k] * a[t - 2**s * k]
            filtered.append(out)
        bands.append(filtered[1])
        a = filtered[0]
    bands.append(a)
    B, C, dt, weight = layer.ssm.read(x[None])
    E = layer.mixer(x[None])[0]
    expected = torch.zeros_like(x)
    for s, band in enumerate(bands):
        h = torch.zeros(4, 2, dtype=torch.float64)
        for t in range(9):
            delta = torch.log1p(torch.exp(weight[s] @ dt[0, t, s] + layer.ssm.dt_bias[s]))[:, None]
            h = torch.exp(delta * layer.ssm.A[s]) * h + delta * B[0, t, s] * band[t][:, None]
            y = h @ C[0, t, s] + layer.ssm.D[s] * band[t]
            expected[t] += E[t, s] * y
    expected = expected * gate / (1 + torch.exp(-gate))
    torch.testing.assert_close(layer(x[None], gate[None])[0], expected)


@pytest.mark.parametrize("core", ["s6", "lti"])
@pytest.mark.parametrize("bidirectional", [False, True])
def test_batched_equals_one_by_one(core: str, bidirectional: bool) -> None:
    network = MSSSMNetwork(_config(core=core, bidirectional=bidirectional)).eval()
    lengths = torch.tensor([60, 1, 33, 2])
    x = torch.randn(4, 60, 2)
    together = network(x, lengths)
    for i, length in enumerate(lengths.tolist()):
        alone = network(x[i : i + 1, :length])
        torch.testing.assert_close(together[i : i + 1], alone, rtol=0, atol=1e-6)


@pytest.mark.parametrize("core", ["s6", "lti"])
def test_a_causal_network_does_not_see_the_future(core: str) -> None:
    network = MSSSMNetwork(_config(core=core, bidirectional=False, pooling="last")).eval()
    x = torch.randn(1, 40, 2)
    before = network(x, torch.tensor([25]))
    x[:, 25:] = 100.0
    torch.testing.assert_close(before, network(x, torch.tensor([25])), rtol=0, atol=0)
    both = MSSSMNetwork(_config(core=core, pooling="mean")).eval()
    y = torch.randn(1, 40, 2)
    changed = y.clone()
    changed[:, -1] += 1
    features = [b(both.stem(v)) for v in (y, changed) for b in both.blocks[:1]]
    assert not torch.equal(features[0][:, 0], features[1][:, 0])


def test_fast_and_reference_networks_agree() -> None:
    network = MSSSMNetwork(_config()).double().eval()
    x, lengths = torch.randn(3, 30, 2, dtype=torch.float64), torch.tensor([30, 4, 17])
    results = []
    for backend in ("numba", "reference"):
        with use_backend(backend):
            network.zero_grad()
            logits = network(x, lengths)
            logits.square().sum().backward()
            results.append([logits, *(p.grad for p in network.parameters())])
    for fast, truth in zip(*results, strict=True):
        torch.testing.assert_close(fast, truth)


@pytest.mark.parametrize("core", ["s6", "lti"])
def test_compile_and_export(core: str) -> None:
    network = MSSSMNetwork(_config(core=core, n_layers=1)).eval()
    x = torch.randn(2, 20, 2)
    with torch.no_grad():
        expected = network(x)
        compiled = torch.compile(network, backend="aot_eager", fullgraph=True)
        torch.testing.assert_close(compiled(x), expected)
    batch, length = torch.export.Dim("batch"), torch.export.Dim("length")
    sizes = {"x": {0: batch, 1: length}, "lengths": {0: batch}}
    program = torch.export.export(network, (x, torch.tensor([20, 7])), dynamic_shapes=sizes)
    longer, lengths = torch.randn(3, 90, 2), torch.tensor([90, 1, 33])
    exported = program.module()(longer, lengths)
    torch.testing.assert_close(exported, network(longer, lengths))
    network.train()
    trained = torch.compile(network, backend="aot_eager", fullgraph=True)
    trained(x).sum().backward()
    assert all(p.grad is not None for p in network.parameters())


def test_dropout_drops_whole_channels_of_a_series() -> None:
    torch.manual_seed(0)
    x = torch.rand(16, 9, 32) + 1
    dropped = ChannelDropout(0.25)(x)
    kept = dropped != 0
    assert torch.equal(kept, kept[:, :1].expand_as(kept))
    assert not torch.equal(kept, kept[:1].expand_as(kept))
    torch.testing.assert_close(dropped[kept], (x / 0.75)[kept])
    assert ChannelDropout(0.25).eval()(x) is x


def test_pooling_ignores_padding() -> None:
    x = torch.randn(2, 5, 3)
    lengths = torch.tensor([3, 5])
    x[0, 3:] = math.inf
    counted = counted_steps(5, lengths, None)
    assert torch.equal(pool(x, counted, "last"), torch.stack([x[0, 2], x[1, 4]]))
    torch.testing.assert_close(pool(x, counted, "mean")[0], x[0, :3].mean(0))
    torch.testing.assert_close(pool(x, counted, "max")[0], x[0, :3].amax(0))
    both = torch.cat([x[0, :3].mean(0), x[0, :3].amax(0)])
    torch.testing.assert_close(pool(x, counted, "mean_max")[0], both)


def test_pooling_ignores_steps_that_are_missing() -> None:
    torch.randn(2, 5, 3)
    observed = torch.tensor([[1, 0, 1, 1, 0], [1, 1, 1, 1, 1]], dtype=torch.bool)
    counted = counted_steps(5, torch.tensor([3, 5]), observed)
    assert counted.tolist() == [[True, False, True, False, False], [True] * 5]


def _identity_stem(stride: int) -> FilterBankStem:
    """A filter bank of one channel whose output is its features: log-energies, then the level."""
    stem = FilterBankStem(1, 41, stride)
    with torch.no_grad():
        stem.projection.weight.copy_(torch.eye(41))
        stem.projection.bias.zero_()
    return stem


@pytest.mark.parametrize("number", [8, 20, 33])
def test_the_filter_nearest_to_a_tone_answers_most(number: int) -> None:
    stem = _identity_stem(40)
    spectrum = torch.fft.rfft(stem.filters[2 * number, 0].detach(), 4096).abs()
    frequency = int(spectrum.argmax()) / 4096
    tone = torch.sin(2 * math.pi * frequency * torch.arange(2000.0))[None, :, None]
    with torch.no_grad():
        energies = stem(tone)[0, 10:-10, :40]
        assert (energies.argmax(1) == number).all()
        # Log-energies: twice the amplitude is four times the energy.
        louder = stem(2 * tone)[0, 10:-10, number]
    torch.testing.assert_close(
        louder - energies[:, number], torch.full((30,), math.log(4)), rtol=0, atol=1e-3
    )


def test_filters_of_a_pair_are_in_quadrature() -> None:
    pairs = gabor_filters(40, 101).view(40, 2, 101)
    torch.testing.assert_close(pairs[:, 0].flip(1), pairs[:, 0])
    torch.testing.assert_close(pairs[:, 1].flip(1), -pairs[:, 1])


def test_a_filter_bank_keeps_the_level_beside_its_energies() -> None:
    with torch.no_grad():
        level = _identity_stem(10)(torch.full((1, 200, 1), 3.0))[0, 4:-4, 40]
    torch.testing.assert_close(level, torch.full((12,), 3.0))


def test_the_optimizer_does_what_torchs_does() -> None:
    results = []
    for own in (True, False):
        torch.manual_seed(0)
        network = MSSSMNetwork(_config(n_layers=1))
        optimizer = make_optimizer(network, 1e-2, 1e-2, 0.1)
        if not own:
            optimizer = torch.optim.AdamW(optimizer.param_groups, betas=(0.9, 0.99))
        for _ in range(3):
            network.zero_grad()
            network(torch.ones(2, 8, 2)).square().sum().backward()
            optimizer.step()
        results.append([p.detach() for p in network.parameters()])
    for ours, theirs in zip(*results, strict=True):
        assert torch.equal(ours, theirs)


def test_a_training_step_does_not_import_the_graph_compiler() -> None:
    code = """
import sys, torch
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.training.schedule import make_optimizer

network = MSSSMNetwork(MSSSMConfig(1, 2, d_model=8, n_layers=1, n_scales=1))
optimizer = make_optimizer(network, 1e-2, 1e-3, 0.1)
before = network.head.weight.detach().clone()
network(torch.ones(2, 8, 1)).sum().backward()
optimizer.step()
assert not torch.equal(network.head.weight, before)
assert "torch._dynamo" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_ssm_parameters_learn_at_their_own_rate_without_decay() -> None:
    network = MSSSMNetwork(_config())
    optimizer = make_optimizer(network, 1e-2, 1e-3, 0.1)
    where = {id(p): g for g in optimizer.param_groups for p in g["params"]}
    assert len(where) == len(list(network.parameters()))
    core = network.blocks[0].cores[0]
    for p in (core.ssm.A_log, core.ssm.D, core.ssm.dt_bias, core.ssm.dt_weight):
        assert (where[id(p)]["lr"], where[id(p)]["weight_decay"]) == (1e-3, 0.0)
    assert where[id(network.head.weight)]["weight_decay"] == 0.1
    assert where[id(core.mixer.linear.bias)]["weight_decay"] == 0.0
    norm = network.blocks[0].norm
    assert isinstance(norm, nn.LayerNorm)
    assert where[id(norm.weight)]["weight_decay"] == 0.0


@pytest.mark.parametrize("core", ["s6", "lti"])
def test_only_weights_of_linear_maps_decay(core: str) -> None:
    network = MSSSMNetwork(_config(core=core))
    optimizer = make_optimizer(network, 1e-2, 1e-3, 0.1)
    decaying = {id(p) for g in optimizer.param_groups if g["weight_decay"] for p in g["params"]}
    maps = {id(m.weight) for m in network.modules() if isinstance(m, nn.Linear)}
    assert decaying == maps
    slow = {id(p) for g in optimizer.param_groups if g["lr"] == 1e-3 for p in g["params"]}
    cores = [core for block in network.blocks for core in block.cores]
    assert slow == {id(p) for c in cores for p in c.ssm.parameters() if id(p) not in maps}


def test_filters_start_as_a_moving_average_and_what_it_leaves() -> None:
    """On average over many channels, whose noise cancels."""
    bank = MultiScaleDecomposition(4096, n_scales=1, kernel_size=4)
    x = torch.randn(9)
    detail, approximation = bank(x[None, :, None].expand(1, 9, 4096)).mean(-1).squeeze(1)
    average = torch.stack([x[max(0, t - 3) : t + 1].sum() / 4 for t in range(9)])
    torch.testing.assert_close(approximation, average, rtol=0, atol=0.1)
    torch.testing.assert_close(detail, x - average, rtol=0, atol=0.1)


@pytest.mark.parametrize("core", ["s6", "lti"])
def test_without_scales_it_is_a_gated_state_space_model(core: str) -> None:
    """One scan of the signal itself: no decomposition, no mixer, as much state."""
    torch.manual_seed(1)
    config = _config(core=core, n_scales=0, d_model=4, d_state=6)
    layer = MSSSM(config).double()
    x, gate = torch.randn(2, 3, 9, 4, dtype=torch.float64)
    B, C, dt, weight = layer.ssm.read(x)
    delta = layer.ssm.dt_bias[0]
    if dt is not None:
        B, C = B[:, :, 0], C[:, :, 0]
        delta = dt[:, :, 0] @ weight[0].T + delta
    else:
        B, C = B[0], C[0]
    y, _ = selective_scan(x, softplus(delta), layer.ssm.A[0], B, C, layer.ssm.D[0])
    torch.testing.assert_close(layer(x, gate), y * silu(gate))
    assert layer.ssm.A.shape == (1, 4, 6)
    assert layer.mixer is None
