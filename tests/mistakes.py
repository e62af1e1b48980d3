"""Mistakes that people make, and what msssm-ts says to them: docs/internals/mistakes.md has them.

``…`` stands for any text in what is said. Each is made in the folder that :func:`write_files`
fills, which is afterwards as it was.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np


class Mistake(NamedTuple):
    """What is typed behind ``msssm-ts``, what is said, and the exit code."""

    typed: str
    said: str
    code: int = 2


# What lies in the folder, for the page.
FILES = {
    "ecg.csv": "24 series of 12 steps, classes a and b in its column kind, people in who",
    "leads.npz": "series with channels I and II at 50 Hz",
    "heart": "a model of ecg.csv",
    "pair": "a model of leads.npz",
    "parts": "two tables, one without the column t1",
}
_MODEL = "give a run folder or a model.safetensors that 'msssm-ts fit' wrote"
_COLUMNS = "there are kind, who, t0, t1, …"
_MEMBERS = "('coarse_ridge', 'drawn_network', …, 'shapelet_ridge')"
_NO_INT = "Input should be a valid integer, unable to parse string as an integer"

MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "Typing errors in what msssm-ts knows": (
        Mistake("fitt ecg.csv", "No such command 'fitt'. Did you mean 'fit'?"),
        Mistake("data lst", "No such command 'lst'. Did you mean 'list'?"),
        Mistake(
            "fit ecg.csv --lable kind",
            "No such option: --lable (Possible options: --label, …)",
        ),
        Mistake(
            "fit big.csv --core s44",
            "Invalid value for '--core': 's44' is not one of 'gru', …, 's6'; is 's4d' meant?",
        ),
        Mistake("fit big.csv --preset fsat", "… is not one of 'fast', …; is 'fast' meant?"),
        Mistake(
            "fit big.csv --members ridge",
            f"--members must hold some of {_MEMBERS}, not 'ridge'; is 'scan_ridge' meant?",
        ),
        Mistake(
            "fit big.csv --features lgmel",
            "--features must be one of ('raw', 'logmel', 'mfcc'), not 'lgmel'; is 'logmel' meant?",
        ),
        Mistake(
            "fit big.csv --init pretrainde",
            "--init must be 'auto', 'random', 'pretrained' or an encoder's file, not 'pretrainde'; "
            "is 'pretrained' meant?",
        ),
        Mistake("tune big.csv --space netwrk", "…; is 'network' meant?"),
        Mistake("crossval big.csv --decide macrof1", "…; is 'macro_f1' meant?"),
        Mistake("export heart --format onxn", "…; is 'onnx' meant?"),
        Mistake(
            "fit big.csv --device gpu",
            "device 'gpu' cannot be used here: there is none of that kind; give auto, cpu or cuda",
        ),
        Mistake(
            "fit ecg.csv --log tensorbord",
            "--log tensorbord: must be tensorboard, mlflow or wandb",
        ),
        Mistake("fit s33://bucket/set", "s33://bucket/set: nothing here opens …; is 's3' meant?"),
        Mistake("fit BasicMotion", "BasicMotion: no such file, …; is 'BasicMotions' meant?"),
        Mistake("data info ECG20", "ECG20: no such file, …; is 'ECG200' meant?"),
        Mistake(
            "data get Cofee",
            "Cofee: no data set of that name; see msssm-ts data list; is 'Coffee' meant?",
        ),
        Mistake(
            "fit BasicMotions:tran",
            "BasicMotions:tran: a data set has the parts train and test, not 'tran'",
        ),
    ),
    "Typing errors in one's own names": (
        Mistake("fit ecgg.csv", "ecgg.csv: no such file, …; is 'ecg.csv' meant?"),
        Mistake(
            "fit ecg.csv --label knd",
            f"ecg.csv: no column 'knd' (--label); {_COLUMNS}; is 'kind' meant?",
        ),
        Mistake(
            "crossval ecg.csv --label kind --group wh0",
            f"ecg.csv: no column 'wh0' (--group); {_COLUMNS}; is 'who' meant?",
        ),
        Mistake(
            "fit leads.npz --label Y0",
            "leads.npz: no array 'Y0' (--label); it holds X, y, fs, channels; is 'y' meant?",
        ),
        Mistake(
            "fit leads.npz --channels I,III",
            "leads.npz: there is no channel 'III' (--channels); there are I, II; no channel is "
            "reconstructed from others; is 'II' meant?",
        ),
        Mistake(
            "predict heart ecg.csv --threshold 0.5 --positive bb",
            "--positive bb: there is no such class; there are a, b; is 'b' meant?",
        ),
        Mistake(
            "fit ecg.csv --label kind --validation kind=c",
            "ecg.csv: no series has kind 'c' (--validation); there are a, b",
        ),
        Mistake("predict hart ecg.csv", f"hart: no such model file; {_MODEL}; is 'heart' meant?"),
        Mistake("compare heart piar", f"piar: no such model file; {_MODEL}; is 'pair' meant?"),
        Mistake(
            "inspect heart ecg.csv --series 99",
            "--series 99: not in ecg.csv; give a number from 1 to 24",
        ),
    ),
    "The wrong thing, or nothing, in a place": (
        Mistake("fit", "DATA is missing: give a file, a folder or a data set's name"),
        Mistake("predict heart", "Missing argument 'PATH...'."),
        Mistake("fit ecg.csv heart", "Got unexpected extra argument(s) (heart)"),
        Mistake(
            "predict ecg.csv heart", "heart is a model, and ecg.csv is none: the model comes first"
        ),
        Mistake("evaluate ecg.csv heart", "heart is a model, …: the model comes first"),
        Mistake("compare heart", "one run only: give two or more to compare"),
        Mistake(
            "update heart",
            "nothing to do: name NEW series to learn, or OLD ones with --withdraw",
        ),
        Mistake(
            "update heart ecg.csv",
            "heart/model.safetensors: cannot be updated, it was fitted without keeping sums; fit "
            "it again with --updatable (updatable=True)",
        ),
        Mistake("fit empty", "empty: the folder has nothing to read (no files); known are WFDB …"),
        Mistake("fit empty.csv --label kind", "empty.csv: the file is empty; replace it"),
        Mistake(
            "data info parts",
            "parts/part-2.csv: no column 't1', which part-1.csv has; files of one table have the "
            "same columns",
        ),
        Mistake(
            "annotate heart memory://bucket/set",
            "memory://bucket/set: nothing is written into a store; name a folder with --out",
        ),
        Mistake(
            "fit ftp://me:secret@host/set",
            "ftp://…@host/set: a password in an address would be kept in the files of a run; …",
        ),
        Mistake(
            "fit ecg.csv -o ecg.csv", "ecg.csv: is a file; give the name of a folder with --out"
        ),
        Mistake(
            "predict heart ecg.csv -o ecg.csv/x.csv",
            "ecg.csv/x.csv: its folder does not exist; make it first",
        ),
        Mistake("predict heart ecg.csv -o empty", "empty: is a folder; give the name of a file"),
        Mistake(
            "predict heart ecg.csv -o answers.xlsx",
            "answers.xlsx: is written as .csv, .jsonl or .parquet; give a name with such an ending",
        ),
        Mistake(
            "data convert ecg.csv x.docx", "x.docx: cannot write .docx; give a name that ends …"
        ),
        Mistake("info notes", f"notes/model.safetensors: no such model file; {_MODEL}"),
        Mistake("info ecg.csv", "ecg.csv: damaged, or not a file of msssm-ts (it is cut, …"),
        Mistake(
            "predict cut ecg.csv", "cut/model.safetensors: damaged, or not a file of msssm-ts …"
        ),
        Mistake(
            "annotate heart ecg.csv", "ecg.csv: no recording that can be annotated; give a WFDB …"
        ),
    ),
    "Data that do not go with the model, or teach nothing": (
        Mistake(
            "predict pair ecg.csv",
            "ecg.csv: 1 channel, but the model was trained on 2 (I, II); "
            "give series of as many, or fit a model of these",
        ),
        Mistake(
            "predict pair limbs.npz",
            "limbs.npz: channels I, II, which the model needs, are missing; there are V1, V2; …",
        ),
        Mistake(
            "evaluate pair bare.npz",
            "bare.npz: no labels found; name the label column with --label, or call it 'label'",
        ),
        Mistake("fit bare.npz", "bare.npz: no labels found; name the label column …"),
        Mistake(
            "fit one.csv --label kind", "one.csv: … only one class is present: … is 'a'; give …"
        ),
        Mistake("fit ecg.csv --label t0", "ecg.csv: the labels are 24 different numbers …"),
        Mistake(
            "stream pair",
            "this model cannot read a stream: only a network alone reads step by step: "
            "train one, …",
        ),
        Mistake(
            "predict heart ecg.csv --windows",
            "--windows: the model was trained on whole series; fit with --crop SECONDS",
        ),
    ),
    "Values that cannot be": (
        Mistake("fit big.csv --width wide", f"Invalid value for '--width': {_NO_INT}"),
        Mistake(
            "fit big.csv --max-epochs 0",
            "Invalid value for '--max-epochs': Input should be greater than or equal to 1",
        ),
        Mistake("fit big.csv --dropout 1.5", "--dropout must lie in [0, 1), not 1.5"),
        Mistake("fit big.csv --fs -1", "--fs -1: must be positive"),
        Mistake("fit big.csv --crop -1", "--crop must be positive, up to 1e+12, not -1.0"),
        Mistake("fit big.csv --patience some", "--patience some: must be a number, or auto"),
        Mistake("fit big.csv --bandpass 40", "--bandpass 40: must be two numbers, such as 0.5,40"),
        Mistake(
            "fit big.csv --limits 3,2", "--limits 3,2: must be the lower number, then the higher"
        ),
        Mistake(
            "fit big.csv --max-memory much", "--max-memory much: must be a size, such as 8GB, …"
        ),
        Mistake(
            "tune big.csv --time-budget soon", "--time-budget soon: must be a time, such as 90s, …"
        ),
        Mistake(
            "fit big.csv --time-budget -1m", "--time-budget -1m: must be a time, such as 90s, …"
        ),
        Mistake("crossval big.csv --folds 1", "Invalid value for '--folds': … equal to 2"),
        Mistake("predict heart ecg.csv --coverage 2", "--coverage 2: must be between 0 and 1, …"),
        Mistake("serve heart --port 99999", "Invalid value for '--port': … equal to 65535"),
    ),
    "Options that contradict one another, or have no effect": (
        Mistake(
            "fit ecg.csv --label kind --members scan_ridge --init heart/model.safetensors",
            "ecg.csv: heart/model.safetensors: a model, not an encoder of msssm-ts pretrain; …",
        ),
        Mistake(
            "pretrain ecg.csv --objective next",
            "ecg.csv: objective='next' (--objective) is for networks that read forward in time "
            "only: add --causal …",
        ),
        Mistake(
            "fit big.csv --updatable --at-most 5",
            "updatable with at_most=5: sums are over every series, however long they take; leave "
            "one of them out",
        ),
        Mistake(
            "fit ecg.csv --label kind --updatable --members quantile_trees",
            "ecg.csv: updatable: quantile_trees cannot learn from sums over series; take …",
        ),
        Mistake(
            "fit big.csv --preset fast --members network",
            "--members with --preset fast: both say what votes; leave one of them out",
        ),
        Mistake(
            "fit big.csv --causal --preset fast",
            "--causal with --preset fast: only a network alone reads forward in time; …",
        ),
        Mistake(
            "fit big.csv --decide macro_f1 --sensitivity 0.9",
            "decide='macro_f1' beside sensitivity: both say how a class is chosen; …",
        ),
        Mistake(
            "fit big.csv --overlap 0.2",
            "--overlap has no effect without --crop; give both, or neither",
        ),
        Mistake(
            "fit big.csv --features raw --mels 5",
            "--mels has no effect without --features logmel or mfcc; give both, or neither",
        ),
        Mistake("fit ecg.csv --label who --group who", "--label who --group who: a group kept …"),
        Mistake("predict heart ecg.csv --append", "--append adds to a file; name it with --out"),
        Mistake("predict heart ecg.csv --force", "--force replaces a file; name it with --out"),
        Mistake(
            "predict heart ecg.csv --reject",
            "--reject leaves out answers by the sets of --coverage; give that, too",
        ),
        Mistake(
            "predict heart ecg.csv --similar 3",
            "the model keeps no training series that others could be compared with; fit it again "
            "with exemplars (--exemplars 50 keeps up to 50 of each class in the model file)",
        ),
        Mistake("inspect heart --series 1", "--series 1: give DATA too, to take a series from"),
        Mistake(
            "export pair --int8",
            "--quantize int8 needs --data DATA, labelled, to say what it costs",
        ),
    ),
    "What is there already, or is read": (
        Mistake(
            "fit ecg.csv --label kind -o heart",
            "heart: holds a model already; give another folder with --out, or --force to "
            "replace it",
        ),
        Mistake(
            "predict heart ecg.csv -o here.csv",
            "here.csv: exists already; give another name, or --force to replace it",
        ),
        Mistake(
            "predict heart ecg.csv -o ecg.csv --force",
            "ecg.csv: is what the command reads; give another name for the result",
        ),
        Mistake("export pair -o here.csv", "here.csv: ends in none of .onnx, .pt2, …"),
        Mistake("data convert ecg.csv ecg.csv --force", "ecg.csv: is what the command reads; …"),
        Mistake(
            "fit ecg.csv -o ecg.csv/run", "ecg.csv/run: cannot be written (not a directory); …"
        ),
        Mistake(
            "crossval ecg.csv -o heart", "heart: holds a model; give another folder with --out"
        ),
        Mistake("fit --resume notes", "notes: no fit to go on with; give the folder of one that …"),
    ),
    "Files of options": (
        Mistake(
            "fit ecg.csv --config key.toml",
            "key.toml: there is no option 'widht'; is width meant?",
        ),
        Mistake("fit ecg.csv --config type.toml", 'type.toml: width = "3": must be a whole number'),
        Mistake(
            "fit ecg.csv --config word.toml",
            "word.toml: core = \"s44\": must be one of gru, lstm, lti, s4d, s6; is 's4d' meant?",
        ),
        Mistake("fit ecg.csv --config none.toml", "none.toml: cannot be read (No such file …"),
        Mistake("fit --config key.toml --resume notes", "… leave one of them out"),
    ),
}


def write_files(folder: Path) -> None:
    """Write what the mistakes are made with, but for the models."""
    rng = np.random.default_rng(0)
    kind = np.arange(24) % 2

    def table(name: str, classes: str) -> None:
        lines = ["kind,who," + ",".join(f"t{i}" for i in range(12))]
        for i, values in enumerate(rng.normal(size=(24, 12)) + 3 * kind[:, None]):
            numbers = ",".join(f"{v:.3f}" for v in values)
            lines.append(f"{classes[i % len(classes)]},w{i // 4},{numbers}")
        (folder / name).write_text("\n".join(lines) + "\n")

    table("ecg.csv", "ab")
    table("one.csv", "a")
    X = rng.normal(size=(24, 2, 20)) + 3 * kind[:, None, None]
    y, names = np.array(["a", "b"])[kind], np.array(["I", "II"])
    np.savez(folder / "leads.npz", X=X, y=y, fs=50.0, channels=names)
    np.savez(folder / "limbs.npz", X=X, y=y, fs=50.0, channels=np.array(["V1", "V2"]))
    np.savez(folder / "fast.npz", X=X, y=y, fs=100.0, channels=names)
    np.savez(folder / "bare.npz", X=X, fs=50.0, channels=names)
    for name, text in {
        "empty.csv": "",
        "here.csv": "mine\n",
        "key.toml": 'widht = 3\nlabel = "kind"\n',
        "type.toml": 'width = "3"\n',
        "word.toml": 'core = "s44"\n',
    }.items():
        (folder / name).write_text(text)
    for name in ("empty", "notes", "parts"):
        (folder / name).mkdir()
    (folder / "parts" / "part-1.csv").write_text("kind,t0,t1\na,1,2\n")
    (folder / "parts" / "part-2.csv").write_text("kind,t0\nb,1\n")
    (folder / "notes" / "notes.txt").write_text("no model\n")


def as_pattern(said: str) -> str:
    """Return what is said as a regular expression."""
    import re

    return ".*".join(map(re.escape, said.split("…")))
