"""``msssm-ts export --format c``: a causal model as a header and a source."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.export.exported import COMPARED, accuracies, show_accuracies, source_of
from msssm_ts.cli.shown.console import say, show_json, show_pairs
from msssm_ts.cli.shown.files import claim
from msssm_ts.cli.shown.tables import show_table
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.export import ExportReport, Source


@dataclass(frozen=True)
class AsC:
    """What was asked for.

    Parameters
    ----------
    target : Path
        The source.
    name : str or None
        What names begin with.
    int8, example, benchmark : bool
        As the options.
    """

    target: Path
    name: str | None
    int8: bool
    example: bool
    benchmark: bool

    def claim(self, *, force: bool, inputs: tuple[str | Path | None, ...]) -> None:
        """Refuse files that cannot be written, or must not be replaced."""
        target = self.target
        claim(target, force=force, inputs=inputs, suffix=".c", what="a model in C is a source")
        claim(target.with_suffix(".h"), force=force, inputs=inputs)
        if self.example:
            claim(target.with_name(f"{target.stem}_main.c"), force=force, inputs=inputs)

    def export(
        self, model: str, file: Path, data: str | None, reading: Any, *, quiet: bool, json: bool
    ) -> None:
        """Write the files, and show what was written."""
        from msssm_ts.cli.given.inputs import load_model_and_series
        from msssm_ts.estimator import MSSSMClassifier
        from msssm_ts.export import find_boundary, native_proba
        from msssm_ts.export.c import microseconds_a_step, quantized

        series, more = None, []
        if data is None:
            classifier = MSSSMClassifier.load(file, device="cpu")
        else:
            classifier, series = load_model_and_series(
                model, data, reading, device="cpu", needs_labels=False, quiet=quiet
            )
            more.append(source_of(series, COMPARED))
        try:
            report = self._written(classifier, more, quiet)
        except ValueError as error:
            # The estimator's complaints about DATA.
            if isinstance(error, InputError):
                raise
            raise InputError(f"{data}: {error}") from error
        result = _facts(report) | {
            "model_bytes": file.stat().st_size,
            "channels": list(find_boundary(classifier.model_).channels),
            "sampling_rate": classifier.model_.source.sampling_rate,
            "classes": classifier.label_names.tolist(),
        }
        if self.int8 and series is not None and series.labels is not None:
            near = partial(native_proba, quantized(classifier.model_))
            result["accuracy"] = accuracies(classifier, near, series)
        if self.benchmark:
            result["microseconds"] = microseconds_a_step(classifier.model_, self.int8)
        if json:
            show_json(result)
        else:
            _show(result)

    def _written(
        self, classifier: MSSSMClassifier, more: list[Source], quiet: bool
    ) -> ExportReport:
        """Write the files, and say what is worth a line."""
        from msssm_ts.export.c import NO_COMPILER, checked_name, export_c, find_compiler

        model = classifier.model_
        name, compiler = checked_name(model, self.target, self.name), find_compiler()
        if compiler is None and self.benchmark:
            raise InputError(
                f"--benchmark compiles the file, and there is no C compiler ({NO_COMPILER}): "
                "install one, or leave the option out"
            )
        if self.name is None and name != self.target.stem:
            say(f"took {name!r} for what names begin with; --name says otherwise", quiet=quiet)
        if model.dtype == "float64":
            say("the model reckons in float64, the file in float32", quiet=quiet)
        say(
            f"no C compiler on this machine ({NO_COMPILER}): not compared with the model"
            if compiler is None
            else f"compiling the file with {compiler[0]} and comparing it with the model",
            quiet=quiet,
        )
        return export_c(
            model, self.target, name=name, int8=self.int8, example=self.example, more=more
        )


def _facts(report: ExportReport) -> dict[str, Any]:
    source = report.source
    assert source is not None
    facts: dict[str, Any] = {
        "file": str(report.path),
        "files": [str(file) for file in source.files],
        "format": report.format,
        "name": source.name,
        "bytes": report.n_bytes,
        "compiler": source.compiler,
        "series_compared": report.n_series,
        "largest_difference": report.difference,
    }
    if report.quantized_difference is not None:
        facts["quantized_largest_difference"] = report.quantized_difference
    return facts | {
        "flash_bytes": source.flash,
        "flash_bytes_float32": source.float_flash,
        "ram_bytes": source.ram,
        "stack_bytes": source.stack,
        "multiply_adds": source.multiply_adds,
        "exponentials": source.exponentials,
    }


def _show(result: dict[str, Any]) -> None:
    compared, count = result["largest_difference"], result["series_compared"]
    flash, whole = result["flash_bytes"], result["flash_bytes_float32"]
    saved = "" if flash == whole else f", {1 - flash / whole:.0%} less than in float32"
    pairs: dict[str, object] = {
        "files": ", ".join(result["files"]),
        "largest difference": "not compared"
        if compared is None
        else f"{compared:.2g} in a probability ({count} series)",
    }
    if "quantized_largest_difference" in result:
        changed = result["quantized_largest_difference"]
        pairs["after int8"] = f"{changed:.2g} in a probability ({count} series)"
    adds, powers = result["multiply_adds"], result["exponentials"]
    pairs |= {
        "flash": f"{_spaced(flash)} bytes of weights{saved}; the code comes on top",
        "RAM": f"{_spaced(result['ram_bytes'])} bytes a series",
        "stack": f"about {_spaced(result['stack_bytes'])} bytes",
        "a step": "the core does not say what it reckons"
        if adds is None or powers is None
        else f"{_spaced(adds)} multiply-adds, {_spaced(powers)} exponentials and logarithms",
    }
    show_pairs(pairs)
    if "accuracy" in result:
        show_accuracies(result["accuracy"])
    if "microseconds" in result:
        times = result["microseconds"]
        row = ["a step, µs", *(f"{times[of]:.1f}" for of in ("model", "file"))]
        show_table(["median", "stream", "C"], [row], right=("stream", "C"))


def _spaced(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")
