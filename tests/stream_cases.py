"""Small causal models and series for the tests of streams and early predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from msssm_ts import MSSSMClassifier

# With 4 scales of 8 taps the coarsest filter reaches back 105 steps.
LENGTH = 131


def causal(
    n_channels: int = 1,
    n_labels: int = 0,
    length: int = LENGTH,
    n_classes: int = 2,
    **settings: Any,
) -> MSSSMClassifier:
    """Return a small causal model, hardly trained, whose probabilities are far from even."""
    rng = np.random.default_rng(0)
    X = rng.normal(3.0, 2.0, size=(2 * n_classes, n_channels, length))
    y: Any = np.arange(len(X)) % n_classes
    if n_labels:
        y = (rng.random((len(X), n_labels)) < 0.5).astype(int)
        y[0], y[1] = 0, 1
    small: dict[str, Any] = {
        "members": ["network"],
        "core": "s6",
        "bidirectional": False,
        "d_model": 16,
        "n_layers": 2,
        "max_epochs": 1,
        "random_state": 0,
        "dropout": 0.0,
    }
    model = MSSSMClassifier(**small | settings).fit(X, y)
    with torch.no_grad():
        model.network_.head.weight *= 5
    return model


def a_series(n_channels: int = 1, length: int = LENGTH, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).normal(3.0, 2.0, size=(n_channels, length))
