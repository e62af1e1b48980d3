"""Folders of .npy files that are one series each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from msssm_ts.cli.app import app
from msssm_ts.datasets import ReadOptions, load
from msssm_ts.datasets.sources import why_one
from msssm_ts.errors import InputError


def _series(n_channels: int, n_steps: int, i: int) -> np.ndarray:
    return np.random.default_rng(i).normal(size=(n_channels, n_steps)) + i % 2


def _folder(folder: Path, made: Callable[[int], np.ndarray], n: int = 12) -> Path:
    for i in range(n):
        own = folder / ("ok", "bad")[i % 2]
        own.mkdir(parents=True, exist_ok=True)
        np.save(own / f"s{i}.npy", made(i))
    return folder


@pytest.mark.parametrize(
    ("made", "n_channels"),
    [
        (lambda i: _series(1, 30, i)[0], 1),
        (lambda i: _series(1, 30, i).T, 1),
        (lambda i: _series(3, 30, i), 3),
        (lambda i: _series(3, 30, i).T, 3),
        (lambda i: _series(3, 30 + i, i).T, 3),
        (lambda i: (100 * _series(2, 30, i)).astype(np.int16), 2),
    ],
)
def test_a_series_a_file(
    tmp_path: Path, made: Callable[[int], np.ndarray], n_channels: int
) -> None:
    data = load(_folder(tmp_path, made))
    assert data.labels is not None
    assert (data.n_series, data.n_channels) == (12, n_channels)
    assert data.labels.tolist() == ["bad"] * 6 + ["ok"] * 6
    first = np.squeeze(made(1))
    want = first if n_channels == 1 or len(first) == n_channels else first.T
    np.testing.assert_allclose(np.squeeze(data.values[0]), want, rtol=1e-6)
    assert data.ids is not None
    assert data.ids[0] == "bad/s1.npy"
    guessed = any("--axes" in r for r in data.account.remarks)
    assert guessed == (n_channels > 1)


@pytest.mark.parametrize("shape", [(30, 30), (30, 40), (100, 200)])
def test_axes_that_cannot_be_told_are_asked_for(tmp_path: Path, shape: tuple[int, int]) -> None:
    folder = _folder(tmp_path, lambda i: _series(*shape, i))
    with pytest.raises(InputError, match=r"cannot be told; say it with --axes channels,steps"):
        load(folder)
    data = load(folder, ReadOptions(axes="steps,channels"))
    assert (data.n_channels, int(data.lengths[0])) == (shape[1], shape[0])


def test_arrays_of_a_set_are_none(tmp_path: Path) -> None:
    _folder(tmp_path / "cubes", lambda i: np.ones((4, 3, 30)))
    with pytest.raises(InputError, match="put the arrays into one file"):
        load(tmp_path / "cubes")
    for name, array in (("X", np.ones((6, 30))), ("y", np.arange(6) % 2)):
        np.save(tmp_path / f"{name}.npy", array + np.arange(6).reshape(-1, *[1] * (array.ndim - 1)))
    assert load(tmp_path / "X.npy", needs_labels=False).n_series == 6


def test_one_axis_is_one_series(tmp_path: Path) -> None:
    np.save(tmp_path / "night.npy", np.arange(30.0))
    data = load(tmp_path / "night.npy", needs_labels=False)
    assert (data.n_series, data.n_channels, int(data.lengths[0])) == (1, 1, 30)
    assert data.ids is not None
    assert data.ids.tolist() == ["night"]


def test_matlab_files_of_vectors_are_recordings(tmp_path: Path) -> None:
    import scipy.io

    for i in range(6):
        own = tmp_path / ("normal", "inner")[i % 2]
        own.mkdir(exist_ok=True)
        vectors = {f"X{97 + i:03d}_{place}_time": _series(1, 90, i).T for place in ("DE", "FE")}
        scipy.io.savemat(own / f"{97 + i}.mat", vectors | {f"X{97 + i:03d}RPM": [[1796]]})
    data = load(tmp_path)
    assert (data.n_series, data.channel_names) == (6, ("X_DE_time", "X_FE_time"))
    assert why_one(tmp_path) == "its .mat files are a series each"
    np.testing.assert_allclose(data.values[0][1], _series(1, 90, 3)[0], rtol=1e-6)
    # Of two lengths it is not clear what is the recording.
    scipy.io.savemat(tmp_path / "inner" / "98.mat", vectors | {"X098_DE_time": np.ones((50, 1))})
    assert "98.mat: cannot be read, which of" in load(tmp_path).summary()


def test_arrays_that_were_saved_without_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", np.arange(60.0).reshape(6, 10), np.arange(6) % 2)
    data = load(tmp_path / "a.npz")
    assert data.labels is not None
    assert (data.n_series, data.labels.tolist()) == (6, [0, 1] * 3)


@pytest.mark.parametrize("suffix", [".data", ".asc", ".prn", ".tab"])
def test_text_under_other_suffixes(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"x{suffix}"
    file.write_text("label,t0,t1,t2\na,1,2,3\nb,3,4,5\n")
    assert load(file).n_series == 2
    file.write_bytes(bytes(range(256)))
    with pytest.raises(InputError, match="unknown kind of file"):
        load(file)


def test_from_fit_to_predictions(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "data", lambda i: _series(3, 30, i).T)
    assert why_one(folder) == "its .npy files are a series each"
    run, known = str(tmp_path / "run"), ["--members", "scan_ridge"]
    assert CliRunner().invoke(app, ["fit", str(folder), *known, "--out", run]).exit_code == 0
    answers = CliRunner().invoke(app, ["predict", run, str(folder)])
    assert answers.exit_code == 0
    assert answers.stdout.count("\n") == 13
    file = str(folder / "ok/s0.npy")
    alone = CliRunner().invoke(app, ["predict", run, file])
    assert alone.exit_code == 0
    assert "steps, channels of one series" in " ".join(alone.output.split())
    assert (
        CliRunner().invoke(app, ["predict", run, file, "--axes", "steps,channels"]).exit_code == 0
    )
