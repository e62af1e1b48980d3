"""Times, and series, that only cells of a table tell; separators and names of other countries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.errors import InputError

N, STEPS = 6, 20
MACHINES = [f"M{i}" for i in range(N)]


def _long(**more: Callable[[int, int], object]) -> pd.DataFrame:
    """Return a table of a step a row with an id, a channel, a label and other columns."""
    rows = [(i, t) for i in range(N) for t in range(STEPS)]
    frame = pd.DataFrame({name: [made(i, t) for i, t in rows] for name, made in more.items()})
    frame.insert(0, "id", [i for i, _ in rows])
    frame["x"] = [np.sin(t * (1 + i % 2)) + 0.01 for i, t in rows]
    frame["label"] = ["ab"[i % 2] for i, _ in rows]
    return frame


def _read(folder: Path, frame: pd.DataFrame, **how: object) -> LabelledSeries:
    frame.to_csv(folder / "x.csv", index=False, **how)  # type: ignore[call-overload]
    return load(folder / "x.csv")


@pytest.mark.parametrize(
    ("name", "cell"),
    [
        ("time", lambda t: str(pd.Timedelta(milliseconds=20 * t))),
        ("time", lambda t: f"PT{t * 0.02:.2f}S"),
        ("time_ms", lambda t: 20 * t),
        ("timestamp_us", lambda t: 20_000 * t),
        ("timestamp", lambda t: 1_600_000_000_000 + 20 * t),
        ("timestamp", lambda t: 1_600_000_000_000_000_000 + 20_000_000 * t),
        ("ts", lambda t: str(pd.Timestamp("2024-01-31") + pd.Timedelta(milliseconds=20 * t))),
        ("measured at", lambda t: f"2024-01-31T10:00:{t * 0.02:06.3f}Z"),
    ],
)
def test_times_tell_the_rate(tmp_path: Path, name: str, cell: Callable[[int], object]) -> None:
    data = _read(tmp_path, _long(**{name: lambda _, t: cell(t)}))
    assert (data.n_series, data.n_channels, data.sampling_rate) == (N, 1, 50.0)


def test_dates_under_a_name_of_milliseconds_are_dates(tmp_path: Path) -> None:
    data = _read(tmp_path, _long(time_ms=lambda _, t: f"2024-01-31 10:00:{t / 2:04.1f}"))
    assert data.sampling_rate == 2.0


def test_moments_written_as_one_number(tmp_path: Path) -> None:
    # From the last second of a minute to the next.
    data = _read(tmp_path, _long(time=lambda _, t: f"202401312359{40 + t}"))
    assert data.step == 1.0
    frame = _long(time=lambda _, t: f"2024013123{(50 + t) // 60:02d}{(50 + t) % 60:02d}")
    data = _read(tmp_path, frame)
    assert data.step == 1.0


def test_days_of_a_spreadsheet_are_no_seconds(tmp_path: Path) -> None:
    data = _read(tmp_path, _long(time=lambda _, t: 45000 + t * 0.02 / 86400))
    assert data.sampling_rate is None


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2024", periods=STEPS, freq="20ms"),
        pd.to_timedelta(np.arange(STEPS) * 0.02, unit="s"),
    ],
)
def test_an_index_of_times_is_the_time(tmp_path: Path, index: pd.Index) -> None:
    frame = pd.DataFrame({"a": np.sin(np.arange(STEPS)), "b": 0.5}, index=index)
    frame.to_csv(tmp_path / "x.csv")
    frame.to_parquet(tmp_path / "x.parquet")
    for source in (frame, tmp_path / "x.csv", tmp_path / "x.parquet"):
        data = load(source, needs_labels=False)
        assert (data.n_series, data.channel_names, data.sampling_rate) == (1, ("a", "b"), 50.0)


def test_a_date_and_a_clock_are_one_time_and_machines_series(tmp_path: Path) -> None:
    frame = _long(
        Maschine=lambda i, _: f"M{i}",
        Datum=lambda i, t: f"0{1 + i // 3}.03.2024",
        Uhrzeit=lambda i, t: f"08:{i % 3 * 10:02d}:{t:02d}",
    ).drop(columns="id")
    data = _read(tmp_path, frame.rename(columns={"label": "Klasse"}), sep=";", decimal=",")
    assert data.ids is not None
    assert data.labels is not None
    assert data.ids.tolist() == MACHINES
    assert data.labels.tolist() == [*"ab"] * 3
    assert data.n_channels == 1
    said = data.summary()
    assert "took Datum and Uhrzeit together for the time" in said
    assert "took column Maschine for the id, for its times begin anew; --id says otherwise" in said


def test_machines_in_one_recording_are_no_series(tmp_path: Path) -> None:
    frame = _long(part=lambda i, _: f"M{i}", time=lambda i, t: i * STEPS + t).drop(columns="id")
    data = _read(tmp_path, frame)
    assert data.ids is None
    assert "1 column (part: text)" in data.summary()


def test_counters_are_no_channels(tmp_path: Path) -> None:
    frame = _long(time=lambda i, t: t / 10)
    frame["Sample Index"] = np.arange(len(frame)) % 15
    frame["packet_nr"] = np.arange(len(frame)) + 7
    frame["n_count"] = np.random.default_rng(0).integers(0, 9, len(frame))
    data = _read(tmp_path, frame)
    assert data.channel_names == ("x", "n_count")
    assert "2 columns (Sample Index, packet_nr: steps that are counted)" in data.summary()
    # A model that was trained with one has it.
    data = load(tmp_path / "x.csv", ReadOptions(wanted=("x", "packet_nr")))
    assert data.channel_names == ("x", "packet_nr", "n_count")
    data = _read(tmp_path, frame.drop(columns="time"))
    assert "took column packet_nr for the time" in data.summary()


def _influx(fields: tuple[str, ...]) -> str:
    lines = ["#group,false,false,true", "#datatype,string,long,string"]
    lines.append(",result,table,_start,_time,_value,_field,machine,label")
    for i in range(N):
        for c, field in enumerate(fields):
            for t in range(STEPS):
                lines.append(
                    f",,{len(fields) * i + c},2024-01-01T00:00:00Z,2024-01-01T{i:02d}:00:{t:02d}Z,"
                    f"{c + 0.5 * t},{field},M{i},{'ab'[i % 2]}"
                )
    return "\r\n".join(lines) + "\r\n"


@pytest.mark.parametrize("fields", [("a",), ("a", "b")])
def test_tables_of_influxdb(tmp_path: Path, fields: tuple[str, ...]) -> None:
    (tmp_path / "x.csv").write_text(_influx(fields), newline="")
    data = load(tmp_path / "x.csv")
    assert data.labels is not None
    assert (data.n_series, data.n_channels) == (N, len(fields))
    assert data.labels.tolist() == [*"ab"] * 3
    assert data.values[0].tolist() == [
        [c + 0.5 * t for t in range(STEPS)] for c in range(len(fields))
    ]


def test_labels_that_only_some_have(tmp_path: Path) -> None:
    frame = _long(time=lambda _, t: t)
    frame.loc[frame["id"] == 2, "label"] = None
    frame.to_csv(tmp_path / "x.csv", index=False)
    data = load(tmp_path / "x.csv", needs_labels=False)
    assert data.labels is None
    assert "1 column (label: only 5 of 6 series have a label)" in data.summary()
    frame.loc[frame["id"] == 2, "label"] = [*"a", *[None] * (STEPS - 1)]
    assert _read(tmp_path, frame).labels is not None


@pytest.mark.parametrize("mark", ["^", "~", "\x01"])
def test_rare_separators(tmp_path: Path, mark: str) -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(N, STEPS)))
    frame["label"] = ["a b", "c"] * 3
    frame.to_csv(tmp_path / "x.csv", index=False, sep=mark)
    data = load(tmp_path / "x.csv")
    assert (data.n_series, int(data.lengths[0])) == (N, STEPS)


def test_spaces_between_quoted_names(tmp_path: Path) -> None:
    # As R's write.table writes them.
    lines = ['"class" "V 1" "V 2" "V 3"']
    lines += [f'"{i + 1}" "{"ab"[i % 2]} c" {i} 0.5 -{i}' for i in range(N)]
    (tmp_path / "x.txt").write_text("\n".join(lines) + "\n")
    data = load(tmp_path / "x.txt")
    assert data.labels is not None
    assert data.labels.tolist() == ["a c", "b c"] * 3
    assert data.values[2].tolist() == [[2.0, 0.5, -2.0]]


@pytest.mark.parametrize(
    ("names", "encoding"),
    [
        (("Kennung", "Zeit", "Wert", "Klasse"), "cp1252"),
        (("identifiant", "heure", "valeur", "étiquette"), "utf-8"),
        (("编号", "时间", "值", "类别"), "gb18030"),
    ],
)
def test_names_of_other_languages(tmp_path: Path, names: tuple[str, ...], encoding: str) -> None:
    frame = _long(time=lambda _, t: t)[["id", "time", "x", "label"]]
    data = _read(tmp_path, frame.set_axis(list(names), axis=1), encoding=encoding)
    assert data.labels is not None
    assert (data.n_series, data.labels.tolist()) == (N, [*"ab"] * 3)
    assert dict(data.account.taken)["layout"] == "long table: a value a row"


def test_spaces_between_thousands(tmp_path: Path) -> None:
    lines = ["id;time;druck;label"]
    lines += [f"{i};{t};1\u202f234,5{t % 10};{'ab'[i % 2]}" for i in range(N) for t in range(STEPS)]
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    data = load(tmp_path / "x.csv")
    assert data.values[0][0, :2].tolist() == [1234.5, 1234.51]


def test_few_numbered_sources_beside_times_are_channels(tmp_path: Path) -> None:
    lines = ["Time,pump 1,pump 2"]
    lines += [f"{1_700_000_000_000 + 1000 * t},{t % 7}.5 °C,{t % 5} °C" for t in range(STEPS)]
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    data = load(tmp_path / "x.csv", needs_labels=False)
    assert (data.n_series, data.channel_names) == (1, ("pump 1", "pump 2"))
    assert data.units == ("°C", "°C")
    # Steps are called otherwise.
    text = (tmp_path / "x.csv").read_text(encoding="utf-8").replace("pump ", "t")
    (tmp_path / "x.csv").write_text(text, encoding="utf-8")
    assert load(tmp_path / "x.csv", needs_labels=False).n_series == STEPS


def test_blank_lines_between_rows_are_said(tmp_path: Path) -> None:
    block = "0.5 1 2\n3.5 4 5\n"
    (tmp_path / "x.txt").write_text("\n".join([block] * 4))
    said = load(tmp_path / "x.txt", needs_labels=False).summary()
    assert "blank lines divide the rows into blocks, of 2 and 2 rows" in said
    (tmp_path / "y.txt").write_text(block * 4 + "\n\n")
    assert "blank" not in load(tmp_path / "y.txt", needs_labels=False).summary()
    above = "Name,A B\nRate,512 Hz\n\nLead,I\nUnit,mV\n\n"
    (tmp_path / "z.csv").write_text(above + "".join(f"{t % 7}.5\n" for t in range(30)))
    assert "blank" not in load(tmp_path / "z.csv", needs_labels=False).summary()


def test_text_under_any_suffix_in_a_folder(tmp_path: Path) -> None:
    for name in ("2004.02.12.39", "2004.02.13.39"):
        (tmp_path / name).write_text("0.1\t0.2\n")
    with pytest.raises(InputError, match=r"if they are tables of text, call them \.csv"):
        load(tmp_path)


def test_text_that_may_be_the_label_is_named(tmp_path: Path) -> None:
    frame = _long(time=lambda _, t: t).rename(columns={"label": "outcome"})
    with pytest.raises(InputError, match="name the label with --label, which outcome may be"):
        _read(tmp_path, frame)
