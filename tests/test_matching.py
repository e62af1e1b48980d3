"""Data brought to a model's terms: what is converted, what is said, what is refused."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from commands import run
from recordings import write_record, write_sound

from msssm_ts import MSSSMClassifier
from msssm_ts.cli.fit.preparing import notes
from msssm_ts.cli.given.inputs import read_like_model
from msssm_ts.cli.given.matching import known_labels, matched, training_series
from msssm_ts.datasets import LabelledSeries, ReadOptions, load
from msssm_ts.datasets.account import Account
from msssm_ts.datasets.adapted import Adaptation
from msssm_ts.datasets.audio import headers
from msssm_ts.datasets.load import has_test_part
from msssm_ts.datasets.write import write
from msssm_ts.errors import InputError
from msssm_ts.fitted import Source
from msssm_ts.preparation import Preparation
from msssm_ts.series import LazySeries
from msssm_ts.series.fingerprints import fingerprints

SMALL = {"members": ["network"], "d_model": 4, "n_layers": 1, "max_epochs": 2, "random_state": 0}
NAMES, UNITS = ("I", "aVR"), ("mV", "mV")


def _data(n: int = 24, steps: int = 30, **fields: object) -> LabelledSeries:
    rng = np.random.default_rng(n)
    y = np.arange(n) % 2
    values = [rng.normal(size=(2, steps)) + 2.0 * label for label in y]
    shown = {"channel_names": NAMES, "units": UNITS, "sampling_rate": 100.0} | fields
    return LabelledSeries(values, np.array(["a", "b"])[y], source="new.npz", **shown)


def _fit(data: LabelledSeries, **more: object) -> MSSSMClassifier:
    return MSSSMClassifier(**SMALL).fit(
        data.as_estimator_input(),
        data.labels,
        channel_names=data.channel_names,
        sampling_rate=data.sampling_rate,
        label_names=data.label_names,
        origin=data.origin(ReadOptions(label="y")),
        **more,
    )


@pytest.fixture(scope="module")
def model() -> MSSSMClassifier:
    return _fit(_data())


def test_the_same_terms_need_no_word(model: MSSSMClassifier) -> None:
    data = _data(10)
    same, said = matched(data, model.model_)
    assert said == []
    assert same.values is data.values


def test_uneven_stamps_that_a_model_takes_no_notice_of_are_said(model: MSSSMClassifier) -> None:
    data = _data(2)
    lengths = [value.shape[1] for value in data.values]
    even = replace(data, times=[np.arange(n, dtype=float) for n in lengths])
    assert matched(even, model.model_)[1] == []
    (line,) = matched(replace(even, sampling_rate=None), model.model_)[1]
    assert line.startswith("no sampling rate known, of which time stamps tell nothing, taken for")
    uneven = replace(data, times=[np.arange(n, dtype=float) ** 2 for n in lengths])
    left, [line] = matched(uneven, model.model_)
    assert line.startswith("time stamps are left out, though they are uneven")
    assert left.times is None


@pytest.mark.parametrize("lazy", [False, True])
def test_units_are_converted_channel_by_channel(model: MSSSMClassifier, lazy: bool) -> None:
    data = _data(6)
    micro = [v * np.array([[1000.0], [1.0]]) for v in data.values]
    values = LazySeries(range(6), micro.__getitem__, [30] * 6) if lazy else micro
    converted, said = matched(replace(data, values=values, units=("µV", "mV")), model.model_)
    assert said == ["µV converted to the model's mV"]
    assert converted.units == ("mV", "mV")
    for new, old in zip(converted.values, data.values, strict=True):
        np.testing.assert_allclose(new, old, rtol=1e-12)


def test_a_unit_of_something_else_is_refused(model: MSSSMClassifier) -> None:
    with pytest.raises(InputError, match="aVR is in mmHg, but the model was trained on mV"):
        matched(_data(units=("mV", "mmHg")), model.model_)


def test_units_are_written_and_read_again(model: MSSSMClassifier, tmp_path: Path) -> None:
    data = _data(6, units=("µV", "mV"))
    write(data, tmp_path / "a.npz")
    again = load(tmp_path / "a.npz")
    assert again.units == ("µV", "mV")
    assert matched(again, model.model_)[1][0] == "µV converted to the model's mV"
    assert load(tmp_path / "a.npz", ReadOptions(drop=("I",))).units == ("mV",)
    np.savez(tmp_path / "b.npz", X=np.zeros((2, 3, 4)) + 1, units=["mV", "V"])
    with pytest.raises(InputError, match="2 units, but X has 3 channels"):
        load(tmp_path / "b.npz", needs_labels=False)


def test_unknown_units_and_rates_are_said(model: MSSSMClassifier) -> None:
    _, said = matched(_data(units=None, sampling_rate=None), model.model_)
    assert said == [
        "no units known: taken for the model's mV",
        "no sampling rate known: taken for the model's 100 Hz (--fs)",
    ]


def test_names_are_the_same_in_any_case_and_order(model: MSSSMClassifier) -> None:
    data = _data(6)
    swapped = replace(data, values=[v[::-1] for v in data.values], channel_names=("AVR ", "Lead i"))
    same, said = matched(swapped, model.model_)
    assert same.channel_names == ("aVR", "I")
    assert said == [
        "took channels AVR , Lead i for the model's aVR, I",
        "channels in another order than the model's: taken by name",
    ]
    ask = {"sampling_rate": 100.0}
    np.testing.assert_array_equal(
        model.predict_proba(same.as_estimator_input(), channel_names=same.channel_names, **ask),
        model.predict_proba(data.as_estimator_input(), channel_names=NAMES, **ask),
    )


def test_units_in_names_of_channels_are_units(model: MSSSMClassifier) -> None:
    """Models of older versions have them in their names, and tables of other words as well."""
    older = _fit(_data(channel_names=("I (mV)", "aVR (mV)"), units=None))
    data = _data(6)
    for names, units in ((NAMES, ("uV", "uV")), (("I [uV]", "AVR [uV]"), None)):
        other = replace(
            data, values=[v * 1000 for v in data.values], channel_names=names, units=units
        )
        for one in (model, older):
            same, said = matched(other, one.model_)
            np.testing.assert_allclose(same.values[0], data.values[0])
            assert "uV converted to the model's mV" in said
    _, said = matched(replace(data, units=None), older.model_)
    assert said[:2] == [
        "took channels I, aVR for the model's I (mV), aVR (mV)",
        "no units known: taken for the model's mV",
    ]
    with pytest.raises(ValueError, match=r"'I \(mV\)', which is needed, .*; is 'I \[mV\]' meant\?"):
        older.predict_proba(data.as_estimator_input(), channel_names=("I [mV]", "aVR [mV]"))


def test_other_channels_are_left_out_and_missing_ones_refused(model: MSSSMClassifier) -> None:
    data = _data(4)
    wider = replace(
        data,
        values=[np.vstack([v, v[:1]]) for v in data.values],
        channel_names=(*NAMES, "V1"),
        units=None,
    )
    _, said = matched(wider, model.model_)
    assert "channels that the model does not use are left out: V1" in said
    with pytest.raises(
        InputError,
        match=r"channels I, aVR, which the model needs, are missing; there are V1, V2; none is "
        r"reconstructed from others: read recordings that have them, or fit .* --channels",
    ):
        matched(replace(data, channel_names=("V1", "V2")), model.model_)
    some = Account().without(1, "channels", "only I, V1 are in all, r2.hea lacks AVR", ["AVR"])
    with pytest.raises(
        InputError, match="channel aVR, which the model needs, is missing; there are I, V1"
    ) as caught:
        matched(replace(data, channel_names=("I", "V1"), account=some), model.model_)
    assert "r2.hea lacks AVR); none is reconstructed from others" in str(caught.value)
    _, said = matched(replace(data, channel_names=None), model.model_)
    assert said == ["channels have no names: taken for I, aVR, in this order"]
    with pytest.raises(InputError, match=r"3 channels, but the model was trained on 2 \(I, aVR\)"):
        matched(replace(wider, channel_names=None), model.model_)


def test_another_length_is_said(model: MSSSMClassifier) -> None:
    _, said = matched(_data(4, steps=29), model.model_)
    assert said == ["series of 29 steps, but all that the model was trained on have 30"]
    # Of the same duration at another rate.
    _, said = matched(_data(4, steps=60, sampling_rate=200.0), model.model_)
    assert said == ["resampling from 200 Hz to the model's 100 Hz"]
    slow = _data(steps=15, sampling_rate=50.0)
    (line,) = matched(slow, model.model_)[1]
    assert line == "resampling from 50 Hz to the model's 100 Hz, with nothing above 25 Hz in it"


def test_classes_that_were_never_seen_are_left_out(model: MSSSMClassifier) -> None:
    data = replace(_data(4), labels=np.array(["a", "b", "c", "c"]))
    left, said = known_labels(data, model)
    assert left.labels.tolist() == ["a", "b"]
    assert len(left.values) == 2
    assert said == ["2 of 4 series are left out: the model has never seen their labels c"]
    with pytest.raises(InputError, match="never seen: c, d; it knows a, b"):
        known_labels(replace(data, labels=np.array(["d", "c", "c", "c"])), model)


def test_several_labels_are_matched_by_name() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.integers(0, 2, (24, 2))
    matrix[:4] = [[0, 1], [1, 0], [1, 1], [0, 0]]
    data = replace(_data(), labels=matrix, label_names=("AF", "PVC"))
    model = _fit(data)
    other = replace(
        data, labels=np.hstack([matrix[:, ::-1], matrix[:, :1]]), label_names=("PVC", "AF", "SB")
    )
    same, said = known_labels(other, model)
    np.testing.assert_array_equal(same.labels, matrix)
    assert same.label_names == ("AF", "PVC")
    assert said == ["labels that the model does not know are left out: SB"]
    some, said = known_labels(replace(data, labels=matrix[:, 1:], label_names=("PVC",)), model)
    np.testing.assert_array_equal(some.labels, matrix * [0, 1])
    assert said == ["labels that no series has, for the data does not name them: AF"]
    with pytest.raises(InputError, match=r"none of the labels x is the model's \(AF, PVC\)"):
        known_labels(replace(data, labels=matrix[:, 1:], label_names=("x",)), model)
    # Codes of SNOMED CT mean the same as their names.
    coded = replace(data, labels=matrix, label_names=("164889003", "427172004"))
    same, said = known_labels(coded, model)
    np.testing.assert_array_equal(same.labels, matrix)
    assert (same.label_names, said) == (("AF", "PVC"), [])


def test_training_series_are_known_again(model: MSSSMClassifier, tmp_path: Path) -> None:
    data = _data()
    mixed = data.take(np.arange(5))
    mixed = replace(mixed, values=[*mixed.values[:4], mixed.values[4] + 1])
    model.save(tmp_path / "model.safetensors")
    for known in (model, MSSSMClassifier.load(tmp_path / "model.safetensors")):
        (line,) = training_series(mixed, known.model_)
        assert line.startswith("4 of 5 series are among those that the model was trained on")
        assert training_series(_data(7), known.model_) == []


def test_of_many_lazy_series_some_are_known_again() -> None:
    values = [np.full((1, 3), float(i)) for i in range(300)]
    lazy = LazySeries(range(300), values.__getitem__, [3] * 300)
    source = Source(1, fingerprints=fingerprints(lazy))
    assert source.n_seen(lazy) == (256, 256)
    assert source.n_seen(lazy[:10]) == (9, 10)
    assert source.n_seen([v + 0.5 for v in values]) == (0, 300)
    gap = np.array([[1.0, np.nan, -0.0]])
    other = np.array([[1.0, -np.nan, 0.0]], dtype=np.float32)
    assert fingerprints([gap]) == fingerprints([other])
    assert fingerprints([np.zeros((2, 3))]) != fingerprints([np.zeros((3, 2))])


def test_numbers_of_series_hang_on_no_number_of_threads(two_threads: None) -> None:
    values = [np.full((1, 3), float(i)) for i in range(9)]
    lazy = LazySeries(range(9), values.__getitem__, [3] * 9)
    np.testing.assert_array_equal(fingerprints(lazy), fingerprints(values))


def _table(file: Path, labels: list[str], column: str = "sort") -> Path:
    rng = np.random.default_rng(len(labels))
    head = ",".join(["name", column, *(f"t{i}" for i in range(12)), "age"])
    rows = [
        f"n{k},"
        + label
        + ","
        + ",".join(f"{v:.3f}" for v in rng.normal(size=12) + 4 * (label == "x"))
        + ",7"
        for k, label in enumerate(labels)
    ]
    file.write_text("\n".join([head, *rows]))
    return file


def test_options_of_fit_act_again_and_stand_in_next(tmp_path: Path) -> None:
    train = _table(tmp_path / "a.csv", ["x", "y"] * 12)
    test = _table(tmp_path / "b.csv", ["x", "y"] * 6)
    folder = tmp_path / "run"
    ask = ("--label", "sort", "--id", "name", "--drop", "age")
    out = run("fit", train, *ask, "--preset", "fast", "-o", folder, "-q", "--json")[0]
    following = json.loads(out)["next"]
    assert following == (f"msssm-ts predict {folder} NEW_DATA --label sort --id name --drop age")
    out, err = run("evaluate", folder, test)
    assert "read with --label sort --id name --drop age, as the model's data was" in err
    assert "among those" not in err
    assert out.splitlines()[1].split() == ["accuracy", "1.0000"]
    # A table without labels is read without them.
    bare = tmp_path / "c.csv"
    lines = [line.split(",") for line in test.read_text().splitlines()]
    bare.write_text("\n".join(",".join(cells[:1] + cells[2:]) for cells in lines))
    out, err = run("predict", folder, bare)
    assert "read with --id name --drop age, as" in err
    assert [row.split(",")[:2] for row in out.splitlines()[1:3]] == [["n0", "x"], ["n1", "y"]]
    _, err = run("evaluate", folder, train)
    assert "24 of 24 series are among those that the model was trained on" in err
    shown = run("info", folder)[0]
    assert "--label sort --id name --drop age" in shown


def test_options_of_fit_that_new_data_have_nothing_for(tmp_path: Path) -> None:
    """Recordings without a table, in the folder where one works, and tables with fewer columns."""
    sounds = tmp_path / "sounds"
    rows = [f"{i}.wav,{'ab'[i % 2]},s{i % 4}" for i in range(12)]
    for i in range(12):
        write_sound(sounds / f"{i}.wav")
    (tmp_path / "meta.csv").write_text("\n".join(["file,word,who", *rows]))
    ask = ("--label", "word", "--group", "who", "--preset", "fast", "-q")
    with contextlib.chdir(tmp_path):
        run("fit", ".", *ask, "-o", "run")
        out, _ = run("predict", "run", "sounds", "-q")
    assert len(out.splitlines()) == 13
    header: dict[str, Any] = {"origin": {"options": {"drop": ["age", "sex"], "label": "x"}}}
    table = tmp_path / "t.csv"
    table.write_text(
        "label,sex,a,b,c\n" + "".join(f"{'xy'[i % 2]},{i},3,1,{i}\n" for i in range(6))
    )
    data, kept = read_like_model(str(table), ReadOptions(), header, needs_labels=True)
    assert (data.lengths.max(), kept["drop"]) == (3, ["sex"])


def test_labels_spelt_otherwise_than_the_models() -> None:
    model: Any = SimpleNamespace(multilabel_=False, classes_=np.array(["af", "g\u00fct"]))
    data = replace(_data(2), labels=np.array(["af", "gu\u0308t"]))
    _, said = known_labels(data, model)
    assert "took gu\u0308t and g\u00fct for different classes, though only case" in said[0]


def test_next_names_the_test_part(tmp_path: Path) -> None:
    train = _table(tmp_path / "w_TRAIN.csv", ["x", "y"] * 12, "label")
    test = _table(tmp_path / "w_TEST.csv", ["x", "y"] * 6, "label")
    ask = ("--preset", "fast", "-q", "--json")
    out = run("fit", train, *ask, "-o", tmp_path / "one")[0]
    assert json.loads(out)["next"] == f"msssm-ts evaluate {tmp_path / 'one'} {test}"
    # A folder that holds both parts is its own test part.
    out = run("fit", tmp_path, *ask, "-o", tmp_path / "two")[0]
    assert json.loads(out)["next"] == f"msssm-ts evaluate {tmp_path / 'two'} {tmp_path}"


def test_a_fit_reads_the_headers_of_a_folder_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    header = headers.read_header
    monkeypatch.setattr(headers, "read_header", lambda f: (opened.append(f.name), header(f))[1])
    for place in ("alone", "both/train", "both/test"):
        for k in range(6):
            write_sound(tmp_path / place / ("no", "yes")[k % 2] / f"{place[-5:].strip('/')}{k}.wav")
    for data, following in (
        (tmp_path / "alone", "predict {out} NEW_DATA"),
        (tmp_path / "both", "evaluate {out} {data}"),
    ):
        opened.clear()
        out = tmp_path / f"run{data.name}"
        shown = run("fit", data, "--members", "scan_ridge", "-q", "--json", "-o", out)[0]
        assert json.loads(shown)["next"] == f"msssm-ts {following.format(out=out, data=data)}"
        assert len(opened) == len(set(opened)) == len(list(data.rglob("*.wav")))


def _recordings(folder: Path, cells: tuple[str, str]) -> None:
    rows = [f"{cell}{i},{'ab'[i]},{cell}" for cell in cells for i in range(2)]
    for row in rows:
        write_record(folder / row.split(",")[0])
    (folder / "list.csv").write_text("\n".join(["record,label,phase", *rows]))


def _rows(folder: Path, cells: tuple[str, str]) -> None:
    for k, cell in enumerate(cells):
        rows = [f"{'ab'[i]},{k},{i},2,{cell}" for i in range(2)]
        (folder / f"rows-{k}.csv").write_text("\n".join(["label,t0,t1,t2,split", *rows]))


@pytest.mark.parametrize("write_data", [_recordings, _rows])
@pytest.mark.parametrize("cells", [("train", "test"), ("train", "dev")])
def test_whether_there_is_a_test_part_is_known_when_a_folder_is_read(
    write_data: Any, cells: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_data(tmp_path, cells)
    data = load(tmp_path)
    by_reading = has_test_part(replace(data, has_test_part=None), tmp_path, ReadOptions())
    assert by_reading is ("test" in cells)
    monkeypatch.setitem(has_test_part.__globals__, "load", None)
    assert has_test_part(data, tmp_path, ReadOptions()) is by_reading


def test_what_is_said_now_comes_before_what_fit_was_told() -> None:
    now = ReadOptions(label="sort", split="test")
    both = now.or_else({"label": "kind", "id": "name", "drop": ["age"], "window": [0.1, 0.2]})
    assert (both.label, both.id, both.drop, both.split) == ("sort", "name", ("age",), "test")
    assert both.window == (0.1, 0.2)
    assert both.as_command_line() == [
        *("--label", "sort", "--id", "name", "--drop", "age", "--window", "0.1,0.2")
    ]


def test_missing_values_stay_missing_when_series_are_resampled() -> None:
    values = np.arange(40, dtype=np.float32)[None].repeat(3, axis=0)
    values[0, 10:20] = np.nan
    values[1] = np.nan
    out = Adaptation(rate=4.0, wanted=2.0).apply(values)
    assert out.shape == (3, 20)
    assert np.flatnonzero(np.isnan(out[0])).tolist() == [5, 6, 7, 8, 9]
    assert np.isnan(out[1]).all()
    np.testing.assert_allclose(out[2], np.arange(0, 40, 2), atol=0.6)
    np.testing.assert_allclose(out[0, :4], out[2, :4], atol=0.3)


@pytest.mark.parametrize("lazy", [False, True])
def test_missing_values_are_said(model: MSSSMClassifier, lazy: bool) -> None:
    data = _data(40)
    masking = replace(model.model_, missing="mask")
    gone = [v.copy() for v in data.values]
    gone[0][1, 3:5] = gone[39][0, 7] = np.nan
    # What is missing at the end is padding.
    gone[1][:, 20:] = np.nan
    values = LazySeries(range(40), gone.__getitem__, [30] * 40) if lazy else gone
    part = "32 series looked at of 40" if lazy else "40 series"
    said = f"3 values are missing in 2 of {part}: masked, as fit was told (--missing)"
    assert said in matched(replace(data, values=values), masking)[1]
    assert matched(data, masking)[1] == []
    assert "missing" not in str(matched(replace(data, values=values), model.model_)[1])


def test_values_of_another_size_than_in_the_training(model: MSSSMClassifier) -> None:
    data = _data(units=None)

    def said(values: list[np.ndarray], fitted: Any = model.model_) -> str:
        lines = matched(replace(data, values=values), fitted)[1]
        return " ".join(line for line in lines if "as far from the training's mean" in line)

    assert said(data.values) == ""
    larger = [v * [[1000], [1]] for v in data.values]
    assert said(larger).startswith("values of I lie about 1000 times as far from the training's")
    assert "of I lie about 1000 times, of aVR lie less" in said(
        [v * [[1000], [0]] + [[0], [1]] for v in data.values]
    )
    assert said([*data.values[:20], *larger[20:]]) == ""
    # A few series may well be so.
    assert said([0 * v + 1 for v in data.values[:3]]) == ""
    # Where both sides know their units, or each series has its own size, nothing is left to say.
    assert all("as far" not in line for line in matched(replace(data, values=larger, units=UNITS),
        model.model_)[1])  # fmt: skip
    own = replace(model.model_.preparation, standardize="series")
    assert said(larger, replace(model.model_, preparation=own)) == ""


def test_units_that_make_no_difference(model: MSSSMClassifier) -> None:
    source = replace(model.model_.source, origin=None)
    fitted = replace(model.model_, source=source)
    assert matched(_data(), fitted)[1] == ["the model knows no units: mV makes no difference to it"]
    assert matched(_data(units=None), fitted)[1] == []
    nameless = replace(fitted, preparation=replace(fitted.preparation, channels=None))
    said = "the model knows no names of channels: taken in the order I, aVR"
    assert matched(_data(units=None), nameless)[1] == [said]


def test_windows_of_less_than_a_step_and_spectra_of_another(tmp_path: Path) -> None:
    train = _table(tmp_path / "a.csv", ["x", "y"] * 12, "label")
    _, err = run("fit", train, "--fs", "2", "--crop", "0.1", "-o", tmp_path / "run", code=2)
    assert "--crop 0.1: less than a step of 2 Hz" in err
    settings = Preparation(features="logmel", frame_step=0.02)
    assert "spectra every 20 ms" in notes(settings, _data(), "mask")[0]
