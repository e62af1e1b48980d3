"""Tokens that read a few steps against sorting the steps by their scores."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from commands import run
from sklearn.utils.estimator_checks import check_methods_subset_invariance
from torch import Tensor

from msssm_ts import MSSSMClassifier
from msssm_ts.export.c.export import why_not_in_c
from msssm_ts.members.network.network import NetworkMember
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.shapes import weight_shapes
from msssm_ts.model.stepping import recurrent_form
from msssm_ts.model.workspace import KEPT, Workspace

SMALL = {"members": ["network"], "d_model": 8, "n_layers": 1, "max_epochs": 2, "random_state": 0}


def _workspace(n: int = 3, d: int = 6) -> Workspace:
    torch.manual_seed(1)
    return Workspace(MSSSMConfig(1, 2, d_model=d, workspace=n)).double()


def _reference(layer: Workspace, x: Tensor, counted: Tensor | None) -> Tensor:
    """Token by token: the steps that count, by their scores, and of those the first ones."""
    rows = []
    for i, series in enumerate(x):
        steps = series if counted is None else series[counted[i]]
        tokens = []
        for token in layer.tokens:
            scores = steps @ token / math.sqrt(len(token))
            chosen = scores.argsort(descending=True)[:KEPT]
            tokens.append(torch.softmax(scores[chosen], 0) @ steps[chosen])
        rows.append(torch.cat(tokens))
    return torch.stack(rows)


@pytest.mark.parametrize("length", [1, 7, KEPT, KEPT + 1, 131])
@pytest.mark.parametrize("masked", [False, True])
def test_equals_the_first_of_the_sorted_steps(length: int, masked: bool) -> None:
    layer = _workspace()
    x = torch.randn(3, length, 6, dtype=torch.float64, requires_grad=True)
    counted = torch.rand(3, length) < 0.7 if masked else None
    if counted is not None:
        counted[:, 0] = True
    weights = torch.randn(3, 18, dtype=torch.float64)
    found = []
    for form in (layer, lambda *a: _reference(layer, *a)):
        out = form(x, counted)
        found.append((out, *torch.autograd.grad((out * weights).sum(), [x, layer.tokens])))
    for ours, plain in zip(*found, strict=True):
        torch.testing.assert_close(ours, plain, rtol=0, atol=1e-10)
    shares = layer.shares(x, counted)
    assert ((shares > 0).sum(-1) <= KEPT).all()


def test_steps_with_the_same_score_share_the_places_left() -> None:
    layer = _workspace(1)
    with torch.no_grad():
        layer.tokens[:] = torch.tensor([1.0, 0, 0, 0, 0, 0])
    x = torch.zeros(1, 60, 6, dtype=torch.float64)
    x[0, :4, 0], x[0, :, 1] = 5.0, torch.arange(60)
    shares = layer.shares(x)[0, 0]
    e = math.exp(5 / math.sqrt(6))
    wanted = torch.full((60,), (KEPT - 4) / 56, dtype=torch.float64)
    wanted[:4] = e
    torch.testing.assert_close(shares, wanted / (4 * e + KEPT - 4), rtol=0, atol=1e-12)
    # However the steps are ordered.
    order = torch.randperm(60)
    read = layer(x[:, order])
    torch.testing.assert_close(read, layer(x), rtol=0, atol=1e-12)
    flat = layer.shares(torch.ones(1, 200, 6, dtype=torch.float64))
    torch.testing.assert_close(flat, torch.full_like(flat, 1 / 200), rtol=0, atol=1e-12)


@pytest.mark.parametrize("more", [{}, {"pyramid": True}, {"variates": "scan", "n_variates": 2}])
def test_padded_steps_are_not_read(more: dict[str, object]) -> None:
    torch.manual_seed(0)
    config = MSSSMConfig(2, 3, d_model=8, n_layers=2, workspace=3, **more)
    network = MSSSMNetwork(config).double().eval()
    shapes = {name: tuple(t.shape) for name, t in network.state_dict().items()}
    assert weight_shapes(config) == shapes
    x, lengths = torch.randn(3, 40, 2, dtype=torch.float64), torch.tensor([40, 9, 23])
    together = network(x, lengths)
    x[1, 9:], x[2, 23:] = 1e3, -1e3
    assert torch.equal(network(x, lengths), together)
    alone = [network(x[i : i + 1, :n]) for i, n in enumerate(lengths.tolist())]
    torch.testing.assert_close(torch.cat(alone), together, rtol=0, atol=1e-10)


@pytest.mark.parametrize("variates", ["mix", "scan"])
@pytest.mark.parametrize("pooling", ["mean_max", "last"])
def test_a_stream_answers_as_the_series_so_far(variates: str, pooling: str) -> None:
    torch.manual_seed(0)
    config = MSSSMConfig(
        2, 3, d_model=8, n_layers=1, workspace=3, experts=3, bidirectional=False,
        pooling=pooling, variates=variates, n_variates=1 + (variates == "scan"),
    )  # fmt: skip
    network = MSSSMNetwork(config).double().eval()
    stream = recurrent_form(network)
    x = torch.randn(1, 70, 2).double()
    x[0, 30:35] = torch.nan
    observed = ~x.isnan().any(-1)
    logits = stream.run(x[0].numpy())
    with torch.no_grad():
        for n in (1, KEPT, KEPT + 1, 33, 50, 70):
            whole = network(x[:, :n].nan_to_num(0.0), None, observed[:, :n])
            np.testing.assert_allclose(logits[n - 1], whole[0].numpy(), atol=1e-10)
    stream.reset()
    np.testing.assert_array_equal(stream.run(x[0].numpy()), logits)


@pytest.fixture(scope="module")
def fitted() -> tuple[MSSSMClassifier, list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(1, n)).astype(np.float32) for n in rng.integers(24, 40, 12)]
    y = np.arange(12) % 2
    return MSSSMClassifier(**SMALL, workspace=2, bidirectional=False).fit(X, y), X, y


def test_estimator_is_saved_and_repeats(fitted, tmp_path: Path) -> None:
    model, X, y = fitted
    proba = model.predict_proba(X)
    again = MSSSMClassifier(**SMALL, workspace=2, bidirectional=False).fit(X, y)
    assert (again.predict_proba(X) == proba).all()
    model.save(tmp_path / "m.safetensors")
    again = MSSSMClassifier.load(tmp_path / "m.safetensors")
    assert (again.predict_proba(X) == proba).all()
    facts = again.model_.vote.members[0].state().facts
    assert "workspace" in " ".join(method.sentence for method in NetworkMember.methods(facts))


def test_what_cannot_be_done_is_said(fitted) -> None:
    assert "--workspace" in (why_not_in_c(fitted[0].model_) or "")


def test_inspect_shows_what_tokens_read(fitted, tmp_path: Path) -> None:
    model, X, y = fitted
    (tmp_path / "run").mkdir()
    model.save(tmp_path / "run" / "model.safetensors")
    np.savez(tmp_path / "data.npz", X=np.stack([x[:, :24] for x in X[:4]]), y=y[:4])
    asked = ("inspect", tmp_path / "run", tmp_path / "data.npz", "--series", "2")
    facts = json.loads(run(*asked, "--json", "--quiet")[0])
    assert facts["pictures"][-1] == str(tmp_path / "run" / "inspect" / "workspace.png")
    tokens = facts["workspace"]
    assert [one["token"] for one in tokens] == [1, 2]
    assert all(one["steps"] == KEPT and 1 <= one["most_at"] <= 24 for one in tokens)
    assert (tokens[0]["like"], tokens[1]["like"]) == (2, 1)
    assert tokens[0]["overlap"] == tokens[1]["overlap"] < 1
    assert "most like token" in run(*asked, "--force")[0]


def test_answers_do_not_depend_on_what_they_come_with() -> None:
    sizes = {"d_model": 8, "n_layers": 1, "d_state": 4, "n_scales": 1, "max_epochs": 3}
    model = MSSSMClassifier(members=["network"], workspace=3, random_state=0, **sizes)
    check_methods_subset_invariance("MSSSMClassifier", model)
