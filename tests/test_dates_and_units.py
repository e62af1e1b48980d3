"""Dates, times of day and units in tables: read as they are meant, or said."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.datasets.write import write
from msssm_ts.errors import InputError


def _read(folder: Path, text: str, **options: object) -> LabelledSeries:
    file = folder / "a.csv"
    file.write_text(text)
    return load(file, ReadOptions(**options))  # type: ignore[arg-type]


def _long(header: str, n_series: int, n_steps: int, row: Callable[[int, int], str]) -> str:
    rows = [f"{row(i, t)}\n" for i in range(n_series) for t in range(n_steps)]
    return f"{header}\n{''.join(rows)}"


def _dated(time: Callable[[int], str]) -> str:
    return _long("id,time,value,label", 2, 16, lambda i, t: f"{i},{time(t)},{t + i / 10},A{i}")


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%y %H:%M", "%Y/%m/%d"])
def test_day_and_month_are_not_mixed(tmp_path: Path, form: str) -> None:
    first = datetime.datetime(2023, 2, 3)
    data = _read(tmp_path, _dated(lambda t: f"{first + datetime.timedelta(days=t):{form}}"))
    np.testing.assert_allclose(data.values[0][0], np.arange(16))
    assert data.times is None
    assert data.account.remarks == ()


def test_dates_that_do_not_tell_the_month(tmp_path: Path) -> None:
    # Day first the rows go on in time; month first they do not.
    data = _read(tmp_path, _dated(lambda t: f"{t % 12 + 1:02d}/{3 + t // 12:02d}/2023"))
    np.testing.assert_allclose(data.values[0][0], np.arange(16))
    assert "took 01/03/2023 in column time for day first" in data.summary()
    point = _read(tmp_path, _dated(lambda t: f"0{t % 9 + 1}.0{t // 9 + 1}.2023"))
    np.testing.assert_allclose(point.values[0][0], np.arange(16))
    with pytest.raises(InputError, match=r"'02/14/2023 10:01'.* the other the month; write"):
        _read(tmp_path, _dated(lambda t: f"{['13/02', '02/14'][t % 2]}/2023 10:{t:02d}"))


def test_times_of_day_go_on_behind_midnight(tmp_path: Path) -> None:
    evening = datetime.datetime(2023, 1, 1, 23, 59, 50)
    text = _dated(lambda t: f"{evening + datetime.timedelta(seconds=t):%H:%M:%S}")
    for header in ("id,", "subject,"):
        data = _read(tmp_path, text.replace("id,", header))
        assert data.n_series == 2
        np.testing.assert_allclose(data.values[0][0], np.arange(16))
        assert "go back at midnight in 2 series" in data.summary()
    # Rows in no order are sorted by their times.
    data = _read(tmp_path, _dated(lambda t: f"10:00:{59 - t}"))
    np.testing.assert_allclose(data.values[0][0], np.arange(16)[::-1])
    assert data.account.remarks == ()


def test_units_below_the_header_of_any_layout(tmp_path: Path) -> None:
    wide = "label,t0,t1,t2\n,mV,mV,mV\na,1,2,3\nb,4,5,6\na,7,8,9\nb,1,1,2\n"
    assert _read(tmp_path, wide).units == ("mV",)
    with pytest.raises(InputError, match=r"'t0' \(uV\) and 't1' \(mV\) .*; bring them to one"):
        _read(tmp_path, wide.replace("mV", "uV", 1))
    value = _long("id,time,value,label\n-,s,uV,-", 4, 5, lambda i, t: f"{i},{t},{t},A{i % 2}")
    assert _read(tmp_path, value).units == ("uV",)
    header = "id,channel,label,t0,t1\n-,-,-,g,g"
    channel = _long(header, 4, 2, lambda i, c: f"{i},c{c},A{i % 2},{i},{i + c}")
    assert _read(tmp_path, channel).units == ("g", "g")


def test_a_clock_that_is_set_back_is_said(tmp_path: Path) -> None:
    text = _long(
        "subject,time,x,label", 2, 12, lambda i, t: f"{i},{(t - 5 * (t > 7)) / 4},{t},A{i}"
    )
    data = _read(tmp_path, text)
    assert data.lengths.tolist() == [8, 4, 8, 4]
    assert (
        "took 2 rows whose time is before that of the row above (line 10, …) for" in data.summary()
    )


def test_a_second_clock_is_no_channel(tmp_path: Path) -> None:
    text = _long(
        "id,time,Timestamp,x,label", 2, 9, lambda i, t: f"{i},{t / 4},{170 + t},{t % 5},A{i}"
    )
    data = _read(tmp_path, text)
    assert data.channel_names == ("x",)
    assert "1 column (Timestamp)" in data.summary()
    chosen = _read(tmp_path, text, time="Timestamp")
    assert (chosen.channel_names, chosen.sampling_rate) == (("x",), None)


@pytest.mark.parametrize("every", [1, 60, 3600])
def test_days_of_a_spreadsheet_are_no_seconds(tmp_path: Path, every: int) -> None:
    text = _dated(lambda t: f"{45292.5 + t * every / 86400:.9f}")
    assert _read(tmp_path, text).sampling_rate is None
    assert _read(tmp_path, text.replace(",time", ",time (s)")).sampling_rate is not None
    assert _read(tmp_path, _dated(lambda t: f"{45292.5 + t / 100:.2f}")).sampling_rate == 100


@pytest.mark.parametrize("brackets", ["({})", "[{}]", " [ {} ]"])
def test_units_behind_the_names_of_columns(tmp_path: Path, brackets: str) -> None:
    acc, hr = brackets.format("m/s^2"), brackets.format("bpm")
    steps = _long(
        f"id,time,acc{acc},hr{hr},foot (left),label",
        2,
        9,
        lambda i, t: f"{i},{t},{t},{i % 2 + t},0.5,A{i}",
    )
    for text in (steps, steps.replace("id,", "subject,")):
        data = _read(tmp_path, text)
        assert data.channel_names == ("acc", "hr", "foot (left)")
        assert data.units == ("m/s^2", "bpm", "")
    # They stay where nothing else tells columns apart.
    twice = _read(tmp_path, steps.replace("hr", "acc"))
    assert twice.units is None
    assert twice.channel_names == (f"acc{acc}".replace("  ", " "), f"acc{hr}", "foot (left)")
    text = _long(
        f"id,time,lead,Value{acc},label", 2, 4, lambda i, t: f"{i},{t // 2},L{t % 2},{t + i},A{i}"
    )
    values = _read(tmp_path, text)
    assert (values.channel_names, values.units) == (("L0", "L1"), ("m/s^2", "m/s^2"))


def test_unit_in_a_column(tmp_path: Path) -> None:
    text = _long("id,time,value,unit,label", 4, 5, lambda i, t: f"{i},{t / 50},{t + i},mV,A{i % 2}")
    data = _read(tmp_path, text)
    assert (data.units, data.account.left_out) == (("mV",), ())
    assert dict(data.account.taken)["unit"] == "column unit"
    odd = text.replace("mV", "uV", 3).replace("uV", "mV", 2)
    with pytest.raises(InputError, match=r"line 4, column unit: 'uV' is another unit .*; bring"):
        _read(tmp_path, odd)
    assert _read(tmp_path, odd, drop=("unit",)).units is None
    # What is written says it again.
    for name in ("b.csv", "b.parquet"):
        write(data, tmp_path / name)
        again = load(tmp_path / name)
        assert (again.units, again.sampling_rate) == (("mV",), 50)


def _folder(folder: Path, second: str, unit: str, factor: float) -> Path:
    """Write two recordings of two channels, the second with other columns or units."""
    folder.mkdir(exist_ok=True)
    for name, columns, u, f in (("r1", "ax,ay", "mV", 1.0), ("r2", second, unit, factor)):
        rows = []
        for t in range(60):
            values = {"ax": 1 + t * f, "ay": (2 - t) * f, "gx": t, "AY": (2 - t) * f}
            cells = ",".join(str(values[c]) for c in columns.split(","))
            rows.append(f"{t / 50},{cells}\n")
        units = f"s,{u},{u}\n" if u else ""
        (folder / f"{name}.csv").write_text(f"time,{columns}\n{units}{''.join(rows)}")
    return folder


def test_recordings_of_a_folder_have_channels_and_units_of_the_first(tmp_path: Path) -> None:
    data = load(_folder(tmp_path / "a", "AY,ax", "uV", 1000.0), needs_labels=False)
    assert (data.channel_names, data.units) == (("ax", "ay"), ("mV", "mV"))
    np.testing.assert_allclose(data.values[1][1], data.values[0][1])
    assert "uV brought to mV" in data.summary()
    silent = load(_folder(tmp_path / "b", "ax,ay", "", 1.0), needs_labels=False)
    assert "recordings without a unit taken for mV" in silent.summary()
    with pytest.raises(InputError, match=r"r2.csv: channels gx, ax, but .*r1.csv has ax, ay; give"):
        load(_folder(tmp_path / "c", "gx,ax", "mV", 1.0), needs_labels=False)
    with pytest.raises(InputError, match=r"channel 1 is in g, but in .* in mV; bring all"):
        load(_folder(tmp_path / "d", "ax,ay", "g", 1.0), needs_labels=False)


@pytest.mark.parametrize("second", ["uV", ""])
def test_files_of_one_table_have_the_same_units(tmp_path: Path, second: str) -> None:
    for i, unit in enumerate(("mV", second)):
        units = f",{unit},{unit},{unit}\n" if unit else ""
        rows = "".join(f"{'ab'[j % 2]},{j},{j % 3},{-j}\n" for j in range(1, 9))
        (tmp_path / f"part-{i}.csv").write_text(f"label,t0,t1,t2\n{units}{rows}")
    with pytest.raises(InputError, match=r"part-1.csv, column t0: in .* mV in part-0.csv; write"):
        load(tmp_path)
