"""Inputs for the kernels' tests, and the measure of agreement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from msssm_ts.kernels import ms_scan, use_backend

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}


def relative_rms(value: Tensor, truth: Tensor) -> float:
    """Root mean square of the difference over that of the truth, in float64."""
    value, truth = value.detach().double(), truth.detach().double()
    if truth.numel() == 0:
        return 0.0
    scale = truth.square().mean().sqrt()
    return float((value - truth).square().mean().sqrt() / scale.clamp(min=1e-30))


@contextmanager
def poisoned_memory() -> Iterator[None]:
    """Fill every new tensor with NaN, so that an output left unwritten shows."""
    torch.use_deterministic_algorithms(True)
    torch.utils.deterministic.fill_uninitialized_memory = True
    try:
        assert torch.empty(100).isnan().all()
        yield
    finally:
        torch.use_deterministic_algorithms(False)


def outputs_and_gradients(
    function: Callable[..., Any], inputs: Mapping[str, Tensor], **options: Any
) -> dict[str, Tensor]:
    """Call function(**inputs, **options); return its outputs and every input's gradient."""
    leaves = {k: v.detach().clone().requires_grad_() for k, v in inputs.items()}
    outputs = function(**leaves, **options)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    generator = torch.Generator().manual_seed(1)
    loss = sum(
        (o * torch.randn(o.shape, generator=generator, dtype=torch.float64).to(o)).sum()
        for o in outputs
    )
    # Without scales the filters are empty, and the reference does not look at them.
    gradients = torch.autograd.grad(loss, list(leaves.values()), materialize_grads=True)
    named = {f"output {i}": o for i, o in enumerate(outputs)}
    return named | {f"gradient of {k}": g for k, g in zip(leaves, gradients, strict=True)}


def assert_agrees(
    function: Callable[..., Any], inputs: Mapping[str, Tensor], dtype: torch.dtype, **options: Any
) -> None:
    """Compare the fast version in dtype, on poisoned memory, with the float64 reference."""
    with use_backend("reference"):
        exact = {k: v.double() for k, v in inputs.items()}
        truth = outputs_and_gradients(function, exact, **options)
    with poisoned_memory():
        given = {k: v.to(dtype) for k, v in inputs.items()}
        result = outputs_and_gradients(function, given, **options)
    errors = {k: relative_rms(result[k], truth[k]) for k in truth}
    wrong = {k: e for k, e in errors.items() if not e < TOLERANCE[dtype]}
    assert not wrong, wrong


class Draw:
    """Random tensors from one seed; float32 values, so that both precisions see the same."""

    def __init__(self, seed: int = 0):
        self.generator = torch.Generator().manual_seed(seed)

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        return torch.randn(*shape, generator=self.generator) * scale

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return torch.rand(*shape, generator=self.generator) * (high - low) + low

    def lengths(self, batch: int, longest: int) -> Tensor:
        lengths = torch.randint(0, longest + 1, (batch,), generator=self.generator)
        lengths[0] = longest
        return lengths


def scan_inputs(
    b: int, l: int, d: int, n: int, *, lti: bool, state: bool = False, seed: int = 0
) -> dict[str, Tensor]:
    """Arguments of selective_scan."""
    draw = Draw(seed)
    inputs = {
        "x": draw.normal(b, l, d),
        "A": draw.uniform(d, n, low=-3.0, high=-0.01),
        "D": draw.normal(d),
    }
    if lti:
        # Nearer to 0, where a state is the sum of all inputs, its decay's rounding shows.
        inputs |= {"delta": draw.uniform(d, low=0.05)}
        inputs |= {"B": draw.normal(d, n), "C": draw.normal(d, n)}
    else:
        inputs |= {
            "delta": draw.uniform(b, l, d),
            "B": draw.normal(b, l, n),
            "C": draw.normal(b, l, n),
        }
    if state:
        inputs["initial_state"] = draw.normal(b, d, n)
    return inputs


def ms_scan_inputs(
    b: int,
    l: int,
    d: int,
    *,
    S: int,
    K: int,
    n: int,
    lti: bool,
    rank: int = 2,
    gate: bool = True,
    history: int = 0,
    seed: int = 0,
) -> dict[str, Tensor]:
    """Arguments of ms_scan."""
    draw, M = Draw(seed), S + 2 if S else 1
    inputs = {
        "x": draw.normal(b, l, d),
        "phi": draw.normal(S, d, K, scale=K**-0.5),
        "psi": draw.normal(S, d, K, scale=K**-0.5),
        "A": draw.uniform(M, d, n, low=-3.0, high=-0.01),
        "D": draw.normal(M, d),
        "E": draw.normal(b, l, M),
        "dt_bias": draw.normal(M, d),
    }
    if lti:
        inputs |= {"B": draw.normal(M, d, n), "C": draw.normal(M, d, n)}
    else:
        inputs |= {
            "B": draw.normal(b, l, M, n),
            "C": draw.normal(b, l, M, n),
            "dt": draw.normal(b, l, M, rank),
            "dt_weight": draw.normal(M, d, rank, scale=0.5),
        }
    if gate:
        inputs["gate"] = draw.normal(b, l, d)
    if history:
        inputs |= {"history": draw.normal(b, history, d), "initial_state": draw.normal(b, M, d, n)}
    return inputs


def pairs_inputs(*sizes: int, **more: Any) -> dict[str, Tensor]:
    """Arguments of :func:`oscillating`, all real: every part gets a gradient of its own."""
    inputs, draw = ms_scan_inputs(*sizes, lti=True, **more), Draw(9)
    del inputs["B"], inputs["dt_bias"]
    inputs["angle"] = draw.uniform(*inputs["A"].shape, low=-3.1, high=3.1)
    for name in ("C", "initial_state"):
        if name in inputs:
            inputs[f"{name}_imag"] = draw.normal(*inputs[name].shape)
    return inputs


def oscillating(
    A: Tensor,
    angle: Tensor,
    C: Tensor,
    C_imag: Tensor,
    initial_state: Tensor | None = None,
    initial_state_imag: Tensor | None = None,
    **rest: Any,
) -> tuple[Tensor, Tensor]:
    """Call ms_scan with a complex A; the last state comes as real numbers (…, n, 2)."""
    h = None
    if initial_state is not None and initial_state_imag is not None:
        h = torch.complex(initial_state, initial_state_imag)
    A, C = torch.complex(A, angle), torch.complex(C, C_imag)
    y, state = ms_scan(A=A, B=None, C=C, dt_bias=None, initial_state=h, **rest)
    return y, torch.view_as_real(state)
