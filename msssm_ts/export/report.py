"""What an export tells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SourceReport:
    """What is told of a model in C beside what is told of every file.

    Parameters
    ----------
    name : str
        What its names begin with.
    files : tuple of Path
        Header, source, and an example where one was asked for.
    flash, ram, stack : int
        Bytes of the weights, of a series' state, and, about, on the stack.
    multiply_adds, exponentials : int or None
        Of a step with its answer; None where the core does not say.
    compiler : str or None
        What compiled it for the comparison; None: there was none, and none was made.
    float_flash : int
        Bytes of the weights in float32.
    """

    name: str
    files: tuple[Path, ...]
    flash: int
    ram: int
    stack: int
    multiply_adds: int | None
    exponentials: int | None
    compiler: str | None
    float_flash: int


@dataclass(frozen=True)
class ExportReport:
    """What was written, and how near to the model it is.

    Parameters
    ----------
    path : Path
        The file.
    format : str
        Its format.
    difference : float or None
        Largest difference of a probability between the file and the model; None where they were
        not compared, which only happens to C where there is no compiler.
    n_series : int
        Series that were compared.
    n_bytes : int
        Size of the file.
    before : list of str
        What is left to do to series before they are given to the file.
    quantized_difference : float, optional
        The same as ``difference``, after quantisation.
    source : SourceReport, optional
        Of a model in C.
    """

    path: Path
    format: str
    difference: float | None
    n_series: int
    n_bytes: int
    before: list[str]
    quantized_difference: float | None = None
    source: SourceReport | None = None
