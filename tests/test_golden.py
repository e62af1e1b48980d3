"""Models written by every version of the file's schema answer for ever as they did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from msssm_ts import MSSSMClassifier
from msssm_ts.fitted.upgrades import _facts_3

FILES = sorted((Path(__file__).parent / "golden").glob("schema*/*.safetensors"))


def _asked(file: Path) -> tuple[list[np.ndarray], dict[str, Any], np.ndarray, np.ndarray]:
    """The series that the model was asked about, what is known of them, and what it answered."""
    with np.load(file.with_suffix(".npz")) as kept:
        ends = np.cumsum(kept["lengths"])[:-1]
        series = np.split(kept["values"], ends, axis=1)
        beside = {n.removeprefix("beside "): kept[n] for n in kept if n.startswith("beside ")}
        times = np.split(kept["times"], ends) if "times" in kept else None
        known = {"features": beside or None, "times": times}
        return series, known, kept["proba"], kept["labels"]


def test_there_are_models_of_every_schema() -> None:
    assert {f.parent.name for f in FILES} >= {f"schema{i}" for i in range(1, 11)}
    assert len(FILES) >= 35


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}-{f.stem}")
@pytest.mark.parametrize("n_threads", [1, 2])
def test_answers_as_it_did(file: Path, n_threads: int) -> None:
    series, known, proba, labels = _asked(file)
    before = torch.get_num_threads()
    torch.set_num_threads(n_threads)
    try:
        model = MSSSMClassifier.load(file, device="cpu")
        for dtype in (np.float32, np.float64):
            asked = [s.astype(dtype) for s in series]
            answer = model.predict_proba(asked, **known)
            np.testing.assert_allclose(answer, proba, rtol=0, atol=1e-6)
            assert (model.predict(asked, **known) == labels).all()
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_tells_what_is_unknown_as_it_did(file: Path) -> None:
    series, known, *_ = _asked(file)
    model = MSSSMClassifier.load(file, device="cpu")
    with np.load(file.with_suffix(".npz")) as kept:
        if "unknown" in kept:
            found = model.unknown_score(series, **known)
            # A tie that is rounded otherwise moves a share by one series.
            np.testing.assert_allclose(found, kept["unknown"], rtol=0, atol=1.01 / 33)
            assert np.median(abs(found - kept["unknown"])) < 1e-9
        else:
            assert model.model_.familiarity is None


def test_names_what_is_similar_as_it_did() -> None:
    file = next(f for f in FILES if f.stem == "exemplars")
    series = _asked(file)[0]
    model = MSSSMClassifier.load(file, device="cpu")
    with np.load(file.with_suffix(".npz")) as kept:
        distances, indices = model.kneighbors(series, 3)
        np.testing.assert_allclose(distances, kept["distances"], rtol=0, atol=1e-4)
        assert (indices == kept["indices"]).all()
    assert model.model_.exemplars.name(0) == f"w{model.model_.exemplars.numbers[0]}"


@pytest.mark.parametrize(
    ("n_channels", "length", "depth"), [(1, 150, 6), (50, 100, 5), (51, 100, 4), (200, 150, 1)]
)
def test_old_trees_on_many_channels_keep_their_intervals(
    n_channels: int, length: int, depth: int
) -> None:
    """Schema 3 left to the code how finely series were cut; no file here is that wide."""
    facts = _facts_3("quantile_trees", {"sizes": torch.tensor([length, 2])}, n_channels)
    assert facts == {
        "n_timepoints": length, "n_outputs": 2, "depth": depth, "steps_per_quantile": 4
    }  # fmt: skip
