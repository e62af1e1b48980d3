"""``msssm-ts data``: list, info, convert, preview. For get, see test_download."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import run
from matplotlib.image import imread
from recordings import write_record, write_sound

from msssm_ts.datasets import LabelledSeries, load
from msssm_ts.datasets.write import write
from msssm_ts.errors import InputError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MSSSM_TS_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_list() -> None:
    out, err = run("data", "list")
    for name in ("PTB-XL", "MIT-BIH", "CinC2017", "SpeechCommands", "FSDD", "JapaneseVowels"):
        assert any(line.startswith(name + " ") for line in out.splitlines())
    assert "msssm-ts data list --archives" in err
    rows = json.loads(run("data", "list", "--json", "--archives")[0])
    here = {row["name"]: row["here"] for row in rows}
    assert len(here) == len(rows) > 160
    assert (here["Coffee"], here["GunPoint"], here["PTB-XL"]) == ("no", "comes along", "no")


def test_info_of_a_name_and_of_data(tmp_path: Path, home: Path) -> None:
    out, _ = run("data", "info", "ptbxl/diag")
    assert "https://physionet.org/static/published-projects/ptb-xl/" in out
    assert str(home / "PTB-XL") in out
    assert "understood" not in out
    assert "270 series" in run("data", "info", "JapaneseVowels")[0]
    write_record(tmp_path / "ecg" / "r1", beats={300: "N", 600: "V"})
    facts = json.loads(run("data", "info", tmp_path / "ecg", "--json")[0])
    assert facts["classes"] == ["N (1)", "V (1)"]
    assert (facts["channels"], facts["steps"], facts["sampling_rate"]) == (
        ["MLII"],
        [256, 256],
        360,
    )
    _, err = run("data", "info", "nothing", code=2)
    assert "no such file, and no data set of that name" in err


def _sample(**changes: object) -> LabelledSeries:
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(2, n)).astype(np.float32) for n in (5, 7, 6)]
    described: dict[str, object] = {
        "labels": np.array(["a", "b", "a"]),
        "ids": np.array(["x", "y", "z"]),
        "groups": np.array(["p", "q", "p"]),
        "group_name": "patient",
    }
    return LabelledSeries(values, **described | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("suffix", "equal"), [(".npz", True), (".csv", True), (".csv", False)])
def test_convert_reads_back_equal(tmp_path: Path, suffix: str, equal: bool) -> None:
    data = _sample()
    if equal:
        data = _sample(labels=np.array([1, 2, 1]))
        data = LabelledSeries(
            [v[:, :5] for v in data.values], data.labels, ids=data.ids, groups=data.groups
        )
    file = tmp_path / f"out{suffix}"
    write(data, file)
    back = load(file)
    assert back.labels is not None
    assert back.labels.tolist() == data.labels.tolist()
    assert [v.shape for v in back.values] == [v.shape for v in data.values]
    for mine, its in zip(data.values, back.values, strict=True):
        np.testing.assert_array_equal(np.asarray(its, dtype=np.float32), mine)
    if suffix != ".npz":
        assert back.ids.tolist() == ["x", "y", "z"]
        assert back.groups.tolist() == ["p", "q", "p"]


def test_convert_command(tmp_path: Path) -> None:
    write_sound(tmp_path / "in" / "a" / "1.wav", channels=2)
    write_sound(tmp_path / "in" / "b" / "2.wav", channels=2)
    file = tmp_path / "out.npz"
    _, err = run("data", "convert", tmp_path / "in", file)
    assert err.splitlines()[-1] == f"written to {file}"
    assert load(file).summary().startswith("2 series, 2 channels × 800 steps")
    assert "--force to replace it" in run("data", "convert", tmp_path / "in", file, code=2)[1]
    run("data", "convert", tmp_path / "in", file, "--force", "-q")
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_convert_of_several_labels(tmp_path: Path) -> None:
    data = _sample(labels=np.array([[1, 0], [0, 1], [1, 1]]), label_names=("u", "v"))
    with pytest.raises(InputError, match="one label a series, but here are several"):
        write(data, tmp_path / "x.csv")
    write(data, tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as arrays:
        assert arrays["y"].tolist() == data.labels.tolist()
        assert arrays["label_names"].tolist() == ["u", "v"]
        assert arrays["lengths"].tolist() == [5, 7, 6]


@pytest.mark.parametrize(
    ("name", "message"),
    [("x.txt", "cannot write .txt; give a name"), ("no/x.npz", "its folder does not exist")],
)
def test_convert_refuses(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        write(_sample(), tmp_path / name)


def test_preview(tmp_path: Path) -> None:
    picture = tmp_path / "p.png"
    out, err = run("data", "preview", "JapaneseVowels", "-o", picture)
    assert out.splitlines()[0].split() == ["class", "series", "share", "steps"]
    assert out.splitlines()[1].split() == ["1", "30", "11.1%", "13–26"]
    assert f"picture in {picture}" in err
    assert imread(picture).std() > 0.05
    again = ("data", "preview", "GunPoint", "-o", picture, "--json")
    assert "exists already" in run(*again, code=2)[1]
    rows = json.loads(run(*again, "--force")[0])["classes"]
    assert [r["series"] for r in rows] == [24, 26]


@pytest.mark.parametrize("labels", [None, "several", "many"])
def test_preview_of_other_labels(tmp_path: Path, labels: str | None) -> None:
    n = 60
    data = LabelledSeries(
        [np.sin(np.arange(1 + i) / 9)[None] for i in range(n)],
        {
            None: None,
            "several": np.array([[1, i % 2, 0] for i in range(n)]),
            "many": np.array([f"[red]{i % 30}" for i in range(n)]),
        }[labels],
        label_names=("u", "v", "w") if labels == "several" else None,
        sampling_rate=10,
    )
    file = tmp_path / "x.png"
    from msssm_ts.cli.data.picture import draw_preview
    from msssm_ts.cli.data.preview import _rows

    draw_preview(data, "x", file)
    assert imread(file).std() > 0.05
    counts = [row["series"] for row in _rows(data)]
    assert counts == {None: [60], "several": [60, 30, 0], "many": [2] * 30}[labels]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("GunPoint", "-o", "x.pdf"), "x.pdf: the picture is a PNG file"),
        (("GunPoint", "-o", "nowhere/x.png"), "its folder does not exist"),
        (("nowhere.csv", "-o", "x.png"), "nowhere.csv: no such file"),
    ],
)
def test_preview_refuses(arguments: tuple[str, ...], message: str) -> None:
    assert message in run("data", "preview", *arguments, code=2)[1]
