"""Time the kernels against other implementations and against the machine.

    python benchmarks/kernels.py [--json] [--only TEXT] [--device cpu|cuda] [--patience 0.2]

No speed is printed for a result that does not agree with ours.
"""

from __future__ import annotations

# Before torch, as for a user: it decides how torch's threads wait.
import msssm_ts  # noqa: F401

# isort: split
import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from machine import machine
from pairs import LABEL as PAIRS
from pairs import run_pairs
from recurrence import LABEL as RECURRENCE
from recurrence import run_recurrence
from rivals import compiles, layer_rivals, scan_rivals
from roofline import Limit, limits_of
from step import run_step
from table import Row, show
from timing import be_patient, compare, finished, measure, peak_memory
from torch import Tensor

from msssm_ts.kernels import ms_scan, selective_scan
from msssm_ts.kernels.ms_scan.cpu import ms_scan_cost
from msssm_ts.kernels.selective_scan.cpu import selective_scan_cost

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from kernel_cases import ms_scan_inputs, relative_rms, scan_inputs

Call = Callable[[], Any]
# Rivals that unroll every step into one graph: minutes of compilation at any length worth timing.
UNROLLED = ("torch.compile, sequential",)
STEPS = (*UNROLLED, "sequential torch")
LONG = (*UNROLLED, "sequential torch", "stand-alone ops", "torch.compile, unfused")


@dataclass(frozen=True)
class Case:
    """One operation at one size."""

    name: str
    b: int
    l: int
    d: int
    n: int
    S: int = 0
    K: int = 0
    lti: bool = False
    dtype: torch.dtype = torch.float32
    # Rivals that would take minutes at this size.
    skip: tuple[str, ...] = UNROLLED

    @property
    def title(self) -> str:
        """The operation and its size."""
        core = "lti" if self.lti else "s6"
        kind = "" if self.dtype == torch.float32 else f" {self.dtype}".replace(" torch.", " ")
        sizes = f", S = {self.S}, K = {self.K}" if self.S else ""
        return f"{self.name} {core}{kind} (b, l, d, n) = {self.b, self.l, self.d, self.n}{sizes}"


CPU_CASES = [
    Case("selective_scan", 16, 1000, 64, 16),
    Case("selective_scan", 16, 30, 64, 16, skip=()),
    Case("ms_scan", 16, 1000, 64, 4, 3, 4),
    Case("ms_scan", 16, 1000, 64, 4, 3, 4, lti=True),
    Case("ms_scan", 32, 150, 64, 4, 3, 8),
    Case("ms_scan", 1, 100_000, 64, 4, 3, 4, skip=LONG),
]
GPU_CASES = [
    Case("selective_scan", 16, 2048, 512, 16),
    *(
        # mamba-ssm has scans with a Δ for every step alone
        Case("ms_scan", b, l, d, 4, 3, 4, lti, dtype, skip=(*STEPS, "mamba-ssm and torch" * lti))
        for b, l, d in ((64, 2048, 256), (16, 1000, 64))
        for lti in (False, True)
        for dtype in (torch.bfloat16, torch.float32)
    ),
    Case("ms_scan", 1, 100_000, 64, 4, 3, 4, skip=LONG),
]


def _prepare(
    case: Case, device: torch.device
) -> tuple[Callable[..., Any], dict[str, Tensor], dict[str, Any]]:
    if case.name == "selective_scan":
        inputs = scan_inputs(case.b, case.l, case.d, case.n, lti=case.lti)
        ours: Callable[..., Any] = selective_scan
        rivals = scan_rivals(device)
    else:
        sizes: dict[str, Any] = {"S": case.S, "K": case.K, "n": case.n, "rank": 4}
        inputs = ms_scan_inputs(case.b, case.l, case.d, lti=case.lti, **sizes)
        ours, rivals = ms_scan, layer_rivals(device)
    return ours, {k: v.to(device, case.dtype) for k, v in inputs.items()}, rivals


def _first(output: Any) -> Tensor:
    result: Tensor = output[0] if isinstance(output, tuple) else output
    return result


def _forward(function: Callable[..., Any], inputs: dict[str, Tensor]) -> Call:
    def call() -> Tensor:
        with torch.no_grad():
            return _first(function(**inputs))

    return call


