"""A fitted model in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msssm_ts import html
from msssm_ts.fitted.told import decision_line, estimate_line, mean_alike, rows_of

if TYPE_CHECKING:
    from msssm_ts.fitted.model import FittedModel

_MOST_NAMED = 12


def model_html(model: FittedModel) -> str:
    """Return what a model is, and who votes in it.

    Parameters
    ----------
    model : FittedModel
        To be shown.
    """
    source, record = model.source, model.record
    names = [str(name) for name in model.labels.shown.tolist()]
    channels = source.channel_names
    rate = source.sampling_rate
    counted = record.training_data
    facts: list[tuple[str, object]] = [
        ("labels" if model.labels.multilabel else "classes", _some(names)),
        ("channels", source.n_channels if channels is None else _some(list(channels))),
        ("sampling rate", "not known" if rate is None else f"{rate:g} Hz"),
        ("training series", "not known" if counted is None else counted["n_series"]),
        ("expected accuracy", estimate_line(record.estimate) or "not known"),
    ]
    decided = decision_line(model.labels)
    if decided is not None:
        facts.append(("answers", decided))
    members = rows_of(model)
    rows = [
        (
            f"{i + 1} {row['kind']}",
            f"{row['weight']:.0%}",
            _number(row["accuracy"], ".3f"),
            _number(mean_alike(members, i), ".2f"),
            _number(row["seconds"], ".1f"),
        )
        for i, row in enumerate(members)
    ]
    head = ("member", "share", "accuracy, left out", "errors alike", "seconds")
    return html.titled("msssm-ts model", html.pairs(facts), html.table(head, rows))


def _some(names: list[str]) -> str:
    more = f" … ({len(names)})" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
