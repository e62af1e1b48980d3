"""Things by name that a folder of the package, or a file outside it, adds to."""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from msssm_ts.errors import InputError

T = TypeVar("T")

# Modules, or files that end in .py, separated by commas: each is imported, and registers things.
PLUGINS = "MSSSM_TS_PLUGINS"


@dataclass(frozen=True)
class _Entry(Generic[T]):
    summary: str
    load: Callable[[], T]


class Registry(Generic[T]):
    """Names, a sentence on each, and what they stand for, imported when it is asked for.

    Every folder of ``package`` is looked through: its ``__init__`` registers what it holds, by the
    folder's name, and imports nothing heavy, so that ``--help`` can list the names. What the
    modules or files that ``MSSSM_TS_PLUGINS`` names register comes after.

    Parameters
    ----------
    what : str
        What one of them is called in messages.
    package : str
        Where the folders are.

    Examples
    --------
    >>> numbers = Registry("number", "msssm_ts.kernels")
    >>> numbers.register("one", "the first", lambda: 1)
    >>> numbers.get("one"), numbers.summary("one")
    (1, 'the first')
    """

    def __init__(self, what: str, package: str):
        self._what, self._package = what, package
        self._entries: dict[str, _Entry[T]] = {}
        self._own: tuple[str, ...] = ()

    def register(self, name: str, summary: str, load: Callable[[], T]) -> None:
        """Add one.

        Parameters
        ----------
        name : str
            As options and model files call it.
        summary : str
            One sentence for ``--help``, without a capital and a full stop.
        load : callable
            Returns it; called when it is needed.

        Raises
        ------
        ValueError
            If the name is taken.
        """
        if name in self._entries:
            raise ValueError(f"there is a {self._what} {name!r} already")
        self._entries[name] = _Entry(summary, load)

    def own_names(self) -> tuple[str, ...]:
        """Return the names of the package, in alphabetical order."""
        if not self._own:
            package = importlib.import_module(self._package)
            folders = [m.name for m in pkgutil.iter_modules(package.__path__) if m.ispkg]
            for folder in folders:
                importlib.import_module(f"{self._package}.{folder}")
            self._own = tuple(name for name in sorted(self._entries) if name in folders)
            assert len(self._own) == len(folders), f"{folders} do not register their own names"
        return self._own

    def names(self) -> tuple[str, ...]:
        """Return all names, those of the package first."""
        own = self.own_names()
        import_plugins()
        return (*own, *(name for name in self._entries if name not in own))

    def summary(self, name: str) -> str:
        """Return the sentence on one."""
        return self._entry(name).summary

    def get(self, name: str) -> T:
        """Return what a name stands for.

        Raises
        ------
        InputError
            If nothing has that name.
        """
        return self._entry(name).load()

    def _entry(self, name: str) -> _Entry[T]:
        if name not in self._entries and name not in self.names():
            raise InputError(
                f"{self._what} {name!r}: must be one of {', '.join(self.names())}; for one from "
                f"outside the package, {PLUGINS} names the file that registers it"
            )
        return self._entries[name]


def import_plugins() -> None:
    """Import the modules and files that ``MSSSM_TS_PLUGINS`` names, each once.

    Raises
    ------
    InputError
        If one cannot be imported.
    """
    for name in filter(None, map(str.strip, os.environ.get(PLUGINS, "").split(","))):
        path = Path(name)
        module_name = path.stem if path.suffix == ".py" else name
        loaded = sys.modules.get(module_name)
        if loaded is not None:
            known = getattr(loaded, "__file__", None)
            if path.suffix == ".py" and (known is None or not _same_file(known, path)):
                raise InputError(
                    f"{PLUGINS}: there is another module {module_name!r} already; rename {name}"
                )
            continue
        try:
            if path.suffix == ".py":
                _import_file(module_name, path)
            else:
                importlib.import_module(name)
        except Exception as error:
            raise InputError(f"{PLUGINS}: {name} cannot be imported ({error})") from error


def _same_file(known: str, path: Path) -> bool:
    return Path(known).resolve() == path.resolve()


def _import_file(name: str, path: Path) -> None:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
