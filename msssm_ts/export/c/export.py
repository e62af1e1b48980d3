"""Write a model in C, compile it, compare it, and only then put its files in their place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from msssm_ts.atomic import replacing
from msssm_ts.errors import ExportError, InputError
from msssm_ts.export.boundary import find_boundary
from msssm_ts.export.c.compiler import compiled, find_compiler
from msssm_ts.export.c.quantized import quantized
from msssm_ts.export.c.source import Source, written
from msssm_ts.export.c.text import is_name, is_stem, name_from
from msssm_ts.export.made_up import made_up_series
from msssm_ts.export.parity import Source as Series
from msssm_ts.export.parity import (
    demand_parity,
    exported_proba,
    largest_difference,
    native_proba,
)
from msssm_ts.export.report import ExportReport, SourceReport
from msssm_ts.fitted import FittedModel
from msssm_ts.fitted.streaming import why_not_streamed
from msssm_ts.members.network.network import NetworkMember
from msssm_ts.model.block import MSSSM, MSSSMBlock

TOLERANCE = 1e-5


def why_not_in_c(model: FittedModel) -> str | None:
    """Say in a sentence why a model cannot be written in C; None where it can.

    Parameters
    ----------
    model : FittedModel
        The model.
    """
    reason = why_not_streamed(model)
    if reason is not None:
        return reason
    network = cast(NetworkMember, model.vote.members[0]).network
    if network.axis is not None:
        return (
            f"channels that stay apart (variates={network.config.variates!r}) have no step in C: "
            "train with variates='mix'"
        )
    for name, part in ("experts", network.experts), ("workspace", network.workspace):
        if part is not None:
            return f"{name} (--{name}) are not written in C: train without, with {name}=0"
    core = cast(MSSSM, cast(MSSSMBlock, network.blocks[0]).cores[0]).ssm
    if core.step_in_c() is None:
        return (
            f"core {network.config.core!r} has no step in C: train with another, such as core='lti'"
        )
    return None


def checked_name(model: FittedModel, file: Path, name: str | None) -> str:
    """Return what names begin with, of a model that can be written in C to a file.

    Raises
    ------
    InputError
        If it cannot, or a name is none.
    """
    name = name_from(file.stem) if name is None else name
    if not is_name(name):
        raise InputError(
            f"name {name!r}: must be a letter, then letters, digits or underscores, 40 at most"
        )
    if file.suffix != ".c":
        raise InputError(f"{file}: a model in C has a name that ends in .c")
    if not is_stem(file.stem):
        raise InputError(
            f"{file}: is included by its name, which may have letters from A to z, digits, '.', "
            "'_' and '-'; give another"
        )
    reason = why_not_in_c(model)
    if reason is not None:
        raise InputError(f"this model cannot be written in C: {reason}")
    return name


def export_c(
    model: FittedModel,
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    int8: bool = False,
    example: bool = False,
    more: Sequence[Series] = (),
) -> ExportReport:
    """Write a model as C99: ``path``, a header beside it, and an example where asked for.

    Parameters
    ----------
    model : FittedModel
        Of one causal network.
    path : path
        Of the source, which ends in ``.c``.
    name : str, optional
        What all names begin with; by default the file's.
    int8 : bool
        Write weights of dense layers in 8 bits with a scale a row.
    example : bool
        Write a program around it, too, which reads samples from stdin.
    more : sequence of Source
        Series to compare on, beside made-up ones.

    Raises
    ------
    InputError
        If the model cannot be written in C, or a name is none.
    ExportError
        If the source is not compiled, or answers differently than the model.
    WritingError
        If a file cannot be written.
    """
    file = Path(path)
    name = checked_name(model, file, name)
    sources = [*made_up_series(model), *more]
    ours = quantized(model) if int8 else model
    source = written(ours, name, file.stem, int8)
    float_flash = written(model, name, file.stem).cost.flash if int8 else source.cost.flash
    compiler = find_compiler()
    difference = None if compiler is None else _compared(source, ours, file, sources)
    changed = None
    if int8:
        changed = largest_difference(partial(native_proba, ours), model, sources)
    texts = {file.with_suffix(".h"): source.header, file: source.code}
    if example:
        texts[file.with_name(f"{file.stem}_main.c")] = source.example
    for target, content in texts.items():
        with replacing(target) as part:
            part.write_text(content, encoding="ascii", newline="\n")
    cost = source.cost
    return ExportReport(
        path=file,
        format="c",
        difference=difference,
        n_series=0 if difference is None and not int8 else sum(len(s.series) for s in sources),
        n_bytes=sum(target.stat().st_size for target in texts),
        before=find_boundary(model).steps,
        quantized_difference=changed,
        source=SourceReport(
            name=name,
            files=tuple(texts),
            flash=cost.flash,
            ram=cost.ram,
            stack=cost.stack,
            multiply_adds=cost.multiply_adds,
            exponentials=cost.exponentials,
            compiler=None if compiler is None else compiler[0],
            float_flash=float_flash,
        ),
    )


def _compared(source: Source, model: FittedModel, file: Path, sources: Sequence[Series]) -> float:
    """Return the largest difference between a source, compiled, and its model.

    Raises
    ------
    ExportError
        If it is not compiled, or the difference is above TOLERANCE.
    """
    with tempfile.TemporaryDirectory(prefix="msssm-ts-") as folder:
        program = compiled(source, model, file.stem, Path(folder))
        facts = program.run([])[1]
        if facts["state_bytes"] > source.cost.ram:
            raise ExportError(
                f"{file}: a state takes {facts['state_bytes']} bytes, where {source.cost.ram} "
                "were counted; nothing was written"
            )
        predict = partial(exported_proba, program.probabilities, model, find_boundary(model))
        difference = largest_difference(predict, model, sources)
    demand_parity(difference, str(file), TOLERANCE)
    return difference
