"""The files: how each is written, and how it is run."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from msssm_ts.export.program import FEATURES, INPUT, OUTPUT, quiet_exporter

if TYPE_CHECKING:
    import onnx_ir

# From a batch (b, n_channels, l), and features (b, n_features) where the file takes them, to
# probabilities (b, n_classes).
Run = Callable[[NDArray[np.float32], NDArray[np.float64] | None], NDArray[np.float32]]


def write_onnx(program: torch.export.ExportedProgram, file: Path, facts: Mapping[str, str]) -> None:
    """Write ONNX with nothing but standard operators; facts go into its metadata."""
    with quiet_exporter():
        model = torch.onnx.export(
            program,
            (),
            dynamo=True,
            input_names=[INPUT, FEATURES][: len(program.graph_signature.user_inputs)],
            output_names=[OUTPUT],
            external_data=False,
            verbose=False,
            optimize=False,
        )
        assert model is not None
        _simplify(model.model)
        for node in model.model.graph.all_nodes():
            node.metadata_props.clear()
        model.model.metadata_props.update(facts)
        model.model.producer_name, model.model.graph.name = "msssm-ts", "msssm-ts"
        model.save(file)


def _simplify(model: onnx_ir.Model) -> None:
    """Drop in place what need not be computed, or is computed twice.

    The exporter's own optimiser tries some hundred patterns on every node, which takes as long as
    the rest of an export and makes the file no faster: ONNX Runtime looks for the same when it
    loads it.
    """
    from onnx_ir.passes import common
    from onnxscript import optimizer

    optimizer.inline(model)
    optimizer.fold_constants(model)
    optimizer.remove_unused_nodes(model)
    for tidy in (
        common.CommonSubexpressionEliminationPass(),
        common.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0),
        common.DeduplicateInitializersPass(),
    ):
        tidy(model)
    optimizer.remove_unused_nodes(model)


def open_onnx(file: Path) -> Run:
    """Return a function that runs an ONNX file on the CPU, on as many threads as torch."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def run(
        x: NDArray[np.float32], features: NDArray[np.float64] | None = None
    ) -> NDArray[np.float32]:
        given = {INPUT: x} if features is None else {INPUT: x, FEATURES: features}
        proba: NDArray[np.float32] = session.run([OUTPUT], given)[0]
        return proba

    return run


def write_pt2(program: torch.export.ExportedProgram, file: Path, facts: Mapping[str, str]) -> None:
    """Write what ``torch.export.load`` reads without msssm-ts; facts stand beside the graph."""
    # torch tells of a full disk in words of its own.
    stream = io.BytesIO()
    with quiet_exporter():
        torch.export.save(program, stream, extra_files={"msssm_ts.json": json.dumps(facts)})
    file.write_bytes(stream.getvalue())


def open_pt2(file: Path) -> Run:
    """Return a function that runs a file of ``torch.export``."""
    with quiet_exporter(), file.open("rb") as stream:
        module = torch.export.load(stream).module()

    def run(
        x: NDArray[np.float32], features: NDArray[np.float64] | None = None
    ) -> NDArray[np.float32]:
        given = [torch.from_numpy(part) for part in (x, features) if part is not None]
        with torch.no_grad():
            proba: NDArray[np.float32] = module(*given).numpy()
        return proba

    return run


def _no_quantisation_advice(record: logging.LogRecord) -> bool:
    return "quantization" not in record.getMessage()


def quantize_onnx(file: Path) -> None:
    """Turn the matrices' weights in an ONNX file into 8-bit integers, in place.

    Inputs of the matrix products are quantised when they come (ONNX Runtime's dynamic
    quantisation); convolutions and scans stay as they are.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    target = file.with_suffix(".int8")
    # It recommends a preparation that the exporter has done already.
    logging.getLogger().addFilter(_no_quantisation_advice)
    try:
        quantize_dynamic(
            file, target, op_types_to_quantize=["MatMul", "Gemm"], weight_type=QuantType.QInt8
        )
    finally:
        logging.getLogger().removeFilter(_no_quantisation_advice)
    target.replace(file)
