"""The paragraph for a paper: a sentence for whatever had a part, and what it cites."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msssm_ts.analysis.card.markdown import escaped
from msssm_ts.fitted.methods import methods_around
from msssm_ts.members import MEMBERS
from msssm_ts.method import Method
from msssm_ts.text import counted


def methods_of(header: Mapping[str, Any]) -> dict[str, Any]:
    """Return the paragraph and its bibliography.

    Each kind of member brings its own sentences (:meth:`msssm_ts.members.member.Member.methods`).

    Parameters
    ----------
    header : mapping
        From :func:`msssm_ts.fitted.artifact.read_header`.

    Returns
    -------
    dict
        ``text`` with Pandoc's citations, ``bibtex``, and ``without``: kinds of members that bring
        no sentence.
    """
    shares: dict[str, list[float]] = {}
    for member in header["members"]:
        shares.setdefault(member["kind"], []).append(member["weight"])
    facts = {member["kind"]: member["facts"] for member in reversed(header["members"])}
    said: list[Method] = []
    parts, without = [], []
    for kind, weights in shares.items():
        own = MEMBERS.get(kind).methods(facts[kind])
        count = f"{len(weights)} members, " if len(weights) > 1 else ""
        part = f"({count}{sum(weights):.0%} of the vote)"
        if not own:
            without.append(kind)
            parts.append(f"{MEMBERS.summary(kind)[:1].upper()}{MEMBERS.summary(kind)[1:]} {part}.")
        for i, method in enumerate(m for m in own if m not in said):
            said.append(method)
            sentence = method.sentence
            parts.append(f"{sentence[:-1]} {part}." if i == 0 else sentence)
    around = methods_around(header)
    version = header["versions"].get("msssm-ts")
    named = f"msssm-ts {escaped(version)}" if version else "msssm-ts (version not recorded)"
    first = (
        f"Series were classified with {named} by the weighted mean of the class probabilities of "
        f"{counted(len(header['members']), 'member')}."
        if len(header["members"]) > 1
        else f"Series were classified with {named}."
    )
    seed = f"All that is random came from seed {header['training']['seed']}."
    entries = {
        key: entry
        for method in (*said, *around)
        for key, entry in zip(method.keys, method.references, strict=True)
    }
    return {
        "text": " ".join([first, *parts, *(method.sentence for method in around), seed]),
        "bibtex": "\n\n".join(entries.values()),
        "without": without,
    }
