"""The net under the readers: what parsers raise of a damaged file becomes a sentence.

Readers refuse what they know to go wrong in sentences of their own. Parsers of others, and numpy
below ours, raise what they happen to run into; that is caught here, the original chained. Mistakes
of this package are not: an AttributeError, a TypeError and the like that arises in a line of ours
goes through. ``tests/fuzz/data.py`` lists whatever the net has caught.
"""

from __future__ import annotations

import contextlib
import csv
import lzma
import os
import struct
import traceback
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from msssm_ts.errors import InputError

_OURS = str(Path(__file__).resolve().parent.parent)
# What broken compression brings about.
UNPACKING = (zlib.error, lzma.LZMAError, zipfile.BadZipFile, struct.error, NotImplementedError)
# What the content of a file can bring about anywhere. Those of pyarrow, soundfile, h5py and XML
# derive from these, SyntaxError among them.
_OF_DATA = (
    *(ValueError, ArithmeticError, LookupError, EOFError, MemoryError, RecursionError),
    *(struct.error, zlib.error, lzma.LZMAError, zipfile.BadZipFile, csv.Error, SyntaxError),
)
# What is the file's doing in the code of others, and a mistake in ours.
_OF_CODE = (TypeError, AttributeError, AssertionError, RuntimeError, NameError)


class Damaged(InputError):
    """What the net has caught; the original is its cause."""


@contextlib.contextmanager
def told_as_damage(file: str | os.PathLike[str], what: str) -> Iterator[None]:
    """Tell what a parser raises within as InputError.

    Parameters
    ----------
    file : str or path
        What is read.
    what : str
        What it was taken for, in the plural.

    Raises
    ------
    InputError
        As it was raised within, or in place of what a parser raised.

    Examples
    --------
    >>> with told_as_damage("x.edf", "EDF files"):
    ...     struct.unpack("<i", b"1")
    Traceback (most recent call last):
    msssm_ts.datasets.damage.Damaged: x.edf: damaged, or none of the EDF files (unpack ...); ...
    """
    try:
        yield
    except InputError:
        raise
    except OSError as error:
        # Those of pyarrow and h5py are of the file's content and have no number.
        remedy = "replace it" if error.errno is None else "see to it that you may read it"
        raise Damaged(
            f"{os.fspath(file)}: cannot be read ({error.strerror or reason_of(error)}); {remedy}"
        ) from error
    except (*_OF_DATA, *_OF_CODE) as error:
        if isinstance(error, MemoryError):
            raise Damaged(
                f"{os.fspath(file)}: takes more memory than there is; read a part of it, or use a "
                "machine with more"
            ) from error
        of_code = isinstance(error, _OF_CODE) and not isinstance(error, RecursionError)
        if of_code and _is_ours(error):
            raise
        raise Damaged(
            f"{os.fspath(file)}: damaged, or none of the {what} ({reason_of(error)}); replace the "
            "file"
        ) from error


def reason_of(error: BaseException, longest: int = 120) -> str:
    r"""Return what an exception says in one line, its kind where it says nothing.

    Examples
    --------
    >>> reason_of(KeyError()), reason_of(ValueError("a\n  b"))
    ('KeyError', 'a b')
    """
    # Bytes of the file may stand in it.
    text = "".join(c if c.isprintable() else " " for c in str(error))
    text = " ".join(text.split()) or type(error).__name__
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _is_ours(error: BaseException) -> bool:
    """Whether a line of this package raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename.startswith(_OURS)
