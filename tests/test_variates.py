"""Channels as an axis: what they tell each other, in which order, and what is said of it."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from commands import run
from stream_cases import a_series, causal
from torch.utils.flop_counter import FlopCounterMode

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.network.cost import multiply_adds
from msssm_ts.analysis.network.mixing import mixing_distances
from msssm_ts.analysis.network.trace import trace
from msssm_ts.errors import InputError
from msssm_ts.kernels import use_backend
from msssm_ts.members.network.adjacency import adjacency_of
from msssm_ts.members.network.graph_variates import DoubledAcross, make_traceable
from msssm_ts.members.network.variates import said_of_variates
from msssm_ts.members.problem import Problem
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.shapes import weight_shapes
from msssm_ts.model.variates import VariateLayer
from msssm_ts.model.variates.across import Across
from msssm_ts.model.variates.order import correlations, laid_out, seriation
from msssm_ts.training.batches import Batch
from msssm_ts.training.footprint import step_bytes

KINDS = ("scan", "coupled", "graph")
EVERY = pytest.mark.parametrize("kind", KINDS)
SMALL: dict[str, Any] = {
    "members": ["network"], "d_model": 8, "n_layers": 1, "max_epochs": 2, "random_state": 0,
}  # fmt: skip


def _network(kind: str, variates: int = 3, **more: Any) -> MSSSMNetwork:
    torch.manual_seed(0)
    sizes = {"d_model": 6, "n_layers": 2, "core": "lti", "n_variates": variates}
    config = MSSSMConfig(variates, 2, variates=kind, **sizes | more)
    network = MSSSMNetwork(config).double().eval()
    if network.axis is not None:
        network.axis.lay_out(*laid_out(_chain(variates)))
    return network


def _chain(n: int) -> np.ndarray:
    weights = np.zeros((n, n))
    weights[np.arange(n - 1), np.arange(1, n)] = 1
    return weights + weights.T


@EVERY
@pytest.mark.parametrize("d_model", [6, 7])
@pytest.mark.parametrize("bidirectional", [True, False])
def test_shapes_are_known_before_anything_is_built(
    kind: str, d_model: int, bidirectional: bool
) -> None:
    network = _network(kind, d_model=d_model, bidirectional=bidirectional)
    found = {name: tuple(t.shape) for name, t in network.state_dict().items()}
    assert found == weight_shapes(network.config)


@EVERY
@pytest.mark.parametrize("bidirectional", [True, False])
def test_a_series_answers_the_same_alone_and_in_a_padded_batch(
    kind: str, bidirectional: bool
) -> None:
    network = _network(kind, bidirectional=bidirectional)
    x, lengths = torch.randn(4, 23, 3).double(), torch.tensor([23, 1, 8, 17])
    observed = torch.rand(4, 23) < 0.8
    observed[:, 0] = True
    x = x * observed.unsqueeze(2)
    whole = network(x, lengths, observed)
    for i, n in enumerate(lengths.tolist()):
        alone = network(x[i : i + 1, :n], None, observed[i : i + 1, :n])
        torch.testing.assert_close(whole[i : i + 1], alone, rtol=1e-12, atol=1e-12)
    noise = x.clone()
    noise[2, 8:] = 99
    torch.testing.assert_close(network(noise, lengths, observed), whole, rtol=1e-12, atol=1e-12)


@EVERY
def test_a_layer_reaches_every_variate_both_ways_and_only_the_past_where_causal(kind: str) -> None:
    for bidirectional in (True, False):
        config = MSSSMConfig(
            4, 2, d_model=6, variates=kind, n_variates=4, bidirectional=bidirectional
        )
        torch.manual_seed(0)
        layer = VariateLayer(config).double()
        x = torch.randn(4, 9, 6).double().requires_grad_()
        for variate in (0, 3):
            (grad,) = torch.autograd.grad(layer(x)[0][variate, 5].sum(), x)
            seen = grad.abs().sum(2) > 0
            assert seen[:, 5].all()
            # Of a pair of directions one goes up and forward, the other down and backward.
            backward = bidirectional and variate == 0
            over_time = kind == "coupled"
            assert bool(seen[3 - variate, :5].any()) == (over_time and not backward)
            assert bool(seen[3 - variate, 6:].any()) == (over_time and backward)


def test_the_default_has_nothing_of_it() -> None:
    network = MSSSMNetwork(MSSSMConfig(3, 2, d_model=6, n_layers=1))
    assert network.axis is None
    assert not any(name.startswith("axis.") for name in network.state_dict())


@pytest.fixture(scope="module")
def waves() -> tuple[np.ndarray, np.ndarray]:
    """Waves along 6 channels, up or down, by which no channel by itself tells the class."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    lag = np.where(y, 1.0, -1.0)[:, None, None] * np.arange(6)[None, :, None]
    phase = rng.uniform(0, 6, (60, 1, 1))
    X = np.sin(0.8 * np.arange(24) + lag + phase) + 0.2 * rng.normal(size=(60, 6, 24))
    return X.astype(np.float32), y


