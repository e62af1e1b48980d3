"""Tables of text (CSV and the like): wide, one series a row, or long, one value a row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.columns import (
    CHANNEL,
    GROUP,
    ID,
    LABEL,
    TIME,
    VALUE,
    find_column,
)
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def read_csv(file: Path, options: ReadOptions, separator: str = ",") -> LabelledSeries:
    """Read a table with a header; wide or long is seen from its columns.

    Wide: every column but label, id and group is a step, in order; empty cells at a row's end
    make a shorter series. Long: one row per value, with columns id, value and, where there are
    any, time, channel and label. A file without a header is read as label, then values.

    Parameters
    ----------
    file : Path
        Text, possibly compressed (.gz, .zip, .bz2, .xz).
    options : ReadOptions
        Columns that the user named.
    separator : str
        Between columns.

    Raises
    ------
    InputError
        Naming file, line and column, for what cannot be understood.
    """
    frame = _read_text(file, separator, header=0)
    if all(_is_number(c) for c in frame.columns):
        return read_ucr(file, separator)
    frame.columns = [str(c).strip() for c in frame.columns]
    columns = list(frame.columns)
    options.check_columns(columns, str(file))
    frame = frame.drop(columns=list(options.drop))
    columns = list(frame.columns)
    value, identifier = find_column(columns, VALUE, None), find_column(columns, ID, options.id)
    if value is not None and identifier is not None:
        return _long(file, frame, options, identifier, value)
    return _wide(file, frame, options)


def read_ucr(file: Path, separator: str = "\t") -> LabelledSeries:
    """Read a table without a header: label, then values, NaN behind shorter series (UCR)."""
    frame = _read_text(file, separator, header=None)
    if frame.shape[1] < 2:
        raise InputError(
            f"{file}, line 1: one column only; expected a label, then values, separated by "
            f"{'tabs' if separator == chr(9) else repr(separator)}"
        )
    labels = _labels(file, frame.iloc[:, 0], "column 1 (label)", first_line=1)
    values = _numbers(file, frame.iloc[:, 1:], first_line=1)
    return LabelledSeries(_trimmed(file, values, frame.index, 1), labels, source=str(file))


def _read_text(file: Path, separator: str, header: int | None) -> pd.DataFrame:
    """Read with pandas; the index keeps the row's place in the file, blank lines counted."""
    import warnings

    import pandas as pd

    try:
        with warnings.catch_warnings():
            # Without index_col=False, rows longer than the header would lose their first cells
            # to an index; with it pandas only warns and cuts their last.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(
                file, sep=separator, header=header, skip_blank_lines=False, index_col=False
            )
    except pd.errors.ParserWarning as error:
        raise InputError(
            f"{file}: the rows have more columns than the header; check the separator"
        ) from error
    except pd.errors.EmptyDataError as error:
        raise InputError(f"{file}: the file is empty") from error
    except pd.errors.ParserError as error:
        raise InputError(
            f"{file}: the rows differ in their number of columns ({str(error).strip()}); check "
            "the separator and that line"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file}: not UTF-8 text (byte {error.start}); save it as UTF-8, or give a file in "
            "another format"
        ) from error
    except (OSError, EOFError, ValueError) as error:
        raise InputError(f"{file}: cannot be read ({error})") from error
    frame = frame.dropna(how="all")
    if frame.empty:
        raise InputError(
            f"{file}: there are no rows below the header"
            if header == 0
            else (f"{file}: the file is empty")
        )
    return frame


def _is_number(text: Any) -> bool:
    try:
        # pandas numbers repeated header cells: 0.5, 0.5.1
        float(".".join(str(text).split(".")[:2]))
    except ValueError:
        return False
    return True


def _labels(file: Path, column: pd.Series[Any], name: str, first_line: int) -> NDArray[Any]:
    missing = np.flatnonzero(column.isna())
    if len(missing):
        line = int(column.index[missing[0]]) + first_line
        raise InputError(
            f"{file}, line {line}: no label in {name} ({len(missing)} rows lack one); fill it in "
            "or remove the row"
        )
    array: NDArray[Any] = column.to_numpy()
    if array.dtype.kind == "f" and np.array_equal(array, np.round(array)):
        return array.astype(np.int64)
    if array.dtype.kind not in "iufb":
        return np.array([str(v).strip() for v in array])
    return np.asarray(array)


def _numbers(file: Path, frame: pd.DataFrame, first_line: int) -> NDArray[np.float64]:
    """Return the frame as floats, empty cells as NaN."""
    import pandas as pd

    if all(kind in "iufb" for kind in (d.kind for d in frame.dtypes)):
        values: NDArray[np.float64] = frame.to_numpy(dtype=np.float64)
    else:
        converted = frame.apply(pd.to_numeric, errors="coerce")
        wrong = np.argwhere((converted.isna() & frame.notna()).to_numpy())
        if len(wrong):
            row, column = wrong[0]
            name = frame.columns[column]
            shown = name if isinstance(name, str) else int(name) + 1
            raise InputError(
                f"{file}, line {int(frame.index[row]) + first_line}, column {shown}: "
                f"{str(frame.iat[row, column])[:40]!r} is not a number; mend it, or leave the "
                f"column out with --drop"
            )
        values = converted.to_numpy(dtype=np.float64)
    infinite = np.argwhere(np.isinf(values))
    if len(infinite):
        row, column = infinite[0]
        raise InputError(
            f"{file}, line {int(frame.index[row]) + first_line}, column {frame.columns[column]}: "
            "the value is infinite"
        )
    return values


