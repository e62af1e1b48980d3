"""What the comment of a header says of its model."""

from __future__ import annotations

from msssm_ts.export.c.cost import Cost
from msssm_ts.export.c.text import wrapped
from msssm_ts.fitted import FittedModel
from msssm_ts.fitted.told import decision_line
from msssm_ts.text import counted


def about(model: FittedModel, cost: Cost, int8: bool) -> list[str]:
    """Return lines: what goes in, what comes out, what it takes.

    Parameters
    ----------
    model : FittedModel
        The model.
    cost : Cost
        What its source takes.
    int8 : bool
        Whether dense layers have weights of 8 bits.
    """
    labels, source = model.labels, model.source
    kind = "labels" if labels.multilabel else "classes"
    lines = [
        *wrapped("Sample", _sample(model)),
        *wrapped(kind.title(), ", ".join(map(str, labels.shown))),
    ]
    if labels.multilabel:
        lines += wrapped("Thresholds", ", ".join(f"{t:.4g}" for t in labels.thresholds))
    line = decision_line(labels)
    if line is not None:
        lines += wrapped("Class", line)
    limits = model.preparation.limits or ()
    names = _names(model)
    said = [
        f"{name} to {pair[0]:.6g} ... {pair[1]:.6g}"
        for name, pair in zip(names, limits, strict=bool(limits))
        if pair is not None
    ]
    if said:
        lines += wrapped("Limited", ", ".join(said) + ", before anything else")
    if source.sampling_rate is not None:
        lines += wrapped("Rate", f"{source.sampling_rate:g} Hz; another one has to be resampled")
    lines += ["", *cost_lines(cost, int8)]
    lines += [
        "",
        "Float32, one state a series, nothing else that changes: functions can run side by side.",
        "Compile it with IEEE arithmetic: -ffast-math takes NAN and infinity for granted.",
    ]
    return lines


def cost_lines(cost: Cost, int8: bool) -> list[str]:
    """Return lines on memory and arithmetic."""
    of = "weights (int8 with a scale a row, and float32)" if int8 else "weights (float32)"
    unknown = "the core does not say what it reckons"
    step = (
        unknown
        if cost.multiply_adds is None or cost.exponentials is None
        else f"{cost.multiply_adds:,} multiply-adds, {cost.exponentials:,} exponentials and "
        "logarithms, with its answer"
    )
    return [
        f"Flash      {cost.flash:,} bytes of {of}, and the code",
        f"RAM        {cost.ram:,} bytes a series",
        f"Stack      about {cost.stack:,} bytes (-O2 or -Os)",
        f"A step     {step}",
    ]


def _sample(model: FittedModel) -> str:
    names = _names(model)
    count = counted(len(names), "channel")
    gaps = "NAN is a missing value" if model.missing == "mask" else "no value may be missing"
    return f"{count} ({', '.join(names)}), in the units of the training series; {gaps}"


def _names(model: FittedModel) -> list[str]:
    n = len(model.standardizer.mean)
    names = model.preparation.channels or model.source.channel_names
    return [f"channel {i}" for i in range(n)] if names is None else [str(name) for name in names]
