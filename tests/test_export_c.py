"""A causal model in C answers as the model does, step by step and for whole series."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from commands import run
from stream_cases import a_series, causal
from torch import Tensor, nn

from msssm_ts import MSSSMClassifier
from msssm_ts.errors import ExportError, InputError
from msssm_ts.export.c import (
    Program,
    compiled,
    export_c,
    find_compiler,
    quantized,
    why_not_in_c,
    written,
)
from msssm_ts.export.c.text import comment, string
from msssm_ts.fitted import FittedModel, LogPriors, OperatingPoint
from msssm_ts.model import Core, MSSSMConfig
from msssm_ts.model.cores import CORES
from msssm_ts.model.cores.core import StepInC
from msssm_ts.preparation import Preparation

COMPILER = find_compiler()
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror", "-O1")
SANITIZED = ("-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")

# The filters of the first reach back 105 steps; the last has no bands, and widths that are no
# whole number of vectors.
CASES: dict[str, dict[str, Any]] = {
    "s6": {"n_channels": 3, "missing": "mask", "n_scales": 4, "n_classes": 3},
    "lti": {"n_labels": 3, "n_scales": 2, "kernel_size": 3, "pooling": "last", "d_model": 10},
    "s4d": {"n_channels": 2, "n_scales": 1, "pooling": "max", "n_layers": 1, "d_model": 7},
    "s4d, one scale": {"core": "s4d", "n_scales": 0, "pooling": "mean", "n_layers": 1},
    "s6, a tap": {"core": "s6", "kernel_size": 1, "n_classes": 4, "n_layers": 1, "d_model": 5},
}


class Late(Core):
    """y_t = rate · x̂_{t−1} + x_t: a core from outside."""

    def __init__(self, config: MSSSMConfig):
        super().__init__(config)
        self.rate = nn.Parameter(torch.linspace(0.2, 2.0, config.n_streams))

    def forward(
        self, streams: Tensor, x: Tensor, lengths: Tensor | None = None, times: Tensor | None = None
    ) -> Tensor:
        before = torch.cat([torch.zeros_like(streams[:, :, :1]), streams[:, :, :-1]], 2)
        return self.rate[:, None, None, None] * before + x

    def initial_state(self, batch: int) -> Tensor:
        return torch.zeros(len(self.rate), batch, 1)

    def step(self, streams: Tensor, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        return self.rate[:, None, None] * state + x, streams


class LateInC(Late):
    """The same, with its step in C."""

    def step_in_c(self) -> StepInC:
        code = """(void)read;
