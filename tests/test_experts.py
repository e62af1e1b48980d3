"""A mixture of experts against one that asks every expert about every step."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import run
from sklearn.utils.estimator_checks import check_methods_subset_invariance
from torch import Tensor

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.network.behind import expert_gates
from msssm_ts.members.network.network import NetworkMember
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.experts import Experts
from msssm_ts.model.shapes import weight_shapes
from msssm_ts.model.stepping import recurrent_form
from msssm_ts.training.aims import OwnAims, imbalance
from msssm_ts.training.batches import Batch
from msssm_ts.training.processes import ALONE, Processes

SMALL = {"members": ["network"], "d_model": 8, "n_layers": 1, "max_epochs": 2, "random_state": 0}


def _experts(n: int, d: int = 6) -> Experts:
    torch.manual_seed(1)
    layer = Experts(MSSSMConfig(1, 2, d_model=d, experts=n, dropout=0.0)).double()
    with torch.no_grad():
        layer.router.weight *= 4
    return layer


def _reference(layer: Experts, x: Tensor, counted: Tensor | None) -> Tensor:
    """Step by step, by the words of the equation."""
    rows = []
    biases = layer.bias.chunk(len(layer.inner))
    for i, series in enumerate(x):
        steps = []
        for t, step in enumerate(series):
            normed = layer.norm(step)
            p = torch.softmax(layer.router.weight @ normed, 0)
            third = p.sort(descending=True).values[2] if len(p) > 2 else torch.zeros(())
            out = step
            if counted is None or counted[i, t]:
                for e in range(len(p)):
                    said = torch.relu(layer.inner[e] @ normed + biases[e])
                    out = out + torch.clamp(p[e] - third, min=0) * (layer.outer[e] @ said)
            steps.append(out)
        rows.append(torch.stack(steps))
    return torch.stack(rows)


@pytest.mark.parametrize("n", [1, 2, 3, 7])
@pytest.mark.parametrize("masked", [False, True])
def test_equals_every_expert_at_every_step(n: int, masked: bool) -> None:
    layer = _experts(n)
    x = torch.randn(3, 13, 6, dtype=torch.float64, requires_grad=True)
    counted = torch.rand(3, 13) < 0.7 if masked else None
    weights = torch.randn(3, 13, 6, dtype=torch.float64)
    given = [x, *layer.parameters()]
    found = []
    for form in (layer, lambda *a: _reference(layer, *a)):
        out = form(x, counted)
        gradients = torch.autograd.grad((out * weights).sum(), given, materialize_grads=True)
        found.append((out, *gradients))
    for ours, plain in zip(*found, strict=True):
        torch.testing.assert_close(ours, plain, rtol=0, atol=1e-10)
    assert n == 1 or found[0][4].abs().max() > 1e-6  # the router learns
    normed = layer.norm(x)
    gates = layer.route(normed)[1]
    both = layer.through(normed, gates), layer.through_all(normed, gates)
    torch.testing.assert_close(*both, rtol=0, atol=1e-12)


def test_where_an_expert_takes_over_nothing_jumps() -> None:
    """Two steps on either side of a change of experts have nearly the same answer."""
    layer = _experts(5)
    a, b = torch.randn(2, 6, dtype=torch.float64)
    along = torch.linspace(0, 1, 400_001, dtype=torch.float64)[:, None]
    with torch.no_grad():
        x = (a + along * (b - a)).unsqueeze(0)
        chosen = layer.route(layer.norm(x))[1][0] > 0
        out = layer(x)[0]
    assert (chosen[1:] != chosen[:-1]).any()
    assert (chosen.sum(1) <= 2).all()
    assert (out[1:] - out[:-1]).abs().max() < 1e-4


def test_steps_that_do_not_count_go_through_no_expert() -> None:
    network = MSSSMNetwork(MSSSMConfig(2, 3, d_model=8, n_layers=1, experts=4)).double()
    x, lengths = torch.randn(3, 20, 2, dtype=torch.float64), torch.tensor([20, 9, 13])
    network.train()
    network.blocks[0].dropout.p = network.experts.dropout.p = 0.0
    together = network(x, lengths)
    routed = network.experts.take_routed()
    x[1, 9:], x[2, 13:] = 1e3, -1e3
    assert torch.equal(network(x, lengths), together)
    again = network.experts.take_routed()
    assert all(torch.equal(a, b) for a, b in zip(again, routed, strict=True))
    assert torch.allclose(routed.used.sum(1), torch.ones(3).double())
    # Every step is there, whoever else wants the same experts.
    steps = torch.arange(20) < lengths[:, None]
    with torch.no_grad():
        gates = network.experts.route(torch.randn(3, 20, 8).double())[1]
    assert ((gates > 0).sum(-1) == 2)[steps].all()
    alone = [network(x[i : i + 1, :n]) for i, n in enumerate(lengths.tolist())]
    torch.testing.assert_close(torch.cat(alone), together, rtol=0, atol=1e-10)


def test_a_series_has_the_same_bits_alone() -> None:
    layer = _experts(4, 8).float().eval()
    x = torch.randn(9, 70, 8)
    with torch.no_grad():
        assert torch.equal(layer(x), torch.cat([layer(one) for one in x.split(1)]))


def test_balance_is_that_of_the_whole_batch() -> None:
    """Of several processes each with a part, one with none, the loss and its gradient are one's."""
    layer = _experts(4).train()
    x = torch.randn(5, 30, 6, dtype=torch.float64)

    def routed(rows: Tensor):
        layer(rows)
        return layer.take_routed()

    whole = imbalance(routed(x), 5, ALONE)
    wanted = torch.autograd.grad(whole, layer.router.weight)[0]
    assert whole > 1.0
    sizes = (3, 2, 0)
    parts = [routed(rows) for rows in (x[:3], x[3:], x[:1])]
    totals = [[*(p.used.mean(0) * n).tolist(), n] for p, n in zip(parts, sizes, strict=True)]

    class Some(Processes):
        """Knows what the others would say."""

        def totals(self, values):
            assert any(values == own for own in totals)
            return np.sum(totals, 0).tolist()

    own = [imbalance(p, n, Some(0, 3)) * n / 5 for p, n in zip(parts, sizes, strict=True)]
    torch.testing.assert_close(sum(own), whole, rtol=0, atol=1e-12)
    found = torch.autograd.grad(sum(own), layer.router.weight)[0]
    torch.testing.assert_close(found, wanted, rtol=0, atol=1e-12)


