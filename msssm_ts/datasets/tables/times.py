"""The column of times in a long table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.tables.dates import parse_dates
from msssm_ts.datasets.tables.table import Table, is_text
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

# Names of times in seconds; others may count samples or milliseconds.
_SECONDS = re.compile(
    r"(elapsed[ _]?)?(time|t)?[ _]?[(\[]?(s|sec|secs|seconds)?[)\]]?|timestamp", re.IGNORECASE
)
_IN_BRACKETS = re.compile(r"[\[(]\s*(\w+)\s*[\])]\s*$")
# The days from 2000 to 2058, and seconds between entries of a spreadsheet.
_DAYS = 36526, 57711
_ROUND = [n * s for s in (1, 60) for n in (1, 2, 5, 10, 15, 20, 30)]
_ROUND += [n * 3600 for n in (1, 2, 3, 4, 6, 12)]
# Numbers since 1970 in our time, by their size: what one is in seconds.
_SINCE_1970 = ((1e12, 1e-3), (1e15, 1e-6), (1e18, 1e-9))
_SPAN = re.compile(r"-?\d+ days?( [+-]?\d{1,2}:\d{2}:\d{2}(\.\d+)?)?|-?P(?=\d|T\d)[\dDTHMS.]+")
_BEHIND = re.compile(
    r"(?:time|t|timestamp|elapsed|time_?stamp)[_ ](s|sec|seconds|ms|us|µs|ns)", re.IGNORECASE
)
_SHORTEST = 1e-5
_UNIT = {"s": 1.0, "sec": 1.0, "seconds": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def times_of(table: Table, column: str) -> NDArray[np.float64]:
    """Return a column of numbers or dates as numbers; dates become seconds.

    Raises
    ------
    InputError
        If it holds anything else, or a time is missing.
    """
    import pandas as pd
    import pyarrow as pa

    kind = table.data[column].type
    if is_text(kind):
        # Dates that pyarrow does not know by their looks.
        texts = table.data[column].cast(pa.string()).to_pandas().astype(object)
        spans = _spans(texts)
        if spans is not None:
            return _complete(table, column, spans)
        if pd.to_numeric(texts, errors="coerce").isna().any():
            dates = parse_dates(texts, table, column)
            wrong = np.flatnonzero((dates.isna() & texts.notna()).to_numpy())
            if len(wrong):
                raise table.error(
                    wrong[0],
                    f"{texts.iloc[wrong[0]][:40]!r} is neither a number nor a date; "
                    "mend it, or leave the column out with --drop",
                    column,
                )
            return _complete(table, column, _seconds(dates))
    if pa.types.is_duration(kind) or pa.types.is_time(kind):
        unit = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[kind.unit]
        whole = pa.int32() if kind.bit_width == 32 else pa.int64()
        counts = table.data[column].cast(whole).cast(pa.float64(), safe=False).to_pandas()
        return _complete(table, column, unit * counts.to_numpy(np.float64))
    if pa.types.is_temporal(kind):
        try:
            dates = pd.to_datetime(table.data[column].to_pandas(), utc=True)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{table.source}, column {column}: holds {kind}, neither numbers nor dates; leave "
                "it out with --drop"
            ) from error
        return _complete(table, column, _seconds(dates))
    times = _complete(table, column, table.numbers([column])[:, 0])
    dates = _written_out(times)
    return times if dates is None else dates


def _spans(texts: pd.Series) -> NDArray[np.float64] | None:
    """Return what pandas writes for spans of time, such as "0 days 00:00:01.5", in seconds."""
    import pandas as pd

    if not texts.dropna().str.fullmatch(_SPAN).all() or not texts.notna().any():
        return None
    spans = pd.to_timedelta(texts, errors="coerce")
    return None if spans.isna().any() else spans.dt.total_seconds().to_numpy(np.float64)


def _written_out(times: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the seconds of numbers such as 20240131235959; None where they are none."""
    import pandas as pd

    low, high = float(times.min(initial=np.inf)), float(times.max(initial=0.0))
    if not 19_000_101_000_000 <= low <= high < 21_010_000_000_000:
        return None
    if not np.array_equal(times, np.round(times)):
        return None
    dates = pd.to_datetime(
        pd.Series(times.astype(np.int64)).astype(str), format="%Y%m%d%H%M%S", errors="coerce"
    )
    return None if dates.isna().any() else _seconds(dates)


