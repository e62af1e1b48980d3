"""From a model to the texts of its header and its source, and what they take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from msssm_ts.export.c import text
from msssm_ts.export.c.about import about
from msssm_ts.export.c.cost import Cost, cost_of
from msssm_ts.export.c.quantized import rows_in_int8
from msssm_ts.fitted import FittedModel
from msssm_ts.fitted.decision import LEAST, LogPriors, OperatingPoint
from msssm_ts.members.network.network import NetworkMember
from msssm_ts.model.block import MSSSM, MSSSMBlock
from msssm_ts.series.outliers import limit_arrays
from msssm_ts.series.standardizer import LARGEST_DEVIATION
from msssm_ts.version import __version__

if TYPE_CHECKING:
    import jinja2

    from msssm_ts.model import MSSSMNetwork
    from msssm_ts.model.cores.core import StepInC

Values = NDArray[Any]


@dataclass(frozen=True)
class Source:
    """A model in C.

    Parameters
    ----------
    name : str
        What its names begin with.
    header, code, example, comparing : str
        Texts: of ``NAME.h`` and ``NAME.c``, of a program that reads stdin, and of one that answers
        series in a file.
    cost : Cost
        What it takes.
    """

    name: str
    header: str
    code: str
    example: str
    comparing: str
    cost: Cost


@dataclass(frozen=True)
class _Array:
    name: str
    values: Values
    kind: str = "float"

    @property
    def n_bytes(self) -> int:
        return self.values.size * {"float": 4, "double": 8, "int8_t": 1}[self.kind]


def written(model: FittedModel, name: str, stem: str, int8: bool = False) -> Source:
    """Write a model.

    Parameters
    ----------
    model : FittedModel
        Of one network that reads step by step, and whose core has a step in C.
    name : str
        What its names begin with.
    stem : str
        What its files are called, without ``.h`` and ``.c``.
    int8 : bool
        Whether dense layers have weights of 8 bits.
    """
    (member,) = cast("tuple[NetworkMember]", model.vote.members)
    network = member.network
    steps = [_step(block) for block in network.blocks]
    sizes = _sizes(network, steps[0])
    arrays = [*_arrays(network, steps, int8), *_preparation(model)]
    flash = sum(a.n_bytes for a in arrays)
    cost = cost_of(network, sizes, flash)
    facts = {
        "name": name,
        "NAME": name.upper(),
        "version": __version__,
        "header": f"{stem}.h",
        "source": f"{stem}.c",
        "example": f"{stem}_main.c",
        "sizes": sizes,
        "int8": int8,
        "pooling": network.config.pooling,
        "masked": model.missing == "mask",
        "multilabel": model.labels.multilabel,
        "about": about(model, cost, int8),
        **_decision(model),
    }
    return Source(
        name,
        _filled(
            "header.h",
            facts
            | {
                "rate": None
                if model.source.sampling_rate is None
                else text.number(model.source.sampling_rate),
                "refused": "an infinite value"
                if model.missing == "mask"
                else "a missing or an infinite value",
            },
        ),
        _filled(
            "source.c",
            facts
            | {
                "arrays": [text.array(a.name, a.values, a.kind) for a in arrays],
                "class_names": [text.string(shown) for shown in model.labels.shown],
                "core": text.comment(network.config.core),
                "core_arrays": list(steps[0].arrays),
                "core_code": steps[0].code.strip(),
                "eps": text.number(network.norm.eps),
                "limited": bool(model.preparation.limits),
                "largest": text.number(LARGEST_DEVIATION, "double"),
            },
        ),
        _filled("example.c", facts),
        _filled("compare.c", facts),
        cost,
    )


def _filled(template: str, facts: Mapping[str, Any]) -> str:
    return _environment().get_template(template).render(facts)


@cache
def _environment() -> jinja2.Environment:
    import jinja2

    # C, and nothing that a browser reads.
    return jinja2.Environment(
        loader=jinja2.PackageLoader("msssm_ts.export.c"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )


def _layer(block: nn.Module) -> MSSSM:
    return cast(MSSSM, cast(MSSSMBlock, block).cores[0])


def _step(block: nn.Module) -> StepInC:
    step = _layer(block).ssm.step_in_c()
    assert step is not None
    return step


def _sizes(network: MSSSMNetwork, step: StepInC) -> dict[str, int]:
    config = network.config
    n_maps = 0 if step.maps is None else len(step.maps)
    return {
        "CHANNELS": config.n_channels,
        "CLASSES": config.n_outputs,
        "WIDTH": config.d_model,
        "LAYERS": config.n_layers,
        "SCALES": config.n_scales,
        "STREAMS": config.n_streams,
        "TAPS": config.kernel_size,
        # Steps that the filters' rings of a layer hold.
        "REACH": config.reach,
        # What is read off the signal: the core's part, then the scale mixer's.
        "READ": n_maps + (config.n_streams if config.n_scales else 0),
        "POOLED": network.head.in_features,
        "CORE_STATE": step.n_state,
        **step.sizes,
    }


def _arrays(network: MSSSMNetwork, steps: list[StepInC], int8: bool) -> Iterator[_Array]:
    def linear(name: str, weight: Tensor, bias: Tensor) -> Iterator[_Array]:
        if int8:
            numbers, scale = rows_in_int8(_numpy(weight))
            yield _Array(f"{name}_weight", numbers, "int8_t")
            yield _Array(f"{name}_scale", scale)
        else:
            yield _Array(f"{name}_weight", _numpy(weight))
        yield _Array(f"{name}_bias", _numpy(bias))

    stem, head = cast(nn.Linear, network.stem), network.head
    yield from linear("stem", stem.weight, stem.bias)
    for i, (block, step) in enumerate(zip(network.blocks, steps, strict=True)):
        assert isinstance(block, MSSSMBlock)
        name, bank = f"layer{i}", _layer(block).decomposition
        yield _Array(f"{name}_norm_scale", _numpy(block.norm.weight))
        yield _Array(f"{name}_norm_offset", _numpy(block.norm.bias))
        for part, of in (("input", block.input), ("gate", block.gate), ("output", block.output)):
            yield from linear(f"{name}_{part}", of.weight, of.bias)
        read = _read(_layer(block), step)
        if read is not None:
            yield from linear(f"{name}_read", *read)
        if len(bank.phi):
            # Channels lie next to each other.
            yield _Array(f"{name}_phi", _numpy(bank.phi.mT))
            yield _Array(f"{name}_psi", _numpy(bank.psi.mT))
        for part, values in step.arrays.items():
            yield _Array(f"{name}_core_{part}", _numpy(values))
    yield _Array("norm_scale", _numpy(network.norm.weight))
    yield _Array("norm_offset", _numpy(network.norm.bias))
    yield from linear("head", head.weight, head.bias)


def _read(layer: MSSSM, step: StepInC) -> tuple[Tensor, Tensor] | None:
    """Return weights and biases of all that is read off the signal; None where nothing is."""
    weights = [] if step.maps is None else [step.maps]
    biases = [w.new_zeros(len(w)) for w in weights]
    if layer.mixer is not None:
        weights.append(layer.mixer.linear.weight)
        biases.append(layer.mixer.linear.bias)
    return (torch.cat(weights), torch.cat(biases)) if weights else None


def _preparation(model: FittedModel) -> Iterator[_Array]:
    yield _Array("mean", model.standardizer.mean, "double")
    yield _Array("deviation", model.standardizer.std, "double")
    limits, labels = model.preparation.limits, model.labels
    if limits:
        largest = np.finfo(np.float32).max
        for name, ends in zip(("lowest", "highest"), limit_arrays(limits), strict=True):
            yield _Array(name, np.clip(ends, -largest, largest))
    if labels.multilabel:
        yield _Array("thresholds", labels.thresholds)
    elif isinstance(labels.decision, LogPriors):
        yield _Array("log_priors", np.array(labels.decision.values))


def _decision(model: FittedModel) -> dict[str, Any]:
    decision = model.labels.decision
    if isinstance(decision, OperatingPoint):
        return {
            "rule": "operating_point",
            "positive": decision.positive,
            "threshold": text.number(decision.threshold),
            "decision": f"class {decision.positive} from a probability of "
            f"{decision.threshold:.4g} on, else the most probable of the others",
        }
    if isinstance(decision, LogPriors):
        said = "the largest log-probability and log-prior together"
        return {"rule": "log_priors", "least": text.number(LEAST), "decision": said}
    return {"rule": None, "decision": "the most probable one"}


def _numpy(tensor: Tensor) -> Values:
    values: Values = tensor.detach().cpu().contiguous().numpy()
    return values
