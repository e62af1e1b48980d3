"""Which column of a table is what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from msssm_ts.datasets.options import ReadOptions, label_columns
from msssm_ts.errors import InputError

# Names that people give to columns, the likeliest first; case does not matter.
LABEL = ("label", "class", "target", "category", "y")
ID = ("id", "series_id", "case_id", "sample_id", "series", "case", "name")
GROUP = ("group", "record", "patient", "subject", "speaker", "patient_id", "subject_id")
FOLD = ("fold", "strat_fold")
TIME = ("time", "timestamp", "t", "step", "time_index")
CHANNEL = ("channel", "dimension", "dim", "dim_id", "lead", "sensor")
VALUE = ("value", "values")

# A column with one letter for a name may hold anything.
_ABOUT_SERIES = {name for name in (*LABEL, *ID, *GROUP, *FOLD) if len(name) > 1}


@dataclass(frozen=True)
class Roles:
    """What each column of a table is for.

    Parameters
    ----------
    labels : tuple of str
        One column, none, or several of 0 and 1.
    id, group, fold, time, channel, value : str, optional
        As in :class:`msssm_ts.datasets.ReadOptions`; ``value`` is that of a long table.
    rest : tuple of str
        All others, in order.
    left_out : tuple of str
        Columns that say something of a series, by their names, and are not needed: a patient
        beside the record that groups the series, a class beside the label that was chosen.
    """

    labels: tuple[str, ...]
    id: str | None
    group: str | None
    fold: str | None
    time: str | None
    channel: str | None
    value: str | None
    rest: tuple[str, ...]
    left_out: tuple[str, ...] = ()

    @property
    def keys(self) -> list[str]:
        """Columns that say something of a series, or of its channel, rather than hold values."""
        keys = (*self.labels, self.id, self.group, self.fold, self.channel)
        return [k for k in dict.fromkeys(keys) if k is not None]


def find_roles(columns: Sequence[str], options: ReadOptions) -> Roles:
    """Tell the columns of a table apart: those that the user named, then by their names.

    Examples
    --------
    >>> from msssm_ts.datasets import ReadOptions
    >>> roles = find_roles(["class", "record", "t0", "t1"], ReadOptions())
    >>> roles.labels, roles.group, roles.rest
    (('class',), 'record', ('t0', 't1'))
    """
    free = [c for c in columns if c not in options.drop]
    # The folds may be the groups, too: all series of a record are set aside.
    chosen = (options.id, options.group, options.time, options.channel)
    labels = label_columns(options.label, columns)
    if not labels:
        taken = {*chosen, options.fold}
        by_name = find_column([c for c in free if c not in taken], LABEL, None)
        labels = () if by_name is None else (by_name,)
    taken = {*labels, *chosen}

    def find(names: Sequence[str], named: str | None) -> str | None:
        found = find_column([c for c in free if c not in taken], names, named)
        taken.add(found)
        return found

    value = find(VALUE, None)
    group = find(GROUP, options.group)
    fold = find(FOLD, options.fold)
    identifier, time = find(ID, options.id), find(TIME, options.time)
    channel = find(CHANNEL, options.channel)
    rest = [c for c in free if c not in taken]
    left_out = tuple(c for c in rest if c.lower() in _ABOUT_SERIES)
    steps = tuple(c for c in rest if c not in left_out)
    return Roles(labels, identifier, group, fold, time, channel, value, steps, left_out)


@dataclass(frozen=True)
class Steps:
    """Columns with the steps of the series of a wide table.

    Parameters
    ----------
    columns : tuple of str
        One channel after the other.
    channels : tuple of str, optional
        The channels' names, where there are several.
    left_out : tuple of str
        Columns that are no steps.
    """

    columns: tuple[str, ...]
    channels: tuple[str, ...] | None = None
    left_out: tuple[str, ...] = ()


def find_steps(columns: Sequence[str]) -> Steps:
    """Find the steps of a wide table among the columns that are nothing else.

    Numbered columns (t0, t1, ...) are the steps where most columns are numbered; what stands
    among them, such as a patient's age, is left out. Several sets with the same numbers
    (ecg_0, ecg_1, ..., resp_0, resp_1, ...) are channels. Otherwise all columns are steps.

    Examples
    --------
    >>> find_steps(["age", "t0", "t1", "t2"])
    Steps(columns=('t0', 't1', 't2'), channels=None, left_out=('age',))
    >>> find_steps(["a0", "a1", "b0", "b1"]).channels
    ('a', 'b')
    """
    families: dict[str, list[tuple[float, str]]] = {}
    for column in columns:
        prefix, number = _numbered(column)
        if number is not None:
            families.setdefault(prefix, []).append((number, column))
    numbers = [tuple(n for n, _ in members) for members in families.values()]
    counted = sum(map(len, numbers))
    if (
        counted < max(3, len(columns) / 2)
        or len(set(numbers)) != 1
        or len(numbers[0]) < 2
        or any(a >= b for a, b in zip(numbers[0], numbers[0][1:], strict=False))
    ):
        return Steps(tuple(columns))
    steps = tuple(column for members in families.values() for _, column in members)
    return Steps(
        steps,
        tuple(name.rstrip(" _.-") or name for name in families) if len(families) > 1 else None,
        tuple(c for c in columns if c not in set(steps)),
    )


def _numbered(column: str) -> tuple[str, float | None]:
    """Split a name into what stands before its number, and the number."""
    try:
        return "", float(column)
    except ValueError:
        parts = re.fullmatch(r"(.*?)(\d+)", column)
    return (parts[1], float(parts[2])) if parts else (column, None)


def find_column(columns: Sequence[str], names: Sequence[str], chosen: str | None) -> str | None:
    """Return the chosen column, or the first that bears one of the names.

    Examples
    --------
    >>> find_column(["t0", "t1", "Class"], LABEL, None)
    'Class'
    """
    if chosen is not None:
        return chosen
    by_name = {str(c).strip().lower(): c for c in reversed(columns)}
    return next((by_name[n] for n in names if n in by_name), None)


def unique_names(names: Sequence[object], source: str) -> list[str]:
    """Return column names without space around them or line breaks, repeated ones numbered.

    Raises
    ------
    InputError
        If a column that is known by its name stands twice.

    Examples
    --------
    >>> unique_names([" a", "0.1", "0.1"], "x.csv")
    ['a', '0.1', '0.1.1']
    """
    known = {*LABEL, *ID, *GROUP, *FOLD, *CHANNEL, *VALUE}
    seen: dict[str, int] = {}
    unique: list[str] = []
    for name in (" ".join(str(n).split()) for n in names):
        count = seen.get(name, 0)
        if count and name.lower() in known:
            raise InputError(f"{source}: two columns are called {name!r}; rename one")
        seen[name] = count + 1
        unique.append(f"{name}.{count}" if count else name)
    return unique
