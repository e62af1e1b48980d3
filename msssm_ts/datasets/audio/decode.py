"""What a sound file's header says, and its samples."""

from __future__ import annotations

import re
import struct
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.audio.riff import Finished, RiffSizes, riff_sizes
from msssm_ts.datasets.memory import demand
from msssm_ts.errors import InputError

# More samples than a byte can hold in any format: silence in FLAC comes nearest.
_PER_BYTE = 8192
# What encoders that drop sound add or take at the ends, in frames.
_TOLERANCE = 6000
_LOSSY = {"VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III"}
_BLOCK, _PIECE = 1 << 18, 64
_BREAKS_OFF = "the file breaks off"
GOES_ON = "sound goes on behind what the header counts"
_FLOATS = {"FLOAT", "DOUBLE"}
# Slower than anything that is called sound, and faster than any converter.
_RATES = (10, 50_000_000)


class AudioExcerpt(NamedTuple):
    """A stretch of an audio file, in frames, of all channels or of one."""

    path: str
    start: int
    stop: int
    channel: int | None = None


class Header(NamedTuple):
    """What is known of a sound file before it is decoded.

    Parameters
    ----------
    frames, rate, channels : int
        Steps, sampling rate in hertz, channels.
    remark : str
        What is wrong with the file, though it can be read: ``unfinished header``.
    not_numbers, first : int
        Samples that are NaN or infinite, and the frame of the first.
    """

    frames: int
    rate: int
    channels: int
    remark: str = ""
    not_numbers: int = 0
    first: int = 0


class Unreadable(Exception):
    """A sound file that holds nothing to read; the text says why."""


def read_audio_excerpt(item: AudioExcerpt) -> NDArray[np.float32]:
    """Decode a stretch of an audio file to (n_channels, length), values in -1 to 1.

    Samples that are no numbers, as floating point files can hold, are NaN: missing.

    Raises
    ------
    InputError
        If the file has gone, or breaks off before the stretch ends.
    """
    values = _decode(_source(item.path), item.path, item.start, item.stop).T
    if item.channel is not None:
        values = values[item.channel : item.channel + 1]
    return np.ascontiguousarray(values)


def decode_bytes(data: bytes, name: str, frames: int) -> NDArray[np.float32]:
    """Decode a sound file that lies in memory to (n_channels, frames).

    Raises
    ------
    InputError
        If it cannot be decoded, or is shorter.
    """
    import io

    return np.ascontiguousarray(_decode(io.BytesIO(data), name, 0, frames).T)


def _decode(source: Any, name: str, start: int, stop: int) -> NDArray[np.float32]:
    import soundfile

    try:
        with soundfile.SoundFile(source) as file:
            demand(4 * (stop - start) * file.channels, name, "its sound")
            if start:
                file.seek(start)
            values: NDArray[np.float32] = file.read(stop - start, dtype="float32", always_2d=True)
            lossy = file.subtype in _LOSSY
            floats = file.subtype in _FLOATS
    except (OSError, RuntimeError) as error:
        raise InputError(f"{name}: cannot be decoded ({error}); replace the file") from error
    finally:
        if isinstance(source, Finished):
            source.close()
    lacking = stop - start - len(values)
    if lacking and lossy and lacking <= _TOLERANCE and len(values):
        # The number of frames is an estimate there.
        values = np.pad(values, ((0, lacking), (0, 0)))
    elif lacking:
        raise InputError(
            f"{name}: breaks off after {start + len(values)} frames, of which its header promises "
            f"{stop}; replace the file"
        )
    if floats:
        values[~np.isfinite(values)] = np.nan
    return values


def _source(path: str) -> str | IO[bytes]:
    """Return what is decoded: the file, with its sizes filled in where they are not written."""
    if not path.lower().endswith((".wav", ".wave")):
        return path
    try:
        with open(path, "rb") as stream:
            sizes = riff_sizes(stream)
        # libsndfile takes any size but 0 for as much as there is.
        return Finished(path) if sizes is not None and sizes.said == 0 else path  # type: ignore[return-value]
    except OSError as error:
        raise InputError(f"{path}: cannot be decoded ({error}); replace the file") from error


