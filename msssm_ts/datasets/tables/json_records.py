"""JSON as records: a line each, in a list, by their ids, or as columns."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msssm_ts.datasets.damage import reason_of
from msssm_ts.datasets.memory import demand
from msssm_ts.errors import InputError

SUFFIXES = (".json", ".jsonl", ".ndjson")
# What JSON takes in memory for a byte of text, about.
_AMPLE = 12
# As many lists of numbers, so long, are the channels of one series rather than columns.
_FEW, _LONG = 12, 50

Record = dict[str, Any]


@dataclass(frozen=True)
class Records:
    """Objects of a file, and where each stands.

    Parameters
    ----------
    rows : list of dict
        A series, a step or a value each.
    places : list of str
        Of each, in words.
    left_out : list of str
        Keys beside them, which say nothing of any.
    remarks : list of str
        What was guessed.
    """

    rows: list[Record]
    places: list[str]
    left_out: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def read_records(file: Path) -> Records:
    r"""Read the records of a JSON file; those of JSON lines stand in a line each.

    Raises
    ------
    InputError
        If it is no JSON, an object has a key twice, or there are no records in it.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.jsonl")
    >>> _ = file.write_text('{"label": "a", "x": [1, 2]}\n{"label": "b", "x": [3]}\n')
    >>> read_records(file).rows[1], read_records(file).places[1]
    ({'label': 'b', 'x': [3]}, 'line 2')
    """
    demand(_AMPLE * file.stat().st_size, file, "its JSON")
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"{file}: cannot be read ({reason_of(error)}); save it in UTF-8"
        ) from error
    lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    if file.suffix.lower() == ".json" or len(lines) == 1:
        try:
            return _of(_parsed(text, file), file)
        except json.JSONDecodeError as error:
            # Some write lines of JSON under this name.
            if not (
                error.msg == "Extra data" and len(lines) > 1 and lines[0][1].strip()[-1] in "}]"
            ):
                raise _no_json(file, error.lineno, error.msg) from error
    rows = []
    for number, line in lines:
        try:
            row = _parsed(line, file, f", line {number}")
        except json.JSONDecodeError as error:
            raise _no_json(file, number, error.msg) from error
        if not isinstance(row, dict):
            raise InputError(
                f"{file}, line {number}: no object with keys such as id, label and values; write "
                "one a line"
            )
        rows.append(row)
    if not rows:
        raise InputError(f"{file}: the file is empty; give one with series")
    return Records(rows, [f"line {number}" for number, _ in lines])


def _parsed(text: str, file: Path, where: str = "") -> Any:
    def once(pairs: Sequence[tuple[str, Any]]) -> Record:
        found = dict(pairs)
        if len(found) < len(pairs):
            twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
            raise InputError(f"{file}{where}: an object has the key {twice!r} twice; keep one")
        return found

    try:
        return json.loads(text, object_pairs_hook=once)
    except json.JSONDecodeError:
        raise
    except (RecursionError, ValueError) as error:
        # Deeper than Python goes, or a number of more digits than it takes.
        raise InputError(f"{file}{where}: no JSON of series ({reason_of(error)})") from error


def _no_json(file: Path, line: int, reason: str) -> InputError:
    return InputError(
        f"{file}, line {line}: no JSON ({reason[:1].lower()}{reason[1:]}); mend it, or save the "
        "table as CSV"
    )


def _of(value: Any, file: Path) -> Records:
    """Return the records of a whole file in any of the forms that people write."""
    if isinstance(value, list):
        return _listed(value, file)
    if not isinstance(value, dict) or not value:
        raise _nothing(file)
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        names, cells = [str(c) for c in value["columns"]], value["data"]
        if all(isinstance(row, list) and len(row) == len(names) for row in cells):
            rows = [dict(zip(names, row, strict=True)) for row in cells]
            return _placed(rows, _idle(value, ("columns", "data", "index")))
    lists = [k for k, v in value.items() if _are_objects(v)]
    if len(lists) == 1:
        found = _listed(value[lists[0]], file)
        return _placed(found.rows, _idle(value, (lists[0], "schema")))
    if len(value) > 1 and all(isinstance(v, dict) for v in value.values()):
        return _of_objects(value)
    lengths = {len(v) for v in value.values() if isinstance(v, list)}
    if not lengths and not any(isinstance(v, dict) for v in value.values()):
        raise _nothing(file)
    even = all(isinstance(v, list) for v in value.values()) and len(lengths) == 1
    if even and _are_channels(value):
        said = "took its lists for the channels of one series"
        return Records([value], ["record 1"], remarks=[said])
    if even:
        count = lengths.pop()
        return _placed([{k: v[i] for k, v in value.items()} for i in range(count)])
    return _placed([value])


def _listed(rows: Sequence[Any], file: Path) -> Records:
    if not _are_objects(rows):
        raise _nothing(file)
    return _placed(list(rows))


def _placed(rows: list[Record], left_out: Sequence[str] = ()) -> Records:
    return Records(rows, [f"record {i + 1}" for i in range(len(rows))], list(left_out))


def _idle(value: Mapping[str, Any], used: Sequence[str]) -> list[str]:
    return [k for k in value if k not in used]


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _of_objects(value: Mapping[str, Mapping[str, Any]]) -> Records:
    """Return the records of an object of objects: as pandas writes columns, or by their ids."""
    inner = [tuple(v) for v in value.values()]
    if len({*inner}) == 1 and len(inner[0]) > 0 and all(k.isdecimal() for k in inner[0]):
        rows = [{name: cells[k] for name, cells in value.items()} for k in inner[0]]
        return _placed(rows)
    rows = [dict(v) if "id" in v else {"id": k, **v} for k, v in value.items()]
    return Records(rows, [f"record {k!r}" for k in value])


def _are_channels(value: Mapping[str, Sequence[Any]]) -> bool:
    """Whether lists of equal length are a few, of many numbers each."""
    few = len(value) <= _FEW and len(next(iter(value.values()))) > _LONG
    return few and all(isinstance(x, (int, float)) or x is None for v in value.values() for x in v)


def _nothing(file: Path) -> InputError:
    return InputError(
        f"{file}: no records in it; write a list of objects, or one a line, with keys such as id, "
        "label and values"
    )
