"""From a name to a data set, and from a folder to the set whose layout it has."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.messages import enumerate_names
from msssm_ts.datasets.named.dataset import DataSet
from msssm_ts.datasets.options import ReadOptions, Split
from msssm_ts.errors import InputError

# Other names that people use.
_ALIASES = {
    "ptbxl100": "PTB-XL",
    "mitdb": "MIT-BIH",
    "mitbiharrhythmia": "MIT-BIH",
    "challenge2017": "CinC2017",
    "googlespeechcommands": "SpeechCommands",
    "freespokendigitdataset": "FSDD",
    "spokendigits": "FSDD",
}
# A task of a set, by a name of its own.
_TASKS_BY_NAME = {"sc10": "SpeechCommands/SC10", "sc35": "SpeechCommands/SC35"}


class Request(NamedTuple):
    """What NAME[/TASK][:PART] says."""

    name: str
    task: str
    part: Split | None


def parse_request(text: str) -> Request:
    """Take NAME[/TASK][:PART] apart.

    Raises
    ------
    InputError
        If the part is neither train nor test.

    Examples
    --------
    >>> parse_request("PTB-XL/superdiag:test")
    Request(name='PTB-XL', task='superdiag', part='test')
    >>> parse_request("Coffee")
    Request(name='Coffee', task='', part=None)
    """
    rest, colon, part = text.partition(":")
    name, _, task = rest.partition("/")
    if colon and part not in ("train", "test"):
        raise InputError(f"{text}: a data set has the parts train and test, not {part!r}")
    chosen: Split | None = None if not colon else "test" if part == "test" else "train"
    return Request(name, task, chosen)


def own_data_sets() -> list[DataSet]:
    """Return the sets that have readers of their own, which the archives' sets do not need.

    Examples
    --------
    >>> [d.name for d in own_data_sets()]
    ['PTB-XL', 'PTB-XL500', 'MIT-BIH', 'CinC2017', 'SpeechCommands', 'FSDD']
    """
    from msssm_ts.datasets.named import cinc2017, mitbih, ptbxl, speech_commands, spoken_digits

    families = (ptbxl, mitbih, cinc2017, speech_commands, spoken_digits)
    return [data_set for family in families for data_set in family.DATA_SETS]


def data_set_names() -> list[str]:
    """Return the names of all data sets, those of the archives too.

    Examples
    --------
    >>> data_set_names()[0], "Coffee" in data_set_names()
    ('PTB-XL', True)
    """
    from msssm_ts.datasets.named.archives import archive_names

    return [*(data_set.name for data_set in own_data_sets()), *archive_names()]


def find_data_set(name: str) -> DataSet | None:
    """Return a data set by its name, in any case and without hyphens; None if it is unknown.

    Examples
    --------
    >>> find_data_set("ptbxl").name, find_data_set("coffee").name
    ('PTB-XL', 'Coffee')
    """
    from msssm_ts.datasets.named.archives import archive_names, archive_set

    wanted = _plain(_ALIASES.get(_plain(name), name))
    for data_set in own_data_sets():
        if _plain(data_set.name) == wanted:
            return data_set
    for known, archive in archive_names().items():
        if _plain(known) == wanted:
            return archive_set(known, archive)
    return None


def find_layout(folder: Path) -> tuple[DataSet, Path] | None:
    """Return the data set whose published layout a folder has, and the set's root in it."""
    for data_set in own_data_sets():
        root = data_set.find_root(folder)
        if root is not None:
            return data_set, root
    return None


def read_named(text: str, options: ReadOptions) -> LabelledSeries | None:
    """Read NAME[/TASK][:PART] from the folder of the named data sets; None for unknown names.

    Raises
    ------
    InputError
        If the set is not there, or has no such task or part.
    """
    name, task, part = parse_request(_with_task(text))
    data_set = find_data_set(name)
    if data_set is None:
        return None
    if part == "test" and not data_set.has_test_part:
        raise InputError(f"{text}: the set is published without a test part; leave ':test' out")
    root = data_set.find_root(data_set.place)
    if root is None:
        raise InputError(
            f"{text}: not in {data_set.place}; get it with: msssm-ts data get {data_set.name} "
            f"(or put {enumerate_names([f.url for f in data_set.files])} there, unpacked)"
        )
    options = options if part is None else replace(options, split=part)
    return read_task(data_set, root, task, options, text)


def read_task(
    data_set: DataSet, root: Path, task: str, options: ReadOptions, text: str
) -> LabelledSeries:
    """Read a task of a data set, its default task for an empty name.

    Raises
    ------
    InputError
        If there is no such task.
    """
    if task and task not in data_set.tasks:
        tasks = f"the tasks {', '.join(data_set.tasks)}" if data_set.tasks else "no tasks"
        raise InputError(f"{text}: {data_set.name} has {tasks}, not {task!r}")
    if data_set.acts_on is not None:
        options.check_acting(data_set.acts_on, data_set.name, text)
    return data_set.read(root, task or next(iter(data_set.tasks), ""), options)


def _with_task(text: str) -> str:
    """SC10 is SpeechCommands/SC10."""
    name, colon, part = text.partition(":")
    return _TASKS_BY_NAME.get(name.lower(), name) + colon + part


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "").replace(" ", "")
