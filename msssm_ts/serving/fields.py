"""What a request may say beside its series, each by the name of the option of ``predict``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.errors import InputError


@dataclass(frozen=True)
class Field:
    """One of them.

    Parameters
    ----------
    name : str
        As the request calls it.
    kind : {"number", "text", "yes or no", "texts"}
        What it is.
    says : str
        What it does, a sentence.
    parameter : str
        What the command line calls it inside.
    """

    name: str
    kind: str
    says: str
    parameter: str = ""

    @property
    def inside(self) -> str:
        """The name of the command line's parameter."""
        return self.parameter or self.name


ANSWERING = (
    Field(
        "coverage",
        "number",
        "Add the set of classes that holds the true one as often as this, such as 0.9.",
    ),
    Field("per_class", "yes or no", "With coverage: as often for each class, however rare."),
    Field("reject", "yes or no", "With coverage: answer only where the set has one class."),
    Field("threshold", "number", "Answer the positive class from this probability on."),
    Field("positive", "text", "The class that threshold is about."),
)
READING = (
    Field("fs", "number", "Sampling rate in hertz, where the file does not say."),
    Field("label", "text", "Column of labels, which are not used."),
    Field("id", "text", "Column of the series' identifiers."),
    Field("group", "text", "Column of what the series belong to, which is not used."),
    Field("time", "text", "Column of the time in a long table."),
    Field("channel", "text", "Column of the channel in a long table."),
    Field("drop", "texts", "Column to ignore; may be repeated."),
    Field("with", "texts", "Columns that say something of a whole series.", "beside"),
    Field("axes", "text", "Axes of an array, such as series,steps,channels."),
    Field("mono", "yes or no", "Mix the channels of sound."),
    Field("label_from", "text", "Where in file names the labels stand."),
    Field("window", "text", "Cut annotated records: seconds before and after, such as 0.3,0.4."),
    Field("beats", "text", "Labels of beats: aami or symbols."),
    Field("annotator", "text", "Suffix of annotation files beside WFDB records."),
    Field("episodes", "number", "Cut records into pieces of so many seconds."),
)
SHOW = Field("show", "text", "The series to look at: its number from 1, or its id.")


def from_form(given: Iterable[tuple[str, str]], fields: Iterable[Field]) -> dict[str, Any]:
    """Return what the fields of a form say, by their names.

    Raises
    ------
    InputError
        If there is no such field, one is there twice, or is not what it should be.

    Examples
    --------
    >>> from_form([("fs", "250"), ("mono", "true"), ("drop", "a")], READING)
    {'fs': 250.0, 'mono': True, 'drop': ['a']}
    """
    known = {field.name: field for field in fields}
    said: dict[str, Any] = {}
    for name, text in given:
        field = known.get(name)
        if field is None:
            raise _unknown(name, [*known, "file"])
        if field.kind == "texts":
            said.setdefault(name, []).append(text)
        elif name in said:
            raise InputError(f"{name} is there twice; give it once")
        else:
            said[name] = _FROM_TEXT[field.kind](name, text)
    return said


def from_json(given: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, Any]:
    """Return those of the fields that JSON has, by their names; null is absence.

    Raises
    ------
    InputError
        If one is not what it should be.

    Examples
    --------
    >>> from_json({"coverage": 0.9, "series": []}, ANSWERING)
    {'coverage': 0.9}
    """
    said = {}
    for field in fields:
        value = given.get(field.name)
        if value is None:
            continue
        if type(value) not in _OF_JSON[field.kind]:
            raise _unfit(field.name, field.kind, value)
        # Classes and series may be called by numbers.
        said[field.name] = str(value) if field.kind == "text" else value
    return said


def inside(said: Mapping[str, Any], fields: Iterable[Field]) -> dict[str, Any]:
    """Return those of the fields that are said, by the command line's names."""
    return {field.inside: said[field.name] for field in fields if field.name in said}


def check_names(given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse names that nobody knows.

    Raises
    ------
    InputError
        With the first of them.
    """
    there = list(known)
    for name in given:
        if name not in there:
            raise _unknown(name, there)


def _unknown(name: str, known: Iterable[str]) -> InputError:
    return InputError(
        f"{name[:80]!r}: no such field; there are {enumerate_names(list(known), limit=30)}"
    )


def _unfit(name: str, kind: str, value: Any) -> InputError:
    wanted = {"number": "a number", "yes or no": "true or false"}.get(kind, "a text")
    return InputError(f"{name} {str(value)[:80]!r}: must be {wanted}")


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise _unfit(name, "number", text) from None


def _yes_or_no(name: str, text: str) -> bool:
    try:
        return {"true": True, "1": True, "false": False, "0": False}[text.casefold()]
    except KeyError:
        raise _unfit(name, "yes or no", text) from None


_OF_JSON = {"number": (int, float), "yes or no": (bool,), "text": (str, int)}
_FROM_TEXT: dict[str, Callable[[str, str], Any]] = {
    "number": _number,
    "yes or no": _yes_or_no,
    "text": lambda name, text: text,
}