for (int i = 0; i < STREAMS * WIDTH; i++) {
    const float now = y[i];
    y[i] = w->rate[i / WIDTH] * state[i] + x[i % WIDTH];
    state[i] = now;
}"""
        return StepInC(code, {"rate": self.rate}, len(self.rate) * 8, {})


@needs_compiler
def test_a_core_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CORES, "_entries", dict(CORES._entries))
    CORES.register("late", "the step before", lambda: LateInC)
    report = export_c(causal(core="late", d_model=8, n_layers=1).model_, tmp_path / "m.c")
    assert report.difference is not None
    assert report.source is not None
    assert report.difference < 1e-5
    assert report.source.multiply_adds is None
    assert "the core does not say what it reckons" in (tmp_path / "m.h").read_text()


@pytest.fixture(scope="module")
def flags(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """With the sanitizers, where they link."""
    file = tmp_path_factory.mktemp("linked") / "empty.c"
    file.write_text("int main(void) { return 0; }\n")
    command = [*(COMPILER or []), *SANITIZED, str(file), "-o", str(file.with_suffix(".exe"))]
    done = subprocess.run(command, capture_output=True, check=False)
    return STRICT if done.returncode else (*STRICT, *SANITIZED)


@pytest.fixture(scope="module", params=list(CASES))
def model(request: pytest.FixtureRequest) -> FittedModel:
    settings = {"core": request.param, **CASES[request.param]}
    return causal(**settings).model_


@pytest.fixture(scope="module")
def small() -> MSSSMClassifier:
    return causal(core="lti", n_classes=3, d_model=4, n_layers=1, n_scales=1)


def program(model: FittedModel, folder: Path, flags: Any, int8: bool = False) -> Program:
    folder.mkdir(exist_ok=True)
    return compiled(written(model, "m", "m", int8), model, "m", folder, flags)


def made(model: FittedModel) -> list[np.ndarray[Any, Any]]:
    """Series of odd lengths, with gaps where the model takes them."""
    series = [a_series(model.source.n_channels, n, n) for n in (1, 2, 47, 113)]
    if model.missing == "mask":
        rng = np.random.default_rng(5)
        for one in series[2:]:
            one[rng.random(one.shape) < 0.2] = np.nan
            one[:, rng.random(one.shape[1]) < 0.2] = np.nan
            one[:, :2] = np.nan
            one[0, 2] = 1.0
    return [one.astype(np.float32) for one in series]


@needs_compiler
def test_every_step_and_whole_series(
    model: FittedModel, flags: tuple[str, ...], tmp_path: Path
) -> None:
    answers, facts = program(model, tmp_path, flags).run(series := made(model), every=True)
    # The one of the model's own whole-series path, not of its steps.
    for one, answer in zip(series, answers, strict=True):
        n = one.shape[1]
        first = int((~np.isnan(one)).any(0).argmax())
        expected = model.predict_proba([one[:, : t + 1] for t in range(first, n)])
        assert np.isnan(answer[:first]).all()
        np.testing.assert_allclose(answer[first:n], expected, rtol=0, atol=1e-5)
        np.testing.assert_array_equal(answer[n], answer[n - 1])
        chosen = model.labels.chosen(answer[n : n + 1])
        ours = answer[n + 1] if model.labels.multilabel else answer[n + 1, :1]
        np.testing.assert_array_equal(ours.astype(int), np.ravel(chosen))
    assert np.ptp(answers[-1][3:113], axis=0).max() > 0.02
    assert facts["state_bytes"] == written(model, "m", "m").cost.ram


@needs_compiler
def test_in_8_bits(model: FittedModel, tmp_path: Path) -> None:
    near, series = quantized(model), made(model)
    answers, _ = program(near, tmp_path, STRICT, int8=True).run(series)
    ours = np.array([answer[0] for answer in answers])
    np.testing.assert_allclose(ours, near.predict_proba(series), rtol=0, atol=1e-5)
    assert 1e-5 < np.abs(ours - model.predict_proba(series)).max() < 0.2
    whole, less = written(model, "m", "m"), written(near, "m", "m", int8=True)
    assert less.cost.flash < whole.cost.flash
    sizes = {"int8_t": 1, "float": 4, "double": 8}
    for source in (whole, less):
        found = re.findall(r"^static const (\w+) \w+\[(\d+)\] = ", source.code, re.MULTILINE)
        assert sum(sizes[kind] * int(n) for kind, n in found) == source.cost.flash
    assert "int8_t" in less.code
    assert "const int8_t" not in whole.code


def test_a_source_allocates_nothing_and_is_the_same_every_time(model: FittedModel) -> None:
    source = written(model, "beat", "heart")
    again = written(model, "beat", "heart")
    assert source == again
    includes = re.findall(r"#include (\S+)", source.code + source.header)
    assert includes == ['"heart.h"', "<math.h>", "<stddef.h>", "<stdint.h>"]
    assert not re.search(r"alloc|free\(|printf|static (?!const|inline|void)", source.code)
    outside = re.findall(r"^(?!static|typedef|enum|#|/|\s|\}|\{)\w.*?(\w+)[(\[]", source.code, re.M)
    assert outside
    assert all(name.startswith("beat_") for name in outside)


def test_weights_are_written_to_the_bit(small: MSSSMClassifier) -> None:
    code = written(small.model_, "m", "m").code
    found = re.search(r"layer0_input_weight\[16\] = \{(.*?)\}", code, re.DOTALL)
    assert found is not None
    values = np.array([np.float32(text.strip("f\n ")) for text in found[1].split(",")])
    weight = small.network_.blocks[0].input.weight.detach().numpy()
    np.testing.assert_array_equal(values, weight.ravel())


@needs_compiler
def test_the_stack_is_about_what_is_said(small: MSSSMClassifier, tmp_path: Path) -> None:
    for model in (small.model_, causal(core="s6", d_model=48, n_layers=1).model_):
        source = written(model, "m", "m")
        (tmp_path / "m.h").write_text(source.header)
        (tmp_path / "m.c").write_text(source.code)
        command = [*(COMPILER or []), "-std=c99", "-Os", "-c", "-fstack-usage", "m.c"]
        if subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode:
            pytest.skip("this compiler does not say what is on the stack")
        lines = (tmp_path / "m.su").read_text().splitlines()
        used = {line.split("\t")[0].split(":")[-1]: int(line.split("\t")[1]) for line in lines}
        assert 0.6 * source.cost.stack < sum(used.values()) < 1.5 * source.cost.stack


MAIN = """
#include "m.h"
#include <math.h>
#include <stdio.h>
static m_state state, before;
int main(void)
{
    float p[M_CLASSES], sample[M_CHANNELS] = {3.0f};
    m_init(&state);
    int empty = m_probabilities(&state, p);
    printf("%d %d ", empty, isnan(p[0]) != 0);
    m_step(&state, sample);
    before = state;
    sample[M_CHANNELS - 1] = NAN;
    printf("%d ", m_step(&state, sample));
    sample[M_CHANNELS - 1] = INFINITY;
    printf("%d ", m_step(&state, sample));
    m_probabilities(&state, p);
    float first = p[0];
    m_probabilities(&before, p);
    printf("%d %d %s\\n", first == p[0], M_SAMPLING_RATE == 250.0f, m_class_names[1]);
    return 0;
}
"""


@needs_compiler
def test_what_functions_return(tmp_path: Path) -> None:
    nasty = 'a"b\\ ??/ */ é\n'
    for missing, of_nan in (("error", "2"), ("mask", "0")):
        model = causal(2, core="lti", d_model=4, n_layers=1, n_scales=1, missing=missing).model_
        labels = replace(model.labels, classes=np.array(["x", nasty]))
        names = replace(model.source, sampling_rate=250.0, channel_names=("/* I", "II */"))
        source = written(replace(model, labels=labels, source=names), "m", "m")
        for name, content in (("m.h", source.header), ("m.c", source.code), ("main.c", MAIN)):
            (tmp_path / name).write_text(content, encoding="ascii")
        command = [*(COMPILER or []), *STRICT, "m.c", "main.c", "-lm"]
        subprocess.run([*command, "-o", "a.exe"], cwd=tmp_path, check=True)
        done = subprocess.run([tmp_path / "a.exe"], capture_output=True, check=True)
        same = "1" if of_nan == "2" else "[01]"
        expected = f"1 1 {of_nan} 2 {same} 1 {re.escape(nasty)}\n"
        assert re.fullmatch(expected, done.stdout.decode("utf-8"))


def test_names_stay_names() -> None:
    assert json.loads(string('a"b\\').replace("\\?", "?")) == 'a"b\\'
    for text in ("*/", "/*/", "*//*", "*" + "/" * 3):
        written_out = comment(text)
        assert "*/" not in written_out
        assert "/*" not in written_out


@needs_compiler
@pytest.mark.parametrize("by_threshold", [True, False])
def test_how_a_class_is_chosen(small: MSSSMClassifier, by_threshold: bool, tmp_path: Path) -> None:
    series = [a_series(length=9, seed=i).astype(np.float32) for i in range(60)]
    middle = np.median(np.log(small.predict_proba(series)), 0)
    decision = (
        OperatingPoint(1, float(np.exp(middle[1])))
        if by_threshold
        else LogPriors("macro_f1", 1.0, tuple((-middle).tolist()))
    )
    model = small.model_.deciding(decision)
    answers, _ = program(model, tmp_path, STRICT).run(series)
    proba = np.array([answer[0] for answer in answers])
    chosen = np.array([int(answer[1, 0]) for answer in answers])
    np.testing.assert_array_equal(chosen, model.labels.chosen_columns(proba.astype(np.float64)))
    assert (chosen != proba.argmax(1)).any()
    assert len(set(chosen)) == (2 if by_threshold else 3)


@needs_compiler
def test_far_values_and_offsets(tmp_path: Path) -> None:
    """Values are limited, and a small signal on a large offset is not lost."""
    X = 1e5 + a_series(2, 60).repeat(4, 0).reshape(4, 2, 60) + np.arange(4)[:, None, None]
    X[1, 1, 7] = 1e9
    settings: dict[str, Any] = {"d_model": 8, "n_layers": 1, "max_epochs": 1, "random_state": 0}
    fitted = MSSSMClassifier(members=["network"], bidirectional=False, **settings)
    model = fitted.fit(X, [0, 1, 0, 1]).model_
    assert model.preparation.limits
    series = list(X.astype(np.float32))
    answers, _ = program(model, tmp_path, STRICT).run(series)
    proba = np.array([answer[0] for answer in answers])
    np.testing.assert_allclose(proba, model.predict_proba(series), rtol=0, atol=1e-5)


def test_what_is_refused(small: MSSSMClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = np.random.default_rng(0).normal(size=(8, 20)), np.arange(8) % 2
    vote = MSSSMClassifier("fast", random_state=0).fit(X, y).model_
    assert "only a network alone" in str(why_not_in_c(vote))
    own = replace(small.model_, preparation=Preparation(standardize="series"))
    assert "--standardize global" in str(why_not_in_c(own))
    assert why_not_in_c(small.model_) is None
    monkeypatch.setattr(CORES, "_entries", dict(CORES._entries))
    CORES.register("late", "the step before", lambda: Late)
    plugin = causal(core="late", d_model=4, n_layers=1).model_
    assert "core 'late' has no step in C" in str(why_not_in_c(plugin))
    for name, stem, sentence in (
        ("2x", "m.c", "name '2x': must be"),
        ("a-b", "m.c", "name 'a-b': must be"),
        (None, "m.cpp", "ends in .c"),
        (None, 'a"b.c', "is included by its name"),
    ):
        with pytest.raises(InputError, match=sentence):
            export_c(small.model_, stem, name=name)


@needs_compiler
def test_a_source_that_differs_is_not_written(
    small: MSSSMClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("msssm_ts.export.c.source.LARGEST_DEVIATION", 0.5)
    (tmp_path / "m.c").write_text("old")
    with pytest.raises(ExportError, match=r"differ from the model's by up to .* than 1e-05; noth"):
        export_c(small.model_, tmp_path / "m.c")
    assert [file.name for file in tmp_path.iterdir()] == ["m.c"]
    assert (tmp_path / "m.c").read_text() == "old"


@pytest.fixture(scope="module")
def saved(small: MSSSMClassifier, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    small.save(folder / "model.safetensors")
    return folder


@needs_compiler
def test_command(saved: Path, tmp_path: Path) -> None:
    data = tmp_path / "data.csv"
    rows = [f"{i % 3}," + ",".join(f"{v:.4g}" for v in a_series(seed=i)[0, :15]) for i in range(6)]
    data.write_text("\n".join(["label," + ",".join(f"t{i}" for i in range(15)), *rows]))
    target = tmp_path / "my-heart.c"
    wanted = ("--int8", "--example", "--benchmark", "--data", data, "--json")
    out, err = run("export", saved, "--format", "c", "-o", target, *wanted)
    result = json.loads(out)
    assert result["files"] == [str(tmp_path / f"my-heart{end}") for end in (".h", ".c", "_main.c")]
    assert "took 'my_heart' for what names begin with" in err
    assert result["largest_difference"] < 1e-5 < result["quantized_largest_difference"]
    assert result["series_compared"] == 19 + 6
    assert result["flash_bytes"] < result["flash_bytes_float32"]
    assert set(result["accuracy"]) == {"model", "file"}
    assert result["microseconds"]["file"] < result["microseconds"]["model"]
    header = target.with_suffix(".h").read_text()
    assert f"{result['multiply_adds']:,} multiply-adds" in header
    assert f"RAM        {result['ram_bytes']:,} bytes" in header
    command = [*(COMPILER or []), *STRICT, target.name, "my-heart_main.c", "-lm", "-o", "a.exe"]
    subprocess.run([c for c in command if c != "-O1"], cwd=tmp_path, check=True)
    samples = a_series(length=5)[0]
    done = subprocess.run(
        [tmp_path / "a.exe"], input="\n".join(map(repr, samples.tolist())),
        text=True, capture_output=True, check=True,
    )  # fmt: skip
    last = done.stdout.splitlines()[-1].split()
    near = quantized(MSSSMClassifier.load(saved).model_)
    np.testing.assert_allclose(
        [float(p) for p in last[1:]], near.predict_proba([samples[None]])[0], atol=2e-5
    )
    _, err = run("export", saved, "--format", "c", "-o", target, code=2)
    assert "exists already" in err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--name", "x"), "--name is for --format c, not for onnx"),
        (("--example", "--format", "pt2"), "--example is for --format c, not for pt2"),
        (("--format", "c", "-o", "m.h"), "ends in .c"),
        (("--format", "c", "--name", "2"), "name '2': must be"),
        (("--format", "c", "--benchmark"), "there is no C compiler"),
    ],
)
def test_mistakes_get_one_sentence(
    arguments: tuple[str, ...], sentence: str, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    _, err = run("export", saved, *arguments, "-q", code=2)
    assert sentence in err
    assert len(err.splitlines()) == 1


def test_without_a_compiler_it_says_so(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler")
    out, err = run("export", saved, "--format", "c", "--quantize", "int8")
    assert "no C compiler on this machine" in err
    assert "not compared" in out
    assert "after int8" in out
    assert (saved / "model.c").is_file()
    assert (saved / "model.h").is_file()
