"""What a file's name says of its format."""

from __future__ import annotations

import os
from pathlib import Path

from msssm_ts.errors import InputError

FORMATS = ("onnx", "pt2", "safetensors", "c")


def format_of(file: str | os.PathLike[str] | None, asked: str | None = None) -> str:
    """Return the format of a file: what is asked for, else its ending, else ONNX.

    Parameters
    ----------
    file : path, optional
        Whose name may end in a format.
    asked : {"onnx", "pt2", "safetensors", "c"}, optional
        What is asked for outright.

    Raises
    ------
    InputError
        If there is no such format, or the name ends in another.

    Examples
    --------
    >>> format_of("model.pt2"), format_of("model"), format_of("model.v2", "c")
    ('pt2', 'onnx', 'c')
    """
    ending = "" if file is None else Path(file).suffix.lower().removeprefix(".")
    if asked is None:
        if ending and ending not in FORMATS:
            known = ", ".join(f".{name}" for name in FORMATS)
            raise InputError(
                f"{file}: ends in none of {known}; name the file so, or say the format (--format)"
            )
        return ending or "onnx"
    if asked not in FORMATS:
        raise InputError(f"format {asked!r}: must be one of {', '.join(FORMATS)}")
    if ending in FORMATS and ending != asked:
        raise InputError(f"{file}: ends in .{ending}, but the format (--format) is {asked}")
    return asked
