"""The low level of model files: what is no such file is refused in a sentence, at no cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from msssm_ts.errors import InputError
from msssm_ts.fitted.tensor_file import opened_tensor_file, read_tensor_file, write_tensor_file

ARRAYS = {
    "b": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "a": np.array([True, False]),
    "none": np.zeros((0, 3), np.int64),
    "one": np.array(2.5),
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write_tensor_file(tmp_path / "x.safetensors", ARRAYS, {"name": "é\U0001f600", "n": 3}, "test")
    return tmp_path / "x.safetensors"


def parts(file: Path) -> tuple[dict[str, Any], bytes]:
    """What the format's own header says, and the bytes behind it."""
    whole = file.read_bytes()
    n = int.from_bytes(whole[:8], "little")
    return json.loads(whole[8 : 8 + n]), whole[8 + n :]


def write(file: Path, said: dict[str, Any] | bytes, data: bytes) -> None:
    text = said if isinstance(said, bytes) else json.dumps(said).encode()
    file.write_bytes(len(text).to_bytes(8, "little") + text + data)


def test_what_was_written_comes_back(file: Path) -> None:
    arrays, header = read_tensor_file(file, "test")
    assert header == {"name": "é\U0001f600", "n": 3}
    assert arrays.keys() == ARRAYS.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, ARRAYS[name])
        assert (array.dtype, array.shape) == (ARRAYS[name].dtype, ARRAYS[name].shape)
    assert read_tensor_file(file, "test", with_tensors=False) == ({}, header)
    with opened_tensor_file(file, "test") as opened:
        listed = opened.entries
    assert {name: entry.shape for name, entry in listed.items()} == {
        name: array.shape for name, array in ARRAYS.items()
    }
    raw = file.read_bytes()[listed["b"].begin : listed["b"].end]
    assert raw == np.ascontiguousarray(ARRAYS["b"]).tobytes()
    # It is a file that others read, too.
    from safetensors.numpy import load_file

    assert load_file(file).keys() == ARRAYS.keys()


@pytest.mark.parametrize("place", ["header", "tensor"])
def test_the_checksum_tells_a_changed_byte(file: Path, place: str) -> None:
    whole = bytearray(file.read_bytes())
    at = len(whole) - 1 if place == "tensor" else whole.index(b'n\\": 3') + 5
    whole[at] ^= 1
    file.write_bytes(whole)
    for with_tensors in (True, False):
        if place == "tensor" and not with_tensors:
            read_tensor_file(file, "test", False)
            continue
        with pytest.raises(InputError, match=f"its {place}.* not what was written"):
            read_tensor_file(file, "test", with_tensors)


def test_no_byte_can_be_changed_or_lost(file: Path) -> None:
    """Every bit of a small file, or where it ends: refused, or without meaning."""
    whole = file.read_bytes()
    before = read_tensor_file(file, "test")
    rng = np.random.default_rng(0)
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 1 << int(rng.integers(8))
        file.write_bytes(changed)
        with suppress(InputError):
            arrays, header = read_tensor_file(file, "test")
            # Spaces between JSON's signs, and the name of the checksum, which is then another's.
            assert header == before[1]
            assert all((arrays[name] == before[0][name]).all() for name in before[0])
        file.write_bytes(whole[:at])
        with pytest.raises(InputError):
            read_tensor_file(file, "test")


def _set(name: str, field: str, value: Any) -> Callable[[dict[str, Any]], object]:
    return lambda said: said[name].__setitem__(field, value)


