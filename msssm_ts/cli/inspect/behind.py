"""What ``msssm-ts inspect MODEL DATA`` shows of a network's experts, and of its workspace."""

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

EXPERTS, TOKENS = "experts.png", "workspace.png"


def expert_facts(
    classifier: MSSSMClassifier,
    data: LabelledSeries,
    index: int,
    view: View,
    title: str,
    folder: Path,
    quiet: bool,
) -> dict[str, Any]:
    """Draw the picture and return what JSON shows; steps and experts count from 1."""
    import numpy as np

    from msssm_ts.analysis.network.behind import expert_gates
    from msssm_ts.analysis.network.draw_motifs import draw_strip
    from msssm_ts.analysis.network.view import network_of

    network = network_of(classifier.model_)
    taken: dict[str, Any] = {}
    rows = 0
    for label, own in looked_at(classifier, data, index, view, "experts", quiet):
        gates = expert_gates(network, own.series, own.values.shape[1])
        taken[label] = taken.get(label, 0) + (gates > 0).sum(0)
        rows += 1
    gates = expert_gates(network, view.series, view.values.shape[1])
    # Of a missing step there is none.
    first = np.where(gates.any(1), gates.argmax(1), -1)
    save(draw_strip(view, first, title, "expert"), folder / EXPERTS)
    edges = [0, *(np.flatnonzero(np.diff(first)) + 1).tolist(), len(first)]
    return {
        "n_experts": network.config.experts,
        "n_series": rows,
        "along": [
            {"expert": int(first[a]) + 1, "first": view.first + a + 1, "last": view.first + b}
            for a, b in pairwise(edges)
            if first[a] >= 0
        ],
        "classes": {
            label: [round(float(n), 4) for n in counts / max(1, counts.sum())]
            for label, counts in sorted(taken.items())
        },
        "pictures": [str(folder / EXPERTS)],
    }


def show_experts(facts: dict[str, Any]) -> None:
    """Write which expert has how many of the places to stdout."""
    classes = facts["classes"]
    header = ["expert", *(f"of {name}" for name in classes)]
    rows = [
        [str(e + 1), *(f"{shares[e]:.1%}" for shares in classes.values())]
        for e in range(facts["n_experts"])
    ]
    show()
    show_table(header, rows, right=header[1:])
    show(
        f"\neach step goes through two experts: the part of these places that one has, over "
        f"{facts['n_series']} series"
    )


def workspace_facts(
    classifier: MSSSMClassifier, view: View, title: str, folder: Path, quiet: bool
) -> dict[str, Any]:
    """Draw the picture and return what JSON shows; steps and tokens count from 1."""
    import numpy as np

    from msssm_ts.analysis.network.behind import overlaps, token_shares
    from msssm_ts.analysis.network.draw_behind import MOST_TOKENS, draw_tokens
    from msssm_ts.analysis.network.view import network_of

    shares = token_shares(network_of(classifier.model_), view.series, view.values.shape[1])
    if shares.shape[1] > MOST_TOKENS:
        say(f"not drawn in {TOKENS}: {shares.shape[1] - MOST_TOKENS} more tokens", quiet=quiet)
    save(draw_tokens(view, shares, title), folder / TOKENS)
    alike = overlaps(shares) - 2.0 * np.eye(shares.shape[1])
    tokens = []
    for w, (own, others) in enumerate(zip(shares.T, alike, strict=True)):
        at, like = int(own.argmax()), int(others.argmax())
        token = {
            "token": w + 1,
            "steps": int((own > 0).sum()),
            "most_at": view.first + at + 1,
            "share_there": round(float(own[at]), 4),
        }
        if len(shares.T) > 1:
            token |= {"like": like + 1, "overlap": round(float(others[like]), 4)}
        tokens.append(token)
    return {"tokens": tokens, "pictures": [str(folder / TOKENS)]}


def show_workspace(facts: list[dict[str, Any]]) -> None:
    """Write what each token reads to stdout."""
    header = ["token", "steps read", "most at step", "of which", "most like token", "overlap"]
    rows = [
        [
            *(str(one[name]) for name in ("token", "steps", "most_at")),
            f"{one['share_there']:.0%}",
            *([str(one["like"]), f"{one['overlap']:.0%}"] if "like" in one else ["", ""]),
        ]
        for one in facts
    ]
    show()
    show_table(header, rows, right=header[1:])
