"""What files beside a model say, which anyone may have written: taken only as what it should be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

SCORES = ("accuracy", "balanced_accuracy", "exact_match", "macro_f1", "macro_auroc", "log_loss")
OF_CLASS = ("precision", "recall", "f1", "auroc")


class RecordError(ValueError):
    """A file beside a model that does not hold what it should.

    Parameters
    ----------
    what : {"run", "test"}
        Which of them.
    message : str
        What is wrong with it.
    """

    def __init__(self, what: str, message: str):
        super().__init__(message)
        self.what = what


def run_text(run: Mapping[str, Any] | None, *names: str) -> str | None:
    """Return a text of a run's ``metrics.json``, None where it does not say.

    Raises
    ------
    RecordError
        If there is something else in its place.

    Examples
    --------
    >>> run_text({"data": {"source": "a.csv"}}, "data", "source"), run_text(None, "date")
    ('a.csv', None)
    """
    value: Any = run
    for name in names:
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise RecordError("run", f"{name!r} is not there where it should be; delete the file")
        value = value.get(name)
    if value is not None and not isinstance(value, str):
        raise RecordError("run", f"{names[-1]!r} is no text; delete the file")
    return value


def test_scores(test: Mapping[str, Any], names: list[str], several: bool) -> dict[str, Any]:
    """Return what ``msssm-ts evaluate --json`` has found on test data.

    Parameters
    ----------
    test : mapping
        What it has written.
    names : list of str
        The model's classes.
    several : bool
        Whether a series can have several labels.

    Returns
    -------
    dict
        ``data``, ``n_series``, ``scores``, ``intervals``, ``per_class``.

    Raises
    ------
    RecordError
        If they are not such scores, or of other classes.
    """
    found = test.get("labels" if several else "per_class")
    if not isinstance(found, Mapping) or "accuracy" not in test or "n_series" not in test:
        raise RecordError("test", "no scores that msssm-ts evaluate --json has written")
    if list(found) != names:
        raise RecordError(
            "test",
            f"scores of the classes {', '.join(found)}, but the model knows {', '.join(names)}; "
            "give those of this model",
        )
    boot = test.get("bootstrap")
    between = boot.get("overall") if isinstance(boot, Mapping) else None
    pairs = between if isinstance(between, Mapping) else {}
    data = test.get("data")
    return {
        "data": data if isinstance(data, str) else None,
        "n_series": int(_number(test, "n_series")),
        "scores": {name: _number(test, name) for name in SCORES if test.get(name) is not None},
        "intervals": {name: _ends(pairs[name]) for name in SCORES if pairs.get(name)},
        "per_class": {name: _of_class(values) for name, values in found.items()},
    }


def _of_class(values: Any) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise RecordError("test", "the scores of a class are none")
    known = {k: None if values.get(k) is None else _number(values, k) for k in OF_CLASS}
    return {"n_series": int(_number(values, "n_series")), **known}


def _ends(pair: Any) -> list[float]:
    if not isinstance(pair, list) or len(pair) != 2:
        raise RecordError("test", "an interval that does not have two ends")
    return [_number({"end": end}, "end") for end in pair]


def _number(of: Mapping[str, Any], name: str) -> float:
    value = of.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise RecordError("test", f"{name!r} is no number")
    return float(value)
