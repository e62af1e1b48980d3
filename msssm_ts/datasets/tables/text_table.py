"""A text table in a file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.dialect import Dialect, detect_dialect
from msssm_ts.datasets.tables.layout import paths_in, series_of_table
from msssm_ts.datasets.tables.lazy_text import read_text_lazily
from msssm_ts.datasets.tables.many_files import Parts
from msssm_ts.datasets.tables.one_a_file import why_one
from msssm_ts.datasets.tables.preamble import Preamble
from msssm_ts.datasets.tables.recording import read_recording
from msssm_ts.datasets.tables.text import read_text

# Rates that times tell are of rounded ones.
_ALIKE = 0.01


def read_text_table(file: Path, options: ReadOptions) -> LabelledSeries:
    r"""Read a text table: CSV, TSV, the UCR archive's format, or any that separates columns.

    Wide: a series a row. Every column but label, id, group and fold is a step; empty cells at a
    row's end make a shorter series, others are missing values. Long: a value a row, with
    columns id, value and, where there are any, time, channel, label, group and fold; or a step a
    row, with columns id and time and a column a channel; or a channel a row, with columns id and
    channel and steps. A table with a column of times and no id is a recording, or pieces of one
    label each. Without a header the first column is the label, as in the UCR archive, or the last
    where only that can be one.

    Parameters
    ----------
    file : Path
        Text, possibly compressed (.gz, .zip, .bz2, .xz).
    options : ReadOptions
        Columns that the user named.

    Raises
    ------
    InputError
        Naming file, line and column, for what cannot be understood.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.csv")
    >>> _ = file.write_text("class,a,b,c\nx,1,2,\ny,3,4,5\n")
    >>> read_text_table(file, ReadOptions()).summary()
    '2 series, 1 channel × 2–3 steps, 2 classes: x y'
    """
    dialect = detect_dialect(file)
    recording = read_recording(file, options, dialect, why=why_one(dialect, options))
    if recording is not None:
        return recording
    return _told_above(_table(file, options, dialect), dialect.preamble)


def _told_above(data: LabelledSeries, preamble: Preamble) -> LabelledSeries:
    """Return series with the rate and the unit that lines above their table say."""
    rate, own, account = preamble.rate, data.sampling_rate, data.account
    if rate is not None and own is None:
        account = account.took("sampling rate", "the lines above the table")
    elif rate is not None and own is not None and abs(rate - own) > _ALIKE * own:
        account = account.remarking(
            f"lines above the table say {rate:g} Hz, and its times {own:g} Hz, which count"
        )
    units = data.units
    if preamble.unit:
        units = tuple(u or preamble.unit for u in units or [""] * data.n_channels)
    return replace(data, sampling_rate=own or rate, units=units, account=account)


def _table(file: Path, options: ReadOptions, dialect: Dialect) -> LabelledSeries:
    lazy = read_text_lazily(Parts.alone(file), options)
    if lazy is not None:
        return lazy
    table, roles = read_text(file, options, dialect=dialect)
    column, cell = paths_in(table, roles)
    if column and cell.lower().endswith((".h5", ".hdf5")):
        from msssm_ts.datasets.arrays.hdf5_series import read_listing

        listed = read_listing(file, options)
        if listed is not None:
            return listed
    return series_of_table(table, roles, options)