@EVERY
def test_the_order_along_channels_is_learnt_kept_and_the_same_again(
    kind: str, waves: tuple[np.ndarray, np.ndarray], tmp_path: Path
) -> None:
    X, y = waves
    settings = SMALL | {"variates": kind, "max_epochs": 25, "batch_size": 8, "dropout": 0.0}
    # Correlation does not know of the order where phases are drawn; the chain does.
    settings["adjacency"] = _chain(6) if kind == "graph" else None
    model = MSSSMClassifier(**settings, learning_rate=1e-2, early_stopping=False).fit(
        X[:40], y[:40]
    )
    assert model.score(X[40:], y[40:]) >= 0.9
    model.save(tmp_path / "model.safetensors")
    again = MSSSMClassifier.load(tmp_path / "model.safetensors")
    assert np.array_equal(again.predict_proba(X), model.predict_proba(X))
    assert again.model_.record.parameters["variates"] == kind


@EVERY
def test_same_seed_same_bits(kind: str, waves: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = waves
    one, two = (MSSSMClassifier(**SMALL, variates=kind).fit(X, y) for _ in range(2))
    other = two.network_.state_dict()
    assert all(torch.equal(t, other[name]) for name, t in one.network_.state_dict().items())


@EVERY
def test_a_stream_answers_as_the_whole_series(kind: str) -> None:
    model = causal(3, length=40, core="lti", variates=kind, missing="mask", n_layers=1)
    x = a_series(3, 40)
    x[:, 7:9] = np.nan
    stream = model.stream()
    found = np.concatenate([stream.step(x[:, :13]), stream.step(x[:, 13:])])
    for n in (1, 12, 30, 40):
        wanted = model.predict_proba([x[:, :n]])[0]
        np.testing.assert_allclose(found[n - 1], wanted, atol=1e-5)


def test_seriation_finds_a_chain_whatever_its_order_was() -> None:
    rng = np.random.default_rng(1)
    for n in (3, 7, 20):
        order = rng.permutation(n)
        place = np.argsort(order)
        distance = np.abs(place[:, None] - place[None])
        found = seriation(np.exp(-distance / 2.0))
        assert found.tolist() in (order.tolist(), order[::-1].tolist())
        assert np.argsort(found)[0] < np.argsort(found)[-1]
    assert seriation(np.zeros((5, 5))).tolist() == [0, 1, 2, 3, 4]
    # Two pieces, and one channel alone: each piece stays together.
    pieces = np.zeros((7, 7))
    for one, other in ((0, 4), (4, 2), (1, 3), (3, 5)):
        pieces[one, other] = pieces[other, one] = 1
    runs = "".join(
        "A" if i in (0, 4, 2) else "B" if i in (1, 3, 5) else "." for i in seriation(pieces)
    )
    assert "AAA" in runs
    assert "BBB" in runs


def test_correlation_orders_channels_that_have_neighbours_in_common() -> None:
    rng = np.random.default_rng(2)
    source = rng.normal(size=(13, 400))
    smooth = source[:-3] + source[1:-2] + source[2:-1] + source[3:]
    order = rng.permutation(10)
    # A flipped sign is no less in common.
    series = smooth[order] * np.where(order % 3, 1, -1)[:, None]
    places, near = laid_out(correlations([series[:, :250], series[:, 250:]], 10))
    found = order[places]
    assert found.tolist() in (list(range(10)), list(range(9, -1, -1)))
    np.testing.assert_allclose(np.abs(near).sum(1), 1)
    assert ((near != 0).sum(1) == 4).all()


def test_a_graph_does_not_care_in_which_order_channels_come(
    waves: tuple[np.ndarray, np.ndarray],
) -> None:
    """By position its layers see the same series; only what names a place is its own."""
    rng = np.random.default_rng(0)
    network = _network("graph", 5)
    assert network.axis is not None
    weights = rng.uniform(size=(5, 5))
    weights = weights + weights.T
    x, shuffled = torch.randn(2, 9, 5).double(), np.array([3, 1, 4, 0, 2])
    answers = []
    for order in (np.arange(5), shuffled):
        network.axis.lay_out(*laid_out(weights[np.ix_(order, order)]))
        rows = network.axis.apart(x[:, :, order])[0].unflatten(0, (5, 2))
        answers.append(rows)
    same, turned = (torch.allclose(answers[1], a) for a in (answers[0], answers[0].flip(0)))
    assert same or turned


def _csv(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_adjacency_from_a_file(tmp_path: Path) -> None:
    names = ("Fz", "Cz", "Pz")
    matrix = _csv(
        tmp_path / "m.csv", "channel,Cz,Fz,Pz,Oz\nPz,1,0,0,9\nFz,2,0,0,0\nCz,0,2,1,0\nOz,0,0,9,0\n"
    )
    found = adjacency_of(matrix, 3, names)
    assert found.tolist() == [[0, 2, 0], [2, 0, 1], [0, 1, 0]]
    places = _csv(tmp_path / "p.csv", "channel,x,y\nPz,0,-2\nFz,0,2\nCz,0,0\n")
    found = adjacency_of(places, 3, names)
    assert found[0, 1] == pytest.approx(np.exp(-1))
    assert found[0, 2] == pytest.approx(np.exp(-4))
    assert seriation(found).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,x,y\nFz,0,0\n", "must begin with 'channel'"),
        ("channel,x,y\nFz,0,0\nCz,1,0\n", "has no row for channel 'Pz'"),
        ("channel,Fz,Cz\nFz,0,1\nCz,1,0\nPz,0,0\n", "has no column for channel 'Pz'"),
        ("channel,x,y\nFz,0,zero\n", "row 2 must be a channel and 2 numbers"),
        ("channel,x,y\nFz,0,0\nFz,0,1\n", "row 3 is of 'Fz' again"),
        ("channel,a,b,c,d\nFz,0,0,0,0\nCz,0,0,0,0\nPz,0,0,0,0\n", "two or three of coordinates"),
        ("channel,Fz,Cz,Pz\nFz,0,1,0\nCz,2,0,0\nPz,0,0,0\n", "between 'Fz' and 'Cz'"),
        ("channel,Fz,Cz,Pz\nFz,0,-1,0\nCz,-1,0,0\nPz,0,0,0\n", "weights from 0 on"),
        ("channel,x,y\nFz,0,0\nCz,0,0\nPz,0,0\n", "lie at the same place"),
        ("channel,x,y\nFz,0,nan\nCz,0,0\nPz,1,0\n", "same place, or at none"),
    ],
)
def test_mistakes_in_such_a_file_get_a_sentence(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        adjacency_of(_csv(tmp_path / "a.csv", text), 3, ("Fz", "Cz", "Pz"))


def test_what_has_nothing_to_act_on_is_said(waves: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = waves
    one = MSSSMClassifier(**SMALL, variates="scan").fit(X[:, :1], y)
    assert any(
        "variates='scan' has nothing to act on where there is one" in n
        for n in one.model_.record.notes
    )
    mixed = MSSSMClassifier(**SMALL).fit(X[:, :1], y)
    assert np.array_equal(one.predict_proba(X[:, :1]), mixed.predict_proba(X[:, :1]))
    left = MSSSMClassifier(**SMALL, variates="scan", adjacency=_chain(6)).fit(X, y)
    assert any("left adjacency out" in n for n in left.model_.record.notes)
    with pytest.raises(InputError, match="adjacency has shape"):
        MSSSMClassifier(**SMALL, variates="graph", adjacency=_chain(4)).fit(X, y)


def test_from_the_terminal(waves: tuple[np.ndarray, np.ndarray], tmp_path: Path) -> None:
    X, y = waves
    names = np.array([f"e{i}" for i in range(6)])
    np.savez(tmp_path / "waves.npz", X=X, y=y, channel_names=names)
    places = "".join(f"e{i},{i},0\n" for i in range(6))
    graph = _csv(tmp_path / "places.csv", f"channel,x,y\n{places}")
    options = ("--members", "network", "--width", "8", "--layers", "1", "--max-epochs", "1", "-q")
    fit = ("fit", tmp_path / "waves.npz", *options, "--variates", "graph")
    run(*fit, "--adjacency", graph, "--out", tmp_path / "run")
    model = MSSSMClassifier.load(tmp_path / "run")
    assert model.network_.axis is not None
    assert model.network_.axis.order.tolist() == list(range(6))
    card, _ = run("card", tmp_path / "run")
    assert "Fiedler vector" in card
    out, _ = run("inspect", tmp_path / "run", "--json", "--out", tmp_path / "pictures")
    facts = json.loads(out)
    assert (facts["variates"], facts["order"]) == ("graph", names.tolist())
    assert not any("no channels here" in note for note in model.model_.record.notes)
    _, said = run(*fit, "--adjacency", tmp_path / "none.csv", "--out", tmp_path / "two", code=2)
    assert "none.csv" in said
    assert not (tmp_path / "two").exists()


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("channel,x,y\nFz,0,1\nOz,0,-1\nCz,0,0\nCPz,3,4\n", "2 of adjacency's"),
        ("channel,Fz,Oz,Cz\nFz,1,0,1\nOz,0,1,0\nCz,1,0,1\n", "1 of adjacency's"),
    ],
)
def test_channels_of_a_file_that_the_data_has_not_are_named(
    text: str, others: str, tmp_path: Path
) -> None:
    problem = Problem.of([np.ones((2, 3), np.float32)], np.array([0]), 2)
    problem = dataclasses.replace(problem, channel_names=("Fz", "Cz"))
    given = {"variates": "graph", "adjacency": _csv(tmp_path / "a.csv", text)}
    said = said_of_variates(given, problem)
    assert said is not None
    assert others in said
    assert "Oz" in said


