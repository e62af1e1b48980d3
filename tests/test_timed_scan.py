"""Scans over uneven steps against their definition, and against scans over a regular grid."""

from __future__ import annotations

from importlib import import_module

import pytest
import torch

from msssm_ts.kernels.timed_scan import timed_scan, timed_scan_reference


def inputs(batch: int, rows: int, d: int, n: int, pairs: bool, seed: int = 0):
    torch.manual_seed(seed)
    dtype = torch.complex128 if pairs else torch.float64
    log = -torch.rand(d, n, dtype=torch.float64)
    if pairs:
        log = torch.complex(log, 3 * torch.rand(d, n, dtype=torch.float64))
    x = torch.randn(batch, rows, d, dtype=torch.float64)
    # Some gaps again and again, others once, and none at all.
    gaps = torch.rand(batch, rows, dtype=torch.float64) * 4
    gaps[:, ::3] = gaps[:, ::3].round()
    return x, gaps, log, torch.randn(d, n, dtype=dtype)


@pytest.mark.parametrize("pairs", [False, True])
@pytest.mark.parametrize(("batch", "rows", "d", "n"), [(2, 1, 1, 1), (3, 37, 17, 3), (1, 9, 2, 2)])
def test_equals_the_definition(batch, rows, d, n, pairs, monkeypatch):
    # Several chunks.
    monkeypatch.setattr(import_module("msssm_ts.kernels.timed_scan.cpu"), "_ROWS", 15)
    x, gaps, log, C = inputs(batch, rows, d, n, pairs)
    lengths = torch.tensor([rows, max(1, rows // 2), 1][:batch])
    up = torch.randn_like(x)
    found = []
    for scan in (timed_scan, timed_scan_reference):
        given = [t.clone().requires_grad_() for t in (x, log, C)]
        y = scan(given[0], gaps, *given[1:], lengths=lengths)
        found.append([y, *torch.autograd.grad((y * up).sum(), given)])
    for fast, plain in zip(*found, strict=True):
        torch.testing.assert_close(fast, plain, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("pairs", [False, True])
def test_equals_a_regular_grid_where_missing_steps_put_nothing_in(pairs):
    x, _, log, C = inputs(2, 40, 3, 4, pairs)
    kept = torch.rand(40) < 0.4
    steps = kept.nonzero().flatten()
    gaps = torch.diff(steps, prepend=steps[:1]).expand(2, -1)
    ones = torch.ones(2, 40)
    whole = timed_scan(x * kept[:, None], ones, log, C)
    some = timed_scan(x[:, kept], gaps, log, C)
    torch.testing.assert_close(some, whole[:, kept], rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("pairs", [False, True])
def test_registered_operator_holds_what_torch_asks(pairs):
    x, gaps, log, C = inputs(2, 7, 3, 2, pairs)
    given = (x.requires_grad_(), gaps, log.requires_grad_(), C.requires_grad_(), None, True)
    torch.library.opcheck(torch.ops.msssm_ts.timed_scan.default, given)


def test_a_series_answers_alike_alone_and_in_a_padded_batch():
    x, gaps, log, C = (t.to(torch.float32) for t in inputs(3, 30, 5, 4, False))
    lengths = torch.tensor([30, 11, 4])
    y = timed_scan(x, gaps, log, C, lengths=lengths)
    alone = timed_scan(x[1:2, :11], gaps[1:2, :11], log, C)
    assert torch.equal(alone[0], y[1, :11])
    assert not y[1, 11:].any()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, g, a, c: (x, g[:, :3], a, c), "gaps must have shape"),
        (lambda x, g, a, c: (x, g, a[:1], c), "log must have shape"),
        (lambda x, g, a, c: (x, g, a, c.to(torch.complex128)), "both be real, or both complex"),
    ],
)
def test_refuses_what_does_not_fit(change, message):
    with pytest.raises(ValueError, match=message):
        timed_scan(*change(*inputs(2, 5, 3, 2, False)))
