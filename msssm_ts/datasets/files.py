"""Single files: told apart by their suffix."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msssm_ts.datasets.archives.archive import read_arff, read_ts
from msssm_ts.datasets.arrays.hdf5_series import read_hdf5
from msssm_ts.datasets.arrays.matlab import read_mat
from msssm_ts.datasets.arrays.named_arrays import read_npy, read_npz
from msssm_ts.datasets.compressed import SUFFIXES as COMPRESSED
from msssm_ts.datasets.compressed import bare_suffix
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.frame import read_parquet
from msssm_ts.datasets.tables.layout import read_text_table
from msssm_ts.errors import InputError

_TEXT = (".csv", ".tsv", ".txt")
# The likeliest first, where a set lies there in several formats.
_READERS: dict[str, Callable[[Path, ReadOptions], LabelledSeries]] = {
    ".ts": read_ts,
    **dict.fromkeys(_TEXT, read_text_table),
    ".arff": read_arff,
    ".npz": read_npz,
    ".parquet": read_parquet,
    ".npy": read_npy,
    ".mat": read_mat,
    ".h5": read_hdf5,
    ".hdf5": read_hdf5,
}
SUFFIXES = tuple(_READERS)


def read_file(file: Path, options: ReadOptions) -> LabelledSeries:
    r"""Read one file, by its suffix.

    Raises
    ------
    InputError
        If the suffix is unknown, or the file cannot be understood.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp(), "x.csv")
    >>> _ = file.write_text("label,t0,t1\na,1,2\nb,3,4\n")
    >>> read_file(file, ReadOptions()).summary()
    '2 series, 1 channel × 2 steps, 2 classes: a b'
    """
    suffix = bare_suffix(file)
    reader = _READERS.get(suffix)
    if reader is None:
        raise InputError(
            f"{file}: unknown kind of file {suffix!r}; known are {', '.join(SUFFIXES)}"
        )
    if suffix not in _TEXT and file.suffix.lower() in COMPRESSED:
        raise InputError(f"{file}: only text tables are read compressed; unpack it")
    try:
        if not file.stat().st_size:
            raise InputError(f"{file}: the file is empty; replace it")
        return reader(file, options)
    except OSError as error:
        raise InputError(
            f"{file}: cannot be read ({(error.strerror or str(error)).lower()}); see to it that "
            "you may read it"
        ) from error
