"""Memory of a training step at its peak, beside what is said of it before the start.

    OMP_NUM_THREADS=1 python benchmarks/step_memory.py

Each shape is trained in a process of its own for two steps: the largest resident memory beside
that before them (Linux). Prints both, and how far what is said is off.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

# Sizes of the network, series of a batch, and steps of the network.
SHAPES: tuple[tuple[dict[str, Any], int, int], ...] = (
    ({}, 8, 1000),
    ({}, 32, 200),
    ({}, 64, 200),
    ({}, 64, 1000),
    ({"d_model": 16, "n_layers": 1}, 64, 2000),
    ({"d_model": 32}, 64, 500),
    ({"d_model": 128}, 32, 500),
    ({"d_model": 256, "n_layers": 2}, 32, 300),
    ({"n_layers": 6}, 32, 500),
    ({"n_layers": 10}, 16, 500),
    ({"core": "lti"}, 64, 500),
    ({"core": "s4d"}, 64, 500),
    ({"n_scales": 0}, 32, 500),
    ({"n_channels": 12, "bidirectional": False}, 32, 500),
    ({"stem_stride": 10}, 32, 300),
    ({"stem_stride": 40, "n_channels": 2}, 16, 500),
    ({"stem_stride": 160, "stem_bands": 40}, 32, 25),
    ({"stem_bands": 40, "n_channels": 40}, 32, 100),
)


def status(name: str) -> int:
    """Return a size of this process, in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if name in line)


def measure(changes: dict[str, Any], n: int, steps: int) -> tuple[int, int]:
    """Return what a step took, and what was said."""
    import torch

    from msssm_ts.model import MSSSMConfig, MSSSMNetwork
    from msssm_ts.training.footprint import step_bytes
    from msssm_ts.training.memory import keep_freed_memory

    keep_freed_memory()
    config = MSSSMConfig(**{"n_channels": 1, "n_outputs": 5, **changes})
    network = MSSSMNetwork(config).train()
    optimizer = torch.optim.AdamW(network.parameters(), foreach=True)

    def step(n: int, steps: int) -> None:
        x = torch.randn(n, steps * config.stride, config.n_channels)
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(x), torch.arange(n) % 5).backward()
        optimizer.step()

    step(2, 64)
    said = step_bytes(network, n, steps * config.stride)
    # The largest so far is forgotten.
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    step(n, steps)
    step(n, steps)
    return status("VmHWM") - before, said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", type=json.loads, help="one of them, in this process")
    arguments = parser.parse_args()
    if arguments.shape is not None:
        print(json.dumps(measure(*arguments.shape)))
        return
    for shape in SHAPES:
        command = [sys.executable, __file__, "--shape", json.dumps(shape)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        took, said = json.loads(done.stdout)
        print(f"{took / 1e6:6.0f} MB, said {said / 1e6:6.0f} ({said / took - 1:+.0%})  {shape}")


if __name__ == "__main__":
    main()
