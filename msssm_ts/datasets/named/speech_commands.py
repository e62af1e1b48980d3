"""Google Speech Commands: single spoken words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Set
from pathlib import Path

import numpy as np

from msssm_ts.datasets.account import Account
from msssm_ts.datasets.audio.reader import audio_series
from msssm_ts.datasets.container import LabelledSeries
from msssm_ts.datasets.named.dataset import DataSet, RemoteFile, folder_with
from msssm_ts.datasets.options import ReadOptions
from msssm_ts.datasets.parts import are_tests_beside
from msssm_ts.datasets.recordings.described import Recordings
from msssm_ts.datasets.tree import describe_files, files_below, with_suffix
from msssm_ts.errors import InputError

SC10 = ("yes", "no", "up", "down", "left", "right", "on", "off", "stop", "go")
_LISTS = {"validation": "validation_list.txt", "test": "testing_list.txt"}
_LARGEST_HASH = 2**27 - 1


def read_speech_commands(folder: Path, task: str, options: ReadOptions) -> LabelledSeries:
    """Read the words of a task, split as published; speakers are the groups.

    Parameters
    ----------
    folder : Path
        With a folder per word, ``validation_list.txt`` and ``testing_list.txt``; without both
        lists :func:`which_part` decides, by which they were made.
    task : {"SC35", "SC10"}
        All words, or the ten commands.
    options : ReadOptions
        ``split`` "train" includes the validation part, set aside as such.

    Raises
    ------
    InputError
        If a file cannot be read, or one of the lists is missing.
    """
    words = sorted(
        p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith((".", "_"))
    )
    if task == "SC10":
        words = [w for w in words if w in SC10]
    below = files_below(folder)
    files = [f for f in with_suffix(below, [".wav"]) if f.relative_to(folder).parts[0] in words]
    if not files:
        raise InputError(
            f"{folder}: no .wav file in the folder of a word; found are {describe_files(below)}"
        )
    noise = [f for f in below if f.relative_to(folder).parts[0] == "_background_noise_"]
    listed, account = _read_lists(folder, {f.relative_to(folder).as_posix() for f in below})
    part_of = {}
    for file in files:
        name = file.relative_to(folder).as_posix()
        part_of[file] = which_part(file.name) if listed is None else listed.get(name, "train")
    wanted = {"test"} if options.split == "test" else {"train", "validation"}
    chosen = [f for f in files if part_of[f] in wanted]
    if not chosen:
        raise InputError(f"{folder}: none of its files is of the {options.split} part")
    validation = np.array([part_of[f] == "validation" for f in chosen])
    found = Recordings(
        chosen,
        chosen,
        np.array([f.relative_to(folder).parts[0] for f in chosen]),
        validation=validation if validation.any() else None,
        has_test_part=are_tests_beside(part_of.values(), options.split),
        account=account.without(len(noise), "files", "of _background_noise_, which is no word"),
    )
    return audio_series(found, folder)


def which_part(file_name: str, validation_share: float = 10.0, test_share: float = 10.0) -> str:
    """Return the part of a file by its speaker, the rule by which the set was split.

    The speaker is what stands before ``_nohash_``; its SHA-1 decides, so that all words of a
    speaker are in one part, whichever files there are (Warden, arXiv:1804.03209, section 6).

    Examples
    --------
    >>> which_part("0a7c2a8d_nohash_0.wav") == which_part("0a7c2a8d_nohash_3.wav")
    True
    """
    speaker = re.sub(r"_nohash_.*$", "", file_name)
    number = int(hashlib.sha1(speaker.encode(), usedforsecurity=False).hexdigest(), 16)
    percentage = number % (_LARGEST_HASH + 1) * 100.0 / _LARGEST_HASH
    if percentage < validation_share:
        return "validation"
    return "test" if percentage < validation_share + test_share else "train"


def _read_lists(folder: Path, files: Set[str]) -> tuple[dict[str, str] | None, Account]:
    """Part of each file that the lists name, None without lists; and what is to be said of them."""
    parts: dict[str, str] = {}
    account = Account()
    present = {part: folder / name for part, name in _LISTS.items() if (folder / name).exists()}
    for part, file in present.items():
        try:
            lines = [t.strip() for t in file.read_text(encoding="utf-8-sig").splitlines()]
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(
                f"{file}: cannot be read ({error}); get the set again with: msssm-ts data get "
                "SpeechCommands"
            ) from error
        listed = [line.removeprefix("./").replace("\\", "/") for line in lines if line]
        gone = [name for name in listed if name not in files]
        account = account.without(len(gone), "lines", f"of {file.name}, which name no file", gone)
        parts |= dict.fromkeys(listed, part)
    missing = [name for part, name in _LISTS.items() if part not in present]
    if present and missing:
        raise InputError(
            f"{folder}: there is no {missing[0]} beside {next(iter(present.values())).name}; write "
            "an empty one if no clip is to be in that part, or get the set again with: msssm-ts "
            "data get SpeechCommands"
        )
    return parts if present else None, account


def _find_root(folder: Path) -> Path | None:
    return folder_with(folder, "testing_list.txt") or folder_with(folder, "validation_list.txt")


DATA_SETS = (
    DataSet(
        name="SpeechCommands",
        title="Google Speech Commands 0.02, single spoken words of 1 s at 16 kHz",
        size="105 829 clips (SC10: 38 546), 1 channel × up to 16 000 steps, 35 or 10 words",
        licence="CC BY 4.0",
        citation=(
            "Warden, Speech Commands: A Dataset for Limited-Vocabulary Speech Recognition, "
            "arXiv:1804.03209, 2018"
        ),
        homepage="https://arxiv.org/abs/1804.03209",
        files=(
            RemoteFile(
                "http://download.tensorflow.org/data/speech_commands_v0.02.tar.gz",
                "speech_commands_v0.02.tar.gz",
                sha256="af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58",
                n_bytes=2_428_923_189,
            ),
        ),
        read=read_speech_commands,
        find_root=_find_root,
        tasks=("SC35", "SC10"),
    ),
)
