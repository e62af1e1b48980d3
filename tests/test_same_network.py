"""The same seed gives the same network: names, initial draws and answers stay as they were."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
import torch

from msssm_ts.kernels import use_backend
from msssm_ts.model import MSSSMConfig, MSSSMNetwork

# (core, directions, n_scales): names of the weights (SHA-256), a sum over them, the logits. True:
# both directions in all channels, as before schema 7; "halves": as today.
RECORDED: dict[tuple[str, bool | str, int], tuple[str, float, list[float]]] = {
    ("s6", True, 0): (
        "def3b89993f89a05", -51.18883877,
        [-0.8029630, -0.5227528, 0.0831898, -0.8444763, -0.5712752, 0.0375916],
    ),
    ("s6", True, 3): (
        "a46f2e2ee6aba316", -13.75880519,
        [-0.3724042, 0.7330827, -1.3954890, -0.3823004, 0.6207913, -1.3886292],
    ),
    ("s6", False, 0): (
        "e352a7be01e80276", -21.25693415,
        [1.0864538, -1.0405712, -0.6134182, 1.0946591, -1.0595943, -0.6059939],
    ),
    ("s6", False, 3): (
        "43fcedc72693fe92", 19.97555745,
        [0.4725119, -0.6214851, 0.3876969, 0.4921090, -0.6176531, 0.3932964],
    ),
    ("lti", True, 0): (
        "c543c6cf7cdfd543", -9.48437190,
        [0.8404788, 0.9700041, -0.8566616, 0.8289424, 0.9761558, -0.8054371],
    ),
    ("lti", True, 3): (
        "5dbf4aaf927de1ac", 45.83806474,
        [0.4261744, -0.0169404, -0.5186359, 0.4098324, -0.0843620, -0.4100108],
    ),
    ("lti", False, 0): (
        "448a96741326f84a", -24.75786257,
        [0.2756904, -0.5022186, 0.3260584, 0.3398599, -0.4391845, 0.4120826],
    ),
    ("lti", False, 3): (
        "9406f1fdd156170f", 25.83934586,
        [0.4434462, -0.9249760, 0.2152537, 0.3693036, -0.9185685, 0.2189294],
    ),
    ("s4d", True, 3): (
        "29fee2bd6d632cca", 17.54323080,
        [0.4222602, -0.0309848, -0.4963325, 0.3805395, -0.1121426, -0.4126299],
    ),
    ("s6", "halves", 3): (
        "a46f2e2ee6aba316", 63.62458734,
        [-0.8037337, 0.8402275, 0.0206277, -0.7820569, 0.8497963, 0.0099475],
    ),
    ("lti", "halves", 3): (
        "5dbf4aaf927de1ac", 22.73449892,
        [0.8423690, -0.1306980, -0.5452001, 0.8841403, -0.0721080, -0.6365886],
    ),
    ("lti", "halves", 0): (
        "c543c6cf7cdfd543", -33.60215073,
        [0.2806867, -0.4971064, 0.3309307, 0.3452407, -0.4356012, 0.4155690],
    ),
}  # fmt: skip


def _network(core: Any, directions: bool | str, n_scales: int) -> MSSSMNetwork:
    torch.manual_seed(7)
    sizes: dict[str, Any] = {"d_model": 16, "n_layers": 2, "n_scales": n_scales}
    split = directions == "halves"
    config = MSSSMConfig(
        2, 3, core=core, bidirectional=bool(directions), split_directions=split, **sizes
    )
    return MSSSMNetwork(config).eval()


def _found(network: MSSSMNetwork) -> tuple[str, float, list[float]]:
    """Everything that a change of names, of the order of draws or of the equations moves."""
    state = network.state_dict()
    names = hashlib.sha256(" ".join(state).encode()).hexdigest()[:16]
    flat = torch.cat([values.flatten() for values in state.values()]).double()
    total = float((flat * torch.cos(torch.arange(len(flat), dtype=torch.float64))).sum())
    x = torch.sin(0.3 * torch.arange(80.0)).view(2, 20, 2)
    with torch.no_grad():
        logits = network(x, torch.tensor([20, 13]), torch.arange(20).expand(2, 20) % 7 != 3)
    return names, total, logits.flatten().tolist()


@pytest.mark.parametrize("case", RECORDED, ids=str)
@pytest.mark.parametrize("backend", ["numba", "reference"])
def test_the_same_seed_gives_the_recorded_network(
    case: tuple[str, bool | str, int], backend: str
) -> None:
    names, total, logits = RECORDED[case]
    with use_backend(backend):
        found = _found(_network(*case))
    assert found[0] == names
    assert found[1] == pytest.approx(total, abs=1e-6)
    assert found[2] == pytest.approx(logits, abs=1e-5)
