"""The Triton kernels on the CPU.

Their interpreter must be asked for before the kernels are loaded, so the cases run in processes
of their own, which this file starts: it fails if one of them fails, or runs too few cases, or
runs anything else than interpreted kernels. On Linux it never skips.
"""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from kernel_cases import (
    assert_agrees,
    ms_scan_inputs,
    oscillating,
    outputs_and_gradients,
    pairs_inputs,
    poisoned_memory,
    relative_rms,
    scan_inputs,
)

from msssm_ts.kernels import ms_scan, selective_scan, use_backend
from msssm_ts.kernels.ms_scan.op import pairs_of

INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
CORES = pytest.mark.parametrize("lti", [False, True], ids=["s6", "lti"])
# What runs in one process, side by side: names of the tests below, and how many cases that is
GROUPS = {
    "test_lengths or test_precision or test_contract": 19,
    "test_options or test_full_card": 21,
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

    NAMES = (
        "scan_order", "next_level", "local_states", "carry_states", "carry_pairs", "outputs", "mix",
        "gate_gradient", "local_carries", "gradients", "level_gradient",
    )  # fmt: skip

    @pytest.fixture(autouse=True)
    def launched(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Launches]]:
        """Count the launches; fail unless the main kernels ran, interpreted."""
        from triton.runtime.interpreter import InterpretedFunction

        counts = {}
        for name in NAMES:
            kernel = getattr(host, name)
            assert isinstance(kernel, InterpretedFunction)
            counts[name] = Launches(kernel)
            monkeypatch.setattr(host, name, counts[name])
        yield counts
        assert counts["outputs"].count
        assert counts["gradients"].count

    @pytest.fixture(autouse=True, scope="module")
    def quick() -> Iterator[None]:
        """Spare the interpreter from preparing Triton's language at every call of a function."""
        from triton.runtime.interpreter import InterpretedFunction

        call, prepared = InterpretedFunction.__call__, set()

        def again(function: Any, *args: Any, **options: Any) -> Any:
            module = function.fn.__module__
            if module.startswith("msssm_ts.") or module in prepared:
                return function.rewrite()(*args, **options)
            prepared.add(module)
            return call(function, *args, **options)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(InterpretedFunction, "__call__", again)
            yield

    @pytest.fixture
    def small(monkeypatch: pytest.MonkeyPatch) -> None:
        """Make chunks, tiles, segments and blocks small: several of each in little time."""
        for module in (gpu_layout, host):
            monkeypatch.setattr(module, "CHUNK", 4)
        monkeypatch.setattr(host, "FORWARD_STEPS", 4)
        monkeypatch.setattr(host, "BACKWARD_STEPS", 2)
        monkeypatch.setattr(host, "SEGMENT", 4)
        monkeypatch.setattr(host, "TILE", 8)
        monkeypatch.setattr(host, "CHANNELS", 16)

    @CORES
    @pytest.mark.parametrize(
        ("steps", "S", "K", "n"),
        [(11, 0, 2, 3), (1, 2, 2, 1), (2, 4, 5, 6), (7, 3, 4, 4)],
    )
    def test_lengths(lti: bool, steps: int, S: int, K: int, n: int) -> None:
        inputs = ms_scan_inputs(1, steps, 3, S=S, K=K, n=n, lti=lti, rank=1)
        assert_agrees(ms_scan, inputs, torch.float32)

    @CORES
    @pytest.mark.usefixtures("small")
    @pytest.mark.parametrize(
        ("valid", "history", "reverse", "gate"),
        [
            ([7, 5], 0, False, True),
            ([7, 0], 0, True, True),
            ([4, 7], 5, False, False),
            (None, 2, False, True),
            (None, 0, True, False),
        ],
    )
    def test_options(
        lti: bool, valid: list[int] | None, history: int, reverse: bool, gate: bool
    ) -> None:
        inputs = ms_scan_inputs(
            2 if valid else 1,
            7,
            3,
            rank=1,
            S=1 if reverse or history or valid else 2,
            K=2,
            n=2,
            lti=lti,
            history=history,
            gate=gate,
        )
        lengths = None if valid is None else torch.tensor(valid)
        assert_agrees(ms_scan, inputs, torch.float32, lengths=lengths, reverse=reverse)

    @pytest.mark.usefixtures("small")
    def test_options_filters_longer_than_a_segment() -> None:
        inputs = ms_scan_inputs(1, 6, 3, S=2, K=4, n=2, lti=False, rank=1, history=12)
        assert_agrees(ms_scan, inputs, torch.float32, lengths=torch.tensor([5]))

    @CORES
    @pytest.mark.usefixtures("small")
    def test_options_many_states_and_channels(lti: bool) -> None:
        inputs = ms_scan_inputs(1, 5, 17, S=1, K=2, n=5, lti=lti, rank=2)
        assert_agrees(ms_scan, inputs, torch.float32)

    @CORES
    @pytest.mark.usefixtures("small")
    @pytest.mark.parametrize("valid", [None, [9, 4]])
    def test_options_scan_alone(lti: bool, valid: list[int] | None) -> None:
        inputs = scan_inputs(2 if valid else 1, 9, 17, 3, lti=lti, state=bool(valid))
        lengths = None if valid is None else torch.tensor(valid)
        assert_agrees(selective_scan, inputs, torch.float32, lengths=lengths)

    @CORES
    @pytest.mark.usefixtures("small")
    def test_full_card(
        lti: bool, monkeypatch: pytest.MonkeyPatch, launched: dict[str, Launches]
    ) -> None:
        """Where series and channels alone fill the card, nothing is cut."""
        monkeypatch.setattr(host, "ENOUGH", 1)
        inputs = ms_scan_inputs(2, 7, 3, S=1, K=3, n=2, lti=lti, rank=1, history=1)
        assert_agrees(ms_scan, inputs, torch.float32, lengths=torch.tensor([7, 3]))
        assert not launched["carry_states"].count

    @CORES
    @pytest.mark.usefixtures("small")
    @pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
    def test_precision_half(lti: bool, dtype: torch.dtype) -> None:
        inputs = ms_scan_inputs(1, 6, 3, S=1, K=2, n=2, lti=lti, history=1)
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
        inputs = ms_scan_inputs(1, 6, 3, S=1, K=2, n=2, lti=False, history=1)
        assert_agrees(ms_scan, inputs, torch.float64)

    @pytest.mark.usefixtures("small")
    def test_contract_two_runs_are_identical(launched: dict[str, Launches]) -> None:
        inputs = ms_scan_inputs(1, 6, 3, S=1, K=2, n=2, lti=False, rank=1)
        options = {"reverse": True}
        first, second = (outputs_and_gradients(ms_scan, inputs, **options) for _ in range(2))
        for name in first:
            assert torch.equal(first[name], second[name]), name
        assert all(kernel.count for name, kernel in launched.items() if name != "carry_pairs")

    @CORES
    @pytest.mark.usefixtures("small")
    def test_contract_operator(lti: bool) -> None:
        """The fake implementations agree with what the kernels return."""
        inputs = ms_scan_inputs(1, 5, 3, S=1, K=2, n=1, lti=lti, rank=1)
        inputs |= {"B": None, "dt_bias": None} if lti else {}
        names = ("x", "gate", "phi", "psi", "A", "B", "C", "D", "E", "dt", "dt_weight", "dt_bias")
        given = [inputs.get(k) for k in names]
        leaves = [t if t is None else t.clone().requires_grad_() for t in given]
        state = torch.zeros(1, 3, 3, 1)
        torch.library.opcheck(
            torch.ops.msssm_ts.ms_scan.default,
            (state, True, *leaves, torch.tensor([3]), 0, False, False),
            test_utils=("test_schema", "test_autograd_registration", "test_faketensor"),
        )
        y, last, kept = torch.ops.msssm_ts.ms_scan(state, True, *given, None, 0, False, False)
        torch.library.opcheck(
            torch.ops.msssm_ts.ms_scan_backward.default,
            (torch.ones_like(y), last, kept, *given, None, 0, False, False),
            test_utils=("test_schema", "test_faketensor"),
        )

    @pytest.mark.usefixtures("small")
    @pytest.mark.parametrize(
        ("dtype", "d", "S", "n", "valid", "history", "gate"),
        [
            (torch.float64, 3, 1, 3, [7, 2], 3, True),
            (torch.float32, 17, 0, 1, [6, 0], 0, False),
        ],
        ids=["history", "reverse"],
    )
    def test_options_pairs(
        dtype: torch.dtype,
        d: int,
        S: int,
        n: int,
        valid: list[int],
        history: int,
        gate: bool,
        launched: dict[str, Launches],
    ) -> None:
        reverse = not history
        inputs = pairs_inputs(2, 7, d, S=S, K=2, n=n, history=history, gate=gate)
        assert_agrees(oscillating, inputs, dtype, lengths=torch.tensor(valid), reverse=reverse)
        assert launched["carry_pairs"].count == 2
        assert not launched["carry_states"].count

    def test_lengths_pairs(launched: dict[str, Launches]) -> None:
        """One segment, of more than one chunk."""
        inputs = pairs_inputs(1, 17, 3, S=0, K=1, n=2)
        assert_agrees(oscillating, inputs, torch.float64, reverse=True)
        assert not launched["carry_pairs"].count

    @pytest.mark.usefixtures("small")
    def test_precision_pairs_half() -> None:
        inputs = pairs_inputs(1, 6, 3, S=1, K=2, n=2, history=1)
        inputs |= {k: inputs[k].to(torch.bfloat16) for k in ("x", "E", "gate", "history")}
        with use_backend("reference"):
            truth = outputs_and_gradients(oscillating, {k: v.double() for k, v in inputs.items()})
        with poisoned_memory():
            result = outputs_and_gradients(oscillating, inputs)
        assert result["output 0"].dtype == torch.bfloat16
        assert result["output 1"].dtype == torch.float32
        errors = {k: relative_rms(result[k], truth[k]) for k in truth}
        assert max(errors.values()) < 2e-2, errors

    @pytest.mark.usefixtures("small")
    def test_contract_pairs() -> None:
        """The fake implementations agree with what the kernels return."""
        p = pairs_inputs(1, 5, 3, S=0, K=1, n=1)
        A, C = (
            pairs_of(torch.complex(p[re], p[im])) for re, im in (("A", "angle"), ("C", "C_imag"))
        )
        given = [p["x"], p["gate"], p["phi"], p["psi"], A, None, C, p["D"], p["E"], *[None] * 3]
        leaves = [t if t is None else t.clone().requires_grad_() for t in given]
        state = torch.zeros(1, 1, 3, 2)
        torch.library.opcheck(
            torch.ops.msssm_ts.ms_scan.default,
            (state, True, *leaves, torch.tensor([3]), 0, False, True),
            test_utils=("test_schema", "test_autograd_registration", "test_faketensor"),
        )
        y, last, kept = torch.ops.msssm_ts.ms_scan(state, True, *given, None, 0, False, True)
        torch.library.opcheck(
            torch.ops.msssm_ts.ms_scan_backward.default,
            (torch.ones_like(y), last, kept, *given, None, 0, False, True),
            test_utils=("test_schema", "test_faketensor"),
        )
