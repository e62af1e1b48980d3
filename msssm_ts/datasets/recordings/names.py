"""What tables call the files of a folder."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from unicodedata import normalize
from urllib.parse import unquote

# The suffix of a file of another kind, as tables name signals (.dat) for records (.hea).
_SUFFIX = re.compile(r"(?<=.)\.[a-z][a-z0-9]{1,4}$")


class FileNames:
    r"""Files by everything that people write for them.

    That is the path or any end of it, with or without suffix, with slashes of either kind, in any
    case and form of Unicode, or as an address writes it; or a path that goes on above the folder.
    Records of several files have one.

    Parameters
    ----------
    folder : Path
        The files lie below it.
    files : iterable of Path
        The files.

    Examples
    --------
    >>> folder = Path("set")
    >>> names = FileNames(folder, [folder / "wav" / "a.wav", folder / "wav" / "b.wav"])
    >>> names.find("wav\\A.WAV").name, names.find("/home/me/set/wav/b").name, names.find("c")
    ('a.wav', 'b.wav', None)
    >>> numbers = FileNames(folder, [folder / "00007.hea"])
    >>> [numbers.find(text, loosely=True).name for text in ("7", "7.0")]
    ['00007.hea', '00007.hea']
    >>> names.find("https://example.org/wav/%61.wav?download=1", loosely=True).name
    'a.wav'
    """

    def __init__(self, folder: Path, files: Iterable[Path]):
        self.folder = folder
        self.files = list(files)
        self._name = os.path.basename(os.path.abspath(folder)).casefold()
        # By any end of the path below the folder, by the whole of it, and by place on the disk.
        self._by_end: dict[str, Path | None] = {}
        self._whole: dict[str, Path | None] = {}
        self._places: dict[str, Path] = {}
        self._suffixes: set[str] = set()
        # Names of digits alone, which spreadsheets write without the zeros before them.
        self._numbers: dict[str, Path | None] = {}
        for file in self.files:
            suffix = file.suffix.lower()
            self._suffixes.add(suffix)
            parts = _parts(file.relative_to(folder).as_posix())
            for i in range(len(parts)):
                end = "/".join(parts[i:])
                for name in (end, _without(end, {suffix})):
                    _add(self._by_end, name, file)
                    if i == 0:
                        _add(self._whole, name, file)
            self._places[os.path.abspath(file)] = file
            if file.stem.isdecimal():
                _add(self._numbers, _number(file.stem), file)

    def find(self, text: str, base: Path | None = None, *, loosely: bool = False) -> Path | None:
        """Return the file that a text names; None where it is none, or several.

        Parameters
        ----------
        text : str
            From a table.
        base : Path, optional
            The table's folder: a file below it is meant first.
        loosely : bool
            Whether the name of the file is enough, though it lies in another folder than the
            text says, or has zeros before its number.
        """
        return self._look(text, base, loosely)[0]

    def is_ambiguous(self, text: str, base: Path | None = None, *, loosely: bool = False) -> bool:
        """Whether a text names several files."""
        file, known = self._look(text, base, loosely)
        return file is None and known

    def _look(self, text: str, base: Path | None, loosely: bool) -> tuple[Path | None, bool]:
        found = self._look_for(text, base, loosely)
        if found[1] or not ("%" in text or "://" in text):
            return found
        return self._look_for(_of_address(text), base, loosely)

    def _look_for(self, text: str, base: Path | None, loosely: bool) -> tuple[Path | None, bool]:
        parts = _parts(text)
        if not parts:
            return None, False
        place = os.path.abspath(os.path.join(base or self.folder, text.strip().replace("\\", "/")))
        if place in self._places:
            return self._places[place], True
        ways: list[tuple[dict[str, Path | None], tuple[str, ...]]] = []
        if base is not None and base != self.folder and base.is_relative_to(self.folder):
            above = _parts(base.relative_to(self.folder).as_posix())
            ways.append((self._by_end, (*above, *parts)))
        ways.append((self._by_end, parts))
        # What the text has more is the way to the folder, which ends with its name.
        ways += [
            (self._whole, parts[i:]) for i in range(1, len(parts)) if parts[i - 1] == self._name
        ]
        if loosely:
            ways += [(self._by_end, parts[i:]) for i in range(1, len(parts))]
            ways += [(self._numbers, (_number(parts[-1]),))]
            ways += [
                (self._by_end, (*parts[i:-1], _SUFFIX.sub("", parts[-1])))
                for i in range(len(parts))
            ]
        several = False
        for names, end in ways:
            name = "/".join(end)
            for way in dict.fromkeys((name, _without(name, self._suffixes))):
                if way in names:
                    file = names[way]
                    if file is not None:
                        return file, True
                    several = True
        return None, several


def _add(names: dict[str, Path | None], name: str, file: Path) -> None:
    known = names.get(name, file)
    # Two files of one name have none.
    names[name] = file if known is file else None


def _number(text: str) -> str:
    """Return a number as short as it can be written; beside empty cells they have fractions."""
    text = re.sub(r"(?<=[0-9])\.0+$", "", text)
    return text.lstrip("0") or text[-1:]


def _of_address(text: str) -> str:
    """Return the path of an address, with the characters that it has numbers for."""
    if "://" in text:
        text = text.partition("://")[2].partition("?")[0].partition("#")[0]
    return unquote(text)


def _parts(text: str) -> tuple[str, ...]:
    # macOS takes letters and their accents apart.
    parts = normalize("NFC", text).strip().replace("\\", "/").casefold().split("/")
    return tuple(p for p in parts if p not in ("", ".", ".."))


def _without(name: str, suffixes: set[str]) -> str:
    head, dot, tail = name.rpartition(".")
    return head if dot and head and f".{tail}" in suffixes else name
