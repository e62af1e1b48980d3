"""What the analysis says of a network, against direct computation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.network.bands import band_responses, receptive_fields
from msssm_ts.analysis.network.cost import exponentials, multiply_adds, n_parameters
from msssm_ts.analysis.network.memory import eigenvalues, memory_lengths
from msssm_ts.analysis.network.mixing import mixing_distances
from msssm_ts.analysis.network.saliency import integrated_gradients
from msssm_ts.analysis.network.single_scale import single_scale, untrained
from msssm_ts.analysis.network.trace import trace
from msssm_ts.analysis.network.view import view_series
from msssm_ts.analysis.network.weights import summarize_streams
from msssm_ts.kernels import ms_scan, use_backend
from msssm_ts.kernels.ms_scan.cpu import ms_scan_cost
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.cores import CORES as BY_NAME
from msssm_ts.model.decomposition import MultiScaleDecomposition
from msssm_ts.preparation import Preparation
from msssm_ts.training.batches import Batch

CORES = pytest.mark.parametrize("core", ["s6", "lti"])


def _network(**changes: object) -> MSSSMNetwork:
    sizes = {"n_channels": 2, "n_outputs": 3, "d_model": 4, "n_layers": 2, "d_state": 8}
    return MSSSMNetwork(MSSSMConfig(**sizes | {"kernel_size": 3} | changes)).eval()  # type: ignore[arg-type]


def _series(length: int = 12, n_channels: int = 2) -> Batch:
    return Batch(torch.randn(1, length, n_channels, dtype=torch.float64), None, None)


@CORES
def test_eigenvalues_and_memory_are_those_of_the_scan(core: str) -> None:
    """A state that is left alone falls by λ a step, and to 1/e in one memory length."""
    config = MSSSMConfig(1, 2, n_scales=2, d_model=3, d_state=8)
    ssm = BY_NAME.get(core)(config).double()
    lam, memory = eigenvalues(ssm), memory_lengths(ssm)
    with torch.no_grad():
        zero = torch.zeros(1, 1, 3, dtype=torch.float64)
        phi = torch.zeros(2, 3, 1, dtype=torch.float64)
        B, C, dt, weight = ssm.read(zero)
        E = torch.ones(1, 1, 4, dtype=torch.float64)
        start = torch.ones(1, 4, 3, 2, dtype=torch.float64)
        _, after = ms_scan(
            zero, phi, phi, ssm.A, B, C, ssm.D, E, ssm.dt_bias, dt=dt, dt_weight=weight,
            initial_state=start,
        )  # fmt: skip
    torch.testing.assert_close(after[0], lam)
    torch.testing.assert_close(lam**memory, torch.full_like(lam, math.exp(-1)))


def test_memory_of_the_initial_rule() -> None:
    """A = −1 … −M·n coarse to fine: the longest memory is the coarsest stream's, 1 / Δ₀."""
    network = _network(core="lti")
    rows = [s for s in summarize_streams(network) if (s.layer, s.direction) == (1, "forward")]
    assert [s.stream for s in rows] == ["raw", "d1", "d2", "d3", "a3"]
    step = network.blocks[0].cores[0].ssm.initial_step.detach()
    assert rows[-1].memory_longest == pytest.approx(float(1 / step[-1].min()), rel=1e-5)
    assert rows[0].eigenvalues[0] == pytest.approx(math.exp(-10 * float(step[0].max())), rel=1e-5)
    assert len(summarize_streams(network)) == 2 * 2 * 5


def test_streams_behind_a_stem_are_told_in_steps_of_the_series() -> None:
    torch.manual_seed(0)
    plain = _network(bidirectional=False, n_layers=1)
    strided = MSSSMNetwork(MSSSMConfig(**vars(plain.config) | {"stem_stride": 10}))
    strided.blocks.load_state_dict(plain.blocks.state_dict())
    for one, ten in zip(summarize_streams(plain), summarize_streams(strided), strict=True):
        assert ten.memory_median == pytest.approx(10 * one.memory_median)
        assert ten.receptive_field == 10 * one.receptive_field
        assert ten.eigenvalues == one.eigenvalues
        assert one.peak is None or ten.peak == pytest.approx(one.peak / 10)


def test_band_responses_are_the_products_of_the_filters() -> None:
    bank = MultiScaleDecomposition(3, n_scales=3, kernel_size=4).double()
    response = band_responses(bank)
    assert response is not None
    angle = 2j * math.pi * response.frequencies[:, None, None]

    def transfer(taps: Tensor, dilation: int) -> Tensor:
        return (taps * torch.exp(-angle * dilation * torch.arange(4))).sum(-1)

    with torch.no_grad():
        lower = torch.ones(1, dtype=torch.complex128)
        for s in range(3):
            band = (lower * transfer(bank.psi[s], 2**s)).abs().square().mean(1)
            torch.testing.assert_close(response.power[s], band)
            lower = lower * transfer(bank.phi[s], 2**s)
    torch.testing.assert_close(response.power[3], lower.abs().square().mean(1))


