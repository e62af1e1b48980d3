from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

FINGERPRINT = """
import hashlib
from kernel_cases import ms_scan_inputs, outputs_and_gradients
from msssm_ts.kernels import ms_scan

inputs = ms_scan_inputs(8, 90, 32, S=3, K=4, n=4, lti=False)
for name, value in outputs_and_gradients(ms_scan, inputs).items():
    print(name, hashlib.sha256(value.detach().numpy().tobytes()).hexdigest()[:12])
"""


def test_compiling_and_loading_a_kernel_give_the_same_bits(tmp_path: Path) -> None:
    def run() -> str:
        done = subprocess.run(
            [sys.executable, "-c", FINGERPRINT],
            env=os.environ
            | {"MSSSM_TS_CACHE_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    compiled = run()
    files = {f: f.stat().st_mtime_ns for f in tmp_path.rglob("*.nb*")}
    assert files
    assert run() == compiled
    # The second process found what the first had left.
    assert files == {f: f.stat().st_mtime_ns for f in tmp_path.rglob("*.nb*")}
