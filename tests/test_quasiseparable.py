"""One mixer for both directions, against the dense matrix."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import InputError
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.block import MSSSMBlock
from msssm_ts.model.quasiseparable import mix
from msssm_ts.model.shapes import weight_shapes


def config(**given: object) -> MSSSMConfig:
    sizes = {"n_scales": 2, "d_model": 4, "n_layers": 2, "d_state": 8, "kernel_size": 3}
    quasi = {"directions": "quasiseparable", "dropout": 0.0}
    return MSSSMConfig(1, 2, **{**sizes, **quasi, **given})  # type: ignore[arg-type]


def block(core: str, **given: object) -> MSSSMBlock:
    torch.manual_seed(0)
    made = MSSSMBlock(config(core=core, **given)).double()
    torch.nn.init.normal_(made.diagonal.weight)
    return made


def half(layer, x: Tensor) -> Tensor:
    """The matrix of one direction, (d, l, l): what step j puts into what step i reads, i ≥ j."""
    length, d = x.shape
    ssm, mixer = layer.ssm, layer.mixer
    weights = torch.ones(length, 1).double() if mixer is None else mixer(x)
    impulses = torch.eye(length).double()[:, :, None].expand(-1, -1, d)
    # (M, j, t, d): the filters' answers to an impulse at j.
    streams = layer.decomposition.streams(impulses)
    out = torch.zeros(d, length, length).double()
    for s, answers in enumerate(streams):
        if hasattr(ssm, "frequency"):
            log, C = ssm.discrete()
            factor, read = log[s].exp().expand(length, -1, -1), C[s].expand(length, -1, -1)
            put = torch.ones_like(factor)
        else:
            B, C, dt, dt_weight = ssm.read(x[None])
            if dt is None:
                delta = functional.softplus(ssm.dt_bias[s]).expand(length, -1)
                B, read = B[s].expand(length, -1, -1), C[s].expand(length, -1, -1)
            else:
                delta = functional.softplus(dt[0, :, s] @ dt_weight[s].T + ssm.dt_bias[s])
                B, read = (p[0, :, s, None].expand(-1, d, -1) for p in (B, C))
            factor = torch.exp(delta[..., None] * ssm.A[s])
            put = delta[..., None] * B
        scan = torch.zeros(d, length, length).double()
        for j in range(length):
            kept = put[j]
            for i in range(j, length):
                kept = factor[i] * kept if i > j else kept
                scan[:, i, j] = (read[i] * kept).sum(-1).real
        out = out + weights[:, s, None] * torch.einsum("dik,jkd->dij", scan, answers)
    return out


def dense(made: MSSSMBlock, x: Tensor, gate: Tensor) -> Tensor:
    """The mixer of one series (l, d) as a matrix of steps for every channel."""
    below = half(made.cores[0], x).roll(1, 1)
    below[:, 0] = 0
    above = half(made.cores[1], x.flip(0)).roll(1, 1)
    above[:, 0] = 0
    free = torch.diag_embed(made.diagonal.D[:, None] + (x @ made.diagonal.weight)[None])
    matrix = below + above.flip(1, 2) + free
    assert torch.equal(below.triu(), torch.zeros_like(below))
    return torch.einsum("dij,jd->id", matrix, x) * functional.silu(gate)


@pytest.mark.parametrize("core", ["lti", "s6", "s4d"])
@pytest.mark.parametrize("n_scales", [0, 2])
def test_the_mixer_is_the_dense_quasiseparable_matrix(core, n_scales):
    made = block(core, n_scales=n_scales)
    inputs = [torch.randn(2, 7, 4).double().requires_grad_() for _ in range(2)]
    lengths = torch.tensor([7, 4])
    fast = mix(made.cores, made.diagonal, *inputs, lengths)
    plain = torch.zeros_like(fast)
    for i, n in enumerate(lengths):
        one = dense(made, inputs[0][i, :n], inputs[1][i, :n])
        plain = plain + functional.pad(one, (0, 0, 0, 7 - int(n))) * torch.eye(2)[i, :, None, None]
    torch.testing.assert_close(fast, plain, rtol=0, atol=1e-10)
    weights = torch.randn(fast.shape).double()
    of = [*inputs, *made.cores.parameters(), *made.diagonal.parameters()]
    got, wanted = (
        torch.autograd.grad((y * weights).sum(), of, allow_unused=True, materialize_grads=True)
        for y in (fast, plain)
    )
    for g, w in zip(got, wanted, strict=True):
        torch.testing.assert_close(g, w, rtol=0, atol=1e-10)


@pytest.mark.parametrize("core", ["lti", "s6", "s4d"])
def test_a_series_alone_and_padded_answers_the_same(core):
    torch.manual_seed(0)
    network = MSSSMNetwork(config(core=core, pyramid=core == "s6")).double().eval()
    x = torch.randn(3, 13, 1).double()
    lengths, seen = torch.tensor([13, 6, 1]), torch.rand(3, 13) > 0.3
    seen[:, 0] = True
    together = network(x, lengths, seen)
    for i, n in enumerate(lengths):
        alone = network(x[i : i + 1, :n], None, seen[i : i + 1, :n])
        torch.testing.assert_close(together[i : i + 1], alone, rtol=0, atol=1e-10)


@pytest.mark.parametrize("core", ["lti", "s6", "s4d"])
def test_shapes_are_known_without_building(core):
    sizes = config(core=core)
    built = {name: tuple(t.shape) for name, t in MSSSMNetwork(sizes).state_dict().items()}
    assert weight_shapes(sizes) == built


def test_directions_share_filters_and_eigenvalues_and_learn():
    forward, backward = block("s6").cores
    assert forward.decomposition is backward.decomposition
    assert forward.ssm.A_log is backward.ssm.A_log
    assert forward.ssm.maps is not backward.ssm.maps
    assert "D" not in dict(forward.ssm.named_parameters())
    one, two = (
        sum(p.numel() for p in MSSSMBlock(config(**sizes)).cores.parameters())
        for sizes in (
            {"d_model": 64},
            {"d_model": 64, "directions": "halves", "split_directions": False},
        )
    )
    assert one < 0.85 * two


def test_a_causal_model_has_no_second_direction():
    X, y = np.random.default_rng(0).normal(size=(8, 1, 12)), np.arange(8) % 2
    given = {"directions": "quasiseparable", "bidirectional": False}
    model = MSSSMClassifier(members=["network"], max_epochs=1, **given)
    with pytest.raises(InputError, match=r"--directions.*causal model"):
        model.fit(X, y)


def test_bits_do_not_depend_on_what_else_is_in_the_batch():
    torch.manual_seed(0)
    network = MSSSMNetwork(config(d_model=8, core="lti")).eval()
    x = torch.randn(40, 3, 1)
    with torch.no_grad():
        alone = torch.cat([network.embed(x[i : i + 1]) for i in range(40)])
        assert torch.equal(network.embed(x), alone)