def test_balance_brings_experts_back() -> None:
    layer = _experts(4).train()
    x = torch.randn(8, 40, 6, dtype=torch.float64)
    with torch.no_grad():
        layer.norm.bias += 1.0
        layer.router.weight[0] += 3.0  # takes every step

    def most() -> float:
        layer(x)
        return float(layer.take_routed().used.mean(0).max())

    assert most() > 0.49
    aims = OwnAims(torch.nn.ModuleDict({"experts": layer}), ALONE)
    aims._experts = layer
    optimizer = torch.optim.Adam(layer.router.parameters(), lr=0.05)
    for _ in range(200):
        layer(x)
        optimizer.zero_grad()
        aims.added_to(x.new_zeros(()), 8).backward()
        optimizer.step()
    assert most() < 0.35


def test_shapes_and_a_stream() -> None:
    config = MSSSMConfig(2, 3, d_model=8, n_layers=1, experts=4, bidirectional=False)
    network = MSSSMNetwork(config).eval()
    assert weight_shapes(config) == {n: tuple(t.shape) for n, t in network.state_dict().items()}
    x = torch.randn(1, 41, 2)
    x[0, 5:8] = torch.nan
    observed = ~x.isnan().any(-1)
    logits = recurrent_form(network).run(x[0].numpy())
    with torch.no_grad():
        for n in (1, 4, 7, 20, 41):
            whole = network(x[:, :n].nan_to_num(0.0), None, observed[:, :n])
            np.testing.assert_allclose(logits[n - 1], whole[0].numpy(), atol=1e-5)


@pytest.fixture(scope="module")
def fitted() -> tuple[MSSSMClassifier, list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(1, n)).astype(np.float32) for n in rng.integers(24, 40, 12)]
    y = np.where(np.arange(12) % 2, "b$a$", "a")
    return MSSSMClassifier(**SMALL, experts=4, missing="mask").fit(X, y), X, y


def test_estimator_is_saved_and_repeats(fitted, tmp_path: Path) -> None:
    model, X, y = fitted
    proba = model.predict_proba(X)
    again = MSSSMClassifier(**SMALL, experts=4, missing="mask")
    assert (again.fit(X, y).predict_proba(X) == proba).all()
    model.save(tmp_path / "m.safetensors")
    again = MSSSMClassifier.load(tmp_path / "m.safetensors")
    assert (again.predict_proba(X) == proba).all()
    facts = again.model_.vote.members[0].state().facts
    assert "experts" in " ".join(method.sentence for method in NetworkMember.methods(facts))


@pytest.mark.parametrize(("n", "told"), [(2, True), (3, False)])
def test_where_nothing_is_chosen_a_note_says_so(fitted, n: int, told: bool) -> None:
    notes = (
        MSSSMClassifier(**SMALL | {"max_epochs": 1}, experts=n).fit(*fitted[1:]).model_.record.notes
    )
    assert any("through all of experts=2" in note for note in notes) == told


def test_a_trained_network_can_be_copied_and_begins_again(fitted) -> None:
    _, X, y = fitted
    unlabelled = MSSSMClassifier(**SMALL, experts=4).fit(X, y, unlabelled=X)
    assert np.isfinite(unlabelled.predict_proba(X)).all()


def test_inspect_shows_where_experts_are(fitted, tmp_path: Path) -> None:
    model, X, y = fitted
    (tmp_path / "run").mkdir()
    model.save(tmp_path / "run" / "model.safetensors")
    given = np.stack([x[:, :24] for x in X[:4]])
    given[0, 0, 7:9] = np.nan
    np.savez(tmp_path / "data.npz", X=given, y=y[:4])
    asked = ("inspect", tmp_path / "run", tmp_path / "data.npz")
    facts = json.loads(run(*asked, "--json", "--quiet")[0])
    assert facts["pictures"][-1] == str(tmp_path / "run" / "inspect" / "experts.png")
    found = facts["experts"]
    assert (found["along"][0]["first"], found["along"][-1]["last"]) == (1, 24)
    # Missing steps have no expert.
    assert sum(part["last"] - part["first"] + 1 for part in found["along"]) == 22
    assert all(sum(shares) == pytest.approx(1, abs=1e-3) for shares in found["classes"].values())
    told = run(*asked, "--force")[0]
    assert "two experts: the part of these places that one has, over 4 series" in told
    network = model.networks_[0]
    gates = expert_gates(network, Batch(torch.randn(1, 24, 1), None, None), 24)
    assert (np.count_nonzero(gates, axis=1) == 2).all()


def test_answers_do_not_depend_on_what_they_come_with() -> None:
    sizes = {"d_model": 8, "n_layers": 1, "d_state": 4, "n_scales": 1, "max_epochs": 3}
    model = MSSSMClassifier(members=["network"], experts=3, random_state=0, **sizes)
    check_methods_subset_invariance("MSSSMClassifier", model)
