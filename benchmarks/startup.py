"""Time a new process to its first training step, with an empty and with a filled kernel cache.

python benchmarks/startup.py
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

STEP = """
import numpy as np
from msssm_ts import MSSSMClassifier

class Stop(Exception): pass
def stop(progress): raise Stop

X = np.random.default_rng(0).normal(size=(16, 100))
try:
    MSSSMClassifier(members=["network"], core={core!r}, callbacks=[stop]).fit(X, np.arange(16) % 2)
except Stop:
    import time
    print(time.time())
"""
IMPORTS = "import torch, sklearn.base, time; print(time.time())"


def seconds_until_printed(code: str, cache: str) -> float:
    """Run code in a new process that prints the time when it is there."""
    began = time.time()
    result = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"MSSSM_TS_CACHE_DIR": cache},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return float(result.stdout) - began


def main() -> None:
    with tempfile.TemporaryDirectory() as cache:
        times = [seconds_until_printed(IMPORTS, cache) for _ in range(5)]
        print(f"importing torch and sklearn.base alone: {statistics.median(times):.2f} s")
    for core in ("s6", "lti"):
        with tempfile.TemporaryDirectory() as cache:
            code = STEP.format(core=core)
            print(f"{core:<4} cold: {seconds_until_printed(code, cache):.2f} s", flush=True)
            times = [seconds_until_printed(code, cache) for _ in range(5)]
            print(f"{core:<4} warm: {statistics.median(times):.2f} s", flush=True)


if __name__ == "__main__":
    main()
