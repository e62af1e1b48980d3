"""Attention to a codebook against the plain one over all pairs of steps."""

from __future__ import annotations

import copy
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
from msssm_ts.analysis.network.motifs import over_series
from msssm_ts.errors import InputError
from msssm_ts.members.network.network import NetworkMember
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.motifs import PATIENCE, MotifAttention
from msssm_ts.model.shapes import weight_shapes
from msssm_ts.model.stepping import why_no_steps
from msssm_ts.training.codes import revive, seeds
from msssm_ts.training.processes import ALONE, Processes


def _attention(causal: bool, motifs: int = 3) -> MotifAttention:
    torch.manual_seed(1)
    config = MSSSMConfig(1, 2, d_model=6, motifs=motifs, bidirectional=not causal)
    return MotifAttention(config).double()


def _reference(layer: MotifAttention, x: Tensor, counted: Tensor | None) -> Tensor:
    """Every pair of steps by itself, keys quantised with a straight-through gradient."""
    normed = layer.norm(x)
    q, k, v = layer.query(normed), layer.keys(normed), layer.value(normed)
    codes = layer.codes.detach()
    nearest = (k.detach().unsqueeze(2) - codes).square().sum(-1).argmin(-1)
    b, length, d = x.shape
    rows = []
    for i in range(b):
        seen = torch.ones(length, dtype=torch.bool) if counted is None else counted[i]
        quantised = codes[nearest[i]]
        for s in range(len(codes)):
            of = (nearest[i] == s) & seen
            if of.any():
                mean = k[i][of].mean(0)
                quantised = torch.where(
                    of.unsqueeze(-1), quantised + mean - mean.detach(), quantised
                )
        scores = q[i] @ quantised.mT / math.sqrt(d)
        allowed = seen.unsqueeze(0).expand(length, -1)
        if layer.causal:
            allowed = allowed & torch.ones(length, length).tril().bool()
        rows.append(scores.masked_fill(~allowed, -torch.inf).softmax(-1) @ v[i])
    return x + layer.output(torch.stack(rows))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("length", [1, 7, 131])
@pytest.mark.parametrize("masked", [False, True])
def test_equals_attention_over_all_pairs(causal: bool, length: int, masked: bool) -> None:
    layer = _attention(causal)
    x = torch.randn(3, length, 6, dtype=torch.float64, requires_grad=True)
    counted = torch.rand(3, length) < 0.7 if masked else None
    if counted is not None:
        counted[:, 0] = True
    weights = torch.randn(3, length, 6, dtype=torch.float64)
    found = []
    for attend in (layer, lambda *given: _reference(layer, *given)):
        layer.zero_grad()
        out = attend(x, counted)
        given = [x, *(p for n, p in layer.named_parameters() if n != "codes")]
        gradients = torch.autograd.grad((out * weights).sum(), given)
        found.append((out, *gradients))
    for ours, plain in zip(*found, strict=True):
        torch.testing.assert_close(ours, plain, rtol=0, atol=1e-10)
    assert length == 1 or found[0][4].abs().max() > 1e-6  # keys learn


def test_padded_steps_are_not_counted() -> None:
    network = MSSSMNetwork(MSSSMConfig(2, 3, d_model=8, n_layers=1, motifs=4)).double()
    x, lengths = torch.randn(3, 20, 2, dtype=torch.float64), torch.tensor([20, 9, 13])
    network.train()
    network.blocks[0].dropout.p = 0.0
    together = network(x, lengths)
    seen = network.motifs.take_seen()
    x[1, 9:], x[2, 13:] = 1e3, -1e3
    assert torch.equal(network(x, lengths), together)
    again = network.motifs.take_seen()
    assert all(torch.equal(a, b) for a, b in zip(again, seen, strict=True))
    assert seen.used.sum() == len(seen.keys) == 20 + 9 + 13
    alone = [network(x[i : i + 1, :n]) for i, n in enumerate(lengths.tolist())]
    torch.testing.assert_close(torch.cat(alone), together, rtol=0, atol=1e-10)


def test_codes_without_steps_begin_again() -> None:
    layer = _attention(False, motifs=8).train()
    x = torch.randn(4, 40, 6, dtype=torch.float64)

    def train(n: int) -> None:
        for _ in range(n):
            layer(x)
            revive(layer, layer.take_seen(), ALONE)

    train(1)
    assert len(layer.assigned(x).unique()) == 8  # the first batch places all
    kept = layer.codes[:3].clone()
    with torch.no_grad():
        layer.codes[3:] = 50.0
    train(PATIENCE)
    assert len(layer.assigned(x).unique()) <= 3
    train(1)
    assert len(layer.assigned(x).unique()) == 8
    assert torch.equal(layer.codes[:3], kept)
    before = layer.codes.clone()
    train(PATIENCE + 1)
    assert torch.equal(layer.codes, before)
    # Steps that are all the same leave nothing to begin at but one place.
    layer.idle[:] = PATIENCE
    x = torch.zeros_like(x)
    train(PATIENCE + 2)
    assert len(layer.assigned(x).unique()) == 1


