"""All that has a section in the Python reference, by its full name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def public_objects() -> Iterator[tuple[str, Any]]:
    """Yield what users call and meet, by its full name."""
    import msssm_ts.analysis.card.facts as card_facts
    import msssm_ts.analysis.card.page as card_page
    import msssm_ts.analysis.data.check as check
    import msssm_ts.analysis.importance.measure as importance
    import msssm_ts.analysis.network.bands as bands
    import msssm_ts.analysis.network.cost as cost
    import msssm_ts.analysis.network.memory as memory
    import msssm_ts.analysis.network.mixing as mixing
    import msssm_ts.analysis.network.saliency as saliency
    import msssm_ts.analysis.network.trace as trace
    import msssm_ts.analysis.network.view as view
    import msssm_ts.analysis.network.weights as weights
    import msssm_ts.analysis.results.ec57 as ec57
    import msssm_ts.analysis.results.evaluation as evaluation
    import msssm_ts.datasets
    import msssm_ts.datasets.write
    import msssm_ts.errors
    import msssm_ts.fitted.artifact
    import msssm_ts.fitted.early
    import msssm_ts.fitted.streaming
    import msssm_ts.fitting
    import msssm_ts.kernels
    import msssm_ts.model
    import msssm_ts.plots
    import msssm_ts.sktime
    import msssm_ts.tracking
    import msssm_ts.training.progress as progress

    yield "msssm_ts.MSSSMClassifier", msssm_ts.MSSSMClassifier
    yield "msssm_ts.MSSSMEncoder", msssm_ts.MSSSMEncoder
    yield "msssm_ts.sktime.MSSSMClassifier", msssm_ts.sktime.MSSSMClassifier
    yield "msssm_ts.fitted.streaming.Stream", msssm_ts.fitted.streaming.Stream
    yield "msssm_ts.fitted.early.EarlyPrediction", msssm_ts.fitted.early.EarlyPrediction
    yield "msssm_ts.training.Progress", progress.Progress
    yield "msssm_ts.tracking.Tracker", msssm_ts.tracking.Tracker
    yield "msssm_ts.fitting.Checkpoint", msssm_ts.fitting.Checkpoint
    yield f"{check.__name__}.check_data", check.check_data
    yield f"{evaluation.__name__}.evaluate_predictions", evaluation.evaluate_predictions
    yield f"{ec57.__name__}.beat_report", ec57.beat_report
    yield "msssm_ts.datasets.load", msssm_ts.datasets.load
    yield "msssm_ts.datasets.from_frame", msssm_ts.datasets.from_frame
    yield "msssm_ts.datasets.LabelledSeries", msssm_ts.datasets.LabelledSeries
    yield "msssm_ts.datasets.write.write", msssm_ts.datasets.write.write
    yield "msssm_ts.fitted.artifact.read_header", msssm_ts.fitted.artifact.read_header
    for name in msssm_ts.model.__all__:
        yield f"msssm_ts.model.{name}", getattr(msssm_ts.model, name)
    for name in msssm_ts.kernels.__all__:
        yield f"msssm_ts.kernels.{name}", getattr(msssm_ts.kernels, name)
    for module, names in {
        view: ("View", "view_series"),
        weights: ("StreamSummary", "summarize_streams"),
        memory: ("eigenvalues", "memory_lengths"),
        bands: ("BandResponse", "band_responses"),
        trace: ("CoreTrace", "trace"),
        saliency: ("integrated_gradients",),
        mixing: ("mixing_distances",),
        cost: ("multiply_adds", "exponentials"),
        importance: ("importance", "Importance", "Effects"),
        card_facts: ("Sources", "card_facts"),
        card_page: ("card_page",),
        msssm_ts.plots: msssm_ts.plots.__all__,
    }.items():
        for name in names:
            yield f"{module.__name__}.{name}", getattr(module, name)
    for name in ("InputError", "OptionError", "TrainingError", "ExportError", "Interrupted"):
        yield f"msssm_ts.errors.{name}", getattr(msssm_ts.errors, name)


def values() -> Iterator[tuple[str, Any]]:
    """Yield the values that settings and fitted models are made of, and what adds to them.

    Their methods are short: what they take may stand in their sentence.
    """
    import msssm_ts.beside
    import msssm_ts.datasets
    import msssm_ts.datasets.account as account
    import msssm_ts.export
    import msssm_ts.fitted
    import msssm_ts.members.member as member
    import msssm_ts.members.problem as problem
    import msssm_ts.method
    import msssm_ts.preparation
    import msssm_ts.registry
    import msssm_ts.series
    import msssm_ts.series.side_features as side_features

    yield "msssm_ts.preparation.Preparation", msssm_ts.preparation.Preparation
    yield "msssm_ts.beside.Beside", msssm_ts.beside.Beside
    yield "msssm_ts.series.side_features.SideFeatures", side_features.SideFeatures
    yield "msssm_ts.datasets.account.Account", account.Account
    yield "msssm_ts.datasets.ReadOptions", msssm_ts.datasets.ReadOptions
    yield "msssm_ts.export.ExportReport", msssm_ts.export.ExportReport
    yield "msssm_ts.export.SourceReport", msssm_ts.export.SourceReport
    own = (
        "FittedModel",
        "Vote",
        "Source",
        "Labels",
        "OperatingPoint",
        "LogPriors",
        "Coverage",
        "FitRecord",
        "FittedEncoder",
        "EncoderRecord",
    )
    for name in own:
        yield f"msssm_ts.fitted.{name}", getattr(msssm_ts.fitted, name)
    yield "msssm_ts.members.member.Member", member.Member
    yield "msssm_ts.members.member.State", member.State
    yield "msssm_ts.members.problem.Problem", problem.Problem
    yield "msssm_ts.method.Method", msssm_ts.method.Method
    yield "msssm_ts.series.Prepared", msssm_ts.series.Prepared
    yield "msssm_ts.registry.Registry", msssm_ts.registry.Registry


def registries() -> Iterator[tuple[str, Any]]:
    """Yield the registries that folders, and files from outside, add to."""
    from msssm_ts.members import MEMBERS
    from msssm_ts.model.cores import CORES

    yield "msssm_ts.members.MEMBERS", MEMBERS
    yield "msssm_ts.model.cores.CORES", CORES
