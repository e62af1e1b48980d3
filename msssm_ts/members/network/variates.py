"""A network's variates: how many a problem has, and in which order they stand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msssm_ts.members.network.adjacency import Matrix, adjacency_of, beside_channels
from msssm_ts.members.problem import Problem
from msssm_ts.model import MSSSMNetwork

# Series by which it is told how channels go together.
_SERIES = 2000
# Of what is left out so many are named.
_NAMED = 3


def variates_of(problem: Problem) -> int:
    """Count what a problem's series have as variates: channels; of spectra the sound's."""
    values = problem.values
    return int(values.series[0].shape[0]) // max(1, values.bands)


def given_graph(parameters: Mapping[str, Any], problem: Problem) -> Matrix | None:
    """Return the graph that a network is given, (V, V); None: it takes none, or makes its own.

    Raises
    ------
    InputError
        If what was given does not fit the problem's channels.
    """
    variates = variates_of(problem)
    given = parameters["adjacency"]
    if given is None or parameters["variates"] != "graph" or variates == 1:
        return None
    return adjacency_of(given, variates, problem.channel_names)


def lay_out(network: MSSSMNetwork, parameters: Mapping[str, Any], problem: Problem) -> None:
    """Order the variates of a network with a graph, by what is given or by correlation."""
    from msssm_ts.model.variates.order import correlations, laid_out

    if network.axis is None or network.config.variates != "graph":
        return
    weights = given_graph(parameters, problem)
    if weights is None:
        # The same series whatever the seed of the network.
        seen = problem.at_most(_SERIES, 0).values.series
        weights = correlations(list(seen), network.config.n_variates)
    network.axis.lay_out(*laid_out(weights))


def said_of_variates(parameters: Mapping[str, Any], problem: Problem) -> str | None:
    """Say which settings of variates did nothing; None: each did what it says.

    Examples
    --------
    >>> import numpy as np
    >>> problem = Problem.of([np.ones((1, 3))], np.array([0]), 2)
    >>> said_of_variates({"variates": "scan", "adjacency": None}, problem)
    "mixes its channels: variates='scan' has nothing to act on where there is one"
    """
    chosen = parameters["variates"]
    if chosen != "mix" and variates_of(problem) == 1:
        what = "spectrum, whose bands are no variates" if problem.values.bands else ""
        one = f"one {what}" if what else "one"
        return f"mixes its channels: variates={chosen!r} has nothing to act on where there is {one}"
    if parameters["adjacency"] is not None and chosen != "graph":
        return "left adjacency out: it is of variates='graph' alone"
    if parameters["adjacency"] is not None:
        others = beside_channels(
            parameters["adjacency"], variates_of(problem), problem.channel_names
        )
        if others:
            some = ", ".join(others[:_NAMED]) + (", …" if len(others) > _NAMED else "")
            return f"left out {len(others)} of adjacency's that are no channels here: {some}"
    return None
