"""Exported files answer as their models do, for any batch and length; no others are written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from commands import run
from member_cases import kinds_of

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import ExportError, InputError
from msssm_ts.export import (
    Source,
    export_model,
    find_boundary,
    made_up_series,
    native_proba,
    open_export,
)
from msssm_ts.export.formats import open_onnx, write_onnx, write_pt2
from msssm_ts.export.parity import padded
from msssm_ts.export.program import facts, traced
from msssm_ts.export.spectra import Spectra
from msssm_ts.fitted import OperatingPoint
from msssm_ts.members.shapelet_ridge.features import GROUP, TAPS, ShapeletFeatures
from msssm_ts.members.shapelet_ridge.graph import _Groups
from msssm_ts.optional import install
from msssm_ts.preparation import Preparation
from msssm_ts.preparation.spectral import log_mel, mfcc

onnx = pytest.importorskip("onnx")

SMALL = {
    "members": ["network"],
    "d_model": 8,
    "n_layers": 1,
    "n_scales": 1,
    "d_state": 8,
    "max_epochs": 1,
}
Y = np.arange(12) % 3


def fitted(X: Any, y: Any = Y, **parameters: Any) -> MSSSMClassifier:
    """Train a little, and make the answers differ from one series to the next."""
    source = {k: parameters.pop(k) for k in ("sampling_rate", "channel_names") if k in parameters}
    classifier = MSSSMClassifier(**(SMALL | parameters), device="cpu", random_state=0)
    classifier.fit(X, y, **source)
    with torch.no_grad():
        classifier.network_.head.weight *= 3
    return classifier


def values(*shape: int) -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).standard_normal(shape)


def univariate() -> MSSSMClassifier:
    return fitted(1e5 + values(12, 30), core="gru", workspace=2)


def variable_length() -> MSSSMClassifier:
    X = [values(2, n) for n in range(8, 20)]
    kind = {"missing": "mask", "core": "s4d", "n_scales": 2, "experts": 4, "workspace": 2}
    return fitted(X, **kind, channel_names=["I", "II"])


def multilabel() -> MSSSMClassifier:
    y = np.eye(3, dtype=int)[Y]
    own = Preparation(standardize="series")
    kind = {"bidirectional": False, "pooling": "last", "dtype": "float64", "preparation": own}
    kind["core"] = "lstm"
    return fitted(50 + values(12, 2, 30), y, **kind)


def vote() -> MSSSMClassifier:
    """Networks, ridge classifiers and trees, on series with gaps."""
    X = [values(3, n) + np.sin(np.arange(n) * y) for n, y in zip(range(6, 18), Y, strict=True)]
    X[3][1, 3:5] = np.nan
    kind = {"preset": "default", "missing": "mask", "early_stopping": False, "core": "lti"}
    return fitted([1e3 + x for x in X], **kind)


@pytest.fixture(
    scope="module",
    params=[univariate, variable_length, multilabel, vote],
    ids=lambda make: make.__name__,
)
def exported(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[MSSSMClassifier, dict[str, Path]]:
    """A model, and both files of it from one trace."""
    classifier, folder = request.param(), tmp_path_factory.mktemp("exported")
    boundary = find_boundary(classifier.model_)
    program = traced(classifier.model_, boundary)
    files = {"onnx": folder / "m.onnx", "pt2": folder / "m.pt2"}
    for format, write in (("pt2", write_pt2), ("onnx", write_onnx)):
        write(program, files[format], facts(classifier.model_, boundary))
    return classifier, files


def test_parity_over_batches_and_lengths(
    exported: tuple[MSSSMClassifier, dict[str, Path]],
) -> None:
    classifier, files = exported
    sources = made_up_series(classifier.model_)
    assert {len(s.series) for s in sources} >= {1, 3, 6}
    assert len({s.shape[1] for s in sources[-1].series}) == 6
    natives = [native_proba(classifier.model_, source) for source in sources]
    # Else a file that always says the same would do.
    assert np.concatenate(natives).std(0).max() > 0.02
    for format, file in files.items():
        predict = open_export(classifier.model_, file, format)
        for source, native in zip(sources, natives, strict=True):
            np.testing.assert_allclose(predict(source), native, atol=1e-5, err_msg=format)


def test_a_file_says_how_labels_come_about(
    exported: tuple[MSSSMClassifier, dict[str, Path]],
) -> None:
    classifier, files = exported
    model, boundary = classifier.model_, find_boundary(classifier.model_)
    assert facts(model, boundary)["decision"] == "null"
    if classifier.multilabel_:
        return
    model = model.deciding(OperatingPoint(1, 0.25))
    said = facts(model, boundary)
    assert "; the label is 1 from a probability of 0.25 on" in said["output"]
    rule, classes = json.loads(said["decision"]), np.array(json.loads(said["classes"]))
    for source in made_up_series(model):
        proba = open_export(model, files["onnx"], "onnx")(source)
        # As the reader of the file would do it.
        others = np.delete(np.arange(len(classes)), rule["positive"])
        best = others[proba[:, others].argmax(1)]
        found = np.where(proba[:, rule["positive"]] >= rule["threshold"], rule["positive"], best)
        native = native_proba(model, source)
        sure = np.abs(native[:, 1] - 0.25) > 1e-4
        assert sure.any()
        np.testing.assert_array_equal(classes[found][sure], model.labels.chosen(native)[sure])


def test_onnx_holds_standard_operators_and_says_what_it_is(
    exported: tuple[MSSSMClassifier, dict[str, Path]],
) -> None:
    classifier, files = exported
    model = onnx.load(files["onnx"])
    onnx.checker.check_model(model, full_check=True)
    assert {o.domain for o in model.opset_import if o.version} == {""}
    assert {node.domain for node in model.graph.node} == {""}
    # Networks of one layer, trained or drawn, and the spectrum that trees see.
    operators = [node.op_type for node in model.graph.node]
    kinds = kinds_of(classifier)
    networks = kinds.count("network") + kinds.count("drawn_network")
    assert (operators.count("Scan"), "DFT" in operators) == (networks, "quantile_trees" in kinds)
    assert b"site-packages" not in files["onnx"].read_bytes() + files["pt2"].read_bytes()
    about = {p.key: p.value for p in model.metadata_props}
    assert json.loads(about["classes"]) == classifier.label_names.tolist()
    assert len(json.loads(about["channels"])) == classifier.n_channels_in_
    assert json.loads(about["preparation"]) == classifier.model_.preparation.to_dict()
    assert json.loads(about["before"]) == []


def test_missing_values(exported: tuple[MSSSMClassifier, dict[str, Path]]) -> None:
    """A gap is masked where the model takes gaps, else there is no answer for that series."""
    classifier, files = exported
    batch = padded([values(classifier.n_channels_in_, n) for n in (20, 20, 13)])
    batch[1, :, 7] = np.nan
    proba = open_onnx(files["onnx"])(batch)
    assert np.isfinite(proba[[0, 2]]).all()
    if classifier.missing == "mask":
        series = [batch[0], batch[1], batch[2, :, :13]]
        np.testing.assert_allclose(proba, classifier.predict_proba(series), atol=1e-5)
    else:
        assert np.isnan(proba[1]).all()


def test_pt2_loads_without_msssm_ts(exported: tuple[MSSSMClassifier, dict[str, Path]]) -> None:
    classifier, files = exported
    if not classifier.multilabel_:
        return
    code = (
        "import sys; sys.modules['msssm_ts'] = None\n"
        "import torch; extra = {'msssm_ts.json': ''}\n"
        f"module = torch.export.load({str(files['pt2'])!r}, extra_files=extra).module()\n"
        "print(module(torch.zeros(5, 2, 3)).shape); print(extra['msssm_ts.json'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    shape, about = done.stdout.splitlines()
    assert shape == "torch.Size([5, 3])"
    assert json.loads(json.loads(about)["multilabel"]) is True


@pytest.mark.parametrize("features", ["logmel", "mfcc"])
def test_spectra_are_those_of_the_preparation(features: Any) -> None:
    settings = Preparation(features=features, n_mels=20, frame_length=0.02, frame_step=0.01)
    x = 0.3 * values(2, 3, 811).astype(np.float32)
    native = {
        "logmel": lambda s: log_mel(s, 8000.0, 20, 0.02, 0.01),
        "mfcc": lambda s: mfcc(s, 8000.0, 13, 20, 0.02, 0.01),
    }[features]
    ours = Spectra(settings, 8000.0)(torch.from_numpy(x)).numpy()
    np.testing.assert_allclose(ours, np.stack([native(s) for s in x]), atol=2e-4)


@pytest.mark.parametrize(
    ("standardize", "unit"), [("centred", 0.2), ("mostly-centred", 0.2), ("centred", 1e4)]
)
def test_a_model_of_sound_takes_the_waveform(standardize: Any, unit: float, tmp_path: Path) -> None:
    preparation = Preparation(features="logmel", n_mels=8, standardize=standardize)
    classifier = fitted(
        unit * values(12, 1, 2000),
        sampling_rate=4000.0,
        preparation=preparation,
        core="lti",
        bidirectional=False,
    )
    report = classifier.export(tmp_path / "m.pt2", format="pt2")
    assert (report.before, report.difference < 1e-4) == ([], True)


def test_shapelets_over_spectra_are_exported_for_any_length() -> None:
    features = ShapeletFeatures(
        *(np.ones((2, 3, 1), np.float32), np.ones((2, 3), np.int64), np.ones((2, 3), bool)),
        *(values(2, 3, TAPS, GROUP).astype(np.float32), np.ones((2, 3, GROUP), np.float32)),
    )

    class Framed(torch.nn.Module):
        groups = _Groups(features, 0, slice(0, 3))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            frames = x[:, :, torch.arange(0, x.shape[2], 80)]
            return self.groups(frames, torch.full((2,), 9))

    sizes = {"x": {2: torch.export.Dim("length", min=800)}}
    x = torch.zeros(2, 1, 4000)
    program = torch.export.export(Framed(), (x,), dynamic_shapes=sizes, strict=False)
    assert program.module()(x[:, :, :1001]).shape == (2, 3, 2, GROUP)


@pytest.mark.parametrize("features", ["logmel", "raw"])
def test_convolutions_over_spectra_are_exported(features: Any, tmp_path: Path) -> None:
    """One step in four, of log-mel frames and behind a filter bank, for any length."""
    X = [values(1, n) for n in (5000, *range(2000, 2011))]
    preparation = Preparation(features=features, n_mels=10)
    classifier = fitted(X, sampling_rate=4000.0, preparation=preparation, core="lti")
    assert classifier.network_.config.stride == (4 if features == "logmel" else 160)
    report = classifier.export(tmp_path / "m.pt2", format="pt2")
    assert (report.before, report.difference < 1e-5) == ([], True)


@pytest.mark.parametrize(
    ("preparation", "steps"),
    [
        (Preparation(bandpass=(0.5, 20.0), standardize="series"), ["band-pass 0.5 to 20 Hz"]),
        (Preparation(sampling_rate=125.0, powerline=60), ["take out the hum of 60 Hz"]),
        (Preparation(window=2.0), ["cut into windows of 2 s"]),
        (
            Preparation(window=2.0, standardize="centred"),
            ["standardise every series by its own mean", "cut into windows of 2 s"],
        ),
        (
            Preparation(window=2.0, standardize="mostly-centred"),
            ["standardise every series by four fifths of its own mean", "cut into windows of 2 s"],
        ),
    ],
)
def test_what_is_left_to_the_user(preparation: Preparation, steps: list[str]) -> None:
    classifier = fitted(
        values(12, 1, 300), sampling_rate=100.0, preparation=preparation, missing="interpolate"
    )
    boundary = find_boundary(classifier.model_)
    said = boundary.steps
    assert said[0].startswith("fill gaps")
    assert [a.startswith(b) for a, b in zip(said[1:], steps, strict=True)] == [True] * len(steps)
    assert boundary.rate == (preparation.sampling_rate or 100.0)


@pytest.mark.parametrize(
    ("format", "preparation", "before"),
    [
        ("onnx", Preparation(), []),
        ("pt2", Preparation(bandpass=(0.5, 20.0)), ["limit channel 2 to", "band-pass 0.5 to 20"]),
        ("pt2", Preparation(window=1.0), ["cut into windows of 1 s"]),
        ("pt2", Preparation(window=1.0, standardize="series"), ["limit channel 2", "st", "cut"]),
    ],
)
def test_values_far_from_all_others_are_limited_in_a_file_too(
    format: Any, preparation: Preparation, before: list[str], tmp_path: Path
) -> None:
    X = values(12, 2, 150)
    X[4, 1, 7] = 1e5
    classifier = fitted(X, sampling_rate=100.0, preparation=preparation)
    assert classifier.model_.preparation.limits
    far = Source([x.astype(np.float32) for x in X[3:6]])
    report = export_model(classifier.model_, tmp_path / "m", format, more=[far])
    assert len(report.before) == len(before)
    assert all(a.startswith(b) for a, b in zip(report.before, before, strict=True))


def test_a_file_that_differs_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = fitted(values(12, 30), core="lti", bidirectional=False)
    # A standardisation that cuts off what the model sees.
    monkeypatch.setattr("msssm_ts.export.preparing.LARGEST_DEVIATION", 0.5)
    (tmp_path / "m.pt2").write_text("old")
    with pytest.raises(ExportError, match=r"differ from the model's by up to .*nothing was writ"):
        classifier.export(tmp_path / "m.pt2", format="pt2")
    assert [f.name for f in tmp_path.iterdir()] == ["m.pt2"]
    assert (tmp_path / "m.pt2").read_text() == "old"


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder and a table of labelled series."""
    folder = tmp_path_factory.mktemp("run")
    X = values(12, 20)
    fitted(X, core="lti", bidirectional=False).save(folder / "model.safetensors")
    table = [f"{y}," + ",".join(map(str, x)) for y, x in zip(Y, X, strict=True)]
    head = "label," + ",".join(f"t{i}" for i in range(20))
    (folder / "data.csv").write_text("\n".join([head, *table]))
    return folder


