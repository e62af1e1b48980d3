"""JSON from anyone, and JSON for anyone."""

from __future__ import annotations

import json
from typing import Any

from msssm_ts.errors import InputError
from msssm_ts.fitted.strict_json import once


def as_json(value: Any) -> str:
    """Return JSON; names stay as they are, numbers are finite."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def read_json(body: bytes | str, what: str) -> Any:
    """Return what JSON says.

    Parameters
    ----------
    body : bytes or str
        UTF-8.
    what : str
        What it is, for messages.

    Raises
    ------
    InputError
        If it is none, says a thing twice, or has a number that JSON does not know.

    Examples
    --------
    >>> read_json(b'{"series": [1, null]}', "the request")
    {'series': [1, None]}
    >>> read_json("[NaN]", "the message")
    Traceback (most recent call last):
    ...
    msssm_ts.errors.InputError: the message: NaN is no number in JSON; a missing value is null
    """
    try:
        return json.loads(body, parse_constant=_no_number, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{what}: not JSON ({error.msg.lower()}, line {error.lineno}, column {error.colno})"
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{what}: not JSON, for it is no text in UTF-8") from error
    except RecursionError as error:
        raise InputError(f"{what}: nested too deeply") from error
    except ValueError as error:
        raise InputError(f"{what}: {error}") from error


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number in JSON; a missing value is null")
