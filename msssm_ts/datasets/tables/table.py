"""A table in memory, whatever it was read from, and what its cells say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.labels import text_of, tidy_labels, tidy_names
from msssm_ts.datasets.tables.numbers import as_float, parsed
from msssm_ts.datasets.tables.preamble import Preamble
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Table:
    """Columns of numbers and of text.

    Parameters
    ----------
    data : pyarrow.Table
        The columns, each under a name of its own.
    source : str
        Where it comes from, for messages.
    place : callable
        Says in words where a row stands in the source.
    decimal : str
        Decimal mark of numbers that are text.
    account : Account
        What was left out, and guessed, while it was read.
    headed : bool
        Whether its columns have names of their own, rather than 1, 2, ...
    units : mapping from str to str
        Of columns, where the source says them.
    preamble : Preamble
        What stands above the table.
    """

    data: pa.Table
    source: str
    place: Callable[[int], str]
    decimal: str = "."
    account: Account = field(default_factory=Account)
    headed: bool = True
    units: Mapping[str, str] = field(default_factory=dict)
    preamble: Preamble = field(default_factory=lambda: Preamble({}))

    @property
    def columns(self) -> list[str]:
        """Names of the columns."""
        return list(self.data.column_names)

    def __len__(self) -> int:
        return int(self.data.num_rows)

    def error(self, row: int, text: str, column: str | None = None) -> InputError:
        """Return the error for a row, and a column, with its place."""
        where = f"{self.source}, {self.place(int(row))}"
        return InputError(f"{where}{'' if column is None else f', column {column}'}: {text}")

    def select(self, keep: NDArray[np.bool_]) -> Table:
        """Return some of the rows; errors still name their place in the source."""
        import pyarrow as pa

        rows = np.flatnonzero(keep)
        return replace(
            self,
            data=self.data.filter(pa.array(keep)),
            place=lambda row: self.place(int(rows[row])),
        )

    def joined(self, columns: Sequence[str], name: str, between: str = "/") -> Table:
        """Return the table with a column of the texts of several, a line between them."""
        import pyarrow as pa

        parts = [self.texts(c) for c in columns]
        texts = np.full(len(self), "", dtype=object)
        empty = np.all([part.codes < 0 for part in parts], axis=0)
        for i, part in enumerate(parts):
            known = np.append(part.different.astype(object), "")
            texts = texts + (between if i else "") + known[part.codes]
        texts[empty] = None
        return replace(self, data=self.data.append_column(name, pa.array(texts, pa.string())))

    def with_texts(self, column: str, codes: NDArray[np.int64]) -> Table:
        """Return the table with others of a column's texts in its rows, -1 for none."""
        import pyarrow as pa

        known = np.array([*self.texts(column).different.tolist(), None], dtype=object)
        cells = pa.array(known[codes], pa.string())
        place = self.columns.index(column)
        return replace(self, data=self.data.set_column(place, column, cells))

    def numbers(self, columns: Sequence[str]) -> NDArray[np.float64]:
        """Return columns as an array (n_rows, n_columns), empty cells as NaN.

        Raises
        ------
        InputError
            If a cell is no number, or infinite.
        """
        import pyarrow as pa

        if self.other_types:
            arrays = [self._numeric(c) for c in columns]
            numeric = pa.table(arrays, names=[str(c) for c in columns])
        else:
            numeric = self.data.select(list(columns))
        values = np.empty((len(self), len(columns)))
        row = 0
        for batch in numeric.to_batches():
            block = batch.to_tensor(null_to_nan=True, row_major=True).to_numpy()
            values[row : row + len(block)] = block
            row += len(block)
        if not np.isfinite(values).all() and np.isinf(values).any():
            row, column = np.argwhere(np.isinf(values))[0]
            raise self.error(
                row, "the value is infinite; mend it, or leave the cell empty", columns[column]
            )
        return values

    def _numeric(self, column: str) -> pa.ChunkedArray:
        import pyarrow as pa
        import pyarrow.compute as pc

        cells = self.data[column]
        kind = cells.type
        if kind == pa.float64():
            return cells
        if is_text(kind):
            return self._parsed(column, cells.cast(pa.string()))
        if pa.types.is_boolean(kind):
            cells = cells.cast(pa.uint8())
        try:
            return pc.cast(cells, pa.float64(), safe=False)
        except pa.ArrowException as error:
            raise InputError(
                f"{self.source}, column {column}: holds {kind}, not numbers; leave it out with "
                "--drop"
            ) from error

    def _parsed(self, column: str, cells: pa.ChunkedArray) -> pa.ChunkedArray:
        import pyarrow as pa

        plain = _plain_numbers(cells) if self.decimal == "." else None
        if plain is not None:
            return plain
        texts = cells.to_pandas().astype(object)
        numeric, _ = parsed(texts, self.decimal)
        given = texts.map(text_of) != ""
        wrong = np.flatnonzero((given & numeric.isna()).to_numpy(bool))
        if len(wrong):
            raise self.error(
                wrong[0],
                f"{texts.iloc[wrong[0]][:40]!r} is not a number; mend it, or leave the column out "
                "with --drop",
                column,
            )
        return pa.chunked_array([pa.array(numeric.to_numpy(np.float64), from_pandas=True)])

    def is_plain(self, column: str) -> bool:
        """Whether pyarrow takes all cells of a column of text for numbers."""
        import pyarrow as pa

        return _plain_numbers(self.data[column].cast(pa.string())) is not None

    @cached_property
    def text_columns(self) -> frozenset[str]:
        """Names of the columns whose cells are text, be it numbers written as text."""
        return frozenset(n for n, k in self.other_types.items() if is_text(k))

    @cached_property
    def other_types(self) -> dict[str, pa.DataType]:
        """Types of the columns that are no plain numbers; there may be very many of these."""
        import pyarrow as pa

        schema, plain = self.data.schema, pa.float64()
        pairs = zip(schema.names, schema.types, strict=True)
        return {name: kind for name, kind in pairs if kind != plain}

    def words(self, columns: Sequence[str]) -> list[str]:
        """Return the columns that hold text, and not one cell with a number."""
        return [c for c in columns if c in self.text_columns and self.is_words(c)]

    def is_words(self, column: str) -> bool:
        """Whether a column holds text, and not one cell with a number."""
        import pyarrow as pa

        if column not in self.text_columns:
            return False
        cells = self.data[column]
        if pa.types.is_dictionary(cells.type):
            # Some that no row has may be among them, which are words where the others are.
            different = [t for c in cells.chunks for t in c.dictionary.to_pylist()]
        else:
            different = cells.cast(pa.string()).unique().to_pylist()
        given = [t for t in map(text_of, different) if t]
        # A name such as 0_12 is a number to Python alone.
        return bool(given) and not any("_" not in t and as_float(t) is not None for t in given)

    def is_empty(self, column: str) -> bool:
        """Whether no cell of a column holds anything."""
        cells = self.data[column]
        return bool(cells.null_count == len(cells))

    def texts(self, column: str) -> Texts:
        """Return a column's different texts, and which each row has.

        Raises
        ------
        InputError
            If the column holds lists.
        """
        if column not in self._known_texts:
            self._known_texts[column] = self._find_texts(column)
        return self._known_texts[column]

    @cached_property
    def _known_texts(self) -> dict[str, Texts]:
        return {}

    def _find_texts(self, column: str) -> Texts:
        import pyarrow as pa

        cells = self.data[column]
        if pa.types.is_nested(cells.type):
            raise InputError(f"{self.source}, column {column}: holds {cells.type}, not names")
        codes, dictionary = _encoded(cells)
        found = [text_of(v) for v in dictionary.to_pylist()]
        different, place = np.unique(np.array([*found, ""], dtype=str), return_inverse=True)
        # Space around a text makes no other text; the last place is that of empty cells.
        codes, empty = place[codes], place[-1]
        codes[codes == empty] = -1
        used, inverse = np.unique(codes, return_inverse=True)
        names = different[used[used >= 0]]
        return Texts(self, column, names, inverse - (used[0] < 0 if len(used) else 0))


