"""The fused pools of channels against their definition in plain torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from msssm_ts.kernels import use_backend
from msssm_ts.kernels.channel_pools import FEW_POOLS, MOST_POOLS, channel_pools


def _case(rows: int, channels: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(rows)
    x = torch.from_numpy(rng.normal(size=(5, rows, channels))).to(dtype)
    counted = rng.uniform(size=(5, rows)) < 0.8
    # All, one step, the last one alone, as many as a shorter series has.
    counted[0], counted[1], counted[2] = True, np.arange(rows) == 0, np.arange(rows) == rows - 1
    counted[3] = np.arange(rows) < max(1, rows // 3)
    counted[4, rows // 2] = True
    return x, torch.from_numpy(counted)


@pytest.mark.parametrize("n_pools", [FEW_POOLS, MOST_POOLS])
@pytest.mark.parametrize(("rows", "channels"), [(1, 1), (3, 5), (63, 16), (64, 17), (700, 20)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equals_the_reference(n_pools: int, rows: int, channels: int, dtype: torch.dtype) -> None:
    x, counted = _case(rows, channels, dtype)
    close = 2e-6 if dtype == torch.float32 else 1e-12
    for given in (counted, None):
        fast = channel_pools(x, given, n_pools)
        with use_backend("reference"):
            plain = channel_pools(x, given, n_pools)
        torch.testing.assert_close(fast, plain, rtol=close, atol=close)


def test_company_and_threads_do_not_matter(two_threads: None) -> None:
    x, counted = _case(300, 64, torch.float32)
    together = channel_pools(x.repeat(8, 1, 1), counted.repeat(8, 1), MOST_POOLS)
    torch.set_num_threads(1)
    alone = [channel_pools(x[i : i + 1], counted[i : i + 1], MOST_POOLS)[0] for i in range(5)]
    assert torch.equal(together, torch.stack(alone * 8))


def test_gradients_are_the_references() -> None:
    x, counted = _case(9, 3, torch.float64)
    x.requires_grad_()
    found = channel_pools(x, counted, FEW_POOLS)
    with use_backend("reference"):
        assert torch.equal(found, channel_pools(x, counted, FEW_POOLS))
    assert torch.autograd.gradcheck(lambda x: channel_pools(x, counted, FEW_POOLS), x)
