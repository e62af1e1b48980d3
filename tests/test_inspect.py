"""``msssm-ts inspect``: tables, JSON, pictures and complaints."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import run

from msssm_ts import MSSSMClassifier
from msssm_ts.analysis.network.memory import eigenvalues, memory_lengths
from msssm_ts.preparation import Preparation

SIZES = {"members": ["network"], "d_model": 8, "n_layers": 2, "max_epochs": 2, "random_state": 0}
PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of two channels at 50 Hz with ids, and models of it: S6, LTI, single-scale, spectra."""
    folder = tmp_path_factory.mktemp("inspect")
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(16, 2, 30)), np.arange(16) % 2
    X[y == 1, 0] += np.sin(np.arange(30))
    np.savez(folder / "data.npz", X=X, y=np.where(y, "wave", "noise"))
    (folder / "one.csv").write_text(
        "id,label," + ",".join(f"t{i}" for i in range(30)) + "\n"
        + "".join(f"p{i},{y[i]}," + ",".join(map(str, X[i, 0])) + "\n" for i in range(16))
    )  # fmt: skip
    known = {"channel_names": ("left", "right"), "sampling_rate": 50.0}
    labels = np.where(y, "wave", "noise")
    for name, options in {"s6": {"core": "s6"}, "single": {"core": "s6", "n_scales": 0}}.items():
        (folder / name).mkdir()
        model = MSSSMClassifier(**SIZES | options).fit(X, labels, **known)
        model.save(folder / name / "model.safetensors")
    (folder / "lti").mkdir()
    lti = MSSSMClassifier(core="lti", bidirectional=False, **SIZES).fit(X[:, 0], y)
    lti.save(folder / "lti" / "model.safetensors")
    sound = rng.normal(size=(8, 1, 400))
    np.savez(folder / "sound.npz", X=sound, y=y[:8])
    spectral = Preparation(features="logmel", n_mels=12)
    (folder / "spectra").mkdir()
    heard = MSSSMClassifier(preparation=spectral, **SIZES).fit(sound, y[:8], sampling_rate=4000.0)
    heard.save(folder / "spectra" / "model.safetensors")
    return folder


@pytest.fixture(scope="module")
def vote(folder: Path) -> Path:
    """A model without a network, of the same data."""
    with np.load(folder / "data.npz") as arrays:
        model = MSSSMClassifier("fast", random_state=0).fit(
            arrays["X"], arrays["y"], channel_names=("left", "right"), sampling_rate=50.0
        )
    (folder / "vote").mkdir()
    model.save(folder / "vote" / "model.safetensors")
    return folder / "vote"


def _pictures(folder: Path) -> set[str]:
    assert all(file.read_bytes()[:4] == PNG for file in folder.iterdir())
    return {file.name for file in folder.iterdir()}


def test_weights_alone(folder: Path) -> None:
    out, err = run("inspect", folder / "s6")
    assert len(re.findall(r"^[12] [→←] +(?:raw|d[123]|a3) +0\.\d+–0\.\d+ ", out, re.M)) == 20
    assert "1 step = 0.02 s" in out
    assert "pictures in" in err
    assert _pictures(folder / "s6" / "inspect") == {"memory.png", "responses.png"}


def test_weights_as_json_agree_with_the_model(folder: Path, tmp_path: Path) -> None:
    facts = json.loads(run("inspect", folder / "s6", "--json", "--out", tmp_path / "new")[0])
    assert facts["sampling_rate"] == 50
    assert _pictures(tmp_path / "new") == {"memory.png", "responses.png"}
    network = MSSSMClassifier.load(folder / "s6").network_
    ssm = network.blocks[1].cores[1].ssm
    found = [s for s in facts["streams"] if (s["layer"], s["direction"]) == (2, "backward")]
    for s, row in enumerate(found):
        assert row["eigenvalues"] == [float(v) for v in eigenvalues(ssm)[s].aminmax()]
        assert row["memory_longest"] == float(memory_lengths(ssm)[s].max())
        assert row["memory_longest_seconds"] == pytest.approx(row["memory_longest"] / 50)
        if s:
            assert row["peak_hertz"] == pytest.approx(50 * row["peak"])


def test_a_rate_that_the_model_does_not_know(folder: Path, tmp_path: Path) -> None:
    for given, hertz in (((), None), (("--fs", "10"), 10.0)):
        facts = json.loads(
            run("inspect", folder / "lti", "--json", "--out", tmp_path, "--force", *given)[0]
        )
        assert facts["sampling_rate"] == hertz
        assert ("memory_median_seconds" in facts["streams"][0]) == (hertz is not None)
    out, _ = run("inspect", folder / "lti", "--out", tmp_path, "--force", "--quiet")
    assert "cycles per step" in out


