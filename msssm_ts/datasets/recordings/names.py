"""What tables call the files of a folder."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path, PurePosixPath


class FileNames:
    r"""Files by everything that people write for them.

    That is the path or any end of it, with or without suffix, with slashes of either kind, in any
    case. Records of several files have one.

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
    """

    def __init__(self, folder: Path, files: Iterable[Path]):
        self.folder = folder
        self._by_name: dict[str, Path | None] = {}
        self._suffixes: set[str] = set()
        for file in files:
            parts = _parts(file.relative_to(folder).as_posix())
            self._suffixes.add(file.suffix.lower())
            ends = ["/".join(parts[i:]) for i in range(len(parts))]
            for end in ends:
                self._add(end, file)
                self._add(_without(end, {file.suffix.lower()}), file)

    def _add(self, name: str, file: Path) -> None:
        known = self._by_name.get(name, file)
        # Two files of one name have none.
        self._by_name[name] = file if known == file else None

    def find(self, text: str, base: Path | None = None) -> Path | None:
        """Return the file that a text names; None where it is none, or several.

        Parameters
        ----------
        text : str
            From a table.
        base : Path, optional
            The table's folder: a file below it is meant first.
        """
        file, _ = self._look(text, base)
        return file

    def is_ambiguous(self, text: str) -> bool:
        """Whether a text names several files."""
        file, known = self._look(text, None)
        return file is None and known

    def _look(self, text: str, base: Path | None) -> tuple[Path | None, bool]:
        parts = _parts(text)
        if not parts:
            return None, False
        above: tuple[str, ...] = ()
        if base is not None and base != self.folder and base.is_relative_to(self.folder):
            above = _parts(base.relative_to(self.folder).as_posix())
        ends = [(*above, *parts)] if above else []
        ends += [parts[i:] for i in range(len(parts))]
        several = False
        for end in ends:
            name = "/".join(end)
            for way in dict.fromkeys((name, _without(name, self._suffixes))):
                if way in self._by_name:
                    file = self._by_name[way]
                    if file is not None:
                        return file, True
                    several = True
        return None, several


def _parts(text: str) -> tuple[str, ...]:
    path = PurePosixPath(text.strip().replace("\\", "/").casefold())
    return tuple(p for p in path.parts if p not in ("/", ".", ".."))


def _without(name: str, suffixes: set[str]) -> str:
    head, dot, tail = name.rpartition(".")
    return head if dot and head and f".{tail}" in suffixes else name
