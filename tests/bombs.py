"""Small files that ask for far more than they hold, or would unpack to it."""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from ecg_device_files import mfer, write_mfer, write_philips, write_scp
from ecg_files import write_dicom, write_ishne

# Many times what the tests allow.
ALLOWED = 8 * 10**6
BIG = 40 * 10**6
_BLOCK = 1 << 20


def _npy_header(shape: tuple[int, ...], kind: str = "<f8") -> bytes:
    head = io.BytesIO()
    description = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(head, description)
    return head.getvalue()


def npy_promise(folder: Path) -> Path:
    """5 GB by its header, 800 bytes by its size."""
    (folder / "X.npy").write_bytes(_npy_header((625_000, 1000)) + bytes(800))
    return folder / "X.npy"


def npy_objects(folder: Path) -> Path:
    """Python objects, which would run whatever code they name."""
    np.save(folder / "X.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return folder / "X.npy"


def npz_zeros(folder: Path) -> Path:
    """40 MB of zeros, packed."""
    np.savez_compressed(folder / "a.npz", X=np.zeros((5, BIG // 40)))
    return folder / "a.npz"


def npz_promise(folder: Path) -> Path:
    """An array that its own header makes larger than its member."""
    with zipfile.ZipFile(folder / "a.npz", "w") as archive:
        archive.writestr("X.npy", _npy_header((10**6, 10**6)) + bytes(8))
    return folder / "a.npz"


def npz_lying_directory(folder: Path) -> Path:
    """A directory that makes a member as large as its header does."""
    content = _npy_header((10**4, 10**4)) + bytes(8)
    with zipfile.ZipFile(folder / "a.npz", "w") as archive:
        archive.writestr("X.npy", content)
    raw = bytearray((folder / "a.npz").read_bytes())
    entry = raw.rindex(b"PK\x01\x02")
    struct.pack_into("<II", raw, entry + 20, len(content), len(content) - 8 + 8 * 10**8)
    (folder / "a.npz").write_bytes(raw)
    return folder / "a.npz"


def npz_overlapping(folder: Path) -> Path:
    """Members that all lie in the same place."""
    with zipfile.ZipFile(folder / "a.npz", "w") as archive:
        archive.writestr("X.npy", _npy_header((100, 100)) + bytes(80_000))
    raw = (folder / "a.npz").read_bytes()
    start = raw.index(b"PK\x01\x02")
    entry, end = raw[start : raw.rindex(b"PK\x05\x06")], bytearray(raw[-22:])
    struct.pack_into("<HHI", end, 8, 50, 50, 50 * len(entry))
    (folder / "a.npz").write_bytes(raw[:start] + 50 * entry + end)
    return folder / "a.npz"


def zip_of_many(folder: Path) -> Path:
    """Twelve thousand files."""
    with zipfile.ZipFile(folder / "a.csv.zip", "w") as archive:
        for i in range(12_000):
            archive.writestr(zipfile.ZipInfo(f"{i}.csv"), b"")
    return folder / "a.csv.zip"


def _csv(suffix: str, opened: Callable[..., object]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        rows = (b"0," * 99 + b"0\n") * 5000
        with opened(folder / f"a.csv{suffix}", "wb") as stream:  # type: ignore[attr-defined]
            for _ in range(BIG // len(rows)):
                stream.write(rows)
        return folder / f"a.csv{suffix}"

    write.__name__ = f"csv{suffix.replace('.', '_')}"
    return write


def csv_zip(folder: Path) -> Path:
    """A table that unpacks to 40 MB."""
    with zipfile.ZipFile(folder / "a.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", (b"0," * 99 + b"0\n") * (BIG // 200))
    return folder / "a.csv.zip"


def csv_columns(folder: Path) -> Path:
    """A million columns, and nothing in them."""
    (folder / "a.csv").write_bytes((b"," * 10**6 + b"\n") * 3)
    return folder / "a.csv"


def csv_line(folder: Path) -> Path:
    """One line of 40 MB."""
    (folder / "a.csv").write_bytes(b"1234567 " * (BIG // 8))
    return folder / "a.csv"


def mat5_zeros(folder: Path) -> Path:
    """A matrix of 40 MB of zeros, packed."""
    n = BIG // _BLOCK * _BLOCK

    def element(kind: int, data: bytes) -> bytes:
        return struct.pack("<II", kind, len(data)) + data + bytes(-len(data) % 8)

    head = element(6, struct.pack("<II", 6, 0)) + element(5, struct.pack("<ii", n // 8, 1))
    head += element(1, b"X") + struct.pack("<II", 9, n)
    packer = zlib.compressobj(9)
    parts = [packer.compress(struct.pack("<II", 14, len(head) + n) + head)]
    parts += [packer.compress(bytes(_BLOCK)) for _ in range(n // _BLOCK)]
    data = b"".join([*parts, packer.flush()])
    file = b"MATLAB 5.0".ljust(124) + b"\x00\x01IM" + struct.pack("<II", 15, len(data)) + data
    (folder / "a.mat").write_bytes(file)
    return folder / "a.mat"


def mat73_references(folder: Path) -> Path:
    """Cells of cells that all refer to the same, nine deep."""
    with h5py.File(folder / "a.mat", "w", userblock_size=512) as file:
        inner = file.create_dataset("#refs#/0", data=np.zeros(3)).ref
        for depth in range(1, 10):
            cells = np.array([inner] * 50, dtype=h5py.ref_dtype)
            inner = file.create_dataset(f"#refs#/{depth}", data=cells).ref
        file.create_dataset("X", data=np.array([inner], dtype=h5py.ref_dtype))
    return folder / "a.mat"


def hdf5_nothing_stored(folder: Path) -> Path:
    """8 TB by its shape, of which nothing is stored."""
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("X", shape=(10**6, 10**6), chunks=(100, 100), dtype="f8")
    return folder / "a.h5"


def hdf5_one_stored(folder: Path) -> Path:
    """10¹¹ series, of which one is stored."""
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("X", shape=(10**11, 10), chunks=(100, 10), dtype="f8")[0] = 1
    return folder / "a.h5"


def hdf5_chunk(folder: Path) -> Path:
    """Ten rows in a chunk of 80 GB."""
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset(
            "X", (10, 10), "f8", chunks=(10**5, 10**5), maxshape=(None, None), compression=1
        )
    return folder / "a.h5"


def hdf5_elsewhere(folder: Path) -> Path:
    """Values that lie in another file."""
    (folder / "secret").write_bytes(bytes(range(100)))
    with h5py.File(folder / "a.h5", "w") as file:
        outside = [(str(folder / "secret"), 0, 100)]
        file.create_dataset("X", shape=(10, 10), dtype="u1", external=outside)
    return folder / "a.h5"


def parquet_texts(folder: Path) -> Path:
    """One text of 10 kB, in every of 100 000 rows."""
    n = 100_000
    texts = pa.DictionaryArray.from_arrays(np.zeros(n, np.int32), pa.array(["x" * 10_000]))
    table = pa.table({"label": texts, "t0": np.zeros(n), "t1": np.zeros(n)})
    pq.write_table(table, folder / "a.parquet", store_schema=False)
    return folder / "a.parquet"


def parquet_zeros(folder: Path) -> Path:
    """Four million zeros."""
    n = 4 * 10**6
    cells = pa.ListArray.from_arrays(pa.array([0, n // 2, n], pa.int32()), np.zeros(n))
    pq.write_table(pa.table({"label": ["a", "b"], "x": cells}), folder / "a.parquet")
    return folder / "a.parquet"


def wav_promise(folder: Path) -> Path:
    """2 GB of sound by its header, no more than 200 bytes by its size."""
    sizes = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + sizes + b"data" + struct.pack("<I", 2**31)
    (folder / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", 2**31) + chunks + bytes(4))
    return folder / "a.wav"


def edf_records(folder: Path) -> Path:
    """A billion data records, of which none is there."""

    def field(text: object, width: int) -> bytes:
        return str(text).ljust(width).encode()

    head = field(0, 8) + field("", 160) + field("01.01.0100.00.00", 16) + field(512, 8)
    head += field("", 44) + field(10**8 - 1, 8) + field(1, 8) + field(1, 4)
    head += field("ECG", 16) + field("", 80) + field("mV", 8) + field(-1, 8) + field(1, 8)
    head += field(-32768, 8) + field(32767, 8) + field("", 80) + field(30000, 8) + field("", 32)
    (folder / "a.edf").write_bytes(head + bytes(60000))
    return folder / "a.edf"


def edf_signals(folder: Path) -> Path:
    """9999 signals, of which none is there."""
    head = edf_records(folder).read_bytes()
    (folder / "a.edf").write_bytes(head[:252] + b"9999" + head[256:])
    return folder / "a.edf"


def wfdb_frames(folder: Path) -> Path:
    """A billion samples, of which four are there."""
    (folder / "r.hea").write_text("r 1 100 1000000000\nr.dat 16 200 16 0 0 0 0 I\n")
    (folder / "r.dat").write_bytes(bytes(8))
    return folder / "r.hea"


def wfdb_gap(folder: Path) -> Path:
    """A gap of a billion samples, written as a segment."""
    (folder / "s.hea").write_text("s 1 100 100\ns.dat 16 200 16 0 0 0 0 I\n")
    (folder / "s.dat").write_bytes(np.arange(100, dtype="<i2").tobytes())
    (folder / "r.hea").write_text("r/3 1 100 1000000100\ns 0\n~ 1000000000\ns 100\n")
    return folder / "r.hea"


def ishne_samples(folder: Path) -> Path:
    """A billion samples, of which a hundred are there."""
    write_ishne(folder / "a.ecg", np.arange(100).reshape(1, 100), samples=10**9)
    return folder / "a.ecg"


def dicom_samples(folder: Path) -> Path:
    """A billion samples, of which a hundred are there."""
    write_dicom(folder / "a.dcm", np.arange(100).reshape(1, 100), said=10**9)
    return folder / "a.dcm"


def scp_zeros(folder: Path) -> Path:
    """Leads that a bit a sample makes of zeros."""
    write_scp(folder / "a.scp", dict.fromkeys(("I", "II", "III"), np.zeros(400_000, np.int64)))
    return folder / "a.scp"


def scp_samples(folder: Path) -> Path:
    """A billion samples, of which a hundred are there."""
    write_scp(folder / "a.scp", {"I": np.arange(100)}, samples=10**9)
    return folder / "a.scp"


def scp_tables(folder: Path) -> Path:
    """Thousands of Huffman tables."""
    write_scp(
        folder / "a.scp", {"I": np.arange(100)}, tables=struct.pack("<H", 9999) + bytes(19998)
    )
    return folder / "a.scp"


def mfer_sequences(folder: Path) -> Path:
    """A billion sequences, of which a hundred are there."""
    said = mfer(0x06, struct.pack("<I", 10**9)) + mfer(0x1E, bytes(200))
    write_mfer(folder / "a.mwf", {"I": np.arange(100)}, more=said)
    return folder / "a.mwf"


def philips_zeros(folder: Path) -> Path:
    """Codes that each unpack to more than the last."""
    write_philips(folder / "a.xml", {"I": np.zeros(400_000, np.int64)})
    return folder / "a.xml"


def dicom_deflated(folder: Path) -> Path:
    """A DICOM file that is compressed as a whole."""
    write_dicom(folder / "a.dcm", np.arange(100).reshape(1, 100))
    raw = (folder / "a.dcm").read_bytes()
    # Of the same length, with the padding that an even one needs.
    plain, deflated = b"1.2.840.10008.1.2.1\x00", b"1.2.840.10008.1.2.1.99"
    place = raw.index(plain)
    # Tag, kind and length of the element stand before it; the group's length at the beginning.
    out = bytearray(raw[:place] + deflated + raw[place + len(plain) :])
    struct.pack_into("<H", out, place - 2, len(deflated))
    (group,) = struct.unpack_from("<I", out, 140)
    struct.pack_into("<I", out, 140, group + len(deflated) - len(plain))
    (folder / "a.dcm").write_bytes(out)
    return folder / "a.dcm"


def xml_laughs(folder: Path) -> Path:
    """A billion laughs."""
    entities = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, 10)
    )
    (folder / "a.xml").write_text(f"<!DOCTYPE x [{entities}]><RestingECG>&a9;</RestingECG>")
    return folder / "a.xml"


def xml_outside(folder: Path) -> Path:
    """An entity that is another file."""
    (folder / "secret.txt").write_text("secret")
    entity = f'<!ENTITY x SYSTEM "file://{folder}/secret.txt">'
    (folder / "a.xml").write_text(f"<!DOCTYPE x [{entity}]><RestingECG>&x;</RestingECG>")
    return folder / "a.xml"


def xml_elements(folder: Path) -> Path:
    """Sixty thousand empty elements."""
    (folder / "a.xml").write_text(f"<RestingECG>{'<a/>' * 60_000}</RestingECG>")
    return folder / "a.xml"


def json_deep(folder: Path) -> Path:
    """Lists within lists, a hundred thousand deep."""
    (folder / "meta.json").write_text("[" * 10**5)
    return folder / "meta.json"


def json_number(folder: Path) -> Path:
    """A number of a hundred thousand digits."""
    (folder / "meta.json").write_text('[{"file": "a.wav"}, ' + "1" * 10**5 + "]")
    return folder / "meta.json"


def ts_dimensions(folder: Path) -> Path:
    """A billion channels, of which one is there."""
    (folder / "a.ts").write_text(
        "@problemName x\n@timeStamps false\n@univariate false\n@dimensions 1000000000\n"
        "@equalLength true\n@seriesLength 1000000000\n@classLabel true a b\n@data\n1,2:a\n3,4\n"
    )
    return folder / "a.ts"


def ts_colons(folder: Path) -> Path:
    """A line of channels without values."""
    head = "@problemName x\n@timeStamps false\n@classLabel true a b\n@data\n"
    (folder / "a.ts").write_text(head + ("1:" * 300_000 + "a\n") * 2)
    return folder / "a.ts"


def arff_values(folder: Path) -> Path:
    """Two million values in a line, of which each takes four times its text."""
    head = "@relation x\n@attribute a0 real\n@attribute target {a}\n@data\n"
    (folder / "a.arff").write_text(head + "1," * 2 * 10**6 + "a\n")
    return folder / "a.arff"


def json_keys(folder: Path) -> Path:
    """A key of its own in each of 40 000 records."""
    (folder / "a.jsonl").write_text("\n".join(f'{{"k{i}": 1}}' for i in range(40_000)))
    return folder / "a.jsonl"


BOMBS: dict[str, Callable[[Path], Path]] = {
    f.__name__: f
    for f in (
        *(npy_promise, npy_objects, npz_zeros, npz_promise, npz_lying_directory, npz_overlapping),
        *(zip_of_many, _csv(".gz", gzip.open), _csv(".xz", partial(lzma.open, preset=0))),
        *(csv_zip, csv_columns, csv_line, mat5_zeros, mat73_references, hdf5_nothing_stored),
        *(hdf5_one_stored, hdf5_chunk, hdf5_elsewhere, parquet_texts, parquet_zeros, wav_promise),
        *(edf_records, edf_signals, wfdb_frames, wfdb_gap, ishne_samples, dicom_samples),
        *(scp_zeros, scp_samples, scp_tables, mfer_sequences, philips_zeros),
        *(dicom_deflated, xml_laughs, xml_outside, xml_elements, json_deep, json_number),
        *(ts_dimensions, ts_colons, arff_values, json_keys),
    )
}
