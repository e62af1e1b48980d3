"""What it costs to refuse large files that mean ill: ``python tests/fuzz/large.py``.

Each is below 50 MB. A worker process that has read a model before reads them; the table has its
CPU time, and how much more memory it took. Exit code 1 where a file is not refused, or dearly.
"""

from __future__ import annotations

import copy
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parent.parent)]

from model_mutations import Contents, put_together, take_apart, whole  # noqa: E402
from models import TESTS, Worker  # noqa: E402

SIZE = 49_000_000


def json_lists(item: str, size: int) -> str:
    """Return a list of an item, as a text of a size."""
    return "[" + ",".join([item] * (size // (len(item.encode()) + 1))) + "]"


def large(golden: Path) -> Iterator[tuple[str, bytes]]:
    """Yield names and files."""
    data = {f.stem: f.read_bytes() for f in golden.glob("*.safetensors")}
    fast, metadata = take_apart(data["fast"])
    rng = np.random.default_rng(0)

    def of(contents: Contents) -> bytes:
        return put_together(contents, metadata, True)

    def with_text(text: str) -> bytes:
        return of(Contents(fast.arrays, fast.header, text=text))

    yield "random bytes", rng.bytes(SIZE)
    yield "a header of 49 MB", whole(json_lists("[]", SIZE - 100).encode(), b"")
    for item in ("[]", "{}", '"é"', '{"a":1}', "1.5", '"\U0001f600"'):
        yield f"a header of 15 MB of {item}", whole(json_lists(item, 15_000_000).encode(), b"")
        yield f"... of 1 MB of {item}", whole(json_lists(item, 1_000_000).encode(), b"")
    yield "a text of 15 MB", whole(b'{"' + "\U0001f600".encode() * 3_700_000 + b'":1}', b"")
    yield "JSON header of 15 MB", with_text('{"a":"' + "\u00e9" * 2_400_000 + '"}')
    yield "JSON header nested 5000 times", with_text("[" * 5000 + "]" * 5000)
    yield "JSON header nested 5 million times", with_text("[" * 5_000_000)
    yield "JSON header of 490,000 items", with_text(json_lists("{}", 3 * 249_000))
    for n in (1_000_000, 100_000, 19_000):
        entries = {
            str(i): {"dtype": "U8", "shape": [1], "data_offsets": [i, i + 1]} for i in range(n)
        }
        meta = {"__metadata__": {"msssm_ts": json.dumps(fast.header | {"schema_version": 5})}}
        yield f"{n:,} tensors", whole(json.dumps(meta | entries).encode(), bytes(n))
    surplus = fast.arrays | {"x": rng.normal(size=SIZE // 8)}
    yield "a surplus tensor of 49 MB", of(Contents(surplus, fast.header))
    yield (
        "a fingerprint tensor of 49 MB",
        of(Contents(fast.arrays | {"fingerprints": np.zeros(SIZE // 8, np.int64)}, fast.header)),
    )
    # Trees: 7 numbers a node.
    trees = next(i for i, m in enumerate(fast.header["members"]) if m["kind"] == "quantile_trees")
    n = SIZE // 28
    nodes = np.arange(n, dtype=np.int32)
    for name, left, right in (
        ("in a cycle", (nodes + 1) % n, (nodes + 1) % n),
        ("in a chain", np.minimum(nodes + 2, n - 1), np.minimum(nodes + 1, n - 1)),
        ("that are their own", nodes, nodes),
    ):
        shape = {
            "feature": np.zeros(n, np.int32), "left": left, "right": right,
            "threshold": np.zeros(n, np.float32), "vote": np.zeros((n, 1), np.int32),
            "roots": np.zeros(1, np.int32),
        }  # fmt: skip
        header = copy.deepcopy(fast.header)
        header["members"][trees]["facts"]["n_trees"] = 1
        arrays = fast.arrays | {
            f"members.{trees}.{k}": v.astype(fast.arrays[f"members.{trees}.{k}"].dtype)
            for k, v in shape.items()
        }
        yield f"{n:,} nodes of a tree {name}", of(Contents(arrays, header))
    chain = dict(fast.arrays)
    # A comb: every other node is a leaf, and all that walk down go far.
    feature = np.where(nodes % 2, -1, 0)
    for k, v in {
        "feature": feature, "left": np.where(nodes % 2, -1, nodes + 1),
        "right": np.where(nodes % 2, -1, np.where(nodes + 2 < n, nodes + 2, 0)),
        "threshold": np.zeros(n), "vote": np.zeros((n, 1)), "roots": np.zeros(1),
    }.items():  # fmt: skip
        chain[f"members.{trees}.{k}"] = v.astype(fast.arrays[f"members.{trees}.{k}"].dtype)
    last = (n - 1) // 2 * 2
    chain[f"members.{trees}.feature"][last] = -1
    header = copy.deepcopy(fast.header)
    header["members"][trees]["facts"]["n_trees"] = 1
    yield f"a tree of {n:,} nodes as deep as can be", of(Contents(chain, header))
    for name, change in {
        "a network of 5 GB": {"d_model": 16_000},
        "a network of 256 layers": {"n_layers": 256},
        "a network of a million layers": {"n_layers": 1_000_000},
        "a stem of a million steps": {"stem_stride": 1 << 20},
        "a network with a state of 65,536": {"d_state": 1 << 16},
        "filters of 65,536 taps": {"kernel_size": 1 << 16, "n_scales": 16},
    }.items():
        network, metadata = take_apart(data["network_causal"])
        header = copy.deepcopy(network.header)
        header["members"][0]["facts"]["config"] |= change
        yield name, put_together(Contents(network.arrays, header), metadata, True)
    header = copy.deepcopy(fast.header)
    header["classes"] |= {"dtype": "<U1000000000", "values": ["a", "b"]}
    yield "labels of a billion characters", of(Contents(fast.arrays, header))
    wide, big = copy.deepcopy(fast.header), dict(fast.arrays)
    wide["members"][0]["facts"].pop("n_features")
    for k in ("mean", "scale"):
        big[f"members.0.{k}"] = np.zeros(SIZE // 20, np.float32)
    big["members.0.coefficients"] = np.zeros((SIZE // 20, 2), np.float32)
    yield "49 MB of a ridge of other features", of(Contents(big, wide))
    big = dict(fast.arrays)
    big["members.0.mean"] = np.full(SIZE // 4, np.nan, np.float32)
    yield "49 MB of NaN", of(Contents(big, wide))


def main() -> int:
    """Run, and print a table."""
    worker, failed = Worker(), 0
    golden = TESTS / "golden" / "schema7"
    with np.load(golden / "fast.npz") as kept:
        series = list(kept["values"].reshape(-1, 1, 16)[:2])
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "large.safetensors"
        file.write_bytes((golden / "fast.safetensors").read_bytes())
        worker.ask(str(file), series, None, patience=300.0)
        print(f"{'file':44} {'MB':>6} {'CPU s':>7} {'more MB':>8}  outcome")
        for case, data in large(golden):
            file.write_bytes(data)
            said, details, seconds, grown = worker.ask(str(file), series, None)
            failed += said != "refused"
            sentence = details.split("safetensors: ", 1)[-1][:90]
            print(
                f"{case:44} {len(data) / 1e6:6.1f} {seconds:7.2f} {grown / 1e6:8.0f}  {said}: "
                f"{sentence}"
            )
    worker.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
