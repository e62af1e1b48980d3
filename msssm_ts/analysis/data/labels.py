"""Classes that are rare, or that only one part or one group has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from msssm_ts.analysis.data.finding import Finding
from msssm_ts.analysis.data.parts import Part
from msssm_ts.text import counted

# Series with which a class is too small to set any aside.
_TINY = 2
# A class with less than this part of what it had if all were alike makes them imbalanced.
_UNEVEN = 0.2


def class_findings(training: Sequence[Part], test: Part | None = None) -> Iterator[Finding]:
    """Find classes of which there are few series, or none to learn from.

    Parameters
    ----------
    training : sequence of Part
        What a model is fitted to: with what is set aside for validation.
    test : Part, optional
        What it is to answer.
    """
    data = [part.data for part in training]
    if any(d.labels is None for d in data):
        return
    counts = _counts(training)
    tiny = {c: n for c, n in counts.items() if n <= _TINY}
    if tiny:
        yield Finding(
            "small_classes",
            f"{counted(len(tiny), 'class has', 'classes have')} at most {_TINY} series",
            len(tiny),
            "nothing of them can be set aside to validate by; bring more, or join classes",
            tuple(f"{c}: {n}" for c, n in tiny.items()),
        )
    rest = {c: n for c, n in counts.items() if c not in tiny}
    total = sum(counts.values())
    few = {c: n for c, n in rest.items() if n * len(counts) < _UNEVEN * total}
    if few and not data[0].multilabel:
        most = max(counts, key=lambda c: counts[c])
        yield Finding(
            "imbalance",
            f"{counted(len(few), 'class has', 'classes have')} less than a fifth of an even share "
            f"of {total} series, where {most} has {counts[most]}",
            len(few),
            "accuracy hides them; --class-weight balanced or --decide macro_f1 (fit), and look at "
            "macro F1",
            tuple(f"{c}: {n}" for c, n in few.items()),
        )
    if test is not None and test.data.labels is not None:
        unknown = {c: n for c, n in _counts([test]).items() if n and not counts.get(c)}
        if unknown:
            yield Finding(
                "unknown_classes",
                f"{counted(len(unknown), 'class', 'classes')} of {test.name} {_are(unknown)} not "
                "in train",
                len(unknown),
                "no model can answer so; evaluate leaves their series out",
                tuple(f"{c}: {n}" for c, n in unknown.items()),
            )
    yield from _of_one_group(training)


def _counts(parts: Sequence[Part]) -> dict[str, int]:
    """Count the series of each class, or with each label."""
    found: Counter[str] = Counter()
    for part in parts:
        data = part.data
        if data.labels is None or data.classes is None:
            continue
        if data.multilabel:
            sums = data.labels.sum(axis=0).tolist()
            found.update({str(c): int(n) for c, n in zip(data.classes, sums, strict=True)})
        else:
            found.update(part.labels)
    return dict(found)


def _of_one_group(training: Sequence[Part]) -> Iterator[Finding]:
    """Find classes that stem from one group alone: all, or where others do from several."""
    data = [part.data for part in training]
    if any(d.groups is None or d.multilabel for d in data):
        return
    members: dict[str, set[str]] = {}
    for part in training:
        groups = np.asarray(part.data.groups).astype(str)
        for label, group in zip(part.labels or (), groups.tolist(), strict=True):
            members.setdefault(label, set()).add(group)
    single = {c: next(iter(g)) for c, g in members.items() if len(g) == 1}
    n_groups = len(set().union(*members.values()))
    if single and (len(single) == len(members) or n_groups > len(members)):
        name = data[0].group_name
        yield Finding(
            "one_group",
            f"{counted(len(single), 'class stems', 'classes stem')} from one {name} alone",
            len(single),
            f"what is learned of them may be the {name}, and no validation can tell; bring others",
            tuple(f"{c}: {g}" for c, g in single.items()),
        )


def _are(several: dict[str, int]) -> str:
    return "is" if len(several) == 1 else "are"
