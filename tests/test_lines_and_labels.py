"""What tables say around their rows, and of their rows' labels: it acts, or is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from commands import run

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.errors import InputError
from msssm_ts.series.side_features import SideFeatures


def table(n: int = 24, **columns: object) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    kind = np.arange(n) % 2
    X = np.sin(np.arange(12) * np.where(kind, 0.9, 0.3)[:, None] + rng.uniform(0, 6, (n, 1)))
    steps = pd.DataFrame(X.round(4), columns=[f"t{i}" for i in range(12)])
    return pd.DataFrame({"label": np.array(["slow", "fast"])[kind], **columns}).join(steps)


def put(folder: Path, text: str) -> Path:
    file = folder / "x.csv"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    "again",
    [
        lambda header: header.upper(),
        lambda header: header.replace(",", ", "),
        lambda header: "\ufeff" + ",".join(f'"{name}"' for name in header.split(",")),
    ],
)
def test_headers_again_in_another_spelling(tmp_path: Path, again: object) -> None:
    lines = table().to_csv(index=False).splitlines()
    lines.insert(13, again(lines[0]))  # type: ignore[operator]
    data = load(put(tmp_path, "\n".join(lines) + "\n"))
    assert data.n_series == 24
    assert data.account.line() == "left out: 1 line (the header again)"


@pytest.mark.parametrize("above", ["# fs = 250\n# unit: mV\n", "fs,250\nunit,mV\n"])
def test_rates_and_units_above_a_table(tmp_path: Path, above: str) -> None:
    data = load(put(tmp_path, above + table().to_csv(index=False)))
    assert (data.n_series, data.sampling_rate, data.units) == (24, 250.0, ("mV",))
    rate = dict(data.account.taken)["sampling rate"]
    assert rate == "the lines above the table"


def test_a_rate_above_that_the_times_contradict(tmp_path: Path) -> None:
    rows = "".join(f"{i / 250:.4f},{np.sin(i):.3f},{np.cos(i):.3f}\n" for i in range(300))
    data = load(put(tmp_path, f"# fs: 500\ntime,a,b\n{rows}"), needs_labels=False)
    assert data.sampling_rate == 250.0
    assert "say 500 Hz, and its times 250 Hz, which count" in data.account.line()
    data = load(put(tmp_path, f"# fs: 250\ntime,a,b\n{rows}"), needs_labels=False)
    assert data.account.line() == ""


@pytest.mark.parametrize("names", ["a,b", "EEG 1,EEG 2"])
def test_channels_below_a_rate_are_one_recording(tmp_path: Path, names: str) -> None:
    rows = "".join(f"{np.sin(i):.3f},{np.cos(i):.3f}\n" for i in range(60))
    data = load(put(tmp_path, f"%Sample Rate = 250 Hz\n{names}\n{rows}"), needs_labels=False)
    assert (data.n_series, data.n_channels, data.sampling_rate) == (1, 2, 250.0)
    assert "a line above says their rate" in data.account.line()
    assert load(put(tmp_path, f"{names}\n{rows}"), needs_labels=False).n_series == 60


def test_rows_without_a_part_are_said(tmp_path: Path) -> None:
    split = ["train"] * 12 + ["test"] * 8 + [""] * 4
    data = load(put(tmp_path, table(split=split).to_csv(index=False)))
    assert data.n_series == 12
    assert data.account.line() == (
        "left out: 8 rows (test: of another part in column split), "
        "4 rows (without a part in column split)"
    )


def test_kaggle_s_usage_divides(tmp_path: Path) -> None:
    usage = ["Training"] * 16 + ["PublicTest"] * 4 + ["PrivateTest"] * 4
    file = put(tmp_path, table(Usage=usage).to_csv(index=False))
    assert load(file).n_series == 16
    assert load(file, ReadOptions(split="test")).n_series == 8


def test_folds_that_nobody_asks_for_are_said(tmp_path: Path) -> None:
    file = put(tmp_path, table(fold=np.arange(24) % 5 + 1).to_csv(index=False))
    assert load(file).account.line() == (
        "its 5 folds (column fold) divide nothing; --validation fold=5 sets one aside"
    )
    data = load(file, validation="fold=5")
    assert data.validation is not None
    assert data.account.line() == ""
    assert load(file, needs_labels=False).account.line() == ""


def test_labels_that_may_be_several(tmp_path: Path) -> None:
    two = np.where(np.arange(24) % 2, "AF", "AF|PVC")
    said = load(put(tmp_path, table().assign(label=two).to_csv(index=False))).account.line()
    assert "took labels such as 'AF|PVC' for classes of their own" in said
    assert "a column of 0 and 1 for each" in said
    lists = np.where(np.arange(24) % 2, "['NORM']", "['AF', 'PVC']")
    data = load(put(tmp_path, table().assign(label=lists).to_csv(index=False)))
    assert data.label_names == ("AF", "NORM", "PVC")


@pytest.mark.parametrize(("where", "said"), [("label", "'Total'"), ("id", "'Total'"), ("none", "")])
def test_a_row_of_totals_is_said(tmp_path: Path, where: str, said: str) -> None:
    rows = table(id=[f"s{i}" for i in range(24)])
    if where != "none":
        rows = pd.concat([rows, rows.tail(1).assign(**{"id": "s24", where: "Total"})])
    line = load(put(tmp_path, rows.to_csv(index=False))).account.line()
    assert said in line if said else line == ""
    assert ("a row of totals" in line) == bool(said)


def test_a_class_that_stands_for_no_label_is_said(tmp_path: Path) -> None:
    labels = np.where(np.arange(24) % 6, np.array(["slow", "fast"])[np.arange(24) % 2], "Unlabeled")
    line = load(put(tmp_path, table().assign(label=labels).to_csv(index=False))).account.line()
    assert "took 'Unlabeled' for a class like others" in line
    assert "--unlabelled" in line


def test_the_label_in_other_words_beside_the_series_is_said(tmp_path: Path) -> None:
    rows = table(age=np.arange(24) % 7 + 30.0)
    # So that the series tell less than what stands beside them.
    steps = rows.columns[2:]
    rows[steps] = np.random.default_rng(1).normal(size=(24, len(steps)))
    file = put(tmp_path, rows.assign(sex=rows.label.map({"slow": "m", "fast": "f"})).to_csv())
    fit = ("fit", file, "--members", "quantile_trees", "--with", "sex,age", "-o", tmp_path / "run")
    err = run(*fit)[1]
    assert "sex beside the series has one value for each class" in err
    assert "age beside" not in err
    sex = SideFeatures(("sex",), (np.array(["f", "m", "f", "f"]),))
    assert sex.giving_away(np.array([0, 1, 0, 1])) == []


def test_names_in_two_rows_as_pandas_writes_levels(tmp_path: Path) -> None:
    rows = [
        (np.sin(t * (i % 2 + 1)), np.cos(t), i, "ab"[i % 2]) for i in range(8) for t in range(9)
    ]
    levels = [("acc", "x"), ("acc", "y"), ("about", "id"), ("about", "label")]
    frame = pd.DataFrame(rows, columns=pd.MultiIndex.from_tuples(levels))
    frame.to_csv(tmp_path / "x.csv", index=False)
    data = load(tmp_path / "x.csv")
    assert (data.n_series, data.channel_names) == (8, ("x", "y"))


def test_zero_bytes_at_the_end_are_said(tmp_path: Path) -> None:
    file = put(tmp_path, table().to_csv(index=False))
    file.write_bytes(file.read_bytes() + b"\0" * 100)
    with pytest.raises(InputError, match=r"x.csv, line 25: nothing but zero bytes behind it"):
        load(file)


def test_a_typist_s_minus_is_one(tmp_path: Path) -> None:
    rows = table().astype({"t3": object, "t4": object})
    rows["t3"], rows["t4"] = [f"\u2212{i}.5" for i in range(24)], ["\u2212", 1] * 12
    data = load(put(tmp_path, rows.to_csv(index=False)))
    assert [float(v[0][3]) for v in data.values] == [-i - 0.5 for i in range(24)]


def test_a_link_to_nothing_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "x.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(InputError, match=r"x.csv: a link to .*gone.csv, where nothing is"):
        load(tmp_path / "x.csv")


@pytest.mark.parametrize("head", ["ecg\n", ",value\n"])
def test_one_column_is_one_series(tmp_path: Path, head: str) -> None:
    rows = [f"{i},{i * i % 7}" if head[0] == "," else f"{i * i % 7}" for i in range(60)]
    data = load(put(tmp_path, head + "\n".join(rows) + "\n"), needs_labels=False)
    assert (data.n_series, data.lengths.tolist()) == (1, [60])
    np.testing.assert_array_equal(data.values[0][0], [i * i % 7 for i in range(60)])
    assert "took the one column of the file for one series" in data.account.line()


def test_a_table_of_files_that_pandas_wrote_with_row_numbers(tmp_path: Path) -> None:
    import soundfile

    kinds = ["dog", "cat"] * 4
    for i in range(8):
        soundfile.write(tmp_path / f"c{i}.wav", np.sin(np.arange(400) * (i % 2 + 1) / 9), 4000)
    files = [f"c{i}.wav" for i in range(8)]
    pd.DataFrame({"file": files, "label": kinds}).to_csv(tmp_path / "labels.csv")
    assert load(tmp_path).labels.tolist() == kinds


def test_a_part_whose_labels_are_still_to_come_is_called_so(tmp_path: Path) -> None:
    import soundfile

    for i in range(8):
        soundfile.write(tmp_path / f"c{i}.wav", np.sin(np.arange(400) * (i % 2 + 1) / 9), 4000)
    rows = [
        (f"c{i}.wav", "ab"[i % 2] if i < 6 else "", "test" if i > 5 else "train") for i in range(8)
    ]
    pd.DataFrame(rows, columns=["file", "label", "split"]).to_csv(tmp_path / "t.csv", index=False)
    test = ReadOptions(split="test")
    with pytest.raises(InputError, match=r"column label has no label of these 2 files: fill it in"):
        load(tmp_path, test)
    assert "fill it in" not in load(tmp_path, test, needs_labels=False).account.line()


def test_ids_and_channels_in_two_spellings_are_said(tmp_path: Path) -> None:
    def long(name: str, other: str) -> str:
        rows = [
            (f"{'sS'[t > 4] if name == 'case' else ''}{i}", t, "acc", np.sin(t * (i % 2 + 1)))
            for i in range(1, 7)
            for t in range(9)
        ]
        frame = pd.DataFrame(rows, columns=["id", "time", "channel", "value"])
        if name == "zeros":
            frame["id"] = frame["id"].where(frame["time"] < 5, "0" + frame["id"])
        if name == "channel":
            frame = pd.concat([frame, frame.assign(channel=other)])
        frame["label"] = "ab"
        frame["label"] = np.where(frame["id"].str[-1].astype(int) % 2, "a", "b")
        return frame.to_csv(index=False)

    said = load(put(tmp_path, long("case", ""))).account.line()
    assert (
        "took S1 and s1, S2 and s2, S3 and s3 … (6 in all) for different series (column id" in said
    )
    said = load(put(tmp_path, long("zeros", ""))).account.line()
    assert "took 01 and 1 for different series (column id), as they are written" in said
    said = load(put(tmp_path, long("channel", "ACC"))).account.line()
    assert "took ACC and acc for different channels (column channel)" in said
    assert load(put(tmp_path, long("channel", "gyr"))).account.line() == ""


@pytest.mark.parametrize("name", ["x.csv", "x.npz", "x.parquet", "x.edf", "x.json", "x.h5"])
def test_what_stands_in_place_of_a_file(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:abc\nsize 9\n")
    with pytest.raises(InputError, match="a pointer of Git LFS, not the data; fetch it"):
        load(file)
    if name == "x.edf":
        return
    file.write_text("\n<!DOCTYPE html>\n<html><body>404</body></html>\n")
    with pytest.raises(InputError, match="a web page, not the data"):
        load(file)


@pytest.mark.parametrize(
    ("comment", "rate"),
    [
        ("fs: 0.25 kHz", 250.0),
        ("Sampling rate: 250,5 Hz", 250.5),
        ("fs : 250 # as set", 250.0),
        ("Sample Rate = 250 samples per second", 250.0),
        ("fs = fast", None),
    ],
)
def test_rates_in_comments(tmp_path: Path, comment: str, rate: float | None) -> None:
    data = load(put(tmp_path, f"# {comment}\n{table().to_csv(index=False)}"))
    assert data.sampling_rate == rate
    said = "" if rate else "'fs: fast' above the table tells no rate; --fs gives it"
    assert data.account.line() == said
