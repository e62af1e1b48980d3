"""What the folders that recordings lie in say of them: part, class, speaker, fold."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.parts import Part, are_parts, part_in, part_of
from msssm_ts.datasets.tree import is_run

# Folders of one patient, speaker, device or fold each: numbered, and named for what they are.
_GROUP = re.compile(
    r"(actor|speaker|spk|subject|subj|sub|patient|pat|person|participant|user|volunteer|session"
    r"|case|record|rec|id|fold|p|s|u)[ _-]*\d+",
    re.IGNORECASE,
)
_FOLD = re.compile(r"fold[ _-]*\d+", re.IGNORECASE)

# Folders that hold recordings of every class.
_WRAPPERS = {"audio", "audios", "wav", "wavs", "clips", "data", "files", "sounds", "recordings"}

# Folders of tables and texts beside those of recordings.
BESIDE = {
    *("meta", "metadata", "labels", "annotations", "annotation", "doc", "docs", "info"),
    *("lists", "splits", "csv", "manifest", "manifests", "evaluation_setup", "protocols"),
}

Place = tuple[str, ...]


@dataclass(frozen=True)
class Folders:
    """What folders say of files, one entry a file.

    Parameters
    ----------
    files : list of Path
        Those that lie in a part where there are parts; all others stay.
    parts : list, optional
        Of a split.
    labels, groups, folds : list of str, optional
        Classes, speakers or patients, folds; empty for a file that lies in none.
    account : Account
        What was taken for what.
    """

    files: list[Path]
    parts: list[Part] | None
    labels: list[str] | None
    groups: list[str] | None
    account: Account
    folds: list[str] | None = None


def read_folders(folder: Path, files: Sequence[Path], others: str = "files") -> Folders:
    """Find parts, classes and groups among the folders that files lie in.

    Parts (train, dev, test) may stand above the classes or below. Of two further levels, the one
    whose folders are called such as ``speaker3`` is the group. A folder that holds everything, or
    all of a part, says nothing.

    Parameters
    ----------
    folder : Path
        The files lie below it.
    files : sequence of Path
        The recordings.
    others : str
        What they are called in messages.

    Examples
    --------
    >>> base = Path("set")
    >>> files = [base / p for p in ("train/yes/spk1/1.wav", "train/no/spk2/1.wav", "test/no/x.wav")]
    >>> found = read_folders(base, files)
    >>> found.parts, found.labels
    (['train', 'train', 'test'], ['yes', 'no', 'no'])
    """
    account = Account()
    places = [f.relative_to(folder).parts[:-1] for f in files]
    kept, parts = list(files), None
    level, to_part = _part_level(places)
    if level is not None:
        named = [to_part(p[level]) if len(p) > level else None for p in places]
        inside = [i for i, part in enumerate(named) if part is not None]
        outside = [f for f, part in zip(files, named, strict=True) if part is None]
        names = sorted(
            {"/".join(p[: level + 1]) for p, n in zip(places, named, strict=True) if n is None}
        )
        account = account.without(
            len(outside), others, "in no folder of a part", [n or "." for n in names]
        )
        kept = [files[i] for i in inside]
        parts = [part for part in named if part is not None]
        folders = {places[i][level] for i in inside}
        account = account.took("part", f"folders {_listed(folders)}")
        places = [(*places[i][:level], *places[i][level + 1 :]) for i in inside]
    else:
        lonely = sorted({n for p in places for n in p if part_of(n) is not None})
        if lonely and len(set(places)) > 1:
            account = account.remarking(
                f"took folder {lonely[0]} for a class, for there is no other part beside it"
            )
    found = _classes(places, parts)
    return replace(found, files=kept, parts=parts, account=account + found.account)


def _part_level(places: Sequence[Place]) -> tuple[int | None, Callable[[str], Part | None]]:
    """Return the level whose folders are parts, and what tells the part of one.

    They are two different ones, with others beside them, or one around everything; or all are
    called after parts, such as ``audio_train`` and ``audio_test``.
    """
    deepest = max(map(len, places), default=0)
    levels = [{p[k] if len(p) > k else "" for p in places} for k in range(deepest)]
    for level, names in enumerate(levels):
        if are_parts(names) or (len(names) == 1 and part_of(min(names)) is not None):
            return level, part_of
    for level, names in enumerate(levels):
        found = {part_in(n) for n in names}
        if None not in found and len(found) > 1:
            return level, part_in
    return None, part_of


def _classes(places: list[Place], parts: list[Part] | None) -> Folders:
    """Labels and groups of files from the folders that are left when parts are taken out."""
    nothing = Folders([], None, None, None, Account())
    places = _without_wrappers(places, parts)
    # Unlabelled files of another part, side by side, do not count; nor do a few loose ones.
    labelled = [p for p in places if p]
    if not labelled:
        return nothing
    depth = min(map(len, labelled))
    levels = [{p[k] for p in labelled} for k in range(depth)]
    group = next((k for k in range(depth) if _are_groups(levels[k])), None)
    rest = [k for k in range(depth) if k != group]
    if group == 0 and rest and not _recur(labelled, 0, rest[0]):
        # Below the speakers are folders of their own each: no classes.
        rest = []
    if group is not None and not rest:
        if len(levels[group]) == 1:
            # The recordings of one.
            return nothing
        return _only_groups(places, group, levels[group])
    label = rest[0]
    account = Account().took("label", f"folders {_listed(levels[label])}")
    deeper = rest[1:]
    # Below a class each recording may lie in a folder of its own.
    inner = len({(p[label], p[deeper[0]]) for p in labelled}) if deeper else 0
    if deeper and (
        _recur(labelled, label, deeper[0]) or len(levels[label]) < inner < len(labelled)
    ):
        pattern = "/".join("{label}" if k == deeper[0] else "*" for k in range(depth))
        account = account.remarking(
            f"took folders {_listed(levels[label])} for the classes, not "
            f"{_listed(levels[deeper[0]])} below; --label-from '{pattern}/*' says otherwise"
        )
    labels = [p[label] if len(p) > label else "" for p in places]
    found = replace(nothing, labels=labels, account=account)
    return found if group is None else _with_groups(found, places, group, levels[group])


def without_recordings(
    folder: Path, files: Sequence[Path], labels: Sequence[str], every: Sequence[Path]
) -> list[str]:
    """Return the folders beside those of classes that hold no recording, as seen from the folder.

    Parameters
    ----------
    folder : Path
        The files lie below it.
    files : sequence of Path
        Recordings in folders of classes.
    labels : sequence of str
        The folder of each that is its class; empty where there is none.
    every : sequence of Path
        All recordings.
    """
    taken: dict[Path, set[str]] = defaultdict(set)
    for file, label in zip(files, labels, strict=True):
        parts = file.relative_to(folder).parts[:-1]
        if label in parts:
            taken[folder.joinpath(*parts[: parts.index(label)])].add(label)
    holding = {p for f in every for p in f.parents}
    return [
        (parent / name).relative_to(folder).as_posix()
        for parent in sorted(taken)
        for name in sorted(p.name for p in parent.iterdir() if p.is_dir() and p not in holding)
        if not name.startswith((".", "_")) and name.casefold() not in {*_WRAPPERS, *BESIDE}
        if not is_run(parent / name)
    ]


def _are_groups(names: Iterable[str]) -> bool:
    return all(_GROUP.fullmatch(n) for n in names)


def _recur(places: Sequence[Place], above: int, below: int) -> bool:
    """Whether folders of one name lie in several folders of the level above."""
    owners = defaultdict(set)
    for place in places:
        owners[place[below]].add(place[above])
    return any(len(o) > 1 for o in owners.values()) or len({p[above] for p in places}) == 1


def _with_groups(found: Folders, places: Sequence[Place], level: int, names: set[str]) -> Folders:
    """Add the folders of a level: as folds where they are called so, else as groups."""
    values = [p[level] if len(p) > level else "" for p in places]
    said = f"folders {_listed(names)}"
    if all(_FOLD.fullmatch(n) for n in names):
        return replace(found, folds=values, account=found.account.took("fold", said))
    return replace(found, groups=values, account=found.account.took("group", said))


def _only_groups(places: Sequence[Place], level: int, names: set[str]) -> Folders:
    """Nothing but patients or folds: they are no classes."""
    found = _with_groups(Folders([], None, None, None, Account()), places, level, names)
    kind = "folds" if found.folds is not None else "groups"
    deepest = max(map(len, places))
    pattern = "/".join("{label}" if k == level else "*" for k in range(deepest))
    return replace(
        found,
        account=found.account.remarking(
            f"took folders {_listed(names)} for {kind}, not for classes; --label-from says where "
            f"in the files' names the label stands, as in '*-{{label}}-*' (or '{pattern}/*': the "
            "folder)"
        ),
    )


def _without_wrappers(places: list[Place], parts: list[Part] | None) -> list[Place]:
    """Take out levels that say nothing: one folder around all files, or around all of a part."""
    while len({p[:1] for p in places}) == 1 and (
        any(len(p) > 1 for p in places) or _is_wrapper(places[0])
    ):
        places = [p[1:] for p in places]
    owners: list[Part | None] = list(parts) if parts is not None else [None] * len(places)
    for owner in set(owners):
        own = [i for i, o in enumerate(owners) if o == owner]
        if all(_is_wrapper(places[i]) for i in own):
            for i in own:
                places[i] = places[i][1:]
    return places


def _is_wrapper(place: Place) -> bool:
    return place[:1] != () and place[0].casefold() in _WRAPPERS


def _listed(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return " ".join(ordered[:6]) + (f" … ({len(ordered)})" if len(ordered) > 6 else "")
