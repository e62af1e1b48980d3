"""What ``msssm-ts inspect MODEL DATA`` shows: one series on its way through the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.inspect.behind import (
    expert_facts,
    show_experts,
    show_workspace,
    workspace_facts,
)
from msssm_ts.cli.inspect.mixing import mixing_facts
from msssm_ts.cli.inspect.motifs import motif_facts, show_motifs
from msssm_ts.cli.inspect.viewed import find_series, name_and_label, title_of, view_of
from msssm_ts.cli.shown.console import say, show, show_pairs
from msssm_ts.cli.shown.pictures import save
from msssm_ts.cli.shown.tables import show_table
from msssm_ts.errors import InputError
from msssm_ts.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from msssm_ts.analysis.network.trace import CoreTrace
    from msssm_ts.analysis.network.view import View
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier


def series_facts(
    classifier: MSSSMClassifier,
    data: LabelledSeries,
    which: str | None,
    layer: int,
    baseline: str | None,
    folder: Path,
    quiet: bool,
) -> dict[str, Any]:
    """Draw the pictures of one series and return what JSON shows."""
    from msssm_ts.analysis.network.draw_series import draw_bands, draw_mixing, draw_series
    from msssm_ts.analysis.network.saliency import integrated_gradients
    from msssm_ts.analysis.network.trace import trace
    from msssm_ts.analysis.network.view import network_of

    network = network_of(classifier.model_)
    if layer > len(network.blocks):
        raise InputError(f"--layer {layer}: the model has only {len(network.blocks)}")
    index = find_series(data, which)
    view = view_of(classifier, data, index)
    stride = network.config.layer_stride(layer - 1)
    if view.n_windows > 1:
        say(
            f"window {view.window} of {view.n_windows}, which speaks most for the prediction",
            quiet=quiet,
        )
    title = title_of(data, index, view)
    traces = [of for of in trace(network, view.series) if of.layer == layer]
    saliency = integrated_gradients(network, view.series, view.output).cpu().numpy()
    other = None
    if baseline is not None:
        try:
            against = type(classifier).load(baseline, device=network.head.weight.device.type)
            other = (baseline, network_of(against.model_), view_of(against, data, index))
        except InputError as error:
            raise InputError(f"--baseline {baseline}: {error}") from error
    say("measuring how far the layers mix", quiet=quiet)
    mixing, curves = mixing_facts(classifier, view, other)
    for file, figure in {
        "series.png": draw_series(view, saliency, traces, stride, title),
        "bands.png": draw_bands(view, traces, stride, title),
        "mixing.png": draw_mixing(view, mixing["at_steps"], curves, network.config.stride),
    }.items():
        save(figure, folder / file)
    facts = {
        **prediction_facts(data, index, view, saliency),
        "layer": layer,
        "streams": stream_facts(traces),
        "mixing_distance": mixing,
        "pictures": [str(folder / f) for f in ("series.png", "bands.png", "mixing.png")],
    }
    if network.config.motifs:
        found = motif_facts(classifier, data, index, view, title, folder, quiet)
        facts["pictures"] += found.pop("pictures")
        facts["motifs"] = found
    if network.config.experts:
        found = expert_facts(classifier, data, index, view, title, folder, quiet)
        facts["pictures"] += found.pop("pictures")
        facts["experts"] = found
    if network.config.workspace:
        found = workspace_facts(classifier, view, title, folder, quiet)
        facts["pictures"] += found.pop("pictures")
        facts["workspace"] = found["tokens"]
    return facts


def prediction_facts(
    data: LabelledSeries, index: int, view: View, saliency: NDArray[Any]
) -> dict[str, Any]:
    """Return what JSON shows of any model: the answer, and each channel's part of the saliency."""
    name, label = name_and_label(data, index)
    return {
        "series": name,
        **({} if label is None else {"label": label}),
        "prediction": str(view.prediction),
        "probability": round(view.probability, 6),
        "n_timepoints": view.values.shape[1],
        "window": view.window,
        "n_windows": view.n_windows,
        "sampling_rate": view.rate,
        "saliency": {
            channel: round(float(abs(saliency[:, c]).sum() / (abs(saliency).sum() or 1.0)), 4)
            for c, channel in enumerate(view.channel_names)
        },
    }


