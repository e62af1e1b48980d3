"""The file of sums that stands beside an updatable model's: numbers and JSON, read as untrusted.

It names the model that it belongs to by that file's checksum. A model is replaced in three steps,
after each of which there is a model with its sums: new sums under another name, the model, the
sums' name.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.atomic import replacing
from msssm_ts.errors import InputError, WritingError
from msssm_ts.file_checks import ListOf, Number, Record, Text, Whole
from msssm_ts.fitted.artifact import checksum_of
from msssm_ts.fitted.model import FittedModel
from msssm_ts.fitted.model_file import save_model
from msssm_ts.fitted.tensor_file import opened_tensor_file, write_tensor_file
from msssm_ts.members.normal_equations import NormalEquations
from msssm_ts.members.tensors import TensorSpec, check_range, check_shapes
from msssm_ts.model_path import resolve_model_path
from msssm_ts.optional import NEWER
from msssm_ts.updating.learned import Learned
from msssm_ts.updating.sums import Sums, from_sums, is_updatable, used_features

_KEY, _VERSION = "msssm_ts_sums", 1
_HEADER = Record(
    {
        "schema_version": Whole(1),
        "model": Text(200),
        "members": ListOf(Record({"weight": Number(0), "n_rows": Whole(1)}), 1),
    },
    others=True,
)
# Beyond it sums of squares of standardised features cannot go, however many.
_LARGEST_SUM = 1e18
_MODEL, _SUMS = "model.safetensors", "sums.safetensors"

Arrays = dict[str, NDArray[Any]]


def sums_beside(model: str | os.PathLike[str]) -> Path:
    """Return where the sums of a model file are.

    Examples
    --------
    >>> sums_beside("run/model.safetensors").name, sums_beside("heart.safetensors").name
    ('sums.safetensors', 'heart.sums.safetensors')
    """
    file = Path(model)
    return file.with_name(_SUMS if file.name == _MODEL else f"{file.stem}.{_SUMS}")


def save_updatable(model: FittedModel, sums: Sums, path: str | os.PathLike[str]) -> None:
    """Write a model file, and its sums beside it.

    Cut short anywhere, there is the old model with its sums, or the new one with its.

    Parameters
    ----------
    model, sums : FittedModel and Sums
        That belong together.
    path : path
        Of the model file.

    Raises
    ------
    WritingError
        If they cannot be written.
    """
    file = Path(path)
    with replacing(file) as temporary:
        save_model(model, temporary)
        _write(sums, _next(file), checksum_of(temporary))
    try:
        os.replace(_next(file), sums_beside(file))
    except OSError as error:
        raise WritingError(sums_beside(file), error) from error


def remove_sums(path: str | os.PathLike[str]) -> None:
    """Remove what lies beside a model file as its sums."""
    for file in (sums_beside(path), _next(Path(path))):
        file.unlink(missing_ok=True)


def load_sums(model: FittedModel, path: str | os.PathLike[str]) -> Sums:
    """Return the sums beside a model file.

    Parameters
    ----------
    model : FittedModel
        That was read from the file.
    path : path
        Of the model file, or the run folder that holds it.

    Raises
    ------
    InputError
        If there are none, they are another model's, or damaged.
    """
    file = resolve_model_path(path)
    if not is_updatable(model.record.parameters):
        raise InputError(
            f"{file}: cannot be updated, it was fitted without keeping sums; fit it again with "
            "--updatable (updatable=True)"
        )
    wanted = checksum_of(file)
    there = [one for one in (sums_beside(file), _next(file)) if one.is_file()]
    for one in there:
        with opened_tensor_file(one, _KEY) as opened:
            if opened.header.get("model") != wanted:
                continue
            try:
                return _read(opened, model)
            except ValueError as error:
                if isinstance(error, InputError):
                    raise
                raise InputError(
                    f"{one}: its contents do not fit the model's ({error}); fetch a fresh copy, "
                    "or fit again"
                ) from error
    if there:
        raise InputError(
            f"{there[0]}: holds the sums of another model than {file}; bring the two files that "
            "were written together, or fit again"
        )
    raise InputError(
        f"{file}: predicts, but cannot be updated: its sums, {sums_beside(file).name}, are not "
        "beside it; put them there, or fit again"
    )


def _next(model: Path) -> Path:
    """Return where sums wait for their model."""
    return sums_beside(model).with_suffix(".next.safetensors")


def _write(sums: Sums, file: Path, model: str) -> None:
    arrays: Arrays = {"class_weights": sums.class_weights}
    arrays |= {f"learned.{name}": values for name, values in vars(sums.learned).items()}
    members = []
    for i, own in enumerate(sums.equations):
        members.append({"weight": own.weight, "n_rows": own.n_rows})
        arrays |= {
            f"{i}.products": _lower(own.products),
            f"{i}.towards": own.towards,
            f"{i}.features": own.features,
            f"{i}.outputs": own.outputs,
        }
    header = {"schema_version": _VERSION, "model": model, "members": members}
    write_tensor_file(file, arrays, header, _KEY)


def _read(opened: Any, model: FittedModel) -> Sums:
    """Return what a file holds, its sizes compared with the model's before anything is read."""
    header = opened.header
    _HEADER("header", header)
    if header["schema_version"] > _VERSION:
        raise InputError(
            f"sums of schema version {header['schema_version']}, this msssm-ts reads {_VERSION}; "
            f"{NEWER}"
        )
    if not opened.has_checksum:
        raise ValueError("its checksum is missing")
    members, n_outputs = from_sums(model), len(model.labels.classes)
    if len(header["members"]) != len(members):
        raise ValueError(f"sums of {len(header['members'])} members for {len(members)}")
    sizes = [int(used_features(member).sum()) for member in members]
    check_shapes(_specs(sizes, n_outputs, model.labels.multilabel), opened.entries)
    arrays = opened.read()
    for name, values in arrays.items():
        if values.dtype.kind == "f":
            check_range(name, values, -_LARGEST_SUM, _LARGEST_SUM)
    learned = Learned(*(arrays[f"learned.{name}"] for name in Learned.__dataclass_fields__))
    largest = 1 if model.labels.multilabel else n_outputs - 1
    check_range("learned.targets", learned.targets, 0, largest)
    if not (learned.weights > 0).all() or not (arrays["class_weights"] >= 0).all():
        raise ValueError("weights that are not above 0")
    equations = tuple(
        _equations(arrays, i, size, said)
        for i, (size, said) in enumerate(zip(sizes, header["members"], strict=True))
    )
    return Sums(equations, learned, arrays["class_weights"])


