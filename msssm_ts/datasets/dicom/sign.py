"""DICOM files told by their content: archives of hospitals write them without a suffix."""

from __future__ import annotations

import re
from pathlib import Path

SUFFIX = ".dcm"
# Nothing, or the last number of an identifier such as 1.2.840.10008.
_NONE = re.compile(r"(\.\d+)?")
# The directory of a disk of them has the sign, too.
_DIRECTORY = "dicomdir"
_PREAMBLE, _SIGN = 128, b"DICM"


def is_unnamed_dicom(file: Path) -> bool:
    """Whether a file without suffix has the sign of DICOM behind its preamble.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> for name in ("IM000001", "1.2.840.7", "a.bin"):
    ...     _ = (folder / name).write_bytes(bytes(128) + b"DICM")
    >>> [is_unnamed_dicom(file) for file in sorted(folder.iterdir())]
    [True, True, False]
    """
    if not _NONE.fullmatch(file.suffix) or file.name.casefold() == _DIRECTORY:
        return False
    try:
        with file.open("rb") as stream:
            return stream.read(_PREAMBLE + len(_SIGN))[_PREAMBLE:] == _SIGN
    except OSError:
        return False
