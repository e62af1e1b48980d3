"""Time a new process to its first training step, with an empty and with a filled kernel cache.

python benchmarks/startup.py
"""

from __future__ import annotations

import os
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
    MSSSMClassifier(core={core!r}, callbacks=[stop]).fit(X, np.arange(16) % 2)
except Stop:
    pass
"""


def main() -> None:
    for core in ("s6", "lti"):
        with tempfile.TemporaryDirectory() as cache:
            for name in ("cold", "warm", "warm"):
                began = time.perf_counter()
                subprocess.run(
                    [sys.executable, "-c", STEP.format(core=core)],
                    env=os.environ | {"MSSSM_TS_CACHE_DIR": cache},
                    check=True,
                )
                print(f"{core:<4} {name}: {time.perf_counter() - began:.2f} s", flush=True)


if __name__ == "__main__":
    main()
