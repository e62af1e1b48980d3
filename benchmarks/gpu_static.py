"""What the GPU kernels need of a card, from their machine code: no card is needed.

``python benchmarks/gpu_static.py`` launches the layer, forward and backward, with recorders in the
kernels' places, and compiles what was launched for compute capability 9.0. Of each kernel it
prints registers a thread, spilled bytes and shared memory (the driver's own 1024 bytes included),
which the assembler reports, and how many warps a multiprocessor then holds.

Then what stands in the loop over tiles of steps, from ``nvdisasm``: a loop is what a backward
branch jumps over, and of loops in one another the innermost with most of the work is taken, or
the whole kernel if it has none. Counts are divided by the steps of a tile: per step, channel and
stream. Loops inside it (taps, factors of Δ, further blocks of states) count once.

From that and the bytes that must move at least follow bounds for an H100: memory (3.35 TB/s), and
cycles of a multiprocessor (two a warp for special functions, one for shuffles and for loads and
stores, a quarter for any instruction). The least is the limit, in 10⁹ steps of a channel a second,
all streams together. Nothing of this is a measurement.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

# An H100 (SXM): bytes a second, multiprocessors, cycles a second, registers of each
BANDWIDTH, MULTIPROCESSORS, CLOCK, REGISTER_FILE = 3.35e12, 132, 1.755e9, 65536
KINDS = {
    "loads": r"LDG", "stores": r"STG", "special": r"MUFU", "shuffles": r"SHFL", "fma": r"FFMA",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One layer: width, scales, taps, states per stream, core and type of the activations.

    ``pairs``, LTI only: modes oscillate, two of the n states each. Without scales it is the scan
    alone, and Δ is given.
    """

    d: int
    S: int
    K: int
    n: int
    lti: bool
    dtype: torch.dtype = torch.float32
    pairs: bool = False

    @property
    def streams(self) -> int:
        """Raw signal, details and approximation."""
        return self.S + 2 if self.S else 1

    def __str__(self) -> str:
        core = "S4D" if self.pairs else "LTI" if self.lti else "S6"
        dtype = str(self.dtype).removeprefix("torch.")
        if not self.S:
            return f"{core}, the scan alone, d = {self.d}, n = {self.n}, {dtype}"
        return f"{core}, d = {self.d}, S = {self.S}, K = {self.K}, n = {self.n}, {dtype}"


CASES = [
    *(Case(64, 3, 8, 4, lti) for lti in (False, True)),
    Case(64, 3, 8, 4, False, torch.bfloat16),
    *(Case(d, 3, 4, 4, False) for d in (128, 256)),
    *(Case(256, 3, 2, n, lti) for lti in (False, True) for n in (13, 26)),
    *(Case(d, 3, K, n, True, pairs=True) for d, K, n in ((64, 8, 4), (70, 8, 2), (256, 2, 26))),
    Case(64, 3, 8, 4, True, torch.bfloat16, pairs=True),
    *(Case(512, 0, 1, 16, lti) for lti in (False, True)),
]


@dataclass(frozen=True)
class Launch:
    """A kernel as it was launched."""

    kernel: Any
    arguments: tuple[Any, ...]
    constants: dict[str, Any]


@dataclass(frozen=True)
class Needs:
    """What one kernel needs."""

    case: str
    kernel: str
    registers: int
    spilled: int
    shared: int
    warps: int
    instructions: int
    per_step: dict[str, float]
    limit: str
    bound: float


