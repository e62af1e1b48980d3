"""How long a step takes, of a model and of what is written of it in C."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from msssm_ts.export.c.compiler import compiled
from msssm_ts.export.c.quantized import quantized
from msssm_ts.export.c.source import written
from msssm_ts.export.made_up import made_up_noise
from msssm_ts.fitted import FittedModel
from msssm_ts.fitted.streaming import Stream

_ROUNDS = 5


def microseconds_a_step(model: FittedModel, int8: bool = False) -> dict[str, float]:
    """Return the medians of a step with its answer, on one core.

    Parameters
    ----------
    model : FittedModel
        That can be written in C.
    int8 : bool
        Whether dense layers have weights of 8 bits.

    Returns
    -------
    dict of str to float
        "model": a sample to :class:`~msssm_ts.fitted.streaming.Stream`; "file": compiled on this
        machine.

    Raises
    ------
    ExportError
        If there is no compiler.
    """
    series = [np.nan_to_num(one) for one in made_up_noise(model).series]
    source = written(quantized(model) if int8 else model, "model", "model", int8)
    with tempfile.TemporaryDirectory(prefix="msssm-ts-") as folder:
        program = compiled(source, model, "model", Path(folder))
        ours = [program.run(series)[1]["seconds"] for _ in range(_ROUNDS)]
    stream, theirs = Stream(model), []
    for one in series[:_ROUNDS]:
        began = time.perf_counter()
        for sample in one.T:
            stream.step(sample)
        theirs.append((time.perf_counter() - began) / one.shape[1])
    return {"model": 1e6 * median(theirs), "file": 1e6 * median(ours)}
