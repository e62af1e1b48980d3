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


def size_text(n_bytes: int) -> str:
    """Write a size as people do, in powers of ten.

    Examples
    --------
    >>> size_text(12_000_000_000), size_text(1234), size_text(7)
    ('12 GB', '1.23 kB', '7 bytes')
    """
    for factor, unit in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if n_bytes >= 10**15:
            # A damaged header may say more than a float holds.
            return "more than 1000 TB"
        if n_bytes >= factor:
            return f"{n_bytes / factor:.3g} {unit}"
    return f"{n_bytes} bytes"


def duration_text(seconds: float) -> str:
    """Write how long something takes, as people say it.

    Examples
    --------
    >>> duration_text(0.4), duration_text(75), duration_text(9000), duration_text(2e5)
    ('1 s', '75 s', '2 h 30 min', '56 h')
    """
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    if minutes < 600:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{round(minutes / 60)} h"


def plural(count: int, one: str, many: str | None = None) -> str:
    """Return what is counted, as the number wants it.

    Examples
    --------
    >>> plural(1, "class", "classes"), plural(0, "channel")
    ('class', 'channels')
    """
    return one if count == 1 else many or f"{one}s"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return a number and what it counts.

    Examples
    --------
    >>> counted(1, "class", "classes"), counted(2, "channel")
    ('1 class', '2 channels')
    """
    return f"{count} {plural(count, one, many)}"
