"""Half of the steps from block to block, against the sums written out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import run
from torch import Tensor

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.card.facts import Sources, card_facts
from msssm_ts.analysis.network.cost import multiply_adds
from msssm_ts.errors import InputError
from msssm_ts.export import export_model
from msssm_ts.fitted.artifact import read_header
from msssm_ts.kernels.decimate import decimation_taps
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.pyramid import halved
from msssm_ts.model.shapes import weight_shapes
from tests.test_kernel_decimate import written_out


def config(**given: object) -> MSSSMConfig:
    sizes = {"n_scales": 2, "d_model": 4, "n_layers": 3, "d_state": 8, "kernel_size": 3}
    more = {"pyramid": True, "dropout": 0.0}
    return MSSSMConfig(1, 2, **{**sizes, **more, **given})  # type: ignore[arg-type]


def plain(network: MSSSMNetwork, x: Tensor) -> Tensor:
    """One series (1, l, 1) of which all steps count: pairs of steps one after the other."""
    x, pooled = network.stem(x), []
    for k, block in enumerate(network.blocks):
        normed = block.norm(x)
        signal, gate = block.input(normed), block.gate(normed)
        if block.split:
            halves = zip(block.cores, signal.chunk(2, -1), gate.chunk(2, -1), strict=True)
            y = torch.cat([core(*half) for core, *half in halves], -1)
        else:
            y = block.cores[0](signal, gate) + block.cores[1](signal, gate)
        if k == 2:
            x = x + y @ block.output.weight.T + block.output.bias
        else:
            first, second = block.output.weight.split(y.shape[-1], 1)
            x = written_out(x, torch.ones(x.shape[:2], dtype=torch.bool))
            added = [
                y[:, t] @ first.T + (y[:, t + 1] @ second.T if t + 1 < y.shape[1] else 0)
                for t in range(0, y.shape[1], 2)
            ]
            x = x + torch.stack(added, 1) + block.output.bias
        normed = network.norm(x)
        pooled += [normed.mean(1), normed.amax(1)]
    return network.head(torch.cat(pooled, -1))


@pytest.mark.parametrize("core", ["lti", "s6"])
@pytest.mark.parametrize("length", [1, 2, 13, 16])
@pytest.mark.parametrize("d_model", [4, 5])
def test_is_pairs_of_steps_projected_beside_smoothed_ones(core, length, d_model):
    torch.manual_seed(0)
    network = MSSSMNetwork(config(core=core, d_model=d_model)).double()
    x = torch.randn(1, length, 1).double().requires_grad_()
    found, wanted = network(x), plain(network, x)
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-10)
    of, weights = [x, *network.parameters()], torch.randn(1, 2).double()
    got, truth = (torch.autograd.grad((y * weights).sum(), of) for y in (found, wanted))
    torch.testing.assert_close(got, truth, rtol=0, atol=1e-10)


@pytest.mark.parametrize("core", ["lti", "s6", "s4d"])
def test_a_series_alone_and_padded_answers_the_same(core):
    torch.manual_seed(0)
    network = MSSSMNetwork(config(core=core)).double().eval()
    x = torch.randn(3, 13, 1).double()
    lengths, seen = torch.tensor([13, 6, 1]), torch.rand(3, 13) > 0.3
    seen[:, 0] = True
    # At the second level nothing is observed at the end, and something behind it.
    seen[1, 4:8] = torch.tensor([False, False, True, True])
    together = network(x, lengths, seen)
    for i, n in enumerate(lengths):
        alone = network(x[i : i + 1, :n], None, seen[i : i + 1, :n])
        torch.testing.assert_close(together[i : i + 1], alone, rtol=0, atol=1e-10)
    # An exported graph knows of ends by what is seen alone.
    behind = seen & (torch.arange(13) < lengths[:, None])
    torch.testing.assert_close(network(x, None, behind), together, rtol=0, atol=1e-10)


def test_steps_that_count_are_known_at_every_level():
    seen = torch.tensor([[1, 0, 0, 0, 0, 1, 1]]).bool()
    lengths, observed, times = halved(torch.tensor([5]), seen, torch.arange(7.0)[None])
    assert lengths.tolist() == [3]
    assert observed.tolist() == [[True, False, True, True]]
    assert times.tolist() == [[0, 2, 4, 6]]
    # What counts has neighbours that do.
    assert bool((decimation_taps(seen.double()).sum(-1) > 0)[observed].all())


@pytest.mark.parametrize("core", ["lti", "s6"])
@pytest.mark.parametrize("pooling", ["mean_max", "last"])
def test_shapes_are_known_without_building(core, pooling):
    sizes = config(core=core, pooling=pooling)
    built = {name: tuple(t.shape) for name, t in MSSSMNetwork(sizes).state_dict().items()}
    assert weight_shapes(sizes) == built


def test_a_causal_model_is_refused_it():
    X, y = np.random.default_rng(0).normal(size=(8, 1, 12)), np.arange(8) % 2
    model = MSSSMClassifier(members=["network"], bidirectional=False, pyramid=True, max_epochs=1)
    with pytest.raises(InputError, match=r"--pyramid.*causal model"):
        model.fit(X, y)


def test_one_layer_has_nothing_to_halve():
    X, y = np.random.default_rng(0).normal(size=(8, 1, 12)), np.arange(8) % 2
    sizes = {"d_model": 4, "n_layers": 1, "max_epochs": 1}
    model = MSSSMClassifier(members=["network"], pyramid=True, **sizes).fit(X, y)
    assert any("pyramid=True halves nothing" in note for note in model.model_.record.notes)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Series of several lengths with gaps, and a model of a pyramid and one mixer a block."""
    folder, rng = tmp_path_factory.mktemp("pyramid"), np.random.default_rng(0)
    y = np.arange(16) % 2
    X = [rng.normal(size=(1, n)) + np.sin(np.arange(n) * (0.4 + c)) for n, c in enumerate(y, 9)]
    X[3][0, 4] = np.nan
    sizes = {"d_model": 4, "n_layers": 2, "d_state": 4, "n_scales": 1, "max_epochs": 2}
    given = {"pyramid": True, "directions": "quasiseparable", "missing": "mask"}
    model = MSSSMClassifier(members=["network"], random_state=0, **sizes, **given).fit(X, y)
    with torch.no_grad():
        model.network_.head.weight *= 3
    (folder / "run").mkdir()
    model.save(folder / "run" / "model.safetensors")
    np.savez(folder / "data.npz", X=rng.normal(size=(4, 1, 21)), y=np.arange(4) % 2)
    return folder


