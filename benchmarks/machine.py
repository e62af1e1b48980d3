"""What figures are measured on and with."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import torch

import msssm_ts


def machine(device: torch.device) -> dict[str, Any]:
    """Tell date, processor or card, threads and versions."""
    packages = ("torch", "numba", "triton", "mambapy", "mamba-ssm")
    on_gpu = device.type == "cuda"
    return {
        "date": datetime.now(UTC).date().isoformat(),
        **({"commit": found} if (found := _commit()) else {}),
        "device": torch.cuda.get_device_name(device) if on_gpu else _processor(),
        "threads": torch.get_num_threads(),
        "openmp_wait_policy": os.environ.get("OMP_WAIT_POLICY", "default"),
        "msssm_ts": msssm_ts.__version__,
        **{p: v for p in packages if (v := _version(p))},
    }


def _commit() -> str | None:
    """Return the commit of the code that runs, with a + where something was changed since."""
    folder = Path(msssm_ts.__file__).parent
    said = ["git", "-C", str(folder), "describe", "--always", "--exclude=*", "--dirty=+"]
    try:
        done = subprocess.run(said, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return done.stdout.strip() or None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
