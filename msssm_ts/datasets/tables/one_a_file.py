"""Text files without times or labels, several in the folder of a class: a recording each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.tables.columns import find_roles
from msssm_ts.datasets.tables.dialect import Dialect, detect_dialect
from msssm_ts.datasets.tables.guess import is_unnamed
from msssm_ts.datasets.tables.orientation import rows_are_steps
from msssm_ts.datasets.tables.partitions import is_partitioned
from msssm_ts.datasets.tables.steps import find_steps
from msssm_ts.datasets.tables.stream import are_sources
from msssm_ts.datasets.tables.text import read_text
from msssm_ts.datasets.units import named_unit
from msssm_ts.errors import InputError

# As many channels have names of their own, or none; so many files are looked at.
_FEW, _MANY, _LOOKED_AT = 12, 64, 3


def are_one_a_file(folder: Path, files: Sequence[Path], options: ReadOptions) -> bool:
    """Whether text files below a folder are recordings of channels, a step a row.

    They lie in folders of classes, several in one, and have columns with few names that are no
    steps, or without names and with values that go on from row to row.
    """
    within = Counter(f.parent for f in files)
    named = options.id or options.time or options.channel or options.label
    if named or folder in within or max(within.values(), default=0) < 2:
        return False
    tops = {f.relative_to(folder).parts[0] for f in files}
    if len(tops) < 2 or is_partitioned(folder, files):
        return False
    # One of the first in each of some folders, for those of one may be alike.
    own = list({f.relative_to(folder).parts[0]: f for f in reversed(files)}.values())
    try:
        return all(map(_is_one, own[:_LOOKED_AT]))
    except InputError:
        return False


def _is_one(file: Path) -> bool:
    dialect = detect_dialect(file)
    if dialect.headed:
        return are_channels(dialect)
    if not 2 <= len(dialect.columns) <= _MANY or dialect.preamble.facts or dialect.texts:
        return False
    table, _ = read_text(file, ReadOptions(), dialect=dialect)
    return rows_are_steps(table.numbers(table.columns))


def why_one(dialect: Dialect, options: ReadOptions) -> str:
    """Return why a table is one series, as that of the model it is for; empty where it is not.

    A line above says the rate of columns that are channels by their names; or its columns are the
    model's channels, by their names or, without any, by their number.
    """
    wanted = {name.casefold() for name in options.wanted}
    if options.id or options.time or options.channel or options.label:
        return ""
    if is_one_channel(dialect):
        return "for there is no other"
    if dialect.headed and dialect.preamble.rate is not None and are_channels(dialect):
        return "for a line above says their rate"
    if len(options.wanted) < 2:
        return ""
    if dialect.headed:
        own = {named_unit(c)[0].casefold() for c in dialect.columns}
        found = are_channels(dialect) and own >= wanted
    else:
        found = wanted == {""} and len(dialect.columns) == len(options.wanted)
    return "for they are the model's channels" if found else ""


def is_one_channel(dialect: Dialect) -> bool:
    """Whether there is one column of numbers beside those of row numbers, and its name is its own.

    A series of one step is none.
    """
    names = tuple(c for c in dialect.columns if not is_unnamed(c))
    if not dialect.headed or len(names) != 1 or dialect.texts:
        return False
    roles = find_roles(names, ReadOptions())
    return names in (roles.rest, (roles.value,))


def are_channels(dialect: Dialect) -> bool:
    """Whether columns are channels by their names: few, not numbered, and no part of a table."""
    roles = find_roles(dialect.columns, ReadOptions())
    # Below a rate numbered ones are channels, too, unless they are called as steps are.
    channels = dialect.preamble.rate is not None and are_sources(dialect.columns)
    return (
        2 <= len(dialect.columns) <= _FEW
        and roles.rest == dialect.columns
        and not dialect.texts
        and (channels or not find_steps(dialect.columns).numbered)
    )
