from __future__ import annotations

import itertools

import pytest
import torch
from kernel_cases import Draw, assert_agrees, ms_scan_inputs

from msssm_ts.kernels import ms_scan, use_backend

CORES = pytest.mark.parametrize("lti", [False, True], ids=["s6", "lti"])

# Every length, S, K and n of the contract, each in several combinations.
SHAPES = [
    (l, S, K, n)
    for i, (l, n) in enumerate(itertools.product((1, 2, 7, 63, 129, 500), (1, 4, 32)))
    for S, K in [((1, 2), (2, 8), (3, 4), (4, 3), (5, 5), (6, 8))[i % 6]]
] + [(63, S, K, 5) for S, K in ((0, 3), (1, 7), (2, 6), (3, 2), (6, 2))]


@CORES
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("l", "S", "K", "n"), SHAPES)
def test_agrees_with_reference(
    dtype: torch.dtype, lti: bool, l: int, S: int, K: int, n: int
) -> None:
    b, d = (2, 17) if n < 32 else (1, 16)
    assert_agrees(ms_scan, ms_scan_inputs(b, l, d, S=S, K=K, n=n, lti=lti), dtype)


@CORES
@pytest.mark.parametrize("l", [1, 7, 129])
@pytest.mark.parametrize(
    ("history", "reverse", "gate"),
    [(0, False, True), (0, True, True), (11, False, True), (40, False, False), (0, True, False)],
)
def test_agrees_with_lengths_history_and_reversal(
    lti: bool, l: int, history: int, reverse: bool, gate: bool
) -> None:
    inputs = ms_scan_inputs(9, l, 20, S=3, K=4, n=4, lti=lti, history=history, gate=gate)
    lengths = Draw(5).lengths(9, l)
    assert_agrees(ms_scan, inputs, torch.float32, lengths=lengths, reverse=reverse)


