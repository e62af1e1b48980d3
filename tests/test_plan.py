"""What a fit is said to take: memory and time of every kind of member."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from msssm_ts.estimator import MSSSMClassifier
from msssm_ts.fitting.plan import plan_of
from msssm_ts.members import MEMBERS
from msssm_ts.members.network import need
from msssm_ts.members.presets import Seat, taken
from msssm_ts.members.problem import Problem
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.series import LazySeries
from msssm_ts.training.footprint import step_bytes
from msssm_ts.training.memory import give_back_freed_memory, keep_freed_memory

OURS = (
    *("scan_ridge", "shapelet_ridge", "quantile_trees"),
    *("drawn_network", "encoder_ridge", "network"),
)


def _problem(n: int = 40, length: int = 30, lazy: bool = False) -> Problem:
    rng = np.random.default_rng(0)
    series: Any = [rng.normal(size=(2, length)).astype(np.float32) for _ in range(n)]
    if lazy:
        held = series
        series = LazySeries(range(n), held.__getitem__, [length] * n)
    return Problem.of(series, np.arange(n) % 2, 2)


def _parameters(**changes: Any) -> dict[str, Any]:
    small = {"d_model": 8, "n_layers": 1, "n_scales": 1, "batch_size": 8, "max_epochs": 5}
    return MSSSMClassifier(**{**small, **changes}).get_params()


def test_every_kind_of_ours_says_what_it_needs() -> None:
    problem, parameters = _problem(lazy=True), _parameters()
    seats = [Seat(kind) for kind in OURS]
    plan = plan_of(seats[:-1], seats[-1:], problem, parameters, twice=False)
    assert plan is not None
    assert plan.unknown == ()
    assert not any("not counted" in line for line in plan.lines())
    for kind in OURS:
        wants = MEMBERS.get(kind).need(problem, parameters)
        assert wants is not None
        assert wants.held > 0
        assert 0 < wants.seconds() < 60


def test_a_network_takes_as_long_as_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    def one_second(_: MSSSMNetwork, n_series: int, length: int) -> float:
        asked.append((n_series, length))
        return 1.0

    monkeypatch.setattr(need, "step_seconds", one_second)
    state = torch.get_rng_state()
    # 41 series in batches of 8: 6 steps an epoch.
    wants = need.need_of_network(_problem(41), _parameters())
    assert wants.seconds() == 30
    assert asked == [(8, 30)]
    assert torch.equal(torch.get_rng_state(), state)


def test_every_network_of_sound_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(need, "step_seconds", lambda *_: 1.0)
    monkeypatch.setattr(need, "_seconds_of_reading", lambda _: 0.0)
    problem, wanted = _problem(lazy=True), [Seat("network", of_sound=4)]
    # 40 series in batches of 8, five epochs.
    for is_sound, seconds in ((False, 25), (True, 100)):
        plan = plan_of([], taken(wanted, is_sound), problem, _parameters(), twice=False)
        assert plan is not None
        assert plan.seconds == seconds


def test_memory_that_a_training_takes_beyond_the_limit_is_said() -> None:
    parameters = _parameters(max_memory=100_000)
    plan = plan_of([], [Seat("network")], _problem(lazy=True), parameters, twice=False)
    assert plan is not None
    assert plan.unbounded == ("network",)
    assert not plan.exceeds
    assert "more than max_memory, which bounds no training: network" in plan.lines()[1]


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if name in line)


@pytest.mark.skipif(sys.platform != "linux", reason="tells the resident memory by /proc")
def test_what_was_freed_between_others_goes_back_to_the_system() -> None:
    keep_freed_memory()
    held = [np.ones(20_000) for _ in range(1000)]
    before = _status("VmRSS")
    del held[::2]
    assert _status("VmRSS") > before - 10e6
    assert give_back_freed_memory()
    assert _status("VmRSS") < before - 60e6


@pytest.mark.skipif(sys.platform != "linux", reason="tells the largest resident memory by /proc")
@pytest.mark.parametrize(
    ("changes", "n", "length"),
    [
        ({}, 32, 250),
        ({"d_model": 32, "n_layers": 6}, 32, 250),
        ({"core": "lti", "n_layers": 2}, 16, 800),
        ({"stem_stride": 10}, 16, 2000),
    ],
)
def test_memory_of_a_step_is_what_is_said(changes: dict[str, Any], n: int, length: int) -> None:
    keep_freed_memory()
    network = MSSSMNetwork(MSSSMConfig(1, 3, **changes)).train()
    optimizer = torch.optim.AdamW(network.parameters(), foreach=True)

    def step(n: int, length: int) -> None:
        optimizer.zero_grad()
        network(torch.randn(n, length, 1)).square().sum().backward()
        optimizer.step()

    step(2, 60)
    said = step_bytes(network, n, length)
    # What was freed goes back to the system, and the largest size so far is forgotten.
    gc.collect()
    give_back_freed_memory()
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    step(n, length)
    took = _status("VmHWM") - before
    assert took > 20_000_000
    assert 0.7 < said / took < 1.3, (said, took)
