"""Write a file, run it, compare it with its model, and only then put it in its place."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

from msssm_ts.atomic import replacing
from msssm_ts.errors import ExportError, InputError, WritingError
from msssm_ts.export.boundary import Boundary, find_boundary
from msssm_ts.export.formats import (
    open_onnx,
    open_pt2,
    quantize_onnx,
    write_onnx,
    write_pt2,
)
from msssm_ts.export.made_up import made_up_series
from msssm_ts.export.naming import format_of
from msssm_ts.export.parity import (
    Predict,
    Source,
    demand_parity,
    exported_proba,
    largest_difference,
    native_proba,
)
from msssm_ts.export.program import facts, traced
from msssm_ts.export.report import ExportReport
from msssm_ts.fitted import FittedModel
from msssm_ts.fitted.artifact import read_artifact
from msssm_ts.fitted.model_file import load_model, model_tensors, save_model
from msssm_ts.optional import needed


def export_model(
    model: FittedModel,
    path: str | os.PathLike[str],
    format: str | None = None,
    *,
    quantize: bool = False,
    more: Sequence[Source] = (),
) -> ExportReport:
    """Export a fitted model.

    Parameters
    ----------
    model : FittedModel
        The model.
    path : path
        File to write, all or nothing.
    format : {"onnx", "pt2", "safetensors", "c"}, optional
        Its format; by default what the file's name ends in, without an ending ONNX. "c" is
        :func:`msssm_ts.export.c.export_c`.
    quantize : bool
        ONNX: then turn the matrices' weights into 8-bit integers. The comparison that has to
        succeed is that of the file before. C: write them so.
    more : sequence of Source
        Series to compare on, beside made-up ones.

    Returns
    -------
    ExportReport
        The largest difference that was found, and what is left to do before.

    Raises
    ------
    InputError
        If the format is unknown, not what the name ends in, or needs a library that is not
        installed.
    ExportError
        If the file answers differently than the model.
    WritingError
        If the file cannot be written.
    """
    format = format_of(path, format)
    if format != "safetensors" and model.needs_times:
        raise ExportError(
            f"a model that was fitted by time stamps cannot be exported to {format}, whose files "
            "take none: fit it with stamps='ignore', or take --format safetensors"
        )
    if format == "c":
        from msssm_ts.export.c import export_c

        return export_c(model, path, int8=quantize, more=more)
    if quantize and format != "onnx":
        raise InputError(f"quantisation is for ONNX and C, not for {format}")
    if format == "onnx":
        needed("onnx", "--format onnx")
    beside = model.beside
    by_window = model.preparation.window is not None
    if format != "safetensors" and beside is not None and beside.votes and by_window:
        raise ExportError(
            "a model that averages over windows before it asks what is known beside a series "
            f"({', '.join(beside.names)}) cannot be exported to {format}, whose files answer "
            "window by window; --format safetensors keeps all of it"
        )
    file = Path(path)
    boundary = find_boundary(model)
    sources = [*made_up_series(model), *more]
    with _beside(file) as temporary:
        _write(model, boundary, format, temporary)
        predict = open_export(model, temporary, format)
        difference = largest_difference(predict, model, sources)
        demand_parity(difference, str(file))
        quantized_difference = None
        if quantize:
            quantize_onnx(temporary)
            predict = open_export(model, temporary, format)
            quantized_difference = largest_difference(predict, model, sources)
        n_bytes = temporary.stat().st_size
        with replacing(file) as part:
            os.replace(temporary, part)
    return ExportReport(
        path=file,
        format=format,
        difference=difference,
        n_series=sum(len(source.series) for source in sources),
        n_bytes=n_bytes,
        before=[] if format == "safetensors" else boundary.steps,
        quantized_difference=quantized_difference,
    )


@contextmanager
def _beside(file: Path) -> Iterator[Path]:
    """Give a file of the same name, in a folder that goes, to write and to try out first."""
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as folder:
            yield Path(folder) / file.name
    except OSError as error:
        raise WritingError(file, error) from error


def open_export(model: FittedModel, file: Path, format: str) -> Predict:
    """Open an exported file, to be asked as its user would ask it.

    Parameters
    ----------
    model : FittedModel
        The model that it was made from, whose preparation is done before where the file does not.
    file : Path
        The file.
    format : str
        Its format.
    """
    if format == "safetensors":
        return partial(native_proba, load_model(file, "cpu"))
    run = {"onnx": open_onnx, "pt2": open_pt2}[format](file)
    return partial(exported_proba, run, model, find_boundary(model))


def _write(model: FittedModel, boundary: Boundary, format: str, file: Path) -> None:
    if format != "safetensors":
        write = {"onnx": write_onnx, "pt2": write_pt2}[format]
        write(traced(model, boundary), file, facts(model, boundary))
        return
    save_model(model, file)
    written, _ = read_artifact(file)
    for name, tensor in model_tensors(model).items():
        if not np.array_equal(tensor, written[name]):
            raise ExportError(f"{file.name}: {name} was not written as it is")
