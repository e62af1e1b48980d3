"""Ways to spoil a model file, for tests/test_model_file.py and tests/fuzz/models.py.

Each takes a file's contents and a generator of random numbers, and returns the bytes of another
file. What it changes below the checksum is done twice, with the old checksum and with a new one,
as someone would who means it.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

KEY = "msssm_ts"
CODES = {
    "bool": "BOOL", "uint8": "U8", "int8": "I8", "uint16": "U16", "int16": "I16", "float16": "F16",
    "uint32": "U32", "int32": "I32", "float32": "F32", "uint64": "U64", "int64": "I64",
    "float64": "F64",
}  # fmt: skip
NUMPY = {code: np.dtype(name) for name, code in CODES.items()}
ODD = (
    None, True, False, 0, 1, -1, 2, 3, 7, 1000, 10**6, 10**9, 2**31, 2**53, 2**63, 10**18, 10**30,
    0.0, 0.5, 1.5, -0.5, 1e-300, 1e-9, 1e12, 1e30, 1e300, "", "x", "a\x1b[2J\x00\n", "\u202e",
    "é" * 1000, [], [0], [None], [[]], {}, {"x": 1}, [1, 2, 3], ["x"] * 50, "<U1000000000", "|O",
    "../../etc/passwd", "network", "scan_ridge", "quantile_trees", "os.system", "float16", "mfcc",
)  # fmt: skip


@dataclass
class Contents:
    """A file taken apart.

    Parameters
    ----------
    arrays : dict of str to array
        In the order of the file.
    header : dict
        The JSON header.
    text : str, optional
        To be written instead of it.
    shapes : dict of str to (dtype code, shape)
        To be said instead of the arrays' own.
    """

    arrays: dict[str, np.ndarray]
    header: dict[str, Any]
    text: str | None = None
    shapes: dict[str, tuple[str, list[int]]] = field(default_factory=dict)


def take_apart(data: bytes) -> tuple[Contents, dict[str, str]]:
    """Return what a whole file holds, and its metadata."""
    n = int.from_bytes(data[:8], "little")
    said = json.loads(data[8 : 8 + n])
    metadata = said.pop("__metadata__")
    arrays = {
        name: np.frombuffer(
            data[8 + n + e["data_offsets"][0] : 8 + n + e["data_offsets"][1]], NUMPY[e["dtype"]]
        ).reshape(e["shape"])
        for name, e in sorted(said.items(), key=lambda item: item[1]["data_offsets"])
    }
    return Contents(arrays, json.loads(metadata[KEY])), metadata


def put_together(
    contents: Contents, metadata: dict[str, str], renewed: bool, said: dict[str, Any] | None = None
) -> bytes:
    """Return the bytes of a file; with its old checksum, or a new one where there is any."""
    text = json.dumps(contents.header) if contents.text is None else contents.text
    metadata = metadata | {KEY: text}
    if renewed and f"{KEY}.sha256" in metadata:
        metadata[f"{KEY}.sha256"] = checksum(contents, text)
    entries: dict[str, Any] = {"__metadata__": metadata}
    data = b""
    for name, array in contents.arrays.items():
        raw = np.ascontiguousarray(array).tobytes()
        code, shape = contents.shapes.get(name, (CODES[array.dtype.name], list(array.shape)))
        offsets = [len(data), len(data) + len(raw)]
        entries[name] = {"dtype": code, "shape": shape, "data_offsets": offsets}
        data += raw
    return whole(json.dumps(entries if said is None else said).encode(), data)


def whole(head: bytes, data: bytes) -> bytes:
    """Return a file of the format's own header and what is behind it."""
    return len(head).to_bytes(8, "little") + head + data


