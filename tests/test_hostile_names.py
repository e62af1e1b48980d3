"""Names from data that would act: on a terminal, in a picture, in a page, in a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from commands import run
from test_report import check_stands_alone

from msssm_ts.analysis.literal import literal_names
from msssm_ts.cli.shown import console
from msssm_ts.cli.shown.csv_text import CsvText
from msssm_ts.cli.shown.tables import show_table
from msssm_ts.display import TrainingDisplay
from msssm_ts.text import visible

CLASSES = ("=1+1\x1b[31m[red]a$", "b\u202e\r\nmsssm-ts: all is well\x9b2J<script>:bomb:")
CHANNELS = ("@x\x07 $\\frac{", "_y% ^\x1b]0;owned\x07")
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data whose every name is hostile, and a model of it."""
    room = tmp_path_factory.mktemp("names") / "a\x1b[31m[b]\nfolder"
    room.mkdir()
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(24, 2, 40)), np.arange(24) % 2
    X[y == 1, 0] += np.sin(np.arange(40))
    np.savez(
        room / "data.npz", X=X, y=np.array(CLASSES)[y], channel_names=CHANNELS, fs=50.0,
        ids=[f"-{i}+\x1b[2Jid\n$" for i in range(24)], units=["m\x1bV", "m\x1bV"],
        groups=[f"=p{i % 6}\x9b" for i in range(24)], group_name="who\x1b[1m",
    )  # fmt: skip
    return room


def shown(text: str, *names: str) -> None:
    """See that a text acts on nothing, and shows the names."""
    assert not ACTS.search(text), repr(text)
    assert "\nmsssm-ts: all is well" not in text
    for name in names:
        assert visible(name) in text, (name, text)


def test_through_every_command(room: Path) -> None:
    data, model = room / "data.npz", room / "run"
    shown("".join(run("fit", data, "--preset", "fast", "--out", model, "--seed", "0")), *CLASSES)
    shown("".join(run("info", model)), *CLASSES, *CHANNELS)
    shown(
        "".join(run("card", model)),
    )
    shown("".join(run("data", "info", data)), *CLASSES, *CHANNELS)
    shown("".join(run("data", "preview", data, "--out", room / "preview.png")), *CLASSES)

    page = room / "page\x1b.html"
    shown("".join(run("evaluate", model, data, "--report", page)), *CLASSES)
    html = check_stands_alone(page.read_text(encoding="utf-8"))
    shown(page.read_text(encoding="utf-8"))
    assert "msssm-ts: all is well" in html.text

    shown("".join(run("inspect", model, data, "--out", room / "pictures")), CLASSES[0])
    again = shutil.copytree(model, room / "again")
    shown("".join(run("compare", model, again, "--data", data)), str(room))
    _, err = run("predict", model, room / "none\x1b[2J", code=2)
    shown(err, "none\x1b[2J")

    # JSON and CSV hold them as they are.
    out, _ = run("predict", model, data, "--json")
    shown(out)
    rows = json.loads(out)
    assert {row["prediction"] for row in rows} <= set(CLASSES)
    assert rows[3]["id"] == "-3+\x1b[2Jid\n$"
    out, err = run("predict", model, data)
    read = list(csv.DictReader(io.StringIO(out, newline="")))
    assert [row["id"] for row in read] == [row["id"] for row in rows]
    assert [row["prediction"] for row in read] == [row["prediction"] for row in rows]
    n_risky = 24 + sum(row["prediction"] == CLASSES[0] for row in rows)
    assert f"{n_risky} names begin with =, +, - or @" in err
    out, err = run("predict", model, data, "--safe-csv")
    assert "spreadsheet" not in err
    safe = list(csv.DictReader(io.StringIO(out, newline="")))
    assert [row["id"] for row in safe] == [f"'{row['id']}" for row in rows]
    assert all(not row["prediction"].startswith("=") for row in safe)


def test_converted_tables(room: Path) -> None:
    _, err = run("data", "convert", room / "data.npz", room / "long.csv")
    assert "61 names begin with =" in err
    shown(err)
    _, err = run("data", "convert", room / "data.npz", room / "safe.csv", "--safe-csv")
    assert "spreadsheet" not in err
    starts = {cell[:1] for row in csv.reader((room / "safe.csv").open(newline="")) for cell in row}
    assert not starts & set("=+@")
    _, err = run("data", "convert", room / "data.npz", room / "x.npz", "--safe-csv", code=2)
    assert "is no CSV file" in err


def test_markup_and_pictures_in_words_do_not_act(capsys: pytest.CaptureFixture[str]) -> None:
    name = "[red]a[/red]:bomb:"
    show_table([name], [[name]], title=name)
    console.show_pairs({name: name})
    console.show(name)
    console.say(name)
    with TrainingDisplay() as display:
        display.stage(f"{name}\x1b", 2, 2)
    captured = capsys.readouterr()
    assert captured.out.count(name) == 6
    assert captured.err.count(name) == 2
    assert "\x1b" not in captured.out + captured.err


def test_csv_on_a_terminal_acts_on_nothing() -> None:
    table = CsvText(shown=True)
    assert table.line(["a\x1b[31m", 1.5, None]) == "a\\x1b[31m,1.5,\n"
    # A pipe gets what there is, and a reader the same cells.
    line = CsvText().line(["a\rb", "c\n", 1])
    assert next(csv.reader(io.StringIO(line, newline=""))) == ["a\rb", "c\n", "1"]


@pytest.mark.parametrize("name", ["$", "$a$", "\\alpha", "a_b^c", "5 %", "$\\undefined{$"])
def test_names_are_drawn_as_they_are(name: str) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"text.usetex": True}), literal_names():
        figure = Figure()
        title = figure.suptitle(name)
    figure.savefig(io.BytesIO(), format="svg")
    out = io.StringIO()
    with rc_context({"svg.fonttype": "none"}):
        figure.savefig(out, format="svg")
    assert f">{name}<" in out.getvalue()
    assert title.get_text() == name
