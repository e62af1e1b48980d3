"""Series in JSON files: records as the rows of a table, whose cells may be whole series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.arrays.names import RATE
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.frame import series_of_arrow
from msssm_ts.datasets.tables.json_records import Record, Records, read_records
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

# Whole numbers from here on are not all numbers of floats: they are names.
_LARGEST = 2**53
# What a cell takes in memory, be it empty.
_CELL = 16
# Nothing is sampled more often a second.
_FASTEST = 1e9


def read_json(file: Path, options: ReadOptions) -> LabelledSeries:
    r"""Read a JSON file: records with lists for series, or as the rows of any other table.

    An object within a record has a key a channel, or says more of the record.

    Parameters
    ----------
    file : Path
        A list of objects, an object a line, objects by their ids, or columns, as pandas writes.
    options : ReadOptions
        Keys that the user named; those within objects with a dot before them (``meta.age``).

    Raises
    ------
    InputError
        If it is no JSON, or the series cannot be understood.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.jsonl")
    >>> _ = file.write_text('{"label": "a", "x": [1, 2]}\n{"label": "b", "x": [3]}\n')
    >>> read_json(file, ReadOptions()).summary()
    '2 series, 1 channel × 1–2 steps, 2 classes: a b'
    """
    import pyarrow as pa

    records = read_records(file)
    rows = [_flat(row) for row in records.rows]
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        raise InputError(f"{file}: its records are empty; give some with series")
    # A few bytes may have a key of their own in every record.
    demand(_CELL * len(rows) * len(names), file, "its records")
    columns = [_column(name, [row.get(name) for row in rows], records, file) for name in names]
    asked = {options.label, options.id, options.group, options.fold, *options.drop, *options.beside}
    rate, named = _rate([n for n in names if n not in asked], rows, file)
    kept = [i for i, name in enumerate(names) if name != named]
    left_out = records.left_out
    account = Account().without(len(left_out), "keys", "beside the records", left_out)
    data = series_of_arrow(
        pa.table([columns[i] for i in kept], names=[names[i] for i in kept]),
        str(file),
        options,
        place=lambda row: records.places[row],
        account=account.remarking(*records.remarks),
    )
    if rate is None:
        return data
    if data.sampling_rate is not None and data.sampling_rate != rate:
        raise InputError(
            f"{file}: {named} says {rate:g} Hz, and the times {data.sampling_rate:g} Hz; leave out "
            "one of the two"
        )
    account = data.account.took("sampling rate", f"key {named}")
    return replace(data, sampling_rate=rate, account=account)


def _rate(names: Sequence[str], rows: Sequence[Record], file: Path) -> tuple[float | None, str]:
    """Return the sampling rate that all records say, and the key; None where none does."""
    for name in names:
        given = [row.get(name) for row in rows]
        if name.rpartition(".")[2].casefold() not in RATE or not all(map(_is_rate, given)):
            continue
        rates = sorted({float(r) for r in given if r is not None})
        if len(rates) > 1:
            raise InputError(
                f"{file}: records of different sampling rates ({rates[0]:g} and {rates[1]:g} Hz in "
                f"{name}); bring them to one"
            )
        return rates[0], name
    return None, ""


def _is_rate(value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and 0 < value < _FASTEST


def _flat(row: Record, within: str = "") -> Record:
    """Return a record without objects within it; of lists in these the keys alone are names."""
    found: Record = {}
    for key, value in row.items():
        name = f"{within}{key}"
        if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
            # A step an object.
            keys = dict.fromkeys(k for v in value for k in v)
            value = {k: [v.get(k) for v in value] for k in keys}
        if isinstance(value, dict):
            found |= _flat(value, f"{name}.")
        else:
            found[name] = value
    channels = {n: n.rpartition(".")[2] for n, v in found.items() if isinstance(v, list)}
    plain = [channels.get(n, n) for n in found]
    # Where that makes no two alike.
    return found if len({*plain}) < len(plain) else dict(zip(plain, found.values(), strict=True))


def _column(name: str, cells: list[Any], records: Records, file: Path) -> pa.Array:
    import pyarrow as pa

    if any(isinstance(c, list) for c in cells):
        return _lists(name, cells, records, file)
    given = [c for c in cells if c is not None]
    numbers = [c for c in given if isinstance(c, (int, float)) and not isinstance(c, bool)]
    large = any(isinstance(c, int) and abs(c) >= _LARGEST for c in given)
    if len(numbers) == len(given) > 0 and not large:
        whole = all(isinstance(c, int) for c in given)
        return pa.array(cells, pa.int64() if whole else pa.float64())
    return pa.array([c if c is None else str(c) for c in cells], pa.string())


def _lists(name: str, cells: Sequence[Any], records: Records, file: Path) -> pa.Array:
    """Return lists of numbers, or of such lists; lists of texts as labels that go together."""
    import pyarrow as pa

    if all(isinstance(c, (list, str)) or c is None for c in cells) and _are_texts(cells):
        one = all(len(c) == 1 for c in cells if isinstance(c, list))
        # Lists that are printed are several labels, however few there are.
        return pa.array([c if not isinstance(c, list) else c[0] if one else str(c) for c in cells])
    nested = any(isinstance(x, list) for c in cells if isinstance(c, list) for x in c)
    kind = pa.list_(pa.float64())
    kind = pa.list_(kind) if nested else kind
    for place, cell in zip(records.places, cells, strict=True):
        where = f"{file}, {place}, key {name}"
        if not isinstance(cell, list):
            raise InputError(f"{where}: {_shown(cell)}, where others have a list; give one to each")
        for inner in cell if nested else [cell]:
            if not isinstance(inner, list):
                raise InputError(f"{where}: {_shown(inner)} among lists; give a list a channel")
            wrong = next((x for x in inner if not _is_number(x)), None)
            if wrong is not None:
                raise InputError(f"{where}: {_shown(wrong)} is not a number; mend it")
    return pa.array(cells, kind)


def _are_texts(cells: Sequence[Any]) -> bool:
    inner = [x for c in cells if isinstance(c, list) for x in c]
    return bool(inner) and all(isinstance(x, str) for x in inner)


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, (int, float))


def _shown(value: Any) -> str:
    return "nothing" if value is None else repr(value)[:40]
