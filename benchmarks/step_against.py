"""How much faster a training step is than at another commit, both in one run, turn by turn.

python benchmarks/step_against.py REF [--rounds 5] [--threads 2]

A step is forward, backward, clipping and AdamW of the default network on (b, l) = (32, 150), for
each of the package's cores that both commits have.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

STEP = """
import json, sys, time
from contextlib import nullcontext
import msssm_ts  # before torch, as for a user: it decides how torch's threads wait
import torch
from torch import nn
from torch.nn import functional
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.training.schedule import make_optimizer

try:
    from msssm_ts.training.memory import keep_freed_memory
    keep_freed_memory()
except ImportError:
    # Of a commit that has no such thing.
    pass
try:
    from msssm_ts.training.batches import Batch
    from msssm_ts.training.threads import threads_for
except ImportError:
    threads_for = None
torch.set_num_threads(int(sys.argv[1]))
found = {}
for core in ("lti", "s6"):
    torch.manual_seed(0)
    network = MSSSMNetwork(MSSSMConfig(1, 5, core=core))
    optimizer = make_optimizer(network, 0.0, 0.0, 0.0)
    x, y = torch.randn(32, 150, 1), torch.arange(32) % 5

    def step():
        with nullcontext() if threads_for is None else threads_for(network.config, Batch(x)):
            network.zero_grad(set_to_none=True)
            functional.cross_entropy(network(x), y).backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()

    for _ in range(3):
        step()
    times = []
    for _ in range(15):
        began = time.perf_counter()
        step()
        times.append(time.perf_counter() - began)
    found[core] = 1e3 * sorted(times)[len(times) // 2]
print(json.dumps(found))
"""


def step_times(tree: Path, threads: int) -> dict[str, float]:
    """Return the median milliseconds of a step by core, in a process that imports from a tree."""
    environment = {**os.environ, "PYTHONPATH": str(tree)}
    # Not in a tree: its own package would come first.
    with tempfile.TemporaryDirectory() as folder:
        output = subprocess.run(
            [sys.executable, "-c", STEP, str(threads)],
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    times: dict[str, float] = json.loads(output)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ref", help="commit to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    here = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as folder:
        other = Path(folder) / "other"
        git = ["git", "-C", str(here), "worktree"]
        subprocess.run([*git, "add", "--detach", str(other), arguments.ref], check=True)
        try:
            rounds = [
                (step_times(other, arguments.threads), step_times(here, arguments.threads))
                for _ in range(arguments.rounds)
            ]
        finally:
            subprocess.run([*git, "remove", "--force", str(other)], check=True)
    for core in rounds[0][0]:
        before, after = ([pair[i][core] for pair in rounds] for i in (0, 1))
        ratio = statistics.median(b / a for b, a in zip(before, after, strict=True))
        print(
            f"{core:4} {statistics.median(before):7.1f} ms at {arguments.ref}, "
            f"{statistics.median(after):7.1f} ms now: {ratio:.2f} times as fast"
        )


if __name__ == "__main__":
    main()
