"""The recurrence over time and variates against its definition, and as two scans."""

from __future__ import annotations

import pytest
import torch
from kernel_cases import Draw, assert_agrees, outputs_and_gradients
from torch import Tensor

from msssm_ts.kernels import coupled_scan, selective_scan, use_backend

SIZES = [(3, 1, 1, 3, 1), (2, 2, 5, 17, 3), (3, 37, 4, 8, 5)]


def _inputs(b: int, l: int, V: int, d: int, n: int, state: bool = True) -> dict[str, Tensor]:
    draw = Draw(5)
    inputs = {
        "x": draw.normal(b, l, V, d),
        "delta": draw.uniform(b, l, V, 2, d, low=0.05, high=1.5),
        "A": draw.uniform(2, d, n, low=-3.0, high=-0.05),
        "G": draw.uniform(2, d, n, low=-0.95, high=0.95),
        "B": draw.normal(b, l, V, 2, n),
        "C": draw.normal(b, l, V, 2, n),
    }
    return inputs | ({"initial_state": draw.normal(b, V, 2, d, n)} if state else {})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("sizes", SIZES, ids=str)
@pytest.mark.parametrize("padded", [False, True])
def test_agrees_with_reference(dtype: torch.dtype, sizes: tuple[int, ...], padded: bool) -> None:
    lengths = Draw(3).lengths(sizes[0], sizes[1]) if padded else None
    assert_agrees(coupled_scan, _inputs(*sizes, state=padded), dtype, lengths=lengths)


def test_triangular_is_two_scans() -> None:
    """Without a way back: over the variates, then over time, both by the diagonal scan."""
    b, l, V, d, n = 2, 9, 4, 3, 5
    p = {k: v.double() for k, v in _inputs(b, l, V, d, n, state=False).items()}
    p["G"][1] = 0

    def scanned(held: Tensor, delta: Tensor, A: Tensor) -> Tensor:
        """h = a h + (1 − a) held along axis 1 of (rows, steps, d, n): every state a channel."""
        decay = torch.exp(delta.unsqueeze(-1) * A)
        step = delta.unsqueeze(-1).expand(held.shape).flatten(-2)
        ones = held.new_ones(1)
        x = ((1 - decay) * held).flatten(-2) / step
        return selective_scan(x, step, A.view(-1, 1), ones, ones)[0].view(held.shape)

    def two_scans(x: Tensor, delta: Tensor, A: Tensor, G: Tensor, B: Tensor, C: Tensor) -> Tensor:
        drive = B.unsqueeze(-2) * x[:, :, :, None, :, None]
        over = scanned(drive[:, :, :, 1].flatten(0, 1), delta[:, :, :, 1].flatten(0, 1), A[1])
        over = over.view(b, l, V, d, n)
        earlier = torch.cat([torch.zeros_like(over[:, :1]), over[:, :-1]], 1)
        held = (G[0] * earlier + drive[:, :, :, 0]).transpose(1, 2).flatten(0, 1)
        along = scanned(held, delta[:, :, :, 0].transpose(1, 2).flatten(0, 1), A[0])
        along = along.view(b, V, l, d, n).transpose(1, 2)
        states = torch.stack([along, over], 3)
        return (C.unsqueeze(-2) * states).sum((-1, -3))

    found = outputs_and_gradients(lambda **given: coupled_scan(**given)[0], p)
    wanted = outputs_and_gradients(two_scans, p)
    for name, values in wanted.items():
        if name == "gradient of G":
            # Two scans do not look at the way back.
            found[name], values = found[name][0], values[0]
        torch.testing.assert_close(found[name], values, rtol=1e-10, atol=1e-10, msg=name)


