"""A core is one folder, or one file outside the package, and nothing else is edited."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.network.cost import exponentials, multiply_adds
from msssm_ts.analysis.network.mixing import mixing_distances
from msssm_ts.analysis.network.saliency import integrated_gradients
from msssm_ts.analysis.network.trace import trace
from msssm_ts.analysis.network.weights import summarize_streams
from msssm_ts.cli.inspect.cost import cost_facts, show_cost
from msssm_ts.cli.inspect.weights import show_weights, weight_facts
from msssm_ts.errors import InputError
from msssm_ts.fitted import Vote
from msssm_ts.kernels import use_backend
from msssm_ts.members.network.graph_scan import ScannedCores
from msssm_ts.members.network.network import NetworkMember
from msssm_ts.model import Core, MSSSMConfig, MSSSMNetwork
from msssm_ts.model.cores import CORES
from msssm_ts.model.recurrent_reference import RecurrentReference
from msssm_ts.model.stepping import recurrent_form, why_no_steps
from msssm_ts.registry import PLUGINS, import_plugins
from msssm_ts.training.batches import Batch
from msssm_ts.training.schedule import make_optimizer

OWN = ("s6", "lti", "s4d", "gru", "lstm")
TOYS = pytest.mark.parametrize("core", ["ema", "stepping_ema"])


class Gaps(Core):
    """Says how long after the step before each step came."""

    uses_times = True

    def forward(
        self, streams: Tensor, x: Tensor, lengths: Tensor | None = None, times: Tensor | None = None
    ) -> Tensor:
        assert times is not None
        gaps = torch.diff(times, dim=1, prepend=times[:, :1])
        return gaps.to(x.dtype).unsqueeze(-1).expand_as(streams)


@pytest.fixture(autouse=True, scope="module")
def _registered() -> Iterator[None]:
    """The toys are there as a user's would be; afterwards they are gone."""
    CORES.names()
    before = dict(CORES._entries)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(PLUGINS, str(Path(__file__).parent / "toy_core.py"))
        import_plugins()
    CORES.register("gaps", "the time between steps", lambda: Gaps)
    yield
    CORES._entries.clear()
    CORES._entries.update(before)
    del sys.modules["toy_core"]


def _network(core: str, **more: Any) -> MSSSMNetwork:
    sizes: dict[str, Any] = {"d_model": 16, "n_layers": 2, "n_scales": 2, "kernel_size": 3}
    return MSSSMNetwork(MSSSMConfig(2, 3, core=core, **sizes | {"dropout": 0.0} | more))


def _around(network: MSSSMNetwork) -> MSSSMClassifier:
    """A classifier with this network, untrained."""
    X = np.random.default_rng(0).normal(size=(6, 2, 20))
    settings = {"d_model": 8, "n_layers": 1, "max_epochs": 1, "core": "lti"}
    model = MSSSMClassifier(members=["network"], **settings).fit(X, np.arange(6) % 3)
    vote = Vote((NetworkMember(network, multilabel=False),), (1.0,))
    model.model_ = replace(model.model_, vote=vote)
    return model


def test_names_and_sentences_are_there_before_torch() -> None:
    code = (
        "import sys; from msssm_ts.model.cores import CORES;"
        "print(CORES.names(), [CORES.summary(n) for n in CORES.names()]); "
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("('gru', 'lstm', 'lti', 's4d', 's6') ['nonlinear")


def test_an_unknown_core_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(InputError, match=r"core 'nope': must be one of .*lti, .*s6, .*ema"):
        _network("nope")


@pytest.mark.parametrize("core", [*OWN, "ema"])
def test_every_folder_keeps_what_the_interface_promises(core: str) -> None:
    kind = CORES.get(core)
    assert issubclass(kind, Core)
    assert core in CORES.names()
    summary = CORES.summary(core)
    assert summary[0].islower()
    assert not summary.endswith(".")


@TOYS
@pytest.mark.parametrize("more", [{}, {"n_scales": 0}, {"bidirectional": False}])
def test_it_trains(core: str, more: dict[str, Any]) -> None:
    network = _network(core, **more)
    optimizer = make_optimizer(network, 1e-2, 3e-3, 0.1)
    (own,) = [g for g in optimizer.param_groups if g["lr"] == 3e-3]
    assert own["weight_decay"] == 0.0
    assert [p.shape for p in own["params"]] == [
        c.ssm.rate.shape for block in network.blocks for c in block.cores
    ]
    y = torch.arange(12) % 3
    x = torch.randn(12, 30, 2) * (1.0 + y.view(-1, 1, 1))
    losses = []
    for _ in range(25):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(x), y)
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.7 * losses[0]
    assert all(p.grad is not None for p in own["params"])


