"""Zarr arrays and groups (folders ``x.zarr``), of both versions of the format."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.arrays.labels_beside import array_with_table
from msssm_ts.datasets.arrays.named_arrays import series_of_arrays
from msssm_ts.datasets.arrays.stored import Stored, is_series, series_of_stored, stays_on_disk
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.damage import reason_of
from msssm_ts.datasets.memory import demand
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import part_of
from msssm_ts.errors import InputError
from msssm_ts.optional import needed

_MARKS = ("zarr.json", ".zgroup", ".zarray")
# An array of which nothing is stored reads as zeros; a chunk up to this size is kept decoded.
_EMPTY, _KEPT = 1 << 20, 1 << 26
# What may unpack a chunk: there are others that run what they find in it.
_CODECS = frozenset(
    (
        *("bytes", "string", "vlen-utf8", "vlen-bytes", "sharding_indexed", "transpose", "crc32c"),
        *("crc32", "adler32", "fletcher32", "jenkins_lookup3", "zstd", "blosc", "gzip", "zlib"),
        *("lz4", "lzma", "bz2", "shuffle", "delta", "fixedscaleoffset", "quantize", "bitround"),
        *("packbits", "astype", "endian", "cast_value", "scale_offset"),
    )
)


def is_zarr(folder: Path) -> bool:
    """Whether a folder is a Zarr array or group."""
    return any((folder / mark).is_file() for mark in _MARKS)


def read_zarr(folder: Path, options: ReadOptions) -> LabelledSeries:
    """Read a Zarr group with arrays named as in a .npz file, or an array with labels beside it.

    Large arrays stay on disk, and are decoded chunk by chunk: chunks of few series are read fastest
    in the order of chance that training has.

    Parameters
    ----------
    folder : Path
        The group or array.
    options : ReadOptions
        As for a .npz file.

    Raises
    ------
    InputError
        If it is damaged, holds no series, or zarr is not installed.
    """
    zarr = needed("zarr", f"{folder}: Zarr")
    try:
        top = zarr.open(str(folder), mode="r")
        if isinstance(top, zarr.Array):
            found = {"X": _array(top, folder, "")}
            return array_with_table(folder, found["X"], options)
        arrays = {
            name: _array(item, folder, name)
            for name, item in sorted(top.members(max_depth=None))
            if isinstance(item, zarr.Array)
        }
        attributes = {k: np.asarray(v) for k, v in top.attrs.asdict().items() if _is_plain(v)}
    except InputError:
        raise
    # Zarr and its codecs raise these and more for what is damaged.
    except (OSError, KeyError, RuntimeError, ValueError, TypeError, MemoryError) as error:
        raise InputError(
            f"{folder}: not a readable Zarr folder ({reason_of(error)}); replace it"
        ) from error
    short = {}
    for name, array in (arrays | {k: v for k, v in attributes.items() if k not in arrays}).items():
        last = name.rsplit("/", 1)[-1]
        short[name if last in short else last] = array
    large = {k: v for k, v in short.items() if isinstance(v, Stored)}
    if not large:
        return series_of_arrays(short, str(folder), options)
    return _of_large(large, short, folder, options)


def _of_large(
    large: dict[str, Stored], arrays: dict[str, Any], folder: Path, options: ReadOptions
) -> LabelledSeries:
    """Return series that stay on disk: X, or that of the part that is asked for."""
    small = {k: v for k, v in arrays.items() if k not in large}
    ending = f"_{options.split}"
    of_part = [k for k in large if k.endswith(ending) and is_series(k.removesuffix(ending))]
    named = of_part or [k for k in large if is_series(k)] or list(large)
    if len(named) != 1:
        raise InputError(
            f"{folder}: several large arrays ({enumerate_names(list(large))}), and none is called "
            "X; rename that of the series"
        )
    beside = small
    if of_part:
        beside = {k.removesuffix(ending): v for k, v in small.items() if k.endswith(ending)}
        ends = {k: k.rpartition("_")[2] for k in small}
        beside |= {k: v for k, v in small.items() if part_of(ends[k]) is None and k not in beside}
    data = series_of_stored(large[named[0]], beside, str(folder), options)
    rest = [k for k in arrays if k not in named and (k in large or k not in beside)]
    rest = [k for k in rest if not (of_part and k.endswith(ending))]
    return replace(data, account=data.account.without(len(rest), "arrays", names=rest))


def _is_plain(value: Any) -> bool:
    if isinstance(value, (str, int, float)):
        return True
    return isinstance(value, list) and all(isinstance(v, (str, int, float)) for v in value)


def _array(item: Any, folder: Path, name: str) -> NDArray[Any] | Stored:
    """Return an array's values, or its place if they are many."""
    shown = name or folder.name
    unknown = sorted(_codecs_of(item.metadata.to_dict()) - _CODECS)
    if unknown:
        raise InputError(
            f"{folder}: {shown} is packed by {unknown[0]!r}, which is not unpacked; write it anew "
            "with zstd, blosc or gzip"
        )
    size = math.prod(int(n) for n in item.shape) * int(item.dtype.itemsize)
    if size > _EMPTY and not item.nchunks_initialized:
        raise InputError(
            f"{folder}: {shown} is of shape {item.shape}, but nothing is stored of it; replace it"
        )
    chunk = math.prod(int(n) for n in item.chunks) * int(item.dtype.itemsize)
    demand(chunk, folder, f"a chunk of {shown}")
    if stays_on_disk(size) and item.ndim in (2, 3) and item.dtype.kind in "iuf":
        return Stored(str(folder), name or "X", tuple(item.shape), np.dtype(item.dtype), _rows)
    demand(size, folder, shown)
    values = np.asarray(item[...])
    return values.astype(str) if values.dtype.kind in "OT" else values


def _codecs_of(metadata: Mapping[str, Any]) -> set[str]:
    """Return the names of all that packs the chunks, shards within shards among them."""
    found: set[str] = set()
    for key in ("codecs", "index_codecs", "filters", "compressor"):
        given = metadata.get(key) or ()
        for codec in (given,) if isinstance(given, Mapping) else given:
            name = codec.get("name", codec.get("id", "")) if isinstance(codec, Mapping) else codec
            found.add(str(name).removeprefix("numcodecs."))
            if isinstance(codec, Mapping):
                found |= _codecs_of(codec.get("configuration") or {})
    return found


def _rows(folder: str, name: str, first: int, last: int) -> NDArray[Any]:
    array = _opened(folder, name)
    step = int(array.chunks[0])
    kept = step * math.prod(array.shape[1:]) * array.dtype.itemsize <= _KEPT
    if last - first > 1 or not kept:
        return np.asarray(array[first:last])
    # Neighbours lie in one chunk, and are mostly asked for together.
    start = first // step * step
    return _chunk(folder, name, start, min(start + step, int(array.shape[0])))[
        first - start : last - start
    ]


@lru_cache(maxsize=2)
def _chunk(folder: str, name: str, first: int, last: int) -> NDArray[Any]:
    return np.asarray(_opened(folder, name)[first:last])


@lru_cache(maxsize=4)
def _opened(folder: str, name: str) -> Any:
    zarr = needed("zarr", f"{folder}: Zarr")
    top = zarr.open(folder, mode="r")
    return top if isinstance(top, zarr.Array) else top[name]
