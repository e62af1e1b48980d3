"""The Triton kernels on a real card."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from kernel_cases import (
    Draw,
    ms_scan_inputs,
    oscillating,
    outputs_and_gradients,
    pairs_inputs,
    poisoned_memory,
    relative_rms,
    scan_inputs,
)
from torch import Tensor

from msssm_ts import MSSSMClassifier
from msssm_ts.kernels import backend_report, ms_scan, selective_scan, use_backend

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA card"),
    pytest.mark.skipif(
        os.environ.get("TRITON_INTERPRET") == "1", reason="the interpreter is asked for, not a card"
    ),
]
CORES = pytest.mark.parametrize("lti", [False, True], ids=["s6", "lti"])


def _assert_agrees(
    inputs: dict[str, Tensor],
    dtype: torch.dtype,
    bound: float,
    function: Callable[..., Any] | None = None,
    **options: object,
) -> None:
    """Compare the card's result with the float64 reference's, on the CPU.

    Of oscillating modes, parameters and states stay float32 where ``dtype`` is lower.
    """
    pairs = "angle" in inputs
    function = function or (oscillating if pairs else ms_scan)
    low = ("x", "E", "gate", "history") if pairs and dtype.itemsize == 2 else tuple(inputs)
    with use_backend("reference"):
        exact = {k: v.double() for k, v in inputs.items()}
        truth = outputs_and_gradients(function, exact, **options)
    with poisoned_memory():
        given = {k: v.to("cuda", dtype if k in low else v.dtype) for k, v in inputs.items()}
        moved = {k: v.cuda() if isinstance(v, Tensor) else v for k, v in options.items()}
        result = outputs_and_gradients(function, given, **moved)
    errors = {k: relative_rms(result[k].cpu(), truth[k]) for k in truth}
    wrong = {k: e for k, e in errors.items() if not e < bound}
    assert not wrong, wrong


def test_chosen_for_cuda_tensors() -> None:
    assert backend_report("cuda")["backend"] == "triton"


@CORES
@pytest.mark.parametrize(
    ("steps", "S", "K", "n"),
    [
        (1, 2, 2, 1),
        (2, 4, 5, 8),
        (7, 3, 3, 4),
        (33, 1, 4, 2),
        (67, 2, 2, 5),
        (129, 6, 2, 16),
        (500, 3, 8, 4),
        (500, 6, 8, 32),
    ],
)
def test_agrees_with_reference(lti: bool, steps: int, S: int, K: int, n: int) -> None:
    inputs = ms_scan_inputs(2, steps, 17, S=S, K=K, n=n, lti=lti)
    _assert_agrees(inputs, torch.float32, 1e-5)


@CORES
@pytest.mark.parametrize(
    ("history", "reverse", "gate"),
    [(0, False, True), (0, True, True), (11, False, True), (40, False, False), (0, True, False)],
)
def test_agrees_with_lengths_history_and_reversal(
    lti: bool, history: int, reverse: bool, gate: bool
) -> None:
    inputs = ms_scan_inputs(9, 130, 70, S=3, K=4, n=4, lti=lti, history=history, gate=gate)
    lengths = Draw(5).lengths(9, 130)
    lengths[1] = 0
    _assert_agrees(inputs, torch.float32, 1e-5, lengths=lengths, reverse=reverse)


@CORES
@pytest.mark.parametrize(("batch", "steps", "d"), [(16, 1000, 64), (1, 3000, 48), (300, 70, 200)])
def test_agrees_on_larger_shapes(lti: bool, batch: int, steps: int, d: int) -> None:
    inputs = ms_scan_inputs(batch, steps, d, S=3, K=2, n=4, lti=lti, rank=4)
    _assert_agrees(inputs, torch.float32, 1e-5)


@CORES
@pytest.mark.parametrize(("steps", "d", "n"), [(1, 3, 1), (130, 70, 5), (1000, 64, 16)])
@pytest.mark.parametrize(
    ("dtype", "bound"), [(torch.float32, 1e-5), (torch.float64, 1e-12), (torch.bfloat16, 5e-2)]
)
def test_the_scan_alone_agrees_with_reference(
    lti: bool, steps: int, d: int, n: int, dtype: torch.dtype, bound: float
) -> None:
    inputs = scan_inputs(3, steps, d, n, lti=lti, state=True)
    lengths = torch.tensor([steps, steps // 2, 0])
    _assert_agrees(inputs, dtype, bound, selective_scan, lengths=lengths)


@CORES
def test_agrees_in_float64(lti: bool) -> None:
    inputs = ms_scan_inputs(3, 100, 40, S=3, K=3, n=4, lti=lti)
    _assert_agrees(inputs, torch.float64, 1e-12)


@pytest.mark.parametrize(
    ("steps", "d", "S", "n", "history", "reverse", "gate"),
    [
        (1, 3, 0, 1, 0, False, True),
        (7, 17, 3, 3, 11, False, True),
        (130, 70, 3, 2, 0, True, False),
        (500, 48, 6, 16, 40, False, True),
    ],
)
@pytest.mark.parametrize(
    ("dtype", "bound"),
    [(torch.float32, 1e-5), (torch.float64, 1e-12), (torch.bfloat16, 5e-2), (torch.float16, 5e-2)],
)
def test_oscillating_modes_agree_with_reference(
    steps: int,
    d: int,
    S: int,
    n: int,
    history: int,
    reverse: bool,
    gate: bool,
    dtype: torch.dtype,
    bound: float,
) -> None:
    inputs = pairs_inputs(3, steps, d, S=S, K=3, n=n, history=history, gate=gate)
    lengths = torch.tensor([steps, steps // 2, 0])
    _assert_agrees(inputs, dtype, bound, lengths=lengths, reverse=reverse)


def test_two_runs_of_oscillating_modes_are_identical() -> None:
    given = {k: v.cuda() for k, v in pairs_inputs(5, 300, 96, S=3, K=2, n=2).items()}
    first, second = (outputs_and_gradients(oscillating, given) for _ in range(2))
    for name in first:
        assert torch.equal(first[name], second[name]), name


@CORES
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_agrees_in_half_precision(lti: bool, dtype: torch.dtype) -> None:
    inputs = ms_scan_inputs(4, 300, 64, S=3, K=2, n=4, lti=lti)
    _assert_agrees(inputs, dtype, 5e-2)


@CORES
def test_two_runs_are_identical(lti: bool) -> None:
    inputs = ms_scan_inputs(5, 300, 96, S=3, K=2, n=4, lti=lti)
    given = {k: v.cuda() for k, v in inputs.items()}
    first, second = (outputs_and_gradients(ms_scan, given) for _ in range(2))
    for name in first:
        assert torch.equal(first[name], second[name]), name


@pytest.mark.parametrize("core", ["s6", "lti", "s4d"])
def test_a_classifier_trains_pickles_and_saves(core: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 30)), np.arange(20) % 2
    model = MSSSMClassifier(
        members=["network"], core=core, d_model=16, n_layers=1, max_epochs=2, device="cuda"
    ).fit(X, y)
    model.save(tmp_path / "model.safetensors")
    copies = [pickle.loads(pickle.dumps(model)), MSSSMClassifier.load(tmp_path, device="cpu")]
    for copied, device in zip(copies, ("cuda", "cpu"), strict=True):
        assert copied.network_.head.weight.device.type == device
        np.testing.assert_allclose(copied.predict_proba(X), model.predict_proba(X), atol=1e-5)


@CORES
def test_memory_grows_with_the_input_alone(lti: bool) -> None:
    inputs = ms_scan_inputs(8, 20_000, 64, S=3, K=2, n=4, lti=lti, rank=4)
    given = {k: v.cuda().requires_grad_() for k, v in inputs.items()}
    torch.cuda.synchronize()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    y, _ = ms_scan(**given)
    y.sum().backward()
    extra = torch.cuda.max_memory_allocated() - before
    # With levels, the streams' gradients and those per row; all streams' states would be 20 more
    assert extra < 24 * given["x"].nbytes, extra / given["x"].nbytes
