"""Labels, identifiers and groups: integers where they are written so, else strings."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from unicodedata import normalize

import numpy as np
from numpy.typing import NDArray

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.several import on_other_signs
from msssm_ts.errors import InputError

# What stands for a label that is not there.
_NOTHING = {"", "nan", "none", "nat", "<na>", "?"}
# Digits alone: Python also takes 1_1 for 11, and digits of other scripts.
_WHOLE = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.0*)?")
_WITH_EXPONENT = re.compile(r"[+-]?[0-9](\.[0-9]*)?[eE][+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
# What people write between words, or leave out, not beside numbers; characters that nobody sees.
_BETWEEN = re.compile(r"(?<=[^\W\d_])[\s_\-]+(?=[^\W\d_])|\s+(?=\s)|[\u200b-\u200d\ufeff]+")
# What spreadsheets write below their rows, and people for a label that is still to come.
_TOTALS = {"total", "totals", "grand total", "sum", "mean", "average", "avg", "median", "std"}
_TOTALS |= {"min", "max", "count", "gesamt", "summe", "mittelwert", "moyenne", "somme"}
_UNLABELLED = {"unlabeled", "unlabelled", "no label", "not labeled", "not labelled", "nolabel"}
_UNLABELLED |= {"not annotated", "unannotated", "tbd", "todo", "missing", "n.a.", "to be labeled"}
# What numbers are written for.
_STATES = {"true": "1", "false": "0"}
# So few classes, or series, may be anything.
_FEW = 20


def tidy_labels(values: Iterable[Any]) -> NDArray[Any]:
    """Return labels as integers if all are whole numbers and none is lost by it, else as written.

    Examples
    --------
    >>> tidy_labels(["1.0000000e+00", "2"]), tidy_labels([" a", "1"])
    (array([1, 2]), array(['a', '1'], dtype='<U1'))
    >>> tidy_labels(["1_1", "11"]), tidy_labels(["01", "1"])
    (array(['1_1', '11'], dtype='<U3'), array(['01', '1'], dtype='<U2'))
    """
    texts = [text_of(v) for v in values]
    numbers = {t: _whole(t) for t in dict.fromkeys(texts)}
    if None in numbers.values() or len(set(numbers.values())) < len(numbers):
        return np.array(texts)
    return np.array([numbers[t] for t in texts], dtype=np.int64)


def _whole(text: str) -> int | None:
    """Return the whole number that a text writes, if it writes one that an integer holds."""
    if not (_WHOLE.fullmatch(text) or _WITH_EXPONENT.fullmatch(text)):
        return None
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else None


def lookalikes(labels: Iterable[Any]) -> str:
    """Say which labels are hardly different, or may be several in one.

    Examples
    --------
    >>> lookalikes(["1", "1.0", "2"])
    'took 1 and 1.0 for different classes, as they are written'
    """
    labels = list(labels)
    return spelt_alike(labels) or on_other_signs(labels)


def spelt_alike(labels: Iterable[Any], kind: str = "classes") -> str:
    """Say which labels, or other names, are one number, or word, written in two ways.

    Parameters
    ----------
    labels : iterable
        Different ones.
    kind : str
        What they are taken for.

    Examples
    --------
    >>> spelt_alike(["yes", "Yes", "no"])
    'took Yes and yes for different classes, though only case differs'
    >>> spelt_alike(["no beat", "no_beat"]).partition(", ")[2]
    'though only case, blanks, hyphens or accents written in another way differ'
    >>> spelt_alike(["1", "1.0"], "groups (speaker)")
    'took 1 and 1.0 for different groups (speaker), as they are written'
    >>> spelt_alike([2**53, 2**53 + 1])
    ''
    >>> spelt_alike(["0", "False", "True"]), spelt_alike(["False", "True"])
    ('took 0 and False for different classes, as they are written', '')
    >>> spelt_alike(["a", " a", "b"]).partition(" for")[0]
    "took ' a' and 'a'"
    """
    labels = list(labels)
    seen: dict[Decimal, str] = {}
    for label in labels:
        text = str(label)
        value = _STATES.get(text.casefold(), text)
        # What only looks like a number, such as 12e45678 among names, is none.
        if _NUMBER.fullmatch(value) and math.isfinite(float(value)):
            other = seen.setdefault(Decimal(value), text)
            if other.casefold() != text.casefold():
                return f"took {other} and {text} for different {kind}, as they are written"
    spellings: dict[str, list[str]] = {}
    for text in sorted(map(str, labels)):
        plain = _BETWEEN.sub("", normalize("NFKC", text).casefold()).strip()
        spellings.setdefault(plain, []).append(text)
    alike = [names for names in spellings.values() if len(names) > 1]
    if not alike:
        return ""
    blank = any(n != n.strip() for names in alike for n in names)
    shown = [" and ".join(map(repr, names) if blank else names) for names in alike]
    which = enumerate_names(shown, 3)
    by_case = all(len({n.casefold() for n in names}) == 1 for names in alike)
    what = "case" if by_case else "case, blanks, hyphens or accents written in another way"
    verb = "differs" if by_case else "differ"
    return f"took {which} for different {kind}, though only {what} {verb}"


def on_odd_rows(labels: NDArray[Any], ids: NDArray[Any] | None = None) -> str:
    """Say that a class may be a row of totals, or stand for series that have no label.

    Parameters
    ----------
    labels : array of shape (n_series,)
        In the order of the series.
    ids : array of shape (n_series,), optional
        Of the series.

    Examples
    --------
    >>> on_odd_rows(np.array(["a", "b", "Total"])).partition(":")[0]
    "the last series is called 'Total'"
    >>> on_odd_rows(np.array(["a", "unlabeled", "b"])).partition(",")[0]
    "took 'unlabeled' for a class like others"
    >>> on_odd_rows(np.array([1, 2])), on_odd_rows(np.array(["sum", "sum"]))
    ('', '')
    """
    for names in (labels, *([] if ids is None else [ids])):
        last = str(names[-1]) if len(names) else ""
        if last.strip().casefold() in _TOTALS and (names == names[-1]).sum() == 1:
            return f"the last series is called {last!r}: remove it if it is a row of totals"
    for label in np.unique(labels).tolist():
        if str(label).strip().casefold().replace("_", " ") in _UNLABELLED:
            return (
                f"took {label!r} for a class like others, though it may stand for no label; leave "
                "such series out, or give them with --unlabelled"
            )
    return ""


def on_groups(labels: NDArray[Any], groups: NDArray[Any], kind: str = "groups") -> str:
    """Say that groups are the classes, or one: no group can then be left out to measure by.

    Where classes have a single series, little can be measured anyway.

    Parameters
    ----------
    labels : array of shape (n_series,) or (n_series, n_labels)
        Of training series.
    groups : array of shape (n_series,)
        What they belong to.
    kind : str
        What groups are called, in the plural.

    Examples
    --------
    >>> on_groups(np.array(["a", "a", "b", "b"]), np.array([1, 1, 2, 2])).partition(":")[0]
    'every class is of one of the groups alone'
    >>> on_groups(np.array(["a", "a", "b", "b"]), np.array([1, 2, 2, 2])).partition(":")[0]
    ''
    """
    told = "nothing is left to learn it from where whole groups are left out"
    _, codes = np.unique(groups.astype(str), return_inverse=True)
    if len(codes) > 1 and not codes.any():
        said, told = f"all series are of one of the {kind}", "none can be left out as a whole"
    elif labels.ndim == 1 and all(
        (labels == c).sum() > 1 and np.ptp(codes[labels == c]) == 0 for c in np.unique(labels)
    ):
        said = f"every class is of one of the {kind} alone"
    else:
        return ""
    return f"{said}: {told}, and what is measured so tells nothing (--ungrouped goes by series)"


def on_one_hot(matrix: NDArray[Any]) -> str:
    """Say that every series has just one of several labels; of few series that tells nothing.

    Examples
    --------
    >>> on_one_hot(np.eye(3)[[0, 1, 2] * 9]).partition(":")[0]
    'every series has just one of the 3 labels'
    """
    n_series, n_labels = matrix.shape
    if n_series <= _FEW or n_labels < 2 or not (matrix.sum(axis=1) == 1).all():
        return ""
    return (
        f"every series has just one of the {n_labels} labels: if they are classes, give them in "
        "one column"
    )


def refuse_unlearnable(labels: NDArray[Any], source: str) -> None:
    """Refuse labels that are no classes: measured values, or another one for every series.

    Parameters
    ----------
    labels : array of shape (n_series,)
        As :func:`tidy_labels` returns them.
    source : str
        For the message.

    Raises
    ------
    InputError
        If most series have a label of their own, or there are many labels with fractions.

    Examples
    --------
    >>> refuse_unlearnable(np.array(["a", "b", "a"]), "x.csv")
    """
    if labels.ndim > 1:
        return
    different = np.unique(labels)
    n_series, n_classes = len(labels), len(different)
    if n_classes <= _FEW // 2:
        return
    texts = [str(t) for t in different]
    most = n_classes > n_series / 2
    if all(_NUMBER.fullmatch(t) for t in texts):
        fractional = any(not float(t).is_integer() for t in texts)
        if fractional and (most or n_classes > _FEW):
            raise InputError(
                f"{source}: the labels are {n_classes} different numbers with fractions, such as "
                f"{texts[0]}, a measured value rather than classes; bin it into classes, or name "
                "another column with --label"
            )
    if most and (n_series > _FEW or n_classes == n_series):
        raise InputError(
            f"{source}: {n_classes} different labels for {n_series} series, so that most classes "
            "have one series; bin them into fewer classes, or name another column with --label"
        )


def tidy_names(values: Iterable[Any]) -> NDArray[Any]:
    """Return names as integers only if nothing is lost by it: 001 is another name than 1.

    Examples
    --------
    >>> tidy_names(["1", "20"]), tidy_names(["001", "1"])
    (array([ 1, 20]), array(['001', '1'], dtype='<U3'))
    """
    texts = [text_of(v) for v in values]
    try:
        numbers = [int(t) for t in texts]
    except ValueError:
        return np.array(texts)
    if all(str(n) == t and abs(n) < 2**63 for n, t in zip(numbers, texts, strict=True)):
        return np.array(numbers, dtype=np.int64)
    return np.array(texts)


def text_of(value: Any) -> str:
    """Return a label as text, without space around it; empty if there is none.

    Examples
    --------
    >>> text_of(" a "), text_of(float("nan")), text_of(3.0)
    ('a', '', '3')
    """
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        value = int(value)
    text = "" if value is None else str(value).strip()
    missing = not isinstance(value, str) and text.lower() in _NOTHING
    return "" if missing or text.lower() == "nan" else text


def first_missing(values: Sequence[Any]) -> int | None:
    """Return the position of the first label that is not there."""
    return next((i for i, v in enumerate(values) if not text_of(v)), None)
