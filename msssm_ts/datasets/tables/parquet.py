"""Parquet files: what their footers promise is compared with the limit before columns are read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.datasets.damage import reason_of
from msssm_ts.datasets.memory import allowed_bytes, demand
from msssm_ts.datasets.probe import check_ends
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

_TEXT = "BYTE_ARRAY"
_BY_NUMBER = {"PLAIN_DICTIONARY", "RLE_DICTIONARY"}


@contextlib.contextmanager
def open_parquet(file: Path, *, whole: bool = True) -> Iterator[Any]:
    """Open a Parquet file; what goes wrong in it meanwhile is told as InputError.

    Parameters
    ----------
    file : Path
        The file.
    whole : bool
        Whether it is to be read as a whole, so that its size counts.

    Raises
    ------
    InputError
        If it is damaged, or takes more memory than may be.
    """
    import pyarrow as pa
    import pyarrow.parquet

    try:
        if whole:
            demand(file.stat().st_size, file, "its packed columns")
        check_ends(file, "parquet")
        with pyarrow.parquet.ParquetFile(file) as parquet:
            yield parquet
    except InputError:
        raise
    except (pa.ArrowException, OSError, MemoryError) as error:
        raise InputError(
            f"{file}: not a readable Parquet file ({reason_of(error)}); replace the file"
        ) from error


def read_columns(
    parquet: Any, file: Path, columns: Sequence[str] | None = None, group: int | None = None
) -> pa.Table:
    """Read columns, all or of one row group, if they may take what they take.

    Parameters
    ----------
    parquet : pyarrow.parquet.ParquetFile
        From :func:`open_parquet`.
    file : Path
        For messages.
    columns : sequence of str, optional
        Paths of columns; else all.
    group : int, optional
        The row group; else all.

    Raises
    ------
    InputError
        If they take more memory than may be.
    """
    groups = range(parquet.metadata.num_row_groups) if group is None else [group]
    numbers, texts = 0, 0
    repeated: dict[str, None] = {}
    for g in groups:
        of_group = parquet.metadata.row_group(g)
        for c in range(of_group.num_columns):
            chunk = of_group.column(c)
            path = chunk.path_in_schema
            if columns is not None and not any(f"{path}.".startswith(f"{n}.") for n in columns):
                continue
            if chunk.physical_type == _TEXT:
                texts += max(chunk.total_uncompressed_size, 0) + 4 * max(chunk.num_values, 0)
                worst = chunk.num_values * chunk.total_uncompressed_size
                if _BY_NUMBER & set(chunk.encodings) and worst > allowed_bytes():
                    repeated[path] = None
            else:
                # Few bytes hold any number of equal values.
                numbers += max(8 * chunk.num_values, chunk.total_uncompressed_size)
        # A row of no columns takes memory as well.
        numbers += max(of_group.num_rows, 0)
    demand(numbers + texts, file, "its columns")
    for path in repeated:
        demand(numbers + _unpacked_texts(file, path, groups), file, f"column {path}")
    if group is None:
        return parquet.read(columns=columns)
    return parquet.read_row_group(group, columns=columns)


def is_too_large(files: Sequence[Path]) -> bool:
    """Whether Parquet files take more memory than they may, read as a whole."""
    total = 0
    for file in files:
        with open_parquet(file, whole=False) as parquet:
            total += _promised(parquet)
    return total > allowed_bytes()


def _promised(parquet: Any) -> int:
    """Return what the columns of a Parquet file take in memory at least, as its footer says."""
    meta = parquet.metadata
    groups = (meta.row_group(g) for g in range(meta.num_row_groups))
    chunks = (group.column(c) for group in groups for c in range(group.num_columns))
    return sum(
        max(0 if c.physical_type == _TEXT else 8 * c.num_values, c.total_uncompressed_size, 0)
        for c in chunks
    )


def _unpacked_texts(file: Path, path: str, groups: Sequence[int]) -> int:
    """Bytes of a column of texts, of which the file holds each once and says where it recurs."""
    import pyarrow.compute as pc
    import pyarrow.parquet

    total = 0
    with pyarrow.parquet.ParquetFile(file, read_dictionary=[path]) as parquet:
        for batch in parquet.iter_batches(row_groups=list(groups), columns=[path]):
            for column in batch.flatten() if hasattr(batch, "flatten") else batch.columns:
                total += _bytes_of(column, pc)
    return total


def _bytes_of(column: Any, pc: Any) -> int:
    import pyarrow as pa

    while pa.types.is_nested(column.type):
        column = column.flatten()[0] if pa.types.is_struct(column.type) else column.flatten()
    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    lengths = pc.binary_length(column.dictionary).take(column.indices)
    return int(pc.sum(pc.cast(lengths, pa.int64())).as_py() or 0)
