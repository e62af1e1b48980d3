"""What several scales cost: MS-SSM beside single-scale networks with as much state.

    python benchmarks/cost.py [--json] [--device cpu|cuda] [--seconds SECONDS]

Networks of the default sizes (width 64, 3 bidirectional layers, 20 states a channel, K = 8) with
S = 3, and with one stream (S6, LTI). The times of the two are taken in turns, and their ratio is
the median over the pairs (and its quartiles); memory is what a call adds at its highest. What
multiply-adds are counted: ``msssm_ts.analysis.network.cost``.
"""

from __future__ import annotations

# Before torch, as for a user: it decides how torch's threads wait.
import msssm_ts  # noqa: F401

# isort: split
import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
from machine import machine
from timing import compare_in_pairs, finished, peak_memory
from torch import Tensor
from torch.nn import functional

from msssm_ts.analysis.network.cost import exponentials, multiply_adds, n_parameters
from msssm_ts.analysis.network.single_scale import single_scale, untrained
from msssm_ts.model import MSSSMConfig, MSSSMNetwork

SIZES = ((32, 150), (16, 1000))


@dataclass(frozen=True)
class Cost:
    """One quantity of both networks."""

    core: str
    batch: int
    length: int
    what: str
    multi_scale: float
    single_scale: float
    # Of times, the median over the pairs, and their quartiles.
    ratio: float
    spread: tuple[float, float] | None = None


def costs(
    core: str, batch: int, length: int, device: torch.device, seconds: float
) -> Iterator[Cost]:
    """Count, then time, then weigh."""
    torch.manual_seed(0)
    config = MSSSMConfig(n_channels=1, n_outputs=5, core=core, dropout=0.0)  # type: ignore[arg-type]
    many = MSSSMNetwork(config).to(device)
    networks = (many, untrained(single_scale(config), 0, many))
    case = core, batch, length
    counted: dict[str, Callable[[MSSSMNetwork], int]] = {
        "parameters": n_parameters,
        "multiply-adds a series": lambda n: sum(multiply_adds(n, length).values()),
        "exponentials a series": lambda n: exponentials(n, length),
    }
    for what, count in counted.items():
        several, one = map(count, networks)
        yield Cost(*case, what, several, one, several / one)
    x = torch.randn(batch, length, 1, device=device)
    y = torch.arange(batch, device=device) % 5
    for what, work in (("inference", _inference), ("training step", _step)):
        calls = [finished(work(n, x, y), device) for n in networks]
        *times, ratio = compare_in_pairs(*calls, seconds=seconds, least=15)
        milliseconds = (1e3 * t.median for t in times)
        yield Cost(*case, f"{what} (ms)", *milliseconds, ratio.median, (ratio.low, ratio.high))
        memory = [peak_memory(call, device) for call in calls]
        if memory[0] and memory[1]:
            megabytes = (m / 1e6 for m in memory)
            yield Cost(*case, f"{what}, extra memory (MB)", *megabytes, memory[0] / memory[1])


def _inference(network: MSSSMNetwork, x: Tensor, _: Tensor) -> Callable[[], Any]:
    def call() -> Tensor:
        with torch.no_grad():
            return network(x)

    return call


def _step(network: MSSSMNetwork, x: Tensor, y: Tensor) -> Callable[[], Any]:
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.0, weight_decay=0.0, foreach=True)

    def call() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(network(x), y).backward()
        optimizer.step()

    return call


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--seconds", type=float, default=20.0, help="for each pair of times")
    options = parser.parse_args()
    device = torch.device(options.device)
    facts = machine(device)
    rows = (
        cost
        for core in ("s6", "lti")
        for batch, length in SIZES
        for cost in costs(core, batch, length, device, options.seconds)
    )
    if options.json:
        print(json.dumps({"machine": facts, "rows": [asdict(c) for c in rows]}, indent=2))
        return
    print(", ".join(f"{k} {v}" for k, v in facts.items()))
    case = None
    for c in rows:
        if case != (c.core, c.batch, c.length):
            case = (c.core, c.batch, c.length)
            title = f"{c.core}, {c.batch} series of {c.length} steps"
            print(f"\n{title:<34} {'S = 3':>14} {'single scale':>14} {'ratio':>7}")
        digits = 0 if float(c.multi_scale).is_integer() else 1
        values = (f"{v:14,.{digits}f}" for v in (c.multi_scale, c.single_scale))
        spread = "" if c.spread is None else f" ({c.spread[0]:.2f}–{c.spread[1]:.2f})"
        print(f"  {c.what:<32} {' '.join(values)} {c.ratio:7.2f}{spread}", flush=True)


if __name__ == "__main__":
    main()
