"""The Triton kernels on the CPU.

Their interpreter must be asked for before the kernels are loaded, so the cases run in processes
of their own, which this file starts: it fails if one of them fails, or runs too few cases, or
runs anything else than interpreted kernels. On Linux it never skips. The compiler, too, is tried
out here: it needs no card.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from kernel_cases import (
    assert_agrees,
    ms_scan_inputs,
    outputs_and_gradients,
    poisoned_memory,
    relative_rms,
)

from msssm_ts.kernels import ms_scan, use_backend

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
CORES = pytest.mark.parametrize("lti", [False, True], ids=["s6", "lti"])
# What runs in one process, side by side: names of the tests below, and how many cases that is
GROUPS = {
    "test_lengths or test_precision or test_contract": 18,
    "test_options or test_one_pass": 14,
}


if not INTERPRETED:

    @pytest.mark.skipif(sys.platform != "linux", reason="Triton is made for Linux alone")
    def test_interpreted() -> None:
        environment = os.environ | {"TRITON_INTERPRET": "1", "MSSSM_TS_BACKEND": "triton"}
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", __file__, "-k"]
        running = [
            subprocess.Popen(
                [*command, group],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for group in GROUPS
        ]
        for process, cases in zip(running, GROUPS.values(), strict=True):
            output, _ = process.communicate()
            assert process.returncode == 0, output
            summary = output.splitlines()[-1]
            assert re.search(rf"\b{cases} passed", summary), summary
            assert "skipped" not in summary, summary

    @pytest.mark.skipif(sys.platform != "linux", reason="Triton is made for Linux alone")
    @pytest.mark.parametrize(("lti", "S"), [(False, 3), (True, 3), (False, 0)])
    def test_kernels_compile_for_a_card(
        lti: bool, S: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What the interpreter takes, the compiler may not."""
        from triton import compile, language
        from triton.backends.compiler import GPUTarget
        from triton.compiler import ASTSource
        from triton.runtime import JITFunction

        monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
        host = importlib.import_module("msssm_ts.kernels.ms_scan.triton")
        settings = {
            "S": S, "K": 2, "M": 5 if S else 1, "SEGMENT": 32, "HALO": 2**S - 1, "CHUNK": 32,
            "BITS": 6, "BN": 4, "BK": 2, "BD": 32, "TT": 8, "CT": language.float32,
            "SELECTIVE": not lti, "GATED": True, "REVERSE": True, "KEEP": True,
            "ONE_PASS": False, "BACKWARD": True,
        }  # fmt: skip
        sizes = importlib.import_module("msssm_ts.kernels.decompose.triton").SIZES
        low = {"x", "gate", "y", "E", "low", "grad_y", "grad_gate", "grad_x"}
        absent = {"low", "weight", "bias"} if lti else set()
        kernels = [k for k in vars(host).values() if isinstance(k, JITFunction)]
        assert len(kernels) == 6
        for kernel in kernels:
            constants = {k: v for k, v in settings.items() if k in kernel.arg_names}
            constants |= {k: None for k in absent if k in kernel.arg_names}
            signature = {
                name: "constexpr" if name in constants
                else "i32" if name in sizes
                else "*i32" if name == "lengths"
                else "*bf16" if name in low
                else "*fp32"
                for name in kernel.arg_names
            }  # fmt: skip
            source = ASTSource(kernel, signature, constants)
            options = {"num_warps": 1, "num_stages": 1}
            assert compile(source, GPUTarget("cuda", 90, 32), options).asm["cubin"]

    def test_kernels_import_without_triton() -> None:
        code = "import sys, msssm_ts.kernels; assert 'triton' not in sys.modules"
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_forced_on_the_cpu_needs_the_interpreter() -> None:
        inputs = ms_scan_inputs(1, 2, 3, S=1, K=2, n=1, lti=True)
        with use_backend("triton"), pytest.raises(ValueError, match="TRITON_INTERPRET=1"):
            ms_scan(**inputs)

