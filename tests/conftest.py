from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

# One of scikit-learn's checks of an estimator runs only with it; scipy reads it when imported.
os.environ.setdefault("SCIPY_ARRAY_API", "1")
# Tests side by side take turns on the cores: threads within them would wait for one another.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
import torch
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# From outside the package, which tests register and take away again; and what is run by hand.
collect_ignore = ["toy_core.py", "toy_member.py", "fuzz"]

# The same examples in every run; HYPOTHESIS_PROFILE=explore draws new ones.
settings.register_profile("same", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


@pytest.fixture(autouse=True)
def _same_random_numbers() -> None:
    torch.manual_seed(0)


@pytest.fixture
def two_threads() -> Iterator[None]:
    """Let torch and the kernels use two threads, whatever the machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