@dataclass(frozen=True)
class Texts:
    """Different texts of a column, and which each row has; -1 where it has none."""

    table: Table
    column: str
    different: NDArray[np.str_]
    codes: NDArray[np.int64]

    def labels(self, rows: NDArray[np.int64] | None = None) -> NDArray[Any]:
        """Return the labels of some rows; refuse missing ones."""
        return self._tidied(tidy_labels(self.different), "no label in", rows)

    def names(self, rows: NDArray[np.int64] | None = None) -> NDArray[Any]:
        """Return identifiers, groups or folds of some rows; refuse missing ones."""
        return self._tidied(tidy_names(self.different), "no value in", rows)

    def check_complete(self, what: str = "no value in") -> None:
        """Refuse rows without a text."""
        missing = np.flatnonzero(self.codes < 0)
        if len(missing):
            raise self.table.error(
                missing[0],
                f"{what} column {self.column!r} ({len(missing)} "
                f"{'row lacks' if len(missing) == 1 else 'rows lack'} one); fill it in or remove "
                "the row",
            )

    def _tidied(
        self, values: NDArray[Any], what: str, rows: NDArray[np.int64] | None
    ) -> NDArray[Any]:
        self.check_complete(what)
        return np.asarray(values[self.codes if rows is None else self.codes[rows]])


def _plain_numbers(cells: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return texts as numbers; None where one is none to pyarrow, be it only for a plus."""
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return pc.cast(pc.utf8_trim_whitespace(cells), pa.float64())
    except pa.ArrowInvalid:
        return None


def _encoded(cells: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array]:
    """Codes of the cells, -1 where they are empty, and what the codes stand for."""
    import pyarrow as pa

    if pa.types.is_dictionary(cells.type) and (
        cells.type.index_type != pa.int32() or not pa.types.is_string(cells.type.value_type)
    ):
        # Not all widths of codes, polars' among them, can be given a common dictionary.
        cells = cells.cast(pa.string() if is_text(cells.type) else cells.type.value_type)
    if pa.types.is_string_view(cells.type):
        cells = cells.cast(pa.string())
    if not pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_encode()
    encoded = cells.unify_dictionaries().combine_chunks()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return codes, encoded.dictionary


def is_text(kind: pa.DataType) -> bool:
    """Whether cells of a type are text."""
    import pyarrow as pa

    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )
