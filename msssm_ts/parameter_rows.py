"""What a row of the table of parameters says, and how the table gets into docstrings."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from msssm_ts.parameter_checks import Check

T = TypeVar("T")

# Members that a setting concerns: the network that is trained, and the layer that is drawn, too.
TRAINED = ("network",)
NETWORKS = (*TRAINED, "drawn_network")


@dataclass(frozen=True)
class Spec:
    """What there is to know about a parameter beside its name and default.

    Parameters
    ----------
    check : Check
        What it may be.
    meaning : str
        Some sentences for the documentation.
    concerns : tuple of str
        The kinds of members without any of which it has nothing to act on; empty: it always has.
    option : str, optional
        Its option of ``msssm-ts fit``.
    brief : str
        One sentence for that option's help.
    """

    check: Check
    meaning: str
    concerns: tuple[str, ...] = ()
    option: str | None = None
    brief: str = ""


def row(
    default: Any,
    check: Check,
    meaning: str,
    concerns: tuple[str, ...] = (),
    option: str | None = None,
    brief: str = "",
) -> Any:
    """Return a field of the table; see :class:`Spec`."""
    spec = Spec(check, meaning, concerns, option, brief)
    return dataclasses.field(default=default, metadata={"spec": spec})


def named(names: Sequence[str], summary: Callable[[str], str]) -> str:
    """Say what each name stands for."""
    return "; ".join(f'"{name}": {summary(name)}' for name in names)


def specs_of(cls: type) -> Iterator[tuple[str, Any, Spec]]:
    """Yield name, default and spec of every parameter of a class, in the constructor's order."""
    for field in dataclasses.fields(cls):
        if "spec" in field.metadata:
            yield field.name, field.default, field.metadata["spec"]


def documented(cls: type[T]) -> type[T]:
    """Put the table into a class's docstring, where it says ``{parameters}``."""
    lines = []
    for name, default, spec in specs_of(cls):
        shown = f'"{default}"' if isinstance(default, str) else repr(default)
        what = (
            ", optional"
            if default is None and spec.check.described[-4:] != "None"
            else (f", default={shown}")
        )
        lines.append(f"{name} : {spec.check.described}{what}")
        text = " ".join(spec.meaning.split())
        lines += textwrap.wrap(text, 92, initial_indent="    ", subsequent_indent="    ")
    assert cls.__doc__ is not None
    cls.__doc__ = cls.__doc__.replace("{parameters}", "\n    ".join(lines))
    return cls