def launches(case: Case, length: int = 200) -> Iterator[Launch]:
    """Yield each kernel once that a forward and a backward pass launch."""
    from triton.runtime import JITFunction

    host = importlib.import_module("msssm_ts.kernels.ms_scan.triton")
    kernels = {k: v for k, v in vars(host).items() if isinstance(v, JITFunction)}
    seen: dict[str, Launch] = {}

    class Recorder:
        def __init__(self, kernel: Any):
            self.kernel = kernel

        def __getitem__(self, grid: tuple[int, ...]) -> Any:
            def record(*arguments: Any, **constants: Any) -> None:
                launch = Launch(self.kernel, arguments, constants)
                seen.setdefault(self.kernel.__name__, launch)

            return record

    M, rank, b = case.streams, -(-case.d // 16), 2

    def low(*shape: int) -> Tensor:
        return torch.zeros(shape, dtype=case.dtype)

    maps: list[Tensor | None]
    maps = [torch.zeros(M, case.d, case.n) if case.lti else low(b, length, M, case.n)] * 2
    maps = [None, maps[1]] if case.lti else maps
    step: list[Tensor | None] = [None] * 3
    if not case.S and not case.lti:
        step[0] = low(b, length, M, case.d)
    elif not case.lti:
        step = [low(b, length, M, rank), torch.zeros(M, case.d, rank), torch.zeros(M, case.d)]
    x, filters = low(b, length, case.d), torch.zeros(case.S, case.d, case.K)
    state = torch.zeros(b, M, case.d, case.n)
    gate = x if case.S else None
    inputs = (
        x,
        gate,
        filters,
        filters,
        state[0],
        *maps,
        state[0, ..., 0],
        low(b, length, M),
        *step,
    )
    rest = (None, 0, False, case.pairs)
    for name, kernel in kernels.items():
        setattr(host, name, Recorder(kernel))
    try:
        y, last, kept = host.ms_scan_triton(state, True, *inputs, *rest)
        host.ms_scan_backward_triton(y, last, kept, *inputs, *rest)
    finally:
        for name, kernel in kernels.items():
            setattr(host, name, kernel)
    yield from seen.values()


class _Card:
    """What Triton asks of a card before it launches: one of compute capability 9.0."""

    def get_current_target(self) -> Any:
        from triton.backends.compiler import GPUTarget

        return GPUTarget("cuda", 90, 32)

    def get_current_device(self) -> int:
        return 0

    def get_current_stream(self, device: int) -> int:
        return 0


def compiled(launch: Launch) -> tuple[bytes, dict[str, Any]]:
    """Compile for compute capability 9.0: the machine code, and the kernel's constants.

    By all that Triton does at a launch, up to the card itself.
    """
    from triton.runtime import driver

    before = driver._active
    driver.set_active(_Card())
    try:
        kernel = launch.kernel.warmup(*launch.arguments, grid=(1,), **launch.constants)
    finally:
        driver._active = before
    names = {p.name for p in launch.kernel.params}
    return kernel.asm["cubin"], {k: v for k, v in launch.constants.items() if k in names}


def resources(cubin: bytes) -> tuple[int, int, int]:
    """Read registers a thread, spilled bytes (its stack) and shared memory."""
    used = _tool("cuobjdump", "-res-usage", cubin)
    match = re.search(r"REG:(\d+) STACK:(\d+) SHARED:(\d+)", used)
    if match is None:
        raise RuntimeError(f"cuobjdump reports no registers: {used}")
    registers, stack, shared = map(int, match.groups())
    return registers, stack, shared


def _tool(name: str, option: str, cubin: bytes) -> str:
    """Output of one of the CUDA tools that come with Triton."""
    nvidia = importlib.import_module("triton.backends.nvidia")
    program = Path(nvidia.__path__[0]) / "bin" / name
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        result = subprocess.run([program, option, file.name], capture_output=True, text=True)
    result.check_returncode()
    return result.stdout


def hottest(sass: str) -> list[str]:
    """Find the instructions of the loop over tiles; of a kernel without loops, all."""
    code: list[str] = []
    labels: dict[str, int] = {}
    for line in sass.splitlines():
        if label := re.match(r"\s*(\.L_x_\d+):", line):
            labels[label[1]] = len(code)
        elif instruction := re.search(r"/\*[0-9a-f]{4,5}\*/\s+(.*?);", line):
            code.append(instruction[1])
    loops = [(0, len(code))]
    for i, text in enumerate(code):
        to = re.search(r"BRA.*\((\.L_x_\d+)\)", text)
        # A jump to itself ends every kernel
        if to and labels.get(to[1], i) < i:
            loops.append((labels[to[1]], i + 1))
    most = max(_work(code[first:last]) for first, last in loops[1:] or loops)
    busy = [loop for loop in loops if _work(code[slice(*loop)]) > 0.5 * most]
    first, last = min(busy, key=lambda loop: loop[1] - loop[0])
    return code[first:last]


def _work(code: list[str]) -> int:
    return sum(bool(re.search(r"MUFU|FFMA|FMUL|SHFL", text)) for text in code)


def needs(case: Case, launch: Launch) -> Needs:
    """Compile one kernel and count."""
    cubin, constants = compiled(launch)
    registers, spilled, shared = resources(cubin)
    loop = hottest(_tool("nvdisasm", "-c", cubin))
    steps = constants.get("T") or constants.get("TT") or 1
    counts = {k: sum(bool(re.search(v, t)) for t in loop) / steps for k, v in KINDS.items()}
    # Blocks of 32 threads: 32 to a multiprocessor, registers given out in eights
    warps = min(32, REGISTER_FILE // (32 * (-(-registers // 8) * 8)))
    streams = case.streams if "streams" in constants else 1
    cycles = {
        "special": counts["special"] * 2,
        "shuffles": counts["shuffles"],
        "loads": counts["loads"] + counts["stores"],
        "instructions": len(loop) / steps / 4,
    }
    # A warp is 32 channels; every stream needs the same again
    rate = {k: 32 * MULTIPROCESSORS * CLOCK / (v * streams) for k, v in cycles.items() if v}
    rate["memory"] = BANDWIDTH / _bytes(case, launch.kernel.__name__)
    limit = min(rate, key=rate.__getitem__)
    return Needs(
        str(case), launch.kernel.__name__, registers, spilled, shared, warps, len(loop), counts,
        limit, rate[limit] / 1e9,
    )  # fmt: skip


def _bytes(case: Case, kernel: str) -> float:
    """Bytes that a step of a channel must move at least: planes read and written once."""
    x, plane, M = case.dtype.itemsize, 4, case.streams
    chunk = importlib.import_module("msssm_ts.kernels.ms_scan.gpu_layout").CHUNK
    bands, states = (case.S + 1) * plane, M * case.n * plane / chunk
    return {
        "scan_order": x + plane,
        "next_level": 2 * plane,
        "local_states": bands,
        "carry_states": 1e-9,
        "carry_pairs": 1e-9,
        "outputs": bands + M * plane + states,
        "mix": M * plane + 2 * x + plane,
        "gate_gradient": 3 * x + 2 * plane,
        "local_carries": plane,
        "gradients": bands + plane + states + M * plane,
        "level_gradient": 4 * plane,
    }[kernel]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="a list of objects for machines")
    every = []
    as_json = parser.parse_args().json
    for case in CASES:
        if not as_json:
            print(f"\n{case}")
            print(f"  {'kernel':<15} registers spilled shared warps   loop  ", end="")
            print(" ".join(f"{k:>8}" for k in KINDS), " limit, 10⁹ steps a second")
        for launch in launches(case):
            row = needs(case, launch)
            every.append(asdict(row))
            if not as_json:
                counts = " ".join(f"{v:8.1f}" for v in row.per_step.values())
                print(
                    f"  {row.kernel:<15} {row.registers:9} {row.spilled:7} {row.shared:6}", end=""
                )
                print(f" {row.warps:5} {row.instructions:6}   {counts}", end="")
                print(f"  {row.limit}, {row.bound:.1f}", flush=True)
    if as_json:
        print(json.dumps(every, indent=1))


if __name__ == "__main__":
    main()
