"""Several processes train what one would: the same curve, the same model, one writer."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import socket
import sys
import time
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import torch
from commands import run

from msssm_ts.cli.app import main
from msssm_ts.errors import InputError, ProcessLostError
from msssm_ts.fitted import load_model
from msssm_ts.fitted.model_file import model_tensors
from msssm_ts.training import Augmentation, Trainer
from msssm_ts.training.batches import Batch
from msssm_ts.training.joining import joined, n_started
from msssm_ts.training.processes import check_shareable, dealt

# The last batch of an epoch has one series: less than there are processes.
FIT = (
    *("--members", "network", "--width", "4", "--layers", "1", "--max-epochs", "2"),
    *("--batch-size", "7", "--dropout", "0", "--shift", "0.2", "--seed", "0"),
    *("--validation", "ids.txt", "--class-weight", "balanced"),
)
# Forked, as importing all of it anew takes seconds.
PROCESSES = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")


def _process(
    rank: int, folder: Path, arguments: tuple[str, ...], port: int, breaks_at: int | None
) -> None:
    """Run the command line as one of two processes; the second breaks before a step."""
    os.environ |= {"RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_RANK": str(rank)}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    os.chdir(folder)
    sys.argv = ["msssm-ts", "fit", *arguments]
    # Held here: what the command line wraps is not closed.
    out, err = ((folder / f"{name}{rank}").open("w", encoding="utf-8") for name in ("out", "err"))
    sys.stdout, sys.stderr = out, err
    step, began = Trainer._step, folder / f"began{rank}"
    began.unlink(missing_ok=True)

    def breaks(self: Trainer, *given: Any) -> bool:
        if rank == 1 and self.n_steps == breaks_at:
            raise OSError("the disk is gone")
        if not began.exists():
            began.write_text(str(self.n_steps))
        return step(self, *given)

    with mock.patch.object(Trainer, "_step", breaks):
        main()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with series of unequal lengths, and a list of those to validate by."""
    folder = tmp_path_factory.mktemp("several")
    random = np.random.default_rng(0)
    rows = ["id,label,x"]
    for i in range(28):
        x = random.normal(size=5 + 3 * (i % 4)) + i % 3
        rows += [f"s{i},{'abc'[i % 3]},{v:.4f}" for v in x]
    (folder / "data.csv").write_text("\n".join(rows) + "\n")
    (folder / "ids.txt").write_text("\n".join(f"s{i}" for i in range(6)) + "\n")
    return folder


