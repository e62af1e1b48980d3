"""Kinds of sound files: those that are read, and those that nothing here decodes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.tree import count_by_suffix, with_suffix
from msssm_ts.errors import InputError

# What libsndfile decodes, the usual ones first.
SUFFIXES = (
    *(".wav", ".flac", ".ogg", ".opus", ".mp3", ".aiff", ".aif", ".aifc", ".au", ".snd", ".caf"),
    *(".w64", ".rf64", ".wave", ".oga", ".mp2", ".voc", ".sph", ".nist", ".htk", ".iff", ".paf"),
)
# Kinds that need a decoder of their own, and films.
UNDECODED = (
    *(".m4a", ".wma", ".aac", ".webm", ".amr", ".mp4", ".m4b", ".mka", ".3gp", ".ape", ".wv"),
    *(".ra", ".ac3", ".dsf", ".dts", ".mov", ".avi", ".mkv", ".mpg", ".flv", ".wmv"),
)


def without_undecoded(files: Iterable[Path]) -> Account:
    """Return an account of the sound and films among some files that are not decoded.

    Examples
    --------
    >>> without_undecoded([Path("a.m4a"), Path("b.m4a"), Path("c.txt")]).line()
    'left out: 2 files (2 .m4a: not decoded here; convert them, as in ffmpeg -i a.m4a a.wav)'
    """
    found = with_suffix(files, UNDECODED)
    return Account().without(
        len(found),
        "files",
        f"not decoded here; convert them, {_how(found)}" if found else "",
        count_by_suffix(found),
    )


def refuse_undecoded(source: Path, files: Iterable[Path]) -> None:
    """Raise InputError where there is sound, but none of a kind that is decoded.

    Examples
    --------
    >>> refuse_undecoded(Path("x"), [Path("x/a.m4a")])
    Traceback (most recent call last):
    msssm_ts.errors.InputError: x: 1 .m4a cannot be decoded here; convert to WAV or FLAC, as in ...
    """
    found = with_suffix(files, UNDECODED)
    if found:
        raise InputError(
            f"{source}: {enumerate_names(count_by_suffix(found))} cannot be decoded here; convert "
            f"to WAV or FLAC, {_how(found)}"
        )


def _how(files: list[Path]) -> str:
    suffix = files[0].suffix.lower()
    return f"as in ffmpeg -i a{suffix} a.wav"
