"""Archive files (.ts, .arff) and the data sets that come with sktime, read by its loaders."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.damage import reason_of
from msssm_ts.datasets.labels import first_missing, tidy_labels
from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import Split
from msssm_ts.datasets.tables.steps import find_steps
from msssm_ts.datasets.tables.times import times_or_step
from msssm_ts.datasets.tables.wide import MANY_ROWS, may_be_steps
from msssm_ts.datasets.values import check_values
from msssm_ts.errors import InputError
from msssm_ts.text import counted

if TYPE_CHECKING:
    import pandas as pd

# What sktime's loaders take in memory for a byte of text: of all, and of one line.
_IN_FRAME, _IN_LINE = 4, 50

# Name, and sktime's function that loads the copy in its wheel.
CARRIED = {
    "ACSF1": "load_acsf1",
    "ArrowHead": "load_arrow_head",
    "BasicMotions": "load_basic_motions",
    "GunPoint": "load_gunpoint",
    "ItalyPowerDemand": "load_italy_power_demand",
    "JapaneseVowels": "load_japanese_vowels",
    "OSULeaf": "load_osuleaf",
    "PLAID": "load_plaid",
}


def read_carried(name: str, split: Split) -> LabelledSeries:
    """Return a split of a data set that sktime's wheel carries; needs no network.

    Examples
    --------
    >>> read_carried("ItalyPowerDemand", "train").summary()
    '67 series, 1 channel × 24 steps, 2 classes: 1 2'
    """
    import sktime.datasets

    X, y = getattr(sktime.datasets, CARRIED[name])(split=split, return_X_y=True)
    return _from_nested(X, y, f"{name}:{split}", "a series a line")


def read_ts(file: Path) -> LabelledSeries:
    r"""Read a .ts file (sktime, UEA archive); ``?`` is a missing value.

    Raises
    ------
    InputError
        If sktime cannot read it.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.ts")
    >>> _ = file.write_text("@problemName x\n@timeStamps false\n@univariate true\n"
    ...     "@classLabel true a b\n@data\n1,2,3:a\n4,5:b\n")
    >>> read_ts(file).summary()
    '2 series, 1 channel × 2–3 steps, 2 classes: a b'
    """
    from sktime.datasets import load_from_tsfile

    loaded = _loaded(
        file, ".ts", lambda: load_from_tsfile(str(file), return_data_type="nested_univ")
    )
    X, y = loaded if isinstance(loaded, tuple) else (loaded, None)
    data = _from_nested(X, y, str(file), "a series a line, channels between colons")
    times, note = _times(X)
    remarks = (note, *_against_header(file, data))
    return replace(data, account=data.account.remarking(*remarks), **times)


def _times(X: pd.DataFrame) -> tuple[dict[str, Any], str]:
    """Return the time stamps of a .ts file, if any: its cells' indices; and a remark."""
    times = []
    # Rows as pandas has them would take half as long as to read the file.
    for first, *others in X.to_numpy():
        index = first.index
        if not all(index.equals(cell.index) for cell in others):
            return {}, "times left out, for channels were measured at times of their own"
        if index.dtype.kind == "M":
            index = (index - index[0]).total_seconds()
        times.append(index.to_numpy(np.float64))
    counted = all(np.array_equal(t, np.arange(len(t))) for t in times)
    return ({} if counted else times_or_step(times)), ""


def _against_header(file: Path, data: LabelledSeries) -> list[str]:
    """Say where the header of a .ts file and its series differ."""
    said = []
    with file.open(encoding="utf-8", errors="replace") as lines:
        header = takewhile(lambda line: not line.lower().startswith("@data"), lines)
        facts = {w[0].lower(): w[1:] for line in header if (w := line.split())}
    classes = facts.get("@classlabel", [])[1:]
    if classes and data.labels is not None:
        odd = sorted({str(v) for v in data.labels} - {str(v) for v in tidy_labels(classes)})
        if odd:
            said.append(
                f"labels {enumerate_names(odd, 6)} are none of the classes that the header names "
                f"({enumerate_names(classes, 6)})"
            )
    told = facts.get("@dimensions", ["?"])[0]
    if told.isdigit() and int(told) != data.n_channels:
        said.append(f"the header says {told} dimensions, and there are {data.n_channels}")
    elif facts.get("@univariate") == ["true"] and data.n_channels > 1:
        said.append(f"the header says one dimension, and there are {data.n_channels}")
    steps, low, high = facts.get("@serieslength"), data.lengths.min(), data.lengths.max()
    if facts.get("@equallength") == ["true"] and (low < high or steps not in (None, [str(high)])):
        wanted = "one length" if steps is None else f"{steps[0]} steps"
        there = f"{high}" if low == high else f"{low} to {high}"
        said.append(f"the header says {wanted} for all series, and they have {there}")
    return said