def _several(
    folder: Path, *arguments: str, breaks_at: int | None = None
) -> list[tuple[int | None, str, str]]:
    """Run two processes; return exit code, stdout and stderr of each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = [
        PROCESSES.Process(target=_process, args=(rank, folder, arguments, port, breaks_at))
        for rank in range(2)
    ]
    for process in started:
        process.start()
    end = time.monotonic() + 100
    for process in started:
        process.join(max(0.0, end - time.monotonic()))
        process.kill()
    said = [[(folder / f"{name}{rank}").read_text() for name in ("out", "err")] for rank in (0, 1)]
    return [(p.exitcode, *s) for p, s in zip(started, said, strict=True)]


@pytest.fixture(scope="module")
def alone(data: Path) -> Path:
    """Return what one process makes of the same."""
    with contextlib.chdir(data):
        run("fit", "data.csv", *FIT, "-o", "one", "--quiet")
    return data / "one"


def test_two_processes_train_what_one_does(data: Path, alone: Path) -> None:
    (code, out, err), (other, *silent) = _several(data, "data.csv", *FIT, "-o", "two")
    assert (code, other, silent) == (0, 0, ["", ""]), (err, silent)
    assert "2 processes" in err
    assert "network, training" in out
    one, two = (load_model(run / "model.safetensors") for run in (alone, data / "two"))
    for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy", "learning_rate"):
        assert two.record.history[name] == pytest.approx(one.record.history[name], abs=1e-5)
    weights = model_tensors(one)
    for name, array in model_tensors(two).items():
        np.testing.assert_allclose(array, weights[name], atol=1e-5, err_msg=name)
    assert (one.record.processes, two.record.processes) == (1, 2)
    assert sorted(f.name for f in (data / "two").iterdir()) == sorted(
        f.name for f in alone.iterdir()
    )


def test_one_that_fails_ends_all_and_the_work_goes_on(data: Path, alone: Path) -> None:
    # In the second epoch; what was done before it is kept.
    more = ("-o", "lost", "--checkpoint-every", "0")
    first, second = _several(data, "data.csv", *FIT, *more, breaks_at=7)
    assert first[0] == second[0] == 1
    assert "another of the 2 processes has ended" in first[2]
    assert "--resume" in first[2]
    assert "process 1" in second[2]
    assert "the disk is gone" in second[2]
    # One process goes on where two were, or two: the same model comes of it.
    shutil.copytree(data / "lost", data / "gone on")
    with contextlib.chdir(data):
        _, err = run("fit", "--resume", "lost")
    assert "processes: 1 now, 2 before" in err
    first, second = _several(data, "--resume", "gone on")
    assert (first[0], second) == (0, (0, "", "")), first[2]
    # How often work is kept depends on the disk.
    began = {(data / f"began{rank}").read_text() for rank in (0, 1)}
    assert len(began) == 1
    assert began != {"0"}
    for name in ("lost", "gone on"):
        one, other = (
            json.loads((run / "metrics.json").read_text()) for run in (alone, data / name)
        )
        for loss in ("train_loss", "val_loss"):
            assert other[loss] == pytest.approx(one[loss], abs=1e-5)


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_series_are_dealt_whole_and_evenly(count: int) -> None:
    random = np.random.default_rng(count)
    for n in (1, 2, 5, 40):
        lengths = torch.from_numpy(random.integers(1, 50, n))
        parts = dealt(lengths, count)
        assert len(parts) == count
        assert sorted(i for part in parts for i in part.tolist()) == list(range(n))
        costs = [len(part) * int(lengths[part].max()) for part in parts if len(part)]
        # No more than if all were padded to the longest and dealt one by one.
        assert max(costs) <= -(-n // count) * int(lengths.max())


def test_short_series_stand_against_a_long_one() -> None:
    parts = dealt(torch.tensor([4, 100, 4, 4, 4, 4]), 2)
    assert [part.tolist() for part in parts] == [[0, 2, 3, 4, 5], [1]]


def test_some_of_a_batch_are_varied_as_among_all() -> None:
    drawn = Augmentation(masks=0.4, warp=0.2, narrow=0.5, bands=5, rows=5)
    x, lengths = torch.randn(6, 30, 5), torch.tensor([30, 20, 9, 30, 12, 5])
    whole = drawn.vary(x, lengths, torch.Generator().manual_seed(1))
    rows = torch.tensor([1, 2, 4])
    batch = Batch(x, lengths).rows(rows)
    assert batch.x.shape[1] == 20
    some = drawn.vary(
        batch.x, batch.lengths, torch.Generator().manual_seed(1), rows_of=(rows, len(x))
    )
    for own, row in zip(some, rows.tolist(), strict=True):
        n = int(lengths[row])
        assert torch.allclose(own[:n], whole[row, :n], atol=1e-6)


def test_statistics_of_batches_are_refused() -> None:
    with pytest.raises(InputError, match="1: BatchNorm1d keeps statistics"):
        check_shareable(torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.BatchNorm1d(2)))


def _environment(monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
    given = {"RANK": 0, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": 0} | more
    for name, value in given.items():
        monkeypatch.setenv(name, str(value))


def test_those_that_do_not_come_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    _environment(monkeypatch, MASTER_PORT=port)
    with pytest.raises(ProcessLostError, match=f"not met at 127.0.0.1:{port} within 0 s"):  # noqa: SIM117
        with joined("cpu", seconds=0.2):
            pass


def test_an_environment_that_says_it_wrongly_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert n_started({"RANK": "0", "WORLD_SIZE": "1"}) == 1
    with pytest.raises(InputError, match="WORLD_SIZE=two"):
        n_started({"RANK": "0", "WORLD_SIZE": "two"})
    with pytest.raises(InputError, match="MASTER_ADDR="):
        n_started({"RANK": "0", "WORLD_SIZE": "2"})
    _environment(monkeypatch)
    with pytest.raises(InputError, match="each has its own"), joined("cuda:1"):
        pass
    _, err = run("predict", "run", "data.csv", code=2)
    assert "predict by 2 processes: only fit shares its work" in err
