"""The fast network is the one that can be read next to the paper."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from msssm_ts.kernels import use_backend
from msssm_ts.model import MSSSMConfig, MSSSMNetwork, minimal
from msssm_ts.model.minimal import MinimalNetwork

CASES = pytest.mark.parametrize(
    ("core", "bidirectional", "n_scales"),
    [(c, b, s) for c in ("s6", "lti") for b in (True, False) for s in (0, 1, 3)],
)


def _config(core: str, bidirectional: bool, n_scales: int, **more: Any) -> MSSSMConfig:
    sizes: dict[str, Any] = {"d_model": 18, "n_layers": 3, "d_state": 11, "kernel_size": 3}
    known = {"core": core, "bidirectional": bidirectional, "n_scales": n_scales}
    return MSSSMConfig(2, 3, **sizes | known | {"dropout": 0.0} | more)


def _answers(network: nn.Module, x: Tensor) -> list[Tensor]:
    """Logits, the gradient of the series and of every weight, in the weights' order."""
    x = x.clone().requires_grad_()
    logits = network(x)
    weights = torch.linspace(-1, 1, logits.numel(), dtype=x.dtype).view_as(logits)
    # Without scales there are filters of size 0, which nothing uses.
    gradients = torch.autograd.grad(
        (logits * weights).sum(), [x, *network.parameters()], materialize_grads=True
    )
    return [logits, *gradients]


@CASES
@pytest.mark.parametrize("backend", ["numba", "reference"])
@pytest.mark.parametrize("length", [1, 37])
def test_outputs_and_every_gradient(
    core: str, bidirectional: bool, n_scales: int, backend: str, length: int
) -> None:
    config = _config(core, bidirectional, n_scales)
    fast, plain = MSSSMNetwork(config).double(), MinimalNetwork(config).double()
    plain.load_state_dict(fast.state_dict())
    x = torch.randn(3, length, 2, dtype=torch.float64)
    with use_backend(backend):
        found = _answers(fast, x)
    for ours, truth in zip(found, _answers(plain, x), strict=True):
        torch.testing.assert_close(ours, truth, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("pooling", ["mean", "max", "mean_max", "last"])
def test_every_pooling(pooling: str) -> None:
    config = _config("lti", True, 2, pooling=pooling)
    fast, plain = MSSSMNetwork(config).double(), MinimalNetwork(config).double()
    plain.load_state_dict(fast.state_dict())
    x = torch.randn(2, 9, 2, dtype=torch.float64)
    torch.testing.assert_close(fast(x), plain(x), rtol=1e-10, atol=1e-10)


@CASES
def test_the_same_seed_begins_with_the_same_weights(
    core: str, bidirectional: bool, n_scales: int
) -> None:
    states = []
    for kind in (MSSSMNetwork, MinimalNetwork):
        torch.manual_seed(5)
        states.append(kind(_config(core, bidirectional, n_scales)).state_dict())
    assert list(states[0]) == list(states[1])
    for name, values in states[0].items():
        torch.testing.assert_close(values, states[1][name], rtol=1e-6, atol=1e-7)


def test_it_is_a_page_or_two_that_need_nothing_else() -> None:
    source = Path(minimal.__file__).read_text(encoding="utf-8")
    assert source.count("\n") <= 172
    imported = {n.module for n in ast.walk(ast.parse(source)) if isinstance(n, ast.ImportFrom)}
    assert {m for m in imported if m and m.startswith("msssm_ts")} == {"msssm_ts.model.config"}


@pytest.mark.parametrize(
    "more",
    [
        {"core": "other"},
        {"stem_stride": 10},
        {"pyramid": True},
        {"directions": "quasiseparable"},
        {"variates": "scan", "n_variates": 2},
    ],
)
def test_what_it_has_not_is_refused(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="minimal network"):
        MinimalNetwork(MSSSMConfig(2, 3, **more))
