"""Heart beats made by hand, in records that a detector finds them in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import wfdb


def beats_of(
    pattern: Sequence[str], rate: float, interval: float = 0.8, start: float = 0.6, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Samples and symbols of beats, and the signal (n,) in mV: V are early, wide, without P wave.

    ``-`` is a beat that does not come.
    """
    rng = np.random.default_rng(seed)
    seconds, symbols, now = [], [], start
    for symbol in pattern:
        early = 0.25 * interval if symbol in "VA" else 0.0
        if symbol != "-":
            seconds.append(now - early)
            symbols.append(symbol)
        now += interval * rng.uniform(0.97, 1.03)
    times = np.arange(round((now + 0.4) * rate)) / rate
    signal = np.zeros(len(times))
    for second, symbol in zip(seconds, symbols, strict=True):
        at = times - second
        width, height = (0.045, -1.6) if symbol == "V" else (0.014, 1.0)
        signal += height * np.exp(-((at / width) ** 2))
        signal += 0.2 * np.exp(-(((at - 0.26) / 0.05) ** 2))
        if symbol != "V":
            signal += 0.12 * np.exp(-(((at + 0.17) / 0.03) ** 2))
    signal += 0.02 * rng.normal(size=len(times))
    signal += 0.1 * np.sin(2 * np.pi * (0.2 * times + rng.uniform()))
    return np.round(np.array(seconds) * rate).astype(int), np.array(symbols), signal


def write_heart(
    stem: Path,
    pattern: Sequence[str],
    *,
    rate: float = 125,
    annotated: bool = True,
    leads: Sequence[str] = ("MLII", "V1"),
    unit: str = "mV",
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Write a record, its second lead noise; return samples and symbols of its beats."""
    stem.parent.mkdir(parents=True, exist_ok=True)
    samples, symbols, signal = beats_of(pattern, rate, seed=seed)
    noise = 0.05 * np.random.default_rng(0).normal(size=len(signal))
    values = np.stack([signal, noise][: len(leads)], axis=1)
    size = {"mV": 1.0, "uV": 1000.0}[unit]
    wfdb.wrsamp(
        stem.name,
        rate,
        [unit] * len(leads),
        list(leads),
        values * size,
        fmt=["16"] * len(leads),
        adc_gain=[4000.0 / size] * len(leads),
        baseline=[0] * len(leads),
        write_dir=str(stem.parent),
    )
    if annotated:
        wfdb.wrann(stem.name, "atr", samples, symbols.tolist(), write_dir=str(stem.parent))
    return samples, symbols
