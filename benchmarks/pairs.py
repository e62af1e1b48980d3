"""A layer whose modes oscillate beside one of real modes, with as many real states."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from table import Row
from timing import compare, finished

from msssm_ts.kernels import ms_scan

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from kernel_cases import ms_scan_inputs, oscillating, pairs_inputs

LABEL = "ms_scan, pairs (b, l, d, n) = (16, 1000, 64, 4), S = 3, K = 4"


def run_pairs(device: torch.device) -> Iterator[Row]:
    """Time both, forward and forward + backward."""
    two = pairs_inputs(16, 1000, 64, S=3, K=4, n=2)
    four = ms_scan_inputs(16, 1000, 64, S=3, K=4, n=4, lti=True)
    leaves = [
        (function, {k: v.to(device).requires_grad_() for k, v in inputs.items()})
        for function, inputs in ((oscillating, two), (ms_scan, four))
    ]
    grad_y = torch.ones_like(two["x"], device=device)

    def forward(which: int) -> torch.Tensor:
        function, inputs = leaves[which]
        with torch.no_grad():
            y: torch.Tensor = function(**inputs)[0]
        return y

    def both(which: int) -> tuple[torch.Tensor, ...]:
        function, inputs = leaves[which]
        return torch.autograd.grad(function(**inputs)[0], list(inputs.values()), grad_y)

    for what, call in (("forward", forward), ("forward + backward", both)):
        calls = [finished(lambda which=which, call=call: call(which), device) for which in (0, 1)]
        mine, other = compare(*calls)
        yield Row.of(LABEL, "ours, two pairs", what, mine, None, None, None)
        yield Row.of(LABEL, "ours, four real states", what, other, mine, None, None)
