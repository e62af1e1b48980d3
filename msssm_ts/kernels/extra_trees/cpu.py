"""A randomised tree on the CPU (numba)."""

from __future__ import annotations

from typing import Any

import numpy as np

from msssm_ts.kernels.jit import inlined, kernel
from msssm_ts.kernels.simd import fetch, item

# Values of a feature that are no further apart are the same: rounding shall not part series.
SAME = np.float32(1e-7)
# Splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_UNIT = 2.0**-53
# Values of the next feature that are brought into the cache.
_FETCHED = 32


@inlined
def _number(z: Any) -> Any:
    """Return a number of [0, 1) that a state stands for."""
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    z = z ^ (z >> np.uint64(31))
    return np.float64(z >> np.uint64(11)) * _UNIT


@inlined
def _uniform(state: Any) -> Any:
    """Return a number of [0, 1), and move the state on."""
    state[0] += _GOLDEN
    return _number(state[0])


@inlined
def _fetch_next(
    features: Any, drawn: Any, seen: Any, n_features: Any, n_all: Any, state: Any, rows: Any,
    start: Any, n: Any,
) -> None:
    """Have the feature brought nearer that is drawn next, if the one at hand tells rows apart.

    It lies anywhere: waiting for it took as long as all the rest.
    """
    behind_the_cut = state[0] + _GOLDEN + _GOLDEN
    ahead = seen + np.int64(_number(behind_the_cut) * (n_features - seen))
    if ahead < n_features:
        at = item(drawn, ahead) * n_all
        for j in range(min(n, _FETCHED)):
            fetch(features, at + item(rows, start + j))


@inlined
def _xlogx(x: Any, table: Any) -> Any:
    """Return x · ln x; from a table where all weights are 1."""
    if table.size > 0:
        return table[np.int64(x)]
    if x > 0.0:
        return x * np.log(x)
    return 0.0


@inlined
def _count(
    codes: Any, weights: Any, rows: Any, start: Any, end: Any, n_targets: Any, total: Any
) -> Any:
    """Fill total with the weights of all answers; return the weight of all rows."""
    total[:] = 0.0
    weight = 0.0
    for j in range(start, end):
        weight += weights[rows[j]]
        for o in range(n_targets):
            total[codes[rows[j] * n_targets + o]] += weights[rows[j]]
    return weight


@inlined
def _present(total: Any, present: Any) -> Any:
    """Put the answers that there are into present, and return how many."""
    n = 0
    for c in range(total.size):
        if total[c] > 0.0:
            present[n] = c
            n += 1
    return n


