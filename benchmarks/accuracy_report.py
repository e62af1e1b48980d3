"""Tables and pictures of accuracies beside published ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata, wilcoxon

# Okabe and Ito's colours, told apart by the colour-blind.
_BLUE, _VERMILLION, _GREY = "#0072B2", "#D55E00", "0.45"
_RIVAL = "MR-Hydra"


@dataclass(frozen=True)
class Table:
    """Measured rows, a set and seed each, and published accuracies.

    Parameters
    ----------
    name : str
        Of what was measured.
    rows : list of dict
        As in the result file.
    anchors : dict of set to dict of method to accuracy
        Published.
    peers : tuple of (name, rows)
        Other classifiers, measured in the same run.
    is_validation : bool
        Whether accuracies are of held-out parts of the training files: not to be compared.
    """

    name: str
    rows: list[dict[str, Any]]
    anchors: dict[str, dict[str, float]]
    peers: tuple[tuple[str, list[dict[str, Any]]], ...] = ()
    is_validation: bool = False

    @property
    def sets(self) -> list[str]:
        """Names of the sets."""
        return list(dict.fromkeys(r["dataset"] for r in self.rows))

    def mean(self, column: str, rows: list[dict[str, Any]] | None = None) -> NDArray[np.float64]:
        """Return the mean over seeds of each set."""
        rows = self.rows if rows is None else rows
        return np.array(
            [np.mean([float(r[column]) for r in rows if r["dataset"] == s]) for s in self.sets]
        )

    def methods(self) -> dict[str, NDArray[np.float64]]:
        """Return accuracies of all methods that have one for each set, ours first."""
        found = {"msssm-ts": self.mean("accuracy")}
        if self.is_validation:
            return found
        names = dict.fromkeys(m for s in self.sets for m in self.anchors.get(s, {}))
        for name in names:
            if all(name in self.anchors.get(s, {}) for s in self.sets):
                found[name] = np.array([self.anchors[s][name] for s in self.sets])
        return found


def write_report(table: Table, stem: Path, facts: str) -> str:
    """Write STEM.txt and, beside published figures, STEM-ranks.png and STEM-scatter.png."""
    methods = table.methods()
    text = "\n".join([facts, "", *_lines(table, methods)]) + "\n"
    stem.with_suffix(".txt").write_text(text, encoding="utf-8")
    if len(methods) > 2 and len(table.sets) > 5:
        draw_ranks(methods, stem.with_name(f"{stem.name}-ranks.png"))
        if _RIVAL in methods:
            draw_scatter(
                methods["msssm-ts"], methods[_RIVAL], stem.with_name(f"{stem.name}-scatter.png")
            )
    return text


def _lines(table: Table, methods: dict[str, NDArray[np.float64]]) -> list[str]:
    ours = methods["msssm-ts"]
    fit, predict = table.mean("fit_seconds"), table.mean("predict_seconds")
    memory = [max(int(r["peak_mb"]) for r in table.rows if r["dataset"] == s) for s in table.sets]
    size = table.mean("n_train") * table.mean("n_timepoints") * table.mean("n_channels")
    lines = [
        f"{table.name}: {len(table.sets)} sets, {len(table.rows)} fits"
        + (", validation inside the training files" if table.is_validation else ""),
        "",
        f"{'set':32}{'accuracy':>9}{'spread':>8}{'left-out':>9}{_RIVAL:>9}"
        f"{'fit s':>8}{'predict s':>10}{'MB':>6}",
    ]
    for i, name in enumerate(table.sets):
        runs = [float(r["accuracy"]) for r in table.rows if r["dataset"] == name]
        rival = table.anchors.get(name, {}).get(_RIVAL)
        shown = "" if rival is None or table.is_validation else f"{rival:.4f}"
        estimate = table.mean("estimate")[i]
        lines.append(
            f"{name:32}{ours[i]:9.4f}{np.std(runs):8.4f}{estimate:9.4f}{shown:>9}"
            f"{fit[i]:8.1f}{predict[i]:10.1f}{memory[i]:6d}"
        )
    small = size <= 200_000
    gap = table.mean("estimate") - ours
    lines += [
        "",
        f"mean accuracy {ours.mean():.4f}; fit {fit.sum():.0f} s, predict {predict.sum():.0f} s a "
        f"seed; most memory {max(memory)} MB",
        f"longest fit among the {small.sum()} sets of at most 200 000 values: "
        f"{fit[small].max() if small.any() else 0:.1f} s",
        f"left-out estimate minus accuracy: mean {np.nanmean(gap):+.4f}, mean of absolute values "
        f"{np.nanmean(np.abs(gap)):.4f}",
    ]
    if len(methods) > 1:
        lines += ["", f"{'method':18}{'mean':>8}{'rank':>7}{'ours wins/draws/loses':>24}{'p':>9}"]
        ranks = dict(zip(methods, average_ranks(methods), strict=True))
        for name, values in sorted(methods.items(), key=lambda m: -m[1].mean()):
            difference = np.round(ours - values, 4)
            won, lost = int((difference > 0).sum()), int((difference < 0).sum())
            record = "" if name == "msssm-ts" else f"{won}/{len(ours) - won - lost}/{lost}"
            p = "" if name == "msssm-ts" or not won + lost else f"{wilcoxon(difference).pvalue:.3f}"
            lines.append(f"{name:18}{values.mean():8.4f}{ranks[name]:7.2f}{record:>24}{p:>9}")
    if "1NN-DTW" in methods:
        worst = (ours - methods["1NN-DTW"]).argmin()
        margin = (ours - methods["1NN-DTW"])[worst]
        lines.append(f"least margin over 1NN-DTW: {margin:+.4f} ({table.sets[worst]})")
    for name, rows in table.peers:
        times = [table.mean(c, rows).sum() for c in ("fit_seconds", "predict_seconds")]
        lines.append(
            f"{name}, run here: mean accuracy {table.mean('accuracy', rows).mean():.4f}, fit "
            f"{times[0]:.0f} s, predict {times[1]:.0f} s"
        )
    return lines


def average_ranks(methods: dict[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return each method's mean rank over the sets, 1 the best."""
    values = np.stack(list(methods.values()))
    ranks: NDArray[np.float64] = rankdata(-np.round(values, 4), axis=0).mean(1)
    return ranks


