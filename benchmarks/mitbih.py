"""Beats of other patients, with and without what is told beside them.

python benchmarks/mitbih.py FOLDER [--without 232] [--preset fast] [--with none] [--seed 0]
    [--decide macro_f1]

FOLDER is MIT-BIH as PhysioNet publishes it, of which de Chazal's two sets of 22 records are known,
or other WFDB records with beat annotations and a table that says which are for training. Fits
on the one part, counts the other as ANSI/AAMI EC57 does.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.results.ec57 import beat_report
from msssm_ts.cli.evaluate.ec57 import show_ec57
from msssm_ts.datasets import ReadOptions, load


def measure(
    folder: Path, without: tuple[str, ...], beside: tuple[str, ...], **parameters: Any
) -> None:
    """Fit, count and print."""
    train, test = (
        load(folder, ReadOptions(split=part, window=(0.28, 0.43), beside=beside))
        for part in ("train", "test")
    )
    started = time.perf_counter()
    model = MSSSMClassifier(**parameters)
    model.fit(
        train.as_estimator_input(),
        train.labels,
        groups=train.groups,
        features=train.features,
        sampling_rate=train.sampling_rate,
    )
    fitted = time.perf_counter()
    predicted = model.predict(
        test.as_estimator_input(), features=test.features, sampling_rate=test.sampling_rate
    )
    print(
        f"{train.n_series} beats of {len(set(train.groups))} records, tested on {test.n_series} of "
        f"{len(set(test.groups))}; {parameters}: {fitted - started:.0f} s to fit, "
        f"{time.perf_counter() - fitted:.0f} s to predict"
    )
    for note in model.model_.record.notes:
        print(f"note: {note}")
    if model.model_.beside is not None:
        print(f"features beside the beats: {model.model_.beside.exponents}")
    show_ec57(beat_report(test.labels, predicted, test.groups, without), test.group_name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--without", default="", help="records, with commas between")
    parser.add_argument("--with", dest="beside", default="", help="features, or none")
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--seed", type=int, default=0)
    # As `msssm-ts fit` has it for heart beats.
    parser.add_argument("--decide", default="macro_f1")
    arguments = parser.parse_args()
    without, beside = (
        tuple(filter(None, text.split(","))) for text in (arguments.without, arguments.beside)
    )
    parameters = {"preset": arguments.preset, "random_state": arguments.seed}
    measure(arguments.folder, without, beside, **parameters, decide=arguments.decide)


if __name__ == "__main__":
    main()
