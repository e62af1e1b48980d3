"""Spoil model files in many ways, and see that each is refused in a sentence or answers sensibly.

``python tests/fuzz/models.py [--rounds N] [--seed S]`` fits small models, and spoils each of them,
and those of older schemas in tests/golden, N times in every way of tests/model_mutations.py. A
worker process reads them: that it dies, hangs, takes too much memory, fails with anything but
InputError or answers what are no probabilities is a failure. Exit code 1 if there was one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
import traceback
from collections import Counter, defaultdict
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "golden"), str(TESTS.parent)]

from model_mutations import KINDS, keeps_values, mutated  # noqa: E402

# Beyond the worker's own: to refuse a file, and to read it and ask it.
REFUSING_SECONDS, SECONDS = 1.0, 10.0
REFUSING_BYTES, BYTES = 200e6, 1e9
FITTED = (
    "fast", "network_s6", "network_lti", "network_causal", "network_single_scale", "labels",
    "lengths", "windows", "sound", "stem", "limits", "missing_mask", "exemplars",
    "network_motifs", "network_experts", "network_workspace",
)  # fmt: skip


def peak() -> float:
    """Return the largest memory of this process since :func:`forget_peak`, in bytes."""
    with open("/proc/self/status") as lines:
        return 1024 * next(float(x.split()[1]) for x in lines if x.startswith("VmHWM"))


def forget_peak() -> float:
    """Begin anew, and return the memory now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def asked(file: str, series: list[np.ndarray]) -> np.ndarray:
    """Do with a model file what the commands do, and return its probabilities."""
    from msssm_ts import MSSSMClassifier
    from msssm_ts.analysis.results.model_card import model_card
    from msssm_ts.analysis.results.runs import run_facts
    from msssm_ts.cli.info import _origin, model_facts
    from msssm_ts.fitted.artifact import read_header
    from msssm_ts.fitted.streaming import why_not_streamed

    header = read_header(file)
    model_card(header), run_facts(header), model_facts(file), _origin(header["origin"] or {})
    model = MSSSMClassifier.load(file, device="cpu")
    proba = model.predict_proba(series)
    model.predict(series)
    if why_not_streamed(model.model_) is None:
        chunk = model.stream().step(series[0])
        assert np.isfinite(chunk[~np.isnan(series[0]).all(0).cumprod().astype(bool)]).all()
    if model.model_.exemplars is not None:
        distances, _ = model.kneighbors(series, 1)
        assert np.isfinite(distances).all(), "distances"
        assert np.isfinite(model.model_.exemplars.excerpts.of(0)[1]).any(), "excerpt"
    sums = 1.0 if model.multilabel_ else proba.sum(1)
    assert np.isfinite(proba).all(), "NaN"
    assert proba.min() >= -1e-9, proba.min()
    assert proba.max() <= 1 + 1e-9, proba.max()
    assert np.allclose(sums, 1, atol=1e-6), sums
    return proba


class Verdict(NamedTuple):
    """What came of a file: "refused", "same", "other" or what failed; details; what it cost."""

    said: str
    details: str
    seconds: float = 0.0
    bytes: float = 0.0


def verdict(file: str, series: list[np.ndarray], expected: np.ndarray | None) -> Verdict:
    """Read a file, ask it, and judge."""
    import torch

    from msssm_ts.errors import InputError

    # A model draws its first weights, which cost nothing but must not differ from run to run.
    torch.manual_seed(0)
    before, start = forget_peak(), time.process_time()
    try:
        proba = asked(file, series)
        said, details = "other", ""
        if expected is not None and expected.shape == proba.shape:
            said = "same" if np.abs(proba - expected).max() < 1e-6 else "other"
    except InputError as error:
        said, details = "refused", str(error)
        if "\n" in details or len(details) > 2000:
            said = "no sentence"
    except Exception as error:
        said, details = type(error).__name__, traceback.format_exc()
    seconds, grown = time.process_time() - start, peak() - before
    refused = said == "refused"
    if seconds > (REFUSING_SECONDS if refused else SECONDS):
        return Verdict("slow", f"{said} after {seconds:.1f} CPU s: {details}", seconds, grown)
    if grown > (REFUSING_BYTES if refused else BYTES):
        details = f"{said} with {grown / 1e6:.0f} MB more: {details}"
        return Verdict("memory", details, seconds, grown)
    return Verdict(said, details, seconds, grown)


def work(pipe: Connection) -> None:
    """Answer for files until there are no more."""
    import resource
    import warnings

    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    space = 1024 * int(Path("/proc/self/statm").read_text().split()[0]) * 4
    resource.setrlimit(resource.RLIMIT_AS, (space + (8 << 30), resource.RLIM_INFINITY))
    while (task := pipe.recv()) is not None:
        pipe.send(verdict(*task))