def test_command_quantises_and_times(saved: Path) -> None:
    data = saved / "data.csv"
    arguments = ("export", saved, "--data", data, "--quantize", "int8", "--benchmark", "--json")
    out, err = run(*arguments, "-q")
    assert err == ""
    result = json.loads(out)
    assert result["file"] == str(saved / "model.onnx")
    assert result["bytes"] == (saved / "model.onnx").stat().st_size
    assert result["largest_difference"] < 1e-4 < result["quantized_largest_difference"]
    assert result["series_compared"] == 19 + 12
    assert set(result["accuracy"]) == {"model", "file"}
    assert list(result["milliseconds"]) == ["1", "12"]
    kinds = {w.data_type for w in onnx.load(saved / "model.onnx").graph.initializer}
    assert onnx.TensorProto.INT8 in kinds


def test_command_copies_the_model_file(saved: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.safetensors"
    out, _ = run("export", saved, "-o", copy)
    assert "largest difference  0 in a probability (19 series)" in out
    weights = MSSSMClassifier.load(copy).network_.state_dict()
    for name, weight in MSSSMClassifier.load(saved).network_.state_dict().items():
        assert torch.equal(weight, weights[name])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("{run}", "--quantize", "int8"), "needs --data"),
        (("{run}", "--label", "y"), "--label tells how DATA is read, and none is; give --data"),
        (("{run}", "--format", "c", "--fs", "5"), "--fs tells how DATA is read, and none is"),
        (
            ("{run}", "--format", "pt2", "--quantize", "int8", "--data", "{data}"),
            "is for --format onnx and c, not for pt2",
        ),
        (
            ("{run}", "--format", "safetensors", "--int8"),
            "--quantize int8 is for --format onnx and c",
        ),
        (("{run}", "--format", "safetensors"), "is what the command reads"),
        (("{run}", "-o", "{run}"), "is a folder"),
        (("{run}", "-o", "{run}/m.txt"), "m.txt: ends in none of .onnx, .pt2"),
        (("{run}", "--format", "pt2", "-o", "{run}/m.onnx"), "but the format (--format) is pt2"),
        (("{run}", "-o", "{run}/no/m.onnx"), "its folder does not exist"),
        (("{run}", "--data", "BasicMotions"), "6 channels, but the model was trained on 1"),
        (("nowhere",), "no such model file"),
    ],
)
def test_mistakes_get_one_sentence(arguments: tuple[str, ...], sentence: str, saved: Path) -> None:
    names = {"run": saved, "data": saved / "data.csv"}
    _, err = run("export", *(a.format(**names) for a in arguments), "-q", code=2)
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_what_to_install(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    _, err = run("export", saved, "-o", saved / "x.onnx", code=2)
    assert "--format onnx needs onnxruntime, which is not installed" in err
    assert install("onnx") in err
    with pytest.raises(InputError, match="must be one of onnx, pt2, safetensors"):
        MSSSMClassifier.load(saved).export(saved / "x", format="tflite")  # type: ignore[arg-type]
    assert not (saved / "x.onnx").exists()
