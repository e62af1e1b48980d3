"""The model card: what is recorded, what is not, the metadata, and the paragraph for a paper."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from commands import run

from msssm_ts.analysis.card.facts import Sources, card_facts
from msssm_ts.analysis.card.page import card_page
from msssm_ts.fitted.artifact import read_header
from msssm_ts.members import MEMBERS
from msssm_ts.method import Method
from msssm_ts.model import MSSSMConfig
from msssm_ts.model.cores import CORES

GOLDEN = Path(__file__).parent / "golden"
FAST = GOLDEN / "schema8" / "fast.safetensors"


def sources(name: str, **more: Any) -> Sources:
    return Sources("m", read_header(GOLDEN / f"{name}.safetensors"), **more)


def read_yaml(text: str) -> Any:
    """Read YAML of plain keys and values that are JSON, block by block."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    indent = [len(line) - len(line.lstrip(" ")) for line in lines]
    assert indent[0] == 0

    def block(i: int, depth: int) -> tuple[Any, int]:
        if lines[i].startswith(" " * depth + "- "):
            items = []
            while i < len(lines) and lines[i].startswith(" " * depth + "- "):
                rest = lines[i][depth + 2 :]
                if re.match(r"[\w-]+:", rest):
                    lines[i], indent[i] = " " * (depth + 2) + rest, depth + 2
                    item, i = block(i, depth + 2)
                else:
                    item, i = json.loads(rest), i + 1
                items.append(item)
            return items, i
        found = {}
        while i < len(lines) and indent[i] == depth and not lines[i].lstrip().startswith("- "):
            match = re.fullmatch(r"([\w-]+):(?: (.+))?", lines[i].lstrip())
            assert match, lines[i]
            if match[2] is not None:
                found[match[1]], i = json.loads(match[2]), i + 1
            else:
                found[match[1]], i = block(i + 1, indent[i + 1])
        return found, i

    value, end = block(0, 0)
    assert end == len(lines)
    return value