def test_a_single_scale_model(folder: Path, tmp_path: Path) -> None:
    facts = json.loads(run("inspect", folder / "single", "--json", "--out", tmp_path, "--force")[0])
    assert {row["stream"] for row in facts["streams"]} == {"raw"}
    assert _pictures(tmp_path) == {"memory.png"}
    data = folder / "data.npz"
    out, _ = run("inspect", folder / "single", data, "--out", tmp_path, "--force", "--quiet")
    assert "mixer weight" not in out
    assert "Δ median" in out


def test_a_series(folder: Path, tmp_path: Path) -> None:
    out, err = run("inspect", folder / "s6", folder / "data.npz", "--out", tmp_path)
    assert re.search(r"^series +1$", out, re.M)
    assert re.search(r"^label +noise$", out, re.M)
    assert "mean mixing distance (s)" in out
    assert "single scale, untrained" in out
    assert "16 series, 2 channels" in err
    assert "the first of 16 series (--series chooses another)" in err
    assert _pictures(tmp_path) == {"series.png", "bands.png", "mixing.png"}


def test_a_series_as_json(folder: Path, tmp_path: Path) -> None:
    facts = json.loads(
        run(
            *("inspect", folder / "s6", folder / "data.npz", "--series", "4", "--layer", "2"),
            *("--baseline", folder / "single", "--cost", "--json", "--out", tmp_path, "--quiet"),
        )[0]
    )
    model = MSSSMClassifier.load(folder / "s6")
    with np.load(folder / "data.npz") as arrays:
        proba = model.predict_proba(arrays["X"][3:4])[0]
    assert facts["prediction"] == model.classes_[proba.argmax()]
    assert facts["probability"] == pytest.approx(proba.max(), abs=1e-5)
    assert (facts["series"], facts["label"], facts["layer"]) == ("4", "wave", 2)
    assert sum(facts["saliency"].values()) == pytest.approx(1, abs=1e-3)
    mixing = facts["mixing_distance"]
    assert mixing["at_steps"][-1] == 29
    assert [n["name"] for n in mixing["networks"]] == [
        "this model", "this model, untrained", "single scale, untrained", str(folder / "single"),
    ]  # fmt: skip
    assert len(mixing["networks"][0]["layers"]) == 2
    cost = facts["cost"]
    assert cost["n_timepoints"] == 30
    assert cost["model"]["parameters"] == model.model_.record.n_parameters
    single = MSSSMClassifier.load(folder / "single")
    assert cost["single_scale"]["parameters"] == single.model_.record.n_parameters


def test_a_series_by_its_id_through_an_lti_model(folder: Path, tmp_path: Path) -> None:
    data = folder / "one.csv"
    facts = json.loads(
        run("inspect", folder / "lti", data, "--series", "p7", "--json", "--out", tmp_path)[0]
    )
    assert (facts["series"], facts["label"]) == ("p7", "1")
    assert {row["direction"] for row in facts["streams"]} == {"forward"}
    assert "step_median" not in facts["streams"][0]


def test_spectra_are_drawn_as_images(folder: Path, tmp_path: Path) -> None:
    data = folder / "sound.npz"
    out, _ = run(
        "inspect", folder / "spectra", data, "--fs", "4000", "--out", tmp_path, "--cost", "-q"
    )
    assert "of a series of 10 steps" in out
    assert _pictures(tmp_path) == {"series.png", "bands.png", "mixing.png"}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nowhere",), "no such model file"),
        (("{data}",), "damaged, or not a file of msssm-ts"),
        (("{s6}", "--series", "2"), "--series 2: give DATA too"),
        (("{s6}", "--baseline", "{single}"), "give DATA too"),
        (("{s6}", "--layer", "1"), "--layer 1: give DATA too"),
        (("{s6}", "--group", "g"), "--group tells how DATA is read, and none is; give DATA"),
        (("{s6}", "{data}", "--layer", "3"), "--layer 3: the model has only 2"),
        (("{s6}", "--out", "/proc/no"), "cannot be written"),
        (("{s6}", "nowhere.csv"), "nowhere.csv: no such file"),
        (("{s6}", "{one}"), "1 channel, but the model was trained on 2"),
        (("{s6}", "{data}", "--series", "17"), "give a number from 1 to 16"),
        (("{s6}", "{data}", "--series", "0"), "give a number from 1 to 16"),
        (("{lti}", "{one}", "--series", "q"), "or an id such as p0"),
        (("{s6}", "{data}", "--baseline", "nowhere"), "no such model file"),
        (("{s6}", "{data}", "--baseline", "{lti}"), "--baseline {lti}: "),
    ],
)
def test_mistakes_get_one_sentence_and_exit_code_2(
    arguments: tuple[str, ...], sentence: str, folder: Path, tmp_path: Path
) -> None:
    names = {name: folder / name for name in ("s6", "lti", "single")}
    names |= {"data": folder / "data.npz", "one": folder / "one.csv"}
    given = [a.format(**names) for a in arguments]
    if "--out" not in given:
        given += ["--out", str(tmp_path / "out")]
    out, err = run("inspect", *given, code=2)
    assert out == ""
    last = err.splitlines()[-1]
    assert last.startswith("msssm-ts: ")
    assert sentence.format(**names) in last
    assert not list(tmp_path.glob("out/*"))