@CORES
@pytest.mark.parametrize(
    ("l", "S", "K", "history", "reverse"),
    [
        (600, 3, 4, 300, False),
        (600, 0, 4, 300, False),
        (513, 0, 2, 0, True),
        (513, 2, 2, 0, True),
        (1100, 6, 8, 0, True),
        (40, 6, 8, 600, False),
    ],
)
def test_agrees_over_several_segments_of_time(
    lti: bool, l: int, S: int, K: int, history: int, reverse: bool
) -> None:
    inputs = ms_scan_inputs(3, l, 17, S=S, K=K, n=3, lti=lti, history=history)
    lengths = torch.tensor([l, l // 2, min(l, 258)])
    assert_agrees(ms_scan, inputs, torch.float64, lengths=lengths, reverse=reverse)


@CORES
def test_padded_batch_equals_one_by_one(lti: bool) -> None:
    inputs = ms_scan_inputs(3, 70, 16, S=3, K=5, n=4, lti=lti)
    lengths = torch.tensor([70, 2, 41])
    per_step = [k for k in ("x", "B", "C", "E", "dt", "gate") if k in inputs]
    if lti:
        per_step = ["x", "E", "gate"]
    for reverse in (False, True):
        y, state = ms_scan(**inputs, lengths=lengths, reverse=reverse)
        for i, length in enumerate(lengths.tolist()):
            alone = inputs | {k: inputs[k][i : i + 1, :length] for k in per_step}
            y_alone, state_alone = ms_scan(**alone, reverse=reverse)
            torch.testing.assert_close(y[i : i + 1, :length], y_alone, rtol=0, atol=0)
            torch.testing.assert_close(state[i : i + 1], state_alone, rtol=0, atol=0)


@CORES
def test_states_and_history_continue_a_series(lti: bool) -> None:
    inputs = ms_scan_inputs(2, 100, 16, S=3, K=4, n=4, lti=lti)
    per_step = ["x", "E", "gate"] + ([] if lti else ["B", "C", "dt"])
    whole, last = ms_scan(**inputs)
    parts, state = [], None
    for begin, end in ((0, 1), (1, 60), (60, 100)):
        part = inputs | {k: inputs[k][:, begin:end] for k in per_step}
        history = inputs["x"][:, :begin] if begin else None
        y, state = ms_scan(**part, history=history, initial_state=state)
        parts.append(y)
    torch.testing.assert_close(torch.cat(parts, 1), whole)
    torch.testing.assert_close(state, last)


@CORES
@pytest.mark.parametrize("reverse", [False, True])
def test_gradcheck(lti: bool, reverse: bool) -> None:
    history = 0 if reverse else 3
    inputs = ms_scan_inputs(2, 6, 3, S=2, K=3, n=5, lti=lti, history=history)
    names = list(inputs)
    leaves = [v.double().requires_grad_() for v in inputs.values()]

    def call(*values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        given = dict(zip(names, values, strict=True))
        return ms_scan(**given, lengths=torch.tensor([6, 4]), reverse=reverse)

    assert torch.autograd.gradcheck(call, leaves)


@CORES
@pytest.mark.parametrize("channels", [16, 32, 40])
def test_channels_of_a_wider_tensor_are_read_where_they_lie(lti: bool, channels: int) -> None:
    """Parts of a projection's outputs, a gradient that goes to all of them, and single rows."""
    inputs = ms_scan_inputs(3, 37, channels, S=2, K=3, n=4, lti=lti)
    wide = torch.cat([inputs["x"], inputs["gate"], inputs["x"]], -1)
    x, gate, _ = wide.chunk(3, -1)
    lengths = torch.tensor([37, 1, 20])

    def run(x: torch.Tensor, gate: torch.Tensor, apart: bool) -> list[torch.Tensor]:
        leaves = {"x": x.detach().requires_grad_(), "gate": gate.detach().requires_grad_()}
        y, _ = ms_scan(**inputs | leaves, lengths=lengths, reverse=True)
        given = torch.linspace(-1, 1, 2 * y.numel()).view(*y.shape[:2], -1)[..., :channels]
        given = given if apart else given.contiguous()
        return [y, *torch.autograd.grad(y, list(leaves.values()), given)]

    found = run(x, gate, apart=True)
    expected = run(x.contiguous(), gate.contiguous(), apart=False)
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    # A part of the time, and one gradient for all steps.
    longer = torch.cat([inputs["x"], inputs["gate"]], 1)[:, :37]
    assert torch.equal(run(longer, gate, apart=True)[0], found[0])
    leaf = x.detach().requires_grad_()
    y, _ = ms_scan(**inputs | {"x": leaf}, lengths=lengths)
    one = torch.linspace(-1, 1, channels).expand_as(y)
    same, apart = (torch.autograd.grad(y, leaf, g, retain_graph=True) for g in (one, one.clone()))
    assert torch.equal(same[0], apart[0])


@CORES
def test_opcheck(lti: bool) -> None:
    p = {
        k: v.requires_grad_()
        for k, v in ms_scan_inputs(2, 40, 5, S=2, K=3, n=3, lti=lti, history=4).items()
    }
    B, bias = (None, None) if lti else (p["B"], p["dt_bias"])
    arguments = (
        p["initial_state"],
        True,
        p["x"],
        p["gate"],
        p["phi"],
        p["psi"],
        p["A"],
        B,
        p["C"],
        p["D"],
        p["E"],
        p.get("dt"),
        p.get("dt_weight"),
        bias,
        torch.tensor([40, 9]),
        0,
        False,
        False,
    )
    torch.library.opcheck(torch.ops.msssm_ts.ms_scan.default, arguments)


@CORES
def test_runs_are_bit_identical_on_any_number_of_threads(lti: bool) -> None:
    inputs = ms_scan_inputs(3, 200, 64, S=3, K=4, n=4, lti=lti)
    results = []
    threads = torch.get_num_threads()
    for n in (1, 2, 2, 3):
        torch.set_num_threads(n)
        leaves = {k: v.clone().requires_grad_() for k, v in inputs.items()}
        y, _ = ms_scan(**leaves)
        y.square().sum().backward()
        results.append([y.detach(), *(v.grad for v in leaves.values())])
    torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_reference_backend_is_the_reference() -> None:
    inputs = ms_scan_inputs(2, 20, 5, S=2, K=3, n=3, lti=False)
    with use_backend("reference"):
        y, _ = ms_scan(**inputs)
    torch.testing.assert_close(y, ms_scan(**inputs)[0])


def test_bad_arguments_are_named() -> None:
    inputs = ms_scan_inputs(2, 9, 3, S=2, K=3, n=3, lti=False)
    for name, wrong in (("A", inputs["A"][:3]), ("E", inputs["E"][..., :2]), ("D", inputs["D"][0])):
        with pytest.raises(ValueError, match=f"{name} must have shape"):
            ms_scan(**inputs | {name: wrong})
    with pytest.raises(ValueError, match="dt and dt_weight go together"):
        ms_scan(**{k: v for k, v in inputs.items() if k != "dt_weight"})
    with pytest.raises(ValueError, match="cannot go with reverse"):
        ms_scan(**inputs, history=inputs["x"], reverse=True)