@EVERY
def test_how_far_layers_mix_is_measured_in_each_variate(kind: str) -> None:
    network = _network(kind, d_model=4).float()
    distances = mixing_distances(network, Batch(torch.randn(1, 20, 3)), [2, 19])
    assert distances.shape == (2, 2)
    assert ((distances >= 0) & (distances <= 19)).all()
    assert [core.bands.shape for core in trace(network, Batch(torch.randn(1, 20, 3)))] == [
        (network.config.n_streams, 20, 3 * 2)
    ] * 4


@EVERY
def test_what_a_step_takes_is_told_of_channels_apart(kind: str) -> None:
    one, ten = (step_bytes(_network(kind).train(), n, 300) for n in (100, 1000))
    assert 9 < ten / one < 10.1


def test_onnx_answers_as_the_network_for_other_batches_and_lengths(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(5, n)) for n in range(8, 20)]
    settings = SMALL | {"n_scales": 1, "core": "lti", "bidirectional": False, "missing": "mask"}
    model = MSSSMClassifier(**settings, variates="graph").fit(X, np.arange(12) % 3)
    with torch.no_grad():
        model.network_.head.weight *= 3
    # Of series of 1 to 131 steps, 1 to 6 at once.
    assert model.export(tmp_path / "m.onnx").difference < 1e-5
    assert model.predict_proba(X).std(0).max() > 0.02


