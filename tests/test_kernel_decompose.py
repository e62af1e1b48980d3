from __future__ import annotations

import pytest
import torch
from kernel_cases import Draw, assert_agrees

from msssm_ts.kernels import decompose, use_backend


def _inputs(b: int, l: int, d: int, S: int, K: int, history: int = 0) -> dict[str, torch.Tensor]:
    draw = Draw()
    inputs = {
        "x": draw.normal(b, l, d),
        "phi": draw.normal(S, d, K, scale=K**-0.5),
        "psi": draw.normal(S, d, K, scale=K**-0.5),
    }
    return inputs | ({"history": draw.normal(b, history, d)} if history else {})


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("l", [1, 2, 7, 63, 500])
@pytest.mark.parametrize(("S", "K"), [(1, 1), (2, 2), (3, 5), (6, 8)])
@pytest.mark.parametrize("padded", [False, True])
def test_agrees_with_reference(dtype: torch.dtype, l: int, S: int, K: int, padded: bool) -> None:
    lengths = Draw(3).lengths(3, l) if padded else None
    assert_agrees(decompose, _inputs(3, l, 17, S, K), dtype, lengths=lengths)


@pytest.mark.parametrize("history", [1, 9, 40])
def test_agrees_with_history(history: int) -> None:
    assert_agrees(decompose, _inputs(2, 33, 5, 3, 4, history), torch.float32)


@pytest.mark.parametrize(("l", "S", "K", "history"), [(700, 3, 4, 300), (40, 6, 8, 1000)])
def test_agrees_over_several_segments_of_time(l: int, S: int, K: int, history: int) -> None:
    lengths = torch.tensor([l, min(l, 257)])
    assert_agrees(decompose, _inputs(2, l, 5, S, K, history), torch.float64, lengths=lengths)


def test_history_continues_a_series() -> None:
    inputs = _inputs(2, 90, 4, 3, 4)
    whole = decompose(**inputs)
    first, second = inputs["x"].split([50, 40], dim=1)
    tail = decompose(second, inputs["phi"], inputs["psi"], history=first)
    torch.testing.assert_close(whole[:, :, 50:], tail)


def test_haar_is_what_the_paper_means() -> None:
    """By hand: K = 2, S = 2 on a unit impulse."""
    phi = torch.tensor([0.5, 0.5]).expand(2, 1, 2)
    psi = torch.tensor([0.5, -0.5]).expand(2, 1, 2)
    x = torch.zeros(1, 6, 1)
    x[0, 1] = 4.0
    d1, d2, a2 = decompose(x, phi, psi).squeeze()
    assert d1.tolist() == [0, 2, -2, 0, 0, 0]
    assert d2.tolist() == [0, 1, 1, -1, -1, 0]
    assert a2.tolist() == [0, 1, 1, 1, 1, 0]


def test_gradcheck() -> None:
    inputs = [v.double().requires_grad_() for v in _inputs(2, 9, 3, 2, 3).values()]
    lengths = torch.tensor([9, 4])
    for backend in ("reference", "auto"):
        with use_backend(backend):
            assert torch.autograd.gradcheck(lambda *a: decompose(*a, lengths=lengths), inputs)


def test_opcheck() -> None:
    x, phi, psi = (v.requires_grad_() for v in _inputs(2, 9, 3, 2, 3).values())
    operator = torch.ops.msssm_ts.decompose.default
    torch.library.opcheck(operator, (x, phi, psi, torch.tensor([9, 4]), 0))
    torch.library.opcheck(operator, (x, phi, psi, None, 2))


def test_bad_arguments_are_named() -> None:
    x, phi, psi = _inputs(2, 9, 3, 2, 3).values()
    with pytest.raises(ValueError, match="phi must have shape"):
        decompose(x, phi[:, :2], psi)
    with pytest.raises(ValueError, match="psi must have shape"):
        decompose(x, phi, psi[..., :2])
    with pytest.raises(ValueError, match=r"lengths must lie in 0\.\.9"):
        decompose(x, phi, psi, lengths=torch.tensor([3, 10]))
    with pytest.raises(TypeError, match="lengths must be an integer"):
        decompose(x, phi, psi, lengths=torch.tensor([3.0, 9.0]))
    with pytest.raises(TypeError, match="float32 or float64"):
        decompose(x.half(), phi.half(), psi.half())