@inlined
def _leave(total: Any, n_classes: Any, vote: Any, at: Any) -> None:
    """Write the answers of most weight, one of n_classes for every target."""
    for o in range(total.size // n_classes):
        best = 0
        for c in range(1, n_classes):
            if total[o * n_classes + c] > total[o * n_classes + best]:
                best = c
        vote[at + o] = best


@inlined
def _spread_of(features: Any, at: Any, rows: Any, start: Any, n: Any, values: Any) -> Any:
    """Put a feature of n rows into values, and return the least and the largest."""
    low = high = other_low = other_high = features[at + rows[start]]
    whole = n // 2 * 2
    # Two at a time: what is compared with one waits for it.
    for j in range(0, whole, 2):
        value = item(features, at + item(rows, start + j))
        other = item(features, at + item(rows, start + j + 1))
        values[j], values[j + 1] = value, other
        low, high = min(low, value), max(high, value)
        other_low, other_high = min(other_low, other), max(other_high, other)
    if whole < n:
        value = features[at + rows[start + whole]]
        values[whole] = value
        low, high = min(low, value), max(high, value)
    return min(low, other_low), max(high, other_high)


@inlined
def _count_below(
    values: Any, cut: Any, codes: Any, weights: Any, n: Any, n_targets: Any, below: Any
) -> Any:
    """Add the answers of the rows up to the cut to below; return the weight of these rows."""
    left = 0.0
    if n_targets == 1:
        for j in range(n):
            own = weights[j] if values[j] <= cut else 0.0
            below[codes[j]] += own
            left += own
        return left
    for j in range(n):
        if values[j] <= cut:
            left += weights[j]
            for o in range(n_targets):
                below[codes[j * n_targets + o]] += weights[j]
    return left


@inlined
def _count_runs(values: Any, cut: Any, total: Any, present: Any, n_present: Any, below: Any) -> Any:
    """Do the same where rows of weight 1 come class by class: no count waits for another."""
    left, first = 0.0, np.int64(0)
    for i in range(n_present):
        c = present[i]
        last, n = first + np.int64(total[c]), 0
        for j in range(first, last):
            n += item(values, j) <= cut
        below[c] = n
        left += n
        first = last
    return left


@inlined
def _gain(
    below: Any, total: Any, left: Any, weight: Any, present: Any, n_present: Any, n_targets: Any,
    table: Any,
) -> Any:
    """Return −(weight · entropy) of both sides, the more the better; below is 0 again."""
    gain = 0.0
    for i in range(n_present):
        c = present[i]
        gain += _xlogx(below[c], table) + _xlogx(total[c] - below[c], table)
        below[c] = 0.0
    return gain - n_targets * (_xlogx(left, table) + _xlogx(weight - left, table))


@inlined
def _part(features: Any, at: Any, cut: Any, rows: Any, start: Any, end: Any) -> Any:
    """Put the rows up to the cut before the others, and return where those begin."""
    middle, last = start, end
    while middle < last:
        if features[at + rows[middle]] <= cut:
            middle += 1
        else:
            last -= 1
            row = rows[middle]
            rows[middle] = rows[last]
            rows[last] = row
    return middle


@inlined
def _part_in_order(
    features: Any, at: Any, cut: Any, rows: Any, start: Any, end: Any, spare: Any
) -> Any:
    """Do the same, and leave the rows of both sides in their order."""
    middle, others = start, 0
    for j in range(start, end):
        row = rows[j]
        rows[middle], spare[others] = row, row
        below = item(features, at + row) <= cut
        middle += below
        others += not below
    for j in range(others):
        rows[middle + j] = spare[j]
    return middle


@kernel
def grow_tree(
    features: Any, codes: Any, weights: Any, sample: Any, table: Any, in_runs: Any,
    n_classes: Any, n_candidates: Any, seed: Any, feature: Any, after: Any, threshold: Any,
    vote: Any,
) -> Any:
    """Grow a tree until its leaves are pure, and return the number of its nodes.

    Symbols: N rows, F features, T targets of n_classes each.

    Parameters
    ----------
    features : float32 array of shape (F · N,)
        A feature after the other; all finite, or growing might not end.
    codes : integer array of shape (N · T,)
        The class of each target, plus the target's number times n_classes.
    weights : float64 array of shape (N,)
        All above 0.
    sample : integer array of shape (n,)
        The rows that it grows on.
    table : float64 array of shape (n + 1,) or (0,)
        x · ln x, where all weights are 1.
    in_runs : bool
        Whether the rows of the sample come class by class, of one target and all of weight 1.
    n_classes, n_candidates : int
        Classes of a target; features of which the best is taken.
    seed : uint64
        Of what is drawn.
    feature, after, threshold : arrays of shape (2 · n − 1,)
        Filled: the feature asked for, −1 in a leaf; the node for what is not above the threshold,
        the next one is for what is.
    vote : integer array of shape ((2 · n − 1) · T,)
        Filled: a leaf's classes.
    """
    n_all, n_rows = weights.size, sample.size
    n_features, n_targets = features.size // n_all, codes.size // n_all
    state = np.empty(1, np.uint64)
    state[0] = seed
    drawn = np.arange(n_features)
    rows = sample.copy()
    starts, ends = np.empty(2 * n_rows, np.int64), np.empty(2 * n_rows, np.int64)
    values = np.empty(n_rows, np.float32)
    own_codes = np.empty(n_rows * n_targets, np.int64)
    own_weights = np.empty(n_rows, np.float64)
    spare = np.empty(n_rows, np.int64)
    total = np.empty(n_targets * n_classes, np.float64)
    below, present = np.zeros(total.size, np.float64), np.empty(total.size, np.int64)
    starts[0], ends[0] = 0, n_rows
    n_nodes = 1
    # Nodes wait in the order of their numbers: those that follow one come after it.
    node = 0
    while node < n_nodes:
        start, end = starts[node], ends[node]
        n = end - start
        weight = _count(codes, weights, rows, start, end, n_targets, total)
        n_present = _present(total, present)
        feature[node], threshold[node], after[node] = -1, 0.0, -1
        _leave(total, n_classes, vote, node * n_targets)
        if n_present > n_targets:
            for j in range(0 if in_runs else n):
                own_weights[j] = weights[rows[start + j]]
                for o in range(n_targets):
                    own_codes[j * n_targets + o] = codes[rows[start + j] * n_targets + o]
            # What differs by rounding alone is no better.
            least, best, found, seen = 1e-9 * weight, -np.inf, 0, 0
            # As many as are wanted among those that tell rows apart, each looked at once.
            while seen < n_features and found < n_candidates:
                other = seen + np.int64(_uniform(state) * (n_features - seen))
                f = drawn[other]
                drawn[other] = drawn[seen]
                drawn[seen] = f
                seen += 1
                at = f * n_all
                _fetch_next(features, drawn, seen, n_features, n_all, state, rows, start, n)
                low, high = _spread_of(features, at, rows, start, n, values)
                if high <= low + SAME:
                    continue
                found += 1
                cut = np.float32(low + _uniform(state) * (high - low))
                if not cut < high:
                    cut = low
                if in_runs:
                    left = _count_runs(values, cut, total, present, n_present, below)
                else:
                    left = _count_below(values, cut, own_codes, own_weights, n, n_targets, below)
                gain = _gain(below, total, left, weight, present, n_present, n_targets, table)
                if gain > best + least:
                    best, feature[node], threshold[node] = gain, f, cut
                    # No split is better than one into pure sides.
                    if gain >= -least:
                        break
            if found > 0:
                after[node] = n_nodes
                at = feature[node] * n_all
                cut = threshold[node]
                if in_runs:
                    middle = _part_in_order(features, at, cut, rows, start, end, spare)
                else:
                    middle = _part(features, at, cut, rows, start, end)
                starts[n_nodes], ends[n_nodes] = start, middle
                starts[n_nodes + 1], ends[n_nodes + 1] = middle, end
                n_nodes += 2
        node += 1
    return n_nodes


@kernel
def count_votes(
    features: Any, n_features: Any, roots: Any, feature: Any, left: Any, right: Any,
    threshold: Any, vote: Any, n_answers: Any, n_outputs: Any, out: Any, first: Any, last: Any,
) -> None:
    """Add what the trees vote of rows first..last-1 to out, (N · n_outputs,).

    Parameters
    ----------
    features : float32 array of shape (N · n_features,)
        A row after the other.
    roots : array of shape (n_trees,)
        First node of each tree.
    feature, left, right, threshold : arrays of shape (n_nodes,)
        Feature asked for, −1 in a leaf, the nodes that follow, what it is compared with.
    vote : array of shape (n_nodes · n_answers,)
        A leaf's class where n_answers is 1, else 0 or 1 for every label.
    """
    for i in range(first, last):
        for tree in range(roots.size):
            node = roots[tree]
            while feature[node] >= 0:
                if features[i * n_features + feature[node]] <= threshold[node]:
                    node = left[node]
                else:
                    node = right[node]
            if n_answers == 1:
                out[i * n_outputs + vote[node]] += 1.0
            else:
                for o in range(n_answers):
                    out[i * n_outputs + o] += vote[node * n_answers + o]
