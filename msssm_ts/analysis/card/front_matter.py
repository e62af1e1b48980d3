"""The YAML before a card, as model hubs read it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msssm_ts.datasets.units import SOUND_UNIT
from msssm_ts.text import visible

# Of https://huggingface.co/docs/hub/repositories-licenses: others are "other" with a name.
_LICENCES = frozenset(
    (
        *("apache-2.0", "mit", "bsd", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "isc"),
        *("cc", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-nc-4.0", "cc-by-nd-4.0"),
        *("cc-by-nc-nd-4.0", "cc-by-nc-sa-4.0", "gpl", "gpl-2.0", "gpl-3.0", "lgpl", "lgpl-3.0"),
        *("agpl-3.0", "mpl-2.0", "unlicense", "wtfpl", "zlib", "epl-2.0", "odbl", "pddl"),
        *("openrail", "unknown"),
    )
)
_METRICS = {"accuracy": "accuracy", "macro_f1": "f1", "macro_auroc": "roc_auc"}
_TITLES = {"accuracy": "Accuracy", "macro_f1": "Macro F1", "macro_auroc": "Macro AUROC"}


def front_matter(facts: Mapping[str, Any], licence: str | None) -> str:
    """Return the metadata block, between its two lines of dashes.

    Parameters
    ----------
    facts : mapping
        From :func:`msssm_ts.analysis.card.facts.card_facts`.
    licence : str, optional
        Of the model, which nobody but its maker can say.
    """
    sound = set(facts["data"]["units"] or ()) == {SOUND_UNIT}
    task = "audio-classification" if sound else "tabular-classification"
    kinds = dict.fromkeys(row["kind"] for row in facts["members"])
    about: dict[str, Any] = {}
    if licence is not None:
        known = licence.lower() in _LICENCES
        about["license"] = licence.lower() if known else "other"
        about |= {} if known else {"license_name": licence}
    results = _results(facts, task)
    about |= {
        "library_name": "msssm-ts",
        "pipeline_tag": task,
        "tags": ["time-series-classification", "time-series", "msssm-ts", *kinds],
        "metrics": list(dict.fromkeys(m["type"] for r in results for m in r["metrics"])),
    }
    if results:
        about["model-index"] = [{"name": facts["name"], "results": results}]
    lines = [] if licence is not None else ["# license: not said (msssm-ts card --licence)"]
    lines += _yaml({name: value for name, value in about.items() if value != []})
    return "\n".join(["---", *lines, "---"]) + "\n"


def _results(facts: Mapping[str, Any], task: str) -> list[dict[str, Any]]:
    """Return a result for series left out, and one for the test data, where they are known."""
    left_out, test = facts["scores"]["left_out"], facts["scores"]["test"]
    known = facts["data"]["name"] or "not recorded"
    found = []
    if left_out is not None:
        metric = {"type": "accuracy", "name": "Accuracy, training series left out"}
        value = {"value": round(left_out["accuracy"], 4)}
        found.append(_result(task, known, "training series left out", [metric | value]))
    if test is not None:
        metrics = [
            {"type": kind, "name": _TITLES[name], "value": round(test["scores"][name], 4)}
            for name, kind in _METRICS.items()
            if name in test["scores"]
        ]
        found.append(_result(task, test["data"] or "not recorded", "test", metrics))
    return found


def _result(task: str, data: str, split: str, metrics: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "task": {"type": task, "name": "Time series classification"},
        "dataset": {"name": data, "type": data, "split": split},
        "metrics": metrics,
    }


def _yaml(value: Any, indent: int = 0) -> list[str]:
    r"""Return a block of YAML: every text is quoted, so that none is read as anything else.

    Examples
    --------
    >>> print("\n".join(_yaml({"tags": ["no", "a: b"], "n": {"value": 0.5}})))
    tags:
    - "no"
    - "a: b"
    n:
      value: 0.5
    """
    space = " " * indent
    lines = []
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if isinstance(inner, (Mapping, list)):
                deeper = 0 if isinstance(inner, list) else 2
                lines += [f"{space}{name}:", *_yaml(inner, indent + deeper)]
            else:
                lines.append(f"{space}{name}: {_scalar(inner)}")
        return lines
    for item in value:
        if isinstance(item, Mapping):
            first, *rest = _yaml(item, indent + 2)
            lines += [f"{space}- {first.lstrip()}", *rest]
        else:
            lines.append(f"{space}- {_scalar(item)}")
    return lines


def _scalar(value: Any) -> str:
    return visible(json.dumps(value, ensure_ascii=False), json=True)
