"""How near forward passes come to the machine's bounds: copies, exponentials, multiply-adds.

    python benchmarks/bounds.py [--threads 1]

Each bound is the least time in which the machine does nothing but that, measured in turns with
the pass itself.
"""

from __future__ import annotations

# Before torch, as for a user: it decides how torch's threads wait.
import msssm_ts  # noqa: F401

# isort: split
import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from roofline import limits_of

from msssm_ts.kernels import ms_scan, selective_scan
from msssm_ts.kernels.linear import linear
from msssm_ts.kernels.ms_scan.cpu import ms_scan_cost
from msssm_ts.kernels.selective_scan.cpu import selective_scan_cost
from msssm_ts.training.memory import keep_freed_memory

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from kernel_cases import ms_scan_inputs, scan_inputs


def passes() -> dict[str, tuple[Callable[[], object], dict[str, int]]]:
    """Return what is measured, with its bytes, exponentials and flops."""
    b, l, d = 16, 1000, 64
    found: dict[str, tuple[Callable[[], object], dict[str, int]]] = {}
    for lti, core in ((False, "S6"), (True, "LTI")):
        layer = ms_scan_inputs(b, l, d, S=3, K=4, n=4, rank=4, lti=lti)
        layer = {k: v.float() for k, v in layer.items()}
        scan = {k: v.float() for k, v in scan_inputs(b, l, d, 16, lti=lti).items()}
        cost = selective_scan_cost(16)
        if lti:
            # x and y alone move; the decays are computed once.
            cost = cost | {"bytes": 8, "exponentials": 0}
        each = {k: b * l * d * v for k, v in cost.items()}
        found[f"scan, {core}, 16 states"] = (lambda scan=scan: selective_scan(**scan)), each
        each = {k: b * l * d * v for k, v in ms_scan_cost(3, 4, 4, not lti).items()}
        found[f"layer, {core}"] = (lambda layer=layer: ms_scan(**layer)), each
    x, weight, bias = torch.randn(32 * 150, d), torch.randn(d, d), torch.randn(d)
    each = {"bytes": 2 * x.nbytes, "exponentials": 0, "flops": 2 * x.numel() * d}
    found["projection, 32 × 150 × 64 to 64"] = (lambda: linear(x, weight, bias)), each
    return found


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    torch.set_num_threads(parser.parse_args().threads)
    keep_freed_memory()
    limits = limits_of(torch.device("cpu"))
    rates = ", ".join(f"{v.rate() / 1e9:.1f} G {k}/s" for k, v in limits.items())
    print(f"{torch.get_num_threads()} thread(s): {rates}")
    for name, (function, amounts) in passes().items():
        shares = [
            f"{limits[k].fraction(function, amount):4.0%} of the bound by {k}"
            for k, amount in amounts.items()
            if amount
        ]
        print(f"{name:32} {', '.join(shares)}", flush=True)


if __name__ == "__main__":
    main()
