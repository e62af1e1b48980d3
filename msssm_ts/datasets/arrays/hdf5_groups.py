"""HDF5 files with a group, or a data set, for each recording."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.arrays.hdf5 import opened, own_items, texts_in
from msssm_ts.datasets.arrays.hdf5_sizes import Budget, checked_size
from msssm_ts.datasets.arrays.names import CHANNEL_NAMES, LABELS, RATE, SERIES, rate_of, texts_of
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.labels import text_of
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import part_of
from msssm_ts.datasets.tables.account import account_of
from msssm_ts.datasets.tables.columns import Roles, find_roles
from msssm_ts.datasets.tables.part import rows_of_part
from msssm_ts.datasets.tables.per_series import per_series
from msssm_ts.datasets.tables.table import Table
from msssm_ts.datasets.values import check_values
from msssm_ts.errors import InputError, OptionError
from msssm_ts.series import Series

# So many alike are recordings; fewer may be anything.
_FEWEST = 3
_KNOWN = {n.casefold() for n in (*SERIES, *LABELS)}


@dataclass(frozen=True)
class _Recording:
    """What stands together in a file.

    Parameters
    ----------
    name : str
        Of the group, or of the data set.
    arrays : dict of str to array
        Its data sets by their names; one that is a recording itself is called "".
    facts : dict of str to str
        Its attributes, and data sets of one value.
    """

    name: str
    arrays: dict[str, NDArray[Any]]
    facts: dict[str, str]


def read_groups(file: Path, options: ReadOptions) -> LabelledSeries | None:
    """Read a file whose groups hold a recording each; None where it is none of the kind.

    Data sets of one value, and attributes, say what a recording is.

    Parameters
    ----------
    file : Path
        The file.
    options : ReadOptions
        Names of data sets of one value, or of attributes.

    Raises
    ------
    InputError
        If it cannot be told which data set of a group is the recording, or the recordings have
        not the same channels.
    """
    found = _recordings(file)
    if found is None:
        return None
    signals = _signals(found, file)
    values = [_joined(r, signals) for r in found]
    series, said = _oriented(values, found, file, options) if len(signals) == 1 else (values, "")
    check_values(series, lambda i, text: InputError(f"{file}, {found[i].name}: {text}"))
    table, roles = _about(found, file, options)
    table, roles, kept = _of_part(table, roles, options)
    layout = "a group a recording" if signals[0] else "a data set a recording"
    account = account_of(table, roles, layout, ", ".join(signals) or "the data sets")
    named = _named(found)
    idle = sorted({n for r in found for n in r.arrays} - {*signals, *named})
    account = account.without(len(idle), "arrays", "in each group", idle)
    rate = _rate(found, file)
    if rate is not None:
        account = account.took("sampling rate", "what each recording says")
    names = texts_of(found[0].arrays[named[0]]) if named else None
    names = tuple(signals) if len(signals) > 1 else names
    return LabelledSeries(
        [np.ascontiguousarray(series[i], dtype=np.float64) for i in kept],
        channel_names=names if names is not None and len(names) == len(series[0]) else None,
        sampling_rate=rate,
        source=str(file),
        account=account.remarking(said),
        **per_series(table, roles, np.arange(len(table))),
    )


def _recordings(file: Path) -> list[_Recording] | None:
    """Return the recordings of a file; None where what it holds is not one like the other."""
    with opened(file) as top:
        level = top
        items = list(own_items(level))
        while len(items) == 1 and hasattr(items[0][1], "items"):
            level = items[0][1]
            items = list(own_items(level))
        groups = [(n, i) for n, i in items if hasattr(i, "items")]
        parts = any(part_of(n) is not None for n, _ in items)
        if len(items) < _FEWEST or parts or len(groups) not in (0, len(items)):
            return None
        budget = Budget(file)
        if groups:
            inside = [dict(own_items(g)) for _, g in groups]
            nested = any(hasattr(i, "items") for own in inside for i in own.values())
            common = set.intersection(*map(set, inside))
            if nested or not any(_is_signal(i) for n, i in inside[0].items() if n in common):
                return None
            pairs = zip(groups, inside, strict=True)
            return [_read(name, g, own, budget) for (name, g), own in pairs]
        ndim = {len(i.shape or ()) for _, i in items}
        known = any(n.casefold() in _KNOWN for n, _ in items)
        # Names such as ppg and resp are rather of channels, or of sets.
        known = known or not all(len(i.attrs) or any(map(str.isdigit, n)) for n, i in items)
        if known or len(ndim) > 1 or not all(_is_signal(i) for _, i in items):
            return None
        return [_read(n, i, {"": i}, budget) for n, i in items]


def _is_signal(item: Any) -> bool:
    shape = item.shape or ()
    return item.dtype.kind in "iuf" and len(shape) in (1, 2) and int(np.prod(shape)) > 1


def _read(name: str, owner: Any, items: Mapping[str, Any], budget: Budget) -> _Recording:
    arrays: dict[str, NDArray[Any]] = {}
    facts = dict(_facts(owner.attrs))
    for key, item in items.items():
        if item.shape is None:
            continue
        checked_size(item, budget.file)
        value = texts_in(budget.read(item))
        if key and value.size == 1:
            facts[key] = text_of(value.ravel()[0])
        else:
            arrays[key] = value
            facts = {**dict(_facts(item.attrs)), **facts}
    return _Recording(name, arrays, facts)


def _facts(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in attributes.items():
        array = texts_in(np.asarray(value))
        if array.size == 1:
            yield str(key), text_of(array.ravel()[0])


def _joined(recording: _Recording, signals: Sequence[str]) -> Series:
    values = [np.atleast_2d(recording.arrays[n]) for n in signals]
    return values[0] if len(values) == 1 else np.concatenate(values)


def _signals(found: Sequence[_Recording], file: Path) -> list[str]:
    """Return the data set that is the recording in each group, or one a channel."""
    common = set.intersection(*(set(r.arrays) for r in found))
    first = found[0].arrays
    numbers = [n for n in first if n in common and first[n].dtype.kind in "iuf"]
    by_name = {n.casefold(): n for n in numbers}
    named = [by_name[n.casefold()] for n in SERIES if n.casefold() in by_name]
    chosen = named[:1] or numbers
    shapes = [{r.arrays[n].shape for n in chosen} for r in found]
    channels = len(chosen) > 1 and all(len(own) == 1 and len(min(own)) == 1 for own in shapes)
    if len(chosen) != 1 and not channels:
        raise InputError(
            f"{file}: {len(found)} groups ({enumerate_names([r.name for r in found], 3)}), in each "
            f"of which {enumerate_names(numbers) or 'nothing'} may be the recording; call that "
            "'signal' or 'X'"
        )
    return chosen


def _oriented(
    values: Sequence[Series], found: Sequence[_Recording], file: Path, options: ReadOptions
) -> tuple[list[Series], str]:
    """Return recordings as (channels, steps), and what was guessed of their axes."""
    # Of steps there are more, and of channels as many in all.
    longer = sum(v.shape[0] for v in values) > sum(v.shape[1] for v in values)
    turned = longer and len({v.shape[1] for v in values}) == 1
    if options.axes is not None:
        turned = _are_turned(options.axes, file)
    series = [v.T if turned else v for v in values]
    odd = next((i for i, s in enumerate(series) if len(s) != len(series[0])), None)
    if odd is not None:
        raise InputError(
            f"{file}: {found[odd].name} has the shape {values[odd].shape}, and {found[0].name} "
            f"{values[0].shape}; give every recording the same channels"
        )
    order = "steps, channels" if turned else "channels, steps"
    said = f"took the axes of a recording for {order}; --axes says otherwise"
    return series, said if len(series[0]) > 1 and options.axes is None else ""


def _are_turned(axes: str, file: Path) -> bool:
    names = [name.strip() for name in axes.split(",")]
    if sorted(names) != ["channels", "steps"]:
        raise OptionError(
            f"{file}: --axes {axes} must name the axes of one recording, channels and steps, such "
            "as steps,channels",
            "axes",
        )
    return names[0] == "steps"


def _about(found: Sequence[_Recording], file: Path, options: ReadOptions) -> tuple[Table, Roles]:
    """Return a table of what is said of each recording, with its name for the id."""
    import pyarrow as pa

    names = list(dict.fromkeys(n for r in found for n in r.facts))
    columns = {n: pa.array([r.facts.get(n) for r in found], pa.string()) for n in names}
    columns.setdefault("id", pa.array([r.name for r in found], pa.string()))
    table = Table(pa.table(columns), str(file), lambda row: found[row].name)
    options.check_columns(table.columns, str(file))
    dropped = options.dropped(table.columns)
    table = replace(table, data=table.data.drop_columns(list(dropped)))
    roles = find_roles(table.columns, options)
    rates = {n for n in table.columns if n.casefold() in RATE}
    rest = [c for c in (*roles.rest, roles.value, roles.time, roles.channel) if c]
    left_out = (*roles.left_out, *(c for c in rest if c not in rates))
    none: dict[str, Any] = {"value": None, "time": None, "channel": None}
    roles = replace(roles, id=roles.id or "id", rest=(), left_out=left_out, **none)
    account = table.account.without(len(dropped), "data sets", "as asked", dropped)
    return replace(table, account=account), roles


def _of_part(
    table: Table, roles: Roles, options: ReadOptions
) -> tuple[Table, Roles, NDArray[np.int64]]:
    import pyarrow as pa

    place = "\0place"
    counted = table.data.append_column(place, pa.array(np.arange(len(table))))
    table, roles = rows_of_part(replace(table, data=counted), roles, options)
    kept = table.data[place].to_numpy()
    return replace(table, data=table.data.drop_columns([place])), roles, kept


def _rate(found: Sequence[_Recording], file: Path) -> float | None:
    """Return the rate that recordings say, each the same."""
    said = {
        float(rate_of(np.array(float(v)), f"{file}, {r.name}") or 0): r.name
        for r in found
        for n, v in r.facts.items()
        if n.casefold() in RATE and _is_number(v)
    }
    if len(said) > 1:
        each = ", ".join(f"{rate:g} Hz in {name}" for rate, name in list(said.items())[:3])
        raise InputError(
            f"{file}: recordings of different sampling rates ({each}); bring them to one"
        )
    return next(iter(said), None)


def _is_number(text: str) -> bool:
    try:
        return bool(np.isfinite(float(text)))
    except ValueError:
        return False


def _named(found: Sequence[_Recording]) -> list[str]:
    """Return the data set with the names of channels, if there is one."""
    return [n for n in found[0].arrays if n.casefold() in CHANNEL_NAMES][:1]