def test_nothing_grows_whatever_the_steps() -> None:
    """Bounded by u / (1 − g), and a step without input contracts, for any number of variates."""
    draw, V, n = Draw(2), 30, 2
    p = {k: v.double() for k, v in _inputs(1, 300, V, 1, n, state=False).items()}
    p["delta"] = 10 ** draw.uniform(1, 300, V, 2, 1, low=-4.0, high=3.0).double()
    p["G"] = torch.full_like(p["G"], 0.9)
    p["x"], p["B"] = torch.ones_like(p["x"]), torch.ones_like(p["B"])
    _, state = coupled_scan(**p)
    assert float(state.abs().max()) <= 1 / (1 - 0.9) + 1e-9
    eye = torch.eye(2 * V, dtype=torch.float64)
    # A series for every state that is 1 before the step.
    start = torch.zeros(2 * V, V, 2, 1, n, dtype=torch.float64)
    start[..., 0, 0] = eye.view(2 * V, V, 2)
    step = {k: v[:, 7:8].expand(2 * V, *v[:, 7:8].shape[1:]) for k, v in p.items() if v.ndim > 3}
    step["x"] = 0 * step["x"]
    _, after = coupled_scan(**p | step, initial_state=start)
    matrix = after[..., 0, 0].reshape(2 * V, 2 * V).T
    assert float(matrix.abs().sum(1).max()) < 1
    assert float(torch.linalg.eigvals(matrix).abs().max()) < 1
    # What the bound is for: stable each, not together.
    p["G"] = torch.full_like(p["G"], 1.5)
    _, state = coupled_scan(**p)
    assert not float(state.abs().max()) < 1e3


def test_padded_batch_equals_one_by_one_and_goes_on_where_it_stopped() -> None:
    inputs = _inputs(3, 40, 5, 9, 4)
    lengths = torch.tensor([40, 1, 18])
    y, state = coupled_scan(**inputs, lengths=lengths)
    for i, length in enumerate(lengths.tolist()):
        alone = {
            k: v
            if k in ("A", "G")
            else v[i : i + 1, :length]
            if k != "initial_state"
            else v[i : i + 1]
            for k, v in inputs.items()
        }
        y_alone, state_alone = coupled_scan(**alone)
        torch.testing.assert_close(y[i : i + 1, :length], y_alone, rtol=0, atol=0)
        torch.testing.assert_close(state[i : i + 1], state_alone, rtol=0, atol=0)
        assert not y[i, length:].any()
    parts = []
    for begin, end in ((0, 1), (1, 23), (23, 40)):
        part = {
            k: v[:, begin:end] if v.ndim > 3 and k != "initial_state" else v
            for k, v in inputs.items()
        }
        out, inputs["initial_state"] = coupled_scan(**part)
        parts.append(out)
    torch.testing.assert_close(torch.cat(parts, 1)[0], y[0])


def test_gradcheck_and_opcheck() -> None:
    inputs = _inputs(2, 4, 3, 2, 2)
    leaves = [v.double().requires_grad_() for v in inputs.values()]

    def call(*values: Tensor) -> tuple[Tensor, Tensor]:
        return coupled_scan(**dict(zip(inputs, values, strict=True)), lengths=torch.tensor([4, 2]))

    for backend in ("reference", "auto"):
        with use_backend(backend):
            assert torch.autograd.gradcheck(call, leaves)
    p = [v.requires_grad_() for v in inputs.values()]
    torch.library.opcheck(torch.ops.msssm_ts.coupled_scan.default, (*p, torch.tensor([4, 2]), True))


def test_runs_are_bit_identical_on_any_number_of_threads() -> None:
    inputs, results = _inputs(5, 30, 6, 20, 4), []
    threads = torch.get_num_threads()
    for n in (1, 2, 3):
        torch.set_num_threads(n)
        results.append(outputs_and_gradients(coupled_scan, inputs))
    torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(torch.equal(values, other[name]) for name, values in results[0].items())


def test_bad_arguments_are_named() -> None:
    inputs = _inputs(2, 4, 3, 2, 2)
    with pytest.raises(ValueError, match="A must have shape"):
        coupled_scan(**inputs | {"A": inputs["A"][:1]})
    with pytest.raises(ValueError, match="B must have shape"):
        coupled_scan(**inputs | {"B": inputs["B"][..., :1]})
    with pytest.raises(ValueError, match="delta must have shape"):
        coupled_scan(**inputs | {"delta": inputs["delta"][:1]})