def test_haar_bands_have_their_octaves() -> None:
    bank = MultiScaleDecomposition(1, n_scales=3, kernel_size=2)
    with torch.no_grad():
        bank.phi.copy_(torch.tensor([0.5, 0.5]))
        bank.psi.copy_(torch.tensor([0.5, -0.5]))
    response = band_responses(bank)
    assert response is not None
    assert float(response.peak[0]) == 0.5
    assert float(response.peak[3]) == 0.0
    assert sorted(response.peak.tolist(), reverse=True) == response.peak.tolist()


@pytest.mark.parametrize(("n_scales", "n_taps"), [(1, 2), (3, 4), (2, 8)])
def test_a_band_sees_its_receptive_field_and_no_more(n_scales: int, n_taps: int) -> None:
    bank = MultiScaleDecomposition(2, n_scales, n_taps)
    impulse = torch.zeros(1, 100, 2)
    impulse[:, 0] = 1.0
    with torch.no_grad():
        bands = bank(impulse)
    seen = [int(band[0].abs().sum(1).nonzero().max()) + 1 for band in bands]
    assert tuple(seen) == receptive_fields(n_scales, n_taps)[1:]


@CORES
@pytest.mark.parametrize("options", [{}, {"bidirectional": False}, {"n_scales": 0}])
def test_mixing_distance_against_the_whole_jacobian(core: str, options: dict[str, object]) -> None:
    network = _network(core=core, **options).double()
    series = _series()
    found = mixing_distances(network, series, [0, 5, 11])
    x = network.stem(series.x)
    expected = []
    for block in network.blocks:
        with use_backend("reference"):
            jacobian = torch.autograd.functional.jacobian(lambda v, b=block: b(v) - v, x)
        J = jacobian[0, :, :, 0].abs()  # (m, c, n, c')
        row = []
        for m in (0, 5, 11):
            per_channel = []
            for c in range(4):
                weights = [float(J[m, c, n].sum()) for n in range(12)]
                moved = sum(abs(m - n) * w for n, w in enumerate(weights))
                per_channel.append(moved / sum(weights))
            row.append(sum(per_channel) / 4)
        expected.append(row)
        x = block(x).detach()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-9)
    if not network.config.bidirectional:
        assert float(found[0, 0]) == 0.0


def test_more_scales_mix_farther_at_the_start() -> None:
    """What the paper's §3.1 claims, of untrained networks of equal state."""
    network = _network(d_model=16, d_state=20, kernel_size=8)
    one = untrained(single_scale(network.config), 0, network)
    series = Batch(torch.randn(1, 60, 2), None, None)
    many, few = (mixing_distances(n, series, [30]).mean() for n in (network, one))
    assert many > 2 * few


def test_saliency_adds_up_to_what_the_series_changes() -> None:
    network = _network(d_model=8).double()
    series = Batch(_series(20).x, None, torch.arange(20)[None] < 18)
    for output in (0, 2):
        attributed = integrated_gradients(network, series, output, n_points=2000)
        with torch.no_grad():
            logits = [
                network(x, None, series.observed)[0, output]
                for x in (series.x, torch.zeros_like(series.x))
            ]
        assert float(attributed.sum()) == pytest.approx(float(logits[0] - logits[1]), abs=2e-3)
    assert not attributed[18:].any()


@CORES
def test_the_trace_holds_what_the_layer_computes_with(core: str) -> None:
    """Scanning the traced bands, mixed by the traced weights, gives the core's output."""
    network = _network(core=core, n_scales=2, d_model=8).double()
    series, kept = _series(15), {}
    for layer, block in enumerate(network.blocks, 1):
        for core_ in block.cores:
            direction = "backward" if core_.reverse else "forward"
            core_.register_forward_hook(
                lambda module, given, out, at=(layer, direction): kept.update({at: (given, out)})
            )
    traces = trace(network, series)
    assert [(t.layer, t.direction) for t in traces] == list(kept)
    for of, block in zip(traces, [b for b in network.blocks for _ in range(2)], strict=True):
        (x, gate, *_), y = kept[of.layer, of.direction]
        ssm = block.cores[of.direction == "backward"].ssm
        B, C, _, _ = ssm.read(x)
        order = range(14, -1, -1) if of.direction == "backward" else range(15)
        h = torch.zeros(4, 4, 2, dtype=torch.float64)
        for t in order:
            step = ssm.initial_step if of.step is None else of.step[t]
            b, c = (p if of.step is None else p[0, t, :, None] for p in (B, C))
            h = torch.exp(step[..., None] * ssm.A) * h + (step * of.bands[:, t])[..., None] * b
            stream = (c * h).sum(-1) + ssm.D * of.bands[:, t]
            mixed = (of.mixer[t, :, None] * stream).sum(0) * torch.nn.functional.silu(gate[0, t])
            torch.testing.assert_close(mixed, y[0, t])


