"""Dates and times of day as people write them: which comes first, the day or the month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.tables.table import Table, is_text

if TYPE_CHECKING:
    import pandas as pd

# Two numbers, either of which may be the month, before the year.
_EITHER = r"^\s*(\d{1,2})([./-])(\d{1,2})[./-](\d{2,4})(?!\d)"
_CLOCK = r"\s*\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?\s*([AaPp]\.?[Mm]\.?)?\s*"
_HALF_A_DAY, _DAY = 43200.0, 86400.0


def parse_dates(texts: pd.Series, table: Table, column: str) -> pd.Series:
    """Return texts as dates, all with the day first or all with the month; NaT where one is none.

    Parameters
    ----------
    texts : pandas.Series of str
        Cells.
    table, column : Table, str
        Where they stand.

    Raises
    ------
    InputError
        If some can only have the day first, and others only the month.
    """
    import pandas as pd

    day_first, _ = _order(texts, table, column)
    return pd.to_datetime(texts, errors="coerce", format="mixed", utc=True, dayfirst=day_first)


def on_dates(table: Table, column: str | None) -> str:
    """Say whether the day or the month was taken for the first number; empty where dates tell."""
    import pyarrow as pa

    if column is None or not is_text(table.data[column].type):
        return ""
    day_first, example = _order(
        table.data[column].cast(pa.string()).to_pandas().astype(object), table, column
    )
    if not example:
        return ""
    first = "day" if day_first else "month"
    return f"took {example} in column {column} for {first} first; write 2024-12-31 if it is not"


def _order(texts: pd.Series, table: Table, column: str) -> tuple[bool, str]:
    """Return whether the day comes first, and a date that does not tell, where none does."""
    every = texts.str.extract(_EITHER)
    found = every.dropna(how="all")
    if not len(found):
        return False, ""
    first, second = (found[i].astype(int).to_numpy() for i in (0, 2))
    days, months = first > 12, second > 12
    if days.any() and months.any():
        odd, other = (found.index[np.flatnonzero(mask)[0]] for mask in (days, months))
        raise table.error(
            max(odd, other),
            f"of the dates {str(texts[odd])[:20]!r} and {str(texts[other])[:20]!r} one has the "
            "day first, the other the month; write all as 2024-12-31",
            column,
        )
    if days.any() or months.any():
        return bool(days.any()), ""
    if (found[1] == ".").all():
        # The day stands first, wherever dates are written so.
        return True, ""
    # Rows mostly go on in time. Within a day the clock steps back for either order.
    one, other, year = (every[i].astype(float).to_numpy() for i in (0, 2, 3))
    back = [_steps_back(10_000 * year + 100 * month + day)
            for month, day in ((one, other), (other, one))]  # fmt: skip
    return back[1] < back[0], str(texts[found.index[0]])[:20]


def _steps_back(dates: NDArray[np.float64]) -> int:
    return int((dates[1:] < dates[:-1]).sum())


def past_midnight(
    table: Table, column: str, times: NDArray[np.float64], owner: NDArray[np.int64]
) -> tuple[NDArray[np.float64], str]:
    """Go on behind midnight with times of day: they go back there, in the order of the rows.

    Parameters
    ----------
    table, column : Table, str
        Where the times stand.
    times : array of shape (n_rows,)
        In seconds.
    owner : array of shape (n_rows,)
        The series of each row.

    Returns
    -------
    times : array of shape (n_rows,)
        With a day added for each midnight; as they are where rows stand in no order.
    remark : str
        Says so.
    """
    import pyarrow as pa

    kind = table.data[column].type
    if not is_text(kind):
        return times, ""
    order = np.argsort(owner, kind="stable")
    within = np.diff(owner[order]) == 0
    steps = np.diff(times[order])
    back = within & (steps < 0)
    if not back.any() or (steps[back] > -_HALF_A_DAY).any():
        return times, ""
    texts = table.data[column].cast(pa.string()).to_pandas().astype(object)
    if not texts.str.fullmatch(_CLOCK).all():
        return times, ""
    nights = np.concatenate([[0], np.cumsum(back)])
    starts = np.concatenate([[True], ~within])
    nights -= nights[starts][np.cumsum(starts) - 1]
    later = times.copy()
    later[order] += _DAY * nights
    n_series = len(np.unique(owner[order][nights > 0]))
    return later, (
        f"times of day in column {column} go back at midnight in {n_series} series: taken for the "
        "next day's"
    )
