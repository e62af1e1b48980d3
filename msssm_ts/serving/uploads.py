"""Files that came with a request: in a folder of their own while they are read, then gone."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from msssm_ts.datasets.files import LISTED
from msssm_ts.datasets.recordings.listed import listed_in
from msssm_ts.errors import InputError

# Readers look at folders above a table for what it lists: these are empty.
_ABOVE = ("upload",) * 4
_LONGEST_NAME = 120


@dataclass(frozen=True)
class Uploaded:
    """Files, or one.

    Parameters
    ----------
    folder : Path
        Where they are.
    files : tuple of Path
        They.
    """

    folder: Path
    files: tuple[Path, ...]

    @property
    def source(self) -> str:
        """What to read: the one file, or the folder of several."""
        return str(self.files[0] if len(self.files) == 1 else self.folder)

    def told(self, sentence: str) -> str:
        """Return a sentence with names as they came, not as they lie here."""
        bare = sentence.replace(f"{self.folder}/", "")
        return bare.replace(str(self.folder), "upload")


@contextmanager
def kept_for_now(named: Sequence[tuple[str, IO[bytes]]]) -> Iterator[Uploaded]:
    """Write files into a folder of their own, and delete them in the end.

    Parameters
    ----------
    named : sequence of str and binary file
        What the client calls them; folders before a name are left away.

    Raises
    ------
    InputError
        If a name cannot be one of a file, two are alike, or a table lists recordings that did not
        come with it.
    """
    with tempfile.TemporaryDirectory(prefix="msssm-ts-") as room:
        folder = Path(room).resolve().joinpath(*_ABOVE)
        folder.mkdir(parents=True)
        files = []
        for name, content in named:
            file = folder / _bare_name(name)
            if file in files:
                raise InputError(f"{file.name}: came twice; give each file a name of its own")
            with file.open("xb") as out:
                shutil.copyfileobj(content, out)
            files.append(file)
        uploaded = Uploaded(folder, tuple(files))
        try:
            for file in files:
                _check_inside(file, folder)
            yield uploaded
        except InputError as error:
            raise InputError(uploaded.told(str(error))) from error


def _bare_name(name: str) -> str:
    bare = name.replace("\\", "/").rpartition("/")[2]
    if not bare.strip(". ") or not bare.isprintable() or len(bare.encode()) > _LONGEST_NAME:
        raise InputError(f"{bare[:80]!r}: is no name of a file; give it a short, plain one")
    return bare


def _check_inside(file: Path, folder: Path) -> None:
    """Refuse a table that would have other files of this machine read."""
    inside = False
    try:
        listed = listed_in(file, LISTED)
        inside = listed is None or all(
            recording.resolve().is_relative_to(folder) for recording in listed.recordings
        )
    except InputError:
        # Nor is it told what there is elsewhere, and what is not.
        pass
    if not inside:
        raise InputError(
            f"{file}: lists recordings that did not come with it; send them and it together"
        )
