"""``msssm-ts export``: a model as a file for other programs."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msssm_ts.cli.errors import guarded
from msssm_ts.cli.export.c_code import AsC
from msssm_ts.cli.export.exported import COMPARED, accuracies, show_accuracies, source_of
from msssm_ts.cli.given import options
from msssm_ts.cli.given.reading import reads_data, refuse_unread
from msssm_ts.cli.shown.console import say, show_json, show_pairs
from msssm_ts.cli.shown.files import claim
from msssm_ts.cli.shown.tables import show_table
from msssm_ts.errors import InputError
from msssm_ts.model_path import resolve_model_path

if TYPE_CHECKING:
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.export import Predict, Source

# Series of DATA that the file and the model are timed on.
_TIMED = 16


class Format(StrEnum):
    """What kind of file."""

    ONNX = "onnx"
    PT2 = "pt2"
    SAFETENSORS = "safetensors"
    C = "c"


class Quantize(StrEnum):
    """Numbers of the weights."""

    INT8 = "int8"


@guarded
@reads_data
def export(
    model: options.Model,
    format: Annotated[
        Format | None,
        typer.Option(
            help="For ONNX runtimes, for torch.export.load (pt2), a copy of the model file, or C99 "
            "(a causal network alone); else what --out ends in, or onnx.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="FILE", help="Else beside the model file."),
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            "--data", metavar="DATA", help="Series to compare on, beside made-up ones, and to time."
        ),
    ] = None,
    quantize: Annotated[
        Quantize | None,
        typer.Option(
            help="Weights in 8 bits: ONNX, with --data, to say what it costs; C, of dense layers."
        ),
    ] = None,
    int8: Annotated[bool, typer.Option("--int8", help="Short for --quantize int8.")] = False,
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="C: what all names begin with; else the file's name."),
    ] = None,
    example: Annotated[
        bool, typer.Option("--example", help="C: write a program around it, too (FILE_main.c).")
    ] = False,
    benchmark: Annotated[
        bool, typer.Option("--benchmark", help="Time the file against the model.")
    ] = False,
    force: options.Force = False,
    reading: Any = None,
    quiet: options.Quiet = False,
    json: options.Json = False,
    debug: options.Debug = False,
) -> None:
    """Write MODEL to a file that runs without msssm-ts.

    The file takes series, float32 (batch, channels, length), any batch and length, padded with NaN
    at the end, and gives a probability per class. It is run and compared with the model first:
    where probabilities differ by more than 0.0001, nothing is written.

    In C it is a header and a source that read a sample at a time, of a model that can be streamed.
    Compiled, probabilities may differ by 0.00001; memory and arithmetic of a step are shown.
    """
    refuse_unread(reading, data, "--data DATA")
    file = resolve_model_path(model)
    from msssm_ts.export.naming import format_of

    format = Format(format_of(out, None if format is None else format.value))
    quantize = Quantize.INT8 if int8 else quantize
    if format is Format.C:
        target = out or file.with_suffix(".c")
        wanted = AsC(target, name, quantize is not None, example, benchmark)
        wanted.claim(force=force or out is None, inputs=(file, data))
        wanted.export(model, file, data, reading, quiet=quiet, json=json)
        return
    for option, given in (("--name", name is not None), ("--example", example)):
        if given:
            raise InputError(f"{option} is for --format c, not for {format.value}")
    if quantize and format is not Format.ONNX:
        raise InputError(f"--quantize int8 is for --format onnx and c, not for {format.value}")

    from msssm_ts.cli.given.inputs import load_model_and_series
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.export import export_model, find_boundary, made_up_noise, open_export
    from msssm_ts.fitted.told import decision_line

    target = out or file.with_suffix(f".{format.value}")
    # What lies beside the model under that name is what this command has written before.
    claim(target, force=force or out is None, inputs=(file, data))
    if quantize and data is None:
        raise InputError("--quantize int8 needs --data DATA, labelled, to say what it costs")
    series = None
    if data is None:
        classifier = MSSSMClassifier.load(file, device="cpu")
    else:
        classifier, series = load_model_and_series(
            model, data, reading, device="cpu", needs_labels=quantize is not None, quiet=quiet
        )
    compared = [] if series is None else [source_of(series, COMPARED)]
    boundary = find_boundary(classifier.model_)
    if format is not Format.SAFETENSORS:
        for step in boundary.steps:
            say(f"not in the file, to be done to series before: {step}", quiet=quiet)
        line = decision_line(classifier.model_.labels)
        if line is not None:
            say(
                f"the file gives probabilities; a label is {line} ('decision' in its metadata)",
                quiet=quiet,
            )
    say(f"translating the model to {format.value} and comparing the file with it", quiet=quiet)
    try:
        report = export_model(
            classifier.model_, target, format.value, quantize=quantize is not None, more=compared
        )
    except ValueError as error:
        # The estimator's complaints about DATA.
        raise error if isinstance(error, InputError) else InputError(f"{data}: {error}") from error
    predict = open_export(classifier.model_, report.path, format.value)
    result = {
        "file": str(report.path),
        "format": report.format,
        "bytes": report.n_bytes,
        "model_bytes": file.stat().st_size,
        "series_compared": report.n_series,
        "largest_difference": report.difference,
        "before": report.before,
        "channels": list(boundary.channels),
        "sampling_rate": boundary.rate,
        "classes": classifier.label_names.tolist(),
    }
    if quantize:
        assert series is not None
        result["quantized_largest_difference"] = report.quantized_difference
        result["accuracy"] = accuracies(classifier, predict, series)
    if benchmark:
        timed = made_up_noise(classifier.model_) if series is None else source_of(series, _TIMED)
        result["milliseconds"] = _times(classifier, predict, timed)
    if json:
        show_json(result)
    else:
        _show(result)


def _times(
    classifier: MSSSMClassifier, predict: Predict, source: Source
) -> dict[str, dict[str, float]]:
    """Median milliseconds of the model and of the file, for one series and for all."""
    from dataclasses import replace

    from msssm_ts.export import median_milliseconds, native_proba

    predictors: dict[str, Predict] = {
        "model": partial(native_proba, classifier.model_),
        "file": predict,
    }
    return {
        str(n): median_milliseconds(predictors, replace(source, series=source.series[:n]))
        for n in sorted({1, len(source.series)})
    }


def _show(result: dict[str, Any]) -> None:
    pairs: dict[str, object] = {
        "file": f"{result['file']} ({result['bytes']:,} bytes)".replace(",", "\u202f"),
        "largest difference": f"{result['largest_difference']:.2g} in a probability "
        f"({result['series_compared']} series)",
    }
    if "accuracy" in result:
        pairs["after int8"] = f"{result['quantized_largest_difference']:.2g} in a probability"
    show_pairs(pairs)
    if "accuracy" in result:
        show_accuracies(result["accuracy"])
    if "milliseconds" in result:
        rows = [
            [f"{n} series, ms", *(f"{times[w]:.2f}" for w in ("model", "file"))]
            for n, times in result["milliseconds"].items()
        ]
        sizes = (result["model_bytes"], result["bytes"])
        rows.append(["size, kB", *(f"{n / 1000:.0f}" for n in sizes)])
        show_table(["median", "model", "file"], rows, right=("model", "file"))
