"""Fits side by side: threads, forked children, joblib's workers, DataLoader's workers."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from joblib import Parallel, delayed
from kernel_cases import scan_inputs

from msssm_ts import MSSSMClassifier
from msssm_ts.kernels import selective_scan

pytestmark = pytest.mark.usefixtures("two_threads")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 40))
Y = np.arange(24) % 2


def _fit(seed: int = 0) -> np.ndarray:
    model = MSSSMClassifier(
        members=["network"], d_model=16, n_layers=1, max_epochs=2, dropout=0.0, random_state=seed
    )
    return model.fit(X, Y).predict_proba(X)


def _fit_into(queue: multiprocessing.Queue[np.ndarray]) -> None:
    queue.put(_fit())


def test_two_fits_in_two_threads() -> None:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(_fit, [0, 0, 0, 0]))
    assert all(r.shape == (24, 2) and np.isfinite(r).all() for r in results)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_fit_in_a_forked_child_after_one_in_the_parent() -> None:
    expected = _fit()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_fit_into, args=(queue,))
    child.start()
    try:
        np.testing.assert_allclose(queue.get(timeout=60), expected, atol=1e-3)
    finally:
        child.kill()


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_joblib(backend: str) -> None:
    results = Parallel(n_jobs=2, backend=backend)(delayed(_fit)(0) for _ in range(3))
    assert all(np.isfinite(r).all() for r in results)


class _Scans(torch.utils.data.Dataset[torch.Tensor]):
    def __len__(self) -> int:
        return 6

    def __getitem__(self, i: int) -> torch.Tensor:
        return selective_scan(**scan_inputs(1, 50, 16, 4, lti=False, seed=i))[0][0]


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_dataloader_workers() -> None:
    data = _Scans()
    expected = torch.stack([data[i] for i in range(6)])
    loader = torch.utils.data.DataLoader(data, batch_size=2, num_workers=2)
    torch.testing.assert_close(torch.cat(list(loader)), expected)


def test_idle_openmp_threads_do_not_spin() -> None:
    """They would take the cores that the kernels' threads need."""
    code = "import os, msssm_ts; print(os.environ['OMP_WAIT_POLICY'])"
    environment = {k: v for k, v in os.environ.items() if k != "OMP_WAIT_POLICY"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "PASSIVE"
