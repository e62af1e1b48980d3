"""Sound as public sets have it, and new sound that differs from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import wfdb
from commands import run
from recordings import write_record, write_sound
from sound_cases import groups_of, labels_of, read_all, refusal, taken, write_classes, write_clips

from msssm_ts.datasets.sources import sources_below


def _of_owners(folder: Path, names: str = "{}/visit{}.hea") -> None:
    for owner in ("P01", "P02", "P03"):
        for visit in (1, 2):
            write_record(folder / names.format(owner, visit).removesuffix(".hea"))


def test_tables_of_patients_speak_of_their_folders(tmp_path: Path) -> None:
    _of_owners(tmp_path / "ecg")
    (tmp_path / "patients.csv").write_text(
        "patient,age,group,diagnosis\nP01,60,x,AF\nP02,61,x,SR\nP03,62,y,AF\nP09,63,y,SR\n"
    )
    for source in (tmp_path, tmp_path / "ecg"):
        data = read_all(source)
        assert data.labels is not None
        assert data.labels.tolist() == ["AF", "AF", "SR", "SR", "AF", "AF"]
        assert data.group_name == "patient"
        assert set(groups_of(data).values()) == {"P01", "P02", "P03"}
        line = data.account.line()
        assert "took column patient of patients.csv for the folders that the records lie in" in line
        assert "1 row (P09: of patients.csv, which name no file)" in line
    assert set(labels_of(read_all(tmp_path, label="group")).values()) == {"x", "y"}
    assert "no column 'kind' (--label); there are patient, age" in refusal(tmp_path, label="kind")
    # Nobody is asked what series the table has.
    found = sources_below(tmp_path)
    assert {f.suffix for f in found.files} == {".hea"}
    assert "1 table (patients.csv: they list recordings)" in found.account.line()


def test_tables_of_patients_speak_of_what_names_begin_with(tmp_path: Path) -> None:
    _of_owners(tmp_path, "{}_{}.hea")
    (tmp_path / "patients.csv").write_text("Patient ID,murmur\nP01,yes\nP02,no\nP03,yes\n")
    data = read_all(tmp_path, label="murmur")
    assert data.labels is not None
    assert data.labels.tolist() == ["yes", "yes", "no", "no", "yes", "yes"]
    assert data.group_name == "Patient ID"
    said = "took column Patient ID of patients.csv for what the names of the records begin with"
    assert said in data.account.line()


def test_tables_of_speakers_leave_out_nobody(tmp_path: Path) -> None:
    """What says no label takes none away."""
    for k, word in enumerate(("beep", "hum")):
        for speaker in ("ann", "bob", "cem"):
            write_sound(tmp_path / word / f"{speaker}_{k}.wav")
    (tmp_path / "speakers.csv").write_text("speaker,age\nann,30\nbob,40\n")
    data = read_all(tmp_path)
    assert (data.n_series, data.group_name) == (6, "speaker")
    assert len(set(groups_of(data).values())) == 4
    said = "2 files without speaker (cem_0.wav, cem_1.wav): each is a group of its own"
    assert said in data.account.line()


def test_tables_of_classes_name_the_folders(tmp_path: Path) -> None:
    """Names for folders of classes are no groups: as many would be left out as there are."""
    write_classes(tmp_path)
    (tmp_path / "classes.csv").write_text("id,label\nhum,Brummen\nbeep,Piepen\n")
    data = read_all(tmp_path)
    assert set(labels_of(data).values()) == {"Brummen", "Piepen"}
    assert data.groups is None
    # What says nothing of a class leaves the folders as they are.
    (tmp_path / "classes.csv").write_text("id,count\nhum,3\nbeep,3\n")
    data = read_all(tmp_path)
    assert set(labels_of(data).values()) == {"hum", "beep"}
    assert data.groups is None


def test_what_is_said_is_no_class(tmp_path: Path) -> None:
    """Transcripts of LibriSpeech are a sentence each."""
    for speaker in ("19", "26"):
        lines = []
        for i, said in enumerate(("SO VERY", "TOO", "A LITTLE" if speaker == "19" else "NOT")):
            name = f"{speaker}-198-{i}"
            write_sound(tmp_path / "dev-clean" / speaker / "198" / f"{name}.flac")
            lines.append(f"{name} THE CAT'S {said} FAT\n")
        (tmp_path / "dev-clean" / speaker / "198" / f"{speaker}-198.trans.txt").write_text(
            "".join(lines)
        )
    data = read_all(tmp_path)
    assert set(labels_of(data).values()) == {"19", "26"}
    assert "19-198.trans.txt" in data.account.line()


def test_a_development_part_is_for_training_where_nothing_else_is(tmp_path: Path) -> None:
    write_classes(tmp_path / "dev")
    write_classes(tmp_path / "eval", n=1)
    data = read_all(tmp_path)
    assert (data.n_series, data.validation) == (6, None)
    assert taken(data)["part"] == "folders dev eval"
    said = "took the validation part for training, for there is no other"
    assert said in data.account.line()
    tests = read_all(tmp_path, split="test")
    assert tests.n_series == 2
    assert said not in tests.account.line()
    write_classes(tmp_path / "train", n=2)
    whole = read_all(tmp_path)
    assert whole.validation is not None
    assert (whole.n_series, int(whole.validation.sum())) == (10, 6)


def test_texts_that_are_called_after_recordings_are_no_series(tmp_path: Path) -> None:
    """What annotate has written, and labels of editors, lie beside what they are about."""
    write_sound(tmp_path / "a.wav")
    for name in ("a.msts.csv", "a.txt", "b.csv"):
        (tmp_path / name).write_text("start,stop,label\n0,1,x\n1,2,y\n")
    found = sources_below(tmp_path)
    assert [f.name for f in found.files] == ["a.wav", "b.csv"]
    assert "2 tables (a.msts.csv, a.txt: called after recordings)" in found.account.line()


def test_lists_of_several_columns_say_which_is_the_label(tmp_path: Path) -> None:
    """ASVspoof has the speaker first, and the class last."""
    rows = ""
    for i in range(4):
        write_sound(tmp_path / "flac" / f"LA_{i}.flac")
        rows += f"S{i % 2} LA_{i} - A0{i} {'spoof' if i < 3 else 'bonafide'}\n"
    (tmp_path / "protocol.txt").write_text(rows)
    line = read_all(tmp_path).account.line()
    assert "(column 3, column 4, column 5: of protocol.txt)" in line
    said = "took the first column beside the names (S0, S1) for the label; --label 'column 5' names"
    assert said in line
    chosen = read_all(tmp_path, label="column 5")
    assert set(labels_of(chosen).values()) == {"spoof", "bonafide"}
    assert "took the first" not in chosen.account.line()
    (tmp_path / "protocol.txt").write_text("".join(f"LA_{i} x{i % 2}\n" for i in range(4)))
    assert "--label" not in read_all(tmp_path).account.line()


def test_long_sound_is_labelled_piece_by_piece(tmp_path: Path) -> None:
    def tone(hertz: float, seconds: float, seed: int) -> np.ndarray:
        steps = np.arange(round(8000 * seconds)) / 8000
        noise = np.random.default_rng(seed).standard_normal(len(steps))
        return 0.3 * np.sin(2 * np.pi * hertz * steps) + 0.01 * noise

    for k, word in enumerate(("low", "high")):
        for i in range(4):
            (tmp_path / "data" / word).mkdir(parents=True, exist_ok=True)
            sound = tone((300, 1500)[k] + 5 * i, 0.25, i)
            soundfile.write(tmp_path / "data" / word / f"{word}{i}.wav", sound, 8000)
    run("fit", tmp_path / "data", "--members", "quantile_trees", "--out", tmp_path / "run", "-q")
    long = np.concatenate([tone(310, 0.75, 9), tone(1510, 0.5, 9), tone(310, 0.35, 9)])
    for name, values in (("mono.wav", long), ("stereo.flac", np.stack([long, long], 1))):
        soundfile.write(tmp_path / name, values, 8000)
        out, err = run("annotate", tmp_path / "run", tmp_path / name)
        assert "labels       high 0:00:00.50, low 0:00:01.00, without a label 0:00:00.10" in out
        assert "high   0:00:00.75  0:00:01.25" in out
        assert ("stereo: mixed down from 2 channels to one" in err) is (name == "stereo.flac")
    found = wfdb.rdann(str(tmp_path / "mono"), "msts")
    assert found.sample.tolist() == [0, 6000, 10000, 12000]
    assert found.aux_note == ["(low", "(high", "(low", "(?"]
    (tmp_path / "a.m4a").write_bytes(b"x")
    _, err = run("annotate", tmp_path / "run", tmp_path / "a.m4a", code=2)
    assert "cannot be decoded here; convert to WAV or FLAC" in err


def test_models_of_mono_and_stereo_take_both(tmp_path: Path) -> None:
    """Data whose channels had to be mixed down say nothing of how many new sounds may have."""
    for i in range(8):
        write_sound(tmp_path / "data" / "ab"[i % 2] / f"x{i}.wav", channels=1 + i // 4)
        write_sound(tmp_path / "mono" / "ab"[i % 2] / f"x{i}.wav")
    write_sound(tmp_path / "new.wav", channels=2)
    how = ("--members", "quantile_trees", "--features", "raw", "-q")
    run("fit", tmp_path / "data", "--out", tmp_path / "run", *how)
    mixed, err = run("predict", tmp_path / "run", tmp_path / "new.wav")
    assert "mixed down from 2 channels to one, as some of the model's data were" in err
    asked, err = run("predict", tmp_path / "run", tmp_path / "new.wav", "--mono")
    assert (asked, "as some of" in err) == (mixed, False)
    run("fit", tmp_path / "mono", "--out", tmp_path / "strict", *how)
    _, err = run("predict", tmp_path / "strict", tmp_path / "new.wav", code=2)
    assert "2 channels, but the model was trained on 1; --mono mixes them" in err


def test_tables_as_data_find_recordings_in_folders_by_name(tmp_path: Path) -> None:
    """Common Voice has them in clips/, UrbanSound8K in audio/fold1/ beside metadata/."""
    for i in range(4):
        write_sound(tmp_path / "audio" / f"fold{i % 2}" / f"x{i}.wav")
    rows = "file,label\n" + "".join(f"X{i}.WAV,{'ab'[i % 2]}\n" for i in range(4))
    (tmp_path / "metadata").mkdir()
    for table in (tmp_path / "all.csv", tmp_path / "metadata" / "all.csv"):
        table.write_text(rows)
        assert list(labels_of(read_all(table)).values()) == ["a", "a", "b", "b"]
    elsewhere = tmp_path / "mine" / "all.csv"
    elsewhere.parent.mkdir()
    elsewhere.write_text(rows)
    assert "lists recordings, the first 'X0.WAV', but none of the 4 is there" in refusal(elsewhere)


def test_a_table_s_name_tells_the_part_that_no_column_does(tmp_path: Path) -> None:
    """FSD50K: dev.csv has a column for train and val, eval.csv has not."""
    for i in range(8):
        write_sound(tmp_path / "audio" / f"{i}.wav")
    parts = ["train", "train", "train", "val"]
    rows = [f"{i},{'ab'[i % 2]},{parts[i]}\n" for i in range(4)]
    (tmp_path / "dev.csv").write_text("fname,label,split\n" + "".join(rows))
    rows = [f"{i},{'ab'[i % 2]}\n" for i in range(4, 8)]
    (tmp_path / "eval.csv").write_text("fname,label\n" + "".join(rows))
    data = read_all(tmp_path)
    assert data.validation is not None
    assert (data.n_series, int(data.validation.sum())) == (4, 1)
    assert list(labels_of(read_all(tmp_path, split="test"))) == [
        f"audio/{i}.wav" for i in (4, 5, 6, 7)
    ]


def test_sound_for_a_model_of_records_is_told_of_the_header(tmp_path: Path) -> None:
    """Heart sounds of PhysioNet are WAV files with a header that says millivolts."""
    for i in range(6):
        write_sound(tmp_path / f"a{i}.wav", rate=2000)
        head = f"a{i} 1 2000 800\na{i}.wav 16+44 1000/mV 16 0 0 0 0 PCG\n# {'AN'[i % 2]}\n"
        (tmp_path / f"a{i}.hea").write_text(head)
    rows = "".join(f"a{i},{'AN'[i % 2]}\n" for i in range(6))
    (tmp_path / "REFERENCE.csv").write_text(rows)
    run("fit", tmp_path, "--members", "quantile_trees", "--out", tmp_path / "run", "-q")
    _, err = run("predict", tmp_path / "run", tmp_path / "a0.wav", code=2)
    assert "channel 1 is sound, of full scale, but the model was trained on mV; name a0.hea" in err
    run("predict", tmp_path / "run", tmp_path / "a0.hea")


def test_silence_and_sound_beyond_full_scale_are_said(tmp_path: Path) -> None:
    """Floats of whole numbers, and a recorder that was off."""
    write_classes(tmp_path / "data", n=4)
    sound = soundfile.read(tmp_path / "data" / "hum" / "10.wav")[0]
    (tmp_path / "new").mkdir()
    soundfile.write(tmp_path / "new" / "loud.wav", sound * 32768, 8000, subtype="FLOAT")
    soundfile.write(tmp_path / "new" / "off.wav", sound * 0, 8000)
    how = ("--members", "quantile_trees", "--force")
    run("fit", tmp_path / "data", "--out", tmp_path / "run", *how)
    _, err = run("predict", tmp_path / "run", tmp_path / "new")
    assert "off.wav: 1 sound is silent" in err
    assert "loud.wav: 1 sound reaches up to 8.98e+03, where the model's have amplitude 1:" in err
    (tmp_path / "new" / "loud.wav").rename(tmp_path / "data" / "hum" / "loud.wav")
    _, err = run("fit", tmp_path / "data", "--out", tmp_path / "run", *how)
    assert "1 of 9 series reaches 8.98e+03 (series 9), where the others have amplitude 1" in err
    for file in (tmp_path / "data").rglob("*.wav"):
        values = soundfile.read(file)[0]
        if file.name != "loud.wav":
            soundfile.write(file, values * 32768, 8000, subtype="FLOAT")
    _, err = run("fit", tmp_path / "data", "--out", tmp_path / "run", *how)
    assert "where sound has amplitude 1: spectra take 1.64e+04 for 1" in err
    _, err = run("predict", tmp_path / "run", tmp_path / "data" / "hum" / "loud.wav")
    assert "amplitude" not in err


def test_sound_behind_what_the_header_counts_is_said(tmp_path: Path) -> None:
    write_sound(tmp_path / "a.wav")
    raw = (tmp_path / "a.wav").read_bytes()
    place = raw.index(b"data") + 4

    def line(said: int, more: bytes = b"") -> str:
        text = raw[:place] + said.to_bytes(4, "little") + raw[place + 4 :] + more
        (tmp_path / "a.wav").write_bytes(text)
        data = read_all(tmp_path / "a.wav")
        assert data.lengths.tolist() == [said // 2]
        return data.account.line()

    said = "sound goes on behind what the header counts, which is left out: a.wav"
    assert said in line(400)
    for more in (b"", bytes(400), b"LIST\x04\x00\x00\x00abcd", b"x" * 20):
        assert line(1600, more) == ""


def test_a_list_that_is_called_a_split_has_parts(tmp_path: Path) -> None:
    """VoxCeleb's iden_split.txt numbers them."""
    rows = ""
    for i in range(12):
        place = f"wav/id1000{i % 2}/video/{i}.wav"
        write_sound(tmp_path / place)
        rows += f"{1 if i < 8 else 2 + i % 2} {place.removeprefix('wav/')}\n"
    (tmp_path / "iden_split.txt").write_text(rows)
    data = read_all(tmp_path, label_from="*/{label}/*/*")
    assert data.validation is not None
    assert (data.n_series, int(data.validation.sum())) == (10, 2)
    assert set(labels_of(data).values()) == {"id10000", "id10001"}
    said = "took 1, 2 and 3 in iden_split.txt for train, validation and test"
    assert said in data.account.line()