else:
    # Not "import … as": the package's attribute ms_scan is the function
    host = importlib.import_module("msssm_ts.kernels.ms_scan.triton")
    op = importlib.import_module("msssm_ts.kernels.ms_scan.op")
    gpu_layout = importlib.import_module("msssm_ts.kernels.ms_scan.gpu_layout")

    class Launches:
        """A kernel that counts its launches."""

        def __init__(self, kernel: Any):
            self.kernel, self.count = kernel, 0

        def __getitem__(self, grid: tuple[int, ...]) -> Any:
            self.count += 1
            return self.kernel[grid]

    @pytest.fixture(autouse=True)
    def launched(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Launches]]:
        """Count the launches; fail unless the main kernels ran, interpreted."""
        from triton.runtime.interpreter import InterpretedFunction

        # An operation costs the interpreter the same for few and for many elements
        monkeypatch.setattr(host, "TILE", 32)
        counts = {}
        for name in ("local_states", "carry_states", "outputs", "local_carries", "gradients"):
            kernel = getattr(host, name)
            assert isinstance(kernel, InterpretedFunction)
            counts[name] = Launches(kernel)
            monkeypatch.setattr(host, name, counts[name])
        yield counts
        assert counts["outputs"].count

    @pytest.fixture
    def small(launched: dict[str, Launches], monkeypatch: pytest.MonkeyPatch) -> None:
        """Make chunks and channel blocks small: several of each in little time."""
        for module in (gpu_layout, op, host):
            monkeypatch.setattr(module, "CHUNK", 8)
        monkeypatch.setattr(host, "TILE", 8)
        monkeypatch.setattr(host, "CHANNELS", 16)

    @CORES
    @pytest.mark.parametrize(
        ("steps", "S", "K", "n"),
        [(11, 0, 2, 3), (1, 2, 2, 1), (2, 4, 5, 8), (7, 3, 4, 4), (67, 1, 2, 5)],
    )
    def test_lengths(lti: bool, steps: int, S: int, K: int, n: int) -> None:
        inputs = ms_scan_inputs(1, steps, 3, S=S, K=K, n=n, lti=lti, rank=1)
        assert_agrees(ms_scan, inputs, torch.float32)

    @CORES
    @pytest.mark.usefixtures("small")
    @pytest.mark.parametrize(
        ("valid", "history", "reverse", "gate"),
        [
            ([17, 11], 0, False, True),
            ([17, 0], 0, True, True),
            ([8, 17], 5, False, False),
            (None, 2, False, True),
            (None, 0, True, False),
        ],
    )
    def test_options(
        lti: bool, valid: list[int] | None, history: int, reverse: bool, gate: bool
    ) -> None:
        inputs = ms_scan_inputs(
            2 if valid else 1,
            17,
            3,
            rank=1,
            S=1 if reverse or history else 2,
            K=2,
            n=2,
            lti=lti,
            history=history,
            gate=gate,
        )
        lengths = None if valid is None else torch.tensor(valid)
        assert_agrees(ms_scan, inputs, torch.float32, lengths=lengths, reverse=reverse)

    @pytest.mark.usefixtures("small")
    def test_options_filters_longer_than_a_chunk() -> None:
        assert gpu_layout.segment_steps(2, 4) == 16
        inputs = ms_scan_inputs(1, 35, 3, S=2, K=4, n=2, lti=False, rank=1, history=12)
        assert_agrees(ms_scan, inputs, torch.float32, lengths=torch.tensor([34]))

    @pytest.mark.usefixtures("small")
    @pytest.mark.parametrize(("lti", "reverse"), [(False, False), (False, True), (True, False)])
    def test_one_pass(
        lti: bool,
        reverse: bool,
        monkeypatch: pytest.MonkeyPatch,
        launched: dict[str, Launches],
    ) -> None:
        # As on a full card: few programs, each with all segments and several blocks of channels
        monkeypatch.setattr(host, "PROGRAMS", 1)
        monkeypatch.setattr(host, "ENOUGH", 1)
        inputs = ms_scan_inputs(
            2, 17, 17, S=1, K=3, n=2, lti=lti, rank=1, history=0 if reverse else 1
        )
        lengths = torch.tensor([17, 10])
        assert_agrees(ms_scan, inputs, torch.float32, lengths=lengths, reverse=reverse)
        assert not launched["carry_states"].count

    @CORES
    @pytest.mark.usefixtures("small")
    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    def test_precision_half(lti: bool, dtype: torch.dtype) -> None:
        inputs = ms_scan_inputs(1, 11, 3, S=1, K=2, n=2, lti=lti, history=1)
        # As under autocast: activations of low precision, parameters and states of float32
        low = ("x", "E", "gate", "history") + (() if lti else ("B", "C", "dt"))
        inputs = {k: v.to(dtype) if k in low else v for k, v in inputs.items()}
        with use_backend("reference"):
            exact = {k: v.double() for k, v in inputs.items()}
            truth = outputs_and_gradients(ms_scan, exact)
        with poisoned_memory():
            result = outputs_and_gradients(ms_scan, inputs)
        assert result["output 0"].dtype == dtype
        assert result["output 1"].dtype == torch.float32
        for name in inputs:
            assert result[f"gradient of {name}"].dtype == inputs[name].dtype
        bound = 2e-2 if dtype == torch.bfloat16 else 3e-3
        errors = {k: relative_rms(result[k], truth[k]) for k in truth}
        assert max(errors.values()) < bound, errors

    @pytest.mark.usefixtures("small")
    def test_precision_double() -> None:
        inputs = ms_scan_inputs(1, 11, 3, S=1, K=2, n=2, lti=False, history=1)
        assert_agrees(ms_scan, inputs, torch.float64)

    @pytest.mark.usefixtures("small")
    def test_contract_two_runs_are_identical(launched: dict[str, Launches]) -> None:
        inputs = ms_scan_inputs(1, 9, 17, S=1, K=2, n=2, lti=False, rank=1)
        first, second = (outputs_and_gradients(ms_scan, inputs) for _ in range(2))
        for name in first:
            assert torch.equal(first[name], second[name]), name
        assert all(kernel.count for kernel in launched.values())

    @CORES
    @pytest.mark.usefixtures("small")
    def test_contract_operator(lti: bool) -> None:
        """The fake implementations agree with what the kernels return."""
        inputs = ms_scan_inputs(1, 9, 3, S=1, K=2, n=2, lti=lti, rank=1)
        given = [inputs.get(k) for k in ("x", "gate", "phi", "psi", "A", "B", "C", "D", "E")]
        given += [inputs.get("dt"), inputs.get("dt_weight"), None if lti else inputs["dt_bias"]]
        leaves = [t if t is None else t.clone().requires_grad_() for t in given]
        state = torch.zeros(1, 3, 3, 2)
        torch.library.opcheck(
            torch.ops.msssm_ts.ms_scan.default,
            (state, True, *leaves, torch.tensor([5]), 0, False),
            test_utils=("test_schema", "test_autograd_registration", "test_faketensor"),
        )
        y, last, kept = torch.ops.msssm_ts.ms_scan(state, True, *given, None, 0, False)
        torch.library.opcheck(
            torch.ops.msssm_ts.ms_scan_backward.default,
            (torch.ones_like(y), last, kept, *given, None, 0, False),
            test_utils=("test_schema", "test_faketensor"),
        )
