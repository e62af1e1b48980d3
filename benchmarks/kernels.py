"""Time the kernels against other implementations and against the machine.

    python benchmarks/kernels.py [--json] [--only TEXT]

No speed is printed for a result that does not agree with ours.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import torch
from rivals import composed_layer, layer_rivals, scan_rivals
from timing import Roofline, measure, peak_memory
from torch import Tensor
from torch.nn import functional

from msssm_ts.kernels import ms_scan, selective_scan
from msssm_ts.kernels.ms_scan.cpu import ms_scan_cost
from msssm_ts.kernels.selective_scan.cpu import selective_scan_cost
from msssm_ts.model import MSSSMConfig, MSSSMNetwork, block

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from kernel_cases import ms_scan_inputs, relative_rms, scan_inputs

Call = Callable[[], Any]


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
    # The slow rivals take minutes at some sizes.
    skip: tuple[str, ...] = ()


CASES = [
    Case("selective_scan", 16, 1000, 64, 16),
    Case("ms_scan", 16, 1000, 64, 4, 3, 4),
    Case("ms_scan", 16, 1000, 64, 4, 3, 4, lti=True),
    Case("ms_scan", 32, 150, 64, 4, 3, 8),
    Case("ms_scan", 1, 100_000, 64, 4, 3, 4, skip=("sequential torch", "stand-alone ops")),
]


@dataclass(frozen=True)
class Row:
    """One implementation of one case."""

    case: str
    who: str
    what: str
    milliseconds: float
    low: float
    high: float
    speedup_of_ours: float | None
    roofline_fraction: float | None
    peak_memory_of_input: float | None


def _prepare(case: Case) -> tuple[Callable[..., Any], dict[str, Tensor], dict[str, Any]]:
    if case.name == "selective_scan":
        inputs = scan_inputs(case.b, case.l, case.d, case.n, lti=case.lti)
        return selective_scan, inputs, scan_rivals()
    inputs = ms_scan_inputs(
        case.b, case.l, case.d, S=case.S, K=case.K, n=case.n, lti=case.lti, rank=4
    )
    return ms_scan, inputs, layer_rivals()


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


def run_case(case: Case, roofline: Roofline) -> Iterator[Row]:
    """Measure ours, then the rivals, forward and forward + backward."""
    ours, inputs, rivals = _prepare(case)
    label = (
        f"{case.name} {'lti' if case.lti else 's6'} (b, l, d, n) = "
        f"({case.b}, {case.l}, {case.d}, {case.n})"
        + (f", S = {case.S}, K = {case.K}" * (case.S > 0))
    )
    cost = (
        selective_scan_cost(case.n)
        if case.name == "selective_scan"
        else ms_scan_cost(case.S, case.K, case.n, not case.lti)
    )
    elements = case.b * case.l * case.d
    least = roofline.seconds(elements * cost["bytes"], elements * cost["exponentials"])
    input_bytes = elements * 4
    for what, wrap in (("forward", _forward), ("forward + backward", _both)):
        mine = wrap(ours, inputs)
        truth, timing, memory = mine(), measure(mine), peak_memory(mine)
        fraction = least / timing.median if what == "forward" else None
        share = None if memory is None else memory / input_bytes
        times = [1e3 * t for t in (timing.median, timing.low, timing.high)]
        yield Row(label, "ours", what, *times, None, fraction, share)
        for name, rival in rivals.items():
            if name in case.skip:
                continue
            other = wrap(rival, inputs)
            _agree(other(), truth, f"{label}, {name}, {what}")
            theirs, memory = measure(other, least=2), peak_memory(other)
            share = None if memory is None else memory / input_bytes
            times = [1e3 * t for t in (theirs.median, theirs.low, theirs.high)]
            yield Row(label, name, what, *times, theirs.median / timing.median, None, share)
        if case.l >= 50_000:
            yield _one_thread(mine, label, what, timing.median)


def _one_thread(mine: Call, label: str, what: str, ours: float) -> Row:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = measure(mine)
    finally:
        torch.set_num_threads(threads)
    times = [1e3 * t for t in (alone.median, alone.low, alone.high)]
    return Row(label, "ours, one thread", what, *times, alone.median / ours, None, None)


def _agree(result: Any, truth: Any, where: str) -> None:
    pairs = zip(result, truth, strict=True) if isinstance(truth, tuple) else [(result, truth)]
    worst = max(relative_rms(a, b) for a, b in pairs)
    # float32 against float32, by another order of summation over the whole batch
    if not worst < 1e-4:
        raise SystemExit(f"{where}: disagrees with ours (relative RMS {worst:.1e}); no speed shown")


@contextlib.contextmanager
def _unfused_path() -> Iterator[None]:
    """Let the network's blocks call the stand-alone operations."""

    def run(
        x: Tensor,
        phi: Tensor,
        psi: Tensor,
        A: Tensor,
        B: Tensor,
        C: Tensor,
        D: Tensor,
        E: Tensor,
        dt_bias: Tensor,
        *,
        reverse: bool,
        lengths: None,
        **more: Tensor | None,
    ) -> tuple[Tensor, None]:
        given = {k: v for k, v in more.items() if v is not None and k != "dt_weight"}
        series = {"x": x, "E": E, **given} | ({"B": B, "C": C} if "dt" in given else {})
        if reverse:
            series = {k: v.flip(1) for k, v in series.items()}
        fixed = {"phi": phi, "psi": psi, "A": A, "B": B, "C": C, "D": D, "dt_bias": dt_bias}
        weight = {"dt_weight": more["dt_weight"]} if "dt" in given else {}
        y = composed_layer(**fixed | series | weight)
        return (y.flip(1) if reverse else y), None

    with mock.patch.object(block, "ms_scan", run):
        yield


def run_step() -> Iterator[Row]:
    """Measure a training step of a small network, fused and not."""
    label = "training step (b, l) = (32, 150), width 64, 3 layers, bidirectional"
    config = MSSSMConfig(n_channels=1, n_outputs=5, kernel_size=4, dropout=0.0)
    torch.manual_seed(0)
    network = MSSSMNetwork(config)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.0, weight_decay=0.0)
    x, y = torch.randn(32, 150, 1), torch.arange(32) % 5

    def step() -> Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    fused = measure(step, seconds=6)
    loss = step()
    times = [1e3 * t for t in (fused.median, fused.low, fused.high)]
    yield Row(label, "ours", "step", *times, None, None, None)
    with _unfused_path():
        _agree(step(), loss, label)
        other = measure(step, seconds=6)
    times = [1e3 * t for t in (other.median, other.low, other.high)]
    yield Row(label, "stand-alone ops", "step", *times, other.median / fused.median, None, None)


def show(rows: Iterator[Row]) -> list[Row]:
    """Print rows as they come."""
    seen: list[Row] = []
    for row in rows:
        if not seen or seen[-1].case != row.case:
            print(f"\n{row.case}")
        text = f"  {row.what:<19} {row.who:<17} {row.milliseconds:9.1f} ms"
        text += f" ({row.low:.1f}–{row.high:.1f})"
        if row.speedup_of_ours is not None:
            text += f"   ours {row.speedup_of_ours:.1f}× faster"
        if row.roofline_fraction is not None:
            text += f"   {row.roofline_fraction:.0%} of the roofline"
        if row.peak_memory_of_input is not None:
            text += f"   extra memory {row.peak_memory_of_input:.1f}× input"
        print(text, flush=True)
        seen.append(row)
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--only", default="", help="cases whose name holds this text")
    options = parser.parse_args()
    roofline = Roofline.measure()
    facts = {
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "processor": platform.processor() or platform.machine(),
        **asdict(roofline),
    }

    def rows() -> Iterator[Row]:
        for case in CASES:
            if options.only in case.name:
                yield from run_case(case, roofline)
        if options.only in "training step":
            yield from run_step()

    if options.json:
        result = {"machine": facts, "rows": [asdict(r) for r in rows()]}
        print(json.dumps(result, indent=2))
        return
    print(
        f"{facts['threads']} threads, torch {facts['torch']}: copy "
        f"{roofline.bytes_per_second / 1e9:.1f} GB/s, exp2 "
        f"{roofline.exponentials_per_second / 1e9:.2f} G/s"
    )
    show(rows())


if __name__ == "__main__":
    main()
