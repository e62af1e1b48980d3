"""The card as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msssm_ts.analysis.card.facts import Sources, card_facts
from msssm_ts.analysis.card.front_matter import front_matter
from msssm_ts.analysis.card.markdown import UNKNOWN, Markdown, code, escaped
from msssm_ts.analysis.results.model_card import duration, plain
from msssm_ts.analysis.results.report import HEADLINES
from msssm_ts.fitted.told import estimate_line, mean_alike
from msssm_ts.text import visible

_TITLES = HEADLINES | {"log_loss": "log loss"}


def card_page(sources: Sources, model: str, licence: str | None = None) -> str:
    """Return the card, with the metadata of a model hub before it.

    Parameters
    ----------
    sources : Sources
        What is known of the model.
    model : str
        The run folder or model file, as commands would name it.
    licence : str, optional
        Of the model.
    """
    import jinja2

    facts = card_facts(sources)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("msssm_ts.analysis.card"),
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        # Every text that is put in is data's, unless it says that it is Markdown already.
        finalize=lambda value: value.text if isinstance(value, Markdown) else escaped(value),
    )
    environment.filters |= {"plain": plain, "code": code, "duration": duration, "as_is": Markdown}
    text = environment.get_template("card.md").render(
        **facts,
        facts=facts,
        unknown=UNKNOWN,
        titles=_TITLES,
        model=visible(model),
        licence=licence,
        expected=estimate_line(facts["scores"]["left_out"], facts["split"]["left_out"] or "series"),
        alike=[mean_alike(facts["members"], i) for i in range(len(facts["members"]))],
        python=_python(facts),
    )
    return front_matter(facts, licence) + "\n" + text


def _python(facts: Mapping[str, Any]) -> str:
    """Return what to write to load the model and ask it."""
    data = facts["data"]
    rate, names, beside = data["sampling_rate"], data["channels"], data["beside"]
    known = [f", sampling_rate={rate:g}"] if rate else []
    if names is not None:
        known.append(f", channel_names={visible(list(names))}")
    if beside:
        known.append(", features=table")
    about = f"  # X: (n_series, {data['n_channels']}, n_steps), or a list of such arrays"
    wants = f"  # table: a data frame with {visible(', '.join(beside))}" if beside else ""
    lines = [
        "from msssm_ts import MSSSMClassifier",
        "",
        'clf = MSSSMClassifier.load("model.safetensors")',
        f"proba = clf.predict_proba(X{''.join(known)})",
        about.strip(),
        *([wants.strip()] if wants else []),
        f"clf.predict(X{''.join(known)})",
    ]
    return "\n".join(lines)