def stream_facts(traces: list[CoreTrace]) -> list[dict[str, Any]]:
    """Summarise the mixer's weights and the steps over time, stream by stream."""
    from msssm_ts.analysis.network.bands import stream_names

    rows = []
    for of in traces:
        n_streams = of.bands.shape[0]
        for s, name in enumerate(stream_names(n_streams - 2 if n_streams > 1 else 0)):
            row: dict[str, Any] = {"direction": of.direction, "stream": name}
            if of.mixer is not None:
                weight = of.mixer[:, s]
                row["mixer_mean"], row["mixer_std"] = weight.mean().item(), weight.std(0).item()
            if of.step is not None:
                low, median, high = of.step[:, s].quantile(of.step.new_tensor([0.1, 0.5, 0.9]))
                row["step_median"] = median.item()
                row["step_range"] = [low.item(), high.item()]
            rows.append(row)
    return rows


def show_series(facts: dict[str, Any]) -> None:
    """Write pairs and tables to stdout."""
    show_pairs(prediction_pairs(facts))
    _show_streams(facts)
    _show_mixing(facts["mixing_distance"], facts["sampling_rate"])
    if "motifs" in facts:
        show_motifs(facts["motifs"])
    if "experts" in facts:
        show_experts(facts["experts"])
    if "workspace" in facts:
        show_workspace(facts["workspace"])


def prediction_pairs(facts: dict[str, Any]) -> dict[str, object]:
    """Return names and values of :func:`prediction_facts` as they are shown."""
    pairs: dict[str, object] = {"series": facts["series"]}
    if "label" in facts:
        pairs["label"] = facts["label"]
    pairs["prediction"] = f"{facts['prediction']} ({facts['probability']:.4f})"
    if facts["n_windows"] > 1:
        pairs["window"] = f"{facts['window']} of {facts['n_windows']}"
    if 1 < len(facts["saliency"]) <= 12:
        pairs["saliency"] = ", ".join(f"{k} {v:.0%}" for k, v in facts["saliency"].items())
    return pairs


def _show_streams(facts: dict[str, Any]) -> None:
    streams = facts["streams"]
    header = [f"layer {facts['layer']}", "stream"]
    if "mixer_mean" in streams[0]:
        header += ["mixer weight", "± over time"]
    if "step_median" in streams[0]:
        header += ["Δ median", "Δ 10–90 %"]
    rows = []
    for row in streams:
        cells = [row["direction"], row["stream"]]
        if "mixer_mean" in row:
            cells += [f"{row['mixer_mean']:.3f}", f"{row['mixer_std']:.3f}"]
        if "step_median" in row:
            cells += [f"{row['step_median']:.3g}", "–".join(f"{v:.3g}" for v in row["step_range"])]
        rows.append(cells)
    if len(header) > 2:
        show()
        show_table(header, rows, right=header[2:])


def _show_mixing(mixing: dict[str, Any], rate: float | None) -> None:
    """Show distances at the last step and on average over the steps."""
    header = [f"mean mixing distance ({'s' if rate else 'steps'})", "last step", "all steps"]
    rows = [
        [of["name"], *(f"{of[name] / (rate or 1.0):.3g}" for name in ("last_step", "all_steps"))]
        for of in mixing["networks"]
    ]
    show()
    show_table(header, rows, right=header[1:])
    show(
        "\nΣ|J||m − n| / Σ|J|, J of a layer's output at step m by its input at n; mean over the "
        f"layers, at the last step and over {counted(len(mixing['at_steps']), 'step')} m",
    )