def test_a_baseline_with_other_steps_is_refused(folder: Path, tmp_path: Path) -> None:
    with np.load(folder / "data.npz") as arrays:
        X, y = arrays["X"], arrays["y"]
    other = MSSSMClassifier(preparation=Preparation(sampling_rate=25.0), **SIZES)
    other.fit(X, y, sampling_rate=50.0).save(tmp_path / "slow.safetensors")
    _, err = run(
        *("inspect", folder / "s6", folder / "data.npz", "--out", tmp_path / "out", "--fs", "50"),
        *("--baseline", tmp_path / "slow.safetensors"),
        code=2,
    )
    assert "in other steps than the model" in err


def test_pictures_that_cannot_be_written_are_a_failure(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "memory.png").mkdir()
    run("inspect", folder / "s6", "--out", tmp_path, "--force", code=1)
    assert [file.name for file in tmp_path.iterdir()] == ["memory.png"]
    shutil.rmtree(tmp_path / "memory.png")


def test_which_bands_a_vote_listens_to(vote: Path, tmp_path: Path) -> None:
    out, _ = run("inspect", vote, "--out", tmp_path, "--force")
    rows = [line.split()[:3] for line in out.splitlines() if "_ridge" in line]
    assert rows[0] == ["1", "scan_ridge", "24%"]
    assert "competing" in out
    assert _pictures(tmp_path) == {"bands.png"}
    facts = json.loads(run("inspect", vote, "--json", "-q", "--out", tmp_path, "--force")[0])
    assert [(b["view"], b["scale"], b["sees"]) for b in facts["bands"]] == [
        ("series", 1, 9), ("series", 2, 19), ("difference", 1, 10), ("difference", 2, 20)
    ]  # fmt: skip
    assert sum(b["share"] for b in facts["bands"]) == pytest.approx(1)
    for band in facts["bands"]:
        assert sum(band["pools"].values()) == pytest.approx(band["share"])


def test_a_band_sees_as_many_steps_as_it_says() -> None:
    from msssm_ts.kernels.scale_features import bands

    filters = np.ones((4, 9, 8, 16), np.float32)
    impulse = np.zeros((1, 200), np.float32)
    impulse[0, 100] = 1
    heard = bands(impulse, np.ones((1, 16), np.float32), filters)[:, :, 0, 0] != 0
    assert heard.sum(1).tolist() == [9, 19, 39, 79]


def test_what_the_answer_of_a_vote_hangs_on(folder: Path, vote: Path, tmp_path: Path) -> None:
    out, err = run("inspect", vote, folder / "data.npz", "--series", "2", "--fs", "50",
                   "--out", tmp_path, "--force")  # fmt: skip
    assert "the first of" not in err
    assert "prediction  wave (" in out
    assert _pictures(tmp_path) == {"series.png"}
    # The wave is in the left channel.
    left, right = re.search(r"left (\d+)%, right (\d+)%", out).groups()  # type: ignore[union-attr]
    assert int(left) > int(right)
    _, err = run(
        "inspect", vote, folder / "data.npz", "--layer", "1", "--out", tmp_path, "--force", code=2
    )
    assert "no network" in err


def test_hiding_what_matters_costs_probability() -> None:
    from msssm_ts.analysis.vote.occlusion import occlusion

    x = np.zeros((2, 100))
    x[1, 40:50] = 3.0
    x[0, :5] = np.nan
    found = occlusion(lambda series: np.array([s[1].max() / 3 for s in series]), x)
    assert found.shape == (100, 2)
    assert (found[:, 0] == 0).all()
    assert set(np.flatnonzero(found[:, 1])) <= set(range(34, 56))
    many = occlusion(
        lambda series: np.array([s[1].max() / 3 for s in series]), np.tile(x[1:], (7, 1))
    )
    assert many.shape == (100, 7)
