"""What ``msssm-ts inspect`` shows of a vote without a network."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msssm_ts.cli.inspect.series import prediction_facts, prediction_pairs
from msssm_ts.cli.inspect.viewed import find_series, title_of, view_of
from msssm_ts.cli.shown.console import show, show_pairs
from msssm_ts.cli.shown.members_table import show_members
from msssm_ts.cli.shown.pictures import save
from msssm_ts.cli.shown.tables import show_table

if TYPE_CHECKING:
    from msssm_ts.datasets import LabelledSeries
    from msssm_ts.estimator import MSSSMClassifier


def vote_facts(
    classifier: MSSSMClassifier, given_rate: float | None, folder: Path
) -> dict[str, Any]:
    """Draw the picture and return what JSON shows."""
    from msssm_ts.analysis.network.view import network_rate
    from msssm_ts.analysis.vote.draw_influence import draw_influences
    from msssm_ts.analysis.vote.influence import band_influences
    from msssm_ts.fitted.told import rows_of
    from msssm_ts.members.scan_ridge.scan_ridge import ScanRidge

    vote = classifier.model_.vote
    rate = network_rate(classifier.model_) or given_rate
    ridges = [member for member in vote.members if isinstance(member, ScanRidge)]
    facts: dict[str, Any] = {
        "sampling_rate": rate,
        "members": rows_of(classifier.model_),
        "estimate": classifier.model_.record.estimate,
        "bands": [],
        "pictures": [],
    }
    if ridges:
        bands = band_influences(ridges)
        facts["bands"] = [asdict(band) for band in bands]
        save(draw_influences(bands, rate), folder / "bands.png")
        facts["pictures"] = [str(folder / "bands.png")]
    return facts


def show_vote(facts: dict[str, Any]) -> None:
    """Write who votes and the table of bands to stdout."""
    show_members(facts["members"])
    if not facts["bands"]:
        return
    rate = facts["sampling_rate"]
    pools = list(facts["bands"][0]["pools"])
    header = ["band of", "level", "sees", "share", *pools]
    rows = [
        [
            band["view"],
            str(band["scale"]),
            f"{band['sees'] / (rate or 1):.3g}",
            f"{band['share']:.1%}",
            *(f"{band['pools'][pool]:.1%}" for pool in pools),
        ]
        for band in facts["bands"]
    ]
    show()
    show_table(header, rows, right=header[1:])
    show(
        f"\nlevel: fine to coarse; sees: {'seconds' if rate else 'steps'} that a band's value is "
        "made from; share: of the squared weights of the ridge classifiers, by what is pooled of "
        "the band",
    )


def vote_series_facts(
    classifier: MSSSMClassifier, data: LabelledSeries, which: str | None, folder: Path
) -> dict[str, Any]:
    """Draw what speaks for the prediction of one series, and return what JSON shows."""
    from msssm_ts.analysis.network.draw_series import draw_series
    from msssm_ts.analysis.vote.series_saliency import series_saliency

    index = find_series(data, which)
    view = view_of(classifier, data, index)
    saliency = series_saliency(classifier.model_, view, data.features, index)
    figure = draw_series(view, saliency, (), 1, title_of(data, index, view))
    save(figure, folder / "series.png")
    facts = prediction_facts(data, index, view, saliency)
    return facts | {"pictures": [str(folder / "series.png")]}


def show_vote_series(facts: dict[str, Any]) -> None:
    """Write pairs to stdout."""
    show_pairs(prediction_pairs(facts))
