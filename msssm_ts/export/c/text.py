"""Numbers and names as C99 writes them."""

from __future__ import annotations

import re
import textwrap
from typing import Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.text import visible

_A_LINE = {"float": 8, "double": 4, "int8_t": 20}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,39}")


def is_name(text: str) -> bool:
    """Tell whether a text can begin the names of a source: letters, digits, underscores.

    Examples
    --------
    >>> is_name("heart"), is_name("2hearts"), is_name("a-b")
    (True, False, False)
    """
    return _NAME.fullmatch(text) is not None


def is_stem(text: str) -> bool:
    """Tell whether a file of this name can be included: ASCII letters, digits, ``.``, ``_``, ``-``.

    Examples
    --------
    >>> is_stem("my-model.v2"), is_stem('a"b'), is_stem("cœur")
    (True, False, False)
    """
    return re.fullmatch(r"[A-Za-z0-9._-]+", text) is not None


def name_from(stem: str) -> str:
    """Make a name of a file's.

    Examples
    --------
    >>> name_from("my-model.v2"), name_from("2-hearts")
    ('my_model_v2', 'model_2_hearts')
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "_", stem).strip("_")[:33]
    return plain if plain[:1].isalpha() else f"model_{plain}"


def number(value: float, kind: str = "float") -> str:
    """Write a float32, or a double, so that it is read back to the bit.

    Examples
    --------
    >>> number(0.1), number(1.0), number(1e-12), number(0.1, "double")
    ('0.1f', '1.0f', '1e-12f', '0.1')
    """
    return f"{np.float32(value)!s}f" if kind == "float" else str(float(value))


def array(name: str, values: NDArray[Any], kind: str = "float") -> str:
    """Write a constant array.

    Examples
    --------
    >>> print(array("bias", np.array([0.5, -2.0])))
    static const float bias[2] = {
        0.5f, -2.0f
    };
    """
    flat = values.reshape(-1)
    if kind == "float":
        texts = [f"{value}f" for value in map(str, flat.astype(np.float32))]
    else:
        texts = [str(value) for value in flat.tolist()]
    n = _A_LINE[kind]
    lines = (", ".join(texts[i : i + n]) for i in range(0, len(texts), n))
    body = ",\n    ".join(lines)
    return f"static const {kind} {name}[{len(flat)}] = {{\n    {body}\n}};"


def string(text: object) -> str:
    r"""Write a string of any letters in ASCII: bytes of UTF-8 that are none by their numbers.

    Examples
    --------
    >>> print(string('a "b" ?'), string("é"))
    "a \"b\" \?" "\303\251"
    """
    data = str(text).encode("utf-8", "backslashreplace")
    return '"' + "".join(_character(byte) for byte in data) + '"'


def _character(byte: int) -> str:
    # Two question marks may be part of a trigraph.
    if byte in b'"\\?':
        return "\\" + chr(byte)
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"


def comment(text: object) -> str:
    r"""Write a text into a comment, which nothing in it ends.

    Examples
    --------
    >>> print(comment("a */ b /* c"), comment("µV"))
    a * / b / * c \xb5V
    """
    plain = visible(text).encode("ascii", "backslashreplace").decode("ascii")
    return plain.replace("*/", "* /").replace("/*", "/ *")


def wrapped(title: str, text: str) -> list[str]:
    """Return lines of a comment: a title, and a text beside it."""
    first, rest = f"{title:<11}", " " * 11
    lines = textwrap.wrap(comment(text), 84, break_long_words=False, break_on_hyphens=False)
    return [(first if i == 0 else rest) + line for i, line in enumerate(lines)]
