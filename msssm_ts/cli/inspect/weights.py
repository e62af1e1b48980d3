"""What ``msssm-ts inspect MODEL`` shows: memory and bands, from the weights."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.shown.console import show
from msssm_ts.cli.shown.pictures import save
from msssm_ts.cli.shown.tables import show_table
from msssm_ts.text import visible

if TYPE_CHECKING:
    from msssm_ts.estimator import MSSSMClassifier
    from msssm_ts.model import MSSSMNetwork

_ARROWS = {"forward": "→", "backward": "←"}


def weight_facts(
    classifier: MSSSMClassifier, given_rate: float | None, folder: Path
) -> dict[str, Any]:
    """Draw the pictures and return what JSON shows."""
    from msssm_ts.analysis.network.draw_weights import draw_memory, draw_responses
    from msssm_ts.analysis.network.view import network_of, network_rate
    from msssm_ts.analysis.network.weights import is_selective, summarize_streams

    network = network_of(classifier.model_)
    rate = network_rate(classifier.model_) or given_rate
    streams = summarize_streams(network)
    pictures = {}
    if streams[0].memory_median is not None:
        pictures["memory.png"] = draw_memory(network, rate)
    if network.config.n_scales:
        pictures["responses.png"] = draw_responses(network, rate)
    for name, figure in pictures.items():
        save(figure, folder / name)
    rows = []
    for stream in streams:
        row = asdict(stream)
        if rate is not None:
            for name in ("memory_median", "memory_longest", "receptive_field"):
                row[f"{name}_seconds"] = None if row[name] is None else row[name] / rate
            for name in ("mode_slowest", "mode_median", "mode_fastest", "peak", "centre"):
                row[f"{name}_hertz"] = None if row[name] is None else row[name] * rate
        rows.append(row)
    return {
        "sampling_rate": rate,
        "stem_stride": network.config.stride,
        "core": network.config.core,
        **_variates(classifier, network),
        "selective": is_selective(network),
        "streams": rows,
        "pictures": [str(folder / name) for name in pictures],
    }


def _variates(classifier: MSSSMClassifier, network: MSSSMNetwork) -> dict[str, Any]:
    """Return how channels that stay apart follow each other; nothing where they are mixed."""
    if network.axis is None:
        return {}
    n = network.config.n_variates
    names = classifier.model_.preparation.channels or ()
    if len(names) != n:
        names = tuple(f"channel {i + 1}" for i in range(n))
    order = range(n) if network.axis.order is None else network.axis.order.tolist()
    return {"variates": network.config.variates, "order": [names[i] for i in order]}


def show_weights(facts: dict[str, Any]) -> None:
    """Write the table to stdout."""
    rate = facts["sampling_rate"]
    times, frequencies = ("memory_median", "memory_longest"), ("peak", "centre")
    shown = [
        *(f"{name}_seconds" if rate else name for name in times),
        *(f"{name}_hertz" if rate else name for name in frequencies),
        "receptive_field",
    ]
    oscillates = facts["streams"][0]["mode_slowest"] is not None
    header = ["layer", "stream", "eigenvalues", *(["modes"] if oscillates else [])]
    header += ["memory", "longest", "peak", "centre", "sees"]
    rows = []
    for stream in facts["streams"]:
        modes = [stream[f"mode_{end}{'_hertz' if rate else ''}"] for end in ("slowest", "fastest")]
        rows.append(
            [
                f"{stream['layer']} {_ARROWS[stream['direction']]}",
                stream["stream"],
                _range(stream["eigenvalues"]),
                *(["–".join(map(_short, modes))] if oscillates else []),
                *(_short(stream[name]) for name in shown),
            ]
        )
    show_table(header, rows, right=header[2:])
    if "order" in facts:
        order = " ".join(map(visible, facts["order"]))
        show(f"\nchannels apart ({facts['variates']}), scanned as {order}")
    zero = " where the input is zero" if facts["selective"] else ""
    unknown = facts["streams"][0]["memory_median"] is None
    time = f"s (1 step = {1 / rate:.3g} s)" if rate else "steps"
    cycles = "Hz" if rate else "cycles per step"
    size, log = ("|exp(ΔA)|", "log |λ|") if oscillates else ("exp(ΔA)", "log λ")
    show(
        f"\n→ forward, ← backward; eigenvalues {size}{zero}; "
        + (f"modes: from slowest to fastest, in {cycles}; " if oscillates else "")
        + f"memory, longest: median and longest time constant −1 / {log} in {time}; peak, centre: "
        f"frequencies of the band in {cycles}; sees: steps that the band is filtered from"
        + (f"; –: core '{facts['core']}' does not say how long it remembers" if unknown else ""),
    )


def _range(ends: tuple[float, float] | None) -> str:
    return "–" if ends is None else f"{ends[0]:.3f}–{_below_one(ends[1])}"


def _below_one(value: float) -> str:
    """Show as many digits as tell it from 1.

    Examples
    --------
    >>> _below_one(0.98), _below_one(0.99996)
    ('0.980', '0.99996')
    """
    digits = 3
    while digits < 9 and round(value, digits) == 1.0:
        digits += 1
    return f"{value:.{digits}f}"


def _short(value: float | None) -> str:
    """Three digits.

    Examples
    --------
    >>> _short(1234.5), _short(12.34), _short(0.01234), _short(None)
    ('1234', '12.3', '0.0123', '–')
    """
    if value is None:
        return "–"
    return f"{value:.0f}" if value >= 1000 else f"{value:.3g}"
