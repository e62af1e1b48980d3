"""The fused layer with a complex diagonal: modes that oscillate, a pair of real states each."""

from __future__ import annotations

import pytest
import torch
from kernel_cases import assert_agrees, ms_scan_inputs, oscillating, pairs_inputs
from torch import Tensor

from msssm_ts.kernels import ms_scan
from msssm_ts.kernels.ms_scan.op import pairs_of


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("l", "S", "K", "n", "history", "reverse"),
    [
        *((1, 0, 3, 1, 0, False), (2, 1, 2, 2, 0, True), (7, 3, 4, 3, 11, False)),
        *((63, 2, 6, 5, 0, True), (500, 2, 3, 2, 300, False), (129, 6, 8, 16, 0, True)),
    ],
)
def test_agrees_with_reference(
    dtype: torch.dtype, l: int, S: int, K: int, n: int, history: int, reverse: bool
) -> None:
    inputs = pairs_inputs(3, l, 17, S=S, K=K, n=n, history=history)
    lengths = torch.tensor([l, l // 2, min(l, 3)])
    assert_agrees(oscillating, inputs, dtype, lengths=lengths, reverse=reverse)


def test_a_quarter_turn_and_half_as_much() -> None:
    x = torch.tensor([1.0, 0.0, 0.0, 0.0, 2.0]).view(1, 5, 1)
    none = x.new_zeros(0, 1, 1)
    A = torch.tensor(0.5j).log().view(1, 1, 1)
    C = torch.tensor(3.0 - 1.0j).view(1, 1, 1)
    D, E, gate = x.new_full((1, 1), 10.0), x.new_ones(1, 5, 1), torch.ones_like(x)
    y, h = ms_scan(x, none, none, A, None, C, D, E, None, gate=gate)
    expected = torch.tensor([13.0, 0.5, -0.75, -0.125, 26.1875])
    torch.testing.assert_close(y.flatten() / torch.sigmoid(gate[0, 0]), expected)
    torch.testing.assert_close(h.flatten(), torch.tensor([2.0625 + 0.0j]))


def test_padding_and_pieces() -> None:
    """A padded batch is its series one by one; a series in pieces is the series."""
    inputs = pairs_inputs(3, 70, 16, S=3, K=5, n=3)
    lengths, parts = torch.tensor([70, 2, 41]), ("x", "E", "gate")
    for reverse in (False, True):
        y, state = oscillating(**inputs, lengths=lengths, reverse=reverse)
        for i, length in enumerate(lengths.tolist()):
            alone = inputs | {k: inputs[k][i : i + 1, :length] for k in parts}
            y_alone, state_alone = oscillating(**alone, reverse=reverse)
            torch.testing.assert_close(y[i : i + 1, :length], y_alone, rtol=0, atol=0)
            torch.testing.assert_close(state[i : i + 1], state_alone, rtol=0, atol=0)
    whole, last = oscillating(**inputs)
    pieces, given = [], {}
    for begin, end in ((0, 1), (1, 33), (33, 70)):
        part = inputs | {k: inputs[k][:, begin:end] for k in parts}
        history = inputs["x"][:, :begin] if begin else None
        y, state = oscillating(**part, history=history, **given)
        given = dict(zip(("initial_state", "initial_state_imag"), state.unbind(-1), strict=True))
        pieces.append(y)
    torch.testing.assert_close(torch.cat(pieces, 1), whole)
    torch.testing.assert_close(state, last)


def test_runs_are_bit_identical_on_any_number_of_threads() -> None:
    inputs = pairs_inputs(3, 200, 64, S=3, K=4, n=3)
    results, threads = [], torch.get_num_threads()
    for n in (1, 2, 3):
        torch.set_num_threads(n)
        leaves = {k: v.clone().requires_grad_() for k, v in inputs.items()}
        y, _ = oscillating(**leaves)
        y.square().sum().backward()
        results.append([y.detach(), *(v.grad for v in leaves.values())])
    torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_gradcheck() -> None:
    inputs = pairs_inputs(2, 5, 2, S=1, K=2, n=2, history=2)
    leaves = [v.double().requires_grad_() for v in inputs.values()]

    def call(*values: Tensor) -> tuple[Tensor, Tensor]:
        given = dict(zip(inputs, values, strict=True))
        return oscillating(**given, lengths=torch.tensor([5, 3]))

    assert torch.autograd.gradcheck(call, leaves)


def test_opcheck() -> None:
    p = pairs_inputs(2, 40, 5, S=2, K=3, n=2, history=4)
    A, C, h = (
        pairs_of(torch.complex(p[re], p[im]))
        for re, im in (("A", "angle"), ("C", "C_imag"), ("initial_state", "initial_state_imag"))
    )
    maps = (p["x"], p["gate"], p["phi"], p["psi"], A, None, C, p["D"], p["E"])
    given = [None if t is None else t.requires_grad_() for t in (h, *maps)]
    rest = (None, None, None, torch.tensor([40, 9]), 0, False, True)
    arguments = (given[0], True, *given[1:], *rest)
    torch.library.opcheck(torch.ops.msssm_ts.ms_scan.default, arguments)


def test_bad_arguments_are_named() -> None:
    inputs = ms_scan_inputs(2, 9, 3, S=2, K=3, n=3, lti=True, history=2)
    h = inputs.pop("initial_state")
    turned = {k: inputs[k].to(torch.complex64) for k in ("A", "C")}
    without = {"B": None, "dt_bias": None}
    for wrong in (turned, without, turned | {"B": None}, turned | {"dt_bias": None}):
        with pytest.raises(ValueError, match="B and dt_bias go with a real A"):
            ms_scan(**inputs | wrong)
    for wrong in ({"C": inputs["C"]}, {"initial_state": h}):
        with pytest.raises(ValueError, match="must be as complex as A"):
            ms_scan(**inputs | turned | without | wrong)