def _trimmed(
    file: Path, values: NDArray[np.float64], index: Any, first_line: int
) -> list[NDArray[np.float64]]:
    """Cut the NaN behind shorter series; refuse those inside."""
    missing = np.isnan(values)
    # Steps up to the last value of each row.
    lengths = values.shape[1] - np.argmax(~missing[:, ::-1], axis=1)
    lengths[missing.all(1)] = 0
    if (lengths == 0).any():
        line = int(index[int(np.argmin(lengths))]) + first_line
        raise InputError(f"{file}, line {line}: the series has no value; remove the row")
    inside = missing & (np.arange(values.shape[1]) < lengths[:, None])
    if inside.any():
        row, step = np.argwhere(inside)[0]
        raise InputError(
            f"{file}, line {int(index[row]) + first_line}: value {step + 1} of the series is "
            f"missing ({int(inside.sum())} missing in {int(inside.any(1).sum())} series); fill "
            "the gaps, for example by interpolation"
        )
    return [row[None, :length] for row, length in zip(values, lengths, strict=True)]


def _wide(file: Path, frame: pd.DataFrame, options: ReadOptions) -> LabelledSeries:
    columns = list(frame.columns)
    label = find_column(columns, LABEL, options.label)
    rest = [c for c in columns if c != label]
    identifier, group = find_column(rest, ID, options.id), find_column(rest, GROUP, options.group)
    steps = [c for c in rest if c not in (identifier, group)]
    if not steps:
        raise InputError(f"{file}: no columns left for the values of the series")
    values = _numbers(file, frame[steps], first_line=2)
    return LabelledSeries(
        _trimmed(file, values, frame.index, 2),
        None if label is None else _labels(file, frame[label], f"column {label!r}", 2),
        groups=None if group is None else frame[group].to_numpy(),
        group_name=group or "group",
        ids=None if identifier is None else frame[identifier].to_numpy(),
        source=str(file),
    )


def _long(
    file: Path, frame: pd.DataFrame, options: ReadOptions, identifier: str, value: str
) -> LabelledSeries:
    columns = list(frame.columns)
    label = find_column(columns, LABEL, options.label)
    time, channel = (
        find_column(columns, TIME, options.time),
        find_column(columns, CHANNEL, options.channel),
    )
    group = find_column(columns, GROUP, options.group)
    numbers = _numbers(file, frame[[value]], first_line=2)[:, 0]
    keys = [identifier, *([channel] if channel else [])]
    for needed in [*keys, *([time] if time else [])]:
        if frame[needed].isna().any():
            line = int(frame.index[int(np.argmax(frame[needed].isna()))]) + 2
            raise InputError(f"{file}, line {line}: no value in column {needed!r}")
    if np.isnan(numbers).any():
        line = int(frame.index[int(np.argmax(np.isnan(numbers)))]) + 2
        raise InputError(
            f"{file}, line {line}: the value is missing ({int(np.isnan(numbers).sum())} in all); "
            "fill the gaps or remove the rows"
        )
    frame = frame.assign(**{value: numbers})
    if time:
        repeated = frame.duplicated([*keys, time])
        if repeated.any():
            line = int(frame.index[int(np.argmax(repeated))]) + 2
            raise InputError(
                f"{file}, line {line}: a second value for the same {', '.join([*keys, time])}; "
                "remove one"
            )
        frame = frame.sort_values(time, kind="stable")
    names = None if channel is None else sorted(frame[channel].unique().tolist())
    values, ids = [], []
    for key, rows in frame.groupby(identifier, sort=False):
        ids.append(key)
        values.append(_channels(file, rows, key, identifier, channel, names, value))
        for column in (label, group):
            if column is not None and rows[column].nunique(dropna=False) != 1:
                line = int(rows.index[int(np.argmax(rows[column] != rows[column].iloc[0]))]) + 2
                raise InputError(
                    f"{file}, line {line}: {identifier} {key!r} has more than one {column}; "
                    "give each series one"
                )
    first = frame.sort_index().drop_duplicates(identifier)
    order = {key: i for i, key in enumerate(first[identifier])}
    place = np.argsort([order[key] for key in ids], kind="stable")
    return LabelledSeries(
        [values[i] for i in place],
        None if label is None else _labels(file, first[label], f"column {label!r}", 2),
        channel_names=None if names is None else tuple(str(n) for n in names),
        groups=None if group is None else first[group].to_numpy(),
        group_name=group or "group",
        ids=np.array([ids[i] for i in place]),
        source=str(file),
    )


def _channels(
    file: Path,
    rows: pd.DataFrame,
    key: Any,
    identifier: str,
    channel: str | None,
    names: list[Any] | None,
    value: str,
) -> NDArray[np.float64]:
    """One series' values as (n_channels, length)."""
    if channel is None or names is None:
        only: NDArray[np.float64] = rows[value].to_numpy(dtype=np.float64)[None]
        return only
    parts = {name: part[value].to_numpy(dtype=np.float64) for name, part in rows.groupby(channel)}
    for name in names:
        if name not in parts:
            raise InputError(
                f"{file}: {identifier} {key!r} has no rows for channel {name!r}; every series "
                "needs every channel"
            )
    lengths = {name: len(parts[name]) for name in names}
    if len(set(lengths.values())) > 1:
        raise InputError(
            f"{file}: the channels of {identifier} {key!r} differ in length ({lengths}); give "
            "each as many values"
        )
    return np.stack([parts[name] for name in names])
