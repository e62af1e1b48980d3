"""Text tables (CSV and the like), read by pyarrow, which says little of what is wrong in them."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from msssm_ts.datasets.compressed import SUFFIXES, open_bytes
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.columns import Roles, find_roles, find_steps
from msssm_ts.datasets.tables.dialect import WHITESPACE, Dialect, detect_dialect, not_text
from msssm_ts.datasets.tables.table import Table
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

# Cells that stand for a missing value.
_MISSING = (
    "",
    "nan",
    "NaN",
    "NAN",
    "-nan",
    "NA",
    "N/A",
    "n/a",
    "#N/A",
    "<NA>",
    "null",
    "NULL",
    "?",
)


def read_text(file: Path, options: ReadOptions) -> tuple[Table, Roles]:
    r"""Read a text table; separator, decimal mark and header are found by looking.

    Parameters
    ----------
    file : Path
        Text in UTF-8, or in UTF-16 with its mark, possibly compressed.
    options : ReadOptions
        Columns that the user named. Without a header columns are called 1, 2, ..., and the
        first is the label.

    Raises
    ------
    InputError
        If the rows differ in their number of cells, or it is no text.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.csv")
    >>> _ = file.write_text("label,t0,t1\na,1,2\n")
    >>> read_text(file, ReadOptions())[0].numbers(["t0", "t1"])
    array([[1., 2.]])
    """
    dialect = detect_dialect(file)
    options.check_columns(dialect.columns, str(file))
    roles = _roles(dialect, options)
    rows = TextRows(file, dialect)
    unused = {*options.drop, *roles.left_out}
    data = rows.read(roles, [c for c in dialect.columns if c not in unused])
    if not data.num_rows:
        where = "there are no rows below the header" if dialect.headed else "the file is empty"
        raise InputError(f"{file}: {where}; give one with series")
    return Table(data, str(file), rows.place, dialect.decimal), roles


def _roles(dialect: Dialect, options: ReadOptions) -> Roles:
    roles = find_roles(dialect.columns, options)
    if dialect.headed or roles.labels or not roles.rest:
        return roles
    first, *rest = roles.rest
    return Roles((first,), roles.id, roles.group, roles.fold, None, None, None, tuple(rest))


@dataclass(frozen=True)
class TextRows:
    """The rows of a text table, and where each stands."""

    file: Path
    dialect: Dialect

    def read(self, roles: Roles, columns: Sequence[str]) -> pa.Table:
        """Read some columns, values as numbers where all of them are, else as text."""
        import pyarrow as pa

        texts = dict.fromkeys(roles.keys, pa.dictionary(pa.int32(), pa.string()))
        values = find_steps(roles.rest).columns if roles.value is None else (roles.value,)
        try:
            return self._read(columns, texts | dict.fromkeys(values, pa.float64()))
        except pa.ArrowInvalid:
            # Perhaps only a number that pyarrow does not take for one, such as +1.
            pass
        try:
            return self._read(columns, texts | dict.fromkeys(values, pa.string()))
        except pa.ArrowException as error:
            self._refuse_ragged()
            reason = " ".join(str(error).split())
            raise InputError(
                f"{self.file}: cannot be read as a table ({reason[:120]}); save it as CSV in UTF-8"
            ) from error

    def _read(self, columns: Sequence[str], types: dict[str, pa.DataType]) -> pa.Table:
        import pyarrow.csv

        dialect = self.dialect
        with _as_arrow_reads_it(self.file, dialect) as source:
            return pyarrow.csv.read_csv(
                source,
                read_options=pyarrow.csv.ReadOptions(
                    column_names=dialect.columns,
                    skip_rows=dialect.lines_above,
                    # Larger blocks than the default leave fewer pieces to put together.
                    block_size=max(1 << 23, min(8 * dialect.line_bytes, 1 << 30)),
                    encoding="utf-16" if dialect.encoding == "utf-16" else "utf8",
                ),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=dialect.separator or "\t", newlines_in_values=dialect.quoted
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=types,
                    include_columns=list(columns),
                    null_values=_MISSING,
                    strings_can_be_null=True,
                    decimal_point=dialect.decimal,
                ),
            )

    def place(self, row: int) -> str:
        """Say in which line a row stands."""
        for line, _ in islice(self._all(), row + self.dialect.headed, None):
            return f"line {line}"
        return f"row {row + 1}"

    def _refuse_ragged(self) -> None:
        """Raise InputError for the first line that is no text or differs in its cells."""
        with open_bytes(self.file) as stream:
            for number, content in enumerate(stream, 1):
                if self.dialect.encoding == "utf-16":
                    break
                try:
                    content.decode("utf-8")
                except UnicodeDecodeError as error:
                    raise not_text(self.file, number) from error
        width = len(self.dialect.columns)
        for line, cells in self._all():
            if len(cells) != width:
                raise InputError(
                    f"{self.file}, line {line}: {len(cells)} cells, but the first line has "
                    f"{width}, so that the rows differ in their number of columns; check the "
                    "separator and that line, and leave cells empty behind shorter series"
                )

    def _all(self) -> Iterator[tuple[int, list[str]]]:
        """Every row that is not blank, with the line it ends in."""
        dialect = self.dialect
        with open_bytes(self.file) as stream:
            text = io.TextIOWrapper(stream, encoding=dialect.encoding, errors="replace", newline="")
            if dialect.separator == WHITESPACE:
                for number, line in enumerate(text, 1):
                    if line.strip():
                        yield number, line.split()
                return
            reader = csv.reader(text, delimiter=dialect.separator)
            try:
                for cells in reader:
                    if cells:
                        yield reader.line_num, cells
            except csv.Error as error:
                raise InputError(
                    f"{self.file}, line {reader.line_num}: a cell never ends ({error}); look for "
                    "a quotation mark without its fellow"
                ) from error


@contextlib.contextmanager
def _as_arrow_reads_it(file: Path, dialect: Dialect) -> Iterator[IO[bytes] | str]:
    """Path or stream with one separator between cells."""
    if dialect.separator != WHITESPACE and file.suffix.lower() not in SUFFIXES:
        # Only a path is read in parallel with what is parsed.
        yield str(file)
        return
    with open_bytes(file) as stream:
        if dialect.separator != WHITESPACE:
            yield stream
            return
        text = io.TextIOWrapper(stream, encoding=dialect.encoding, errors="surrogateescape")
        joined = "\n".join("\t".join(line.split()) for line in text)
    yield io.BytesIO(joined.encode("utf-8", "surrogateescape"))