@TOYS
def test_its_weights_are_saved_and_loaded(core: str, tmp_path: Path) -> None:
    network, x = _network(core), torch.randn(2, 11, 2)
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    other = _network(core)
    other.load_state_dict(torch.load(tmp_path / "weights.pt", weights_only=True))
    assert "blocks.1.cores.0.ssm.rate" in network.state_dict()
    assert torch.equal(other(x), network(x))


@TOYS
@pytest.mark.parametrize("more", [{}, {"n_scales": 0}, {"bidirectional": False}])
def test_batched_equals_one_by_one(core: str, more: dict[str, Any]) -> None:
    network = _network(core, **more).eval()
    x, lengths = torch.randn(4, 40, 2), torch.tensor([40, 1, 23, 2])
    together = network(x, lengths)
    for i, length in enumerate(lengths.tolist()):
        alone = network(x[i : i + 1, :length])
        torch.testing.assert_close(together[i : i + 1], alone, rtol=0, atol=1e-6)


@pytest.mark.parametrize("core", OWN)
@pytest.mark.parametrize("n_scales", [0, 2])
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("lengths", [None, torch.tensor([17, 1, 9])])
def test_the_layer_in_steps_is_the_fused_one(
    core: str, n_scales: int, reverse: bool, lengths: Tensor | None
) -> None:
    """What every core can fall back on does what the kernel does, to every gradient."""
    layer = _network(core, n_scales=n_scales).double().blocks[0].cores[int(reverse)]
    assert layer.reverse == reverse
    x, gate, weights = torch.randn(3, 3, 17, 8, dtype=torch.float64).unbind(0)
    x.requires_grad_()
    gate.requires_grad_()
    results = []
    for run in (type(layer.ssm).layer, Core.layer):
        y = run(layer.ssm, x, gate, layer.decomposition, layer.mixer, lengths, None, reverse)
        inputs = [x, gate, *layer.parameters()]
        results.append([y, *torch.autograd.grad((y * weights).sum(), inputs, allow_unused=True)])
    for fused, steps in zip(*results, strict=True):
        assert (fused is None) == (steps is None) or not fused.numel()
        if fused is not None and steps is not None:
            torch.testing.assert_close(fused, steps, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("reverse", [False, True])
def test_a_core_neither_sees_nor_fills_padding(reverse: bool) -> None:
    layer = _network("ema").blocks[0].cores[int(reverse)]
    seen: list[tuple[Tensor, ...]] = []
    layer.ssm.register_forward_hook(lambda _, given, out: seen.append(given))
    times = torch.arange(10.0).expand(2, 10)
    y = layer(torch.ones(2, 10, 8), torch.ones(2, 10, 8), torch.tensor([10, 4]), times)
    ((streams, _, _, stamps),) = seen
    assert not streams[:, 1, 4:].any()
    assert streams[0, 1, :4].all()
    assert not y[1, 4:].any()
    assert y[1, :4].any()
    # It does not want them.
    assert stamps is None


def test_without_a_step_no_stream_is_read() -> None:
    network = _network("ema", bidirectional=False)
    assert "core 'ema'" in str(why_no_steps(network.config))
    with pytest.raises(InputError, match=r"cannot read a stream: core 'ema' .* has no step"):
        recurrent_form(network)


@pytest.mark.parametrize("core", [*OWN, "stepping_ema"])
@pytest.mark.parametrize("n_scales", [0, 2])
@pytest.mark.parametrize("pooling", ["mean_max", "last"])
def test_steps_are_the_whole_network_at_every_prefix(
    core: str, n_scales: int, pooling: str
) -> None:
    network = _network(core, n_scales=n_scales, pooling=pooling, bidirectional=False).double()
    assert why_no_steps(network.config) is None
    with use_backend("reference"):
        stream = recurrent_form(network)
    assert isinstance(stream, RecurrentReference)
    x = torch.randn(25, 2, dtype=torch.float64)
    with torch.no_grad():
        whole = torch.cat([network(x[None, :t]) for t in range(1, 26)])
    np.testing.assert_allclose(stream.run(x.numpy()), whole, rtol=1e-9, atol=1e-9)
    stream.reset()
    np.testing.assert_allclose(stream.run(x[:3].numpy()), whole[:3], rtol=1e-9, atol=1e-9)


def test_which_form_reads_a_stream() -> None:
    forms = {core: recurrent_form(_network(core, bidirectional=False)) for core in OWN[:3]}
    assert {type(form).__name__ for form in forms.values()} == {"RecurrentNetwork"}
    for network in (
        _network("stepping_ema", bidirectional=False),
        _network("gru", bidirectional=False),
        _network("lstm", bidirectional=False),
        _network("s6", bidirectional=False, n_scales=0),
    ):
        assert isinstance(recurrent_form(network), RecurrentReference)
    with pytest.raises(InputError, match="from both ends"):
        recurrent_form(_network("s6"))
    with pytest.raises(InputError, match="stem_stride=1"):
        recurrent_form(_network("s6", bidirectional=False, stem_stride=10))


def test_without_an_export_form_nothing_is_exported() -> None:
    cores = _network("ema").blocks[0].cores
    with pytest.raises(InputError, match="core 'ema' cannot be exported"):
        ScannedCores(list(cores), True, "ema")


@pytest.mark.parametrize("core", [*OWN, "stepping_ema"])
@pytest.mark.parametrize("n_scales", [0, 2])
@pytest.mark.parametrize("split", [True, False])
def test_the_export_form_is_the_layers_together(core: str, n_scales: int, split: bool) -> None:
    network = _network(core, n_scales=n_scales, split_directions=split).double()
    cores = network.blocks[0].cores
    x, gate = torch.randn(2, 3, 40, 16, dtype=torch.float64).unbind(0)
    with torch.no_grad():
        if split:
            halves = zip(cores, x.chunk(2, -1), gate.chunk(2, -1), strict=True)
            expected = torch.cat([layer(*half) for layer, *half in halves], -1)
        else:
            expected = sum(layer(x, gate) for layer in cores)
        exported = ScannedCores(list(cores), split, core)(x, gate)
    torch.testing.assert_close(exported, expected, rtol=1e-9, atol=1e-9)


def test_a_core_that_says_nothing_is_looked_into_all_the_same() -> None:
    network, series = _network("ema").eval(), Batch(torch.randn(1, 20, 2), None, None)
    first = summarize_streams(network)[0]
    assert (first.eigenvalues, first.memory_median, first.memory_longest) == (None, None, None)
    assert first.receptive_field == 1
    counts = multiply_adds(network, 20)
    assert (counts["selection"], counts["scan"], exponentials(network, 20)) == (None, None, None)
    assert counts["projections"] == 20 * 2 * 3 * 16 * 16
    of = trace(network, series)[1]
    assert of.step is None
    assert of.bands.shape == (4, 20, 8)
    attributed = integrated_gradients(network, series, 0, n_points=2000)
    with torch.no_grad():
        changed = network(series.x) - network(torch.zeros_like(series.x))
    assert float(attributed.sum()) == pytest.approx(float(changed[0, 0]), abs=2e-3)
    assert (mixing_distances(network, series, [10]) > 0).all()


def test_a_core_that_says_more_is_believed() -> None:
    network = _network("stepping_ema").eval()
    ssm = network.blocks[0].cores[0].ssm
    lam = torch.sigmoid(ssm.rate.detach().double())
    rows = summarize_streams(network)[:4]
    assert [row.eigenvalues for row in rows] == [
        pytest.approx((float(v.min()), float(v.max()))) for v in lam
    ]
    assert rows[3].memory_longest == pytest.approx(float((-1 / lam[3].log()).max()))
    assert multiply_adds(network, 10)["scan"] == 10 * 2 * 2 * 2 * 4 * 8
    assert exponentials(network, 10) == 10 * 2 * 2 * 8


@TOYS
def test_what_inspect_shows(core: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = _around(_network(core).eval())
    facts = weight_facts(model, 10.0, tmp_path)
    show_weights(facts)
    show_cost(cost_facts(model, 20))
    out = " ".join(capsys.readouterr().out.split())
    unknown = core == "ema"
    assert (tmp_path / "memory.png").exists() != unknown
    assert ("does not say how long it remembers" in out) == unknown
    assert ("does not say what it costs" in out) == unknown
    assert ("raw – – – – – 1" not in out) or unknown


@pytest.mark.parametrize("stride", [1, 10])
def test_time_stamps_arrive_in_either_direction(stride: int) -> None:
    """Turned round as the mirror image, within each series, every stride-th behind a stem."""
    network = _network("gaps", n_layers=1, stem_stride=stride).double()
    lengths = torch.tensor([60, 25])
    times = torch.rand(2, 60, dtype=torch.float64).cumsum(1)
    times[1, 25:] = torch.nan
    seen: list[Tensor] = []
    for layer in network.blocks[0].cores:
        layer.ssm.register_forward_hook(lambda _, given, out: seen.append(out))
    network(torch.randn(2, 60, 2, dtype=torch.float64), lengths, None, times)
    kept = times[:, ::stride]
    for i, steps in enumerate((-(-lengths // stride)).tolist()):
        gaps = torch.diff(kept[i, :steps])
        for found, expected in zip(seen, (gaps, gaps.flip(0)), strict=True):
            assert not found[:, i, 0].any()
            torch.testing.assert_close(found[0, i, 1:steps, 0], expected)
    plain = _network("s6")
    x = torch.randn(2, 60, 2)
    assert torch.equal(plain(x, lengths, None, times), plain(x, lengths))
    assert torch.equal(plain.embed(x, times=times), plain.embed(x))