class Worker:
    """A process that is started again when it dies."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def ask(self, *task: Any, patience: float = 60.0) -> Verdict:
        """Return its verdict, or how it ended."""
        try:
            self.pipe.send(task)
            if self.pipe.poll(patience):
                answer: Verdict = self.pipe.recv()
                return answer
            failed = ("hang", f"no answer in {patience:g} s")
            self.process.kill()
        except (EOFError, OSError):
            failed = ("crash", "")
        self.process.join()
        code = self.process.exitcode
        self.start()
        return Verdict(failed[0], f"{failed[1]} exit code {code}")

    def stop(self) -> None:
        self.pipe.send(None)
        self.process.join()


def cases(folder: Path, with_fits: bool) -> dict[str, tuple[bytes, list[np.ndarray]]]:
    """Return files, by name, and the series to ask each about."""
    found: dict[str, tuple[bytes, list[np.ndarray]]] = {}
    for file in sorted((TESTS / "golden").glob("schema*/*.safetensors")):
        if file.parent.name == "schema7" and with_fits:
            continue
        with np.load(file.with_suffix(".npz")) as kept:
            if "times" in kept:
                # It is asked with stamps alone.
                continue
            series = np.split(kept["values"], np.cumsum(kept["lengths"])[:-1], axis=1)
        found[f"{file.parent.name}/{file.stem}"] = file.read_bytes(), series[:3]
    if with_fits:
        from make import models

        for name, model, series, *_ in models(FITTED):
            model.save(folder / "fitted.safetensors")
            found[name] = (folder / "fitted.safetensors").read_bytes(), series[:3]
    return found


def main() -> int:
    """Run, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=2, help="of every kind, for every model")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--old-every", type=int, default=4, help="one in so many old files a round")
    parser.add_argument("--only", default="", help="kinds whose names contain this")
    parser.add_argument("--no-fits", action="store_true", help="only the files in tests/golden")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    table: dict[str, Counter[str]] = defaultdict(Counter)
    failures: list[str] = []
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = cases(folder, not arguments.no_fits)
        print(f"{len(files)} models after {time.monotonic() - start:.0f} s", flush=True)
        worker, file = Worker(), folder / "spoilt.safetensors"
        answers = {}
        for case, (data, series) in files.items():
            file.write_bytes(data)
            said, details, *_ = worker.ask(str(file), series, None, patience=300.0)
            if said not in ("other", "slow"):
                print(f"{case}: {said} as it is: {details}")
                return 1
            from msssm_ts import MSSSMClassifier

            answers[case] = MSSSMClassifier.load(file, device="cpu").predict_proba(series)
        for _ in range(arguments.rounds):
            for case, (data, series) in files.items():
                if case.startswith("schema") and rng.integers(arguments.old_every):
                    continue
                for kind, renewed in KINDS:
                    if arguments.only not in kind:
                        continue
                    seed = int(rng.integers(2**32))
                    try:
                        spoilt = mutated(data, kind, renewed, np.random.default_rng(seed))
                    except (ValueError, IndexError):
                        # Nothing there to spoil in this way.
                        continue
                    if spoilt == data:
                        continue
                    file.write_bytes(spoilt)
                    said, details, *_ = worker.ask(str(file), series, answers[case])
                    row = f"{kind}{' + checksum' if renewed else ''}"
                    if said == "other" and keeps_values(data, kind, renewed):
                        said, details = "changed", "accepted, and answers otherwise"
                    fine = said in ("refused", "same", "other")
                    table[row]["tried"] += 1
                    table[row][said if fine else "failed"] += 1
                    if not fine:
                        failures.append(f"{case}, {row}, seed {seed}: {said}\n{details}")
                        print(failures[-1], flush=True)
        worker.stop()
    show(table, len(failures), time.monotonic() - start)
    return 1 if failures else 0


def show(table: dict[str, Counter[str]], n_failures: int, seconds: float) -> None:
    """Print what came of each kind."""
    columns = ("tried", "refused", "same", "other", "failed")
    print(f"{'kind':34}" + "".join(f"{c:>10}" for c in columns))
    total: Counter[str] = Counter()
    for row, counts in table.items():
        print(f"{row:34}" + "".join(f"{counts[c]:10}" for c in columns))
        total += counts
    print(f"{'all':34}" + "".join(f"{total[c]:10}" for c in columns))
    print(f"{n_failures} failures in {seconds:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
