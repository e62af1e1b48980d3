"""Names that people give to the parts of a split, in folders and in columns alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")

_NAMES: dict[str, Part] = {
    **dict.fromkeys(("train", "training", "trn", "tr", "learn", "learning", "fit"), "train"),
    **dict.fromkeys(
        ("validation", "valid", "validate", "validating", "val", "dev", "devel", "development"),
        "validation",
    ),
    **dict.fromkeys(
        (
            "test",
            "testing",
            "tst",
            "eval",
            "evaluation",
            "evaluate",
            "holdout",
            "heldout",
            "hold_out",
            "held_out",
            "public_test",
            "publictest",
            "private_test",
            "privatetest",
        ),
        "test",
    ),
}
# Columns that are true for the series of one part.
_FLAGS: dict[str, Part] = {
    "isvalid": "validation",
    "isvalidation": "validation",
    "isval": "validation",
    "istest": "test",
    "istrain": "train",
}
TRUE, FALSE = ("1", "true", "yes", "t", "1.0"), ("0", "false", "no", "f", "0.0", "")


def part_of(name: object) -> Part | None:
    """Return the part that a name stands for; None where it stands for none.

    Examples
    --------
    >>> part_of("Dev"), part_of("training_set"), part_of("drums")
    ('validation', 'train', None)
    """
    text = str(name).strip().casefold().replace("-", "_").replace(" ", "_")
    for ending in ("_set", "_data", "set", "_split", "_part"):
        text = text.removesuffix(ending)
    return _NAMES.get(text)


def are_parts(names: Iterable[object]) -> bool:
    """Whether at least two different parts are among some names.

    One alone may be a class: there are sounds of trains.

    Examples
    --------
    >>> are_parts(["train", "dev"]), are_parts(["train", "car"])
    (True, False)
    """
    return len({part_of(n) for n in names} - {None}) > 1


def are_tests_beside(parts: Iterable[str | None], asked: Part) -> bool:
    """Whether there is a part for tests among the parts of a source, and it is not the one read.

    Examples
    --------
    >>> are_tests_beside(["train", "test"], "train"), are_tests_beside(["train", "test"], "test")
    (True, False)
    """
    return asked != "test" and "test" in parts


def flag_of(column: str) -> Part | None:
    """Return the part whose series a column is true for, by its name.

    Examples
    --------
    >>> flag_of("IsTest"), flag_of("is_valid"), flag_of("test")
    ('test', 'validation', None)
    """
    return _FLAGS.get(re.sub(r"[\s_-]", "", column).casefold())


def parts_in_column(column: str, cells: Sequence[object]) -> list[Part | None]:
    """Return the parts that the cells of a column stand for; None for those that stand for none.

    Examples
    --------
    >>> parts_in_column("split", ["dev", "x"]), parts_in_column("isTest", ["0", "True"])
    (['validation', None], ['train', 'test'])
    """
    flagged = flag_of(column)
    texts = [str(c).strip().casefold() for c in cells]
    if flagged is None or not {*texts} <= {*TRUE, *FALSE}:
        return [part_of(c) for c in cells]
    rest: Part = "test" if flagged == "train" else "train"
    return [flagged if t in TRUE else rest for t in texts]


def part_in(name: object) -> Part | None:
    """Return the part that one word of a name stands for: that of a file, or of a column.

    Examples
    --------
    >>> part_in("cv-valid-dev"), part_in("labels_test"), part_in("validated")
    ('validation', 'test', None)
    """
    whole = part_of(name)
    if whole is not None:
        return whole
    found = {part_of(word) for word in re.split(r"[^a-z0-9]+", str(name).casefold())} - {None}
    return found.pop() if len(found) == 1 else None
