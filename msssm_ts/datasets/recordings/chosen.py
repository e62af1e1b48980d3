"""Which of the tables that list recordings are used, and for what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import PARTS, Part
from msssm_ts.datasets.recordings.roles import column_of_group
from msssm_ts.datasets.recordings.tables import Listing, has_label, read_owned
from msssm_ts.datasets.tables.columns import FOLD, GROUP, PART, find_column


def chosen_tables(
    listings: list[Listing], idle: Sequence[Path], folder: Path, options: ReadOptions
) -> tuple[list[Listing], list[Listing], list[Path]]:
    """Return the tables to use, those that are left, and those that say nothing of recordings.

    Parameters
    ----------
    listings : list of Listing
        Tables that list recordings.
    idle : sequence of Path
        Tables that list none; some may be of patients and the like, whom the others name.
    folder : Path
        The recordings lie below it.
    options : ReadOptions
        Columns that the user named.
    """
    owned = _of_owners(idle, listings, folder, options)
    bases = [x for x in listings if any(x is base for base, _ in owned.values())]
    listings = [*listings, *(found for _, found in owned.values())]
    used, unused = _chosen(listings, options)
    # Those through which patients are found have the recordings, and may say more of them.
    used = [*bases, *(x for x in used if not any(x is base for base in bases))]
    unused = [x for x in unused if not any(x is base for base in bases)]
    return used, unused, [t for t in idle if t not in owned]


def _of_owners(
    idle: Sequence[Path], listings: Sequence[Listing], folder: Path, options: ReadOptions
) -> dict[Path, tuple[Listing, Listing]]:
    """Return tables of patients and the like, each behind the one that names these.

    Only such as say what those that list the recordings do not.
    """
    found = {}
    for file in idle:
        for listing in listings:
            owned = read_owned(file, listing, folder)
            if owned is not None and _adds(owned, list(listings), options):
                found[file] = listing, owned
                break
    return found


def _chosen(listings: list[Listing], options: ReadOptions) -> tuple[list[Listing], list[Listing]]:
    """Tables to use, first the one with the labels or those of parts, and tables that are left."""
    parts = [x for x in listings if x.part is not None]
    lists = [x for x in parts if not x.columns and x.part != "train"]
    if len({x.part for x in parts}) > 1:
        # Each part once: of validated.tsv and train.tsv only the second names one.
        by_part: dict[tuple[Part | None, Path], Listing] = {}
        for x in sorted(parts, key=lambda x: not has_label(x, options.label)):
            by_part.setdefault((x.part, x.table.file.parent), x)
        used = sorted(by_part.values(), key=lambda x: PARTS.index(x.part or "train"))
    else:
        used = sorted(listings, key=lambda x: _rank(x, options))[:1]
        used += [x for x in listings if x not in used and (x in lists or x.goes_on(used[0]))]
    for x in listings:
        # A further table is used for what the first does not say.
        if x not in used and _adds(x, used, options):
            used.append(x)
    return used, [x for x in listings if x not in used]


def _rank(listing: Listing, options: ReadOptions) -> tuple[bool, bool, bool, int]:
    """Sort tables: with labels first, what shows how to hand answers in last, then by files."""
    example = "submission" in listing.table.file.stem.lower()
    found = len(set(listing.files) - {None})
    return not has_label(listing, options.label), example, bool(listing.owners), -found


def _adds(listing: Listing, used: list[Listing], options: ReadOptions) -> bool:
    if has_label(listing, options.label) and not any(has_label(x, options.label) for x in used):
        return True
    roles = [(GROUP, column_of_group(options.group)), (FOLD, options.fold)]
    # What has a row a piece mostly does not say how recordings are split.
    roles += [(PART, None)] if any(x.of_pieces or x.repeats for x in used) else []
    for names, chosen in roles:
        known = [find_column(x.columns, names, None) or (chosen in x.columns) for x in used]
        here = chosen in listing.columns if chosen else find_column(listing.columns, names, None)
        if here and not any(known):
            return True
    known_beside = {c for x in used for c in options.beside_columns(x.columns)}
    return not known_beside.issuperset(options.beside_columns(listing.columns))