def named_clock(table: Table, column: str) -> tuple[str, str]:
    """Return the name and the unit of times as numbers: dates and spans become seconds."""
    import pyarrow as pa

    kind = table.data[column].type
    if pa.types.is_temporal(kind) or (is_text(kind) and not table.is_plain(column)):
        return "time", "s"
    return column, table.units.get(column, "")


def sampling_rate(
    column: str, times: NDArray[np.float64], owner: NDArray[np.int64], unit: str = ""
) -> float | None:
    """Return the rate in hertz that times tell, or None where they leave a doubt.

    They tell one if the column's name does not speak against seconds, the times are no whole
    numbers, and cannot be the days of a spreadsheet, the step is at most half a second, and every
    step of every series is the same to one in a hundred.

    Parameters
    ----------
    column : str
        The name of the column.
    times, owner : arrays of shape (n_rows,)
        Sorted times, and the series each belongs to.
    unit : str
        Of the times, where the source says it.

    Examples
    --------
    >>> sampling_rate("time", np.arange(5) / 250, np.zeros(5, int))
    250.0
    >>> sampling_rate("time_ms", np.arange(5) * 0.5, np.zeros(5, int))
    2000.0
    >>> sampling_rate("time [ms]", np.arange(5) * 20, np.zeros(5, int))
    50.0
    >>> sampling_rate("timestamp", 1.7e12 + np.arange(5) * 20, np.zeros(5, int))
    50.0
    >>> sampling_rate("time", 45292.5 + np.arange(5) / 86400, np.zeros(5, int)) is None
    True
    """
    named = _IN_BRACKETS.search(column) or _BEHIND.fullmatch(column.strip())
    seconds = _UNIT.get(unit.casefold() or (named[1].casefold() if named else ""))
    if seconds is None and _SECONDS.fullmatch(column) and len(times):
        low, high = float(times.min()), float(times.max())
        seconds = next((s for size, s in _SINCE_1970 if size <= low <= high < 4.1 * size), None)
    if seconds is None and (
        not _SECONDS.fullmatch(column) or np.array_equal(times, np.round(times))
    ):
        return None
    step = even_step(np.diff(times)[np.diff(owner) == 0])
    if step is not None and seconds is not None:
        step *= seconds
    if step is None or not 0 < step <= 0.5 or (seconds is None and _may_be_days(times, step)):
        return None
    rate = 1 / step
    # Times are rounded when they are written.
    return float(round(rate)) if abs(rate - round(rate)) < 1e-3 * rate else float(f"{rate:.6g}")


def _may_be_days(times: NDArray[np.float64], step: float) -> bool:
    """Whether times may be days since 1900, as spreadsheets count: of our time, a round step apart.

    Seconds would be from 10 to 16 o'clock, if they count from midnight.
    """
    if times.min() < _DAYS[0] or times.max() > _DAYS[1]:
        return False
    return step < _SHORTEST or any(abs(step * 86400 - s) <= 0.01 * s for s in _ROUND)


def even_step(steps: NDArray[np.float64]) -> float | None:
    """Return the step that all are, to one in a hundred; None where they differ or there are none.

    Examples
    --------
    >>> even_step(np.array([0.25, 0.25, 0.25])), even_step(np.array([1.0, 3.0]))
    (0.25, None)
    """
    if not len(steps):
        return None
    # Written with a few digits, even steps differ in the last one.
    step = float(steps.mean())
    return step if np.abs(steps - step).max() <= 0.01 * abs(step) else None


def times_or_step(times: Sequence[NDArray[np.float64]] | None) -> dict[str, Any]:
    """Return stamps as fields of a set of series: of even ones the step alone.

    Examples
    --------
    >>> times_or_step([np.array([0.0, 1, 2])]), list(times_or_step([np.array([0.0, 1, 5])]))
    ({'step': 1.0}, ['times'])
    """
    if times is None:
        return {}
    steps = np.concatenate([np.diff(t) for t in times])
    # One sample of each lies on any grid.
    step = even_step(steps) if len(steps) else 1.0
    return {"times": times} if step is None else {"step": step}


def _seconds(dates: object) -> NDArray[np.float64]:
    import pandas as pd

    moments = pd.DatetimeIndex(dates)
    seconds = ((moments - moments.min()) / pd.Timedelta(seconds=1)).to_numpy(np.float64)
    return np.asarray(seconds)


def _complete(table: Table, column: str, times: NDArray[np.float64]) -> NDArray[np.float64]:
    missing = np.flatnonzero(np.isnan(times))
    if len(missing):
        raise table.error(missing[0], f"no value in column {column!r}; fill it in")
    return times
