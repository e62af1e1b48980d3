"""docs/formats.md: what is read of a miniature of each format and layout."""

from __future__ import annotations

import shlex
import sys
import tempfile
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[2] / "tests"


def formats_page() -> str:
    """Return what is read of each format and layout: of the miniatures that the tests read."""
    sys.path.insert(0, str(TESTS))
    from format_samples import FILES
    from layout_samples import LAYOUTS

    from msssm_ts.datasets.not_read import FORMATS
    from msssm_ts.datasets.wfdb.diagnoses import DIAGNOSES

    head = "files | channels | unit | rate | labels | groups | features | read with | |"
    parts = [
        "# ECG formats, and what is read of them",
        "",
        "Written by `docs/build.py`: each row is what it reads of a miniature that "
        "`tests/test_formats.py` compares value by value. Labels of files come from a table beside "
        "them, from their folders, or from their names ([docs/data.md](data.md)); in the rows "
        "below it is `labels.csv` with the columns file and label. Patients and features that "
        "headers name are used when they are asked for, with `--group patient` and "
        "`--with age,sex`, and no table says the same; sexes are M and F then, however they are "
        "spelt.",
        "",
    ]
    for title, samples in (("Files", FILES), ("Published layouts", LAYOUTS)):
        parts += [f"## {title}", "", f"| | {head}", "|---|" + "---|" * 9]
        parts += [_format_row(sample) for sample in samples]
        parts.append("")
    parts += [
        "Any other table with a label a record goes with the same files "
        "([docs/readers.md](readers.md) says which options act on which). A model wants the "
        "channels that it was trained on: where some are missing, all of them are named, and none "
        "is reconstructed from others (`fit --channels` trains on fewer; of MUSE's eight measured "
        "leads the other four are calculated, for they are sums of these).",
        "",
        "## Known by name, and not read",
        "",
        *(f"- `{suffix}`: {name}; {remedy}" for suffix, (name, remedy) in FORMATS.items()),
        "",
        "## Diagnoses in headers",
        "",
        "Codes of SNOMED CT in `#Dx:` are called as the PhysioNet/CinC Challenges of 2020 and 2021 "
        "call them; `--label 'AF,59118001,sinus rhythm'` takes short names, codes and names. A "
        "code that is none of these stays one, and is said.",
        "",
        "| short | code | |",
        "|---|---|---|",
        *(f"| {d.short} | {d.code} | {d.name} |" for d in DIAGNOSES.values()),
    ]
    return "\n".join(parts) + "\n"


def _format_row(sample: Any) -> str:
    """Return what is read of a miniature."""
    from msssm_ts.datasets import load
    from msssm_ts.optional import install

    with tempfile.TemporaryDirectory() as folder:
        source, _ = sample.write(Path(folder))
        data = load(source, sample.options, needs_labels=False)
    taken = dict(data.account.taken)
    names = data.channel_names or ()
    channels = ", ".join(names[:3]) + (f" … ({len(names)})" if len(names) > 3 else "")
    groups = taken.get("group", data.group_name if data.groups is not None else "–")
    if "possible groups" in taken:
        groups = f"`--group {taken['possible groups']}`"
    labels = taken.get("label", "–" if data.labels is None else "its own tables")
    beside = [] if data.features is None else list(data.features.names)
    features = ", ".join(filter(None, [*beside, taken.get("possible features", "")]))
    units = ", ".join(dict.fromkeys(data.units or ()))
    cells = [
        sample.title,
        sample.files,
        channels or "by number",
        units or "unknown",
        f"{data.sampling_rate:g} Hz" if data.sampling_rate else "unknown: `--fs`",
        ("several: " if data.label_names else "") + labels,
        groups,
        features or "–",
        f"`{shlex.join(sample.options.as_command_line())}`" if sample.options.given() else "",
        "; ".join(
            filter(
                None,
                [f"`{install(sample.extra)}`" if sample.extra else "", sample.note],
            )
        ),
    ]
    return "| " + " | ".join(cells) + " |"
