"""What a model says of its members, and of itself: rows of a table, and a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from msssm_ts.fitted.parts import Labels
from msssm_ts.members.member import shown_facts
from msssm_ts.series.stamps import typical_gap, uneven_step

if TYPE_CHECKING:
    from msssm_ts.fitted.model import FittedModel
    from msssm_ts.fitted.takes_series import TakesSeries

# Beyond so many times the step of the training, stamps are of another unit.
_OTHER_UNIT = 100.0

Row = dict[str, Any]


def member_rows(
    members: Sequence[Mapping[str, Any]], told: Sequence[Mapping[str, Any]] = ()
) -> list[Row]:
    """Return a row a member, for JSON and tables.

    Parameters
    ----------
    members : sequence of mapping
        Of each ``kind``, ``weight`` and ``facts``, as a model file's header has them.
    told : sequence of mapping
        What they told when they were fitted, see :class:`msssm_ts.fitted.parts.FitRecord`; older
        files do not say.

    Returns
    -------
    list of dict
        ``kind``, ``weight``: its part of the vote; ``accuracy`` on training series left out,
        ``seconds``, ``alike``: correlations of its errors with those of each member; None where
        that is not known; then its short facts.
    """
    unknown = {"seconds": None, "accuracy": None, "alike": None}
    rows = []
    for i, member in enumerate(members):
        facts = shown_facts(member["facts"])
        # Told better, of all members alike.
        facts.pop("left_out_accuracy", None)
        own = told[i] if told else unknown
        first = {"kind": member["kind"], "weight": round(member["weight"], 4)}
        rows.append({**first, **{name: own[name] for name in unknown}, **facts})
    return rows


def rows_of(model: FittedModel) -> list[Row]:
    """Return :func:`member_rows` of a model.

    Examples
    --------
    >>> import numpy as np
    >>> from msssm_ts import MSSSMClassifier
    >>> model = MSSSMClassifier("fast", random_state=0).fit(np.eye(8), np.arange(8) % 2).model_
    >>> rows_of(model)[0]["kind"], rows_of(model)[0]["weight"]
    ('scan_ridge', 0.24)
    """
    pairs = zip(model.vote.members, model.vote.weights, strict=True)
    members = [{"kind": m.kind, "weight": w, "facts": m.state().facts} for m, w in pairs]
    return member_rows(members, model.record.members)


def mean_alike(rows: Sequence[Row], own: int) -> float | None:
    """Return the mean correlation of a member's errors with those of the others.

    Examples
    --------
    >>> mean_alike([{"alike": [1.0, 0.5, None]}], 0)
    0.5
    """
    alike = rows[own]["alike"] or ()
    others = [value for i, value in enumerate(alike) if i != own and value is not None]
    return sum(others) / len(others) if others else None


def estimate_line(estimate: Mapping[str, Any] | None, unit: str = "series") -> str | None:
    """Return in words what to expect of a vote; None where it is not known.

    Parameters
    ----------
    estimate : mapping or None
        From :class:`msssm_ts.fitted.parts.FitRecord`.
    unit : str
        What was left out at a time.

    Examples
    --------
    >>> estimate_line({"accuracy": 0.9, "low": 0.7, "high": 0.97, "n_series": 20})
    '0.900 (0.700 to 0.970), by 20 training series left out'
    """
    if estimate is None:
        return None
    whole = f"{estimate['accuracy']:.3f} ({estimate['low']:.3f} to {estimate['high']:.3f})"
    of = "" if unit == "series" else f", whole groups ({unit}) at a time"
    return f"{whole}, by {estimate['n_series']} training series left out{of}"


def stamps_line(model: TakesSeries, times: Sequence[NDArray[np.float64]]) -> str | None:
    """Return that time stamps make no difference to a model, or are of another unit; else None.

    Even ones make none anyway.

    Parameters
    ----------
    model : FittedModel or FittedEncoder
        To be asked about series.
    times : sequence of arrays of shape (length,)
        Their stamps.

    Examples
    --------
    >>> import numpy as np
    >>> from msssm_ts import MSSSMClassifier
    >>> model = MSSSMClassifier("fast", random_state=0).fit(np.eye(8), np.arange(8) % 2).model_
    >>> stamps_line(model, [np.arange(8.0) ** 2])
    'time stamps are left out, though they are uneven: the model takes no notice'
    """
    step, gap = model.stamps_step, typical_gap(times)
    if step and gap and not 1 / _OTHER_UNIT < gap / step < _OTHER_UNIT:
        return (
            f"time stamps lie {gap:.3g} apart, those of the training {step:.3g}: another unit of "
            "time? (dates count in seconds)"
        )
    if model.uses_times or not uneven_step(times):
        return None
    return "time stamps are left out, though they are uneven: the model takes no notice"


def decision_line(labels: Labels) -> str | None:
    """Return in words how a model chooses a class; None: it is the most probable one.

    Examples
    --------
    >>> import numpy as np
    >>> from msssm_ts.fitted import OperatingPoint
    >>> decision_line(Labels(np.array(["a", "b"]), decision=OperatingPoint(1, 0.2)))
    'b from a probability of 0.2 on'
    """
    if labels.decision is None:
        return None
    lines = decision_lines(named_decision(labels.decision.to_dict(), labels.classes.tolist()))
    return next(iter(lines.values()))


def named_decision(said: Mapping[str, Any] | None, names: Sequence[Any]) -> dict[str, Any] | None:
    """Return a model file's ``decision`` with classes by their names, not by their places.

    Examples
    --------
    >>> named_decision({"kind": "operating_point", "positive": 1}, ["a", "b"])
    {'kind': 'operating_point', 'positive': 'b'}
    """
    if said is None:
        return None
    named = dict(said)
    if "positive" in said:
        named["positive"] = names[said["positive"]]
    if "values" in said:
        named["values"] = dict(zip(map(str, names), said["values"], strict=True))
    return named


def decision_lines(named: Mapping[str, Any] | None) -> dict[str, str]:
    """Return what there is to say of :func:`named_decision`, by what it is about."""
    if named is None:
        return {}
    known = named["estimate"]
    if named["kind"] == "log_priors":
        aim = named["aim"].replace("_", " ").replace("f1", "F1")
        line, expected, on = (
            f"for {aim}, {named['strength']:.0%} of what the classes' frequencies favour is "
            "taken back",
            f"expected {aim}",
            "on training series left out",
        )
        if named["aim"] == "accuracy":
            line = "classes are taken to be as frequent as the unlabelled series tell"
            expected, on = "accuracy then", f"{on}, weighed so"
        if known is None:
            return {"decision": line}
        return {
            "decision": line,
            expected: f"{known['after']:.3f} {on}, {known['before']:.3f} without",
        }
    line = f"{named['positive']} from a probability of {named['threshold']:.4g} on"
    if named["asked"] is not None:
        line += f", for a {named['asked']} of {named['target']:g}"
    lines = {"operating point": line}
    for name in ("sensitivity", "specificity"):
        rate = None if known is None else known[name]
        if rate is not None:
            between = f"({rate['low']:.3f} to {rate['high']:.3f})"
            by = f"by {rate['n_series']} training series left out"
            lines[f"expected {name}"] = f"{rate['value']:.3f} {between}, {by}"
    return lines
