"""What a paper says of what stands around the vote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msssm_ts.method import Method

_VOVK = """@book{vovk2005algorithmic,
  author = {Vovk, Vladimir and Gammerman, Alexander and Shafer, Glenn},
  title = {Algorithmic Learning in a Random World},
  publisher = {Springer},
  year = {2005}
}"""
LEFT_OUT = Method(
    "What is to be expected of the vote was estimated on training series left out, with Wilson's "
    "interval of 95 % [@wilson1927probable].",
    (
        """@article{wilson1927probable,
  author = {Wilson, Edwin B.},
  title = {Probable Inference, the Law of Succession, and Statistical Inference},
  journal = {Journal of the American Statistical Association},
  volume = {22},
  number = {158},
  pages = {209--212},
  year = {1927}
}""",
    ),
)
OPERATING_POINT = Method(
    "One class is answered from a probability on that was chosen on left-out training series, as "
    "conformal prediction chooses it [@vovk2005algorithmic].",
    (_VOVK,),
)
PRIORS = Method(
    "The class is chosen after part of what the classes' frequencies favour is taken back, how "
    "much of it by left-out training series."
)
FREQUENCIES = Method(
    "Classes are taken to be as frequent as series without labels tell [@saerens2002adjusting].",
    (
        """@article{saerens2002adjusting,
  author = {Saerens, Marco and Latinne, Patrice and Decaestecker, Christine},
  title = {Adjusting the Outputs of a Classifier to New a Priori Probabilities: A Simple
           Procedure},
  journal = {Neural Computation},
  volume = {14},
  year = {2002}
}""",
    ),
)
COVERAGE = Method(
    "Sets of classes with a stated coverage can be had by conformal prediction "
    "[@vovk2005algorithmic].",
    (_VOVK,),
)
COVERAGE_OF_GROUPS = Method(
    "Sets of classes with a stated coverage can be had by conformal prediction for series of new "
    "groups [@vovk2005algorithmic; @dunn2023distribution].",
    (
        _VOVK,
        """@article{dunn2023distribution,
  author = {Dunn, Robin and Wasserman, Larry and Ramdas, Aaditya},
  title = {Distribution-Free Prediction Sets for Two-Layer Hierarchical Models},
  journal = {Journal of the American Statistical Association},
  year = {2023}
}""",
    ),
)
BESIDE = Method(
    "Features beside the series were read by trees of their own, whose probabilities were "
    "multiplied with the vote's, both to powers fitted on left-out series."
)

GRID = Method(
    "Series were first put on an even grid by their time stamps, by linear interpolation between "
    "samples."
)


def methods_around(header: Mapping[str, Any]) -> list[Method]:
    """Return what there is to say beside the members, of a model file's header."""
    found = [GRID] if header.get("preparation", {}).get("grid") is not None else []
    beside, decision = header.get("beside"), header.get("decision")
    if beside is not None and beside["facts"] is not None:
        found.append(BESIDE)
    if header["training"].get("estimate") is not None:
        found.append(LEFT_OUT)
    if decision is not None and decision["kind"] == "log_priors":
        found.append(FREQUENCIES if decision["aim"] == "accuracy" else PRIORS)
    elif decision is not None and decision.get("asked") is not None:
        found.append(OPERATING_POINT)
    if header.get("coverage") is not None:
        grouped = "n_groups" in (header.get("training_data") or {})
        found.append(COVERAGE_OF_GROUPS if grouped else COVERAGE)
    return found
