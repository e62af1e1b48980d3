"""Sound inside Parquet files, as Hugging Face's data sets have it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.audio.decode import (
    Header,
    Unreadable,
    decode_bytes,
    read_header_of_bytes,
)
from msssm_ts.datasets.audio.groups import grouped
from msssm_ts.datasets.audio.headers import alike, left_out
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import are_parts, part_in, part_of
from msssm_ts.datasets.recordings.described import describe
from msssm_ts.datasets.recordings.manifest import manifest_of
from msssm_ts.datasets.recordings.names import FileNames
from msssm_ts.datasets.recordings.tables import Listing
from msssm_ts.datasets.tables.parquet import open_parquet, read_columns
from msssm_ts.datasets.tables.strings import Strings
from msssm_ts.errors import InputError

if TYPE_CHECKING:
    import pyarrow as pa

_ACTS_ON = {"label", "group", "fold", "drop", "mono"}
# Where the part stands that a file's name says.
_PART = "part by the file's name"


class SoundRow(NamedTuple):
    """A sound in a Parquet file: row group, row in it, column, name and steps."""

    path: str
    row_group: int
    row: int
    column: str
    name: str
    frames: int


def holds_sound(file: Path) -> bool:
    """Whether a Parquet file has a column of sound files."""
    try:
        with open_parquet(file) as parquet:
            return _sound_column(parquet) is not None
    except InputError:
        # Its reader says what is wrong.
        return False


def read_sound_row(item: SoundRow) -> NDArray[np.float32]:
    """Decode a sound of a Parquet file to (n_channels, length).

    Raises
    ------
    InputError
        If the file has gone, or the sound cannot be decoded.
    """
    data = _row_group(item.path, item.row_group, item.column)[item.row].as_py()
    return decode_bytes(data or b"", item.name, item.frames)


# Neighbours are mostly asked for together.
@lru_cache(maxsize=2)
def _row_group(path: str, group: int, column: str) -> Any:
    with open_parquet(Path(path)) as parquet:
        table = read_columns(parquet, Path(path), [f"{column}.bytes"], group)
    return table.column(column).combine_chunks().field("bytes")


def read_embedded(files: Sequence[Path], options: ReadOptions, source: str) -> LabelledSeries:
    """Read the sounds of Parquet files; decoded when they are asked for.

    Parts are taken from the files' names (``train-00000-of-00002.parquet``), labels, groups and
    folds from the other columns, as from a table beside files.

    Parameters
    ----------
    files : sequence of Path
        Shards of one data set.
    options : ReadOptions
        Columns, and the part.
    source : str
        What to call them in messages.

    Raises
    ------
    InputError
        If they do not fit together, or most sounds cannot be read.
    """
    options.check_acting(_ACTS_ON, "Parquet files with sound", source)
    folder = Path(source) if Path(source).is_dir() else Path(source).parent
    rows: list[SoundRow] = []
    headers: list[Header | str] = []
    cells: list[dict[str, str]] = []
    parts = [part_in(f.stem.rsplit("-of-", 1)[0]) or part_of(f.parent.name) for f in files]
    column = ""
    for file, part in zip(files, parts, strict=True):
        column, own, said = _read_shard(file)
        rows += own
        headers += [h for _, h in said]
        by_name = {_PART: part or ""} if are_parts(parts) else {}
        cells += [{**c, **by_name} for c, _ in said]
    if not rows:
        raise InputError(f"{source}: the files have no rows; give files with sound")
    paths = [folder / n for n in _unique([r.name for r in rows], rows)]
    columns = tuple(dict.fromkeys(k for c in cells for k in c))
    table = Strings(
        files[0] if len(files) == 1 else files[0].with_name("*.parquet"),
        (column, *columns),
        {column: [p.name for p in paths], **{n: [c.get(n, "") for c in cells] for n in columns}},
        True,
        lambda row: f"row {row + 1}",
    )
    listing = Listing(table, list(paths), column, None)
    names = FileNames(folder, paths)
    manifest = manifest_of(
        folder, [listing], paths, names, options, others="sounds", drop=options.drop
    )
    found = describe(
        folder, paths, [], options, others="sounds", by_folders=False, manifest=manifest
    )
    place = {p: i for i, p in enumerate(paths)}
    why = [h if isinstance(h, str) else None for h in headers]
    chosen = [place[f] for f in found.files]
    account = left_out(found.files, [why[i] for i in chosen], found.labels)
    kept = [k for k, i in enumerate(chosen) if why[i] is None]
    found = grouped(found.take(kept).adding(account), options.group, source)
    chosen = [chosen[k] for k in kept]
    readable = [h for h in headers if isinstance(h, Header)]
    return alike(
        [rows[i]._replace(frames=_header(headers[i]).frames) for i in chosen],
        read_sound_row,
        [_header(headers[i]) for i in chosen],
        readable,
        found.fields() | {"ids": [paths[i].name for i in chosen]},
        mono=options.mono,
        source=source,
    )


def _header(header: Header | str) -> Header:
    assert isinstance(header, Header)
    return header


def _features(schema: pa.Schema) -> dict[str, Any]:
    """Return what Hugging Face's library says of the columns."""
    try:
        content = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = content["info"]["features"]
    except (ValueError, KeyError, TypeError):
        return {}
    return features if isinstance(features, dict) else {}


