"""Text tables (CSV and the like), read by pyarrow, which says little of what is wrong in them."""

from __future__ import annotations

import contextlib
import csv
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING

from msssm_ts.datasets.account import DROPPED, Account
from msssm_ts.datasets.compressed import SUFFIXES, open_bytes
from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.columns import Roles, find_roles
from msssm_ts.datasets.tables.dialect import Dialect, detect_dialect, not_text
from msssm_ts.datasets.tables.encoding import find_encoding
from msssm_ts.datasets.tables.preamble import is_comment, plain_header
from msssm_ts.datasets.tables.separators import WHITESPACE, split_spaced
from msssm_ts.datasets.tables.spans import Span
from msssm_ts.datasets.tables.table import Table
from msssm_ts.errors import InputError
from msssm_ts.text import counted

if TYPE_CHECKING:
    import pyarrow as pa

# Cells that stand for a missing value.
_MISSING = (
    *("", "nan", "NaN", "NAN", "-nan", "NA", "N/A", "n/a", "#N/A", "<NA>", "null", "NULL", "?"),
)


def read_text(
    file: Path, options: ReadOptions, facts: Collection[str] = (), dialect: Dialect | None = None
) -> tuple[Table, Roles]:
    r"""Read a text table; separator, decimal mark, encoding and header are found by looking.

    Parameters
    ----------
    file : Path
        Text, possibly compressed.
    options : ReadOptions
        Columns that the user named. Without a header columns are called 1, 2, ...
    facts : collection of str
        Names of lines above the table that are of use to the caller.
    dialect : Dialect, optional
        How the text is written, where that has been found out.

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
    demand(file.stat().st_size, file, "its text")
    dialect = dialect or detect_dialect(file)
    options.check_columns(dialect.columns, str(file))
    roles = find_roles(dialect.columns, options)
    dropped = options.dropped(dialect.columns)
    unused = {*dropped, *roles.left_out} - {*roles.owners}
    rows = TextRows(file, dialect)
    rows, data = rows.read(roles, [c for c in dialect.columns if c not in unused])
    if not data.num_rows:
        where = "there are no rows below the header" if dialect.headed else "the file is empty"
        raise InputError(f"{file}: {where}; give one with series")
    return rows.table(data, dropped, facts), roles


@dataclass(frozen=True)
class TextRows:
    """The rows of a text table, and where each stands.

    Parameters
    ----------
    file, dialect : Path, Dialect
        What is read, and how it is written.
    cleaned : bool
        Whether comments, and headers that are repeated, are left out line by line.
    n_comments, n_headers : int
        How many of these there are.
    span : Span, optional
        The lines that are read; all where it is not given.
    """

    file: Path
    dialect: Dialect
    cleaned: bool = False
    n_comments: int = 0
    n_headers: int = 0
    span: Span | None = None

    def table(
        self, data: pa.Table, dropped: Collection[str] = (), facts: Collection[str] = ()
    ) -> Table:
        """Return what was read as a table, with what was left out of it."""
        dialect = self.dialect
        unread = dialect.preamble.unused(facts)
        account = (
            Account()
            .without(self.n_comments, "lines", "comments")
            .without(self.n_headers, "lines", "the header again")
            .without(len(dropped), "columns", DROPPED, list(dropped))
            .remarking(*dialect.remarks)
            .without(len(unread), "lines", "above the table", unread)
        )
        return Table(
            data,
            str(self.file),
            self.place,
            dialect.decimal,
            account,
            headed=dialect.headed,
            units=dialect.units,
            preamble=dialect.preamble,
        )

    def read(self, roles: Roles, columns: Sequence[str]) -> tuple[TextRows, pa.Table]:
        """Read some columns, values as numbers where all of them are, else as text.

        Returns
        -------
        rows : TextRows
            Knows more of how the text is written, where that was needed.
        data : pyarrow.Table
        """
        import pyarrow as pa

        keys = {*roles.keys, *self.dialect.texts}
        if not self.dialect.headed:
            # Either may be the label.
            keys |= {*roles.rest[:3], *roles.rest[-1:]} - self.dialect.fractions
        names = pa.dictionary(pa.int32(), pa.string())
        kinds: dict[str, pa.DataType] = {}
        for column in columns:
            if column in keys:
                kinds[column] = names
            elif column != roles.time:
                kinds[column] = pa.float64()
        rows = self._cleaned() if self.dialect.ending else self
        try:
            return rows, rows._with_quoted_names(rows._read(columns, kinds), kinds)
        except pa.ArrowInvalid:
            # Perhaps only a number that pyarrow does not take for one, such as +1.
            pass
        rows = rows._of_all_bytes()._cleaned()
        texts = {c: pa.string() if k == pa.float64() else k for c, k in kinds.items()}
        tries = (kinds, texts) if rows.cleaned or rows.dialect != self.dialect else (texts,)
        for attempt in tries:
            try:
                return rows, rows._with_quoted_names(rows._read(columns, attempt), attempt)
            except pa.ArrowInvalid as error:
                reason = " ".join(str(error).split())
        rows._refuse_ragged()
        raise InputError(
            f"{self.file}: cannot be read as a table ({reason[:120]}); save it as CSV in UTF-8"
        )

    def _read(
        self, columns: Sequence[str], types: dict[str, pa.DataType], quoted_null: bool = True
    ) -> pa.Table:
        import pyarrow.csv

        dialect = self.dialect
        with self._as_arrow_reads_it() as (source, encoding, skipped):
            if isinstance(source, io.BytesIO) and not source.getbuffer().nbytes:
                # pyarrow refuses what has no line.
                import pyarrow as pa

                return pa.table({c: pa.nulls(0, types.get(c, pa.null())) for c in columns})
            return pyarrow.csv.read_csv(
                source,
                read_options=pyarrow.csv.ReadOptions(
                    column_names=dialect.columns,
                    skip_rows=skipped,
                    # Larger blocks than the default leave fewer pieces to put together.
                    block_size=max(1 << 23, min(8 * dialect.line_bytes, 1 << 30)),
                    encoding=encoding,
                    # A span is one block, and threads cost more than its columns.
                    use_threads=self.span is None,
                ),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=dialect.separator or "\t", newlines_in_values=dialect.quoted
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=types,
                    include_columns=list(columns),
                    null_values=_MISSING,
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=quoted_null,
                    decimal_point=dialect.decimal,
                ),
            )

    def _with_quoted_names(self, data: pa.Table, types: dict[str, pa.DataType]) -> pa.Table:
        """Return the table with names such as "NA" as they are, where they are quoted."""
        import pyarrow as pa

        if not self.dialect.quoted:
            return data
        lacking = [c for c, k in types.items() if pa.types.is_dictionary(k) and data[c].null_count]
        if not lacking:
            return data
        again = self._read(lacking, {c: types[c] for c in lacking}, quoted_null=False)
        for column in lacking:
            place = data.schema.get_field_index(column)
            data = data.set_column(place, column, again[column])
        return data

    def place(self, row: int) -> str:
        """Say in which line a row stands."""
        for line, _ in islice(self._all(), row, None):
            return f"line {line}"
        return f"row {row + 1}"

    def _of_all_bytes(self) -> TextRows:
        """Return the rows in the encoding that all of the text shows, not only its beginning."""
        if self.dialect.encoding != "utf-8-sig":
            return self
        with self._bytes() as stream:
            data = stream.read()
        encoding, remark = find_encoding(data, True)
        if encoding == "utf-8-sig":
            return self
        above = data[: sum(len(c) for c in data.splitlines(True)[: self.dialect.lines_above])]
        if not encoding or not above.isascii():
            try:
                data.decode("utf-8")
            except UnicodeDecodeError as error:
                raise not_text(self.file, data[: error.start].count(b"\n") + 1) from error
        remarks = tuple(filter(None, (*self.dialect.remarks, remark)))
        return replace(self, dialect=replace(self.dialect, encoding=encoding, remarks=remarks))

    def _cleaned(self) -> TextRows:
        """Return the rows without comments and repeated headers, if there are any."""
        if self.cleaned:
            return self
        n_comments = n_headers = 0
        for number, line in self._text_lines():
            if number > self.dialect.lines_above:
                n_comments += is_comment(line)
                n_headers += self._is_header(line)
        if not (n_comments or n_headers or self.dialect.ending):
            return self
        return replace(self, cleaned=True, n_comments=n_comments, n_headers=n_headers)

    def _is_header(self, line: str) -> bool:
        start = self._plain_header[:8]
        # Most lines are long, and begin otherwise.
        return bool(start) and plain_header(line[:64]).startswith(start) and self._repeats(line)

    def _repeats(self, line: str) -> bool:
        return plain_header(line) == self._plain_header

    @cached_property
    def _plain_header(self) -> str:
        return plain_header(self.dialect.header)

    def _text_lines(self) -> Iterator[tuple[int, str]]:
        """Lines with their numbers, as they are written."""
        with self._bytes() as stream:
            text = io.TextIOWrapper(
                stream, encoding=self.dialect.encoding, errors="replace", newline=""
            )
            yield from enumerate(text, 1 if self.span is None else 1 + self.span.lines_above)

    @contextlib.contextmanager
    def _bytes(self) -> Iterator[IO[bytes]]:
        if self.span is not None:
            yield io.BytesIO(self.span.read(self.file))
        else:
            with open_bytes(self.file) as stream:
                yield stream

    def _lines(self) -> Iterator[tuple[int, str]]:
        """Lines with values."""
        ending = self.dialect.ending
        for number, line in self._text_lines():
            if number <= self.dialect.lines_above:
                continue
            if self.cleaned:
                if is_comment(line) or self._is_header(line):
                    continue
                if ending:
                    line = line.rstrip().rstrip(ending + " ") + "\n"
            yield number, line

    def _refuse_ragged(self) -> None:
        """Raise InputError for the first line that differs in its cells."""
        width = len(self.dialect.columns)
        for line, cells in self._all():
            if len(cells) != width:
                raise InputError(
                    f"{self.file}, line {line}: {counted(len(cells), 'cell')}, but the first line "
                    f"has {width}, so that the rows differ in their number of columns; check the "
                    "separator and that line, and leave cells empty behind shorter series"
                )

    def _all(self) -> Iterator[tuple[int, list[str]]]:
        """Every row of values that is not blank, with the line it ends in."""
        numbers = [self.dialect.lines_above]

        def lines() -> Iterator[str]:
            for number, line in self._lines():
                numbers[0] = number
                yield line

        if self.dialect.separator == WHITESPACE:
            for line in lines():
                if line.strip():
                    yield numbers[0], split_spaced(line)
            return
        reader = csv.reader(lines(), delimiter=self.dialect.separator)
        try:
            for cells in reader:
                if cells:
                    yield numbers[0], cells
        except csv.Error as error:
            raise InputError(
                f"{self.file}, line {numbers[0]}: a cell never ends ({error}); look for "
                "a quotation mark without its fellow"
            ) from error

    @contextlib.contextmanager
    def _as_arrow_reads_it(self) -> Iterator[tuple[IO[bytes] | str, str, int]]:
        """Path or stream with one separator between cells, its encoding, and lines to skip."""
        dialect = self.dialect
        encoding = "utf8" if dialect.encoding == "utf-8-sig" else dialect.encoding
        spaced = dialect.separator == WHITESPACE
        if spaced or self.cleaned:
            ends = (
                line if not spaced else "\t".join(split_spaced(line)) + "\n"
                for _, line in self._lines()
            )
            yield io.BytesIO("".join(ends).encode("utf-8", "replace")), "utf8", 0
        elif self.span is not None:
            yield io.BytesIO(self.span.read(self.file, dialect.lines_above)), encoding, 0
        elif self.file.suffix.lower() not in SUFFIXES:
            # Only a path is read in parallel with what is parsed.
            yield str(self.file), encoding, dialect.lines_above
        else:
            with open_bytes(self.file) as stream:
                yield stream, encoding, dialect.lines_above
