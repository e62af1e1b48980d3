"""The graph of a model, traced once for every format, and the facts that go along with it."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from msssm_ts.beside.graph import feature_facts
from msssm_ts.export.boundary import Boundary
from msssm_ts.export.graph import SeriesToProbabilities
from msssm_ts.fitted import FittedModel
from msssm_ts.fitted.told import decision_line
from msssm_ts.version import __version__

INPUT, FEATURES, OUTPUT = "x", "features", "probabilities"


def traced(model: FittedModel, boundary: Boundary) -> torch.export.ExportedProgram:
    """Trace a model with any batch and any length.

    Parameters
    ----------
    model : FittedModel
        The model.
    boundary : Boundary
        What of its preparation goes into the graph.
    """
    module = SeriesToProbabilities(model, boundary)
    batch = torch.export.Dim("batch")
    example: tuple[torch.Tensor, ...] = (
        torch.zeros(2, len(boundary.channels), 64 * module.prepare.hop),
    )
    sizes: dict[str, dict[int, torch.export.Dim]] = {
        INPUT: {0: batch, 2: torch.export.Dim("length")}
    }
    if module.joined is not None:
        example += (torch.zeros(2, len(module.joined.columns), dtype=torch.float64),)
        sizes[FEATURES] = {0: batch}
    with quiet_exporter():
        program = torch.export.export(module, example, dynamic_shapes=sizes, strict=False)
    # Where each operation was written: paths of this machine, and most of a small file.
    for graph in program.graph_module.modules():
        for node in graph.graph.nodes if isinstance(graph, torch.fx.GraphModule) else ():
            for key in ("stack_trace", "nn_module_stack", "source_fn_stack"):
                node.meta.pop(key, None)
    return program


def facts(model: FittedModel, boundary: Boundary) -> dict[str, str]:
    """Return what a file says of itself; lists and settings as JSON."""
    steps, line = boundary.steps, decision_line(model.labels)
    values = {
        "msssm_ts_version": __version__,
        "classes": model.labels.shown.tolist(),
        "multilabel": model.labels.multilabel,
        "thresholds": model.labels.thresholds.tolist(),
        "decision": None if model.labels.decision is None else model.labels.decision.to_dict(),
        "channels": list(boundary.channels),
        "sampling_rate": boundary.rate,
        "preparation": model.preparation.to_dict(),
        "before": steps,
        "input": f"{INPUT}: float32 (batch, channels, length), padded with NaN at the end"
        + ("; " + ", ".join(steps) + " before" if steps else ""),
        **_features(model),
        "output": f"{OUTPUT}: float32 (batch, classes)"
        + ("" if line is None else f"; the label is {line}"),
        "missing": model.missing,
    }
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in values.items()}


def _features(model: FittedModel) -> dict[str, Any]:
    """Say what the second input is, where there is one."""
    if model.beside is None or model.beside.member is None:
        return {}
    return {
        "input_features": f"{FEATURES}: float64 (batch, features), in the order of "
        "features_beside: numbers as they are, a category as its place in categories (from 0), NaN "
        "where it is missing or another one",
        "features_beside": feature_facts(model.beside.member),
    }


@contextmanager
def quiet_exporter() -> Iterator[None]:
    """Keep torch's exporters from writing about what is none of the user's business."""
    loggers = [logging.getLogger(n) for n in ("torch.onnx", "torch.export", "onnxscript")]
    before = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, before, strict=True):
                logger.setLevel(level)
