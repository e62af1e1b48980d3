"""Labels that stand in the names of files."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import Part, part_of
from msssm_ts.errors import InputError

_FIELDS = ("label", "group", "part", "fold")
_HOLE = re.compile(r"\{(\w*)\}|\*")


def parse_pattern(text: str) -> re.Pattern[str]:
    r"""Return the expression of a pattern for file names.

    Parameters
    ----------
    text : str
        ``{label}`` and, if wanted, ``{group}``, ``{part}`` and ``{fold}`` where those stand, ``*``
        or ``{}`` for what does not matter: ``*-*-{label}-*-{group}``. Or a regular expression
        with a group ``label``, or with one group.

    Raises
    ------
    InputError
        If there is no label in it.

    Examples
    --------
    >>> parse_pattern("{group}_{label}_*").fullmatch("p7_AF_003").groupdict()
    {'group': 'p7', 'label': 'AF'}
    >>> parse_pattern(r"\d+-(\w+)").match("12-siren").group("label")
    'siren'
    """
    if "(" in text or "{label}" not in text:
        return _regular(text)
    fields = [name for name in _HOLE.findall(text) if name]
    unknown = sorted(set(fields) - set(_FIELDS))
    if unknown or len(set(fields)) < len(fields):
        raise InputError(
            f"--label-from {text}: {{{unknown[0] if unknown else fields[0]}}} must be one of "
            f"{', '.join(_FIELDS)}, each once; write * for what does not matter"
        )
    expression, place = "", 0
    for hole in _HOLE.finditer(text):
        expression += re.escape(text[place : hole.start()])
        # Between separators: the shortest that fits.
        expression += f"(?P<{hole[1]}>[^/]+?)" if hole[1] else "[^/]*?"
        place = hole.end()
    return re.compile(expression + re.escape(text[place:]))


def _regular(text: str) -> re.Pattern[str]:
    try:
        pattern = re.compile(text if "(" in text else "")
    except re.error as error:
        raise InputError(f"--label-from {text}: not a regular expression ({error})") from error
    if "label" not in pattern.groupindex:
        if pattern.groups != 1 or pattern.groupindex:
            raise InputError(
                f"--label-from {text}: says nowhere which part of a file's name is the label; "
                "write {label} there, as in '*-{label}-*.wav', or a regular expression with one "
                "group"
            )
        opening = re.search(r"(?<!\\)\((?!\?)", text)
        assert opening is not None
        pattern = re.compile(f"{text[: opening.start()]}(?P<label>{text[opening.end() :]}")
    return pattern


def fields_of(pattern: re.Pattern[str], file: Path, folder: Path) -> dict[str, str] | None:
    """Return what a file's name, or its path below the folder, says; None where it does not fit.

    Examples
    --------
    >>> fields_of(parse_pattern("{group}/{label}*"), Path("s/p1/AF3.wav"), Path("s"))
    {'group': 'p1', 'label': 'A'}
    """
    path = file.relative_to(folder)
    # Without suffix first: what the pattern ends with is no part of a name's.
    names = (path.with_suffix("").as_posix(), path.as_posix()) if "/" in pattern.pattern else ()
    for name in (*names, file.stem, file.name):
        found = pattern.fullmatch(name)
        if found is not None and found["label"]:
            return {k: v for k, v in found.groupdict().items() if v is not None}
    for name in (path.as_posix(), file.name):
        # A regular expression may stand for a part of the name.
        found = pattern.search(name) if "[^/]" not in pattern.pattern else None
        if found is not None and found["label"]:
            return {k: v for k, v in found.groupdict().items() if v is not None}
    return None


def by_pattern(
    folder: Path,
    files: Sequence[Path],
    options: ReadOptions,
    others: str = "files",
    whole: Callable[[Path], Path] | None = None,
) -> dict[str, dict[Path, str]] | None:
    """Return what the files' names say, field by field; None where the user gave no pattern.

    Parameters
    ----------
    folder : Path
        The files lie below it.
    files : sequence of Path
        The recordings, or what stands for pieces of them.
    options : ReadOptions
        With the pattern.
    others : str
        What the recordings are called in messages.
    whole : callable, optional
        From a piece to its recording, whose name counts.

    Raises
    ------
    InputError
        If it fits no name.
    """
    if options.label_from is None:
        return None
    pattern = parse_pattern(options.label_from)
    fields: dict[str, dict[Path, str]] = {}
    for file in files:
        own = file if whole is None else whole(file)
        for name, value in (fields_of(pattern, own, folder) or {}).items():
            if name in _FIELDS:
                fields.setdefault(name, {})[file] = value
    if "label" not in fields:
        raise InputError(
            f"{folder}: --label-from {options.label_from} fits the name of none of the "
            f"{len(files)} {others}, such as {files[0].relative_to(folder).as_posix()}; write * "
            "for what stands around the label"
        )
    return fields


def parts_by_pattern(
    named: Mapping[Path, str], files: Sequence[Path], options: ReadOptions, others: str
) -> tuple[dict[Path, Part], Account]:
    """Return the parts that files' names say; files whose names say no known one are left out."""
    found = {f: part_of(text) for f, text in named.items()}
    without = [f.name for f in files if found.get(f) is None]
    account = Account().without(
        len(without),
        others,
        f"no known part in the name (--label-from {options.label_from})",
        without,
    )
    return {f: part for f, part in found.items() if part is not None}, account


def account_of_pattern(
    named: Mapping[str, Mapping[Path, str]],
    files: Sequence[Path],
    options: ReadOptions,
    others: str,
) -> Account:
    """Say what was taken from the files' names, and which names do not fit."""
    without = [f.name for f in files if f not in named["label"]]
    account = Account()
    for role in named:
        account = account.took(role, f"names of the {others} (--label-from {options.label_from})")
    return account.without(len(without), others, "--label-from does not fit the name", without)
