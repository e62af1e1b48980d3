"""What ``msssm-ts inspect MODEL DATA`` shows of a network's motifs."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.inspect.viewed import looked_at
from msssm_ts.cli.shown.console import say, show
from msssm_ts.cli.shown.pictures import save
from msssm_ts.cli.shown.tables import show_table

if TYPE_CHECKING:
    from msssm_ts.analysis.network.view import View
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier

STRIP, SHAPES = "motifs.png", "motif_shapes.png"


def motif_facts(
    classifier: MSSSMClassifier,
    data: LabelledSeries,
    index: int,
    view: View,
    title: str,
    folder: Path,
    quiet: bool,
) -> dict[str, Any]:
    """Draw the pictures and return what JSON shows; steps and motifs count from 1."""
    import numpy as np

    from msssm_ts.analysis.network.draw_motifs import (
        MOST_CLASSES,
        MOST_DRAWN,
        draw_motif_shapes,
        draw_strip,
    )
    from msssm_ts.analysis.network.motifs import motif_codes, over_series
    from msssm_ts.analysis.network.view import network_of

    network = network_of(classifier.model_)
    n = network.config.motifs
    codes = motif_codes(network, view.series, view.values.shape[1])
    signals, found, labels = [], [], []
    for label, own in looked_at(classifier, data, index, view, "motifs", quiet):
        signals.append(own.values[0])
        found.append(motif_codes(network, own.series, own.values.shape[1]))
        labels.append(label)
    motifs = over_series(signals, found, labels, n)
    telling = motifs.telling
    left = [
        f"{count} more {what}"
        for count, what in (
            (len(telling) - MOST_DRAWN, "motifs"), (len(motifs.classes) - MOST_CLASSES, "classes")
        )
        if count > 0
    ]  # fmt: skip
    if left:
        say(f"not drawn in {SHAPES}: {', '.join(left)}", quiet=quiet)
    save(draw_strip(view, codes, title, "motif"), folder / STRIP)
    save(draw_motif_shapes(motifs, view.rate), folder / SHAPES)
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    return {
        "n_motifs": n,
        "n_series": len(labels),
        "never": n - len(telling),
        "along": [
            {"motif": int(codes[a]) + 1, "first": view.first + a + 1, "last": view.first + b}
            for a, b in pairwise(edges)
        ],
        "classes": {
            name: {str(c + 1): round(float(motifs.shares[i, c]), 4) for c in telling}
            for i, name in enumerate(motifs.classes)
        },
        "pictures": [str(folder / STRIP), str(folder / SHAPES)],
    }


def show_motifs(facts: dict[str, Any]) -> None:
    """Write which motif is how frequent in which class to stdout."""
    classes = facts["classes"]
    codes = list(next(iter(classes.values())))
    header = ["motif", *(f"of {name}" for name in classes)]
    rows = [[code, *(f"{classes[name][code]:.1%}" for name in classes)] for code in codes]
    show()
    show_table(header, rows, right=header[1:])
    never = f"; {facts['never']} more of none" if facts["never"] else ""
    show(
        f"\nsteps of a class that are of a motif, over {facts['n_series']} series, the most "
        f"telling motif first{never}"
    )
