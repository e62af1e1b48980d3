"""The same series more than once, and groups on both sides of a split."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from msssm_ts.analysis.data.finding import Finding
from msssm_ts.analysis.data.parts import Part
from msssm_ts.text import counted, plural

# Series that near ones are looked for among: the time grows with the square.
MOST_COMPARED = 20_000
# Neighbours that tell how far apart series lie; the share of their distance that is near at most;
# and how many pairs that are so near by chance are put up with in all.
_NEIGHBOURS, _NEAREST, _BY_CHANCE = 10, 0.1, 0.05
# Of rounding in sketches.
_ROUNDING = 1e-5
_COPIES = "leave copies out, or give them one group (--group), so that no validation part has one"
_LEAK = "scores say nothing of new ones there; take them out of one part"


class _Known(NamedTuple):
    """A series that was looked at."""

    part: Part
    number: int

    @property
    def place(self) -> str:
        return self.part.place(self.number)

    @property
    def label(self) -> str | None:
        return None if self.part.labels is None else self.part.labels[self.number]


def group_leaks(parts: Sequence[Part]) -> Iterator[Finding]:
    """Find groups (patients, speakers) that several parts have."""
    for a, first in enumerate(parts):
        for second in parts[a + 1 :]:
            if first.data.groups is None or second.data.groups is None:
                continue
            ours, theirs = (np.asarray(p.data.groups).astype(str) for p in (first, second))
            both = np.intersect1d(ours, theirs)
            if len(both):
                name = first.data.group_name
                n = int(np.isin(theirs, both).sum())
                yield Finding(
                    "group_leak",
                    f"{counted(len(both), name)} {plural(len(both), 'is', 'are')} in "
                    f"{first.name} and in {second.name}, there with {n} of {len(theirs)} series",
                    len(both),
                    f"scores say nothing of another {name}; split by {name}",
                    tuple(both.tolist()),
                    breaks=True,
                )


def equal_series(parts: Sequence[Part]) -> Iterator[Finding]:
    """Find series that are the same, value for value: in several parts, with two labels, or not.

    Series in which nothing varies do not count.
    """
    known, prints, _ = _varying(parts)
    order = np.argsort(prints, kind="stable")
    cuts = np.flatnonzero(np.diff(prints[order])) + 1
    sets = [[known[i] for i in sorted(s)] for s in np.split(order, cuts) if len(s) > 1]
    sets.sort(key=lambda s: parts.index(s[0].part) * 10**12 + s[0].number)
    for a, first in enumerate(parts):
        copies = [[k for k in s if k.part is first] for s in sets]
        copies = [s for s in copies if len(s) > 1]
        n = sum(len(s) - 1 for s in copies)
        if n:
            text = f"{n} series{first.within} {_stand(n)} there before, value for value"
            yield Finding("duplicates", text, n, _COPIES, _equations(copies))
        for second in parts[a + 1 :]:
            shared = [s for s in sets if {id(first), id(second)} <= {id(k.part) for k in s}]
            n = sum(k.part is second for s in shared for k in s)
            if n:
                text = f"{n} series of {second.name} {_stand(n)} in {first.name}, value for value"
                yield Finding("leak", text, n, _LEAK, _equations(shared), breaks=True)
    torn = [s for s in sets if len({k.label for k in s} - {None}) > 1]
    if torn:
        yield Finding(
            "contradiction",
            f"{len(torn)} series {plural(len(torn), 'has', 'have')} two labels or more, each of "
            "them with the same values",
            len(torn),
            "at most one can be right; correct the labels, or leave them out",
            tuple(" = ".join(f"{k.place}: {k.label}" for k in s) for s in torn),
            breaks=True,
        )


def near_series(parts: Sequence[Part]) -> tuple[list[Finding], str]:
    """Find series that are nearly the same as another, whatever their scale and offset.

    Nearly: at most a tenth as far as their tenth neighbour, and so near that in series that are
    spread like these not one pair is by chance (or one in twenty such sets). Equal ones do not
    count again.

    Returns
    -------
    findings : list of Finding
    left_out : str
        What was not compared; empty where all were.
    """
    known, prints, sketches = _varying(parts)
    _, first = np.unique(prints, return_index=True)
    first.sort()
    left_out = ""
    if len(first) > MOST_COMPARED:
        left_out = (
            f"near duplicates were looked for among {MOST_COMPARED} of {len(first)} different "
            "series, spread from first to last"
        )
        first = first[np.linspace(0, len(first) - 1, MOST_COMPARED).astype(np.int64)]
    pairs, correlations = near_pairs(sketches[first])
    near = [(known[first[i]], known[first[j]]) for i, j in pairs]
    findings = []
    for across in (False, True):
        chosen = [n for n, (a, b) in enumerate(near) if (a.part is not b.part) == across]
        if not chosen:
            continue
        differ = sum(len({near[n][0].label, near[n][1].label} - {None}) > 1 for n in chosen)
        text = counted(len(chosen), "pair")
        text += " of series in two parts" if across else " of series within a part"
        text += " is" if len(chosen) == 1 else " are"
        text += f" nearly the same (correlation {_correlation(min(correlations[chosen]))} or more)"
        text += f", {differ} with different labels" if differ else ""
        findings.append(
            Finding(
                "near_leak" if across else "near_duplicates",
                text,
                len(chosen),
                f"if they are copies: {_LEAK if across else _COPIES}",
                tuple(f"{near[n][0].place} ~ {near[n][1].place}" for n in chosen),
            )
        )
    return findings, left_out


def near_pairs(
    points: NDArray[np.floating],
) -> tuple[list[tuple[int, int]], NDArray[np.float64]]:
    """Return pairs of points that lie nearer than any do by chance, and their products.

    With neighbours at distances r₁ < r₂ < … of which the number grows as r^m, r₁ < q·r_k has the
    probability (k − 1)·q^m or less, however dense the points lie there. m is measured: log r_k/r_j
    has the mean (1/j + … + 1/(k − 1))/m (Levina and Bickel, "Maximum likelihood estimation of
    intrinsic dimension", 2004).

    Parameters
    ----------
    points : array of shape (n_points, n_dimensions)
        Of norm 1.

    Examples
    --------
    >>> points = np.random.default_rng(0).normal(size=(50, 8))
    >>> points[7] = points[3] + 1e-3
    >>> near_pairs(points / np.linalg.norm(points, axis=1, keepdims=True))[0]
    [(3, 7)]
    """
    from sklearn.neighbors import NearestNeighbors

    k = min(_NEIGHBOURS, len(points) - 1)
    if k < 3:
        return [], np.zeros(0)
    search = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(points)
    distances, neighbours = search.kneighbors()
    j = max(2, k // 2)
    far, middle = distances[:, -1], distances[:, j - 1]
    spread = (middle > _ROUNDING) & (far > middle)
    if not spread.any():
        return [], np.zeros(0)
    expected = sum(1 / i for i in range(j, k))
    dimension = expected / float(np.log(far[spread] / middle[spread]).mean())
    share = (_BY_CHANCE / (len(points) * (k - 1))) ** (1 / dimension)
    limit = min(_NEAREST, share) * far[:, None]
    rows, columns = np.nonzero((distances < limit) | (distances < _ROUNDING) & (far[:, None] > 0))
    found = {
        (min(i, n), max(i, n)): 1 - distances[i, c] ** 2 / 2
        for i, c in zip(rows.tolist(), columns.tolist(), strict=True)
        for n in [int(neighbours[i, c])]
    }
    pairs = sorted(found)
    return pairs, np.array([found[p] for p in pairs])


def _varying(
    parts: Sequence[Part],
) -> tuple[list[_Known], NDArray[np.int64], NDArray[np.float32]]:
    """Return the series of all parts in which something varies, their fingerprints and sketches."""
    known = [_Known(part, i) for part in parts for i in part.index[part.digests.varies].tolist()]
    prints = np.concatenate([p.digests.fingerprints[p.digests.varies] for p in parts])
    return known, prints, np.concatenate([p.digests.sketches[p.digests.varies] for p in parts])


def _equations(sets: Sequence[Sequence[_Known]]) -> tuple[str, ...]:
    return tuple(" = ".join(k.place for k in s) for s in sets)


def _correlation(value: float) -> str:
    """Return a correlation near 1, rounded down to a digit or two behind its nines.

    Examples
    --------
    >>> _correlation(0.99987), _correlation(1.0)
    ('0.99987', '0.999999')
    """
    digits = 2 if value <= 0 else int(np.clip(1 - np.floor(np.log10(max(1 - value, 1e-6))), 2, 6))
    return f"{min(np.floor(value * 10**digits) / 10**digits, 0.999999):.{digits}f}"


def _stand(n: int) -> str:
    return "stands" if n == 1 else "stand"