def read_header(file: Path) -> Header:
    """Return what a sound file's header says; what is missing there is found out.

    Raises
    ------
    Unreadable
        If there is nothing to read in it.
    """
    try:
        size = file.stat().st_size
    except OSError as error:
        raise Unreadable(_why_absent(file, error)) from error
    if not size:
        raise Unreadable("an empty file")
    try:
        with open(file, "rb") as stream:
            head = stream.read(4096)
            sizes = riff_sizes(stream) if head.startswith(b"RIFF") else None
    except OSError as error:
        raise Unreadable(f"cannot be read ({(error.strerror or str(error)).lower()})") from error
    if head.startswith(b"version https://git-lfs"):
        raise Unreadable("a pointer of Git LFS, not the sound; fetch it with git lfs pull")
    unfinished = sizes is not None and sizes.said == 0
    return _header(Finished(file) if unfinished else str(file), size, head, sizes)


def read_header_of_bytes(data: bytes) -> Header:
    """Return the header of a sound file that lies in memory.

    Raises
    ------
    Unreadable
        If there is nothing to read in it.
    """
    import io

    if not data:
        raise Unreadable("an empty file")
    return _header(io.BytesIO(data), len(data), data[:4096], None)


def _why_absent(file: Path, error: OSError) -> str:
    if file.is_symlink():
        return "a link that leads nowhere"
    return f"cannot be read ({(error.strerror or str(error)).lower()})"


def _header(source: Any, size: int, head: bytes, sizes: RiffSizes | None) -> Header:
    import soundfile

    try:
        with soundfile.SoundFile(source) as file:
            frames, rate, channels = file.frames, file.samplerate, file.channels
            remark = _remark(file, sizes, size, head)
            # The header does not say, or says what cannot be.
            unknown = frames > _PER_BYTE * size
            if not (unknown or remark) and file.format == "FLAC" and not _ends(file, frames):
                remark = _BREAKS_OFF
            bad, first = _not_numbers(file) if file.subtype in _FLOATS else (0, 0)
    except (OSError, RuntimeError) as error:
        raise Unreadable("not a readable audio file") from error
    finally:
        if isinstance(source, Finished):
            source.close()
    if unknown or remark == _BREAKS_OFF:
        frames = min(frames, _count(source))
        remark = remark or "unfinished header"
    if frames < 1:
        raise Unreadable("the file holds no sound (0 frames)")
    if not _RATES[0] <= rate <= _RATES[1]:
        raise Unreadable(f"a sampling rate of {rate} Hz, which cannot be")
    return Header(frames, rate, channels, remark, bad, first)


def _remark(file: Any, sizes: RiffSizes | None, size: int, head: bytes) -> str:
    if sizes is not None and sizes.unfinished:
        return "unfinished header"
    if sizes is not None and sizes.breaks_off:
        return "its header promises more than there is"
    if sizes is not None and sizes.goes_on:
        return GOES_ON
    if file.format == "MP3":
        promised = _promised_by_mp3(head)
        if promised and size < 0.98 * promised:
            return _BREAKS_OFF
    return ""


def _promised_by_mp3(head: bytes) -> int:
    """Bytes that an MP3 file's first frame says there are; 0 where it does not."""
    found = re.search(rb"Xing|Info", head)
    if found is None or len(head) < found.end() + 12:
        return 0
    flags, _, n_bytes = struct.unpack(">III", head[found.end() : found.end() + 12])
    return int(n_bytes) if flags & 3 == 3 else 0


def _ends(file: Any, frames: int) -> bool:
    """Whether the last frame can be decoded."""
    try:
        file.seek(max(frames - 1, 0))
        there = len(file.read(1, always_2d=True)) == min(frames, 1)
        file.seek(0)
    except (OSError, RuntimeError):
        return False
    return there


def _count(source: Any) -> int:
    """Count the frames that can be decoded."""
    import soundfile

    total = 0
    try:
        if hasattr(source, "seek"):
            source.seek(0)
        with soundfile.SoundFile(source) as file:
            # In small pieces: that in which the file ends is lost.
            while len(block := file.read(_PIECE, dtype="float32", always_2d=True)):
                total += len(block)
    except (OSError, RuntimeError):
        pass
    return total


def _not_numbers(file: Any) -> tuple[int, int]:
    """Count samples that are NaN or infinite, and find the first one's frame."""
    count, first, place = 0, 0, 0
    file.seek(0)
    n_frames = max(_BLOCK // file.channels, 1)
    while len(block := file.read(n_frames, dtype="float32", always_2d=True)):
        wrong = ~np.isfinite(block)
        if wrong.any():
            first = first if count else place + int(np.argmax(wrong.any(axis=1)))
            count += int(wrong.sum())
        place += len(block)
    return count, first