def _both(function: Callable[..., Any], inputs: dict[str, Tensor]) -> Call:
    leaves = {k: v.clone().requires_grad_() for k, v in inputs.items()}
    grad_y = torch.ones_like(inputs["x"])

    def call() -> tuple[Tensor, ...]:
        y = _first(function(**leaves))
        return torch.autograd.grad(y, list(leaves.values()), grad_y)

    return call


def _roofline_fraction(case: Case, limits: dict[str, Limit], function: Call) -> float:
    """Least time that the machine could take, over the time that the function takes."""
    size = case.dtype.itemsize
    cost = (
        selective_scan_cost(case.n, size)
        if case.name == "selective_scan"
        else ms_scan_cost(case.S, case.K, case.n, not case.lti, size)
    )
    elements = case.b * case.l * case.d
    return max(limit.fraction(function, elements * cost[k]) for k, limit in limits.items())


def run_case(case: Case, limits: dict[str, Limit], device: torch.device) -> Iterator[Row]:
    """Measure ours, then the rivals, forward and forward + backward."""
    ours, inputs, rivals = _prepare(case, device)
    input_bytes = inputs["x"].nbytes
    for what, wrap in (("forward", _forward), ("forward + backward", _both)):
        mine = finished(wrap(ours, inputs), device)
        truth, timing, memory = mine(), measure(mine), peak_memory(mine, device)
        fraction = _roofline_fraction(case, limits, mine) if what == "forward" else None
        share = None if memory is None else memory / input_bytes
        yield Row.of(case.title, "ours", what, timing, None, fraction, share)
        for name, rival in rivals.items():
            if name in case.skip:
                continue
            other, where = finished(wrap(rival, inputs), device), f"{case.title}, {name}, {what}"
            try:
                result = other()
            except torch.OutOfMemoryError:
                print(f"{where}: needs more memory than there is", file=sys.stderr)
                continue
            _agree(result, truth, where, case.dtype)
            del result
            (beside, theirs), memory = compare(mine, other), peak_memory(other, device)
            share = None if memory is None else memory / input_bytes
            yield Row.of(case.title, name, what, theirs, beside, None, share)
        if case.l >= 50_000 and device.type == "cpu":
            beside, one = compare(mine, _on_one_thread(mine))
            yield Row.of(case.title, "ours, one thread", what, one, beside, None, None)


def _on_one_thread(function: Call) -> Call:
    threads = torch.get_num_threads()

    def call() -> Any:
        torch.set_num_threads(1)
        try:
            return function()
        finally:
            torch.set_num_threads(threads)

    return call


def _agree(result: Any, truth: Any, where: str, dtype: torch.dtype) -> None:
    pairs = zip(result, truth, strict=True) if isinstance(truth, tuple) else [(result, truth)]
    worst = max(relative_rms(a, b) for a, b in pairs)
    # float32 against float32, by another order of summation over the whole batch
    bound = 1e-4 if dtype == torch.float32 else 5e-2
    if not worst < bound:
        raise SystemExit(f"{where}: disagrees with ours (relative RMS {worst:.1e}); no speed shown")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--patience", type=float, default=1.0, help="times as long for each figure")
    options = parser.parse_args()
    be_patient(options.patience)
    device = torch.device(options.device)
    limits = limits_of(device)
    facts = machine(device) | {f"{k}_per_second": limit.rate() for k, limit in limits.items()}
    if not compiles():
        print("torch.compile is left out: it needs a C++ compiler", file=sys.stderr)

    def rows() -> Iterator[Row]:
        for case in GPU_CASES if device.type == "cuda" else CPU_CASES:
            if options.only in case.name:
                yield from run_case(case, limits, device)
        if options.only in PAIRS:
            yield from run_pairs(device)
        if options.only in RECURRENCE:
            yield from run_recurrence(device)
        if options.only in "training step":
            yield from run_step(device)

    if options.json:
        print(json.dumps({"machine": facts, "rows": [asdict(r) for r in rows()]}, indent=2))
        return
    print(", ".join(f"{k} {v}" for k, v in facts.items() if not k.endswith("_second")))
    print(", ".join(f"{facts[f'{name}_per_second'] / 1e9:.1f} G {name}/s" for name in limits))
    show(rows())


if __name__ == "__main__":
    main()
