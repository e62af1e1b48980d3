from __future__ import annotations

import pytest
import torch
from kernel_cases import Draw, assert_agrees, scan_inputs

from msssm_ts.kernels import selective_scan, use_backend


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("lti", [False, True], ids=["s6", "lti"])
@pytest.mark.parametrize("l", [1, 2, 63, 500])
@pytest.mark.parametrize("n", [1, 3, 16, 32])
@pytest.mark.parametrize("padded", [False, True])
def test_agrees_with_reference(dtype: torch.dtype, lti: bool, l: int, n: int, padded: bool) -> None:
    b, d = (3, 17) if n < 32 else (9, 16)
    lengths = Draw(3).lengths(b, l) if padded else None
    inputs = scan_inputs(b, l, d, n, lti=lti, state=padded)
    assert_agrees(selective_scan, inputs, dtype, lengths=lengths)


@pytest.mark.parametrize("lti", [False, True], ids=["s6", "lti"])
def test_padded_batch_equals_one_by_one(lti: bool) -> None:
    inputs = scan_inputs(4, 70, 8, 4, lti=lti)
    lengths = torch.tensor([70, 1, 33, 64])
    y, state = selective_scan(**inputs, lengths=lengths)
    for i, length in enumerate(lengths.tolist()):
        alone = {
            k: v[i : i + 1, :length] if v.ndim == 3 and k in ("x", "delta", "B", "C") else v
            for k, v in inputs.items()
        }
        y_alone, state_alone = selective_scan(**alone)
        torch.testing.assert_close(y[i : i + 1, :length], y_alone, rtol=0, atol=0)
        torch.testing.assert_close(state[i : i + 1], state_alone, rtol=0, atol=0)
        assert not y[i, length:].any()


@pytest.mark.parametrize("lti", [False, True], ids=["s6", "lti"])
def test_state_carries_over(lti: bool) -> None:
    inputs = scan_inputs(2, 80, 5, 3, lti=lti)
    whole, last = selective_scan(**inputs)
    parts, state = [], None
    for begin, end in ((0, 1), (1, 45), (45, 80)):
        part = {k: v[:, begin:end] if v.ndim == 3 else v for k, v in inputs.items()}
        y, state = selective_scan(**part, initial_state=state)
        parts.append(y)
    torch.testing.assert_close(torch.cat(parts, 1), whole)
    torch.testing.assert_close(state, last)


@pytest.mark.parametrize("lti", [False, True], ids=["s6", "lti"])
def test_gradcheck(lti: bool) -> None:
    # Four states together, and one by itself.
    inputs = scan_inputs(2, 7, 3, 5, lti=lti, state=True)
    names = list(inputs)
    leaves = [v.double().requires_grad_() for v in inputs.values()]

    def call(*values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return selective_scan(**dict(zip(names, values, strict=True)), lengths=torch.tensor([7, 4]))

    for backend in ("reference", "auto"):
        with use_backend(backend):
            assert torch.autograd.gradcheck(call, leaves)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_decays_beyond_the_exponents(dtype: torch.dtype) -> None:
    """Such as 2⁻³⁰⁰ are limited, and nothing else changes where one of a chunk's steps has one."""
    inputs = scan_inputs(2, 40, 17, 5, lti=False)
    inputs["A"][:, 0] = -1e-3
    given = {k: v.to(dtype) for k, v in inputs.items()}
    y, _ = selective_scan(**given)
    inputs["delta"][:, 20] *= 1000
    assert_agrees(selective_scan, inputs, dtype)
    other, _ = selective_scan(**{k: v.to(dtype) for k, v in inputs.items()})
    assert torch.equal(y[:, :20], other[:, :20])


@pytest.mark.parametrize("lti", [False, True], ids=["s6", "lti"])
def test_opcheck(lti: bool) -> None:
    p = {k: v.requires_grad_() for k, v in scan_inputs(2, 40, 5, 3, lti=lti, state=True).items()}
    delta, B = (None, None) if lti else (p["delta"], p["B"])
    maps = (p["A"], B, p["C"], p["D"])
    arguments = (p["x"], delta, *maps, p["initial_state"], torch.tensor([40, 9]), True)
    torch.library.opcheck(torch.ops.msssm_ts.selective_scan.default, arguments)


def test_runs_are_bit_identical_on_any_number_of_threads() -> None:
    inputs = scan_inputs(5, 300, 40, 8, lti=False)
    results = []
    threads = torch.get_num_threads()
    for n in (1, 2, 2, 3):
        torch.set_num_threads(n)
        leaves = {k: v.clone().requires_grad_() for k, v in inputs.items()}
        y, _ = selective_scan(**leaves)
        y.square().sum().backward()
        results.append([y.detach(), *(v.grad for v in leaves.values())])
    torch.set_num_threads(threads)
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_constant_maps_serve_both_cores() -> None:
    inputs = scan_inputs(2, 9, 3, 4, lti=False)
    B, C = torch.randn(2, 4)
    inputs |= {"B": B, "C": C}
    y, _ = selective_scan(**inputs)
    inputs |= {"B": B.expand(2, 9, 4), "C": C.expand(2, 9, 4)}
    torch.testing.assert_close(y, selective_scan(**inputs)[0])


def test_nan_is_not_swallowed() -> None:
    for name in ("x", "delta"):
        inputs = scan_inputs(1, 9, 3, 2, lti=False)
        inputs[name][0, 4, 1] = torch.nan
        y, _ = selective_scan(**inputs)
        assert y[0, 4:, 1].isnan().all()
        assert not y[0, :, [0, 2]].isnan().any()


def test_bad_arguments_are_named() -> None:
    inputs = scan_inputs(2, 9, 3, 4, lti=False)
    with pytest.raises(ValueError, match="A must have shape"):
        selective_scan(**inputs | {"A": inputs["A"][:2]})
    with pytest.raises(ValueError, match="B must have shape"):
        selective_scan(**inputs | {"B": inputs["B"][:, :2]})
    with pytest.raises(ValueError, match="delta must have shape"):
        selective_scan(**inputs | {"delta": inputs["delta"][:1]})
