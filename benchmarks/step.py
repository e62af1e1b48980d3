"""A training step of a small network: fused, not fused, and where its time goes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest import mock

import torch
from rivals import layer_of_fused_scans
from table import Row
from timing import Timing, compare, finished, measure
from torch import Tensor
from torch.nn import functional

from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.cores import diagonal

LABEL = "training step (b, l) = (32, 150), width 64, 3 layers, bidirectional, S = 3, K = 4"
# Names of torch's operations, the first that fits; all that is left is elementwise.
PARTS = {
    "fused layer, backward": (
        "msssm_ts::ms_scan_backward",
        "GeneratedBackwardFor_msssm_ts_ms_scan_defaultBackward",
    ),
    "fused layer, forward": ("msssm_ts::ms_scan", "GeneratedBackwardFor_msssm_ts_ms_scan_default"),
    "projections": ("msssm_ts::linear", "GeneratedBackwardFor_msssm_ts_linear"),
    "other matrix products": ("aten::mm", "aten::addmm", "aten::bmm"),
    "optimiser": ("aten::_foreach", "aten::_fused", "Optimizer"),
}
REST = "norms, sums, copies and calls"


@contextlib.contextmanager
def _unfused_path() -> Iterator[None]:
    """Let the network's blocks call the stand-alone operations."""

    def run(
        x: Tensor,
        phi: Tensor,
        psi: Tensor,
        A: Tensor,
        B: Tensor,
        C: Tensor,
        D: Tensor,
        E: Tensor,
        dt_bias: Tensor,
        *,
        reverse: bool,
        lengths: None,
        **more: Tensor | None,
    ) -> tuple[Tensor, None]:
        given = {k: v for k, v in more.items() if v is not None and k != "dt_weight"}
        series = {"x": x, "E": E, **given} | ({"B": B, "C": C} if "dt" in given else {})
        if reverse:
            series = {k: v.flip(1) for k, v in series.items()}
        fixed = {"phi": phi, "psi": psi, "A": A, "B": B, "C": C, "D": D, "dt_bias": dt_bias}
        weight = {"dt_weight": more["dt_weight"]} if "dt" in given else {}
        y = layer_of_fused_scans(**fixed | series | weight)
        return (y.flip(1) if reverse else y), None

    with mock.patch.object(diagonal, "ms_scan", run):
        yield


def run_step(device: torch.device) -> Iterator[Row]:
    """Measure the step."""
    config = MSSSMConfig(n_channels=1, n_outputs=5, kernel_size=4, dropout=0.0)
    torch.manual_seed(0)
    network = MSSSMNetwork(config).to(device)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.0, weight_decay=0.0, foreach=True)
    x, y = torch.randn(32, 150, 1, device=device), torch.arange(32, device=device) % 5

    def work() -> Tensor:
        optimizer.zero_grad()
        loss = functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        return loss.detach()

    step = finished(work, device)
    fused, loss = measure(step, seconds=6), step()
    yield Row.of(LABEL, "ours", "step", fused, None, None, None)
    for part, share in _shares(step).items():
        seconds = share * fused.median
        yield Row.of(LABEL, part, "  of it", Timing(seconds, seconds, seconds), None, None, None)

    def unfused() -> Tensor:
        with _unfused_path():
            return step()

    torch.testing.assert_close(unfused(), loss, rtol=1e-4, atol=0)
    beside, other = compare(step, unfused, seconds=10)
    yield Row.of(LABEL, "stand-alone ops", "step", other, beside, None, None)


def _shares(step: object) -> dict[str, float]:
    """Split a step's time among :data:`PARTS` by torch's profiler."""
    assert callable(step)
    with torch.profiler.profile() as profiler:
        for _ in range(10):
            step()
    times = dict.fromkeys([*PARTS, REST], 0.0)
    for event in profiler.key_averages():
        part = next((p for p, names in PARTS.items() if event.key.startswith(names)), REST)
        times[part] += max(event.self_cpu_time_total, event.self_device_time_total)
    total = sum(times.values())
    return {part: time / total for part, time in times.items()}
