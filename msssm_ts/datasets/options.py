"""What the user says about DATA; everything else is seen by looking."""

from __future__ import annotations

import fnmatch
import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

from msssm_ts.datasets.messages import no_column
from msssm_ts.errors import OptionError

# Options of the command line that are called otherwise than the field.
_OPTIONS = {
    "beat_classes": "--beats",
    "beside": "--with",
    "fold": "--validation",
    "sampling_rate": "--fs",
}

# Fields that readers fill in for readers.
_FOUND = ("tables", "recordings", "headers", "wanted", "unlabelled")
# Fields that act on recordings with tables beside them, and on annotated records.
OF_RECORDINGS = frozenset({"label", "group", "fold", "label_from", "beside"})
OF_RECORDS = OF_RECORDINGS | {"drop", "window", "beat_classes", "annotator", "episodes"}

# Fields that are a text each, and those that are a number.
_NAMES = ("label", "id", "group", "time", "channel", "fold", "label_from", "annotator", "axes")
_POSITIVE: dict[str, Any] = {
    "sampling_rate": numbers.Real,
    "episodes": numbers.Real,
    "max_memory": numbers.Integral,
}

Split = Literal["train", "test"]
BeatClasses = Literal["aami", "symbols"]

# In place of names: leave out what a reader brings by itself.
NOTHING_BESIDE = ("none",)
# Behind a name: compared within its group.
BY_GROUP = "@group"


