"""What the GPU kernels need of a card, from their machine code; the compiler needs no card."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Triton is made for Linux alone")
KERNELS = {
    "next_level", "local_states", "outputs", "mix", "gate_gradient", "local_carries", "gradients",
    "level_gradient",
}  # fmt: skip


@pytest.fixture(scope="module")
def static(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The benchmark, compiling each kernel once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRITON_CACHE_DIR", str(tmp_path_factory.mktemp("triton")))
        patch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
        yield importlib.import_module("gpu_static")


@pytest.mark.parametrize("core", ["s6", "lti", "s4d"])
def test_nothing_spills(static: Any, core: str) -> None:
    """With 168 registers twelve warps share a multiprocessor; spilled ones go through memory."""
    pairs = core == "s4d"
    case = static.Case(d=64, S=3, K=8, n=4, lti=core != "s6", pairs=pairs)
    needed = {}
    for launch in static.launches(case):
        registers, spilled, _shared = static.resources(static.compiled(launch)[0])
        needed[launch.kernel.__name__] = (registers, spilled)
    assert set(needed) == KERNELS | {"carry_pairs" if pairs else "carry_states"}
    for registers, spilled in needed.values():
        assert 0 < registers <= 168, needed
        assert spilled == 0, needed


def test_counts(static: Any) -> None:
    """A step of a stream: an exponential per state of a block, one and a reciprocal for Δ."""
    case = static.Case(d=64, S=3, K=8, n=4, lti=False)
    launch = next(k for k in static.launches(case) if k.kernel.__name__ == "outputs")
    needs = static.needs(case, launch)
    assert needs.per_step["special"] == launch.constants["BN"] + 2
    assert needs.per_step["shuffles"] == 0
    assert needs.warps == 14


def test_loops(static: Any) -> None:
    """What a branch jumps back over; the jump to itself at the end is none."""
    code = ["S2R R0", "FADD R1", "MUFU.EX2 R2", "FFMA R3", "BRA `(.L_x_1)", "EXIT", "BRA `(.L_x_2)"]
    labels = {1: ".L_x_0:", 2: ".L_x_1:", 6: ".L_x_2:"}
    lines = []
    for i, text in enumerate(code):
        lines += [labels[i]] if i in labels else []
        lines.append(f"        /*{16 * i:04x}*/    {text};")
    assert static.hottest("\n".join(lines)) == code[2:5]
