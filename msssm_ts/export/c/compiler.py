"""A source compiled on this machine, and asked."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.errors import ExportError
from msssm_ts.export.c.source import Source
from msssm_ts.fitted import FittedModel

FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-O2")
_FAILED = {
    3: "a step refused a sample that the model takes",
    4: "steps one after the other and the whole series have different answers",
}


def find_compiler() -> list[str] | None:
    """Return the command of a C compiler: the environment's CC, cc, gcc or clang; None without."""
    named = shlex.split(os.environ.get("CC", ""))
    if named:
        return named if shutil.which(named[0]) else None
    found = next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
    return None if found is None else [found]


@dataclass(frozen=True)
class Program:
    """A compiled model.

    Parameters
    ----------
    file : Path
        Of the program; series and answers are exchanged beside it.
    n_classes : int
        Probabilities of an answer.
    """

    file: Path
    n_classes: int

    def run(
        self, series: Sequence[NDArray[Any]], every: bool = False
    ) -> tuple[list[NDArray[np.float32]], dict[str, float]]:
        """Answer series.

        Parameters
        ----------
        series : sequence of arrays of shape (n_channels, length)
            As the model takes them.
        every : bool
            Answer every step, too.

        Returns
        -------
        answers : list of arrays of shape (n, n_classes)
            Of each series: those of its steps where they were asked for, the probabilities of the
            whole, and what is chosen: the class first, or each label's 0 or 1.
        facts : dict
            ``state_bytes`` and ``seconds``, of a step with its answer.

        Raises
        ------
        ExportError
            If the program does not come to an end as it should.
        """
        given, answered = self.file.with_name("series.bin"), self.file.with_name("answers.bin")
        with given.open("wb") as stream:
            for one in series:
                stream.write(np.int32(one.shape[1]).tobytes())
                stream.write(np.ascontiguousarray(one.T, np.float32).tobytes())
        command = [str(self.file), str(given), str(answered), "every" if every else "whole"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            last = done.stderr.strip().splitlines()
            reason = _FAILED.get(done.returncode) or (last[-1] if last else "it stopped")
            raise ExportError(f"the compiled model does not run: {reason} (code {done.returncode})")
        rows = np.fromfile(answered, np.float32).reshape(-1, self.n_classes)
        counts = [2 + (one.shape[1] if every else 0) for one in series]
        answers = np.split(rows, np.cumsum(counts)[:-1])
        state_bytes, seconds = done.stdout.split()
        return answers, {"state_bytes": int(state_bytes), "seconds": float(seconds)}

    def probabilities(
        self, x: NDArray[np.float32], features: NDArray[np.float64] | None = None
    ) -> NDArray[np.float32]:
        """Answer a batch (b, n_channels, l), padded with NaN at the end: (b, n_classes)."""
        answers, _ = self.run([_unpadded(one) for one in x])
        return np.stack([answer[-2] for answer in answers])


def compiled(
    source: Source, model: FittedModel, stem: str, folder: Path, flags: Sequence[str] = FLAGS
) -> Program:
    """Compile a source, with a program around it that answers series.

    Parameters
    ----------
    source : Source
        The source.
    model : FittedModel
        Of which it is.
    stem : str
        What its files are called.
    folder : Path
        Where it is done.
    flags : sequence of str
        For the compiler.

    Raises
    ------
    ExportError
        If there is no compiler, or it refuses.
    """
    compiler = find_compiler()
    if compiler is None:
        raise ExportError(f"no C compiler on this machine ({NO_COMPILER})")
    texts = {".h": source.header, ".c": source.code, "_compare.c": source.comparing}
    for ending, content in texts.items():
        (folder / f"{stem}{ending}").write_text(content, encoding="ascii", newline="\n")
    program = folder / f"{stem}_compare.exe"
    command = [*compiler, *flags, f"{stem}.c", f"{stem}_compare.c", "-lm", "-o", program.name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if "error" in line] or ["it stopped"]
        raise ExportError(f"{compiler[0]} does not compile the source: {said[0]}")
    return Program(program, len(model.labels.classes))


NO_COMPILER = "cc, gcc, clang, or what CC names"


def _unpadded(x: NDArray[np.float32]) -> NDArray[np.float32]:
    known: NDArray[np.bool_] = np.any(~np.isnan(x), axis=0)
    last = len(known) - int(known[::-1].argmax()) if known.any() else 0
    return x[:, :last]