def checksum(contents: Contents, text: str) -> str:
    """Return it as docs/internals/model-file.md says."""
    digest = hashlib.sha256()
    for name, array in sorted(contents.arrays.items()):
        code, shape = contents.shapes.get(name, (CODES[array.dtype.name], list(array.shape)))
        known = NUMPY.get(code) if isinstance(code, str) else None
        digest.update(json.dumps([name, (known or array.dtype).str, shape]).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return f"{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()} {digest.hexdigest()}"


def pick(rng: np.random.Generator, items: Any) -> Any:
    """Return one of several."""
    items = list(items)
    return items[int(rng.integers(len(items)))]


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths to everything in a header."""
    if path:
        yield path
    if isinstance(value, dict):
        for name in value:
            yield from leaves(value[name], (*path, name))
    elif isinstance(value, list):
        for i in range(min(len(value), 4)):
            yield from leaves(value[i], (*path, i))


def some_path(header: dict[str, Any], rng: np.random.Generator) -> tuple[Any, ...]:
    """Return a path; histories and parameters, which are long and dull, come up less often."""
    paths = list(leaves(header))
    for _ in range(4):
        path: tuple[Any, ...] = pick(rng, paths)
        if not {"history", "parameters", "versions", "training"} & set(map(str, path)):
            break
    return path


def parent(header: dict[str, Any], path: tuple[Any, ...]) -> Any:
    """Return what holds the end of a path."""
    for step in path[:-1]:
        header = header[step]
    return header


# Bytes of the file, whatever they mean. The checksum stays.


def flip_anywhere(data: bytes, rng: np.random.Generator) -> bytes:
    return _flipped(data, rng, 0, len(data))


def flip_in_header(data: bytes, rng: np.random.Generator) -> bytes:
    return _flipped(data, rng, 0, 8 + int.from_bytes(data[:8], "little"))


def flip_in_data(data: bytes, rng: np.random.Generator) -> bytes:
    return _flipped(data, rng, 8 + int.from_bytes(data[:8], "little"), len(data))


def _flipped(data: bytes, rng: np.random.Generator, first: int, last: int) -> bytes:
    changed = bytearray(data)
    for _ in range(int(rng.choice([1, 1, 2, 8]))):
        changed[int(rng.integers(first, last))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: int(rng.integers(len(data)))]


def lengthen(data: bytes, rng: np.random.Generator) -> bytes:
    return data + rng.bytes(int(rng.integers(1, 100)))


def splice(data: bytes, rng: np.random.Generator) -> bytes:
    at, n = int(rng.integers(len(data))), int(rng.integers(1, 200))
    middle = pick(rng, [b"", bytes(n), rng.bytes(n), data[at : at + n] * 2])
    return data[:at] + middle + data[at + n :]


def wrong_length(data: bytes, rng: np.random.Generator) -> bytes:
    n = pick(rng, [0, 1, 8, len(data), len(data) - 8, 2**31, 2**63, 2**64 - 1, 10**8, 15_999_999])
    return int(n).to_bytes(8, "little") + data[8:]


RAW: dict[str, Callable[[bytes, np.random.Generator], bytes]] = {
    f.__name__: f
    for f in (
        flip_anywhere, flip_in_header, flip_in_data, cut, lengthen, splice, wrong_length
    )
}  # fmt: skip


# The format's own header: what arrays there are, and where.


def say_otherwise(said: dict[str, Any], rng: np.random.Generator) -> None:
    """Change one entry to what cannot be."""
    name = pick(rng, said.keys() - {"__metadata__"})
    entry = said[name]
    whats = ["dtype", "shape", "data_offsets", "size", "offset", "key", "metadata", "name"]
    what = pick(rng, whats)
    if what in ("dtype", "shape", "data_offsets"):
        entry[what] = pick(rng, (*ODD, *CODES.values(), "BF16", "F8_E4M3"))
    elif what == "size" and entry["shape"]:
        entry["shape"][int(rng.integers(len(entry["shape"])))] = pick(rng, ODD)
    elif what == "offset":
        entry["data_offsets"][int(rng.integers(2))] = pick(rng, ODD)
    elif what == "key":
        entry.pop(pick(rng, entry))
    elif what == "metadata":
        said["__metadata__"][pick(rng, [KEY, "other", f"{KEY}.sha256"])] = pick(rng, ODD)
    else:
        said[pick(rng, [name + "x", "", "members.0.x", "\x1b", KEY])] = said.pop(name)


# Contents, of which a new checksum can be made.


def header_value(c: Contents, rng: np.random.Generator) -> None:
    path = some_path(c.header, rng)
    parent(c.header, path)[path[-1]] = pick(rng, ODD)


def header_number(c: Contents, rng: np.random.Generator) -> None:
    """Multiply or move a number a little: what is still plausible."""
    paths = [p for p in leaves(c.header) if type(parent(c.header, p)[p[-1]]) in (int, float)]
    path = pick(rng, paths)
    held = parent(c.header, path)
    v = held[path[-1]]
    held[path[-1]] = pick(rng, [v + 1, v - 1, v * 2, -v, v * 1000, float(v)])


def header_key(c: Contents, rng: np.random.Generator) -> None:
    path = some_path(c.header, rng)
    held = parent(c.header, path)
    if isinstance(held, list):
        held.pop(path[-1])
        return
    what = pick(rng, ["drop", "rename", "extra", "copy"])
    if what != "extra":
        value = held.pop(path[-1]) if what != "copy" else held[path[-1]]
    if what == "rename":
        held[str(path[-1]) + "x"] = value
    elif what == "extra":
        held["extra"] = pick(rng, ODD)
    elif what == "copy":
        held["copy"] = copy.deepcopy(value)


def header_list(c: Contents, rng: np.random.Generator) -> None:
    lists = [p for p in leaves(c.header) if isinstance(parent(c.header, p)[p[-1]], list)]
    path = pick(rng, lists)
    values = parent(c.header, path)[path[-1]]
    parent(c.header, path)[path[-1]] = pick(
        rng, [values[:-1], values + values[:1], values * 2, values[::-1], values * 1000, []]
    )


def header_text(c: Contents, rng: np.random.Generator) -> None:
    """Change the text itself, to what json.dumps does not write."""
    text = json.dumps(c.header)
    at = text.index(":", int(rng.integers(max(1, len(text) - 400)))) + 1
    odd = pick(
        rng,
        ["NaN", "-Infinity", "1e999", "9" * 5000, "[" * 3000, '"\\ud800"', "0x1", "01", "tru", "'"],
    )
    first = next(iter(c.header))
    c.text = pick(
        rng,
        [
            text[:at] + odd + "," + text[at:],
            text[:at] + odd,
            text[:-1] + f', "{first}": {odd}}}',
            text[:-1] + f', "{first}": {json.dumps(c.header[first])}}}',
            text[:at] + " " * 50 + text[at:],
            "[" * 5000 + "]" * 5000,
            text[: int(rng.integers(len(text)))],
            text + text,
            "\ufeff" + text,
        ],
    )


def header_of_another(c: Contents, rng: np.random.Generator) -> None:
    """Two members change places, or one is there twice."""
    members = c.header.get("members", [])
    if len(members) < 2:
        header_value(c, rng)
        return
    i, j = (int(v) for v in rng.choice(len(members), 2, replace=False))
    members[i], members[j] = members[j], members[pick(rng, [i, j])]


def swap_arrays(c: Contents, rng: np.random.Generator) -> None:
    a, b = (str(n) for n in rng.choice(list(c.arrays), 2, replace=False))
    c.arrays[a], c.arrays[b] = c.arrays[b], c.arrays[a]


def other_shape(c: Contents, rng: np.random.Generator) -> None:
    """Take the same bytes for another shape or type, consistently."""
    name = pick(rng, c.arrays)
    array = c.arrays[name]
    choice = int(rng.integers(4))
    if choice == 0:
        c.arrays[name] = array.reshape(-1)
    elif choice == 1:
        c.arrays[name] = array.T
    elif choice == 2:
        dtype = pick(rng, [d for d in NUMPY.values() if d.itemsize == array.dtype.itemsize])
        c.arrays[name] = array.view(dtype) if dtype.kind != "b" else array.reshape(1, *array.shape)
    else:
        c.arrays[name] = array.astype(pick(rng, [np.float64, np.float16, np.int64, np.float32]))


def other_size(c: Contents, rng: np.random.Generator) -> None:
    name = pick(rng, c.arrays)
    array = np.atleast_1d(c.arrays[name])
    axis = int(rng.integers(array.ndim))
    n = array.shape[axis]
    new = pick(rng, [n - 1, n + 1, 0, 2 * n])
    c.arrays[name] = array.take(np.arange(new) % n, axis) if n else array


def other_sizes(c: Contents, rng: np.random.Generator) -> None:
    """Change one size in every array that has it."""
    n = pick(rng, {n for a in c.arrays.values() for n in a.shape if n > 1})
    new = pick(rng, [n - 1, n + 1, 2 * n])
    for name, array in c.arrays.items():
        for axis, size in enumerate(array.shape):
            if size == n:
                array = array.take(np.arange(new) % n, axis)
        c.arrays[name] = array


def drop_array(c: Contents, rng: np.random.Generator) -> None:
    del c.arrays[pick(rng, c.arrays)]


def add_array(c: Contents, rng: np.random.Generator) -> None:
    name = pick(rng, ["x", "members.0.x", "members.99.x", "fingerprints", "members.-1.mix", ""])
    shape, dtype = pick(rng, [(0,), (3,), (2, 2), ()]), pick(rng, [np.int64, np.float32])
    c.arrays[name] = np.zeros(shape, dtype)


def odd_values(c: Contents, rng: np.random.Generator) -> None:
    """Put special numbers into some or all places of an array."""
    name = pick(rng, c.arrays)
    array = c.arrays[name].copy()
    if not array.size:
        return
    flat = array.reshape(-1)
    many = rng.random(array.size) < pick(rng, [0.01, 0.5, 1.1])
    many[int(rng.integers(array.size))] = True
    if array.dtype.kind == "f":
        value = pick(rng, [np.nan, np.inf, -np.inf, 3e38, -3e38, 1e20, -1e19, 1e-45, 0.0, -1.0])
    else:
        most = np.iinfo(array.dtype).max
        value = pick(rng, [-1, -2, 0, 1, 2, most, -most, array.size, array.size - 1])
    flat[many] = value
    c.arrays[name] = array


def random_values(c: Contents, rng: np.random.Generator) -> None:
    name = pick(rng, c.arrays)
    array = c.arrays[name]
    if array.dtype.kind == "f":
        drawn = rng.normal(size=array.shape) * pick(rng, [1e-3, 1.0, 1e3, 1e15])
    else:
        drawn = rng.integers(-2, max(3, array.size + 2), array.shape)
    c.arrays[name] = drawn.astype(array.dtype)


def shuffled_values(c: Contents, rng: np.random.Generator) -> None:
    name = pick(rng, c.arrays)
    c.arrays[name] = rng.permutation(c.arrays[name].reshape(-1)).reshape(c.arrays[name].shape)


def flipped_values(c: Contents, rng: np.random.Generator) -> None:
    name = pick(rng, [n for n, a in c.arrays.items() if a.size])
    array = c.arrays[name].copy()
    raw = array.reshape(-1).view(np.uint8)
    for _ in range(int(rng.choice([1, 3, 20]))):
        raw[int(rng.integers(raw.size))] ^= 1 << int(rng.integers(8))
    c.arrays[name] = array


def loops(c: Contents, rng: np.random.Generator) -> None:
    """Send the nodes of trees to one another; what has no trees loses the sign of an array."""
    nodes = [n for n in c.arrays if n.endswith((".left", ".right", ".roots", ".feature"))]
    if not nodes:
        name = pick(rng, c.arrays)
        own = c.arrays[name]
        c.arrays[name] = ~own if own.dtype == bool else -own
        return
    name = pick(rng, nodes)
    array = c.arrays[name].copy()
    place = rng.integers(array.size, size=max(1, array.size // 20))
    array[place] = pick(rng, [place, place - 1, place + 1, place * 0, array[place] + 1])
    c.arrays[name] = array


BELOW: dict[str, Callable[[Contents, np.random.Generator], None]] = {
    f.__name__: f
    for f in (
        header_value, header_number, header_key, header_list, header_text, header_of_another,
        swap_arrays, other_shape, other_size, other_sizes, drop_array, add_array, odd_values,
        random_values, shuffled_values, flipped_values, loops,
    )
}  # fmt: skip

# (name, whether the checksum is made anew)
KINDS: tuple[tuple[str, bool], ...] = (
    *((name, False) for name in RAW),
    ("say_otherwise", False),
    *((name, renewed) for name in BELOW for renewed in (False, True)),
)


def mutated(data: bytes, kind: str, renewed: bool, rng: np.random.Generator) -> bytes:
    """Return a spoilt copy of a file."""
    if kind in RAW:
        return RAW[kind](data, rng)
    if kind == "say_otherwise":
        n = int.from_bytes(data[:8], "little")
        said = json.loads(data[8 : 8 + n])
        say_otherwise(said, rng)
        return whole(json.dumps(said).encode(), data[8 + n :])
    contents, metadata = take_apart(data)
    BELOW[kind](contents, rng)
    if renewed and rng.random() < 0.3:
        pick(rng, BELOW.values())(contents, rng)
    return put_together(contents, metadata, renewed)


def keeps_values(data: bytes, kind: str, renewed: bool) -> bool:
    """Whether a file that is accepted after all has to answer as before: its checksum is right."""
    return f"{KEY}.sha256".encode() in data[:1_000_000] and not renewed
