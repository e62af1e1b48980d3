"""Numbers that are written as text: with a unit, as True and False, between marks of no value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.tables.numbers import decimal_mark, parsed, without_groups
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.units import is_unit
from msssm_ts.text import counted

# What two states are called, the one that is 0 first.
_STATES = (
    *(("false", "true"), ("no", "yes"), ("off", "on"), ("falsch", "wahr"), ("nein", "ja")),
    *(("faux", "vrai"), ("non", "oui"), ("falso", "verdadero"), ("否", "是")),
    *(("closed", "open"), ("inactive", "active")),
)
# Marks of a value that is not there, beside those that are empty cells in every column.
_NO_VALUE = frozenset(
    (
        *("none", "nil", "nat", "(null)", "missing", "invalid", "unknown", "unavailable", "n.a."),
        *("n.a", "n/d", "n.d.", "nd", "k.a.", "no data", "nodata", "not available", "bad", "error"),
        *("err", "bad input", "i/o timeout", "comm fail", "offline", "ol", "overflow", "overload"),
        *("overrange", "under range", "over range", "\\n", "<null>", "undefined", "unkn"),
    )
)
_MARKS, _SPREADSHEET = re.compile(r"[-\u2212–—._*?]+|…"), re.compile(r"#[A-Za-z0-9/]+[!?]?")
_WITH_UNIT = re.compile(
    r"(?P<before>[$€£¥])?\s*(?P<number>[+-]?[\d.,][\d.,'’\s]*?(?:[eE][+-]?\d+)?)\s*"
    r"(?P<unit>[^\W\d_][^\d,;:]{0,11}|[°%Ω€$£¥][^\d,;:]{0,7}|[^\W\d_]{1,4}/[^\W\d_]{0,4}[²³^2]{0,2})?"
)
# Commas in these may be either.
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
_CURRENCIES = frozenset("$€£¥")


@dataclass(frozen=True)
class Written:
    """What texts are as numbers.

    Parameters
    ----------
    values : array of shape (n_texts,)
        A number for each, NaN for what marks a value that is not there.
    unit : str
        Behind, or before, every number; empty where there is none.
    remark : str
        What was taken for what, without the column's name.
    measured : bool
        Whether they are numbers, and no two states.
    """

    values: NDArray[np.float64]
    unit: str
    remark: str
    measured: bool = True


def as_written(
    texts: Sequence[str], counts: Sequence[int], decimal: str = ".", *, any_unit: bool = False
) -> Written | None:
    """Return different texts as numbers, where all of them are; None where one is something else.

    Parameters
    ----------
    texts : sequence of str
        Without space around them.
    counts : sequence of int
        How often each stands there.
    decimal : str
        Decimal mark.
    any_unit : bool
        Whether any word behind the numbers is their unit, so that it is the same throughout; else
        only units that people measure in.

    Examples
    --------
    >>> as_written(["False", "True"], [9, 3])
    Written(values=array([0., 1.]), unit='', remark='False and True are taken for 0 and 1', ...)
    >>> as_written(["20.5 °C", "21 °C", "#DIV/0!"], [1, 1, 1]).values
    array([20.5, 21. ,  nan])
    >>> as_written(["-642,14 €", "1.011,5 €"], [1, 1]).values, as_written(["1,011 €"], [1])
    (array([-642.14, 1011.5 ]), None)
    >>> as_written(["60y", "7y"], [1, 1]), as_written(["60y", "7y"], [1, 1], any_unit=True).unit
    (None, 'y')
    """
    states = _as_states(texts)
    if states is not None:
        return states
    import pandas as pd

    none = [_is_no_value(t) for t in texts]
    read = [_WITH_UNIT.fullmatch(t) if not n else None for t, n in zip(texts, none, strict=True)]
    numbers = [t for t, n in zip(texts, none, strict=True) if not n]
    found = [m for m in read if m is not None]
    if not numbers or len(found) < len(numbers):
        return None
    units = {(m["before"] or m["unit"] or "").strip() for m in found}
    unit = units.pop()
    if units or (unit and not (any_unit or is_unit(unit) or unit in _CURRENCIES)):
        return None
    plain = [without_groups(m["number"].strip()) for m in found]
    if unit and decimal == ".":
        # Behind numbers in units no others have told the decimal mark.
        decimal = decimal_mark(plain)
        if decimal == "," and all(_THOUSANDS.fullmatch(t) for t in plain if "," in t):
            return None
    told = iter(plain)
    bare = pd.Series([None if m is None else next(told) for m in read], dtype=object)
    values = parsed(bare, decimal)[0].to_numpy(np.float64)
    if np.isnan(values[~np.array(none)]).any():
        return None
    missing = sum(c for c, n in zip(counts, none, strict=True) if n)
    if missing > sum(counts) / 2:
        return None
    said = []
    if unit:
        said.append(f"texts with {unit} are taken for numbers in {unit}")
    if missing:
        marks = enumerate_names([repr(t) for t, n in zip(texts, none, strict=True) if n], 4)
        cells = counted(missing, "cell")
        said.append(f"{marks} {'is' if sum(none) == 1 else 'are'} taken for no value ({cells})")
    return Written(values, unit, ", ".join(said))


def _as_states(texts: Sequence[str]) -> Written | None:
    told = [t.strip(".").casefold() for t in texts]
    pair = next((p for p in _STATES if told and set(told) <= set(p)), None)
    if pair is None:
        return None
    values = np.array([float(pair.index(t)) for t in told])
    names = " and ".join(t for _, t in sorted(zip(values, texts, strict=True)))
    numbers = " and ".join(f"{v:g}" for v in sorted(set(values)))
    verb = "are" if len(texts) > 1 else "is"
    return Written(values, "", f"{names} {verb} taken for {numbers}", False)


def state_of(text: str) -> int | None:
    """Return 0 or 1 for a text that says so, such as yes; None for any other.

    Examples
    --------
    >>> state_of("No"), state_of("TRUE"), state_of("maybe")
    (0, 1, None)
    """
    told = text.strip(".").casefold()
    return next((pair.index(told) for pair in _STATES if told in pair), None)


def _is_no_value(text: str) -> bool:
    return bool(
        text.casefold() in _NO_VALUE or _MARKS.fullmatch(text) or _SPREADSHEET.fullmatch(text)
    )


def with_numbers(table: Table, columns: Sequence[str], *, states: bool) -> Table:
    """Return a table in which columns of numbers that are written as text are numbers.

    What was taken for what stands in its account, and units among its units.

    Parameters
    ----------
    table : Table
        What was read.
    columns : sequence of str
        Those that may hold values.
    states : bool
        Whether True and False, and the like, are values; where all columns hold such, they are.
    """
    import pyarrow as pa

    said: dict[str, list[str]] = {}
    units = dict(table.units)
    data = table.data
    for column in columns:
        if column not in table.text_columns or table.is_empty(column):
            continue
        texts = table.texts(column)
        counts = np.bincount(texts.codes[texts.codes >= 0], minlength=len(texts.different))
        written = as_written(texts.different.tolist(), counts.tolist(), table.decimal)
        if (
            written is not None
            and not written.measured
            and not (states or _all_text(table, columns))
        ):
            continue
        if written is None or not (written.remark or _has_groups(texts.different.tolist())):
            continue
        values = np.append(written.values, np.nan)[texts.codes]
        cells = pa.array(values, from_pandas=True)
        data = data.set_column(table.columns.index(column), column, cells)
        if written.unit and written.unit not in _CURRENCIES:
            units.setdefault(column, written.unit)
        said.setdefault(written.remark, []).append(column)
    if data is table.data:
        return table
    remarks = [f"{enumerate_names(names, 4)}: {remark}" for remark, names in said.items() if remark]
    account = table.account.remarking(*remarks)
    return replace(table, data=data, units=units, account=account)


def _all_text(table: Table, columns: Sequence[str]) -> bool:
    return all(c in table.text_columns for c in columns)


def _has_groups(texts: Sequence[str]) -> bool:
    return any(without_groups(t) != t for t in texts)