def _specs(sizes: list[int], n_outputs: int, several: bool) -> dict[str, TensorSpec]:
    specs = {
        "class_weights": TensorSpec((n_outputs,), "float64"),
        "learned.series": TensorSpec(("n_series",), "int64"),
        "learned.targets": TensorSpec(("n_series", n_outputs), "uint8")
        if several
        else TensorSpec(("n_series",), "int64"),
        "learned.weights": TensorSpec(("n_series",), "float64"),
    }
    for i, n in enumerate(sizes):
        specs |= {
            f"{i}.products": TensorSpec((n * (n + 1) // 2,), "float64"),
            f"{i}.towards": TensorSpec((n, n_outputs), "float64"),
            f"{i}.features": TensorSpec((n,), "float64"),
            f"{i}.outputs": TensorSpec((n_outputs,), "float64"),
        }
    return specs


def _equations(arrays: Arrays, i: int, size: int, said: Mapping[str, Any]) -> NormalEquations:
    if not said["weight"] > 0:
        raise ValueError(f"member {i} has learned from no weight")
    own = {name: arrays[f"{i}.{name}"] for name in ("towards", "features", "outputs")}
    products = _square(arrays[f"{i}.products"], size)
    return NormalEquations(products, **own, weight=float(said["weight"]), n_rows=said["n_rows"])


def _lower(products: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the lower half, row by row.

    Examples
    --------
    >>> _lower(np.array([[1.0, 9.0], [2.0, 3.0]])).tolist()
    [1.0, 2.0, 3.0]
    """
    rows = [row[: i + 1] for i, row in enumerate(products)]
    return np.concatenate(rows) if rows else np.empty(0)


def _square(lower: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """Return what :func:`_lower` was made from, 0 above the diagonal."""
    products, first = np.zeros((n, n)), 0
    for i, row in enumerate(products):
        row[: i + 1] = lower[first : first + i + 1]
        first += i + 1
    return products