def test_a_file_answers_alike_in_batches_and_alone(folder: Path) -> None:
    model = MSSSMClassifier.load(folder / "run")
    assert model.network_.config.pyramid
    series = [np.random.default_rng(n).normal(size=(1, n)) for n in (1, 2, 5, 30)]
    together = model.predict_proba(series)
    alone = np.concatenate([model.predict_proba([one]) for one in series])
    np.testing.assert_allclose(together, alone, atol=1e-6)
    assert together.std(0).max() > 0.01


def test_onnx_answers_alike_for_other_lengths_than_traced(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    # It compares what both answer to series of several lengths, and writes nothing that differs.
    report = export_model(MSSSMClassifier.load(folder / "run").model_, tmp_path / "m.onnx")
    assert report.difference < 1e-4
    assert report.n_series > 5


def test_inspect_counts_in_steps_of_the_series(folder: Path, tmp_path: Path) -> None:
    out = ("--json", "--quiet", "--out", tmp_path / "out", "--force")
    facts = json.loads(run("inspect", folder / "run", *out)[0])
    whole = [row["receptive_field"] for row in facts["streams"] if row["direction"] == "forward"]
    assert whole[3:] == [2 * n for n in whole[:3]]
    shown = json.loads(
        run("inspect", folder / "run", folder / "data.npz", "--layer", "2", "--cost", *out)[0]
    )
    assert shown["mixing_distance"]["at_steps"][-1] == 20


def test_three_blocks_for_the_price_of_one_and_three_quarters() -> None:
    costs = [
        multiply_adds(MSSSMNetwork(config(n_layers=3, pyramid=given)), 4000) for given in (0, 1)
    ]
    for part in ("scan", "selection", "mixing"):
        assert costs[1][part] == pytest.approx(1.75 / 3 * costs[0][part])
    assert costs[1]["projections"] == pytest.approx(1.75 / 3 * costs[0]["projections"])


def test_a_card_cites_both(folder: Path) -> None:
    header = read_header(folder / "run" / "model.safetensors")
    cited = card_facts(Sources("m", header))["methods"]["bibtex"]
    assert "sepehri2024serpent" in cited
    assert "hwang2024hydra" in cited