def _sound_column(parquet: Any) -> str | None:
    """Return the column of sound: structures of bytes and a path, which may also be of pictures."""
    import pyarrow as pa

    schema = parquet.schema_arrow
    features = _features(schema)
    for field in schema:
        if not pa.types.is_struct(field.type) or field.type.get_field_index("bytes") < 0:
            continue
        content = field.type.field("bytes").type
        if not (pa.types.is_binary(content) or pa.types.is_large_binary(content)):
            continue
        kind = features.get(field.name)
        said = kind.get("_type") if isinstance(kind, dict) else None
        if said == "Audio" or (said is None and _is_sound(parquet, field.name)):
            return str(field.name)
    return None


def _is_sound(parquet: Any, column: str) -> bool:
    for batch in parquet.iter_batches(batch_size=1, columns=[f"{column}.bytes"]):
        data = batch.column(0).field("bytes")[0].as_py()
        try:
            read_header_of_bytes(data or b"")
        except Unreadable:
            return False
        return True
    return False


def _read_shard(
    file: Path,
) -> tuple[str, list[SoundRow], list[tuple[dict[str, str], Header | str]]]:
    """Return the column of sound, the rows, and of each the other cells and header, or a reason."""
    with open_parquet(file) as parquet:
        column = _sound_column(parquet)
        if column is None:
            raise InputError(f"{file}: none of its columns is of sound; take it away from the rest")
        rows: list[SoundRow] = []
        said: list[tuple[dict[str, str], Header | str]] = []
        for group in range(parquet.num_row_groups):
            for row, (cells, header, name) in enumerate(_sounds(parquet, file, column, group)):
                rows.append(SoundRow(str(file), group, row, column, name, 0))
                said.append((cells, header))
    return column, rows, said


def _sounds(
    parquet: Any, file: Path, column: str, group: int
) -> Iterator[tuple[dict[str, str], Header | str, str]]:
    """Of each sound of a row group the other cells, its header or a reason, and its name."""
    import pyarrow as pa

    schema = parquet.schema_arrow
    features = _features(schema)
    plain = [f.name for f in schema if f.name != column and not pa.types.is_nested(f.type)]
    table = read_columns(parquet, file, [column, *plain], group)
    cells = {n: [_text(v, features.get(n)) for v in table.column(n).to_pylist()] for n in plain}
    sounds = table.column(column).combine_chunks()
    paths = sounds.field("path").to_pylist() if "path" in _children(sounds) else []
    for row, data in enumerate(sounds.field("bytes")):
        header: Header | str
        try:
            header = _header_of(data.as_py())
        except Unreadable as error:
            header = str(error)
        name = Path(str(paths[row])).name if paths and paths[row] else ""
        yield {n: cells[n][row] for n in plain}, header, name


def _header_of(data: bytes | None) -> Header:
    if data is None:
        raise Unreadable("only a path stands there, and no sound")
    return read_header_of_bytes(data)


def _children(sounds: Any) -> list[str]:
    return [sounds.type.field(i).name for i in range(sounds.type.num_fields)]


def _text(value: Any, feature: Any) -> str:
    """Return a cell as text: the class's name where it is a class's number."""
    if value is None:
        return ""
    names = feature.get("names") if isinstance(feature, dict) else None
    if isinstance(names, list) and isinstance(value, int):
        return str(names[value]) if 0 <= value < len(names) else ""
    return str(value).strip()


def _unique(names: list[str], rows: Sequence[SoundRow]) -> list[str]:
    if len(set(names)) == len(names) and all(names):
        return names
    return [f"{Path(r.path).name} {r.row_group}-{r.row}" for r in rows]