def read_arff(file: Path) -> LabelledSeries:
    r"""Read an .arff file of the archives: a series a line, or several channels in a relation.

    Raises
    ------
    InputError
        If sktime cannot read it.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.arff")
    >>> _ = file.write_text("@relation x\n@attribute a real\n@attribute b real\n"
    ...     "@attribute target {u,v}\n@data\n1,2,u\n3,4,v\n")
    >>> read_arff(file).summary()
    '2 series, 1 channel × 2 steps, 2 classes: u v'
    """
    from sktime.datasets import load_from_arff_to_dataframe

    X, y = _loaded(file, ".arff", lambda: load_from_arff_to_dataframe(str(file)))
    labels = [str(label).strip("'\" ") for label in y]
    data = _from_nested(X, labels, str(file), "a series a line")
    with file.open(encoding="utf-8", errors="replace") as lines:
        head = takewhile(lambda line: not line.lower().startswith("@data"), lines)
        words = (line.split() for line in head if line.lower().startswith("@attribute"))
        names = [w[1].strip("'\"") for w in words if len(w) > 2][:-1]
    steps = find_steps(names, str(file))
    if data.n_channels > 1 or steps.numbered or data.n_series < MANY_ROWS:
        return data
    said = may_be_steps(steps, "write them as .csv, with a column id or time")
    return replace(data, account=data.account.remarking(said))


def _loaded(file: Path, suffix: str, load: Callable[[], Any]) -> Any:
    size = file.stat().st_size
    demand(size, file, "its text")
    with file.open("rb") as stream:
        longest = max(map(len, stream), default=0)
    demand(_IN_FRAME * size + _IN_LINE * longest, file, "its text in sktime's frame")
    try:
        with warnings.catch_warnings():
            # Of pandas, about how sktime builds its frame.
            warnings.simplefilter("ignore")
            return load()
    # sktime raises what its parsers happen to run into.
    except Exception as error:
        raise InputError(
            f"{file}: not a readable {suffix} file ({reason_of(error, 160)}); mend that place, "
            "or save the series as CSV"
        ) from error


def _from_nested(X: pd.DataFrame, y: Any, source: str, layout: str) -> LabelledSeries:
    """From sktime's frame whose cells are series."""

    def error(i: int, text: str) -> InputError:
        return InputError(f"{source}, series {i + 1}: {text}")

    if not len(X) or not len(X.columns):
        raise InputError(f"{source}: it holds no series; give a file with lines below @data")
    columns = [X[c] for c in X.columns]
    values = []
    for i in range(len(X)):
        cells = [np.asarray(c.iloc[i], dtype=np.float64) for c in columns]
        lengths = {len(c) for c in cells}
        if len(lengths) > 1 or 0 in lengths:
            raise error(
                i, f"its channels have lengths {sorted(lengths)}; they must be equal, and not zero"
            )
        values.append(np.stack(cells))
    check_values(values, error)
    account = Account().took("layout", layout)
    if y is None:
        return LabelledSeries(values, source=source, account=account)
    if len(y) != len(values):
        raise InputError(
            f"{source}: {counted(len(y), 'label')} for {len(values)} series; end each line with "
            "its label"
        )
    missing = first_missing(y)
    if missing is not None:
        raise error(missing, "it has no label; fill it in or remove the series")
    account = account.took("label", "the last value of a line")
    return LabelledSeries(values, tidy_labels(y), source=source, account=account)
