"""Series in JSON files, in the forms that people write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from commands import run

from msssm_ts.datasets import ReadOptions, load
from msssm_ts.errors import InputError

N, STEPS = 12, 60


def wave(seed: int, steps: int = STEPS) -> list[float]:
    values = np.sin(np.arange(steps) * (0.2, 0.9)[seed % 2] + seed)
    return [round(v, 4) for v in values.tolist()]


def records(**more: Any) -> list[dict[str, Any]]:
    return [{"id": f"r{i}", "label": "ab"[i % 2], "values": wave(i)} | more for i in range(N)]


def put(folder: Path, value: Any, name: str = "x.json") -> Path:
    file = folder / name
    file.write_text(value if isinstance(value, str) else json.dumps(value))
    return file


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (records(), "x.json"),
        (lines(records()), "x.jsonl"),
        (lines(records()), "x.json"),
        (records(), "x.ndjson"),
        ({"version": 1, "data": records()}, "x.json"),
        ({row.pop("id"): row for row in records()}, "x.json"),
        ({k: [row[k] for row in records()] for k in records()[0]}, "x.json"),
    ],
)
def test_records_in_every_form(tmp_path: Path, value: Any, name: str) -> None:
    data = load(put(tmp_path, value, name))
    assert (data.n_series, data.n_channels, data.classes.tolist()) == (N, 1, ["a", "b"])
    assert data.ids.tolist() == [f"r{i}" for i in range(N)]
    np.testing.assert_array_equal(data.values[3][0], wave(3))
    left_out = "left out: 1 key (version: beside the records)" if "version" in value else ""
    assert data.account.line() == left_out


@pytest.mark.parametrize("orient", ["records", "columns", "index", "split", "table"])
def test_what_pandas_writes(tmp_path: Path, orient: str) -> None:
    frame = pd.DataFrame([wave(i, 9) for i in range(N)]).add_prefix("t")
    frame.insert(0, "label", list("ab") * (N // 2))
    frame.to_json(tmp_path / "x.json", orient=orient)
    data = load(tmp_path / "x.json")
    assert data.labels.tolist() == list("ab") * (N // 2)
    np.testing.assert_array_equal(data.values[5][0], wave(5, 9))


def test_channels_in_objects_in_lists_and_by_steps(tmp_path: Path) -> None:
    two = [(wave(i), wave(i + 1)) for i in range(N)]
    forms: tuple[Any, ...] = (
        [{"x": a, "y": b} for a, b in two],
        [[a, b] for a, b in two],
        [[list(pair) for pair in zip(a, b, strict=True)] for a, b in two],
        [
            [{"t": i, "x": p, "y": q} for i, (p, q) in enumerate(zip(*ab, strict=True))]
            for ab in two
        ],
    )
    for form in forms:
        rows = [{"label": "ab"[i % 2], "signal": cell} for i, cell in enumerate(form)]
        data = load(put(tmp_path, rows))
        assert (data.n_channels, data.labels.tolist()) == (2, list("ab") * (N // 2))
        for i, ab in enumerate(two):
            np.testing.assert_array_equal(data.values[i], ab)
        turned = "took each list in column signal for a step of 2 channels"
        assert (turned in data.account.line()) == (form is forms[2])
        assert ("left out: 1 column (t)" in data.account.line()) == (form is forms[3])
    assert load(put(tmp_path, [{"label": c, "s": {"x": two[0][0], "y": two[0][1]}} for c in "ab"]))


def test_steps_of_different_number_in_parquet(tmp_path: Path) -> None:
    cells = [np.stack([wave(i, 30 + i), wave(i + 1, 30 + i)], 1).tolist() for i in range(N)]
    frame = pd.DataFrame({"label": list("ab") * (N // 2), "ecg": cells})
    frame.to_parquet(tmp_path / "x.parquet")
    data = load(tmp_path / "x.parquet")
    assert (data.n_channels, data.lengths.tolist()) == (2, [30 + i for i in range(N)])
    assert "took each list in column ecg for a step of 2 channels" in data.account.line()


def test_every_other_key_is_named_or_acts(tmp_path: Path) -> None:
    rows = [row | {"meta": {"age": 30 + i, "site": "X"}} for i, row in enumerate(records(fs=100))]
    file = put(tmp_path, rows)
    data = load(file)
    assert data.sampling_rate == 100.0
    assert data.account.line() == "left out: 2 columns (meta.age, meta.site)"
    data = load(file, ReadOptions(beside=("meta.age",), drop=("fs",)))
    assert (data.features.names, data.sampling_rate) == (("meta.age",), None)
    with pytest.raises(InputError, match="no column 'kind'"):
        load(file, ReadOptions(label="kind"))
    several = [
        row | {"label": [["AF"], ["AF", "PVC"], ["SR"]][i % 3]} for i, row in enumerate(rows)
    ]
    assert load(put(tmp_path, several)).label_names == ("AF", "PVC", "SR")
    large = [row | {"id": 2**60 + i} for i, row in enumerate(records())]
    assert load(put(tmp_path, large)).ids[1] == 2**60 + 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"values": None}, "record 4, key values: nothing, where others have a list"),
        ({"values": [1, "two"]}, "record 4, key values: 'two' is not a number"),
        ({"values": [[1], 2]}, "key values: .* among lists|where others have a list"),
        ({"label": None}, r"record 4: no label in column 'label' \(1 row lacks one\)"),
        ({"id": "r0"}, "record 4: id 'r0' stands in record 1 already"),
    ],
)
def test_what_is_wrong_in_a_record_is_named(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    rows = records()
    rows[3] |= change
    with pytest.raises(InputError, match=said):
        load(put(tmp_path, rows))


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        ('[{"label": "a", "label": "b", "x": [1, 2]}]', "x.json", "the key 'label' twice"),
        ('{"label": "a", "x": [1]}\n{oops\n', "x.jsonl", "line 2: no JSON"),
        ('{"label": "a", "x": [1]}\n[1, 2]\n', "x.jsonl", "line 2: no object with keys"),
        ("[1, 2, 3]", "x.json", "no records in it"),
        ('{"name": "set", "version": 1}', "x.json", "no records in it"),
        ("[{}]", "x.json", "its records are empty"),
        ("\n\n", "x.jsonl", "the file is empty"),
        ('[{"x": ' + "9" * 5000 + "}]", "x.json", "no JSON of series"),
    ],
)
def test_what_is_no_json_of_series(tmp_path: Path, text: str, name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load(put(tmp_path, text, name))


def test_fit_and_predict_one_recording(tmp_path: Path) -> None:
    rows = [{"label": "ab"[i % 2], "x": wave(i), "y": wave(i + 2)} for i in range(N)]
    file = put(tmp_path, lines(rows), "x.jsonl")
    run("fit", file, "--members", "quantile_trees", "-q", "-o", tmp_path / "run")
    for i, one in enumerate(({"fs": 50, "x": wave(3), "y": wave(5)}, {"y": wave(5), "x": wave(3)})):
        out, err = run("predict", tmp_path / "run", put(tmp_path, one, f"one{i}.json"))
        assert out.splitlines()[1].startswith("1,b,")
        assert ("at 50 Hz" in err) == (i == 0)
        assert ("took its lists for the channels of one series" in err) == (i == 1)


def test_json_beside_other_data_says_something_of_them(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", X=[wave(i) for i in range(N)], y=list("ab") * (N // 2))
    put(tmp_path, {"name": "set"}, "info.json")
    assert load(tmp_path).n_series == N
    run("fit", tmp_path, "--members", "quantile_trees", "-q", "-o", tmp_path / "run")
    out, _ = run("predict", tmp_path / "run", tmp_path)
    assert len(out.splitlines()) == N + 1
    # Parts of a set in JSON are parts.
    parts = tmp_path / "parts"
    parts.mkdir()
    put(parts, lines(records()), "train.jsonl")
    put(parts, lines(records()[:4]), "test.jsonl")
    assert load(parts).n_series == N
    assert load(parts, ReadOptions(split="test")).n_series == 4


def test_records_of_different_rates_are_refused(tmp_path: Path) -> None:
    rows = records(fs=100)
    rows[3]["fs"] = 250
    with pytest.raises(InputError, match=r"different sampling rates \(100 and 250 Hz in fs\)"):
        load(put(tmp_path, rows))


def test_a_file_a_recording_in_folders_of_classes(tmp_path: Path) -> None:
    for i in range(N):
        (tmp_path / "ab"[i % 2]).mkdir(exist_ok=True)
        put(tmp_path / "ab"[i % 2], {"fs": 100, "ecg": wave(i)}, f"{i}.json")
    (tmp_path / "a" / "bad.json").write_text("{")
    data = load(tmp_path)
    assert (data.n_series, data.sampling_rate, data.classes.tolist()) == (N, 100.0, ["a", "b"])
    assert "1 file (bad.json: cannot be read, line 1: no JSON" in data.account.line()
    # Beside text they are none.
    rows = "".join(f"{t},{v}\n" for t, v in enumerate(wave(1)))
    for name in "ab":
        for i in range(2):
            (tmp_path / name / f"{i}.csv").write_text(f"time,x\n{rows}")
    assert load(tmp_path).n_series == 4
