"""Files of rows by their endings: CSV, JSON lines and Parquet; written anew or gone on with."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msssm_ts.cli.shown.console import as_json
from msssm_ts.cli.shown.csv_text import CsvText, runs
from msssm_ts.errors import InputError
from msssm_ts.text import counted

Row = dict[str, Any]
# Rows of a Parquet file that are written together.
_GROUP = 1 << 16
_ARROW = {"text": "string", "integer": "int64", "number": "float64", "boolean": "bool_"}


@dataclass(frozen=True)
class Form:
    """A kind of file.

    Parameters
    ----------
    read : callable
        Gives the names of the columns, and an iterator over some of them; from a file and names.
    write : callable
        Begins a file with these columns after the rows of an earlier one, if any.
    """

    read: Callable[[Path, Sequence[str]], tuple[list[str], Iterator[tuple[Any, ...]]]]
    write: Callable[[Path, Mapping[str, str], Path | None, CsvText], RowFile]


class RowFile:
    """A file that rows are added to; what was half added is taken back when it is closed."""

    def add(self, rows: Sequence[Row]) -> None:
        """Add rows, all of them or none."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave a whole file."""
        raise NotImplementedError


def form_of(file: Path) -> Form:
    """Return the kind of file that a name asks for.

    Raises
    ------
    InputError
        If its ending is none of those.

    Examples
    --------
    >>> form_of(Path("x.xlsx"))
    Traceback (most recent call last):
    msssm_ts.errors.InputError: x.xlsx: is written as .csv, .jsonl or .parquet; give a name ...
    """
    if file.is_dir():
        raise InputError(f"{file}: is a folder; give the name of a file")
    form = FORMS.get(file.suffix.lower())
    if form is None:
        known = list(FORMS)
        raise InputError(
            f"{file}: is written as {', '.join(known[:-1])} or {known[-1]}; give a name with such "
            "an ending"
        )
    return form


def earlier(file: Path, columns: Sequence[str], model: str) -> set[str]:
    """Return the inputs that a file has rows of.

    Parameters
    ----------
    file : Path
        There already.
    columns : sequence of str
        That will be added.
    model : str
        What the column ``model`` has to say.

    Raises
    ------
    InputError
        If it cannot be read, has other columns, or another model's rows.
    """
    try:
        names, rows = form_of(file).read(file, ("file", "model"))
        if names != list(columns):
            raise InputError(_other_columns(file, names, columns))
        done = set()
        for name, other in rows:
            if other != model:
                raise InputError(
                    f"{file}: has rows of another model, or of other options ({other}, not "
                    f"{model}): --append adds to rows of the same; give another name"
                )
            done.add(str(name))
        return done
    except InputError:
        raise
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise InputError(
            f"{file}: cannot be gone on with ({' '.join(str(error).split())}); give another name"
        ) from error


def _other_columns(file: Path, names: Sequence[str], columns: Sequence[str]) -> str:
    missing = [c for c in columns if c not in names]
    others = [c for c in names if c not in columns]
    said = [
        *([f"lacks {', '.join(missing[:6])}"] if missing else []),
        *([f"has {', '.join(others[:6])}"] if others else []),
    ]
    how = " and ".join(said) or "has the same columns in another order"
    return f"{file}: {how}, so that rows cannot be added (--append); give another name"


class _Lines(RowFile):
    """Lines of text, of which the last may be cut short by whatever stops a program."""

    def __init__(self, file: Path, before: Path | None, head: str, line: Callable[[Row], str]):
        self._line = line
        self._stream = file.open("wb")
        if before is None:
            self._stream.write(head.encode())
        else:
            with before.open("rb") as old:
                shutil.copyfileobj(old, self._stream)
                old.seek(-1, io.SEEK_END)
                if old.read() != b"\n":
                    self._stream.write(b"\n")
        self._end = self._stream.tell()

    def add(self, rows: Sequence[Row]) -> None:
        self._stream.write("".join(map(self._line, rows)).encode())
        self._end = self._stream.tell()

    def close(self) -> None:
        self._stream.truncate(self._end)
        self._stream.close()


