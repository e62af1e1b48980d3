"""A child of ``data.py``: reads what it is told to, and says what came of it, a line of JSON each.

It may die of what it reads.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.datasets.damage import Damaged
from msssm_ts.datasets.memory import limited
from msssm_ts.datasets.unpack import unpack
from msssm_ts.errors import InputError

# Allowed to the readers, and what they may take beside it: copies, and the libraries themselves.
ALLOWED, BESIDE = 64 * 10**6, 320 * 10**6
CPU_SECONDS = 10.0


def check(data: LabelledSeries) -> None:
    """Raise AssertionError where series are none."""
    n = data.n_series
    assert n, "no series"
    data.summary()
    data.origin()
    json.dumps(data.origin(), allow_nan=False)
    for name in ("labels", "groups", "ids", "folds", "validation", "times"):
        found = getattr(data, name)
        assert found is None or len(found) == n, f"{len(found)} {name} of {n} series"
    names, units = data.channel_names, data.units
    assert names is None or len(names) == data.n_channels, "channel names"
    assert units is None or len(units) == data.n_channels, "units"
    rate = data.sampling_rate
    assert rate is None or 0 < rate < float("inf"), f"rate {rate}"
    for i in range(min(n, 20)):
        values = np.asarray(data.values[i])
        assert values.shape == (data.n_channels, int(data.lengths[i])), f"shape {values.shape}"
        assert values.dtype.kind == "f", f"{values.dtype}"
        assert values.size, f"{values.shape}"
        assert not np.isinf(values).any(), "an infinite value"
        if data.times is not None:
            times = np.asarray(data.times[i])
            assert times.shape == values.shape[1:], "the shape of times"
            assert np.isfinite(times).all(), "times"


def attempt(source: Path, options: dict[str, Any], whole: str) -> dict[str, str]:
    """Read; say ``read``, ``refused`` or what failed."""
    try:
        if source.name.startswith("set."):
            with tempfile.TemporaryDirectory() as folder, limited(ALLOWED):
                unpack(source, Path(folder))
        else:
            options = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
            check(load(source, ReadOptions(max_memory=ALLOWED, **options), needs_labels=False))
        return {"outcome": "read"}
    except InputError as error:
        text = str(error)
        # What else a terminal would obey in names of the file, the command line escapes.
        if "\n" in text:
            return {"outcome": "several lines", "detail": repr(text)}
        if whole not in text and not text.startswith("--"):
            return {"outcome": "names no file", "detail": text}
        if len(text) > 1500:
            return {"outcome": "long sentence", "detail": text[:1500]}
        caught = error
        while caught is not None and not isinstance(caught, Damaged):
            caught = caught.__cause__ if isinstance(caught.__cause__, InputError) else None
        net = ""
        if caught is not None and caught.__cause__ is not None:
            frame = traceback.extract_tb(caught.__cause__.__traceback__)[-1]
            net = (
                f"{type(caught.__cause__).__name__} at {'/'.join(Path(frame.filename).parts[-3:])}"
            )
            net += f":{frame.lineno}"
        return {"outcome": "refused", "detail": text, "net": net}
    except BaseException:
        return {"outcome": "traceback", "detail": traceback.format_exc(limit=-6)}


def _peak() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    return 0


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def main() -> None:
    """Answer lines until there are no more."""
    warnings.simplefilter("ignore")
    answers = os.fdopen(os.dup(1), "w")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    measured = Path("/proc/self/clear_refs").exists()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A last resort that spares the machine.
    with contextlib.suppress(ValueError):
        # macOS refuses it.
        resource.setrlimit(resource.RLIMIT_AS, (12 << 30, 12 << 30))
    for line in sys.stdin:
        task = json.loads(line)
        before, start = _resident() if measured else 0, time.process_time()
        if measured:
            with contextlib.suppress(OSError):
                Path("/proc/self/clear_refs").write_text("5")
        found = attempt(Path(task["source"]), task["options"], task["whole"])
        seconds = time.process_time() - start
        taken = _peak() - before if measured else 0
        found |= {"seconds": seconds, "taken": taken}  # type: ignore[dict-item]
        if found["outcome"] in ("read", "refused"):
            if seconds > CPU_SECONDS:
                found |= {"outcome": "slow", "detail": f"{seconds:.1f} s"}
            elif taken > ALLOWED + BESIDE:
                found |= {"outcome": "memory", "detail": f"{taken / 1e6:.0f} MB"}
        answers.write(json.dumps(found) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