@pytest.mark.parametrize("variates", [2, 3, 5, 8])
def test_what_is_exported_of_a_scan_is_that_scan(variates: int) -> None:
    x = torch.randn(2, 7, variates, 4).double()
    for reverse in (False, True):
        across = Across(4, variates, reverse).double()
        found, _ = DoubledAcross(across)(x)
        torch.testing.assert_close(found, across(x)[0], rtol=1e-10, atol=1e-10)


def test_what_cannot_be_exported_says_what_to_do() -> None:
    for kind, more, other in (("coupled", {}, "scan"), ("scan", {"stem_stride": 10}, "mix")):
        network = _network(kind, **more)
        with pytest.raises(InputError, match=rf"--format safetensors.*variates='{other}'"):
            make_traceable(network.axis, network.config)


def test_what_is_behind_a_filter_bank_varies_alike_in_all_channels() -> None:
    """And such a network trains at all: warped, masked, mixed."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(8, 2, 400)).astype(np.float32)
    settings = SMALL | {"max_epochs": 1, "stem_stride": 10, "warp": 0.2, "masks": 0.3}
    network = MSSSMClassifier(**settings, variates="graph").fit(X, np.arange(8) % 2).network_
    x, seen = torch.randn(6, 5, 3), []
    network.axis.alike(lambda given: seen.append(given) or given + torch.arange(6), x)
    assert torch.equal(seen[0], torch.cat([x[:3], x[3:]], 2))
    varied = network.axis.alike(lambda given: given * 2, x)
    assert torch.equal(varied, 2 * x)


def test_init_wants_channels_that_are_mixed(waves: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(InputError, match="variates='scan' keeps them apart"):
        MSSSMClassifier(members=["network"], variates="scan", init="pretrained").fit(*waves)


def test_an_order_that_is_none_is_refused(waves: tuple[np.ndarray, np.ndarray]) -> None:
    X, y = waves
    member = MSSSMClassifier(**SMALL, variates="graph").fit(X, y).model_.vote.members[0]
    state = member.state()
    state.arrays["axis.order"][:] = 0
    with pytest.raises(ValueError, match="no order of 6 variates"):
        type(member).from_state(state, False)
    facts = {**state.facts, "config": {**state.facts["config"], "n_variates": 4}}
    with pytest.raises(ValueError, match="variates"):
        type(member).expected(facts, 6, 2, False)


def test_config_says_what_does_not_fit() -> None:
    good = MSSSMConfig(6, 2, variates="scan", n_variates=3)
    assert MSSSMConfig.from_dict(dataclasses.asdict(good)) == good
    for wrong in ({"n_variates": 4}, {"n_variates": 1}, {"variates": "mix"}):
        with pytest.raises(ValueError, match="variates"):
            MSSSMConfig.from_dict(dataclasses.asdict(good) | wrong)


def test_sound_channels_are_variates_and_bands_are_not() -> None:
    rng = np.random.default_rng(0)
    from msssm_ts.preparation import Preparation

    X = rng.normal(size=(12, 2, 1600)).astype(np.float32)
    settings = SMALL | {"preparation": Preparation(features="logmel", n_mels=8)}
    fitted = MSSSMClassifier(**settings, variates="scan").fit(
        X, np.arange(12) % 2, sampling_rate=4000.0
    )
    config = fitted.network_.config
    assert (config.n_channels, config.n_variates, config.stem_bands) == (16, 2, 8)


@EVERY
def test_what_it_costs_is_what_torch_counts(kind: str) -> None:
    network = _network(kind, d_model=8)
    with use_backend("reference"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(torch.randn(1, 20, 3).double())
    counts = multiply_adds(network, 20)
    axes, per_state = (2, 6) if kind == "coupled" else (1, 4)
    # Elementwise: both scans' states and skips of 4 channels each, 4 states a channel.
    scans = 2 * 20 * 3 * 2 * (4 * axes * 4 * per_state + 4)
    config = network.config
    cores = 2 * 2 * 20 * 3
    mixed = cores * (config.of_direction.d_model * (config.n_streams + 1))
    ours = sum(
        n for name, n in counts.items() if n and name not in ("scan", "head", "decomposition")
    )
    filters = counts["decomposition"] or 0
    assert counter.get_total_flops() / 2 == ours + filters - scans - mixed
