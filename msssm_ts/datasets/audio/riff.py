"""WAV files whose recorder stopped before it wrote their sizes."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

# Sizes that recorders write first, and replace when they end.
_NONE = {0, 0xFFFFFFFF}
_OPEN = {*_NONE, 0x7FFFFFFF, 0x80000000, 0x7FFFFFF0, 0x7FFFF000, 0x7FFFFFFE}
# Fewer bytes may be left over.
_ODD = 64
# Chunks before the sound; real files have a few.
_MOST_CHUNKS = 64


class RiffSizes(NamedTuple):
    """What a WAV file says of its sizes, and what is there.

    Parameters
    ----------
    said : int
        Bytes of sound that its header promises.
    there : int
        Bytes from the beginning of the sound to the end of the file.
    start : int
        Where the sound begins.
    of_file : int
        Bytes that the header promises for the whole file.
    goes_on : bool
        Whether what stands behind the sound that is promised is nothing else that a file may have.
    """

    said: int
    there: int
    start: int
    of_file: int
    goes_on: bool = False

    @property
    def unfinished(self) -> bool:
        """Whether the recorder never wrote the size."""
        if self.there < 1:
            return False
        return self.of_file in _NONE or (self.said in _OPEN and self.said != self.there)

    @property
    def breaks_off(self) -> bool:
        """Whether less is there than a finished header promises."""
        return self.said > self.there and not self.unfinished


def riff_sizes(stream: io.BufferedReader) -> RiffSizes | None:
    """Return the sizes of a WAV file's sound; None where it has no chunk of sound.

    An empty chunk of sound before others is empty indeed, rather than unfinished.
    """
    size = os.fstat(stream.fileno()).st_size
    stream.seek(0)
    head = stream.read(12)
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"WAVE":
        return None
    for _ in range(_MOST_CHUNKS):
        chunk = stream.read(8)
        if len(chunk) < 8:
            return None
        said = struct.unpack("<I", chunk[4:])[0]
        start = stream.tell()
        if chunk[:4] == b"data":
            if said == 0 and _are_chunks(stream, start, size):
                return None
            of_file, end = struct.unpack("<I", head[4:8])[0], start + said + said % 2
            goes_on = said > 0 and size - end > _ODD and not _are_chunks(stream, end, size)
            return RiffSizes(said, size - start, start, of_file, goes_on and _is_sound(stream, end))
        stream.seek(start + said + said % 2)
    return None


def _is_sound(stream: io.BufferedReader, place: int) -> bool:
    """Whether there is more than zeros at a place, with which files are filled up."""
    stream.seek(place)
    return any(stream.read(1 << 16))


def _are_chunks(stream: io.BufferedReader, place: int, size: int) -> bool:
    """Whether chunks, one after the other, make up the rest of a file."""
    while place < size:
        stream.seek(place)
        chunk = stream.read(8)
        if len(chunk) < 8 or not (chunk[:4].isascii() and chunk[:4].strip().isalnum()):
            return False
        said = struct.unpack("<I", chunk[4:])[0]
        place += 8 + said + said % 2
    return place in (size, size + 1)


class Finished(io.RawIOBase):
    """A WAV file as it would be if its recorder had ended well: the sizes are those of the file.

    Parameters
    ----------
    file : str or Path
        Of less than 4 GB.

    Raises
    ------
    OSError
        If it has no chunk of sound.
    """

    def __init__(self, file: str | Path):
        self._stream = open(file, "rb")  # noqa: SIM115
        sizes = riff_sizes(self._stream)
        if sizes is None:
            self._stream.close()
            raise OSError("there is no chunk of sound")
        self._stream.seek(0)
        head = bytearray(self._stream.read(sizes.start))
        most = 0xFFFFFFFF - sizes.start
        head[4:8] = struct.pack("<I", min(sizes.there, most) + sizes.start - 8)
        head[-4:] = struct.pack("<I", min(sizes.there, most))
        self._head = bytes(head)
        self._stream.seek(0)

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that every place of it can be read."""
        return True

    def seek(self, place: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        return self._stream.seek(place, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._stream.tell()

    def readinto(self, buffer: Buffer) -> int:
        """Read bytes, those of the header with the sizes filled in."""
        view = memoryview(buffer).cast("B")
        place = self._stream.tell()
        read = self._stream.readinto(view)
        if place < len(self._head):
            stop = min(place + read, len(self._head))
            view[: stop - place] = self._head[place:stop]
        return read

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
        super().close()
