"""What ``msssm-ts inspect --cost`` shows: parameters and multiply-adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msssm_ts.cli.shown.console import show
from msssm_ts.cli.shown.tables import show_table
from msssm_ts.text import counted

if TYPE_CHECKING:
    from msssm_ts.estimator import MSSSMClassifier

# Steps that are counted for where there is no series.
_STEPS = 1000


def cost_facts(classifier: MSSSMClassifier, n_timepoints: int | None) -> dict[str, Any]:
    """Count for the network and for a single-scale one of equal state."""
    from msssm_ts.analysis.network.cost import exponentials, multiply_adds, n_parameters
    from msssm_ts.analysis.network.single_scale import single_scale, untrained
    from msssm_ts.analysis.network.view import network_of

    network, steps = network_of(classifier.model_), n_timepoints or _STEPS
    other = untrained(single_scale(network.config), 0, network)
    return {
        "n_timepoints": steps,
        "core": network.config.core,
        **{
            name: {
                "parameters": n_parameters(of),
                "multiply_adds": multiply_adds(of, steps),
                "exponentials": exponentials(of, steps),
            }
            for name, of in (("model", network), ("single_scale", other))
        },
    }


def show_cost(facts: dict[str, Any]) -> None:
    """Write the table to stdout."""
    model, other = facts["model"], facts["single_scale"]
    counts = {
        "parameters": (model["parameters"], other["parameters"]),
        "multiply-adds": tuple(
            sum(n for n in c["multiply_adds"].values() if n is not None) for c in (model, other)
        ),
        **{
            f"  {part}": (count, other["multiply_adds"][part])
            for part, count in model["multiply_adds"].items()
        },
        "exponentials": (model["exponentials"], other["exponentials"]),
    }
    steps = facts["n_timepoints"]
    header = [f"of a series of {counted(steps, 'step')}", "this model", "single scale"]
    show()
    rows = [
        [name, *("–" if n is None else f"{n:,}" for n in pair)] for name, pair in counts.items()
    ]
    show_table(header, rows, right=header[1:])
    if model["exponentials"] is None:
        show(
            f"\n–: core '{facts['core']}' does not say what it costs, and is left out of the sum",
        )
