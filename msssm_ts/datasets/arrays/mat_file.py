"""MATLAB files of versions 4 to 7, parsed here: scipy's reader crashes on damaged ones.

Formats: The MathWorks, MAT-File Format, R2019b. What a size says is compared with what the file
holds before anything is built. Sparse matrices, objects and functions, of which no series are, are
empty arrays.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from msssm_ts.datasets.arrays.hdf5 import HDF5_MARK, matlab_variables
from msssm_ts.datasets.arrays.mat4 import read_mat4
from msssm_ts.datasets.arrays.mat5 import Broken, read_mat5
from msssm_ts.datasets.memory import demand
from msssm_ts.errors import InputError

_HEADER = 128


def read_mat_file(file: Path) -> dict[str, NDArray[Any]]:
    """Return the variables of a MATLAB file of any version.

    Returns
    -------
    dict of str to array
        Numbers in the type in which they are stored, char matrices as texts of their rows, cells as
        arrays of objects, structs as structured arrays of objects. Arrays have two or more axes.

    Raises
    ------
    InputError
        If it is damaged, none, or larger than may be read.

    Examples
    --------
    >>> import scipy.io, tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.mat")
    >>> scipy.io.savemat(file, {"a": [1.0, 2.0], "b": "text"})
    >>> read_mat_file(file)
    {'a': array([[1., 2.]]), 'b': array(['text'], dtype='<U4')}
    """
    try:
        with file.open("rb") as stream:
            head = stream.read(1024)
            if HDF5_MARK in head:
                return matlab_variables(file)
            size = os.fstat(stream.fileno()).st_size
            demand(size, file, "its variables")
            return _read(file, stream, head, size)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{file}: cannot be read ({reason}); see to it") from error
    except Broken as error:
        raise InputError(
            f"{file}: not a readable MATLAB file ({error}); save it anew with -v7"
        ) from error


def _read(file: Path, stream: BinaryIO, head: bytes, size: int) -> dict[str, NDArray[Any]]:
    # Version 5 begins with text, version 4 with a number that has a zero byte.
    if len(head) >= 4 and 0 in head[:4]:
        stream.seek(0)
        found = read_mat4(stream.read())
    elif len(head) >= _HEADER and head[126:128] in (b"IM", b"MI"):
        order = "<" if head[126:128] == b"IM" else ">"
        stream.seek(_HEADER)
        found = read_mat5(file, stream, size, order)
    else:
        raise Broken("it does not begin as one")
    return {name: value for name, value in found.items() if not name.startswith("__")}
