"""Records annotated as if nobody had, against their reference; and how much memory a day takes.

    python benchmarks/annotate.py FOLDER MODEL [--records 100,200] [--detector xqrs]
    python benchmarks/annotate.py FOLDER MODEL --records 100 --hours 1,2,24
    python benchmarks/annotate.py FOLDER MODEL --pieces

FOLDER holds WFDB records with reference annotations (.atr), and a table that says which are for
testing; MODEL was fitted on others. Copies of the records without annotations go through ``msssm-ts
annotate``; what it wrote is read back with the ``wfdb`` package. A reference beat is found if
there is an own one within 150 ms, as PhysioNet's ``bxb`` counts; ventricular flutter is left out,
as EC57 says. Labels are counted on beats that were found.

With ``--hours`` the signal of each record is repeated to so many hours, in format 16, and time and
the largest resident memory of the command are printed. With ``--pieces`` beats that are found ten
minutes at a time are compared with those found in a whole record at once.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import wfdb
from wfdb.processing import compare_annotations

from msssm_ts.analysis.results.ec57 import beat_report
from msssm_ts.annotation.detection import detect_beats
from msssm_ts.annotation.recording import open_recording
from msssm_ts.cli.evaluate.ec57 import show_ec57
from msssm_ts.datasets import ReadOptions, load
from msssm_ts.datasets.wfdb.beats import AAMI

WINDOW = 0.15


def annotate(model: str, folder: Path, *options: str) -> tuple[float, int]:
    """Run the command on a folder; return its seconds and its largest resident bytes."""
    command = [sys.executable, "-m", "msssm_ts", "annotate", model, str(folder), "-q", *options]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}: failed")
    return time.perf_counter() - began, usage.ru_maxrss * 1024


def reference(stem: Path) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]]]:
    """Return samples and classes of the beats, and where there is flutter."""
    found = wfdb.rdann(str(stem), "atr")
    pairs = list(zip(found.sample.tolist(), found.symbol, strict=True))
    beats = [(sample, AAMI[symbol]) for sample, symbol in pairs if symbol in AAMI]
    flutter, began = [], None
    for sample, symbol in [*pairs, (wfdb.rdheader(str(stem)).sig_len, "]")]:
        if symbol == "[":
            began = sample
        elif symbol == "]" and began is not None:
            flutter.append((began, sample))
            began = None
    samples, labels = zip(*beats, strict=True)
    return np.array(samples), np.array(labels), flutter


def outside(samples: np.ndarray, flutter: list[tuple[int, int]]) -> np.ndarray:
    inside = [(a <= samples) & (samples <= b) for a, b in flutter]
    return ~np.any(inside, axis=0) if inside else np.ones(len(samples), bool)


def against_reference(folder: Path, model: str, records: list[str], detector: str) -> None:
    truth, called, names = [], [], []
    sums = np.zeros(3, int)
    with tempfile.TemporaryDirectory() as room:
        for record in records:
            for ending in ("hea", "dat"):
                shutil.copy(folder / f"{record}.{ending}", room)
        seconds, memory = annotate(model, Path(room), "--detector", detector)
        print(f"{len(records)} records: {seconds:.0f} s, {memory / 1e6:.0f} MB, {detector}")
        print(
            f"{'record':8}{'beats':>7}{'found':>7}{'missed':>7}{'false':>7}{'Se %':>8}{'+P %':>8}"
        )
        for record in records:
            samples, labels, flutter = reference(folder / record)
            keep = outside(samples, flutter)
            samples, labels = samples[keep], labels[keep]
            own = wfdb.rdann(str(Path(room, record)), "msts")
            keep = outside(own.sample, flutter)
            places, symbols = own.sample[keep], np.array(own.symbol)[keep]
            pairs = compare_annotations(samples, places, round(WINDOW * own.fs))
            counts = np.array([pairs.tp, pairs.fn, pairs.fp])
            sums += counts
            show(record, counts)
            mine = symbols[pairs.matched_test_inds]
            known = mine != "?"
            truth += labels[pairs.matched_ref_inds][known].tolist()
            called += mine[known].tolist()
            names += [record] * int(known.sum())
    show("all", sums)
    show_ec57(beat_report(truth, called, names), "record")


def show(name: str, counts: np.ndarray) -> None:
    found, missed, false = counts.tolist()
    print(
        f"{name:8}{found + missed:7}{found:7}{missed:7}{false:7}"
        f"{100 * found / (found + missed):8.2f}{100 * found / (found + false):8.2f}"
    )


def long_records(folder: Path, model: str, records: list[str], hours: list[float]) -> None:
    for record in records:
        signals = wfdb.rdrecord(str(folder / record))
        n_leads = signals.p_signal.shape[1]
        steps = np.clip(np.nan_to_num(1000 * signals.p_signal), -32767, 32767).astype("<i2")
        for n_hours in hours:
            with tempfile.TemporaryDirectory() as room:
                length = round(n_hours * 3600 * signals.fs)
                with Path(room, "long.dat").open("wb") as stream:
                    for start in range(0, length, len(steps)):
                        stream.write(steps[: length - start].tobytes())
                lines = [f"long {n_leads} {signals.fs:g} {length}"]
                lines += [f"long.dat 16 1000/mV 16 0 0 0 0 {n}" for n in signals.sig_name]
                Path(room, "long.hea").write_text("\n".join(lines) + "\n")
                seconds, memory = annotate(model, Path(room), "--picture")
                n_beats = len(wfdb.rdann(str(Path(room, "long")), "msts").sample)
                print(
                    f"{record}, {n_hours:g} h, {n_leads} leads at {signals.fs:g} Hz, "
                    f"{4e-6 * length * n_leads:.0f} MB decoded: {n_beats} beats, {seconds:.0f} s, "
                    f"largest resident memory {memory / 1e6:.0f} MB",
                    flush=True,
                )


def in_pieces(folder: Path, records: list[str], detector: str) -> None:
    """Compare beats found in ten minutes at a time with those found in all of a record at once."""
    for record in records:
        recording = open_recording(folder / f"{record}.hea")
        lead = recording.only(recording.channels[:1])
        began = time.perf_counter()
        own = detect_beats(lead, detector)
        seconds = time.perf_counter() - began
        whole = detect_beats(lead, detector, chunk=lead.seconds)
        differ = len(np.setxor1d(own, whole))
        print(f"{record} {detector}: {len(own)} beats, {differ} otherwise, {seconds:.1f} s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("model")
    parser.add_argument("--records", help="with commas between; else those of the test part")
    parser.add_argument("--detector", default="xqrs")
    parser.add_argument("--pieces", action="store_true", help="detection, against all at once")
    parser.add_argument("--hours", help="lengths of repeated signals, with commas between")
    arguments = parser.parse_args()
    records = arguments.records.split(",") if arguments.records else None
    if records is None:
        test = load(arguments.folder, ReadOptions(split="test", beside=("none",)))
        records = sorted(set(test.groups.tolist()))
    if arguments.pieces:
        in_pieces(arguments.folder, records, arguments.detector)
    elif arguments.hours:
        hours = [float(h) for h in arguments.hours.split(",")]
        long_records(arguments.folder, arguments.model, records, hours)
    else:
        against_reference(arguments.folder, arguments.model, records, arguments.detector)


if __name__ == "__main__":
    main()
