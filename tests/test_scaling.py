"""How a ridge classifier's features are standardised, and which members bend them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from msssm_ts import MSSSMClassifier
from msssm_ts.members.graph import ClosedForm
from msssm_ts.members.ridge import Ridge
from msssm_ts.members.scaling import Scaling

# What a member's file says of it.
BENT = {
    "scan_ridge": [False, True],
    "shapelet_ridge": [True],
    "drawn_network": [True],
    "encoder_ridge": [True],
}


@pytest.fixture(scope="module")
def fitted() -> tuple[MSSSMClassifier, list[np.ndarray]]:
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    X = [rng.normal(size=(1, 30)) + np.sin(np.arange(30) * (0.3 + 0.5 * label)) for label in y]
    members = [kind for kind, bent in BENT.items() for _ in bent]
    return MSSSMClassifier(members=members, random_state=0).fit(X, y), X


def test_bends_or_limits() -> None:
    z = np.array([[0.0], [1.0], [2.0], [97.0]], np.float32)
    mean, scale = np.array([1.0], np.float32), np.array([0.5], np.float32)
    for bent, wanted in ((True, [-1 / 3, 0, 1 / 3, 48 / 49]), (False, [-0.5, 0, 0.5, 10])):
        own = z.copy()
        Scaling(mean, scale, bent).apply(own)
        np.testing.assert_allclose(own.ravel(), wanted, rtol=1e-6)
        assert Scaling.fit(z, np.ones(1, np.float32), bent).bent is bent


def test_every_second_classifier_on_random_features_bends(
    fitted: tuple[MSSSMClassifier, list[np.ndarray]],
) -> None:
    found: dict[str, list[bool]] = {}
    for member in fitted[0].model_.vote.members:
        found.setdefault(member.kind, []).append(member.scaling.bent)
        assert member.state().facts.get("bent", False) is member.scaling.bent
    assert found == BENT


def test_means_of_channels_stay_as_they_are(
    fitted: tuple[MSSSMClassifier, list[np.ndarray]],
) -> None:
    X = fitted[1]
    alone = MSSSMClassifier(members=["coarse_ridge"], random_state=1).fit(X, np.arange(24) % 2)
    (member,) = alone.model_.vote.members
    assert not member.scaling.bent
    assert "bent" not in member.state().facts


def test_a_file_knows_what_is_bent(
    fitted: tuple[MSSSMClassifier, list[np.ndarray]], tmp_path: Path
) -> None:
    model, X = fitted
    model.save(tmp_path / "m.safetensors")
    loaded = MSSSMClassifier.load(tmp_path / "m.safetensors")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("bent", [True, False])
def test_a_graph_bends_as_the_member(bent: bool) -> None:
    rng = np.random.default_rng(1)
    z = (rng.standard_t(1, size=(40, 5)) * 3).astype(np.float32)
    signs = np.where(z[:, :1] > 0, [[-1.0, 1.0]], [[1.0, -1.0]])
    scaling = Scaling.fit(z, np.ones(5, np.float32), bent)
    own = z.copy()
    scaling.apply(own)
    ridge = Ridge.fit(own.copy(), signs, None, False)
    found = ClosedForm(scaling, ridge)(torch.from_numpy(z)).numpy()
    np.testing.assert_allclose(found, ridge.predict_proba(own), atol=1e-5)
