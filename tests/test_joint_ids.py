"""Ids of several columns, labels on some rows of a series, and what is refused with a remedy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recordings import write_sound
from table_files import a_file, noise, refused, taken

from msssm_ts.cli.given.matching import _other_channels
from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.errors import InputError


def _trials(folder: Path, columns: str, *, n_steps: int = 5) -> Path:
    """Write two trials of two sessions of two people; both are counted from one."""
    rows = [
        f"p{p},{s},{t},{step},{p * s - t * step},{'ab'[t]}"
        for p in range(2)
        for s in range(2)
        for t in range(2)
        for step in range(n_steps)
    ]
    return a_file(folder, "trials.csv", "\n".join([columns, *rows]) + "\n")


@pytest.mark.parametrize("step", ["time", "temperature"])
def test_trials_that_start_anew_with_every_session(tmp_path: Path, step: str) -> None:
    data = load(_trials(tmp_path, f"subject,session,trial,{step},x,label"))
    assert (data.n_series, set(data.lengths.tolist())) == (8, {5})
    assert "took subject and session and trial together for the id; --id" in data.summary()
    assert "left out" not in data.summary()


def test_several_columns_are_one_id(tmp_path: Path) -> None:
    file = _trials(tmp_path, "subject,session,id,time,x,label")
    refused(file, r"take subject and session and id together with --id subject,session,id, or")
    data = load(file, ReadOptions(id="subject,session,id"))
    assert data.n_series == 8
    assert data.ids is not None
    assert data.ids[0] == "p0/0/0"
    assert (data.group_name, taken(data)["id"]) == (
        "subject",
        "column subject and session and id",
    )
    refused(file, r"no column 'sesion' \(--id\).* is 'session' meant", id="subject,sesion,id")


def test_several_columns_are_one_id_of_rows_read_lazily(tmp_path: Path) -> None:
    steps = ",".join(f"t{k}" for k in range(50))
    named = [f"p{i // 9},{i % 9},{'ab'[i % 2]},{row}" for i, row in enumerate(noise(1500, 50))]
    file = a_file(tmp_path, "wide.csv", "\n".join([f"subject,trial,label,{steps}", *named]))
    whole = load(file, ReadOptions(id="subject,trial"))
    lazy = load(file, ReadOptions(id="subject,trial", max_memory=385_000))
    assert taken(lazy)["layout"].endswith("on disk")
    assert whole.ids is not None
    assert whole.ids.tolist() == lazy.ids.tolist()  # type: ignore[union-attr]


def test_a_label_on_some_rows_of_a_series(tmp_path: Path) -> None:
    rows = [f"{s},{t},{s + t},{'ab'[s % 2] if t == 1 else ''}" for s in range(6) for t in range(4)]
    file = a_file(tmp_path, "some.csv", "\n".join(["id,time,x,label", *rows]) + "\n")
    data = load(file)
    assert data.labels is not None
    assert data.labels.tolist() == ["a", "b"] * 3
    said = "took the label of a series from its rows that have one (18 of 24 have none)"
    assert said in data.account.remarks
    text = file.read_text().replace("0,2,2,\n", "0,2,2,b\n")
    refused(a_file(tmp_path, "two.csv", text), "id '0' has more than one label")


@pytest.mark.parametrize("layout", ["wide", "long"])
def test_columns_of_0_and_1_are_named_where_no_label_is(tmp_path: Path, layout: str) -> None:
    flags = [",".join(str(int(s % 3 == k)) for k in range(3)) for s in range(9)]
    if layout == "wide":
        rows = ["t0,t1,t2,run,sit,walk", *(f"{s},{s % 4},{-s},{flags[s]}" for s in range(9))]
    else:
        steps = [(s, t) for s in range(9) for t in range(4)]
        rows = ["id,time,x,run,sit,walk", *(f"{s},{t},{s * t},{flags[s]}" for s, t in steps)]
    file = a_file(tmp_path, "flags.csv", "\n".join(rows) + "\n")
    refused(file, "name one or more of run, sit, walk with --label, commas between")
    assert load(file, ReadOptions(label="run,sit,walk")).label_names == ("run", "sit", "walk")


def test_steps_of_0_and_1_are_no_labels(tmp_path: Path) -> None:
    rows = [f"{s},{s % 4},{s % 2}\n" for s in range(9)]
    file = a_file(tmp_path, "steps.csv", "t0,t1,t2\n" + "".join(rows))
    refused(file, "name the label column with --label")


def test_pieces_of_files_are_refused_with_the_reason(tmp_path: Path) -> None:
    rows = ["file,onset,label"]
    for name in ("a.wav", "b.wav"):
        write_sound(tmp_path / name)
        rows += [f"{name},0.0,{name[0]}", f"{name},0.5,{name[0]}"]
    (tmp_path / "meta.csv").write_text("\n".join(rows))
    refused(tmp_path, r"line 3: a second piece of 'a.wav' \(column 'onset'\), but no column says")


@pytest.mark.parametrize("column", ["id", "trial"])
def test_ids_stay_ids_where_they_choose_what_is_set_aside(tmp_path: Path, column: str) -> None:
    rows = [f"{s},{t},{s + t},{'ab'[s % 2]}" for s in range(6) for t in range(4)]
    file = a_file(tmp_path, "a.csv", "\n".join([f"{column},time,x,label", *rows]) + "\n")
    data = load(file, validation=f"{column}=2")
    assert data.n_series == 6
    assert data.validation is not None
    assert data.validation.tolist() == [False, False, True, False, False, False]


def test_what_sets_nothing_aside_is_refused_with_the_reason(tmp_path: Path) -> None:
    file = a_file(tmp_path, "a.csv", "label,t0,t1\na,1,2\nb,3,4\na,5,1\nb,2,2\n")
    for choice, said in (
        ("label=a", "--validation label=a sets a class aside, for its column is the label's"),
        ("nofile.txt", "--validation nofile.txt: no such file; give a text file"),
        ("fold=1", r"no column 'fold' \(--validation\)"),
    ):
        with pytest.raises(InputError, match=said):
            load(file, validation=choice)


def test_files_with_fewer_channels_than_a_model_are_refused_with_a_remedy() -> None:
    sound = LabelledSeries([np.zeros((1, 5))], units=("of full scale",))
    assert _other_channels(sound, 2).startswith("give files with as many, or fit with --mono")
    account = sound.account.remarking("1 of 1 files mixed down from 2 channels to one")
    mixed = LabelledSeries(sound.values, units=sound.units, account=account)
    assert _other_channels(mixed, 2).startswith("leave --mono out")
    assert _other_channels(sound, 1) == "--mono mixes them"


def test_parts_of_row_groups_of_one_part_each(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {"phase": ["train"] * 40 + ["test"] * 20, "label": list("ab") * 30}
    columns |= {f"t{i}": [float(i * n % 7) for n in range(60)] for i in range(40)}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet", row_group_size=20)
    whole = load(tmp_path / "a.parquet")
    lazy = load(tmp_path / "a.parquet", ReadOptions(max_memory=16_000))
    assert taken(lazy)["layout"].endswith("on disk")
    assert (whole.n_series, lazy.n_series) == (40, 40)
    assert taken(lazy)["part"] == "column phase"
