"""Tables of labels, or of subjects, beside a table of series."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.errors import InputError

N, STEPS = 12, 9


def _series(file: Path, **names: str) -> pd.DataFrame:
    rows = [(i, f"S{i % 4}", t, 0.5 * i + t) for i in range(N) for t in range(STEPS)]
    columns = [names.get(c, c) for c in ("trial", "subject", "time", "acc")]
    frame = pd.DataFrame(rows, columns=columns)
    file.parent.mkdir(exist_ok=True)
    frame.to_csv(file, index=False)
    return frame


def _labels(file: Path, key: str, label: str = "surface", n: int = N, first: int = 0) -> None:
    rows = [(i, f"G{i // 3}", "ab"[i % 2]) for i in reversed(range(first, n))]
    pd.DataFrame(rows, columns=[key, "group_id", label]).to_csv(file, index=False)


@pytest.mark.parametrize(
    ("series", "labels"),
    [
        ("X_train.csv", "y_train.csv"),
        ("train.csv", "train_labels.csv"),
        ("training_set.csv", "training_set_metadata.csv"),
    ],
)
def test_labels_beside_series(tmp_path: Path, series: str, labels: str) -> None:
    known = "target" if "metadata" in labels else "surface"
    _series(tmp_path / series, trial="object_no")
    _series(tmp_path / series.replace("train", "test"), trial="object_no")
    _labels(tmp_path / labels, "object_no", known)
    (tmp_path / "sample_submission.csv").write_text("object_no,surface\n0,a\n1,b\n")
    data = load(tmp_path)
    assert data.labels is not None
    assert data.groups is not None
    assert (data.n_series, data.channel_names) == (N, ("acc",))
    assert data.labels.tolist() == [*"ab"] * (N // 2)
    assert data.groups.tolist() == [f"S{i % 4}" for i in range(N)]
    assert f"took {labels} for what is known of each object_no" in data.summary()
    assert "sample_submission.csv" in data.summary()
    assert data.has_test_part is False


def test_subjects_beside_series(tmp_path: Path) -> None:
    frame = _series(tmp_path / "data.csv")
    frame["label"] = frame["trial"] % 2
    frame.to_csv(tmp_path / "data.csv", index=False)
    subjects = pd.DataFrame({"Subject": [f"S{i}" for i in range(5)], "age": range(20, 25)})
    subjects.to_csv(tmp_path / "subjects.csv", index=False)
    data = load(tmp_path, ReadOptions(beside=("age",)))
    assert data.features is not None
    assert data.features.columns[0].tolist() == [20 + i % 4 for i in range(N)]
    assert data.n_channels == 1
    assert "left out: 1 column (age)" in load(tmp_path).summary()
    with pytest.raises(InputError, match="height"):
        load(tmp_path, ReadOptions(beside=("height",)))


def test_what_may_be_joined_otherwise_is_not(tmp_path: Path) -> None:
    # A key is missing, stands twice, or two columns are keys.
    _series(tmp_path / "a" / "data.csv")
    _labels(tmp_path / "a" / "labels.csv", "trial", first=1)
    _series(tmp_path / "b" / "data.csv")
    _labels(tmp_path / "b" / "labels.csv", "trial")
    text = (tmp_path / "b" / "labels.csv").read_text()
    (tmp_path / "b" / "labels.csv").write_text(text + "0,G0,a\n")
    _series(tmp_path / "c" / "data.csv")
    rows = [f"{i},S{i},{'ab'[i % 2]}\n" for i in range(N)]
    (tmp_path / "c" / "what.csv").write_text("trial,subject,label\n" + "".join(rows))
    told = r"labels.csv: no row for trial '0' \(1 of 12 are missing\), which data.csv has; add them"
    for name, message in (("a", told), ("b", "no labels found"), ("c", "several files")):
        with pytest.raises(InputError, match=message):
            load(tmp_path / name)


def test_tables_called_metadata_are_named(tmp_path: Path) -> None:
    frame = pd.DataFrame({"t0": range(6), "t1": range(6), "label": [*"ab"] * 3})
    frame.to_csv(tmp_path / "train.csv", index=False)
    (tmp_path / "metadata_train.csv").write_text("signal,target\n0,1\n")
    assert "1 file (metadata_train.csv: train.csv is read)" in load(tmp_path).summary()
