"""A folder with PTB-XL's layout and made-up signals, to see what its size takes.

    python benchmarks/made_up_ptbxl.py FOLDER [--records 21799]
    python benchmarks/ptbxl.py FOLDER --tasks all --preset fast

71 statements, few of them frequent and two on fewer than one record in a thousand; each adds a
wave of its own to every beat, so that scores say nothing of hearts.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

LEADS = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
# Of the real set's 71 statements: 44 diagnostic, 19 of form (four of them both), 12 of rhythm.
N_DIAGNOSTIC, N_FORM, N_BOTH, N_RHYTHM = 44, 19, 4, 12
RARE = (16 / 21_799, 20 / 21_799)
SUPERCLASSES = ("NORM", "MI", "STTC", "CD", "HYP")
N_SUBCLASSES, RATE, STEPS, PER_FOLDER = 23, 100, 1000, 1000


def statements() -> pd.DataFrame:
    """Return the table of statements: rows diagnostic, then of form, then of rhythm."""
    n = N_DIAGNOSTIC + N_FORM - N_BOTH + N_RHYTHM
    number = np.arange(n)
    diagnostic, rhythm = number < N_DIAGNOSTIC, number >= n - N_RHYTHM
    form = (number >= N_DIAGNOSTIC - N_BOTH) & ~rhythm
    names = [f"S{i:02d}" for i in number]
    marks = {"diagnostic": diagnostic, "form": form, "rhythm": rhythm}
    table = pd.DataFrame({k: np.where(v, 1.0, np.nan) for k, v in marks.items()}, index=names)
    table["diagnostic_class"] = [
        SUPERCLASSES[i % 5] if on else None for i, on in enumerate(diagnostic)
    ]
    table["diagnostic_subclass"] = [
        f"SUB{i % N_SUBCLASSES}" if on else None for i, on in enumerate(diagnostic)
    ]
    return table


def frequencies(table: pd.DataFrame) -> np.ndarray:
    """Return how often each statement is made: the k-th of its kind 1 / k times the first."""
    often = np.empty(len(table))
    diagnostic, rhythm = (table[name].notna().to_numpy() for name in ("diagnostic", "rhythm"))
    for chosen, first in ((diagnostic, 0.35), (~diagnostic & ~rhythm, 0.15), (rhythm, 0.75)):
        often[chosen] = first / np.arange(1, chosen.sum() + 1)
    often[[N_DIAGNOSTIC - 1, N_DIAGNOSTIC - 2]] = RARE
    return often


def signal(made: np.ndarray, waves: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a record in microvolts, (12, STEPS): beats, and a wave for every statement made."""
    phase = (np.arange(STEPS) / RATE * rng.uniform(0.8, 1.8) + rng.random()) % 1
    heights = 0.6 + 0.4 * np.sin(np.arange(12))
    x = heights[:, None] * np.exp(-(((phase - 0.3) / 0.02) ** 2))
    for i in np.flatnonzero(made):
        place, width = 0.05 + 0.9 * (i * 37 % len(made)) / len(made), 0.02 + 0.002 * (i % 20)
        x += 0.25 * waves[i][:, None] * np.exp(-(((phase - place) / width) ** 2))
    return np.round(1000 * (x + rng.normal(scale=0.15, size=x.shape))).clip(-32_000, 32_000)


def write(folder: Path, n_records: int) -> None:
    """Write the two tables and the records of 100 Hz."""
    rng = np.random.default_rng(0)
    table = statements()
    folder.mkdir(parents=True, exist_ok=True)
    table.to_csv(folder / "scp_statements.csv")
    made = rng.random((n_records, len(table))) < frequencies(table)
    waves = rng.normal(size=(len(table), 12))
    rows = []
    for i in range(n_records):
        where, name = f"{i // PER_FOLDER:02d}000", f"{i + 1:05d}"
        stem = folder / "records100" / where / f"{name}_lr"
        stem.parent.mkdir(parents=True, exist_ok=True)
        values = signal(made[i], waves, rng).astype("<i2")
        stem.with_name(f"{stem.name}.dat").write_bytes(values.T.tobytes())
        header = [f"{stem.name} 12 {RATE} {STEPS}"]
        for lead, x in zip(LEADS, values, strict=True):
            checksum = int(x.sum(dtype=np.int64)) & 0xFFFF
            header.append(f"{stem.name}.dat 16 1000.0(0)/mV 16 0 {x[0]} {checksum} 0 {lead}")
        stem.with_name(f"{stem.name}.hea").write_text("\n".join(header) + "\n")
        codes = {table.index[k]: 100.0 for k in np.flatnonzero(made[i])}
        stems = (f"records{rate}/{where}/{name}_{s}" for rate, s in ((100, "lr"), (500, "hr")))
        # Some patients have two records.
        rows.append((i + 1, float(10_000 + i * 20 // 23), str(codes), i % 10 + 1, *stems))
    columns = ("ecg_id", "patient_id", "scp_codes", "strat_fold", "filename_lr", "filename_hr")
    pd.DataFrame(rows, columns=columns).to_csv(folder / "ptbxl_database.csv", index=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--records", type=int, default=21_799)
    asked = parser.parse_args()
    write(asked.folder, asked.records)


if __name__ == "__main__":
    main()