class _Parquet(RowFile):
    """Columns, in groups of rows."""

    def __init__(self, file: Path, columns: Mapping[str, str], before: Path | None):
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._schema = pa.schema([(n, getattr(pa, _ARROW[k])()) for n, k in columns.items()])
        self._text = [name for name, kind in columns.items() if kind == "text"]
        self._table, self._rows = pa.Table, list[Row]()
        if before is not None:
            old = pq.ParquetFile(before)
            if not old.schema_arrow.equals(self._schema):
                old.close()
                raise InputError(
                    f"{before}: its columns are of other kinds, so that rows cannot be added "
                    "(--append); give another name"
                )
        self._writer = pq.ParquetWriter(file, self._schema)
        if before is not None:
            for batch in old.iter_batches(_GROUP):
                self._writer.write_batch(batch)
            old.close()

    def add(self, rows: Sequence[Row]) -> None:
        texts = ({n: None if row[n] is None else str(row[n]) for n in self._text} for row in rows)
        self._rows += [{**row, **text} for row, text in zip(rows, texts, strict=True)]
        if len(self._rows) >= _GROUP:
            self._flush()

    def _flush(self) -> None:
        rows, self._rows = self._rows, []
        self._writer.write_table(self._table.from_pylist(rows, self._schema))

    def close(self) -> None:
        if self._rows:
            self._flush()
        self._writer.close()


def _write_csv(
    file: Path, columns: Mapping[str, str], before: Path | None, table: CsvText
) -> RowFile:
    return _Lines(file, before, table.line(columns), lambda row: table.line(row.values()))


def _write_jsonl(
    file: Path, columns: Mapping[str, str], before: Path | None, table: CsvText
) -> RowFile:
    return _Lines(file, before, "", lambda row: as_json(row, indent=None) + "\n")


def _write_parquet(
    file: Path, columns: Mapping[str, str], before: Path | None, table: CsvText
) -> RowFile:
    return _Parquet(file, columns, before)


def _read_csv(file: Path, names: Sequence[str]) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    def lines() -> Iterator[list[str]]:
        with file.open(encoding="utf-8", newline="") as stream:
            yield from csv.reader(stream)

    reader = lines()
    columns = [_bare(c) for c in next(reader, [])]

    def rows() -> Iterator[tuple[Any, ...]]:
        places = [columns.index(n) for n in names]
        for number, line in enumerate(reader, 2):
            if len(line) != len(columns):
                raise ValueError(
                    f"row {number} has {counted(len(line), 'cell')}, not {len(columns)}"
                )
            yield tuple(_bare(line[i]) for i in places)

    return columns, rows()


def _bare(cell: str) -> str:
    """Return what a cell was before --safe-csv."""
    return cell[1:] if cell.startswith("'") and runs(cell[1:]) else cell


def _read_jsonl(file: Path, names: Sequence[str]) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    def values() -> Iterator[Row]:
        with file.open(encoding="utf-8") as stream:
            for line in stream:
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise ValueError("a line is no object")
                yield row

    first = next(values(), {})
    columns = list(first)

    def rows() -> Iterator[tuple[Any, ...]]:
        for number, row in enumerate(values(), 1):
            if list(row) != columns:
                raise ValueError(f"line {number} has other columns than the first")
            yield tuple(row[n] for n in names)

    return columns, rows()


def _read_parquet(file: Path, names: Sequence[str]) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as table:
        columns = list(table.schema_arrow.names)

    def rows() -> Iterator[tuple[Any, ...]]:
        with pq.ParquetFile(file) as table:
            for batch in table.iter_batches(_GROUP, columns=list(names)):
                yield from zip(*(batch.column(n).to_pylist() for n in names), strict=True)

    return columns, rows()


FORMS = {
    ".csv": Form(_read_csv, _write_csv),
    ".jsonl": Form(_read_jsonl, _write_jsonl),
    ".parquet": Form(_read_parquet, _write_parquet),
}