def parts(page: str) -> tuple[dict[str, Any], str]:
    """Return the metadata and the Markdown."""
    _, front, text = page.split("---\n", 2)
    return read_yaml(front), text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder, and scores on test data."""
    folder = tmp_path_factory.mktemp("card")
    rows = [f"{'ab'[i % 2]},p{i // 2 % 6},{i % 2},0,{i % 3},{i % 2}" for i in range(24)]
    text = "label,patient,t0,t1,t2,t3\n" + "\n".join(rows) + "\n"
    (folder / "beats_TRAIN.csv").write_text(text)
    command = ("--group", "patient", "--fs", "50", "--out", folder / "run")
    run("fit", folder / "beats_TRAIN.csv", *command, "--members", "quantile_trees", "-q")
    scores = run("evaluate", folder / "run", folder / "beats_TRAIN.csv", "--json", "-q")[0]
    (folder / "test.json").write_text(scores)
    return folder


def test_a_run_says_what_it_records(folder: Path) -> None:
    facts = json.loads(run("card", folder / "run", "--json")[0])
    data = facts["data"]
    assert (data["name"], data["n_series"], data["lengths"]) == ("beats_TRAIN.csv", 24, [4, 4])
    assert data["classes"] == {"a": 12, "b": 12}
    assert (data["groups"], data["n_groups"], data["sampling_rate"]) == ("patient", 6, 50.0)
    assert facts["split"]["left_out"] == "patient"
    assert [row["kind"] for row in facts["members"]] == ["quantile_trees"]
    header = read_header(folder / "run")
    assert facts["scores"] == {"left_out": header["training"]["estimate"], "test": None}
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT[\d:]{8}\+00:00", facts["fit"]["date"])
    # What concerns a network had nothing to act on.
    assert "learning_rate" not in facts["settings"]
    assert "validation_fraction" not in facts["settings"]
    assert facts["settings"]["random_state"] == {"value": 0, "default": False}
    assert any("6 groups (patient), which is few" in line for line in facts["limits"])
    assert any("50 Hz" in line for line in facts["limits"])
    page = run("card", folder / "run")[0]
    assert "| groups | 6 (patient) |" in page
    assert "Scores on test data: not recorded" in page
    assert "predict_proba(X, sampling_rate=50)" in page


def test_scores_on_test_data(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "README.md"
    asked = ("card", folder / "run", "--test", folder / "test.json", "--out", file)
    _, err = run(*asked)
    assert "no licence is said" in err
    front, text = parts(file.read_text(encoding="utf-8"))
    scores = json.loads((folder / "test.json").read_text())
    left_out, test = front["model-index"][0]["results"]
    found = {m["type"]: m["value"] for m in test["metrics"]}
    assert found["accuracy"] == pytest.approx(scores["accuracy"], abs=1e-4)
    assert left_out["dataset"] == {
        "name": "beats_TRAIN.csv", "type": "beats_TRAIN.csv", "split": "training series left out",
    }  # fmt: skip
    recall = scores["per_class"]["b"]["recall"]
    assert re.search(rf"^\| b \| 12 \| [\d.]+ \| {recall:.3f} \|", text, re.M)
    assert "license" not in front
    assert "exists already" in run(*asked, code=2)[1]


def test_licences() -> None:
    known = parts(card_page(sources("schema8/fast"), "m", "CC-BY-4.0"))[0]
    assert (known["license"], "license_name" in known) == ("cc-by-4.0", False)
    other = parts(card_page(sources("schema8/fast"), "m", "Ours: no"))[0]
    assert (other["license"], other["license_name"]) == ("other", "Ours: no")


def test_nothing_is_guessed_of_an_old_file_alone() -> None:
    facts = card_facts(sources("schema1/network_s6"))
    assert facts["data"]["n_series"] is None
    assert facts["data"]["classes"] == {"quick": None, "slow": None}
    assert facts["scores"] == {"left_out": None, "test": None}
    front, text = parts(card_page(sources("schema1/network_s6"), "m"))
    for line in ("data set", "training series", "sampling rate", "units", "groups", "date"):
        assert f"| {line} | not recorded |" in text
    assert "| quick | not recorded |" in text
    assert "95 %: not recorded" in text
    assert "model-index" not in front
    # What stands beside a model file alone may be of another one.
    assert json.loads(run("card", FAST, "--json")[0])["data"]["name"] is None


@pytest.mark.parametrize(
    "name",
    ["schema2/windows", "schema3/labels", "schema7/default", "schema8/features_labels",
     "schema8/log_priors", "schema8/operating_point", "schema7/sound", "schema7/limits"],
)  # fmt: skip
def test_every_kind_of_file_has_a_card(name: str) -> None:
    front, text = parts(card_page(sources(name), "m"))
    assert front["library_name"] == "msssm-ts"
    assert "Undefined" not in text
    assert not re.search(r"\bNone\b", text)
    facts = card_facts(sources(name))
    if name.endswith("operating_point"):
        assert "- operating point: " in text
        assert "vovk2005algorithmic" in facts["methods"]["bibtex"]
    if name.endswith("labels"):
        assert "from its own probability on" in text


def test_the_paragraph_cites_what_voted_and_nothing_else() -> None:
    facts = card_facts(sources("schema8/fast"))
    said = facts["methods"]
    cited = set(re.findall(r"@([\w:-]+)", said["text"]))
    assert cited == set(re.findall(r"@\w+\{([^,]+),", said["bibtex"]))
    assert {"dempster2021minirocket", "dempster2024quant", "guillaume2022random"} <= cited
    assert not cited & {"karami2025msssm", "gu2023mamba"}
    selective = card_facts(sources("schema7/network_s6"))["methods"]["bibtex"]
    assert "karami2025msssm" in selective
    assert "gu2023mamba" in selective
    assert "dempster" not in selective


def test_the_paragraph_says_what_became_of_time_stamps() -> None:
    assert "an even grid" in card_facts(sources("schema10/stamps_grid"))["methods"]["text"]
    assert "smith2023simplified" in card_facts(sources("schema10/stamps_use"))["methods"]["bibtex"]
    assert "grid" not in card_facts(sources("schema8/fast"))["methods"]["text"]


def test_every_member_and_core_of_the_package_brings_its_sentence() -> None:
    facts = {"core": "s6", "config": asdict(MSSSMConfig(1, 2, core="s6"))}
    facts["objective"] = "spans"
    for kind in MEMBERS.own_names():
        found = MEMBERS.get(kind).methods(facts)
        assert found, kind
    assert all(CORES.get(core).methods for core in CORES.own_names())
    with pytest.raises(ValueError, match="cited are"):
        Method("Nothing is cited.", ("@book{a2020, title = {A}}",))
    with pytest.raises(ValueError, match="cited are"):
        Method("Cited without an entry [@b2020].")


def test_a_member_that_brings_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MEMBERS.get("quantile_trees"), "methods", lambda facts: ())
    facts = card_facts(sources("schema8/log_priors"))
    assert facts["methods"]["without"] == ["quantile_trees"]
    assert "Extremely randomised trees on quantiles" in facts["methods"]["text"]
    assert "brings no reference" in card_page(sources("schema8/log_priors"), "m")


def test_names_are_only_names() -> None:
    hostile = "a|b <script>\n\n# *x* \x1b[31m `y` _z_"
    header = read_header(FAST)
    classes = {**header["classes"], "values": [hostile, "no"]}
    front, text = parts(card_page(Sources(hostile, {**header, "classes": classes}), "m"))
    assert front["model-index"][0]["name"] == hostile
    assert "\x1b" not in text
    assert "\n# \\*x" not in text
    # Every table row has as many cells as its head.
    row = next(line for line in text.splitlines() if "script" in line and line.startswith("|"))
    assert len(re.findall(r"(?<!\\)\|", row)) == 3
    assert "\\<script\\>" in row


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON object"),
        ('{"data": 1}', "no scores that"),
        ('{"accuracy": 1, "n_series": 1, "per_class": {"x": {}}}', "scores of the classes x"),
        ('{"accuracy": "1", "n_series": 1, "per_class": {"quick": {}, "slow": {}}}', "no number"),
    ],
)
def test_scores_that_are_none(text: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "test.json").write_text(text)
    out, err = run("card", FAST, "--test", tmp_path / "test.json", code=2)
    assert out == ""
    assert sentence in err
    assert str(tmp_path / "test.json") in err
    assert len(err.splitlines()) == 1


def test_what_cannot_be_asked_together(folder: Path, tmp_path: Path) -> None:
    assert "give one of them" in run("card", FAST, "--json", "--out", "x.md", code=2)[1]
    assert "--licence ' ': is empty" in run("card", FAST, "--licence", " ", code=2)[1]
    assert "no such file" in run("card", FAST, "--test", tmp_path / "none.json", code=2)[1]
    other = run("card", FAST, "--test", folder / "test.json", code=2)[1]
    assert "scores of the classes a, b, but the model knows quick, slow" in other
