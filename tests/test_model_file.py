"""A model file may come from anyone: it is refused in a sentence, or answers sensibly.

tests/fuzz/models.py does the first test's work at length, in a process of its own.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from commands import run
from model_mutations import (
    KINDS,
    Contents,
    keeps_values,
    mutated,
    put_together,
    take_apart,
)

from msssm_ts import MSSSMClassifier
from msssm_ts.datasets import ReadOptions
from msssm_ts.errors import InputError
from msssm_ts.fitted import load_model
from msssm_ts.fitted.answers import checked_proba
from msssm_ts.fitted.artifact import read_header
from msssm_ts.fitted.early import predict_early
from msssm_ts.fitted.schema import READ_OPTIONS
from msssm_ts.fitted.streaming import Stream
from msssm_ts.model import MSSSMConfig, MSSSMNetwork
from msssm_ts.model.shapes import weight_shapes

GOLDEN = Path(__file__).parent / "golden"
NAMES = ("fast", "labels", "network_causal", "sound")


def series_of(name: str) -> list[np.ndarray]:
    with np.load(GOLDEN / "schema7" / f"{name}.npz") as kept:
        return np.split(kept["values"], np.cumsum(kept["lengths"])[:-1], axis=1)[:2]


@pytest.fixture(scope="module")
def files() -> dict[str, tuple[bytes, list[np.ndarray], np.ndarray]]:
    found = {}
    for name in NAMES:
        file = GOLDEN / "schema7" / f"{name}.safetensors"
        series = series_of(name)
        proba = MSSSMClassifier.load(file, device="cpu").predict_proba(series)
        found[name] = file.read_bytes(), series, proba
    return found


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", NAMES)
def test_a_spoilt_file_is_refused_or_answers_sensibly(
    files: dict[str, tuple[bytes, list[np.ndarray], np.ndarray]], name: str, tmp_path: Path
) -> None:
    data, series, proba = files[name]
    rng, file, n_refused = np.random.default_rng(NAMES.index(name)), tmp_path / "x", 0
    for kind, renewed in KINDS:
        spoilt = mutated(data, kind, renewed, rng)
        file.write_bytes(spoilt)
        try:
            read_header(file)
            answer = MSSSMClassifier.load(file, device="cpu").predict_proba(series)
        except InputError as error:
            n_refused += "\n" not in str(error)
            continue
        assert np.isfinite(answer).all(), (kind, renewed)
        assert answer.min() >= -1e-9, (kind, renewed)
        assert answer.max() <= 1 + 1e-9, (kind, renewed)
        if keeps_values(data, kind, renewed):
            np.testing.assert_allclose(answer, proba, atol=1e-6, err_msg=kind)
    assert n_refused > len(KINDS) // 2


def _header(*path: Any) -> Callable[[Any], Callable[[Contents], None]]:
    """Return what sets a place of the header."""

    def to(value: Any) -> Callable[[Contents], None]:
        def change(c: Contents) -> None:
            held = c.header
            for step in path[:-1]:
                held = held[step]
            held[path[-1]] = value(held[path[-1]]) if callable(value) else value

        return change

    return to


def _array(name: str, change: Callable[[np.ndarray], Any]) -> Callable[[Contents], None]:
    """Return what changes an array: in place, or for what is returned."""

    def run(c: Contents) -> None:
        array = c.arrays[name].copy()
        result = change(array)
        c.arrays[name] = array if result is None else result

    return run


def _put(place: Any, value: Any) -> Callable[[np.ndarray], None]:
    return lambda array: array.__setitem__(place, value)


CONFIG = ("members", 0, "facts", "config")
FACTS = ("members", 0, "facts")
TREES = ("members", 2, "facts")
ROWS = lambda a: a[:-1]  # noqa: E731
# What is wrong with it, by the model, the change, and a word of the sentence.
BENT: dict[str, tuple[str, Callable[[Contents], None], str]] = {
    "extra key": ("fast", lambda c: c.header.update(extra=1), "'extra', which means nothing"),
    "missing key": ("fast", lambda c: c.header.pop("missing"), "no 'missing'"),
    "version 0": ("fast", _header("schema_version")(0), "whole number from 1"),
    "True for a version": ("fast", _header("schema_version")(True), "not True"),
    "later version": ("fast", _header("schema_version")(99), "update the source of msssm-ts"),
    "float for a count": ("fast", _header("n_channels")(1.0), "not 1.0"),
    "True for a count": ("fast", _header("n_channels")(True), "not True"),
    "more channels": ("fast", _header("n_channels")(2), "for 2 channels"),
    "weights": ("fast", _header("members", 0, "weight")(0.2), "add up to"),
    "negative weight": ("fast", _header("members", 0, "weight")(-0.3), "from 0 to 1"),
    "no members": ("fast", _header("members")([]), "1 to 1000 items"),
    "kind": ("fast", _header("members", 0, "kind")("os.system"), "must be one of"),
    "other kind": ("fast", _header("members", 0, "kind")("quantile_trees"), "member 0"),
    "standardiser": ("fast", _header("standardizer", "std")([0.0]), "standardizer.std"),
    "standardiser's size": ("fast", _header("standardizer", "mean")([0, 0]), "standardizer.mean"),
    "threshold": ("labels", _header("classes", "thresholds")([0.5, 1.5]), "from 0 to 1"),
    "thresholds": ("labels", _header("classes", "thresholds")([0.5]), "1 thresholds for 2"),
    "names": ("labels", _header("classes", "names")(["a"]), "names of labels"),
    "class twice": ("fast", _header("classes", "values")(["slow", "slow"]), "not sorted"),
    "more classes": ("fast", _header("classes", "values")(["a", "b", "c"]), "thresholds for 3"),
    "cut labels": ("fast", _header("classes", "dtype")("<U4"), "cannot be kept"),
    "long labels": ("fast", _header("classes", "dtype")("<U1000000000"), "too long"),
    "objects": ("labels", _header("classes", "dtype")("|O"), "not all classes"),
    "records": ("labels", _header("classes", "dtype")("|V8"), "are not read"),
    "small labels": ("labels", _header("classes")(
        lambda c: c | {"dtype": "|i1", "values": [0, 300]}), "no |i1"),
    "preparation": ("sound", _header("preparation", "features")("wavelet"), "features"),
    "no preparation": ("sound", _header("preparation")([]), "have names"),
    "mel bands": ("sound", _header("preparation", "n_mels")(10**9), "n_mels"),
    "cepstra": ("sound", _header("preparation", "n_mfcc")(12), "standardizer"),
    "frames": ("sound", _header("preparation", "frame_length")(1e9), "frame_length"),
    "no rate": ("sound", _header("sampling_rate")(None), "needs the sampling rate"),
    "band": ("sound", _header("preparation", "bandpass")([3000, 4000]), "bandpass begins"),
    "rates": ("sound", _header("preparation", "sampling_rate")(1e-3), "too far apart"),
    "limits": ("sound", _header("preparation", "limits")([[0, 1]] * 2), "2 limits for 1"),
    "history": ("sound", _header("training", "history", "train_loss")([1.0]), "of one length"),
    "path": ("fast", _header("origin")({"options": {"annotator": "../x"}}), "no suffix"),
    "files": ("fast", _header("origin")({"options": {"tables": ["/etc/passwd"]}}), "'tables'"),
    "weights of classes": ("fast", _header("parameters", "class_weight")([[[], 1]]), "parameters"),
    "counts": ("fast", _header("training_data", "counts")([1]), "1 counts for 2"),
    # Ridge classifiers.
    "span": ("fast", _header(*FACTS, "span")(1e9), "span"),
    "temperature": ("fast", _header(*FACTS, "temperature")(0), "temperature"),
    "number of features": ("fast", _header(*FACTS, "n_features")(9), "must have (9)"),
    "fact": ("fast", _header(*FACTS, "x")(9), "means nothing"),
    "coefficients": ("fast", _array("members.0.coefficients", ROWS), "must have (4352, 2)"),
    "channels": ("fast", _array("members.0.mix", lambda a: a.repeat(2, 1)), "must have (2, 1, 16)"),
    "type": ("fast", _array("members.0.mix", lambda a: a.astype(np.float64)), "type float64"),
    "thresholds of no filter": (
        "fast", _array("members.0.thresholds", lambda a: a[:, :, :0]), "0 thresholds"),
    "fewer thresholds": (
        "fast", _array("members.0.thresholds", lambda a: a[:, :, :1]), "thresholds of 1792"),
    "scale": ("fast", _array("members.0.scale", _put(3, -1)), "scale must lie between 0"),
    "infinity": ("fast", _array("members.0.mean", _put(3, np.inf)), "NaN or infinity"),
    "huge": ("fast", _array("members.0.coefficients", _put(3, 1e30)), "reaches from"),
    "missing": ("fast", lambda c: c.arrays.pop("members.0.mix"), "mix is missing"),
    "surplus": ("fast", lambda c: c.arrays.update(x=np.zeros(3)), "'x' is surplus"),
    "of no member": (
        "fast", lambda c: c.arrays.update({"members.9.mix": np.zeros(3)}), "is surplus"),
    # Trees.
    "later feature": ("fast", _array("members.2.feature", _put(0, 10**6)), "feature must lie"),
    "child": ("fast", _array("members.2.left", _put(0, 10**6)), "left must lie"),
    "cycle": ("fast", _array("members.2.left", _put(0, 0)), "before those that follow"),
    "same child": (
        "fast", lambda c: c.arrays.update({"members.2.left": c.arrays["members.2.right"]}),
        "followed by the same one"),
    "root": ("fast", _array("members.2.roots", _put(-1, -1)), "roots must lie"),
    "roots": ("fast", _array("members.2.roots", _put(1, 0)), "do not rise"),
    "vote": ("fast", _array("members.2.vote", _put(0, 2)), "vote must lie between 0 and 1"),
    "votes": ("labels", _array("members.4.vote", lambda a: a[:, :1]), "must have (3376, 2)"),
    "quantiles": ("fast", _header(*TREES, "depth")(60), "depth"),
    "outputs": ("fast", _header(*TREES, "n_outputs")(3), "3 outputs"),
    "length": ("fast", _header(*TREES, "n_timepoints")(10**9), "n_timepoints"),
    "other length": ("fast", _header(*TREES, "n_timepoints")(4), "feature must lie"),
    # Networks.
    "width": ("network_causal", _header(*CONFIG, "d_model")(16), "must have (16, 1)"),
    "state": ("network_causal", _header(*CONFIG, "d_state")(1000), "A_log has shape"),
    "layers": ("network_causal", _header(*CONFIG, "n_layers")(256), "is missing"),
    "fewer layers": ("network_causal", _header(*CONFIG, "n_layers")(1), "is surplus"),
    "many layers": ("network_causal", _header(*CONFIG, "n_layers")(10**9), "n_layers"),
    "core": ("network_causal", _header(*CONFIG, "core")("s7"), "must be one of"),
    "other core": ("network_causal", _header(*CONFIG, "core")("s6"), "is missing"),
    "pooling": ("network_causal", _header(*CONFIG, "pooling")("sum"), "pooling"),
    "taps": ("network_causal", _header(*CONFIG, "kernel_size")(0), "kernel_size"),
    "no settings": ("network_causal", _header(*CONFIG)(None), "config"),
    "both types": (
        "network_causal", _array("members.0.norm.bias", lambda a: a.astype(np.float64)), "float64"),
    "whole numbers": (
        "network_causal", _array("members.0.norm.bias", lambda a: a.astype(np.int32)), "int32"),
    "fingerprints": (
        "network_causal", _array("fingerprints", lambda a: np.zeros(20_001, np.int64)),
        "must have (20000)"),
}  # fmt: skip


@pytest.mark.parametrize("case", BENT)
def test_what_does_not_fit_together_is_refused(case: str, tmp_path: Path) -> None:
    """With a checksum that is right: someone who means it makes one."""
    name, change, word = BENT[case]
    contents, metadata = take_apart((GOLDEN / "schema7" / f"{name}.safetensors").read_bytes())
    contents = copy.deepcopy(contents)
    change(contents)
    file = tmp_path / "m.safetensors"
    file.write_bytes(put_together(contents, metadata, renewed=True))
    with pytest.raises(InputError) as caught:
        load_model(file, "cpu")
    assert word in str(caught.value)
    assert str(file) in str(caught.value)
    assert len(str(caught.value)) < 700


@pytest.mark.parametrize(
    ("schema", "change"),
    [
        (1, lambda h: h.pop("network")),
        (1, lambda h: h.update(network=3)),
        (2, lambda h: h.update(parameters=None)),
        (3, lambda h: h.update(n_networks=10**9)),
        (3, lambda h: h.update(n_networks=2)),
        (3, lambda h: h.update(voters=["network"])),
        (3, lambda h: h.update(voters=["scan_ridge"])),
        (3, lambda h: h.update(network_share=-1)),
        (3, lambda h: h.update(training={})),
        (3, lambda h: h.update(network=None)),
    ],
)
def test_old_headers_that_fit_nothing_are_refused(
    schema: int, change: Callable[[dict[str, Any]], object], tmp_path: Path
) -> None:
    data = (GOLDEN / f"schema{schema}" / "network_s6.safetensors").read_bytes()
    contents, metadata = take_apart(data)
    change(contents.header)
    (tmp_path / "m").write_bytes(put_together(contents, metadata, renewed=False))
    with pytest.raises(InputError, match="do not fit together"):
        load_model(tmp_path / "m", "cpu")


def test_a_present_file_without_its_checksum_is_refused(tmp_path: Path) -> None:
    contents, metadata = take_apart((GOLDEN / "schema7" / "sound.safetensors").read_bytes())
    del metadata["msssm_ts.sha256"]
    (tmp_path / "m").write_bytes(put_together(contents, metadata, renewed=False))
    with pytest.raises(InputError, match="checksum is missing"):
        read_header(tmp_path / "m")


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_answers_that_are_none_do_not_leave_the_model(tmp_path: Path) -> None:
    """Weights that are numbers, each for itself, and answer NaN together."""
    contents, metadata = take_apart(
        (GOLDEN / "schema7" / "network_causal.safetensors").read_bytes()
    )
    for name in ("members.0.head.weight", "members.0.stem.weight", "members.0.norm.weight"):
        contents.arrays[name] = np.full_like(contents.arrays[name], 1e19)
    (tmp_path / "m").write_bytes(put_together(contents, metadata, renewed=True))
    model, series = MSSSMClassifier.load(tmp_path / "m", "cpu"), series_of("network_causal")
    for ask in (model.predict_proba, model.predict, model.decision_function, model.transform):
        with pytest.raises(InputError, match="of no use"):
            ask(series)


def test_a_stream_answers_nan_before_the_first_value_only(monkeypatch: pytest.MonkeyPatch) -> None:
    file = GOLDEN / "schema7" / "network_causal.safetensors"
    model = load_model(file, "cpu")
    stream = Stream(dataclasses.replace(model, missing="mask"))
    assert np.isnan(stream.step([[np.nan, np.nan]])).all()
    assert np.isfinite(stream.step([[np.nan, 3.0, np.nan]])[1:]).all()
    monkeypatch.setattr(type(stream._network), "run", lambda _, x: np.full((len(x), 2), np.nan))
    with pytest.raises(InputError, match="of no use"):
        stream.step([np.nan])
    with pytest.raises(InputError, match="of no use"):
        predict_early(model, series_of("network_causal"))
    stream.reset()
    assert np.isnan(stream.step([np.nan])).all()


@pytest.mark.parametrize(
    ("proba", "multilabel"),
    [
        ([[1.013, -0.013]], False),
        ([[1.2, 0.1]], True),
        ([[0.4, 0.5]], False),
        ([[np.nan, 1]], True),
    ],
)
def test_what_are_no_probabilities_is_refused(proba: Any, multilabel: bool) -> None:
    checked_proba(np.array([[0.5, 0.5]]), multilabel)
    with pytest.raises(InputError, match="train again"):
        checked_proba(np.array(proba), multilabel)


def test_the_commands_say_one_sentence(tmp_path: Path) -> None:
    contents, metadata = take_apart((GOLDEN / "schema7" / "fast.safetensors").read_bytes())
    head, deep = tmp_path / "head", tmp_path / "deep"
    contents.arrays["members.2.left"] = np.zeros_like(contents.arrays["members.2.left"])
    deep.write_bytes(put_together(contents, metadata, renewed=True))
    contents.text = "[" * 5000
    head.write_bytes(put_together(contents, metadata, renewed=True))
    data = tmp_path / "data.csv"
    rows = [",".join(map(str, x[0])) for x in series_of("fast")]
    columns = ",".join(f"t{i}" for i in range(16))
    lines = [f"{columns},label", f"{rows[0]},slow", f"{rows[1]},quick"]
    data.write_text("\n".join(lines) + "\n")
    out = tmp_path / "out"
    for file in (head, deep):
        for words in (
            ("info", file), ("predict", file, data), ("evaluate", file, data), ("stream", file),
            ("export", file, "-o", out), ("inspect", file, "-o", out), ("compare", file, file),
            ("compare", file, file, "--data", data),
        ):  # fmt: skip
            if file == deep and words in (("info", deep), ("compare", deep, deep)):
                # They read the header alone.
                continue
            _, error = run(*words, code=2)
            last = error.strip().splitlines()[-1]
            assert last.startswith(f"msssm-ts: {file}: "), (words, error)
            assert "Traceback" not in error


@pytest.mark.parametrize("core", ["s6", "lti"])
@pytest.mark.parametrize("n_scales", [0, 3])
@pytest.mark.parametrize(("stem_stride", "bands"), [(1, 0), (3, 0), (20, 0), (1, 7), (20, 40)])
def test_shapes_are_those_of_the_network(
    core: str, n_scales: int, stem_stride: int, bands: int
) -> None:
    for bidirectional, pooling, d in ((True, "mean_max", 5), (False, "last", 40)):
        sizes = (14, 4, n_scales, d, 2, 20, 3, core, bidirectional, 0.1, pooling, stem_stride)
        config = MSSSMConfig(*sizes, stem_bands=bands)
        built = {name: tuple(t.shape) for name, t in MSSSMNetwork(config).state_dict().items()}
        assert weight_shapes(config) == built


def test_every_option_of_a_reader_can_be_kept() -> None:
    fields = {f.name for f in dataclasses.fields(ReadOptions)}
    of_the_reading = {"split", "tables", "recordings", "headers", "max_memory"}
    of_the_model = {"unlabelled", "wanted"}
    assert set(READ_OPTIONS) == fields - of_the_reading - of_the_model


def test_labels_of_every_type_come_back(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(8, 9))
    for labels in (
        np.array(["a", "b"], object), np.array([False, True]), np.array([1.0, 2.0]),
        np.array([-5, 2**62]), np.array([0, 2**64 - 1], np.uint64), np.array(["long", "é"]),
    ):  # fmt: skip
        model = MSSSMClassifier(members=["scan_ridge"], random_state=0).fit(X, np.tile(labels, 4))
        model.save(tmp_path / "m")
        again = MSSSMClassifier.load(tmp_path / "m").classes_
        assert (again.dtype, again.tolist()) == (labels.dtype, labels.tolist())


def test_an_origin_that_could_not_be_read_back_is_refused_at_once() -> None:
    X = np.random.default_rng(0).normal(size=(8, 9))
    for origin in ({"units": "mV"}, {"units": ["mV", "mV"]}, {"summary": object()}):
        with pytest.raises(InputError, match="origin"):
            MSSSMClassifier("fast").fit(X, np.arange(8) % 2, origin=origin)
