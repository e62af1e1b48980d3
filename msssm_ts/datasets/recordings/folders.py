"""What the folders that recordings lie in say of them: part, class, speaker."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.parts import Part, are_parts, part_of

# Folders of one patient, speaker, device or fold each: numbered, and named for what they are.
_GROUP = re.compile(
    r"(actor|speaker|spk|subject|subj|sub|patient|pat|person|participant|user|volunteer|session"
    r"|case|record|rec|id|fold|p|s|u)[ _-]*\d+",
    re.IGNORECASE,
)

# Folders that hold recordings of every class.
_WRAPPERS = {"audio", "audios", "wav", "wavs", "clips", "data", "files", "sounds", "recordings"}


@dataclass(frozen=True)
class Folders:
    """What folders say of files, one entry a file.

    Parameters
    ----------
    files : list of Path
        Those that lie in a part where there are parts; all others stay.
    parts : list, optional
        Of a split.
    labels, groups : list of str, optional
        Classes, and speakers or patients.
    account : Account
        What was taken for what.
    """

    files: list[Path]
    parts: list[Part] | None
    labels: list[str] | None
    groups: list[str] | None
    account: Account


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
    level = _part_level(places)
    if level is not None:
        named = [part_of(p[level]) if len(p) > level else None for p in places]
        inside = [i for i, part in enumerate(named) if part is not None]
        outside = [f for f, part in zip(files, named, strict=True) if part is None]
        names = sorted({"/".join(p[: level + 1]) for p in places if _part_at(p, level) is None})
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
    labels, groups, said = _classes(places, parts)
    return Folders(kept, parts, labels, groups, account + said)


def _part_at(place: tuple[str, ...], level: int) -> Part | None:
    return part_of(place[level]) if len(place) > level else None


def _part_level(places: Sequence[tuple[str, ...]]) -> int | None:
    """Return the level whose folders are parts: two different ones, or one around everything."""
    deepest = max(map(len, places), default=0)
    for level in range(deepest):
        names = {p[level] if len(p) > level else "" for p in places}
        if are_parts(names) or (len(names) == 1 and part_of(min(names)) is not None):
            return level
    return None


def _classes(
    places: list[tuple[str, ...]], parts: list[Part] | None
) -> tuple[list[str] | None, list[str] | None, Account]:
    """Labels and groups of files from the folders that are left when parts are taken out."""
    places = _without_wrappers(places, parts)
    # Unlabelled files of another part, side by side, do not count.
    labelled = [p for p in places if p]
    if not labelled:
        return None, None, Account()
    levels = [sorted({p[k] for p in labelled if len(p) > k}) for k in range(len(labelled[0]))]
    every = all(len(p) > 1 for p in labelled)
    grouping = [bool(names) and all(_GROUP.fullmatch(n) for n in names) for names in levels]
    group: int | None = None
    label = 0
    if every and len(levels) > 1 and grouping[0] and not grouping[1]:
        label, group = 1, 0
    elif every and len(levels) > 1:
        group = 1 if grouping[1] else None
    elif grouping[0] and len(levels[0]) > 1:
        # Nothing but patients or folds: they are no classes.
        groups = [p[0] if p else "" for p in places]
        said = Account().took("group", f"folders {_listed(levels[0])}")
        return (
            None,
            groups,
            said.remarking(
                f"took folders {_listed(levels[0])} for groups, not for classes; --label-from says "
                "where in the files' names the label stands"
            ),
        )
    account = Account().took("label", f"folders {_listed(levels[label])}")
    if group is not None:
        account = account.took("group", f"folders {_listed(levels[group])}")
    labels = [p[label] if len(p) > label else "" for p in places]
    if group is None:
        return labels, None, account
    return labels, [p[group] if len(p) > group else "" for p in places], account


def _without_wrappers(
    places: list[tuple[str, ...]], parts: list[Part] | None
) -> list[tuple[str, ...]]:
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


def _is_wrapper(place: tuple[str, ...]) -> bool:
    return place[:1] != () and place[0].casefold() in _WRAPPERS


def _listed(names: Sequence[str] | set[str]) -> str:
    ordered = sorted(names)
    return " ".join(ordered[:6]) + (f" … ({len(ordered)})" if len(ordered) > 6 else "")
