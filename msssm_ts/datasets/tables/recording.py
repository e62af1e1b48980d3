"""Text files that are one recording: what it is stands above its values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.labels import tidy_labels
from msssm_ts.datasets.leads import are_leads
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.dialect import Dialect, detect_dialect
from msssm_ts.datasets.tables.guess import is_unnamed
from msssm_ts.datasets.tables.numbers import as_float
from msssm_ts.datasets.tables.one_a_file import are_channels, is_one_channel
from msssm_ts.datasets.tables.text import read_text
from msssm_ts.datasets.tables.written import with_numbers
from msssm_ts.datasets.units import named_unit, without_unit
from msssm_ts.datasets.values import check_values
from msssm_ts.errors import InputError, OptionError
from msssm_ts.text import plural

# Empatica's files: seconds since 1970, then the rate, then values.
_EARLIEST, _FASTEST = 1e9, 1e4


@dataclass(frozen=True)
class _Values:
    """A recording as it stands in a text file."""

    values: NDArray[np.float64]
    names: tuple[str, ...] | None
    units: tuple[str, ...] | None
    rate: float | None
    account: Account


def read_recording(
    file: Path, options: ReadOptions, dialect: Dialect | None = None, *, why: str = ""
) -> LabelledSeries | None:
    r"""Read a text file that is one recording; None where it is a table of series.

    That is one column of values below lines that say what they are, as watches export an
    electrocardiogram, or columns that are called as its leads are, or columns below a row with the
    time of the start and one with the rate, as Empatica writes them. ``options.label`` names a line
    above the values. Where something else says that the file is a recording, ``why``, columns
    without names, or with few that are no part of a table, are channels, too.

    Raises
    ------
    InputError
        If a value is no number.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.csv")
    >>> _ = file.write_text("Name,A\nSample Rate,512 hertz\nUnit,mV\n1\n2\n3\n4\n")
    >>> read_recording(file, ReadOptions()).summary()
    '1 series, 1 channel × 4 steps at 512 Hz, no labels; left out: 1 line (Name: above ...)'
    """
    dialect = dialect or detect_dialect(file)
    facts = dialect.preamble.facts
    if _is_empatica(dialect):
        found = _empatica(file, dialect)
    elif _is_one_column(dialect) or _are_leads(dialect, options) or _is_matrix(dialect, why):
        found = _columns(file, dialect, options, why)
    else:
        return None
    options.refuse_unused(
        ["id", "group", "time", "channel", "fold", "drop", "episodes"],
        str(file),
        "the file is one recording",
    )
    labels = None
    account = found.account
    if options.label is not None:
        label = facts.get(options.label, "").strip()
        if not label:
            raise OptionError(
                f"{file}: no line {options.label!r} with a value above the recording (--label); "
                f"there are {', '.join(facts) or 'none'}",
                "label",
            )
        labels = tidy_labels([label])
        account = account.took("label", f"line {options.label} above the values")
    elif facts:
        account = account.took("possible labels", ", ".join(facts))
    check_values([found.values], lambda _, text: InputError(f"{file}: {text}"))
    return LabelledSeries(
        [found.values],
        labels,
        channel_names=found.names,
        sampling_rate=found.rate,
        ids=np.array([file.name.removesuffix(file.suffix)]),
        units=found.units,
        source=str(file),
        account=account,
    )


def _is_one_column(dialect: Dialect) -> bool:
    """Whether there is one column, and it is no table that has a column."""
    return len(dialect.columns) == 1 and bool(dialect.preamble.facts or not dialect.headed)


def _is_matrix(dialect: Dialect, why: str) -> bool:
    """Whether a file that is known to be a recording holds channels without names, or with few."""
    if not why:
        return False
    if not dialect.headed:
        return not dialect.preamble.facts
    return are_channels(dialect) or is_one_channel(dialect)


def _are_leads(dialect: Dialect, options: ReadOptions) -> bool:
    """Whether all columns are leads, so that a row is a step, unless the user names an id."""
    named = options.id or options.time or options.channel
    return dialect.headed and not named and are_leads(dialect.columns)


def _columns(file: Path, dialect: Dialect, options: ReadOptions, why: str) -> _Values:
    table, _ = read_text(file, ReadOptions(), [options.label] if options.label else [], dialect)
    columns = [c for c in dialect.columns if not (why and dialect.headed and is_unnamed(c))]
    table = with_numbers(table, columns, states=True)
    values = table.numbers(columns).T
    preamble = dialect.preamble
    leads = dialect.headed and are_leads(columns)
    told = [without_unit(c) if leads else named_unit(c) for c in columns]
    names = [name for name, _ in told] if dialect.headed else [preamble.channel]
    units = [
        table.units.get(c, "") or unit or preamble.unit
        for c, (_, unit) in zip(columns, told, strict=True)
    ]
    n_unnamed = len(dialect.columns) - len(columns)
    account = table.account.without(n_unnamed, "columns", "without name")
    account = account.took("layout", "one recording: a step a row")
    account = account.took("channels", f"{plural(len(columns), 'column')} {', '.join(columns)}")
    if preamble.rate is not None:
        account = account.took("sampling rate", "the lines above the values")
    if why or not preamble.facts:
        called = "which are called as leads are" if leads else why
        what = f"columns, {called}," if len(columns) > 1 else "one column of the file"
        account = account.remarking(f"took the {what} for one series")
    return _Values(
        np.ascontiguousarray(values),
        tuple(names) if any(names) else None,
        tuple(units) if any(units) else None,
        preamble.rate,
        account,
    )


def _is_empatica(dialect: Dialect) -> bool:
    if dialect.headed or len(dialect.first) < 3:
        return False
    rows = [[as_float(c) for c in row] for row in dialect.first[:2]]
    starts, rates = rows
    if None in starts or None in rates or len(starts) > 6:
        return False
    start, rate = starts[0] or 0.0, rates[0] or 0.0
    return len(set(starts)) == len(set(rates)) == 1 and start >= _EARLIEST and 0 < rate <= _FASTEST


def _empatica(file: Path, dialect: Dialect) -> _Values:
    table, _ = read_text(file, ReadOptions(), dialect=dialect)
    values = table.numbers(table.columns)
    rate = float(values[1, 0])
    account = table.account.took("layout", "one recording: start, rate, then a step a row")
    account = account.took("sampling rate", "the second row").took("start", "the first row")
    return _Values(np.ascontiguousarray(values[2:].T), None, None, rate, account)