def test_what_to_do_about_files_that_stop_a_folder_and_long_ones(tmp_path: Path) -> None:
    write_classes(tmp_path / "data", n=4)
    write_sound(tmp_path / "new" / "a.wav", length=8000)
    (tmp_path / "new" / "b.wav").write_bytes(b"<html>404</html>")
    run("fit", tmp_path / "data", "--members", "quantile_trees", "--out", tmp_path / "run", "-q")
    _, err = run("predict", tmp_path / "run", tmp_path / "new", code=2)
    assert "b.wav: not a readable audio file; remove or replace it; --on-error skip goes on" in err
    said = "trained on have 800; annotate labels long recordings piece by piece"
    assert said in run("predict", tmp_path / "run", tmp_path / "new" / "a.wav")[1]
    _, err = run("predict", tmp_path / "run", tmp_path / "new" / "b.wav", code=2)
    assert "--on-error" not in err


def test_a_manifest_of_one_line_is_one(tmp_path: Path) -> None:
    for i in range(5):
        write_sound(tmp_path / "wavs" / f"{i}.wav")
    for name, which in (("train", (0, 1, 2, 3)), ("test", (4,))):
        rows = [
            f'{{"audio_filepath": "wavs/{i}.wav", "duration": 0.1, "label": "{"ab"[i % 2]}"}}\n'
            for i in which
        ]
        (tmp_path / f"{name}_manifest.json").write_text("".join(rows))
    assert read_all(tmp_path).n_series == 4
    assert labels_of(read_all(tmp_path, split="test")) == {"wavs/4.wav": "a"}


