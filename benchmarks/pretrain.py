"""Pretrain what comes with the package: the same steps give the same weights.

    OMP_NUM_THREADS=1 python benchmarks/pretrain.py                      # as shipped; an hour
    OMP_NUM_THREADS=1 python benchmarks/pretrain.py sound                # as shipped; an hour
    OMP_NUM_THREADS=1 python benchmarks/pretrain.py --steps 2000 --out encoder.safetensors

All they learn from is made up (msssm_ts.generation): the encoder from series, the network of sound
from words, which are drawn before it begins and take 0.8 GB. A line every hundredth of the steps:
loss and right answers of the tasks since the last one, on series whose classes were not told.
"""

from __future__ import annotations

# Before torch, as for a user.
import msssm_ts  # noqa: F401

# isort: split
import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch

from msssm_ts.pretraining.encoder import Encoder, encoder_config
from msssm_ts.pretraining.episodes import EpisodeSettings, pretrain
from msssm_ts.pretraining.sound import SOUND_FILE, SoundEncoder, keep_sound, sound_config
from msssm_ts.pretraining.spoken import SpokenTasks, draw_spectra
from msssm_ts.pretraining.tasks import SeriesTasks
from msssm_ts.pretraining.weights import FILE, keep

SEED, SOUND_RATE = 0, 3e-3
STEPS = {"series": 7_000, "sound": 10_000}
SIZES = {"n_scales": 3, "d_model": 64, "n_layers": 3, "d_state": 20, "kernel_size": 8}
# Words, and clips of each.
N_WORDS, N_EACH = 8_000, 12


def spectra(n_words: int) -> SpokenTasks:
    """Draw the words, and say how far it is."""
    began = time.perf_counter()

    def report(n: int) -> None:
        if n % (n_words // 10 // 8 * 8 or 8) == 0:
            print(f"{n:7} words, {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)

    return SpokenTasks(draw_spectra(SEED, n_words, N_EACH, report))


def main() -> None:
    """Pretrain, and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("of", nargs="?", choices=STEPS, default="series")
    parser.add_argument("--steps", type=int, help="in place of those of what is shipped")
    parser.add_argument("--out", type=Path, help="in place of the package's own file")
    parser.add_argument("--width", type=int, default=SIZES["d_model"], help="of the encoder")
    parser.add_argument("--words", type=int, default=N_WORDS, help="a multiple of eight")
    asked = parser.parse_args()
    steps = asked.steps or STEPS[asked.of]
    every, since = max(1, steps // 100), []

    def report(step: int, loss: float, right: float, seconds: float) -> None:
        since.append((loss, right))
        if step % every == 0:
            mean_loss, mean_right = np.mean(since, 0)
            since.clear()
            left = seconds / step * (steps - step)
            print(
                f"{step:7}  loss {mean_loss:.3f}  right {mean_right:.3f}  {seconds:.0f} s, "
                f"{left:.0f} s left",
                flush=True,
            )

    torch.manual_seed(SEED)
    if asked.of == "sound":
        encoder = SoundEncoder(sound_config())
        settings = EpisodeSettings(steps, learning_rate=SOUND_RATE, seed=SEED)
        pretrain(encoder, spectra(asked.words), settings, report)
        keep_sound(encoder.network, asked.out or SOUND_FILE)
        return
    series = Encoder(encoder_config(**(SIZES | {"d_model": asked.width})))
    pretrain(series, SeriesTasks(), EpisodeSettings(steps, seed=SEED), report)
    keep(series, asked.out or FILE)


if __name__ == "__main__":
    main()
