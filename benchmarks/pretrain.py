"""Pretrain the encoder that comes with the package: the same steps give the same weights.

    OMP_NUM_THREADS=1 python benchmarks/pretrain.py                      # as shipped; an hour
    OMP_NUM_THREADS=1 python benchmarks/pretrain.py --steps 2000 --out encoder.safetensors

All it learns from is made up (msssm_ts.generation). A line every hundredth of the steps: loss and
right answers of the tasks since the last one, on series whose classes were not told.
"""

from __future__ import annotations

# Before torch, as for a user.
import msssm_ts  # noqa: F401

# isort: split
import argparse
from pathlib import Path

import numpy as np
import torch

from msssm_ts.pretraining.encoder import Encoder, encoder_config
from msssm_ts.pretraining.episodes import EpisodeSettings, pretrain
from msssm_ts.pretraining.weights import FILE, keep

STEPS, SEED = 7_000, 0
SIZES = {"n_scales": 3, "d_model": 64, "n_layers": 3, "d_state": 20, "kernel_size": 8}


def main() -> None:
    """Pretrain, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--out", type=Path, default=FILE)
    parser.add_argument("--width", type=int, default=SIZES["d_model"])
    asked = parser.parse_args()
    every, since = max(1, asked.steps // 100), []

    def report(step: int, loss: float, right: float, seconds: float) -> None:
        since.append((loss, right))
        if step % every == 0:
            mean_loss, mean_right = np.mean(since, 0)
            since.clear()
            left = seconds / step * (asked.steps - step)
            print(
                f"{step:7}  loss {mean_loss:.3f}  right {mean_right:.3f}  {seconds:.0f} s, "
                f"{left:.0f} s left",
                flush=True,
            )

    torch.manual_seed(SEED)
    encoder = Encoder(encoder_config(**(SIZES | {"d_model": asked.width})))
    pretrain(encoder, EpisodeSettings(asked.steps, seed=SEED), report)
    keep(encoder, asked.out)


if __name__ == "__main__":
    main()