def test_multiply_adds_by_hand() -> None:
    """Two channels in, d = 4, S = 1 of K = 3, M = 3 streams of n = 2, r = 1, halves of d."""
    sizes = {"n_layers": 1, "n_scales": 1, "d_state": 6}
    counts = multiply_adds(_network(**sizes), 10)
    assert counts == {
        "stem": 10 * 2 * 4,
        "projections": 10 * 3 * 4 * 4,
        "decomposition": 10 * 2 * (2 * (3 + 3)),
        "selection": 10 * 2 * (2 * (3 * 2 + 3 * 2 + 3) + 3 * 2),
        # ΔA, λh, B(Δx), Ch for 2 · 3 · 2 states; Δx and the skip for 2 · 3 channels of streams
        "scan": 10 * 2 * (12 * 4 + 6 * 2),
        "mixing": 10 * 2 * (2 * 3 + 3 * 2 + 2),
        "head": 8 * 3,
    }
    lti = multiply_adds(_network(core="lti", bidirectional=False, **sizes), 10)
    assert (lti["selection"], lti["scan"]) == (0, 10 * (24 * 2 + 12))
    one = multiply_adds(_network(n_layers=1, n_scales=0, d_state=6), 10)
    assert (one["decomposition"], one["mixing"]) == (0, 10 * 2 * (2 + 2))


@CORES
@pytest.mark.parametrize("n_scales", [0, 2])
@pytest.mark.parametrize(("stride", "bands"), [(1, 0), (7, 0), (20, 0), (1, 2), (20, 40)])
def test_multiply_adds_are_those_that_torch_counts(
    core: str, n_scales: int, stride: int, bands: int
) -> None:
    """Torch counts matrix products and convolutions: all but the elementwise parts."""
    stem_of = {"stem_stride": stride, "stem_bands": bands}
    network = _network(core=core, n_scales=n_scales, d_model=20, **stem_of)
    length = 61 * stride - 1
    with use_backend("reference"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(torch.randn(1, length, 2))
    counts = multiply_adds(network, length)
    elementwise = {"scan", "head"}
    config, cores = network.config, -(-length // network.config.stride) * 2 * 2
    mixer = cores * config.of_direction.d_model * config.n_streams if n_scales else 0
    energies = 0
    if stride > 1:
        stem = network.stem
        filtered = (stem.padded_steps(length) - 1) // stem.hop + 1
        energies = 2 * filtered * 2 * stem.n_filters
    expected = sum(v for k, v in counts.items() if k not in elementwise | {"mixing"})
    assert counter.get_total_flops() == 2 * (expected + mixer - energies)


@CORES
def test_exponentials_are_those_of_the_kernel(core: str) -> None:
    network = _network(core=core, n_layers=1, bidirectional=False)
    per_step = ms_scan_cost(3, 3, network.config.stream_state, core == "s6")["exponentials"]
    assert exponentials(network, 50) == 50 * 4 * per_step


def test_the_single_scale_twin_has_as_much_state() -> None:
    for n_scales in (1, 3, 4):
        config = MSSSMConfig(1, 2, n_scales=n_scales)
        one = single_scale(config)
        assert one.n_streams * one.stream_state == config.n_streams * config.stream_state
    network = _network()
    before = torch.random.get_rng_state()
    first, second = (untrained(network.config, 3, network) for _ in range(2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(first.head.weight, second.head.weight)
    assert n_parameters(first) == n_parameters(network)


def test_a_model_before_training_is_the_one_that_training_began_with() -> None:
    X, y = np.eye(8), np.arange(8) % 2
    sizes = {
        "members": ["network"],
        "d_model": 8,
        "n_layers": 1,
        "early_stopping": False,
        "random_state": 4,
    }
    # So slow that nothing moves.
    model = MSSSMClassifier(max_epochs=1, learning_rate=1e-30, **sizes).fit(X, y)
    network = untrained(model.network_.config, model.model_.record.seed, model.network_)
    for trained, initial in zip(model.network_.parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(trained, initial)


def test_of_a_series_that_is_cut_the_telling_window_is_viewed() -> None:
    """Only the windows with a wave can be told from the others."""
    rng = np.random.default_rng(0)
    X = rng.normal(scale=0.1, size=(24, 1, 90))
    y = np.arange(24) % 2
    X[y == 1, 0, 60:] += 3 * np.sin(np.arange(30))
    model = MSSSMClassifier(
        members=["network"], d_model=8, n_layers=1, max_epochs=30, batch_size=8, random_state=0,
        early_stopping=False,
        preparation=Preparation(window=30.0, overlap=0.0),
    ).fit(X, y)  # fmt: skip
    view = view_series(model.model_, X[1])
    assert (view.prediction, view.n_windows) == (1, 3)
    assert (view.first, view.window) == (60, 3)
    np.testing.assert_array_equal(view.values, X[1][:, 60:].astype(np.float32))
    scale = model.model_.standardizer
    standardized = (X[1][0, 60:] - scale.mean[0]) / scale.std[0]
    np.testing.assert_allclose(view.series.x[0, :, 0], standardized, rtol=1e-4, atol=1e-5)
