"""Options from a file, and the file that a run folder gets."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import typer
from commands import run

from msssm_ts import MSSSMClassifier
from msssm_ts.cli.app import app
from msssm_ts.cli.given.config import Key, config_text
from msssm_ts.fitted.model_file import model_tensors

NOT_IN_FILES = {"--config", "--resume", "--debug"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    X = np.random.default_rng(0).normal(size=(16, 12)).round(3)
    lines = ["kind,who,noise," + ",".join(f"t{i}" for i in range(12))]
    for i, row in enumerate(X + np.arange(16)[:, None] % 2):
        lines.append(f"{'ab'[i % 2]},w{i // 2},{i},{','.join(map(str, row.round(3)))}")
    file = tmp_path_factory.mktemp("data") / "x.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def _options(command: str) -> set[str]:
    return {p.opts[0] for p in typer.main.get_command(app).commands[command].params}  # type: ignore[attr-defined]


def test_a_run_folder_gives_the_same_model_again(data: Path, tmp_path: Path) -> None:
    settings = ("--members", "quantile_trees", "--seed", "3", "--class-weight", "balanced")
    settings += ("--time-budget", "10m")
    reading = ("--label", "kind", "--group", "who", "--drop", "noise", "--with", "none")
    preparing = ("--crop", "8", "--overlap", "0.25", "--decide", "macro_f1", "--ungrouped")
    run("fit", data, *settings, *reading, *preparing, "-o", tmp_path / "a", "-q")
    run("fit", "--config", tmp_path / "a" / "config.toml", "-o", tmp_path / "b", "-q")
    first, again = (MSSSMClassifier.load(tmp_path / name).model_ for name in "ab")
    assert first.record.parameters == again.record.parameters
    assert first.record.parameters["preparation"]["overlap"] == 0.25
    assert first.record.parameters["time_budget"] == 600
    assert first.source.origin == again.source.origin
    ours, theirs = model_tensors(first), model_tensors(again)
    assert ours.keys() == theirs.keys()
    assert all(np.array_equal(ours[name], theirs[name]) for name in ours)
    files = [(tmp_path / name / "config.toml").read_text() for name in "ab"]
    assert files[0] == files[1]


def test_the_command_line_wins(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(
        'label = "kind"\nmembers = ["quantile_trees"]\nseed = 3\nmixup = 0.2\nungrouped = true\n'
        "time-budget = 90\n"
        'drop = ["noise", "who"]\n'
    )
    out, _ = run("fit", data, "--config", file, "--seed", "4", "-o", tmp_path / "r", "-q", "--json")
    found = json.loads(out)["settings"]
    assert (found["random_state"], found["mixup"], found["time_budget"]) == (4, 0.2, 90)
    assert found["members"] == ["quantile_trees"]
    kept = tomllib.loads((tmp_path / "r" / "config.toml").read_text())
    assert (kept["seed"], kept["drop"], kept["mixup"]) == (4, ["noise", "who"], "0.2")
    assert not {"out", "force", "quiet", "json"} & kept.keys()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("widht = 3", "there is no option 'widht'; is width meant?"),
        ("n_scales = 3", "there is no option 'n_scales'; is scales meant?"),
        ("time_budget = 3", "is time-budget meant?"),
        ("bogus = 3", "there is no option 'bogus'; msssm-ts fit --help has them all"),
        ("[network]\nwidth = 3", "there is no option 'network'"),
        ('width = "3"', 'width = "3": must be a whole number'),
        ("width = 2.0", "must be a whole number"),
        ("width = true", "must be a whole number"),
        ("width = 0", "must be at least 1"),
        ("width = 5000", "must be at most 4096"),
        ('dropout = "much"', "must be a number"),
        ("dropout = nan", "must be at least 0"),
        ("causal = 1", "causal = 1: must be true or false"),
        ('pooling = "sum"', "must be one of mean, max, mean_max, last"),
        ("members = true", "must be a text"),
        ("label = ['a', 'b']", "must be a text"),
        ("out = 3", "must be a text"),
        ("drop = [true]", "must be a text"),
        ("resume = 'r'", "resume can only be said on the command line"),
        ("width = ", "is no TOML"),
        ("width = 3\nwidth = 4", "is no TOML"),
        ("a = " + "[" * 5000, "is no TOML"),
    ],
)
def test_refused(data: Path, tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    _, err = run("fit", data, "--config", file, "-o", tmp_path / "r", code=2)
    assert err.startswith(f"msssm-ts: {file}: ")
    assert said in err
    assert not (tmp_path / "r").exists()


def test_a_file_of_a_windows_editor(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('label = "kind"\npreset = "fast"\n', encoding="utf-8-sig")
    run("fit", data, "--config", file, "-o", tmp_path / "run", "-q")


@pytest.mark.parametrize("text", ["", "# width = 128\n"])
def test_a_file_that_sets_nothing(data: Path, tmp_path: Path, text: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    _, err = run("fit", data, "--config", file, "--label", "nothing", code=2)
    assert f"{file}: sets nothing" in err


def test_files_that_cannot_be_read(data: Path, tmp_path: Path) -> None:
    _, err = run("fit", data, "--config", tmp_path / "none.toml", code=2)
    assert "none.toml: cannot be read" in err
    (tmp_path / "c.toml").write_bytes(b"label = '\xff'")
    _, err = run("fit", data, "--config", tmp_path / "c.toml", code=2)
    assert "is no TOML" in err
    _, err = run("fit", "--config", tmp_path / "c.toml", "--resume", tmp_path, code=2)
    assert "leave one of them out" in err


def test_another_commands_options_are_named(data: Path, tmp_path: Path) -> None:
    given = ("--members", "quantile_trees", "--label", "kind", "--group", "who")
    run("crossval", data, "--folds", "2", *given, "-o", tmp_path / "a", "-q")
    file = tmp_path / "a" / "config.toml"
    _, err = run("fit", "--config", file, "-o", tmp_path / "b")
    assert (
        "folds, repeats, bootstrap, models, label-errors, learning-curve: without effect here "
        "(but in msssm-ts crossval)" in err
    )
    (tmp_path / "of_two.toml").write_text("exemplars = 2")
    _, err = run("tune", "nosuch.csv", "--config", tmp_path / "of_two.toml", code=2)
    assert "exemplars: without effect here (but in msssm-ts crossval and fit)" in err
    assert tomllib.loads(file.read_text())["folds"] == 2
    run("crossval", "--config", file, "--repeats", "1", "-o", tmp_path / "c", "-q")
    answers = [(tmp_path / name / "predictions.csv").read_bytes() for name in "ac"]
    assert answers[0] == answers[1]


@pytest.mark.parametrize("command", ["fit", "crossval"])
def test_every_option_has_a_key(command: str) -> None:
    from msssm_ts.cli.given import config

    spelt = {option.removeprefix("--") for option in _options(command) - NOT_IN_FILES}
    assert config._KEYS[command] == spelt


@pytest.mark.parametrize(
    "text", ["plain", 'a "b" \\ c', "two\nlines\t", "\x7f\x9b\x00", "é 心 \U0001f642", "\u202e"]
)
def test_any_text_comes_back(text: str) -> None:
    keys = {"label": Key("label", "label", str, False, typer.Option())}
    written = config_text("fit", keys, {"label": text})
    assert tomllib.loads(written) == {"label": text}
    assert not any(character in written for character in "\x7f\x9b\u202e")


def test_a_name_that_is_no_text_is_left_out() -> None:
    keys = {"label": Key("label", "label", str, False, typer.Option())}
    written = config_text("fit", keys, {"label": "\udcff"})
    assert tomllib.loads(written) == {}
    assert "# label" in written


def test_every_parameter_can_be_said() -> None:
    from dataclasses import fields

    from msssm_ts.cli.fit.model_options import WITHOUT_OPTION
    from msssm_ts.parameters import specs
    from msssm_ts.preparation import Preparation

    options = {p.name: p for p in typer.main.get_command(app).commands["fit"].params}  # type: ignore[attr-defined]
    for name, _, spec in specs():
        assert (name in options) == (name not in WITHOUT_OPTION), name
        assert spec.option is None or spec.option in options[name].opts
    for name in (*("early_stopping", "n_iter_no_change", "dtype"), *("mels", "limits")):
        assert options[name].rich_help_panel == "Advanced"
    others = {"sampling_rate": "rate", "window": "crop", "n_mels": "mels", "n_mfcc": "cepstra"}
    of_preparation = {others.get(field.name, field.name) for field in fields(Preparation)}
    assert of_preparation <= options.keys()


def test_advanced_settings_act(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text(
        'early-stopping = true\nvalidation-fraction = 0.3\npatience = 7\nlabel = "kind"'
    )
    given = ("--config", file, "--members", "quantile_trees", "--limits", "-1,2", "--json")
    out, err = run("fit", data, *given, "--dtype", "float64", "-o", tmp_path / "r")
    found = json.loads(out)["settings"]
    assert (found["early_stopping"], found["validation_fraction"]) == (True, 0.3)
    assert (found["n_iter_no_change"], found["dtype"]) == (7, "float64")
    assert found["preparation"]["limits"][0] == [-1.0, 2.0]
    assert "without a network, n_iter_no_change=7 had nothing to act on" in err
    assert "early_stopping=True, validation_fraction=0.3 had nothing to act on: no member" in err
    sound = ("--fs", "8000", "--features", "mfcc", "--cepstra", "3", "--mels", "5")
    frames = ("--frame-length", "0.001", "--frame-step", "0.0005", "--full-scale", "4")
    asked = (*sound, *frames, "--label", "kind", "--early-stopping", "no", *given[2:4])
    out, _ = run("fit", data, *asked, "-o", tmp_path / "s", "--json")
    found = json.loads(out)["settings"]["preparation"]
    assert [found[n] for n in ("n_mfcc", "n_mels", "full_scale")] == [3, 5, 4.0]
    assert (found["frame_length"], found["frame_step"]) == (0.001, 0.0005)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--mels", "5"), "--mels has no effect without --features logmel or mfcc"),
        (("--fs", "8000", "--features", "logmel", "--cepstra", "5"), "without --features mfcc"),
        (
            ("--fs", "8000", "--features", "logmel", "--frame-step", "0"),
            "--frame-step must be positive",
        ),
        (("--limits", "3,2"), "--limits 3,2: must be the lower number, then the higher"),
        (("--patience", "some"), "--patience some: must be a number, or auto"),
        (("--validation-fraction", "1"), "--validation-fraction must lie in [0, 1)"),
    ],
)
def test_advanced_settings_refused(
    data: Path, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    _, err = run("fit", data, *options, "--label", "kind", "-o", tmp_path / "r", code=2)
    assert said in err
