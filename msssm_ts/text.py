"""Text for a terminal: what would act there is shown instead."""

from __future__ import annotations

import re

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


def _in_python(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def _in_json(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
