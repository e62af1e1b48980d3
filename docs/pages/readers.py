"""docs/readers.md: what every reader reads, and which options act on it."""

from __future__ import annotations

from dataclasses import fields


def readers_page() -> str:
    """Return what every reader reads, and which options act on it."""
    from msssm_ts.datasets import ReadOptions
    from msssm_ts.datasets.not_read import refuse_format
    from msssm_ts.datasets.readers import FRAMES, READERS

    elsewhere = (
        *("split", "sampling_rate", "max_memory", "fold"),
        *("tables", "recordings", "headers"),
    )
    names = [f.name for f in fields(ReadOptions) if f.name not in elsewhere]
    lines = [
        "# Readers, and the options that act on them",
        "",
        "Written by `docs/build.py` from `msssm_ts/datasets/readers.py`; "
        "`tests/test_reader_options.py` tries every cell. An option that has nothing to act on is "
        "refused in one sentence. `--fs` acts on every kind that does not say its rate itself, "
        "`--validation` on every kind with folds, parts or ids, `--max-memory` on every kind.",
        "",
        "| | " + " | ".join(f"`{ReadOptions.command_line_name(n)}`" for n in names) + " |",
        "|---|" + "---|" * len(names),
    ]
    for reader in (r for r in (*READERS, FRAMES) if r.read is not refuse_format):
        suffixes = f" ({', '.join(reader.suffixes)})" if reader.suffixes else ""
        cells = ["acts" if name in reader.acts_on else "–" for name in names]
        lines.append(f"| {reader.title}{suffixes} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
