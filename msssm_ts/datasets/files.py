"""Single files: told apart by their suffix."""

from __future__ import annotations

from pathlib import Path

from msssm_ts.datasets.compressed import SUFFIXES as COMPRESSED
from msssm_ts.datasets.compressed import bare_suffix
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.readers import DATA_FILES, reader_of
from msssm_ts.datasets.readers import SUFFIXES as READ
from msssm_ts.datasets.tables.text_files import is_text_table
from msssm_ts.errors import InputError

# Of files that are a data set each, the likeliest first.
SUFFIXES = tuple(s for r in DATA_FILES for s in r.suffixes)


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
    reader = reader_of(".txt" if is_text_table(file) else suffix)
    if reader is None:
        known = ", ".join(READ)
        raise InputError(f"{file}: unknown kind of file {suffix!r}; known are {known}")
    if not reader.compressed and file.suffix.lower() in COMPRESSED:
        raise InputError(f"{file}: only text tables are read compressed; unpack it")
    try:
        if not reader.recordings and not file.stat().st_size:
            raise InputError(f"{file}: the file is empty; replace it")
        return reader(file, options)
    except OSError as error:
        raise InputError(
            f"{file}: cannot be read ({(error.strerror or str(error)).lower()}); see to it that "
            "you may read it"
        ) from error