def test_texts_and_names_that_are_no_labels_are_told(tmp_path: Path) -> None:
    for i in range(3):
        write_sound(tmp_path / f"a{i}.wav")
        (tmp_path / f"a{i}.txt").write_text("A dog, and a cat behind it.\n")
    said = "3 texts (a0.txt, a1.txt, a2.txt: called after files, not taken for labels;"
    assert said in refusal(tmp_path)
    for i in range(3):
        write_sound(tmp_path / f"a{i}.flac")
    (tmp_path / "labels.csv").write_text("file,label\na0,x\na1,y\na2,x\n")
    assert "'a0' in column 'file' names several files; give the path, or the suffix" in (
        refusal(tmp_path)
    )


def test_an_empty_name_is_no_folder() -> None:
    assert "an empty name for the data; for the working folder give '.'" in refusal("")


def test_a_label_of_several_that_is_not_there_is_named(tmp_path: Path) -> None:
    names = write_clips(tmp_path)
    rows = [f"{name},{i % 2},{i // 2 % 2}\n" for i, name in enumerate(names)]
    (tmp_path / "labels.csv").write_text("file,dog,cat\n" + "".join(rows))
    how = ("--members", "quantile_trees", "--label", "dog,cat", "-q")
    run("fit", tmp_path, "--out", tmp_path / "run", *how)
    rows = [f"{name},{i % 2}\n" for i, name in enumerate(names)]
    (tmp_path / "labels.csv").write_text("file,cat\n" + "".join(rows))
    _, err = run("evaluate", tmp_path / "run", tmp_path, code=2)
    assert "labels.csv: no column 'dog' (--label); there are file, cat" in err