def _cliques(
    methods: dict[str, NDArray[np.float64]], order: Sequence[str]
) -> list[tuple[int, int]]:
    """Return runs of methods, by rank, that differ by no more than chance (Wilcoxon, Holm)."""
    pairs = [(i, j) for i in range(len(order)) for j in range(i + 1, len(order))]
    p = []
    for i, j in pairs:
        difference = np.round(methods[order[i]] - methods[order[j]], 4)
        p.append(wilcoxon(difference).pvalue if difference.any() else 1.0)
    different, by_size = set(), np.argsort(p)
    for place, k in enumerate(by_size):
        if p[k] > 0.05 / (len(p) - place):
            break
        different.add(pairs[k])
    runs = []
    for i in range(len(order)):
        j = i
        while j + 1 < len(order) and all((a, j + 1) not in different for a in range(i, j + 1)):
            j += 1
        if j > i and not any(a <= i and j <= b for a, b in runs):
            runs.append((i, j))
    return runs


def draw_ranks(methods: dict[str, NDArray[np.float64]], file: Path) -> None:
    """Draw average ranks on a line, methods that do not differ significantly joined."""
    from matplotlib.figure import Figure

    names = list(methods)
    ranks = average_ranks(methods)
    order = [names[i] for i in np.argsort(ranks)]
    place = dict(zip(names, ranks, strict=True))
    runs = _cliques(methods, order)
    half = -(-len(order) // 2)
    figure = Figure(
        figsize=(8, 1.2 + 0.24 * half + 0.12 * len(runs)), dpi=120, layout="constrained"
    )
    axis = figure.subplots()
    low, high = np.floor(min(ranks)), np.ceil(max(ranks))
    floor = -0.6 - 0.22 * len(runs)
    for level, (i, j) in enumerate(runs):
        y = -0.35 - 0.22 * level
        axis.plot(
            [place[order[i]] - 0.05, place[order[j]] + 0.05], [y, y], color="0.2", linewidth=3.5
        )
    for k, name in enumerate(order):
        left = k < half
        row = k if left else len(order) - 1 - k
        y = floor - 0.42 * row
        end = low - 0.15 if left else high + 0.15
        ours = name == "msssm-ts"
        color = _VERMILLION if ours else _GREY
        axis.plot([place[name], place[name], end], [0, y, y], color=color, linewidth=1.2)
        axis.text(
            end + (-0.05 if left else 0.05),
            y,
            f"{name} ({place[name]:.2f})",
            ha="right" if left else "left",
            va="center",
            color=color if ours else "black",
            fontweight="bold" if ours else "normal",
        )
    axis.plot([low, high], [0, 0], color="black", linewidth=1.2)
    for tick in np.arange(low, high + 1):
        axis.plot([tick, tick], [0, 0.12], color="black", linewidth=1.2)
        axis.text(tick, 0.2, f"{tick:.0f}", ha="center", va="bottom")
    axis.text((low + high) / 2, 0.75, "average rank over the sets (1 is best)", ha="center")
    axis.set_xlim(low - 2.4, high + 2.4)
    axis.set_ylim(floor - 0.42 * half, 1.1)
    axis.axis("off")
    figure.savefig(file)


def draw_scatter(ours: NDArray[np.float64], rival: NDArray[np.float64], file: Path) -> None:
    """Draw our accuracies against a rival's, a point a set."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5, 5), dpi=120, layout="constrained")
    axis = figure.subplots()
    low = min(ours.min(), rival.min()) - 0.02
    axis.plot([low, 1], [low, 1], color="0.5", linewidth=1)
    won, lost = int((ours > rival + 5e-5).sum()), int((ours < rival - 5e-5).sum())
    axis.scatter(rival, ours, color=_BLUE, s=24, alpha=0.8, edgecolor="none", zorder=3)
    axis.set_xlabel(f"{_RIVAL}, published accuracy")
    axis.set_ylabel("msssm-ts, accuracy")
    axis.text(0.04, 0.95, f"msssm-ts better: {won}", transform=axis.transAxes)
    axis.text(0.96, 0.04, f"{_RIVAL} better: {lost}", transform=axis.transAxes, ha="right")
    axis.set_xlim(low, 1.01)
    axis.set_ylim(low, 1.01)
    axis.set_aspect("equal")
    axis.grid(alpha=0.3)
    figure.savefig(file)
