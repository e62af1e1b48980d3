"""MIT-BIH arrhythmia: beats in AAMI classes, no patient in both training and test part."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.named.dataset import DataSet, RemoteFile, folder_with
from msssm_ts.datasets.options import OF_RECORDS, ReadOptions, Split
from msssm_ts.datasets.wfdb.records import read_wfdb

# The inter-patient split of de Chazal, O'Dwyer and Reilly (IEEE Trans. Biomed. Eng. 51(7), 2004);
# as AAMI EC57 recommends, it leaves out 102, 104, 107 and 217, whose beats are paced.
# fmt: off
DS1 = (
    "101", "106", "108", "109", "112", "114", "115", "116", "118", "119", "122", "124", "201",
    "203", "205", "207", "208", "209", "215", "220", "223", "230",
)
DS2 = (
    "100", "103", "105", "111", "113", "117", "121", "123", "200", "202", "210", "212", "213",
    "214", "219", "221", "222", "228", "231", "232", "233", "234",
)
# fmt: on
_PACED = ("102", "104", "107", "217")


def read_mitbih(folder: Path, task: str, options: ReadOptions) -> LabelledSeries:
    """Read the beats of MIT-BIH: records of DS1 for training, of DS2 for the test.

    Parameters
    ----------
    folder : Path
        With the records, or some of them.
    task : str
        There is one only.
    options : ReadOptions
        ``split`` chooses between DS1 and DS2, ``window`` and ``beat_classes`` are as for
        :func:`msssm_ts.datasets.wfdb.records.read_wfdb`.

    Raises
    ------
    InputError
        If a record cannot be read.
    """
    parts: dict[str, Split] = {**dict.fromkeys(DS1, "train"), **dict.fromkeys(DS2, "test")}
    data = read_wfdb(folder, options, parts=parts)
    name, members = ("DS2", DS2) if options.split == "test" else ("DS1", DS1)
    if data.groups is None or not set(data.groups.tolist()) <= set(members):
        # A table in the folder splits otherwise, or groups by patient.
        return data
    account = Account().remarking(f"{name} of the inter-patient split") + data.account
    return replace(data, account=account)


def _find_root(folder: Path) -> Path | None:
    """Find the folder with records of both parts and no others."""
    for record in (DS1[0], DS1[1]):
        root = folder_with(folder, f"{record}.hea", f"{record}.atr")
        if root is None:
            continue
        names = {p.stem for p in root.glob("*.hea")}
        if names & set(DS2) and names <= {*DS1, *DS2, *_PACED}:
            return root
    return None


DATA_SETS = (
    DataSet(
        name="MIT-BIH",
        title="MIT-BIH Arrhythmia Database 1.0.0, beats in the five classes of AAMI EC57",
        size="about 100 700 beats of 44 records, 1 channel (MLII) × 256 steps at 360 Hz, 5 classes",
        licence="Open Data Commons Attribution 1.0",
        citation=(
            "Moody and Mark, The impact of the MIT-BIH Arrhythmia Database, IEEE Eng. Med. Biol. "
            "20(3):45-50, 2001"
        ),
        homepage="https://physionet.org/content/mitdb/1.0.0/",
        files=(
            RemoteFile(
                "https://physionet.org/static/published-projects/mitdb/"
                "mit-bih-arrhythmia-database-1.0.0.zip",
                "mit-bih-arrhythmia-database-1.0.0.zip",
            ),
        ),
        read=read_mitbih,
        acts_on=OF_RECORDS,
        find_root=_find_root,
    ),
)
