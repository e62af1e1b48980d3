"""Which column of a table is what, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.options import ReadOptions, named_columns
from msssm_ts.datasets.units import named_unit
from msssm_ts.errors import InputError

# Names that people give to columns, the likeliest first; case and spaces do not matter.
LABEL = (
    *("label", "class", "target", "category", "labels", "class_label", "activity"),
    *("activity_id", "activity_name", "gesture", "diagnosis", "classification", "y"),
    *("klasse", "kategorie", "classe", "catégorie", "clase", "categoría", "etiqueta", "étiquette"),
    *("标签", "类别", "標籤", "類別", "ラベル", "クラス", "класс", "метка"),
)
ID = (
    *("id", "series_id", "case_id", "sample_id", "series", "case", "name"),
    *("kennung", "identifiant", "identificador", "编号", "序号", "編號", "番号"),
)
# These name a series in a long table; in a wide one they may stand in many rows.
LOOSE_ID = (
    *("trial", "trial_id", "segment", "segment_id", "window_id", "sequence", "sequence_id"),
    *("instance", "instances", "recording_id", "unit_number", "unit_nr", "engine_id", "exam_id"),
)
GROUP = (
    *("group", "record", "patient", "subject", "speaker", "patient_id", "subject_id", "user"),
    *("user_id", "participant", "participant_id", "volunteer", "person", "person_id"),
    *("speaker_id", "record_id", "driver", "session", "session_id", "group_id"),
)
FOLD = ("fold", "strat_fold")
PART = (
    *("split", "partition", "subset", "set"),
    *("is_train", "is_test", "is_valid", "is_validation", "is_val"),
)
TIME = (
    *("time", "timestamp", "t", "step", "time_index", "timestep", "timepoint", "timepoints"),
    *("datetime", "cycle", "cycles", "time_cycles", "time_in_cycles", "elapsed", "date"),
    *("zeit", "zeitstempel", "uhrzeit", "datum", "temps", "heure", "horodatage", "tiempo", "hora"),
    *("fecha", "时间", "時間", "時刻", "日時", "日期", "время", "дата"),
    *("frame", "frame_id", "frame_number", "frame_no", "frame_index"),
    *("sample#", "sample_number"),
)
CHANNEL = ("channel", "dimension", "dim", "dim_id", "lead", "sensor")
VALUE = ("value", "values", "wert", "messwert", "valeur", "valor", "值", "数值", "значение")

# A column with one letter for a name may hold anything.
_ABOUT_SERIES = {
    name.replace("_", "") for name in (*LABEL, *ID, *GROUP, *FOLD, *PART) if len(name) > 1
}
_OWNERS = {name.replace("_", "") for name in GROUP}
_BETWEEN = re.compile(r"[\s_\-]+")
_AXES = {"x", "z"}
_TIME = re.compile(
    r".*timestamp.*|(local|utc|unix|system)?(date)?(time|datetime|elapsed)(unix|utc|local|cal|raw)?"
    r"([\[(].*[\])]|s|ms|us|ns|sec|secs|seconds|milliseconds)?(\.\d+)?"
)


@dataclass(frozen=True)
class Roles:
    """What each column of a table is for.

    Parameters
    ----------
    labels : tuple of str
        One column, none, or several of 0 and 1.
    id, group, fold, time, channel, value, part : str, optional
        As in :class:`msssm_ts.datasets.ReadOptions`; ``value`` is that of a long table, ``part``
        says train or test.
    rest : tuple of str
        All others, in order.
    left_out : tuple of str
        Columns that are none of the values, by their names, and not needed: a patient beside the
        record that groups the series, a class beside the label that was chosen, a second clock.
    loose_id : str, optional
        A column that names the series of a long table, if its data looks like one.
    beside : tuple of str
        Columns that the user wants told beside the series.
    has_test_part : bool, optional
        Whether the table has rows for tests beside those that are read, where a column says it.
    unit : str, optional
        The column with the unit of each row of a long table.
    joint : tuple of str
        Several columns that are the id together.
    owners : tuple of str
        Columns of ``left_out`` with people, sessions or the like, within which ids may count anew.
    """

    labels: tuple[str, ...] = ()
    id: str | None = None
    group: str | None = None
    fold: str | None = None
    time: str | None = None
    channel: str | None = None
    value: str | None = None
    part: str | None = None
    rest: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    loose_id: str | None = None
    beside: tuple[str, ...] = ()
    has_test_part: bool | None = None
    unit: str | None = None
    joint: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()

    @property
    def keys(self) -> list[str]:
        """Columns that say something of a series, or of its channel, rather than hold values."""
        keys = (
            *(*self.labels, self.id, self.group, self.fold, self.channel),
            *(self.part, self.loose_id, *self.joint, *self.owners, *self.beside),
        )
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
    beside = options.beside_columns(columns)
    dropped = {*options.dropped(columns), *beside}
    free = [c for c in columns if c not in dropped]
    plain = {c: plain_name(c) for c in free}
    by_name: dict[str, list[str]] = {}
    for column, name in plain.items():
        by_name.setdefault(name, []).append(column)
    # The folds may be the groups, too: all series of a record are set aside; or ids, or labels.
    ids = named_columns(options.id, columns)
    joint = ids if len(ids) > 1 else ()
    chosen = (*ids[: not joint], options.group, options.time, options.channel)
    taken: set[str | None] = {*chosen}

    def find(names: Sequence[str], named: str | None = None) -> str | None:
        found = named
        if found is None:
            bearing = (c for n in names for c in by_name.get(n.replace("_", ""), ()))
            found = next((c for c in bearing if c not in taken), None)
        taken.add(found)
        return found

    labels = named_columns(options.label, columns)
    if not labels:
        # The second of three axes is no label.
        axes = by_name.keys() >= _AXES
        names = tuple(n for n in LABEL if n != "y" or not axes)
        by_its_name = find(names)
        labels = () if by_its_name is None else (by_its_name,)
    taken = {*labels, *chosen}
    value = find(VALUE) or _with_a_unit(VALUE, (c for c in free if c not in taken))
    taken.add(value)
    group = find(GROUP, options.group)
    # Those of a joint id may be the groups, too, and nothing else.
    taken.update(joint)
    identifier = None if joint else find(ID, next(iter(ids), None))
    loose = None if joint or identifier is not None else find(LOOSE_ID)
    fold = find(FOLD, options.fold)
    time = find(TIME, options.time)
    if time is None:
        time = next((c for c in free if c not in taken and _TIME.fullmatch(plain[c])), None)
        taken.add(time)
    channel = find(CHANNEL, options.channel)
    part = find(PART)
    rest = [c for c in free if c not in taken]
    # A second clock beside the times is no channel.
    left_out = [
        c
        for c in rest
        if plain[c] in _ABOUT_SERIES or (time is not None and _TIME.fullmatch(plain[c]))
    ]
    unneeded = set(left_out)
    steps = tuple(c for c in rest if c not in unneeded)
    return Roles(
        *(labels, identifier, group, fold, time, channel, value, part),
        rest=steps,
        left_out=tuple(left_out),
        loose_id=loose,
        beside=beside,
        joint=joint,
        owners=tuple(c for c in left_out if plain[c] in _OWNERS),
    )


def _with_a_unit(names: Sequence[str], columns: Iterable[str]) -> str | None:
    """Return the first column that bears one of the names, with a unit in brackets behind it."""
    return next((c for c in columns if plain_name(named_unit(c)[0]) in names), None)


def plain_name(column: object) -> str:
    """Return a name as it is compared: Subject ID, subject_id and SubjectID are the same.

    Examples
    --------
    >>> plain_name("Subject ID "), plain_name("time-step")
    ('subjectid', 'timestep')
    """
    return _BETWEEN.sub("", str(column)).casefold()


def find_column(columns: Iterable[str], names: Sequence[str], chosen: str | None) -> str | None:
    """Return the chosen column, or the first that bears one of the names.

    Examples
    --------
    >>> find_column(["t0", "t1", "Class"], LABEL, None)
    'Class'
    """
    if chosen is not None:
        return chosen
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plain_name(column), column)
    plain = (n.replace("_", "") for n in names)
    return next((by_name[n] for n in plain if n in by_name), None)


def on_repeated(names: Sequence[object], unique: Sequence[str]) -> str:
    """Say which columns of one name were told apart, as :func:`unique_names` does.

    Examples
    --------
    >>> on_repeated(["t", "a", "a"], ["t", "a", "a.1"])
    'several columns are called a: the second is a.1'
    """
    told = [" ".join(str(n).split()) for n in names]
    again = [(n, u) for n, u in zip(told, unique, strict=False) if n and u != n]
    if not again:
        return ""
    which = enumerate_names(list(dict.fromkeys(n for n, _ in again)), 4)
    return f"several columns are called {which}: the second is {again[0][1]}"


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
    taken: set[str] = set()
    unique: list[str] = []
    for name in (" ".join(str(n).split()) for n in names):
        count = seen.get(name, 0)
        if count and name.lower() in known:
            raise InputError(f"{source}: two columns are called {name!r}; rename one")
        new = f"{name}.{count}" if count else name
        while new in taken:
            count += 1
            new = f"{name}.{count}"
        seen[name] = count + 1
        taken.add(new)
        unique.append(new)
    return unique