@dataclass(frozen=True)
class ReadOptions:
    """Columns and cuts that the user named; None where the source is to be looked at.

    Parameters
    ----------
    label, id, group, time, channel, fold : str, optional
        Columns of a table: label, series identifier, what the series belongs to; in a long
        table also the time and the channel of a value; the part of a predefined split. Several
        label columns of 0 and 1, with commas between, are labels that a series can have at once;
        several columns of ids are one together.
    drop : tuple of str
        Columns to ignore; patterns such as ``resp_*`` name several.
    beside : tuple of str
        Columns that say something of a whole series, an age or a sex, which the model is told as
        well; patterns name several. ``("none",)``: not even those that a reader brings by itself.
    split : {"train", "test"}
        The part that is meant where a source has several and its name does not say.
    window : tuple of two floats, optional
        Seconds before and after an annotation: cut beats out of annotated records.
    beat_classes : {"aami", "symbols"}
        Labels of beats: the five of AAMI EC57, or the annotation symbols.
    sampling_rate : float, optional
        In hertz, for a source that does not say.
    label_from : str, optional
        Where in a file's name its label stands, for recordings: a pattern such as
        ``{group}-{label}-*``, or a regular expression with groups.
    annotator : str, optional
        Suffix of the annotation files beside WFDB records, such as ``qrs``.
    episodes : float, optional
        Cut annotated records into pieces of so many seconds, each labelled by the rhythm, or the
        stage of sleep, that is annotated for most of it.
    mono : bool
        Mix the channels of audio files down to one.
    axes : str, optional
        What the axes of an array are, such as ``series,steps,channels``.
    max_memory : int, optional
        Bytes that what is read may take in memory, unpacked; else half of what is free. Series
        that are decoded when they are needed count one by one. It is no property of the data: a
        model does not keep it.
    tables, recordings : tuple of Path
        Tables that list recordings, and those, where a table was named as the source; of one
        recording, itself and what belongs to it, where that is known. No option of the command
        line.
    headers : tuple of str
        What the headers of recordings say of patients, by name. No option either.
    wanted : tuple of str
        The channels of the model that the series are for, empty texts where it knows no names: what
        has as many columns and no series of its own is one series. No option either.
    unlabelled : bool
        Whether series without labels will do, so that labels which only some have are none. No
        option either.
    """

    label: str | None = None
    id: str | None = None
    group: str | None = None
    time: str | None = None
    channel: str | None = None
    fold: str | None = None
    drop: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    split: Split = "train"
    window: tuple[float, float] | None = None
    beat_classes: BeatClasses = "aami"
    sampling_rate: float | None = None
    label_from: str | None = None
    annotator: str | None = None
    episodes: float | None = None
    mono: bool = False
    axes: str | None = None
    max_memory: int | None = None
    tables: tuple[Path, ...] = ()
    recordings: tuple[Path, ...] = ()
    headers: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    unlabelled: bool = False

    def __post_init__(self) -> None:
        for name in _NAMES:
            value = getattr(self, name)
            if isinstance(value, numbers.Integral):
                # Frames may have numbers for names.
                object.__setattr__(self, name, str(value))
            elif value is not None and not isinstance(value, str):
                raise OptionError(f"{name} must be a text, not {value!r}", name)
        for name in ("drop", "beside"):
            value = getattr(self, name)
            if isinstance(value, str) or not isinstance(value, Iterable):
                raise OptionError(f"{name} must hold names, as in ({value!r},), not be one", name)
            object.__setattr__(self, name, tuple(map(str, value)))
        if self.split not in ("train", "test"):
            raise OptionError(f"split must be 'train' or 'test', not {self.split!r}", "split")
        for name, kind in _POSITIVE.items():
            value = getattr(self, name)
            if value is not None and not (isinstance(value, kind) and value > 0):
                what = "whole number" if kind is numbers.Integral else "number"
                raise OptionError(f"{name} must be a positive {what}, not {value!r}", name)

    def given(self) -> dict[str, Any]:
        """Return what the user named, as JSON holds it; the part is not among it.

        Examples
        --------
        >>> ReadOptions(label="y", drop=("age",), split="test").given()
        {'label': 'y', 'drop': ['age']}
        """
        left_out = ("split", "max_memory", *_FOUND)
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in left_out}
        defaults = {f.name: f.default for f in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value != defaults[name]
        }

    def or_else(self, given: Mapping[str, Any]) -> ReadOptions:
        """Return the options, with what was named earlier where the user names nothing now.

        Examples
        --------
        >>> ReadOptions(id="name").or_else({"label": "y", "id": "case"})
        ReadOptions(label='y', id='name', ...)
        """
        known = {f.name for f in fields(self)}
        own = self.given()
        earlier: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in given.items()
            if name in known and name not in own
        }
        return replace(self, **earlier)

    def as_command_line(self) -> list[str]:
        """Return what the user named as the words of a command.

        Examples
        --------
        >>> ReadOptions(label="y", drop=("age", "sex"), mono=True).as_command_line()
        ['--label', 'y', '--drop', 'age', '--drop', 'sex', '--mono']
        """
        words: list[str] = []
        for name, value in self.given().items():
            option = self.command_line_name(name)
            if name == "window":
                words += [option, ",".join(f"{v:g}" for v in value)]
            elif value is True:
                words.append(option)
            else:
                values = value if isinstance(value, list) else [value]
                for v in values:
                    words += [option, f"{v:g}" if isinstance(v, float) else str(v)]
        if self.max_memory is not None:
            words += ["--max-memory", str(self.max_memory)]
        return words

    @staticmethod
    def command_line_name(name: str) -> str:
        """Return the option of the command line that a field is.

        Examples
        --------
        >>> ReadOptions.command_line_name("beat_classes"), ReadOptions.command_line_name("id")
        ('--beats', '--id')
        """
        return _OPTIONS.get(name, f"--{name}").replace("_", "-")

    def check_acting(self, acts_on: Iterable[str], title: str, source: str) -> None:
        """Raise OptionError for an option that was given and has no effect on a kind of source.

        Parameters
        ----------
        acts_on : iterable of str
            The fields that have one.
        title : str
            The kind of source, in the plural.
        source : str
            Where it is.
        """
        # These act on every source, are looked at when it has been read, or are no option.
        acting = {*acts_on, "split", "sampling_rate", "fold", "max_memory", *_FOUND}
        for field in fields(self):
            if field.name not in acting and getattr(self, field.name) != field.default:
                option = self.command_line_name(field.name)
                raise OptionError(
                    f"{source}: {option} has no effect on {title}; leave it out", field.name
                )

    def check_columns(self, columns: Iterable[str], file: str) -> None:
        """Raise OptionError for a named column that a table does not have."""
        present = list(dict.fromkeys(columns))
        known = set(present)
        patterns = tuple(n for n in self.drop if n not in known and not fnmatch.filter(present, n))
        named = {"label": named_columns(self.label, present), "drop": patterns}
        named["id"] = named_columns(self.id, present)
        for option in ("group", "time", "channel", "fold"):
            named[option] = tuple(filter(None, [getattr(self, option)]))
        for name in self.beside_missing(present):
            raise OptionError(f"{file}: {no_column(meant_column(name), present)}", "beside")
        for option, names in named.items():
            for name in names:
                if name not in known:
                    said = self.command_line_name(option).removeprefix("--")
                    raise OptionError(f"{file}: {no_column(name, present, said)}", option, name)
        self.check_told_once(present, file)

    def check_told_once(self, columns: Sequence[str], file: str) -> None:
        """Raise OptionError for a column that is named and left out, or is label and told beside.

        Examples
        --------
        >>> ReadOptions(label="y", drop=("y",)).check_told_once(["y", "t0"], "x.csv")
        Traceback (most recent call last):
        msssm_ts.errors.OptionError: x.csv: column 'y' is named (--label) and left out (--drop); ...
        """
        dropped, beside = self.dropped(columns), self.beside_columns(columns)
        # Of a pattern those that are dropped are none of it.
        twice = next((n for n in dropped if n in self.beside), None)
        if twice is not None:
            raise OptionError(
                f"{file}: column {twice!r} is told beside the series (--with) and left out "
                "(--drop); take back one of the two",
                "drop",
            )
        for option in ("label", "id", "group", "time", "channel", "fold"):
            for name in named_columns(getattr(self, option), columns):
                said = self.command_line_name(option)
                if name in dropped:
                    raise OptionError(
                        f"{file}: column {name!r} is named ({said}) and left out (--drop); take "
                        "back one of the two",
                        "drop",
                    )
                if option == "label" and name in beside:
                    raise OptionError(
                        f"{file}: column {name!r} is the label ({said}), and told beside the "
                        "series (--with) it would give the answer away; leave it out of --with",
                        "beside",
                    )

    def beside_columns(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Return the columns that the user named to be told beside the series.

        Examples
        --------
        >>> ReadOptions(beside=("sex", "hr_*")).beside_columns(["hr_min", "hr_max", "sex", "x"])
        ('sex', 'hr_min', 'hr_max')
        """
        if self.beside == NOTHING_BESIDE:
            return ()
        present = list(columns)
        found = [_asked(present, name) for name in self.beside]
        return tuple(dict.fromkeys(c for some in found for c in some))

    def beside_missing(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Return the names among them that no column has."""
        if self.beside == NOTHING_BESIDE:
            return ()
        present = list(columns)
        return tuple(name for name in self.beside if not _asked(present, name))

    def dropped(self, columns: Iterable[str]) -> tuple[str, ...]:
        """Return the columns that the user left out.

        Examples
        --------
        >>> ReadOptions(drop=("r*", "a")).dropped(["a", "b", "r0", "r1"])
        ('a', 'r0', 'r1')
        """
        if not self.drop:
            return ()
        exact = set(self.drop)
        patterns = [n for n in self.drop if set("*?[") & set(n)]
        return tuple(
            c
            for c in columns
            if c in exact or any(fnmatch.fnmatchcase(c, pattern) for pattern in patterns)
        )

    def refuse_unused(self, names: Iterable[str], source: str, why: str) -> None:
        """Refuse options that name a column where none of the kind can act.

        Raises
        ------
        OptionError
            For the first that the user gave.

        Examples
        --------
        >>> ReadOptions(time="t").refuse_unused(["time"], "x.csv", "a row is a series")
        Traceback (most recent call last):
        msssm_ts.errors.OptionError: x.csv: --time t has no effect, for a row is a series; ...
        """
        for name in names:
            value = getattr(self, name)
            if value:
                values = value if isinstance(value, tuple) else (value,)
                said = "" if value is True else " " + ",".join(map(str, values))
                raise OptionError(
                    f"{source}: {self.command_line_name(name)}{said} has no effect, for {why}; "
                    "leave the option out",
                    name,
                )


def meant_column(name: str) -> str:
    """Return the column that a name of ``beside`` is about.

    Examples
    --------
    >>> meant_column("hr@group"), meant_column("hr")
    ('hr', 'hr')
    """
    return name.removesuffix(BY_GROUP)


def _asked(columns: Sequence[str], name: str) -> list[str]:
    """Return the column of a name of ``beside``, or those that fit a pattern."""
    if name in columns:
        return [name]
    plain = meant_column(name)
    return [plain] if plain in columns else fnmatch.filter(columns, plain)


def named_columns(chosen: str | None, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that the user named: one, or several with commas between.

    Examples
    --------
    >>> named_columns("a, b", ["a", "b", "t0"])
    ('a', 'b')
    """
    if chosen is None:
        return ()
    if chosen in columns or "," not in chosen:
        return (chosen,)
    return tuple(dict.fromkeys(c.strip() for c in chosen.split(",") if c.strip()))