def test_codes_of_processes_are_those_of_all_their_steps() -> None:
    """Each has a part of a batch, one of them none of it, and all put codes at the same keys."""
    x = torch.randn(4, 40, 6, dtype=torch.float64)
    layer = _attention(False, motifs=8).train()
    layer(x)
    seen = layer.take_seen()
    whole = copy.deepcopy(layer)
    revive(whole, seen, ALONE)
    parts = []
    for rows in (x[:3], x[3:], x[:1]):
        layer(rows)
        parts.append(layer.take_seen())
    parts[2] = parts[2].of(0)
    rounds = []

    class Two(Processes):
        """Sees what the others would say."""

        def totals(self, values):
            return torch.stack([part.used for part in parts]).sum(0).tolist()

        def together(self, values):
            rounds.append(values)
            alive = layer.codes[layer.idle <= PATIENCE]
            return [
                key for part in parts for key in seeds(part.keys, alive, len(layer.codes)).tolist()
            ]

    found = []
    for rank in range(3):
        own = copy.deepcopy(layer)
        revive(own, parts[rank], Two(rank, 3))
        found.append(own.codes)
    assert len(rounds[0]) > 0
    assert len(rounds[2]) == 0
    assert all(torch.equal(codes, found[0]) for codes in found)
    assert len({tuple(row) for row in found[0].tolist()}) == 8
    assert torch.equal(found[0][layer.idle == 0], whole.codes[layer.idle == 0])


def test_shapes_and_streams() -> None:
    config = MSSSMConfig(2, 3, d_model=8, n_layers=1, motifs=4, bidirectional=False)
    state = MSSSMNetwork(config).state_dict()
    assert weight_shapes(config) == {name: tuple(t.shape) for name, t in state.items()}
    assert "no step" in (why_no_steps(config) or "")


def test_estimator_is_saved_and_repeats(tmp_path) -> None:
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(1, n)).astype(np.float32) for n in rng.integers(5, 20, 16)]
    y = np.arange(16) % 2
    given = {"members": ["network"], "d_model": 8, "n_layers": 1, "max_epochs": 2, "motifs": 4}
    models = [MSSSMClassifier(**given, random_state=0).fit(X, y) for _ in range(2)]
    proba = models[0].predict_proba(X)
    assert (models[1].predict_proba(X) == proba).all()
    models[0].save(tmp_path / "m.safetensors")
    again = MSSSMClassifier.load(tmp_path / "m.safetensors")
    assert (again.predict_proba(X) == proba).all()
    facts = again.model_.vote.members[0].state().facts
    assert "motifs" in " ".join(method.sentence for method in NetworkMember.methods(facts))


def test_shares_and_shapes_by_class() -> None:
    signals = [np.array([0.0, 0, 9, 0, 0, 0]), np.array([0.0, 3, 0, 0, 0, 0])]
    codes = [np.array([0, 0, 1, 0, 0, 0]), np.array([0, 2, 0, 0, 0, 0])]
    found = over_series(signals, codes, ["b", "a"], 4)
    assert found.classes == ("a", "b")
    np.testing.assert_allclose(found.shares, [[5 / 6, 0, 1 / 6, 0], [5 / 6, 1 / 6, 0, 0]])
    np.testing.assert_allclose(found.shapes[1, 1], [-1.5, -1.5, 7.5, -1.5, -1.5])
    assert np.isnan(found.shapes[0, 1]).all()
    assert set(found.telling.tolist()) == {0, 1, 2}


def test_a_causal_layer_is_exported_for_any_number_of_series_and_steps() -> None:
    class Layer(torch.nn.Module):
        """A parent: torch exports no module that is asked for alone."""

        def __init__(self) -> None:
            super().__init__()
            # As what exports does: to go back through a scan torch loads its compiler.
            self.layer = _attention(True).eval().requires_grad_(False)

        def forward(self, x: Tensor, counted: Tensor) -> Tensor:
            return self.layer(x, counted)

    sizes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length")}
    example = torch.randn(2, 40, 6).double(), torch.ones(2, 40).bool()
    layer = Layer()
    program = torch.export.export(layer, example, dynamic_shapes=(sizes, sizes)).module()
    x, counted = torch.randn(5, 133, 6).double(), torch.rand(5, 133) < 0.7
    torch.testing.assert_close(program(x, counted), layer(x, counted), rtol=0, atol=1e-12)


def test_inspect_shows_where_motifs_are(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(1, n)).astype(np.float32) for n in rng.integers(24, 40, 12)]
    y = np.where(np.arange(12) % 2, "b$a$", "a")
    given = {"members": ["network"], "d_model": 8, "n_layers": 2, "max_epochs": 2, "motifs": 4}
    model = MSSSMClassifier(**given, pyramid=True, random_state=0).fit(X, y)
    (tmp_path / "run").mkdir()
    model.save(tmp_path / "run" / "model.safetensors")
    np.savez(tmp_path / "data.npz", X=rng.normal(size=(4, 1, 31)), y=y[:4])
    told = run("inspect", tmp_path / "run", tmp_path / "data.npz", "--json", "--quiet")[0]
    facts = json.loads(told)
    assert facts["pictures"][-2:] == [
        str(tmp_path / "run" / "inspect" / name) for name in ("motifs.png", "motif_shapes.png")
    ]
    assert all(Path(picture).read_bytes().startswith(b"\x89PNG") for picture in facts["pictures"])
    found = facts["motifs"]
    along = found["along"]
    assert (along[0]["first"], along[-1]["last"]) == (1, 31)
    # The last level of the pyramid has a step for two.
    assert all(part["last"] % 2 == 0 for part in along[:-1])
    assert all(sum(row.values()) == pytest.approx(1, abs=1e-3) for row in found["classes"].values())
    assert found["n_series"] == 4
    with pytest.raises(InputError, match=r"--motifs.*--variates"):
        MSSSMClassifier(**given, variates="scan").fit(rng.normal(size=(8, 2, 9)), np.arange(8) % 2)


def test_answers_do_not_depend_on_what_they_come_with() -> None:
    sizes = {"d_model": 8, "n_layers": 1, "d_state": 4, "n_scales": 1, "max_epochs": 3}
    model = MSSSMClassifier(members=["network"], motifs=3, random_state=0, **sizes)
    check_methods_subset_invariance("MSSSMClassifier", model)