BENT: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "shape": (_set("b", "shape", [3, 3]), "more or fewer bytes"),
    "true for 1": (_set("b", "shape", [True, 6]), "no shape"),
    "float": (_set("b", "shape", [3.0, 2]), "no shape"),
    "negative": (_set("b", "shape", [-3, -2]), "no shape"),
    "huge": (_set("none", "shape", [0, 1 << 40, 1 << 40]), "too large"),
    "too large": (_set("b", "shape", [10**17]), "no shape"),
    "many dimensions": (_set("b", "shape", [1] * 50 + [3, 2]), "too large"),
    "dtype": (_set("b", "dtype", "BF16"), "type that is not read"),
    "list for a dtype": (_set("b", "dtype", ["F32"]), "type that is not read"),
    "overlap": (_set("a", "data_offsets", [0, 2]), "begin where"),
    "outside": (_set("a", "data_offsets", [10**6, 10**6 + 2]), "begin where"),
    "one offset": (_set("a", "data_offsets", [0]), "no shape"),
    "nothing": (lambda said: said.update(b=None), "no shape"),
    "metadata": (lambda said: said.update(__metadata__={"test": 3}), "are not texts"),
    "no key": (lambda said: said["__metadata__"].pop("test"), "not one that msssm-ts wrote"),
    "no JSON": (lambda said: said["__metadata__"].update(test="{"), "checksum"),
    "many": (
        lambda said: said.update(
            {str(i): {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for i in range(10_001)}
        ),
        "tensors; at most",
    ),
}


@pytest.mark.parametrize("case", BENT)
def test_bent_lists_of_tensors_are_refused(file: Path, case: str) -> None:
    said, data = parts(file)
    bend, message = BENT[case]
    bend(said)
    write(file, said, data)
    with pytest.raises(InputError, match=message):
        read_tensor_file(file, "test")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"n": NaN}', "NaN is no number"),
        ('{"n": -Infinity}', "no number"),
        ('{"n": 1e999}', "too large a number"),
        (f'{{"n": {"9" * 5000}}}', "5000 digits"),
        ('{"n": 1, "n": 1}', "'n' is there twice"),
        ('{"n": "\\ud800"}', "half a character"),
        ('{"\\udfff": 1}', "half a character"),
        ("[" * 100_000, "nested too deeply"),
        ('{"n": ' + "[" * 40 + "]" * 40 + "}", "nested too deeply"),
        ("[" + "1," * 600_000 + "1]", "more than 500,000 items"),
        ("[]", "no JSON object"),
        ("3", "no JSON object"),
        ("", "damaged"),
    ],
)
def test_bent_headers_are_refused(file: Path, text: str, message: str) -> None:
    said, data = parts(file)
    said["__metadata__"] = {"test": text}
    write(file, said, data)
    with pytest.raises(InputError, match=message):
        read_tensor_file(file, "test", with_tensors=False)


def test_surplus_bytes_and_other_things_are_refused(file: Path, tmp_path: Path) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole + b"\0")
    with pytest.raises(InputError, match="its tensors end at"):
        read_tensor_file(file, "test")
    file.write_bytes((1 << 40).to_bytes(8, "little") + whole[8:])
    with pytest.raises(InputError, match="it is cut"):
        read_tensor_file(file, "test")
    with file.open("wb") as stream:
        stream.write((40_000_000).to_bytes(8, "little"))
        stream.truncate(50_000_000)
    with pytest.raises(InputError, match="a header of 40,000,000 bytes"):
        read_tensor_file(file, "test")
    write(file, b"\xff" * 8, b"")
    with pytest.raises(InputError, match="is no text"):
        read_tensor_file(file, "test")
    for missing in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(InputError, match="no such file"):
            read_tensor_file(missing, "test")


def test_truth_is_0_or_1(file: Path) -> None:
    said, data = parts(file)
    del said["__metadata__"]["test.sha256"]
    begin, _ = said["a"]["data_offsets"]
    write(file, said, data[:begin] + b"\2" + data[begin + 1 :])
    with pytest.raises(InputError, match="neither true nor false"):
        read_tensor_file(file, "test")


def test_a_header_with_nan_is_not_written(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(ValueError, match="JSON"):
        write_tensor_file(file, ARRAYS, {"n": float("nan")}, "test")
    assert file.read_bytes() == before
