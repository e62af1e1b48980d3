"""What a value from an untrusted JSON text may be, said once: types, ranges, lengths, keys.

Each check is called with the value's place, for the message, and the value; it raises ValueError
for anything else. Python's True is no number here, and 1.0 no whole one.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

# What counts is exact in a float up to here.
LARGEST_COUNT = 2**53
_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = 60


class FileCheck(Protocol):
    """What a value may be."""

    def __call__(self, place: str, value: Any) -> None:
        """Raise ValueError for anything else."""


def shown(value: Any) -> str:
    """Return a value as messages show it: never long.

    Examples
    --------
    >>> shown([0] * 1000)
    '[0, 0, 0, 0, 0, 0, ...]'
    """
    return _short.repr(value)


@dataclass(frozen=True)
class Whole:
    """A whole number.

    Parameters
    ----------
    least, most : int
        The smallest and the largest.

    Examples
    --------
    >>> Whole(1)("n_channels", True)
    Traceback (most recent call last):
    ...
    ValueError: n_channels must be a whole number from 1 to 9007199254740992, not True
    """

    least: int = 0
    most: int = LARGEST_COUNT

    def __call__(self, place: str, value: Any) -> None:
        """Check a value."""
        if type(value) is not int or not self.least <= value <= self.most:
            raise ValueError(
                f"{place} must be a whole number from {self.least} to {self.most}, "
                f"not {shown(value)}"
            )


@dataclass(frozen=True)
class Number:
    """A finite number.

    Parameters
    ----------
    least, most : float
        The smallest and the largest.
    """

    least: float = -math.inf
    most: float = math.inf

    def __call__(self, place: str, value: Any) -> None:
        """Check a value."""
        known = type(value) in (int, float) and abs(value) < math.inf
        if not known or not self.least <= value <= self.most:
            raise ValueError(
                f"{place} must be a number from {self.least:g} to {self.most:g}, not {shown(value)}"
            )


@dataclass(frozen=True)
class Text:
    """A text.

    Parameters
    ----------
    longest : int
        Characters at most.
    """

    longest: int = 100_000

    def __call__(self, place: str, value: Any) -> None:
        """Check a value."""
        if not isinstance(value, str) or len(value) > self.longest:
            raise ValueError(
                f"{place} must be a text of at most {self.longest} characters, not {shown(value)}"
            )


@dataclass(frozen=True)
class OneOf:
    """One of a few words, or of True and False.

    Examples
    --------
    >>> OneOf("mean", "max")("pooling", "sum")
    Traceback (most recent call last):
    ...
    ValueError: pooling must be one of 'mean', 'max', not 'sum'
    """

    words: tuple[str | bool, ...]

    def __init__(self, *words: str | bool):
        object.__setattr__(self, "words", words)

    def __call__(self, place: str, value: Any) -> None:
        """Check a value."""
        if not isinstance(value, (str, bool)) or value not in self.words:
            raise ValueError(
                f"{place} must be one of {', '.join(map(repr, self.words))}, not {shown(value)}"
            )


FLAG = OneOf(True, False)


@dataclass(frozen=True)
class Maybe:
    """What another check says, or null."""

    check: FileCheck

    def __call__(self, place: str, value: Any) -> None:
        """Check a value."""
        if value is not None:
            self.check(place, value)


@dataclass(frozen=True)
class Either:
    """What one of several checks says; the last one's message."""

    checks: tuple[FileCheck, ...]

    def __init__(self, *checks: FileCheck):
        object.__setattr__(self, "checks", checks)

    def __call__(self, place: str, value: Any) -> None:
        """Check a value."""
        for check in self.checks[:-1]:
            try:
                check(place, value)
            except ValueError:
                continue
            return
        self.checks[-1](place, value)


@dataclass(frozen=True)
class ListOf:
    """A list.

    Parameters
    ----------
    check : FileCheck
        Of each of its items.
    least, most : int
        How many.
    """

    check: FileCheck
    least: int = 0
    most: int = 1_000_000

    def __call__(self, place: str, value: Any) -> None:
        """Check a value."""
        if not isinstance(value, list) or not self.least <= len(value) <= self.most:
            raise ValueError(
                f"{place} must be a list of {self.least} to {self.most} items, not {shown(value)}"
            )
        for i, item in enumerate(value):
            self.check(f"{place}[{i}]", item)


@dataclass(frozen=True)
class Mapped:
    """An object with any keys.

    Parameters
    ----------
    check : FileCheck
        Of each of its values.
    """

    check: FileCheck

    def __call__(self, place: str, value: Any) -> None:
        """Check a value."""
        if not isinstance(value, Mapping):
            raise ValueError(f"{place} must be an object, not {shown(value)}")
        for name, item in value.items():
            self.check(f"{place}.{name[:60]!r}", item)


@dataclass(frozen=True)
class Record:
    """An object with these keys and no others.

    Parameters
    ----------
    fields : mapping of str to FileCheck
        Those that have to be there.
    optional : mapping of str to FileCheck
        Those that may be there.
    others : bool
        Whether there may be more, of which nothing is asked.

    Examples
    --------
    >>> Record({"a": Whole()})("it", {"a": 1, "b": 2})
    Traceback (most recent call last):
    ...
    ValueError: it has 'b', which means nothing here
    """

    fields: Mapping[str, FileCheck]
    optional: Mapping[str, FileCheck] = field(default_factory=dict)
    others: bool = False

    def __call__(self, place: str, value: Any) -> None:
        """Check a value."""
        if not isinstance(value, Mapping):
            raise ValueError(f"{place} must be an object, not {shown(value)}")
        for name in self.fields:
            if name not in value:
                raise ValueError(f"{place} has no {name!r}")
        known = {**self.fields, **self.optional}
        for name, item in value.items():
            if name in known:
                known[name](f"{place}.{name}", item)
            elif not self.others:
                raise ValueError(f"{place} has {name[:60]!r}, which means nothing here")


def anything(place: str, value: Any) -> None:
    """Accept whatever JSON can say."""


def checked_by(check: Callable[[Any], object]) -> FileCheck:
    """Return a check from a function that raises ValueError or TypeError without a place."""

    def run(place: str, value: Any) -> None:
        try:
            check(value)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{place}: {error}") from error

    return run


def same_length(place: str, values: Iterable[Any] | None, wanted: int, of: str) -> None:
    """Refuse a list that has not one item for each of some others; None passes.

    Examples
    --------
    >>> same_length("thresholds", [0.5], 2, "classes")
    Traceback (most recent call last):
    ...
    ValueError: 1 thresholds for 2 classes
    """
    if values is not None and (n := len(list(values))) != wanted:
        raise ValueError(f"{n} {place} for {wanted} {of}")
