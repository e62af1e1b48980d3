"""Text for a terminal: what would act there is shown instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

# Control characters (C0, DEL, C1), line ends, marks that turn the direction of what follows, and
# halves of characters.
_ACTS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: object, *, json: bool = False) -> str:
    r"""Return a text with its control characters written out, to be shown on one line.

    Sequences that colour or clear a terminal, line ends and marks of direction come from names in
    files, and would make a message say what it does not.

    Parameters
    ----------
    text : object
        To be shown.
    json : bool
        Write them as JSON does, so that the text is JSON with the same values afterwards.

    Examples
    --------
    >>> print(visible("a\x1b[31mred\n\u202etxt.exe"))
    a\x1b[31mred\n\u202etxt.exe
    """
    return _ACTS.sub(_in_json if json else _in_python, str(text))


def nearest(name: str, there: Iterable[object], cutoff: float = 0.6) -> str | None:
    """Return the one of some names that is most like a name, in any case; None if none is.

    Parameters
    ----------
    name : str
        As it was typed.
    there : iterable
        Names that there are.
    cutoff : float
        How alike they have to be, between 0 and 1.

    Examples
    --------
    >>> nearest("Agee", ["age", "sex"]), nearest("colour", ["age", "sex"])
    ('age', None)
    """
    lower = {one.casefold(): one for one in reversed([*map(str, there)])}
    near = difflib.get_close_matches(name.casefold(), list(lower), 1, cutoff)
    return lower[near[0]] if near else None


def meant(name: str, there: Iterable[object], cutoff: float = 0.6) -> str:
    """Return the end of a sentence on a name that there is not: which may be meant, if any.

    Examples
    --------
    >>> "there is no 'agee'" + meant("agee", ["age", "sex"])
    "there is no 'agee'; is 'age' meant?"
    """
    near = nearest(name, there, cutoff)
    return "" if near is None else f"; is {near!r} meant?"


def _in_python(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def _in_json(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
